"""A class gets the same verdicts whatever the order, the number of workers, and what happens on the way."""

import contextlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.checks import catalogue
from autograder.checks.ask import Ask
from autograder.checks.exercise import Requirement, Unmet
from autograder.grading.answers import Record
from autograder.grading.assignment import load
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.gradebook import default_url, scores
from autograder.grading.output import Output
from autograder.grading.regrade import regrade
from autograder.grading.report import write_report
from autograder.grading.run import ClassRun
from autograder.kernels.doctor import levels
from tests.grading.conftest import (
    ASSIGNMENT,
    FIRST,
    FULL,
    HANDED_IN,
    SECOND,
    SEED,
    THIRD,
    Class,
    answered,
    grade,
    hand_in,
    lines,
)

FIELDS = [
    "student",
    "assignment",
    "points",
    "max_points",
    "isolation",
    "seconds",
    "seed",
    "digest",
    "feedback",
    "alone",
    "exercises",
]

pytestmark = pytest.mark.xdist_group("run")


def test_verdicts_are_what_the_class_deserves(graded: Class) -> None:
    points = {student: verdict.points for student, verdict in graded.verdicts.items()}
    lost = SECOND.points, THIRD.points
    assert points == {
        "ann": FULL,
        "bob": FULL - 3.5,
        "cy <b>": FULL - lost[0],
        "dan": FULL - sum(lost),
        "eve": 0.0,
        "fay": 0.0,
        "gus": 0.0,
        "hal": 0.0,
    }


def test_statuses_say_what_happened(graded: Class) -> None:
    assert {student: verdict.status for student, verdict in graded.verdicts.items()} == {
        "ann": "graded",
        "bob": "graded",
        "cy <b>": "error",
        "dan": "timeout",
        "eve": "error",
        "fay": "invalid",
        "gus": "missing",
        "hal": "invalid",
    }
    exercises = {exercise.name: exercise for exercise in graded.verdicts["dan"].exercises}
    assert exercises[SECOND.name].status == "timeout"
    assert "its cell took longer than" in exercises[SECOND.name].requirements[0].message
    assert exercises[THIRD.name].status == "died"
    assert exercises[FIRST.name].status == "graded"


def test_misconception_is_named(graded: Class) -> None:
    judged = graded.verdicts["bob"].exercises
    named = {exercise.name: exercise.misconceptions for exercise in judged if exercise.misconceptions}
    assert named == {FIRST.name: ("divides by rate",)}


