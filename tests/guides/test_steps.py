"""Guides that go step by step are run as they stand: what they say to type is typed, and they show what comes of it.

A block with a file as its caption is added to that file, `sh` blocks run, and each line of a `text` block must have
come out of the one before; … stands for anything.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "book/guides"
BLOCK = re.compile(
    r"^```(?P<kind>sh|text|\{code-block\} \w+)\n(?::caption: (?P<file>\S+)\n)?(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MAX_LINES = 30
CLONE = "## In this course"
"""The heading behind which a guide works in a clone."""

pytestmark = pytest.mark.steps


@dataclass(frozen=True)
class Step:
    kind: str
    file: str
    text: str


def steps(guide: str, clone: bool = False) -> list[Step]:
    """Return the blocks of a guide that is run, in their order."""
    course, _, own = (GUIDES / f"{guide}.md").read_text(encoding="utf-8").partition(CLONE)
    blocks = BLOCK.finditer(own if clone else course)
    return [Step(match["kind"], match["file"] or "", match["text"]) for match in blocks]


class Reader:
    """Somebody who reads a guide and does what it says.

    Args:
        folder: where that begins.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""

    def follow(self, guide: str) -> None:
        for step in steps(guide):
            if step.kind == "sh":
                self.run(step.text)
            elif step.kind == "text":
                self.expect(step.text)
            else:
                self.write(step.file, step.text)

    def run(self, commands: str) -> None:
        """Run commands as they are typed, and stay in the folder into which they lead."""
        where = self.folder / ".where"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        shell = ["bash", "-euo", "pipefail", "-c", f"{commands}\npwd > {where}"]
        environment = os.environ | {"PATH": path, "COLUMNS": "100"}
        done = subprocess.run(shell, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        self.said = done.stdout
        self.folder = Path(where.read_text().strip())
        where.unlink()

    def expect(self, text: str) -> None:
        """See that each line was said, whatever its columns are wide."""
        said = [" ".join(line.split()) for line in self.said.splitlines()]
        for line in text.splitlines():
            pattern = re.compile(".*".join(map(re.escape, " ".join(line.split()).split("…"))).replace("\\ .*", ".*"))
            assert any(pattern.fullmatch(found) for found in said), f"{line}\n\n{self.said}"

    def write(self, file: str, text: str) -> None:
        path, apart = self.folder / file, "\n\n\n" if file.endswith(".py") else "\n\n"
        before = path.read_text(encoding="utf-8").rstrip("\n") + apart if path.exists() else ""
        path.write_text(before + text, encoding="utf-8")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Return somebody who has followed the guide on exercises from an empty folder to a graded class."""
    reader = Reader(tmp_path_factory.mktemp("guides"))
    reader.follow("exercise")
    return reader


def test_an_exercise_goes_from_an_empty_file_to_a_graded_class(reader: Reader) -> None:
    assert (reader.folder / "graded/feedback/ben/clipping.html").is_file()
    page = (reader.folder / "graded/feedback/ben/clipping.html").read_text(encoding="utf-8")
    assert "This looks like a known mistake: clips each entry." in page
    assert "clipping" in (reader.folder / "graded/report.html").read_text(encoding="utf-8")


def test_the_file_has_thirty_lines(reader: Reader) -> None:
    written = [step.text for step in steps("exercise") if step.file == "checks/clipping.py"]
    assert len([line for text in written for line in text.splitlines() if line.strip()]) <= MAX_LINES


def test_a_mistake_gets_its_name_in_a_class_that_is_graded(reader: Reader) -> None:
    reader.follow("mistake")
    page = (reader.folder / "graded/feedback/ann/clipping.html").read_text(encoding="utf-8")
    assert "This looks like a known mistake: does not shorten." in page


def test_a_mistake_is_added_to_the_course_itself(tmp_path: Path) -> None:
    """`make quick`, the last of the commands, is what all of this runs in."""
    shutil.copytree(ROOT / "autograder", tmp_path / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    declared = tmp_path / "autograder/checks/dropout_numpy/dropout_moments.py"
    mistake = (
        '\n\n@exercise.mistake("gives 0")\ndef gives_zero(mean, var, rate):\n    """It is 0."""\n    return 0.0, 0.0\n'
    )
    declared.write_text(declared.read_text(encoding="utf-8") + mistake, encoding="utf-8")
    stored = tmp_path / "autograder/checks/dropout_numpy/fingerprints.json"
    before = stored.read_text(encoding="utf-8")
    (commands,) = (step.text for step in steps("mistake", clone=True))
    tries, measures, quick = commands.splitlines()
    assert quick == "make quick"
    # A copy comes before the package that is installed.
    program = f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = sys.argv[1:]; "
    run = [sys.executable, "-c", program + "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"]
    said = subprocess.run([*run, *tries.split()], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert re.search(r"gives 0 +│ wrong +│ wrong +│ .* yes +│", said)
    subprocess.run([*run, *measures.split()[2:]], cwd=tmp_path, check=True)
    assert '"gives 0": [' in stored.read_text(encoding="utf-8")
    assert '"gives 0": [' not in before


@pytest.mark.parametrize("guide", ["exercise", "mistake"])
def test_code_fits_the_column_of_a_page(guide: str) -> None:
    assert max(len(line) for step in steps(guide) for line in step.text.splitlines()) <= 96
