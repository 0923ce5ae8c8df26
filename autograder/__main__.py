"""`autograder` and `python -m autograder`: the command line, or what it lacks here."""

import os
import sys
from typing import NoReturn

from autograder.extras import advice

WITHOUT_FORK = (
    "the command line runs notebooks in processes as only Linux and macOS have them: here, restart the kernel of a "
    "notebook and run all its cells, whose checks ask the same"
)


def main() -> NoReturn:
    """Run the command line; where something that it needs is not there, say so in one line and exit with 2."""
    if not hasattr(os, "fork"):
        _stop(WITHOUT_FORK)
    try:
        from autograder.cli import app

        app()
    except ModuleNotFoundError as error:
        name = str(error.name)
        _stop(f"{name.partition('.')[0]} is missing: {advice(name)}")


def _stop(message: str) -> NoReturn:
    print(f"autograder: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
