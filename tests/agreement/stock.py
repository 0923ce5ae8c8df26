"""A stock of ordinary notebooks: what students do to them without thinking of a grader.

Each is a function that edits a notebook with right answers, and has the name that its function has. `lost` are the
exercises that are not worth full points afterwards; all others are.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from autograder.checks.catalogue import exercises
from tests.agreement.book import Book

Edit = Callable[[Book], None]


@dataclass(frozen=True)
class Notebook:
    """A notebook of the stock.

    Attributes:
        unseen: exercises about which the notebook's own check finds nothing to ask when all cells are run.
    """

    name: str
    assignment: str
    edit: Edit
    lost: frozenset[str]
    unseen: frozenset[str]

    @property
    def exercises(self) -> list[str]:
        return [exercise.name for exercise in exercises(self.assignment)]

    def to_bytes(self) -> bytes:
        book = Book(self.assignment)
        self.edit(book)
        return book.to_bytes()


STOCK: dict[str, Notebook] = {}


def ordinary(assignment: str = "dropout_numpy", lost: str = "", unseen: str = "") -> Callable[[Edit], Edit]:
    """Add a notebook to the stock."""

    def add(edit: Edit) -> Edit:
        name = edit.__name__.replace("_", "-")
        STOCK[name] = Notebook(name, assignment, edit, frozenset(lost.split()), frozenset(unseen.split()))
        return edit

    return add


def code(text: str) -> str:
    return textwrap.dedent(text).strip() + "\n"


def with_helper(answer: str, refusal: str) -> str:
    """Return an answer that refuses a rate through a helper `_check`."""
    old = 'if not 0 <= rate <= 1:\n        raise ValueError("rate must lie in [0, 1]")'
    return code(refusal) + "\n" + answer.replace(old, "")


FORWARD = code("""
    def dropout_forward(x, rate, rng, training=True):
        if not 0 <= rate <= 1:
            raise ValueError("rate must lie in [0, 1]")
        if not training:
            return x.copy(), np.ones(x.shape, bool)
        mask = rng.random(x.shape) >= rate
        return (x * mask * (1 / (1 - rate) if rate < 1 else 0.0)).astype(x.dtype), mask
""")

MOMENTS = code("""
    def dropout_moments(mean, var, rate):
        if not 0 <= rate <= 1:
            raise ValueError("rate must lie in [0, 1]")
        return (mean, var / (1 - rate) + rate / (1 - rate) * mean**2) if rate < 1 else (0.0, 0.0)
""")

NAIVE = "def dropout_moments(mean, var, rate):\n    return mean, var\n"
