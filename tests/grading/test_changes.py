"""Changes after the release: one setting and one command, which say whose points changed and keep what people gave."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.checks import catalogue
from autograder.checks.exercise import Exercise
from autograder.cli import commands
from autograder.grading import gradebook
from autograder.grading.appeal import reasons
from autograder.grading.assignment import RELEASED
from autograder.grading.course import Change, Course, Planned, read_course
from autograder.grading.errors import CourseError
from autograder.grading.exports import Moodle
from autograder.grading.gradebook import default_url, existing_url, opened
from autograder.grading.output import Output
from autograder.grading.regrade import Regraded, Wanted, refresh, regrade
from autograder.grading.run import ClassRun
from autograder.grading.scores import CellScore, Score
from autograder.grading.starting import start
from tests.grading.conftest import ASSIGNMENT, FIRST, FULL, SECOND, Class, answered, hand_in, lines
from tests.test_cli import autograder

SCALES = next(item for item in FIRST.requirements if item.name.startswith("scales kept"))
LEFT = FULL - FIRST.points


@pytest.fixture
def out(graded: Class, tmp_path: Path) -> Path:
    return shutil.copytree(graded.plan.out, tmp_path / "out")


def give(out: Path, student: str, cell: str, points: float) -> None:
    """Give points as a person does in formgrader."""
    with Gradebook(default_url(out)) as book:
        grade = book.find_grade(cell, ASSIGNMENT, ASSIGNMENT, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def changed(out: Path, *changes: Change, **wanted: list[str]) -> Regraded:
    return regrade(Output(out), Wanted(**wanted), course=Course(out.parent, changes=changes))


def said(done: Regraded) -> dict[str, str]:
    return {item.student: str(item) for item in done.differences}


def score(out: Path, student: str) -> Score:
    return gradebook.all_scores(default_url(out))[student, ASSIGNMENT]


def test_a_withdrawn_requirement_counts_for_nobody(out: Path) -> None:
    bob = score(out, "bob").points
    give(out, "ann", f"{FIRST.name}_check", 9)
    done = changed(out, Change(FIRST.name, SCALES.name, points=0))
    assert not done.stale
    assert said(done)["ann"] == f"ann: {ASSIGNMENT} 52 -> 52 ({FIRST.name} 9/10 -> 9/8, look again)"
    assert f"({FIRST.name} 6.5/10 -> 6.5/8)" in said(done)["bob"]
    assert "gus" not in said(done), "who handed in nothing has lost nothing"
    assert (score(out, "bob").points, score(out, "bob").max_points) == (bob, FULL - SCALES.points)
    assert score(out, "ann").waiting == (f"{FIRST.name}_check",)
    assert "It counts for nothing." in (out / "feedback" / "bob" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")


def test_points_for_everybody_go_to_all_who_handed_in(out: Path) -> None:
    changed(out, Change(FIRST.name, everybody=True))
    by_student = {line["student"]: line for line in lines(out)}
    for student, line in by_student.items():
        first = line["exercises"][0]
        assert first["points"] == (0 if student == "gus" else FIRST.points)
    failed = [item for item in by_student["bob"]["exercises"][0]["requirements"] if not item["passed"]]
    assert failed
    assert all(item["message"] for item in failed), "what does not hold is still said"
    assert not score(out, "gus").handed_in
    assert score(out, "fay").points == FIRST.points, "a file that cannot be read was handed in, too"
    page = (out / "feedback" / "bob" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert page.count("Everybody has these points.") == len(failed)


def test_other_points_are_a_share_of_what_holds_and_can_be_taken_back(graded: Class, out: Path) -> None:
    changed(out, Change(FIRST.name, points=2 * FIRST.points), Change(FIRST.name, SCALES.name, points=1))
    first = next(line for line in lines(out) if line["student"] == "bob")["exercises"][0]
    assert (first["points"], first["max_points"]) == (13, 2 * FIRST.points - 2 * SCALES.points + 1)
    assert score(out, "bob").cell(f"{FIRST.name}_check").points == 13  # type: ignore[union-attr]
    changed(out)
    assert lines(out) == lines(graded.plan.out)
    assert gradebook.scores(default_url(out)) == gradebook.scores(default_url(graded.plan.out))
    assert not changed(out).differences


def test_what_a_person_gave_for_a_withdrawn_exercise_is_kept_in_the_comment(out: Path) -> None:
    give(out, "ann", f"{FIRST.name}_check", 9)
    give(out, "ann", f"{SECOND.name}_check", 1.5)
    done = changed(out, Change(FIRST.name, points=0))
    assert f"{FIRST.name} 9/10 -> 0/0" in said(done)["ann"]
    ann = score(out, "ann")
    assert (ann.points, ann.max_points, ann.waiting) == (LEFT - SECOND.points + 1.5, LEFT, ())
    assert ann.comments[FIRST.name] == "Given by hand before this counted for nothing: 9 points."


def test_the_table_of_changes_has_a_line_for_each(out: Path) -> None:
    changed(out, Change(FIRST.name, everybody=True))
    table = list(csv.DictReader((out / "changes.csv").read_text().splitlines()))
    bob = [line for line in table if line["student"] == "bob"]
    assert [line["exercise"] for line in bob] == ["", FIRST.name]
    assert [float(bob[1][name]) for name in ("points_before", "points", "max_points")] == [6.5, 10, 10]
    assert not any(line["student"] == "ann" for line in table)


def test_grading_waits_until_everybody_has_the_new_points(graded: Class, out: Path) -> None:
    course = Course(out.parent, changes=(Change(FIRST.name, points=0),))
    plan = replace(graded.plan, out=out, course=course)
    for partly in (replace(plan, students=("ann",)), replace(plan, resume=True)):
        with pytest.raises(CourseError, match=r"points have changed since .* run `autograder regrade` first"):
            ClassRun(partly).run()
    regrade(Output(out), course=course)
    assert ClassRun(replace(plan, resume=True)).run().done == 0


def test_a_class_that_is_graded_again_says_whose_points_have_changed(tmp_path: Path) -> None:
    """The course changes before the class is graded once more, and a person has given points in between."""
    start(tmp_path, "course", [ASSIGNMENT])
    hand_in(tmp_path / "submitted", "ann", answered())
    table = tmp_path / "graded" / "changes.csv"
    said = autograder("grade", "--seed", 1, cwd=tmp_path).stdout
    assert "other points" not in said
    assert not table.exists()
    give(tmp_path / "graded", "ann", f"{FIRST.name}_check", 9)
    said = autograder("grade", "--resume", cwd=tmp_path).stdout
    assert re.search(rf"│ {ASSIGNMENT} +│ 1 +│ {FULL - 1:.1f} +│ {FULL:g} +│ 0 +│ none", said)
    assert "other points" not in said
    with (tmp_path / "course.toml").open("a") as settings:
        settings.write(f'\n[[change]]\nexercise = "{FIRST.name}"\nrequirement = "{SCALES.key}"\npoints = 0\n')
    said = autograder("grade", cwd=tmp_path).stdout
    assert "1 submission has other points than before" in said
    assert f"ann: {ASSIGNMENT} 52 -> 52 ({FIRST.name} 9/10 -> 9/8, look again)" in said
    assert f"1 submission waits for a person ({ASSIGNMENT} of ann): see `autograder formgrader`." in said
    kept = table.read_text()
    assert [line["exercise"] for line in csv.DictReader(kept.splitlines())] == ["", FIRST.name]
    assert "nobody's points have changed" in autograder("regrade", cwd=tmp_path).stdout
    assert table.read_text() == kept


def test_the_table_of_changes_keeps_what_was_changed_before(out: Path) -> None:
    changed(out, Change(FIRST.name, everybody=True))
    before = (out / "changes.csv").read_bytes()
    changed(out)
    after = (out / "changes.csv").read_bytes()
    assert after.startswith(before)
    bob = [
        line for line in csv.DictReader(after.decode().splitlines()) if line["student"] == "bob" and line["exercise"]
    ]
    assert [(line["points_before"], line["points"]) for line in bob] == [("6.5", "10"), ("10", "6.5")]
    assert all(datetime.fromisoformat(line["time"]) for line in bob)
    (out / "changes.csv").write_text("other,columns\n1,2\n")
    changed(out, Change(FIRST.name, everybody=True))
    assert (out / "changes.csv").read_text().startswith("time,student")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Change("nosuch", points=1), "changes the exercise 'nosuch': choose from .*NoiseLayer, .*design"),
        (Change(FIRST.name, "nosuch", points=1), "changes the requirement 'nosuch' of .*: choose from keeps a"),
        (Change("design", "nosuch", points=1), "choose from none, a person grades it"),
    ],
)
def test_a_change_of_what_there_is_not_is_one_clear_line(out: Path, change: Change, says: str) -> None:
    with pytest.raises(CourseError, match=says):
        changed(out, change)


def test_a_change_that_changes_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text("[[change]]\nexercise = 'x'\n")
    with pytest.raises(CourseError, match="the change of x says neither points nor everybody"):
        read_course(tmp_path)


def test_an_exercise_or_a_student_can_be_judged_again_alone(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(*_: object) -> None:
        """Hold for every answer."""

    def lenient(exercise: Exercise) -> Exercise:
        return replace(exercise, requirements=tuple(replace(item, check=generous) for item in exercise.requirements))

    everything = tuple(map(lenient, catalogue.exercises(ASSIGNMENT)))
    monkeypatch.setattr(catalogue, "exercises", lambda _: everything)
    assert set(said(changed(out, exercises=[FIRST.name]))) == {"bob", "eve"}
    assert set(said(changed(out, students=["dan"]))) == {"dan"}
    assert score(out, "eve").points == FIRST.points
    with pytest.raises(CourseError, match="no exercise 'nosuch'"):
        changed(out, exercises=["nosuch"])
    with pytest.raises(CourseError, match="no verdict on 'nobody'"):
        changed(out, students=["nobody"])


Without = Callable[[str], None]


@pytest.fixture
def course(out: Path, graded: Class) -> Course:
    """Return a course with a release of its own, whose class is graded."""
    root = out.parent
    shutil.copytree(RELEASED / ASSIGNMENT, root / "release" / ASSIGNMENT)
    shutil.copytree(graded.plan.submitted, root / "submitted", symlinks=True)
    (root / "course.toml").write_text(f'[[assignment]]\nname = "{ASSIGNMENT}"\n')
    out.rename(root / "graded")
    return read_course(root)


@pytest.fixture
def drop(course: Course, monkeypatch: pytest.MonkeyPatch) -> Without:
    """Return what takes an exercise out of the checks and of the release, as an edit and `autograder release` do."""
    every = catalogue.exercises(ASSIGNMENT)

    def take(name: str) -> None:
        left = tuple(exercise for exercise in every if exercise.name != name)
        monkeypatch.setattr(catalogue, "exercises", lambda _: left)
        path = course.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        notebook = json.loads((RELEASED / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8"))
        gone = {name, f"{name}_check"}
        notebook["cells"] = [
            cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") not in gone
        ]
        path.write_text(json.dumps(notebook), encoding="utf-8")

    return take


def test_an_exercise_dropped_from_the_release_counts_for_nothing(course: Course, drop: Without) -> None:
    out = course.graded
    give(out, "ann", f"{FIRST.name}_check", 9)
    give(out, "ann", f"{SECOND.name}_check", 1.5)
    drop(FIRST.name)
    done = regrade(Output(out), course=course)
    assert not done.stale
    ann = score(out, "ann")
    assert (ann.points, ann.max_points, ann.waiting) == (LEFT - SECOND.points + 1.5, LEFT, ())
    assert "nothing: 9 points." in ann.comments[FIRST.name]
    assert said(done)["ann"].endswith(f"({FIRST.name} 9/10 -> 0/0)")


def test_an_exercise_that_comes_back_is_judged_by_what_is_stored(
    course: Course, drop: Without, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = catalogue.exercises(ASSIGNMENT)
    out = course.graded
    drop(FIRST.name)
    regrade(Output(out), course=course)
    give(out, "ann", f"{SECOND.name}_check", 1.5)
    shutil.copytree(RELEASED / ASSIGNMENT, course.root / "release" / ASSIGNMENT, dirs_exist_ok=True)
    monkeypatch.setattr(catalogue, "exercises", lambda _: every)
    assert not regrade(Output(out), course=course).stale
    assert (score(out, "ann").points, score(out, "ann").max_points) == (FULL - SECOND.points + 1.5, FULL)


def test_an_exercise_that_nobody_was_asked_about_needs_another_run(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = course.graded
    give(out, "ann", f"{SECOND.name}_check", 1.5)
    every = (replace(FIRST, name="anew"), *catalogue.exercises(ASSIGNMENT)[1:])
    monkeypatch.setattr(catalogue, "exercises", lambda _: every)
    path = course.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace(FIRST.name, "anew"), encoding="utf-8")
    done = regrade(Output(out), course=course)
    assert {student for student, _ in done.stale} == {"ann", "bob", "cy <b>", "dan", "eve"}
    ann = score(out, "ann")
    assert ann.max_points == FULL
    assert (ann.manual, ann.cell("anew_check")) == (1.5, CellScore("anew_check", None, None, 0.0, FIRST.points, False))


@pytest.mark.parametrize("fresh", [[], ["--fresh"]], ids=["stored", "fresh"])
def test_explain_has_the_points_of_now(course: Course, monkeypatch: pytest.MonkeyPatch, fresh: list[str]) -> None:
    monkeypatch.chdir(course.root)
    with (course.root / "course.toml").open("a") as stream:
        stream.write(f'[[change]]\nexercise = "{FIRST.name}"\nrequirement = "{SCALES.name}"\neverybody = true\n')
    regrade(Output(course.graded), course=read_course(course.root))
    run = CliRunner().invoke(commands, ["explain", "bob", ASSIGNMENT, FIRST.name, *fresh])
    assert f"{FIRST.name}: 8.5 of 10 points" in run.stdout
    assert f"  NO  2 / 2  {SCALES.name}" in run.stdout


AFTERWARDS = (
    ("regrade",),
    ("report",),
    ("feedback", "--format", "nbgrader"),
    ("export", "--format", "csv", "--allow-ungraded"),
    ("export", "--format", "canvas", "--per-exercise"),
    ("extend", "ann", ASSIGNMENT, "--days", "1"),
    ("explain", "bob", ASSIGNMENT),
    ("explain", "bob", ASSIGNMENT, FIRST.name),
    ("regrade", "--exercise", FIRST.name),
    ("regrade", "--assignment", ASSIGNMENT),
)


@pytest.mark.parametrize("words", AFTERWARDS, ids=" ".join)
@pytest.mark.parametrize("gone", ["exercise", "assignment", "plan"])
def test_no_removed_name_ends_in_a_traceback(
    course: Course, drop: Without, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], gone: str
) -> None:
    monkeypatch.chdir(course.root)
    if gone == "exercise":
        drop(FIRST.name)
    elif gone == "assignment":
        (course.root / "course.toml").write_text("")
        monkeypatch.setattr(catalogue, "ASSIGNMENTS", tuple(set(catalogue.ASSIGNMENTS) - {ASSIGNMENT}))
    else:
        (course.root / "course.toml").write_text('[[assignment]]\nname = "pooling"\n')
    run = CliRunner().invoke(commands, words)
    assert run.exit_code in (0, 1)
    assert run.exception is None or isinstance(run.exception, (CourseError, SystemExit)), run.exception


def test_an_assignment_without_judges_is_left_alone_and_named(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "ASSIGNMENTS", ("pooling",))
    before = lines(course.graded)
    done = regrade(Output(course.graded), course=course)
    assert (done.unknown, done.differences, done.stale) == ([ASSIGNMENT], [], [])
    assert lines(course.graded) == before
    refresh(Output(course.graded), course=course)
    with pytest.raises(CourseError, match="no assignment of this course any more"):
        reasons(Output(course.graded), course, ("bob", ASSIGNMENT), None, None)


def test_an_assignment_that_the_course_has_dropped_is_in_no_export(course: Course) -> None:
    dropped = replace(course, planned=(Planned("pooling"),))
    with opened(existing_url(Output(course.graded), course, None)) as book:
        for wanted, header in (([], "username"), ([ASSIGNMENT], f"username,{ASSIGNMENT}")):
            data, _ = Moodle(course=dropped, assignment=wanted, student=[]).render(book)
            assert data.decode().splitlines()[0] == header