def test_lines_are_strict_json_with_the_listed_fields_in_order(graded: Class) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = (graded.plan.out / "verdicts.jsonl").read_text(encoding="utf-8")
    verdicts = [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
    assert [list(verdict) for verdict in verdicts] == [FIELDS] * 8
    assert [verdict["student"] for verdict in verdicts] == sorted(verdict["student"] for verdict in verdicts)
    for verdict in verdicts:
        assert verdict["seed"] == SEED
        assert verdict["isolation"] == next(level.name for level in levels() if level.available)
        assert verdict["points"] == pytest.approx(sum(exercise["points"] for exercise in verdict["exercises"]))
        assert [exercise["name"] for exercise in verdict["exercises"]] == [
            item.name for item in load(ASSIGNMENT).exercises
        ]
        for exercise in verdict["exercises"]:
            assert exercise["points"] == pytest.approx(sum(item["points"] for item in exercise["requirements"]))
            assert all(
                item["points"] == (item["max_points"] if item["passed"] else 0) for item in exercise["requirements"]
            )


def test_everything_is_written_and_nothing_else_touched(graded: Class) -> None:
    out = graded.plan.out
    assert (out / "notes.txt").read_text() == "mine"
    for verdict in graded.verdicts.values():
        assert (out / verdict.feedback).is_file()
    assert {path.name for path in out.iterdir()} == {
        ".lock", "answers", "audit.jsonl", "autograded", "feedback", "gradebook.db", "grades.csv", "notes.txt",
        "report.html", "seed", "verdicts.jsonl",
    }  # fmt: skip
    assert graded.progress.faults == []


def test_one_worker_gives_the_same_verdicts(graded: Class, submitted: Path, tmp_path: Path) -> None:
    some = ("bob", "cy <b>", "eve", "fay", "hal")
    alone = grade(submitted, tmp_path, workers=1, students=some)
    assert lines(alone.plan.out) == [line for line in lines(graded.plan.out) if line["student"] in some]


def test_another_seed_asks_otherwise_and_gives_the_same_points(graded: Class, submitted: Path, tmp_path: Path) -> None:
    other = grade(submitted, tmp_path, seed=SEED + 1, students=("ann", "bob"))
    assert {name: verdict.points for name, verdict in other.verdicts.items()} == {"ann": FULL, "bob": FULL - 3.5}
    answers = [(run.plan.out / "answers" / "ann" / f"{ASSIGNMENT}.answers").read_bytes() for run in (graded, other)]
    assert answers[0] != answers[1]


def test_what_took_too_long_was_run_again_alone_and_everybody_is_told(graded: Class) -> None:
    assert {student for student, verdict in graded.verdicts.items() if verdict.alone} == {"dan"}
    assert graded.progress.alone == 1
    assert "Took too long beside others and ran again alone, which counts: 1 submission." in graded.progress.remarks
    told = "run a second time"
    pages = {student: (graded.plan.out / verdict.feedback).read_text() for student, verdict in graded.verdicts.items()}
    assert {student for student, page in pages.items() if told in page} == {"dan"}
    assert "run again alone, which counts: dan." in (graded.plan.out / "report.html").read_text()


def test_the_first_seed_stays_with_the_folder_and_the_gradebook(submitted: Path, tmp_path: Path) -> None:
    some = {"students": ("fay",), "seed": None}
    first = grade(submitted, tmp_path / "a", **some).progress.seed
    assert grade(submitted, tmp_path / "a", **some).progress.seed == first
    book = default_url(tmp_path / "a")
    assert grade(submitted, tmp_path / "b", gradebook=book, **some).progress.seed == first
    assert grade(submitted, tmp_path / "a", **(some | {"seed": first + 1})).progress.seed == first + 1
    assert grade(submitted, tmp_path / "a", **some).progress.seed == first + 1
    assert grade(submitted, tmp_path / "c", gradebook=book, **some).progress.seed == first + 1
    assert grade(submitted, tmp_path / "b", gradebook=book, **some).progress.seed == first
    assert grade(submitted, tmp_path / "d", **some).progress.seed != first


def test_everybody_is_asked_the_same(graded: Class) -> None:
    """Here one is wrong in one exercise of seven, of which a right answer is asked less."""
    records = [(graded.plan.out / "answers" / who / f"{ASSIGNMENT}.answers").read_bytes() for who in ("ann", "bob")]
    right, wrong = ({question for question, _ in Record.from_bytes(data).outcomes} for data in records)
    assert len(right & wrong) > 0.8 * len(right)


def test_two_runs_into_one_folder_are_refused(class_of_ten: Path, tmp_path: Path) -> None:
    runner = _start(class_of_ten, tmp_path)
    _wait_for(lambda: _verdicts(tmp_path) >= 1, 120)
    for write in (lambda: grade(class_of_ten, tmp_path), lambda: regrade(Output(tmp_path))):
        with pytest.raises(
            CourseError, match=f"written by another run .process {runner.pid} on .*another folder with --out"
        ):
            write()
    os.kill(runner.pid, signal.SIGKILL)
    runner.communicate()
    grade(class_of_ten, tmp_path, resume=True, students=("student-0",))


@pytest.mark.parametrize("damage", [b"{}", b"nonsense", b"[]", b"\xff\xfe", b"\0" * 500, b""])
@pytest.mark.parametrize("log", ["verdicts.jsonl", "audit.jsonl"])
def test_a_damaged_line_costs_that_line(
    graded: Class, tmp_path: Path, damage: bytes, log: str, caplog: pytest.LogCaptureFixture
) -> None:
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    kept = (out / log).read_bytes().splitlines()
    lost = next(number for number, line in enumerate(kept) if b'"fay"' in line)
    kept[lost] = damage
    (out / log).write_bytes(b"\n".join(kept))  # and no end of the last line, as when it was cut short
    resumed = ClassRun(replace(graded.plan, out=out, resume=True)).run()
    assert (resumed.done, resumed.kept) == (1, 7)
    assert lines(out) == lines(graded.plan.out)
    assert ("line" in caplog.text) == (log == "verdicts.jsonl")


def test_resuming_a_finished_class_runs_nothing(graded: Class, tmp_path: Path) -> None:
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    before = (out / "verdicts.jsonl").read_bytes()
    again = ClassRun(replace(graded.plan, out=out, seed=None, resume=True)).run()
    assert (again.done, again.kept, again.seed) == (0, 8, SEED)
    assert (out / "verdicts.jsonl").read_bytes() == before


def test_resuming_keeps_verdicts_of_several_seeds(graded: Class, tmp_path: Path) -> None:
    """Here the last student was graded again, alone and with another seed."""
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    ClassRun(replace(graded.plan, out=out, students=("hal",), seed=SEED + 1)).run()
    again = ClassRun(replace(graded.plan, out=out, seed=None, resume=True)).run()
    assert (again.done, again.kept) == (0, 8)
    asked_otherwise = ClassRun(replace(graded.plan, out=out, students=("fay", "hal"), resume=True)).run()
    assert (asked_otherwise.done, asked_otherwise.kept) == (1, 1)


def test_resuming_runs_what_has_changed(graded: Class, submitted: Path, tmp_path: Path) -> None:
    folder, out = (
        shutil.copytree(submitted, tmp_path / "submitted", symlinks=True),
        shutil.copytree(graded.plan.out, tmp_path / "out"),
    )
    (folder / "bob" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").write_bytes(answered(1))
    hand_in(folder, "ivy", None)
    shutil.rmtree(folder / "gus")
    progress = ClassRun(replace(graded.plan, submitted=folder, out=out, resume=True)).run()
    assert (progress.done, progress.kept) == (2, 6)
    after = Class(replace(graded.plan, out=out), progress).verdicts
    assert after["bob"].points == FULL
    assert after["ivy"].status == "missing"
    assert "gus" not in after
    assert scores(default_url(out))["bob", ASSIGNMENT] == pytest.approx(FULL)


def test_a_blank_notebook_after_one_with_points_is_noted(graded: Class, submitted: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(submitted, tmp_path / "submitted", symlinks=True)
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    for student in ("bob", "eve"):
        (folder / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").write_bytes(HANDED_IN["eve"] + b"\n")
    progress = ClassRun(replace(graded.plan, submitted=folder, out=out, resume=True)).run()
    assert progress.emptied == [("bob", ASSIGNMENT)]
    pages = {
        name: (out / "feedback" / name / f"{ASSIGNMENT}.html").read_text(encoding="utf-8") for name in ("bob", "eve")
    }
    assert all("Nothing is written in this notebook." in page for page in pages.values())
    assert f"was handed in before it was worth {FULL - 3.5:g} points" in pages["bob"]
    assert "handed in before" not in pages["eve"]


def test_one_student_alone_leaves_the_others(graded: Class, submitted: Path, tmp_path: Path) -> None:
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    progress = ClassRun(replace(graded.plan, out=out, students=("fay",))).run()
    assert progress.done == 1
    assert lines(out) == lines(graded.plan.out)


def test_unknown_student_is_named(graded: Class) -> None:
    with pytest.raises(CourseError, match="no student 'nobody'"):
        ClassRun(replace(graded.plan, students=("nobody",)))


def test_addresses_do_not_reach_verdicts(graded: Class) -> None:
    text = (graded.plan.out / "verdicts.jsonl").read_text(encoding="utf-8")
    assert "deadbeef" not in text
    assert not re.search(r"0x[0-9a-f]{6}", text)


def test_regrade_repeats_the_verdicts_without_running_anything(graded: Class, tmp_path: Path) -> None:
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    (out / "gradebook.db").unlink()
    assert not regrade(Output(out)).stale
    assert lines(out) == lines(graded.plan.out)
    assert scores(default_url(out)) == scores(default_url(graded.plan.out))


def test_regrade_follows_changed_tolerances(graded: Class, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lenient(requirement: Requirement) -> Requirement:
        def check(ask: Ask, draw: np.random.Generator) -> None:
            with contextlib.suppress(Unmet):
                requirement.check(ask, draw)

        return replace(requirement, check=check)

    changed = replace(FIRST, requirements=tuple(lenient(requirement) for requirement in FIRST.requirements))
    others = catalogue.exercises(ASSIGNMENT)[1:]
    monkeypatch.setattr(catalogue, "exercises", lambda _: (changed, *others))
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    assert not regrade(Output(out)).stale
    after = Class(replace(graded.plan, out=out), graded.progress).verdicts
    assert after["bob"].points == FULL
    assert after["eve"].points == 0
    assert scores(default_url(out))["bob", ASSIGNMENT] == pytest.approx(FULL)


def test_corrected_titles_ask_nothing_else_and_are_shown(
    graded: Class, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the questions nor what is stored depends on what people read."""
    titles = {item.key: f"{item.name} <&>" for item in FIRST.requirements}
    changed = replace(FIRST, requirements=tuple(replace(item, name=titles[item.key]) for item in FIRST.requirements))
    others = catalogue.exercises(ASSIGNMENT)[1:]
    monkeypatch.setattr(catalogue, "exercises", lambda _: (changed, *others))
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    failed = html.escape(titles["scales"])
    write_report(Output(out), list(Output(out).read().values()), {}, Course(out))
    assert failed in (out / "report.html").read_text(encoding="utf-8")
    expected = lines(out)
    for verdict in expected:
        for requirement in verdict["exercises"][0]["requirements"]:
            requirement["name"] = titles[requirement["key"]]
    done = regrade(Output(out))
    assert (done.stale, done.differences) == ([], [])
    assert lines(out) == expected
    assert failed in (out / "feedback" / "bob" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")


def test_regrade_names_what_must_run_again(graded: Class, tmp_path: Path) -> None:
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    (out / "answers" / "ann" / f"{ASSIGNMENT}.answers").unlink()
    (out / "answers" / "bob" / f"{ASSIGNMENT}.answers").write_bytes(b"damaged")
    assert regrade(Output(out)).stale == [("ann", ASSIGNMENT), ("bob", ASSIGNMENT)]
    assert lines(out) == lines(graded.plan.out)


def test_what_people_are_to_grade_is_not_forgotten_with_the_audit_log(graded: Class, tmp_path: Path) -> None:
    """Only the log says in which essays something is written: without it, they would get no points and no reader."""
    out = shutil.copytree(graded.plan.out, tmp_path / "out")
    (out / "audit.jsonl").unlink()
    assert len(regrade(Output(out)).stale) == len(graded.verdicts)
    assert lines(out) == lines(graded.plan.out)


def _start(submitted: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        str(submitted),
        "--out",
        str(out),
        "--seed",
        str(SEED),
        "--workers",
        "2",
    ]
    return subprocess.Popen(
        command,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=_listen,  # noqa: PLW1509 - it takes no lock
    )


def _listen() -> None:
    """Hear Ctrl-C, even when the tests run in the background of a shell, which has its jobs ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _verdicts(out: Path) -> int:
    return len((out / "audit.jsonl").read_text().splitlines()) if (out / "audit.jsonl").exists() else 0


def _wait_for(condition: object, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def class_of_ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ten")
    for number in range(10):
        # Slow enough to be stopped in the middle.
        hand_in(folder, f"student-{number}", answered(number, extra=f"import time\ntime.sleep(1)\nnumber = {number}"))
    return folder


@pytest.fixture(scope="module")
def undisturbed(class_of_ten: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grade(class_of_ten, tmp_path_factory.mktemp("undisturbed")).plan.out


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_and_resumed_is_as_if_undisturbed(
    class_of_ten: Path, undisturbed: Path, tmp_path: Path, how: signal.Signals
) -> None:
    runner = _start(class_of_ten, tmp_path)
    _wait_for(lambda: _verdicts(tmp_path) >= 2, 120)
    os.kill(runner.pid, how)
    _, said = runner.communicate(timeout=120)
    assert runner.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    if how == signal.SIGINT:
        assert b"Traceback" not in said
        assert b"--resume" in said
        assert len(lines(tmp_path)) == _verdicts(tmp_path)
    _wait_for(lambda: not _alive(runner.pid), 120)
    done = _verdicts(tmp_path)
    assert 2 <= done < 10
    resumed = grade(class_of_ten, tmp_path, resume=True).progress
    assert resumed.kept >= 2
    assert resumed.done + resumed.kept == 10
    assert lines(tmp_path) == lines(undisturbed)
    assert scores(default_url(tmp_path)) == scores(default_url(undisturbed))


def _alive(session: int) -> bool:
    """Tell whether any process of a session is left."""
    return subprocess.run(["pgrep", "-s", str(session)], capture_output=True, check=False).returncode == 0
