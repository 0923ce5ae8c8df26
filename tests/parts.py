"""Parts of `make release-test`: what takes long and seldom breaks; `pytest --part NAME` runs one and nothing else.

A test is of a part when it has the mark of that name. `python -m tests.parts` runs all, or those that it is given;
`--turn` names the one whose turn it is in CI, another with each commit.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

PARTS = {
    "installs": "every kind of installation, each from an empty folder",
    "cluster": "a Dask cluster and a PostgreSQL server",
    "endurance": "hundreds of submissions one after the other in one worker",
    "solutions": "every solution that starts a framework or trains, run to its end in a real kernel",
    "seeds": "every right answer and every known mistake with twenty seeds: nothing depends on the draw",
    "agreement": "ordinary notebooks of all kinds, each checked in four ways that must find the same",
    "scale": "the report of a large class, and 2,000 light submissions (COURSE_STUDENTS=20000: as many as that)",
    "levels": "attacks once more, at weaker levels of isolation, as an ordinary user, on every exercise",
    "durable": "power cuts, full disks and damaged files while a class is graded",
    "steps": "guides that say how an exercise and a mistake are added, followed from an empty file to a graded class",
    "term": "a whole term, from a new course to every number of its exports, with formgrader in a browser",
    "experiments": "pages whose repaired experiments get their old settings back, and must stop",
    "dark": "every page of the book, and JupyterLab, in dark colors, and every page on a phone by axe",
    "real_data": "what reads the data sets in the folder COURSE_DATA",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=PARTS, help="run this part of `make release-test`, and nothing else")


def pytest_configure(config: pytest.Config) -> None:
    for name, what in PARTS.items():
        config.addinivalue_line("markers", f"{name}: {what}; run by --part {name} alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("part")
    others = [item for item in items if part_of(item) != wanted]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if part_of(item) == wanted]


def part_of(item: pytest.Item) -> str | None:
    """Return the part that a test is of, None for the suite."""
    return next((name for name in PARTS if item.get_closest_marker(name)), None)


def possible() -> list[str]:
    """Return the parts that can be run here: without a folder of data sets there is nothing to read."""
    return [name for name in PARTS if name != "real_data" or "COURSE_DATA" in os.environ]


def turn(commits: int) -> str:
    """Return the part whose turn it is after so many commits."""
    parts = possible()
    return parts[commits % len(parts)]


def commits() -> int:
    count = ["git", "rev-list", "--count", "HEAD"]
    return int(subprocess.run(count, capture_output=True, text=True, check=True).stdout)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.parts", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all that can be)")
    parser.add_argument("--turn", action="store_true", help="run the one whose turn it is")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    chosen = [turn(commits())] if options.turn else options.parts or possible()
    failed = []
    for name in chosen:
        print(f"Part of the release test: {name}, {PARTS[name]}.", flush=True)
        pytest_of_part = [
            Path(sys.executable).with_name("pytest"),
            "--part",
            name,
            "--minutes",
            f"_build/minutes/{name}",
        ]
        if subprocess.run(pytest_of_part, check=False).returncode:
            failed.append(name)
    print(f"Failed: {', '.join(failed)}." if failed else f"Passed: {', '.join(chosen)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
