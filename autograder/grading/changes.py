"""What a course changes about points after the release: the `[[change]]` of its `course.toml`, put to every verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autograder.checks import catalogue
from autograder.checks.exercise import Requirement
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict
from autograder.grading.assignment import Assignment, check_cell, load, released_in
from autograder.grading.course import FILE, Change, Course
from autograder.grading.errors import CourseError
from autograder.grading.verdicts import SubmissionVerdict


def require_known(course: Course) -> None:
    """Refuse changes of what there is not; raise CourseError that says what there is."""
    if not course.changes:
        return
    cells = {name for assignment in course.judged for name in _released(course, assignment)}
    declared = {item.name: item for assignment in course.judged for item in catalogue.exercises(assignment)}
    for change in course.changes:
        if change.exercise not in cells:
            known = ", ".join(sorted(cells))
            raise CourseError(f"{FILE} changes the exercise {change.exercise!r}: choose from {known}")
        exercise = declared.get(change.exercise)
        names = [requirement.name for requirement in exercise.requirements] if exercise else []
        if change.requirement and _key(change) is None:
            what = f"the requirement {change.requirement!r} of {change.exercise}"
            raise CourseError(f"{FILE} changes {what}: choose from {'; '.join(names) or 'none, a person grades it'}")


def settled(verdict: SubmissionVerdict, changes: Sequence[Change]) -> SubmissionVerdict:
    """Return a verdict with the points that its requirements have now; what holds and what does not stays as it was.

    Points for everybody go to whoever has handed something in.
    """
    handed_in = verdict.status != "missing"
    return replace(verdict, exercises=tuple(_exercise(item, changes, handed_in) for item in verdict.exercises))


def worth(assignment: Assignment, changes: Sequence[Change]) -> dict[str, float]:
    """Return the points that each graded cell of an assignment has now, by its grade_id."""
    judged = {check_cell(item.name): item.name for item in assignment.exercises}
    found = {}
    for cell in assignment.cells:
        if cell.grade_id in judged:
            found[cell.grade_id] = sum(_points(judged[cell.grade_id], changes).values())
        elif cell.grade:
            found[cell.grade_id] = _last(cell.points, _about(cell.grade_id, changes))
    return found


def given(changes: Sequence[Change], worth: Mapping[str, float]) -> dict[str, float]:
    """Return the graded cells that nobody has to read any more, with the points of everybody who handed in."""
    everybody = {change.exercise for change in changes if change.everybody and not change.requirement}
    return {name: points for name, points in worth.items() if name in everybody or not points}


def _exercise(verdict: ExerciseVerdict, changes: Sequence[Change], handed_in: bool) -> ExerciseVerdict:
    points = {item.key: item.max_points for item in verdict.requirements} | _points(verdict.name, changes)
    given = {_key(change) for change in _about(verdict.name, changes) if change.everybody and handed_in}
    return replace(
        verdict, requirements=tuple(_requirement(item, points[item.key], given) for item in verdict.requirements)
    )


def _requirement(item: RequirementVerdict, most: float, given: set[str | None]) -> RequirementVerdict:
    earned = item.passed or item.key in given or "" in given
    return replace(item, points=most if earned else 0.0, max_points=most)


def _points(exercise: str, changes: Sequence[Change]) -> dict[str, float]:
    """Return the points of each requirement: as declared, then changed in the order of the changes."""
    points = {item.key: float(item.points) for item in _declared(exercise)}
    for change in _about(exercise, changes):
        if change.points is None:
            continue
        if key := _key(change):
            points[key] = change.points
        else:
            total = sum(points.values())
            share = change.points / total if total else 0.0
            points = {key: value * share for key, value in points.items()}
    return points


def _key(change: Change) -> str | None:
    """Return the key of the requirement that a change names by it or by its title; "" for all, None for none."""
    named = (item.key for item in _declared(change.exercise) if change.requirement in (item.key, item.name))
    return next(named, None) if change.requirement else ""


def _declared(exercise: str) -> Sequence[Requirement]:
    try:
        return catalogue.find(exercise).requirements
    except KeyError:
        return ()


def _last(released: float, changes: Sequence[Change]) -> float:
    return next((change.points for change in reversed(changes) if change.points is not None), released)


def _about(exercise: str, changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.exercise == exercise]


def _released(course: Course, assignment: str) -> list[str]:
    """Return the names of what is graded in an assignment: its exercises, and the cells that a person grades."""
    released = load(assignment, released_in(course, assignment))
    by_hand = [cell.grade_id for cell in released.cells if cell.grade and not cell.is_check]
    return [*(exercise.name for exercise in released.exercises), *by_hand]
