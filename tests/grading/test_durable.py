"""Nothing that was reported as done is lost: not by a full disk, and not by a power cut."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.grading.answers import Record
from autograder.grading.gradebook import default_url, scores
from autograder.grading.verdicts import read_verdicts
from autograder.kernels import bubblewrap
from tests.grading.conftest import ASSIGNMENT, answered, grade, hand_in, lines
from tests.skips import NO_MOUNT

REPOSITORY = Path(__file__).parents[2]
GRADE = """
import sys
from pathlib import Path
from autograder.grading import durable, run
from autograder.grading.run import ClassRun, Plan
{patch}
run.BATCH_SIZE = 2
def report(progress):
    print(progress.done, flush=True)
    sys.stdin.readline()
if __name__ == "__main__":
    plan = Plan(Path(sys.argv[1]), Path(sys.argv[2]), ({assignment!r},), workers=1, seed=7, resume=True)
    ClassRun(plan, report).run()
"""
UNSYNCED = "import os\nos.fsync = lambda descriptor: None\ndurable.sync = lambda folder: None"

pytestmark = pytest.mark.durable


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("durable")
    for number in range(6):
        hand_in(folder, f"student-{number}", answered(number))
    return folder


def program(tmp_path: Path, patch: str = "") -> Path:
    path = tmp_path / "program.py"
    path.write_text(GRADE.format(patch=patch, assignment=ASSIGNMENT))
    return path


def start(program: Path, submitted: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(program), str(submitted), str(out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )


def reported(runner: subprocess.Popen[bytes], least: int) -> int:
    """Let a run go on until it has reported this many; it waits then."""
    assert runner.stdout is not None
    assert runner.stdin is not None
    while (done := int(runner.stdout.readline())) < least:
        runner.stdin.write(b"\n")
        runner.stdin.flush()
    return done


def complete(out: Path) -> int:
    """Return how many submissions have all that belongs to a verdict."""
    verdicts = read_verdicts(out / "verdicts.jsonl")
    points = scores(default_url(out))
    found = 0
    for line in (out / "audit.jsonl").read_bytes().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        key = entry["student"], entry["assignment"]
        Record.from_bytes((out / "answers" / key[0] / f"{key[1]}.answers").read_bytes())
        page = (out / verdicts[key].feedback).read_text(encoding="utf-8")
        found += verdicts[key].points == entry["points"] == points[key] and "</html>" in page
    return found


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    at.mkdir()
    subprocess.run(["mount", "-o", "loop,noatime,data=writeback,noauto_da_alloc", image, at], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


def can_mount() -> bool:
    """Tell whether a file system in a file can be mounted here."""
    if os.getuid() != 0 or shutil.which("mkfs.ext4") is None:
        return False
    done = subprocess.run(["losetup", "--find"], capture_output=True, check=False)
    return done.returncode == 0


def after_a_power_cut(submitted: Path, tmp_path: Path, patch: str) -> tuple[int, int]:
    """Cut the power after four submissions were reported; return how many were, and how many are complete then.

    What a file system in a file has not been told to keep is in the memory of this machine, and in no copy of the file.
    """
    image = tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(96 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    with mounted(image, tmp_path / "before") as disk:
        runner = start(program(tmp_path, patch), submitted, disk / "graded")
        done = reported(runner, 4)
        os.kill(runner.pid, signal.SIGSTOP)
        shutil.copyfile(image, tmp_path / "copy")
        os.kill(runner.pid, signal.SIGKILL)
        runner.communicate()
    with mounted(tmp_path / "copy", tmp_path / "after") as disk:
        try:
            found = complete(disk / "graded")
        except Exception:
            found = 0
        if found >= done:
            resumed = grade(submitted, disk / "graded", resume=True)
            assert resumed.progress.kept >= done
            assert len(lines(disk / "graded")) == 6
            assert complete(disk / "graded") >= 6
    return done, found


@pytest.mark.skipif(not can_mount(), reason=NO_MOUNT)
def test_what_was_reported_is_there_after_a_power_cut(submitted, tmp_path):
    done, found = after_a_power_cut(submitted, tmp_path, "")
    assert found >= done >= 4


@pytest.mark.skipif(not can_mount(), reason=NO_MOUNT)
def test_without_waiting_for_the_disk_it_would_not_be(submitted, tmp_path):
    done, found = after_a_power_cut(submitted, tmp_path, UNSYNCED)
    assert found < done


FILLED = """
import os, sys
os.makedirs(sys.argv[2], exist_ok=True)
filler = os.path.join(os.path.dirname(sys.argv[2]), "filler")
from autograder.grading.errors import CourseError
from autograder.grading.output import Output
append, appended, filled = Output.append, [], []
def fill_up(self, batch, receipts):
    if len(appended) == 2 and not filled:
        filled.append(True)
        with open(filler, "wb", 0) as file:
            try:
                while True: file.write(bytes(4096))
            except OSError: pass
    append(self, batch, receipts)
    appended.append(batch)
Output.append = fill_up
"""
TWICE = """
    from tests.grading.test_durable import complete
    try:
        ClassRun(plan, lambda progress: done.append(progress.done)).run()
    except (CourseError, OSError) as error:
        print("stopped:", error)
    print(done[-1], complete(plan.out))
    os.unlink(filler)
    print(ClassRun(plan).run().kept, complete(plan.out))
"""


@pytest.mark.skipif(bubblewrap.program() is None, reason="bubblewrap is not installed")
def test_a_full_disk_stops_the_class_with_one_line_and_loses_nothing_that_was_reported(submitted, tmp_path):
    code = GRADE.format(patch=FILLED, assignment=ASSIGNMENT).replace(
        "    ClassRun(plan, report).run()\n", f"    done = [0]{TWICE}"
    )
    (tmp_path / "program.py").write_text(code)
    (tmp_path / "disk").mkdir()
    small = ["--dev-bind", "/", "/", "--size", str(24 * 2**20), "--tmpfs", str(tmp_path / "disk"), "--"]
    done = subprocess.run(
        [
            bubblewrap.program(),
            *small,
            sys.executable,
            str(tmp_path / "program.py"),
            str(submitted),
            str(tmp_path / "disk" / "graded"),
        ],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "ignore"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    stopped, first, second = done.stdout.splitlines()[-3:]
    assert stopped.startswith("stopped: ")
    reported, found = map(int, first.split())
    assert found >= reported >= 2
    kept, found = map(int, second.split())
    assert 6 > kept >= reported
    assert found == 6
