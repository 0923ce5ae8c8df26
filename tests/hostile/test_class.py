"""A class full of hostile submissions, and a few honest ones, graded at every isolation level."""

import json
import os
import socket
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autograder.grading.run import ClassRun, Plan
from autograder.grading.verdicts import SubmissionVerdict, read_verdicts
from autograder.kernels.limits import Limits
from tests.hostile.attacks import ASSIGNMENT, EXERCISES, FIRST, FULL, SECOND, Submission, everything
from tests.kernels.conftest import LEVELS

REPOSITORY = Path(__file__).parents[2]
TOKEN = "t0ken-of-the-secrets"
LIMITS = Limits(cell_seconds=6.0, memory_mb=700, disk_mb=64)
PATIENT = Limits(memory_mb=700, disk_mb=64)
"""For submissions that are to keep all their points, or to end of something else, however busy this machine is."""
SUBMISSIONS = {submission.name: submission for submission in everything()}


@dataclass
class Surroundings:
    """What no submission may reach: files, a server, a process, the environment of the grader."""

    secrets: Path
    bystander: subprocess.Popen[bytes]
    server: socket.socket
    datagrams: socket.socket
    contents: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    connections: list[object] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.server.getsockname()[1])

    def fill(self, source: bytes) -> bytes:
        for name, value in (
            ("SECRETS", str(self.secrets)),
            ("BYSTANDER", str(self.bystander.pid)),
            ("PORT", str(self.port)),
            ("REPOSITORY", str(REPOSITORY)),
        ):
            source = source.replace(name.encode(), value.encode())
        return source

    def state(self) -> dict[str, tuple[bytes, int]]:
        return {path.name: (path.read_bytes(), path.stat().st_mode) for path in self.secrets.glob("*.*")}


@pytest.fixture(scope="module")
def surroundings() -> Iterator[Surroundings]:
    with tempfile.TemporaryDirectory(prefix="secrets-", dir="/var/tmp") as folder:
        secrets = Path(folder)
        (secrets / "solution.py").write_text(f"# {TOKEN}\n")
        (secrets / "other.ipynb").write_text(json.dumps({"cells": [TOKEN]}))
        with sqlite3.connect(secrets / "gradebook.db") as gradebook:
            gradebook.execute(f"create table grades as select '{TOKEN}' as grade")
        gradebook.close()
        bystander = subprocess.Popen(["sleep", "3000"])
        server, datagrams = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(server.getsockname())
        around = Surroundings(secrets, bystander, server, datagrams)
        around.contents = around.state()
        threads = [threading.Thread(target=accept, args=(around,)), threading.Thread(target=receive, args=(around,))]
        for thread in threads:
            thread.start()
        yield around
        with socket.create_connection(server.getsockname()) as last, socket.socket(type=socket.SOCK_DGRAM) as dgram:
            last.sendall(b"end")
            dgram.sendto(b"end", server.getsockname())
        for thread in threads:
            thread.join()
        server.close()
        datagrams.close()
        bystander.kill()
        bystander.wait()


def accept(around: Surroundings) -> None:
    while True:
        connection, _ = around.server.accept()
        with connection:
            if connection.recv(3) == b"end":
                return
        around.connections.append("tcp")


def receive(around: Surroundings) -> None:
    while (data := around.datagrams.recv(100)) != b"end":
        around.connections.append(data)


@dataclass(frozen=True)
class Outcome:
    level: str
    verdicts: dict[str, SubmissionVerdict]
    out: Path
    around: Surroundings


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Grade the class once for each level, on one worker; levels below the best are a part of the release test."""
    if "graded" in metafunc.fixturenames:
        marks = {level: [pytest.mark.xdist_group(f"hostile-{level}")] for level in LEVELS}
        for weaker in LEVELS[1:]:
            marks[weaker].append(pytest.mark.levels)
        levels = [pytest.param(level, marks=marks[level]) for level in LEVELS]
        metafunc.parametrize("graded", levels, indirect=True, scope="module")


@pytest.fixture(scope="module")
def graded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, surroundings: Surroundings
) -> Outcome:
    """Grade everything at one level; without a sandbox, what needs one is left out: nothing protects this machine."""
    level = request.param
    folder = tmp_path_factory.mktemp(level)
    for submission in SUBMISSIONS.values():
        if level != "process" or submission.kind != "reaching":
            keeps_all = submission.kept == frozenset(EXERCISES) or submission.kind == "twin"
            patient = keeps_all or submission.status not in (None, "timeout")
            hand_in(folder / "submitted" / ("patient" if patient else "quick"), submission, surroundings)
    verdicts = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PLANTED", TOKEN)
        for name, limits in (("patient", PATIENT), ("quick", LIMITS)):
            submitted, out = folder / "submitted" / name, folder / "out" / name
            ClassRun(Plan(submitted, out, (ASSIGNMENT,), workers=2, isolation=level, limits=limits, seed=1)).run()
            verdicts |= {key[0]: verdict for key, verdict in read_verdicts(out / "verdicts.jsonl").items()}
    return Outcome(level, verdicts, folder / "out", surroundings)


def hand_in(submitted: Path, submission: Submission, around: Surroundings) -> None:
    folder = submitted / submission.name / ASSIGNMENT
    folder.mkdir(parents=True)
    path = folder / f"{ASSIGNMENT}.ipynb"
    if submission.book is not None:
        path.write_bytes(around.fill(submission.book))
    elif "pipe" in submission.name:
        os.mkfifo(path)
    else:
        path.symlink_to(around.secrets / "other.ipynb")


def survivors(mark: str) -> set[str]:
    """Return the processes that a submission left, by its mark, and those of workers that nobody looks after."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if mark in command or ("inside/__main__.py" in command and parent == "1"):
            found.add(f"{folder.name} {command[:80]}")
    return found


