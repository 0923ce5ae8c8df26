"""A graded class looked through for answers that are alike, and a page that shows them side by side."""

import ast
import difflib
import html
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from autograder.checks import catalogue
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import Edited, Implementation, definition
from autograder.grading.assignment import PACKAGE, load, released_in
from autograder.grading.autograded import place
from autograder.grading.course import Course
from autograder.grading.errors import CourseError
from autograder.grading.output import Output
from autograder.grading.render import write_page
from autograder.grading.roster import Roster, read_roster
from autograder.grading.scores import Key
from autograder.grading.similarity import Alike, AnswerText, find_alike
from autograder.kernels.notebook import Unreadable, read_notebook

SHOWN = 200
"""How many pairs a page shows; what is less alike is counted."""
WIDTH = 42
"""Characters after which a line is broken when two answers stand side by side."""


@dataclass(frozen=True)
class Beside:
    """A pair as the page shows it."""

    pair: Alike
    table: Markup


def look_for_likeness(output: Output, course: Course, assignments: Sequence[str], least: float) -> list[Alike]:
    """Return the answers of a graded class that are alike, and write them side by side into `alike.html`.

    Args:
        output: the graded class.
        course: its course.
        assignments: which; none means all that have judges.
        least: the share of an answer that two must have in common.

    Raises:
        CourseError: an assignment is not known or not graded.
    """
    keys = sorted(output.read())
    graded = {name for _, name in keys if name in catalogue.assignments()}
    for name in assignments:
        if name not in graded:
            raise CourseError(f"{output.folder} holds no verdict on {name!r}: grade it first, or name another")
    chosen = sorted(set(assignments) or graded)
    texts = [text for name in chosen for text in public_answers(name)]
    texts += [text for key in keys if key[1] in chosen for text in _answers(output, course, key)]
    found = between_groups(find_alike(texts, least), read_roster(course.root))
    write_page(output.alike, "alike.html.j2", pairs=list(map(_beside, found[:SHOWN])), count=len(found), least=least)
    return found


def between_groups(found: Sequence[Alike], roster: Roster) -> list[Alike]:
    """Return the answers that are alike without those of one group, which has handed in together."""
    return [pair for pair in found if pair.other.owner not in roster.fellows(pair.one.owner)]


def _answers(output: Output, course: Course, key: Key) -> Iterator[AnswerText]:
    """Yield what a student wrote in the cells of the exercises; what was handed out is no answer."""
    student, assignment = key
    released = {cell.grade_id: cell.source for cell in load(assignment, released_in(course, assignment)).cells}
    names = {exercise.name for exercise in catalogue.exercises(assignment)}
    try:
        cells = read_notebook(place(course, output, key).read_bytes())
    except (OSError, Unreadable):
        return
    for cell in cells:
        if cell.grade_id in names and cell.source.strip() != released.get(cell.grade_id, "").strip():
            yield AnswerText(student, cell.grade_id, cell.source)


def public_answers(assignment: str) -> Iterator[AnswerText]:
    """Yield the answers to an assignment that everybody can read: references, right variants, and the solution."""
    solution = PACKAGE.parent / "solutions" / f"{assignment}.py"
    written = solution.read_text(encoding="utf-8") if solution.is_file() else ""
    solved = {node.name: node for node in ast.parse(written).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for exercise in catalogue.exercises(assignment):
        yield from _shipped(exercise)
        if exercise.name in solved:
            yield AnswerText(
                "the solution", exercise.name, ast.get_source_segment(written, solved[exercise.name]) or "", True
            )


def _shipped(exercise: Exercise) -> Iterator[AnswerText]:
    yield AnswerText("the reference", exercise.name, _source(exercise.reference), True)
    for number, variant in enumerate(exercise.variants, 1):
        yield AnswerText(f"right variant {number}", exercise.name, _source(variant), True)


def _source(implementation: Implementation) -> str:
    if isinstance(implementation, Edited):
        return implementation.source
    try:
        return textwrap.dedent(inspect.getsource(definition(implementation)))
    except (OSError, TypeError):
        return ""


def _beside(pair: Alike) -> Beside:
    """Put two answers side by side; what makes the table escapes code, and no names."""
    lines = pair.one.source.splitlines(), pair.other.source.splitlines()
    names = html.escape(pair.one.owner), html.escape(pair.other.owner)
    return Beside(pair, Markup(difflib.HtmlDiff(wrapcolumn=WIDTH).make_table(*lines, *names)))  # noqa: S704
