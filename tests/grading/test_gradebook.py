"""The gradebook is nbgrader's own: its API reads it, people's grades in it survive, and it is written in batches."""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader import api
from nbgrader.api import Gradebook
from sqlalchemy import event

from autograder.grading.assignment import Assignment, load
from autograder.grading.errors import CourseError
from autograder.grading.gradebook import ClassGradebook, default_url, scores
from tests.grading.conftest import ASSIGNMENT, FULL, Class, judged

THIRD = 1 / 3


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gradebook.db'}"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load(ASSIGNMENT)


def test_every_student_is_listed_with_the_points_of_the_verdict(graded: Class) -> None:
    with Gradebook(default_url(graded.plan.out)) as book:
        assert {student.id for student in book.students} == graded.verdicts.keys()
        for student, verdict in graded.verdicts.items():
            submission = book.find_submission(ASSIGNMENT, student)
            cells = [grade for notebook in submission.notebooks for grade in notebook.grades]
            assert sum(grade.auto_score or 0.0 for grade in cells) == pytest.approx(verdict.points, abs=1e-4)
            assert submission.score == pytest.approx(verdict.points, abs=1e-4)
            assert submission.max_score == pytest.approx(FULL)
            assert not submission.needs_manual_grade
            by_name = {exercise.name: exercise.points for exercise in verdict.exercises}
            if verdict.status == "missing":
                by_name = dict.fromkeys(by_name)  # nobody gave any points, and nobody has to
            assert {grade.name.removesuffix("_check"): grade.auto_score for grade in cells} == pytest.approx(by_name)


def test_the_assignment_is_described_as_nbgrader_does(graded: Class, assignment: Assignment) -> None:
    with Gradebook(default_url(graded.plan.out)) as book:
        notebook = book.find_notebook(ASSIGNMENT, ASSIGNMENT)
        assert {cell.name: cell.max_score for cell in notebook.grade_cells} == {
            f"{exercise.name}_check": exercise.points for exercise in assignment.exercises
        }
        assert {cell.name for cell in notebook.solution_cells} == {exercise.name for exercise in assignment.exercises}
        sources = {cell.grade_id: cell.source for cell in assignment.cells if cell.grade_id}
        assert {cell.name: cell.source for cell in notebook.source_cells} == sources


def test_uneven_points_sum_to_the_verdict(url: str, assignment: Assignment) -> None:
    with ClassGradebook(url, [assignment]) as book:
        book.record([judged("ann", assignment, THIRD)])
    assert scores(url)["ann", ASSIGNMENT] == pytest.approx(FULL / 3, abs=1e-4)


def test_manual_grades_survive_a_regrade(url: str, assignment: Assignment) -> None:
    with ClassGradebook(url, [assignment]) as book:
        book.record([judged("ann", assignment, 0.0)])
    name = f"{assignment.exercises[0].name}_check"
    with Gradebook(url) as book:
        grade = book.find_grade(name, ASSIGNMENT, ASSIGNMENT, "ann")
        grade.manual_score, grade.extra_credit = 2.0, 0.5
        comment = book.find_comment(assignment.exercises[0].name, ASSIGNMENT, ASSIGNMENT, "ann")
        comment.manual_comment = "Well argued."
        book.db.commit()
    with ClassGradebook(url, [assignment]) as book:
        book.record([judged("ann", assignment, 1.0)])
    with Gradebook(url) as book:
        grade = book.find_grade(name, ASSIGNMENT, ASSIGNMENT, "ann")
        assert (grade.manual_score, grade.extra_credit, grade.auto_score) == (2.0, 0.5, assignment.exercises[0].points)
        assert grade.needs_manual_grade
        comment = book.find_comment(assignment.exercises[0].name, ASSIGNMENT, ASSIGNMENT, "ann")
        assert comment.manual_comment == "Well argued."


def test_a_persons_grade_is_asked_for_again_only_when_something_changed(url: str, assignment: Assignment) -> None:
    name = f"{assignment.exercises[0].name}_check"
    with ClassGradebook(url, [assignment]) as book:
        book.record([judged("ann", assignment, 0.0)])
        grade = book._book.find_grade(name, ASSIGNMENT, ASSIGNMENT, "ann")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        book.record([judged("ann", assignment, 0.0)])
        assert not book._book.find_grade(name, ASSIGNMENT, ASSIGNMENT, "ann").needs_manual_grade
        book.record([judged("ann", assignment, 1.0)])
        assert book._book.find_grade(name, ASSIGNMENT, ASSIGNMENT, "ann").needs_manual_grade


