"""Install from an empty folder and print what it takes: `python -m tests.installs [KIND]...`, by default all kinds."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.installs.kinds import KINDS, MEGABYTES, install


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.installs", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}")
    kinds = parser.parse_args().kinds or list(KINDS)
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    too_large = False
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            made = install(kind, Path(folder))
            size, limit = made.megabytes, MEGABYTES.get(kind)
            allowed = f" of at most {limit}" if limit else ""
            spent = f"{made.seconds:.0f} s on the clock, {made.processor:.0f} s of the processor"
            print(f"{kind:10} {size:6.0f} MB{allowed}, {spent}: {KINDS[kind]}", flush=True)
            too_large |= limit is not None and size > limit
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
