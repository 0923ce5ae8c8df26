"""What lateness costs, by nbgrader's own plugin, from dates that may still move: worked out anew whenever it counts."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from traitlets import Float
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.nbgrader_api import (
    AssignLatePenalties,
    Assignment,
    Gradebook,
    LateSubmissionPlugin,
    SubmittedAssignment,
    SubmittedNotebook,
)

SETTINGS = "nbgrader_config.py"
DAY = 86_400


class LatePolicy(LateSubmissionPlugin):  # type: ignore[misc]
    """Takes a share of the points for each day that has begun; the `[late]` of a `course.toml`."""

    percent_per_day = Float(0.0, min=0.0, max=100.0, help="Percent of the points for each day begun.").tag(config=True)
    at_most_percent = Float(100.0, min=0.0, max=100.0, help="Percent of the points at most.").tag(config=True)
    grace_minutes = Float(0.0, min=0.0, help="Minutes that cost nothing.").tag(config=True)
    closed_after_days = Float(None, allow_none=True, help="Days after which nothing counts.").tag(config=True)

    def late_submission_penalty(
        self,
        student_id: str,  # noqa: ARG002 (nbgrader passes it)
        score: float,
        total_seconds_late: float,
    ) -> float | None:
        """Return the points that are taken off, or None; this is what nbgrader calls."""
        seconds = total_seconds_late - 60 * self.grace_minutes
        if seconds <= 0:
            return None
        if self.closed_after_days is not None and seconds > DAY * self.closed_after_days:
            return score
        percent = min(self.percent_per_day * math.ceil(seconds / DAY), self.at_most_percent)
        return score * percent / 100


def configure(config: Config, course: Course) -> None:
    """Put the late policy of a course into nbgrader's configuration; without one, nbgrader's own settings stand."""
    if course.late is not None:
        config.AssignLatePenalties.plugin_class = LatePolicy
        config.LatePolicy.update({name: value for name, value in vars(course.late).items() if value is not None})


class Penalties:
    """The late penalties of a course, by the plugin that nbgrader would use in it.

    Raises:
        CourseError: the settings of the course name a plugin that cannot be used.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._plugin = _plugin(course)

    def settle(self, book: Gradebook, students: Sequence[str] | None = None) -> None:
        """Write the course's due dates into a gradebook, and the penalties that follow from all dates as they are now.

        A date that the course does not state stays as the gradebook has it, and so does the penalty of a submission of
        which a date is not known. Nothing is committed.

        Args:
            book: the gradebook.
            students: whose penalties; None means everybody's.
        """
        for assignment in book.assignments:
            due = self._course.plan(assignment.name).due
            if due is not None:
                assignment.duedate = due
        book.db.flush()
        for submission in _dated(book, students):
            for notebook in submission.notebooks:
                notebook.late_submission_penalty = _penalty(self._plugin, submission, notebook)
        book.db.flush()

    def after(self, book: Gradebook, student: str, assignment: str, points: float, submitted: datetime | None) -> float:
        """Return what is left of points when work is handed in at a time; a date that is not known costs nothing.

        Args:
            book: a gradebook that knows the due date and the student's extension.
            student: whose work.
            assignment: of what.
            points: what the work earns by itself.
            submitted: when it was handed in.
        """
        query = book.db.query(Assignment.duedate).filter(Assignment.name == assignment)
        granted = (
            book.db.query(SubmittedAssignment.extension)
            .join(Assignment)
            .filter(Assignment.name == assignment, SubmittedAssignment.student_id == student)
        )
        due, extension = query.scalar(), granted.scalar()
        if due is None or submitted is None:
            return points
        late = (submitted - due - (extension or timedelta())).total_seconds()
        penalty = self._plugin.late_submission_penalty(student, points, late) if late > 0 else None
        return points - min(max(penalty or 0.0, 0.0), points)


def _dated(book: Gradebook, students: Sequence[str] | None) -> list[SubmittedAssignment]:
    """Return the submissions whose dates say what their penalty is, but for those that are on time and have none."""
    query = (
        book.db.query(SubmittedAssignment)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .outerjoin(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(SubmittedAssignment.timestamp.is_not(None), Assignment.duedate.is_not(None))
        .filter(
            (SubmittedAssignment.timestamp > Assignment.duedate)
            | SubmittedAssignment.extension.is_not(None)
            | SubmittedNotebook.late_submission_penalty.is_not(None)
        )
    )
    if students is not None:
        query = query.filter(SubmittedAssignment.student_id.in_(students))
    found: list[SubmittedAssignment] = query.distinct().all()
    return found


def _penalty(plugin: Any, submission: SubmittedAssignment, notebook: SubmittedNotebook) -> float | None:
    """Return the penalty of a notebook, not below 0 and not above its points, as nbgrader bounds it."""
    late = submission.total_seconds_late
    earned = sum(_points(grade) for grade in notebook.grades)
    penalty = plugin.late_submission_penalty(submission.student_id, earned, late) if late > 0 else None
    return None if penalty is None else min(max(penalty, 0.0), earned)


def _points(grade: Any) -> float:
    given = grade.auto_score if grade.manual_score is None else grade.manual_score
    return (given or 0.0) + (grade.extra_credit or 0.0)


def _plugin(course: Course) -> Any:
    """Return the plugin that nbgrader would use in this course."""
    config = Config()
    configure(config, course)
    config.merge(said_in(course.root))
    try:
        assign = AssignLatePenalties(config=config)
        assign.init_plugin()
    except Exception as error:
        raise CourseError(f"the late policy of {course.root} cannot be used ({error}): see {SETTINGS}") from None
    return assign.plugin_inst


def said_in(root: Path) -> Config:
    """Return what the `nbgrader_config.py` of a folder says, nothing where there is none.

    Raises:
        CourseError: it cannot be run.
    """
    settings = root / SETTINGS
    if not settings.is_file():
        return Config()
    try:
        loaded: Config = PyFileConfigLoader(settings.name, path=str(settings.parent)).load_config()
    except Exception as error:
        raise CourseError(f"{settings} cannot be run ({type(error).__name__}: {error}): mend it") from None
    return loaded
