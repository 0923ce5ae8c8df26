"""Reading the scores of a class out of nbgrader's database, in as many queries for a thousand students as for one."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from autograder.grading.nbgrader_api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from autograder.grading.scores import CellScore, Key, Score


def read_scores(book: Gradebook, assignments: Sequence[str] = (), students: Sequence[str] = ()) -> dict[Key, Score]:
    """Return scores by student and assignment in a fixed number of queries; nothing named means all."""
    chosen = [
        *([Assignment.name.in_(assignments)] if assignments else []),
        *([SubmittedAssignment.student_id.in_(students)] if students else []),
    ]
    cells: defaultdict[str, list[CellScore]] = defaultdict(list)
    for submission, cell in _cells(book, chosen):
        cells[submission].append(cell)
    comments = _comments(book, chosen)
    penalties = dict(_rows(book, _penalties(chosen)))
    found = {}
    for key, student, name, submitted, extension, due in _rows(book, _submissions(chosen)):
        found[student, name] = Score(
            student,
            name,
            tuple(sorted(cells[key], key=lambda cell: cell.name)),
            comments.get(key, {}),
            penalties.get(key) or 0.0,
            submitted,
            due + extension if due is not None and extension is not None else due,
        )
    return found


def _rows(book: Gradebook, query: Any) -> list[Any]:
    return list(book.db.execute(query).all())


def _submissions(chosen: Sequence[Any]) -> Any:
    submitted = SubmittedAssignment
    columns = submitted.id, submitted.student_id, Assignment.name, submitted.timestamp, submitted.extension
    return (
        select(*columns, Assignment.duedate).join(Assignment, submitted.assignment_id == Assignment.id).where(*chosen)
    )


def _penalties(chosen: Sequence[Any]) -> Any:
    total = func.sum(SubmittedNotebook.late_submission_penalty)
    return _of_notebooks(select(SubmittedNotebook.assignment_id, total), chosen).group_by(
        SubmittedNotebook.assignment_id
    )


def _cells(book: Gradebook, chosen: Sequence[Any]) -> list[tuple[str, CellScore]]:
    most = func.coalesce(GradeCell.__table__.c.max_score, TaskCell.__table__.c.max_score, 0.0)
    cell = BaseCell.__table__
    columns = (
        Grade.auto_score,
        Grade.manual_score,
        func.coalesce(Grade.extra_credit, 0.0),
        most,
        Grade.needs_manual_grade,
    )
    query = (
        select(SubmittedNotebook.assignment_id, cell.c.name, *columns)
        .select_from(Grade)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(cell, Grade.cell_id == cell.c.id)
        .outerjoin(GradeCell.__table__, cell.c.id == GradeCell.__table__.c.id)
        .outerjoin(TaskCell.__table__, cell.c.id == TaskCell.__table__.c.id)
    )
    return [(key, CellScore(*values)) for key, *values in _rows(book, _of_notebooks(query, chosen))]


def _comments(book: Gradebook, chosen: Sequence[Any]) -> dict[str, dict[str, str]]:
    cell = BaseCell.__table__
    query = (
        select(SubmittedNotebook.assignment_id, cell.c.name, Comment.manual_comment)
        .select_from(Comment)
        .join(SubmittedNotebook, Comment.notebook_id == SubmittedNotebook.id)
        .join(cell, Comment.cell_id == cell.c.id)
        .where(func.coalesce(Comment.manual_comment, "") != "")
    )
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for key, name, text in _rows(book, _of_notebooks(query, chosen)):
        found[key][name] = text
    return dict(found)


def _of_notebooks(query: Any, chosen: Sequence[Any]) -> Any:
    """Keep the rows of submitted notebooks that belong to the chosen assignments."""
    return (
        query.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .where(*chosen)
    )
