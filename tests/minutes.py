"""Where the minutes went: `pytest --minutes FILE` writes down what each test took, `python -m tests.minutes` adds up.

Each line of a file in FOLDER is what it was, the seconds on the clock, and those of the processor, of a process and of
all that it has started and waited for: what runs in the sandbox is on the clock alone. Each step of `make test` writes
a file of its own.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path("_build/minutes")
SLOWEST = 20


@dataclass
class Spent:
    """Seconds on the clock and of the processor; on an idle core the two are equal for what does not wait."""

    clock: float = 0.0
    processor: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.clock + other.clock, self.processor + other.processor)

    def __str__(self) -> str:
        return f"{self.clock:9.1f} {self.processor:9.1f}"


def processor_seconds() -> float:
    """Return what this process has used, and what its children had used when they ended."""
    return sum(os.times()[:4])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", metavar="FILE", help="write down what each test took, for `python -m tests.minutes`")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Meter())
    if config.getoption("minutes") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Ledger(Path(config.getoption("minutes"))))


class Meter:
    """Reads the processor's clock before a test and behind each of its phases, in the process that runs it."""

    def __init__(self) -> None:
        self._read = processor_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        before, self._read = self._read, processor_seconds()
        report.processor = self._read - before  # type: ignore[attr-defined]
        return report


class Ledger:
    """Adds up the phases of each test and writes them down in the end, in the process that all reports come to."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._spent: dict[str, Spent] = defaultdict(Spent)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._spent[report.nodeid] += Spent(report.duration, report.processor)  # type: ignore[attr-defined]

    @pytest.hookimpl(trylast=True)  # when the processes that ran the tests have ended
    def pytest_sessionfinish(self) -> None:
        rest = processor_seconds() - sum(spent.processor for spent in self._spent.values())
        self._spent[f"{self._file.name}: start and collection"] = Spent(0.0, rest)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lines = (f"{test}\t{spent.clock:.3f}\t{spent.processor:.3f}\n" for test, spent in self._spent.items())
        self._file.write_text("".join(lines), encoding="utf-8")


def read(folder: Path) -> Iterator[tuple[str, Spent]]:
    """Yield what was written down in the files of a folder."""
    for file in sorted(folder.iterdir()):
        for line in file.read_text(encoding="utf-8").splitlines():
            what, clock, *processor = line.split("\t")
            yield what, Spent(float(clock), sum(map(float, processor)))


def part(what: str) -> str:
    """Return the folder of a test, or the whole of what is no test."""
    return "/".join(Path(what.partition("::")[0]).parts[:2])


def table(entries: list[tuple[str, Spent]]) -> Iterator[str]:
    """Yield the lines of the table: each part, most of the processor's time first, and then the slowest tests."""
    parts: dict[str, Spent] = defaultdict(Spent)
    for what, spent in entries:
        parts[part(what)] += spent
    total = sum(parts.values(), start=Spent())
    yield f"{'clock':>9} {'processor':>9}  seconds"
    for name, spent in sorted(parts.items(), key=lambda item: -item[1].processor):
        yield f"{spent} {100 * spent.processor / total.processor:4.0f} %  {name}"
    yield f"{total}  100 %  all"
    yield f"\nThe slowest {SLOWEST} tests:"
    tests = [entry for entry in entries if "::" in entry[0]]
    for name, spent in sorted(tests, key=lambda item: -item[1].processor)[:SLOWEST]:
        yield f"{spent}  {name}"


if __name__ == "__main__":
    print(*table(list(read(Path(sys.argv[1]) if sys.argv[1:] else FOLDER))), sep="\n")
