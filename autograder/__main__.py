"""`autograder` and `python -m autograder`: the command line, or what to install for it."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; where only what a student needs is installed, say what is missing and exit with 2."""
    try:
        from autograder.cli import app
    except ModuleNotFoundError as error:
        print(f"autograder: {error.name} is missing: pip install 'dropout-course[grade]'", file=sys.stderr)
        sys.exit(2)
    app()


if __name__ == "__main__":
    main()