def submission_of(graded: Outcome, name: str) -> SubmissionVerdict:
    if name not in graded.verdicts:
        pytest.fail(f"{name} was left without a verdict")
    return graded.verdicts[name]


def names(*kinds: str) -> list[str]:
    return [name for name, submission in SUBMISSIONS.items() if submission.kind in kinds]


def contained(graded: Outcome) -> list[str]:
    """Return the submissions that were graded at this level."""
    return [name for name in SUBMISSIONS if graded.level != "process" or SUBMISSIONS[name].kind != "reaching"]


def test_there_are_enough_of_them():
    assert len(names("rewriting", "patching", "lying", "forging", "memorising", "reaching", "breaking")) >= 60


def test_none_is_left_without_a_verdict_on_every_exercise(graded):
    assert set(graded.verdicts) == set(contained(graded))
    for verdict in graded.verdicts.values():
        assert [exercise.name for exercise in verdict.exercises] == list(EXERCISES)
        assert verdict.max_points == FULL


def test_none_earns_a_point_more_than_without_its_attack(graded):
    points = {name: verdict.points for name, verdict in graded.verdicts.items()}
    assert {
        name: (points[name], points[SUBMISSIONS[name].twin])
        for name in contained(graded)
        if points[name] > points[SUBMISSIONS[name].twin]
    } == {}


def test_the_twins_are_worth_what_they_deserve(graded):
    assert graded.verdicts["untouched"].points == 0
    assert graded.verdicts["zeros"].points < FULL / 4
    assert graded.verdicts["pairs of zeros"].points < FULL / 4
    assert graded.verdicts["right"].points == FULL
    assert graded.verdicts["only the first"].points == EXERCISES[FIRST]


def test_right_answers_beside_an_attack_and_odd_honest_ones_lose_nothing(graded):
    lost = {}
    for name in contained(graded):
        for exercise in graded.verdicts[name].exercises:
            if exercise.name in SUBMISSIONS[name].kept and exercise.points < exercise.max_points:
                lost[name, exercise.name] = [item.message for item in exercise.requirements if not item.passed]
    assert lost == {}


def test_every_status_is_as_it_must_be(graded):
    wrong = {}
    for name in contained(graded):
        expected = SUBMISSIONS[name].status
        verdict = graded.verdicts[name]
        second = next(exercise for exercise in verdict.exercises if exercise.name == SECOND)
        if expected and second.status != expected:
            wrong[name] = (second.status, second.requirements[0].message)
    assert wrong == {}


def test_nothing_leaks(graded):
    written = [path for path in graded.out.rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if TOKEN.encode() in path.read_bytes()] == []
    assert graded.around.connections == []


def test_nothing_outside_is_changed_and_nothing_runs_on(graded):
    subprocess.run(["sleep", "3.5"], check=True)
    assert graded.around.state() == graded.around.contents
    assert graded.around.bystander.poll() is None
    assert survivors(f"7{graded.around.bystander.pid}") | survivors(str(graded.around.secrets)) == set()
    assert list(Path("/dev/shm").glob(f"*note-{graded.around.bystander.pid}*")) == []


def test_what_a_grader_reads_is_escaped(graded):
    pages = "".join(path.read_text(encoding="utf-8") for path in graded.out.rglob("*.html"))
    assert "<script>alert" not in pages
    assert "<img src=x" not in pages
    assert "<b>=1+1" not in pages
    assert "\x1b" not in pages
    for grades in graded.out.glob("*/grades.csv"):
        for line in grades.read_text(encoding="utf-8").splitlines():
            assert not line.lstrip('"').startswith(("=", "+", "-", "@"))


def test_the_level_is_recorded(graded):
    asked = [verdict for verdict in graded.verdicts.values() if verdict.exercises[0].status != "invalid"]
    assert {verdict.isolation for verdict in asked} == {graded.level}
