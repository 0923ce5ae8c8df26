"""What the checks ask, and what right answers say, fits a frame: an answer that does not would lose its points."""

import pytest

from autograder.checks.ask import Answer, LocalTransport, Question
from autograder.checks.beside.respond import respond
from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import resolve
from autograder.checks.judge import judge
from autograder.kernels.inside.wire import encode

EXERCISES = [exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment)]


class Framed(LocalTransport):
    """Asks in this process what would have to fit a frame on the way to another one, and back."""

    def ask(self, question: Question) -> Answer:
        encode(question.to_tree())
        answer = respond({question.subject: self.subject}, question.to_tree())
        encode(answer)
        return Answer.from_tree(answer)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_right_answer_fits_a_frame(exercise: Exercise) -> None:
    assert judge(exercise, Framed(resolve(exercise.reference)), seed=1).passed
