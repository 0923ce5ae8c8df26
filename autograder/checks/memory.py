"""What has been asked of an answer, so that it can be asked again."""

from collections.abc import Hashable
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.checks.stub import Stub

if TYPE_CHECKING:
    from autograder.checks.ask import Answer, Question


@dataclass(frozen=True, eq=False)
class Asked:
    """A question that was put, and its answer."""

    question: "Question"
    answer: "Answer"


class Memory:
    """Keeps the first question of each form, and what is known of the answers.

    Attributes:
        untouched: whether no argument of any question has changed.
        sound: whether every requirement that has been put so far holds.
        held: whether one of them holds that is about how the answer works.
        stub: whether the calls were those of a function that answers nothing.
    """

    def __init__(self) -> None:
        self.untouched = True
        self.sound = True
        self.held = False
        self.stub = Stub()
        self._asked: dict[Hashable, Asked] = {}

    @property
    def asked(self) -> list[Asked]:
        return list(self._asked.values())

    def keep(self, question: "Question", answer: "Answer") -> None:
        """Remember a question as it is now: a check may go on to change what it has sent."""
        self.untouched &= answer.untouched
        self.stub.keep(question, answer)
        key = form(question.to_tree())
        if key not in self._asked:
            self._asked[key] = Asked(deepcopy(question), answer)


def form(tree: Any) -> Hashable:
    """Return what a question has in common with those that differ from it in nothing but numbers, 0 and 1 apart."""
    match tree:
        case np.ndarray():
            return tree.dtype.str, tree.shape
        case list():
            return tuple(map(form, tree))
        case dict():
            return tuple((key, form(value)) for key, value in tree.items())
        case bool():
            return "bool", tree
        case int() | float() if tree not in (0, 1):
            return type(tree).__name__
    hashable: Hashable = tree
    return hashable