def test_what_was_written_anew_waits_for_another_look(url: str, assignment: Assignment) -> None:
    name = f"{assignment.exercises[0].name}_check"
    with ClassGradebook(url, [assignment]) as book:
        book.record([judged("ann", assignment, 0.0)])
        grade = book._book.find_grade(name, ASSIGNMENT, ASSIGNMENT, "ann")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        book.record([judged("ann", assignment, 0.0)], anew={("ann", ASSIGNMENT): {name}})
        grade = book._book.find_grade(name, ASSIGNMENT, ASSIGNMENT, "ann")
        assert (grade.manual_score, grade.needs_manual_grade) == (2.0, True)
        others = [cell for cell in book.scores()["ann", ASSIGNMENT].cells if cell.waits]
        assert [cell.name for cell in others] == [name]


def test_what_people_grade_waits_for_them_where_something_is_written(url: str, assignment: Assignment) -> None:
    notebook = json.loads(assignment.released)
    essay = {"grade": True, "solution": True, "locked": False, "task": False, "schema_version": 3, "points": 5}
    metadata = {"nbgrader": {**essay, "grade_id": "essay", "checksum": "0", "cell_type": "markdown"}}
    notebook["cells"].append({"cell_type": "markdown", "id": "essay", "metadata": metadata, "source": "Why?"})
    written = Assignment(ASSIGNMENT, json.dumps(notebook).encode())
    with ClassGradebook(url, [written]) as book:
        book.record([replace(judged("ann", written, 1.0), written=frozenset({"essay"})), judged("bob", written, 1.0)])
    with Gradebook(url) as book:
        essays = {name: book.find_grade("essay", ASSIGNMENT, ASSIGNMENT, name) for name in ("ann", "bob")}
        assert {name: (grade.auto_score, grade.needs_manual_grade) for name, grade in essays.items()} == {
            "ann": (None, True),
            "bob": (0.0, False),
        }
        assert book.find_submission(ASSIGNMENT, "ann").max_score == pytest.approx(FULL + 5)


def test_a_batch_is_one_transaction(url: str, assignment: Assignment) -> None:
    commits = []
    with ClassGradebook(url, [assignment]) as book:
        event.listen(book._book.engine, "commit", lambda _: commits.append(1))
        book.record([judged(f"student-{number}", assignment, 1.0) for number in range(20)])
    assert len(commits) == 1


def test_a_batch_that_fails_leaves_nothing_half_written(url: str, assignment: Assignment) -> None:
    def broken() -> object:
        yield judged("ann", assignment, 1.0)
        raise KeyboardInterrupt

    with ClassGradebook(url, [assignment]) as book:
        with pytest.raises(KeyboardInterrupt):
            book.record(broken())
        book.record([judged("bob", assignment, 1.0)])
    assert scores(url) == {("bob", ASSIGNMENT): pytest.approx(FULL)}


def test_a_new_gradebook_needs_no_alembic_on_the_path(
    url: str, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "get_alembic_version", api.get_alembic_version.__wrapped__)  # not what was asked before
    monkeypatch.setenv("PATH", "/nowhere")
    with ClassGradebook(url, [assignment]):
        pass
    assert os.environ["PATH"] == "/nowhere"
    with Gradebook(url) as book:
        assert [item.name for item in book.assignments] == [ASSIGNMENT]


def test_a_release_with_other_cells_joins_those_that_submissions_have(url: str, assignment: Assignment) -> None:
    with ClassGradebook(url, [assignment]) as book:
        book.record([judged("ann", assignment, 1.0)])
    renamed = assignment.released.replace(b'"setup"', b'"prelude"').replace(b'"imports"', b'"prelude"')
    assert renamed != assignment.released
    with ClassGradebook(url, [Assignment(ASSIGNMENT, renamed)]):
        assert scores(url)["ann", ASSIGNMENT] == FULL
    with Gradebook(url) as book:
        names = {cell.name for cell in book.find_notebook(ASSIGNMENT, ASSIGNMENT).source_cells}
        assert {cell.grade_id for cell in assignment.cells if cell.grade_id} | {"prelude"} == names


@pytest.mark.parametrize(
    ("damage", "way_out"),
    [
        ("begin exclusive", "run again with --resume"),
        ("alter table student drop column lms_user_id", "nbgrader db upgrade"),
    ],
)
def test_a_gradebook_that_cannot_be_written_says_the_way_out(
    damage: str, way_out: str, url: str, assignment: Assignment
) -> None:
    with ClassGradebook(url, [assignment]):
        pass
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute(damage)
        with pytest.raises(CourseError, match=way_out), ClassGradebook(url, [assignment]) as book:
            book.record([judged("ann", assignment, 1.0)])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("nonsense", "cannot be used"),
        ("sqlite:////nowhere/at/all.db", "unable to open"),
        ("oracle://localhost/x", "needs the package|cannot be used"),
        ("nosuch://x", "cannot be used"),
        ("sqlite://", "cannot be used"),
        ("postgresql+psycopg://user:secret@127.0.0.1:9/x", "cannot be used"),
    ],
)
def test_a_gradebook_that_cannot_be_opened_is_one_clear_line(bad: str, message: str, assignment: Assignment) -> None:
    with pytest.raises(CourseError, match=message) as error:
        ClassGradebook(bad, [assignment])
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)
