"""The small call that shows what does not hold: it can be pasted, it is true, and it is no question of a grade."""

import numpy as np
import pytest

from autograder.checks.ask import Ask, LocalTransport, Question, Rng, Tensor, TorchRng
from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.example import MAX_CALL, example, source
from autograder.checks.implementation import Built, resolve
from autograder.checks.judge import judge
from autograder.reference import dropout

NUMPY = [item for name in ASSIGNMENTS for item in exercises(name) if not isinstance(item.reference, Built)]

pytestmark = pytest.mark.filterwarnings("ignore")  # wrong answers divide by zero, and may


def examples(exercise, wrong, seed=0):
    transport, settled = LocalTransport(wrong), {}
    judge(exercise, transport, seed, settled)
    shown = [example(exercise, transport, question, np.random.default_rng(seed)) for question in settled.values()]
    return [item for item in shown if item]


def run(call, name, function):
    return eval(call, {"np": np, name: function})


@pytest.mark.parametrize("exercise", NUMPY, ids=lambda exercise: exercise.name)
def test_pasted_call_gives_what_is_shown_and_is_right_for_the_reference_alone(exercise):
    for mistake in exercise.misconceptions:
        wrong = resolve(mistake.wrong)
        for shown in examples(exercise, wrong):
            assert max(map(len, (shown.call, shown.came, shown.expected))) <= MAX_CALL + len(", for example")
            assert shown.came != shown.expected
            if "a ValueError" in shown.expected:
                with pytest.raises(ValueError, match=r"\w"):
                    run(shown.call, exercise.name, resolve(exercise.reference))
            if not shown.came.startswith("raises") and not isinstance(wrong, type):
                assert run(shown.call, exercise.name, wrong) is not None


@pytest.mark.parametrize("name", ["dropout_moments", "dropout_backward", "mc_summary", "samples_needed", "ln_shrink"])
def test_shown_call_is_no_question_of_a_grade(name):
    exercise = find(name)
    asked = set()

    class Records(LocalTransport):
        def ask(self, question):
            asked.add(",".join(map(source, question.args)))
            return super().ask(question)

    wrong = resolve(exercise.misconceptions[0].wrong)
    for seed in range(3):
        judge(exercise, Records(wrong), seed)
    for seed in range(3):
        for shown in examples(exercise, wrong, seed):
            assert not any(arguments in shown.call for arguments in asked)


def test_mistake_that_is_met_is_shown():
    def dropout_moments(mean, var, rate):
        if not 0 <= rate <= 1:
            raise ValueError("rate")
        return (0.0, 0.0) if rate == 1 else (mean, var / (1 - rate))

    for shown in examples(find("dropout_moments"), dropout_moments):
        mean, wrong = run(shown.came, "", None)
        assert run(shown.expected, "", None)[0] == mean
        assert run(shown.expected, "", None)[1] > wrong


def test_answer_that_is_right_for_another_draw_is_not_shown_as_wrong():
    """A mask from np.random is one that rng could have drawn, too: no single call shows where it comes from."""

    def dropout_forward(x, rate, rng, training=True):
        return dropout.dropout_forward(x, rate, np.random.default_rng(), training)

    assert not examples(find("dropout_forward"), dropout_forward)


def test_one_right_answer_is_not_called_one_of_many():
    def classic_dropout(x, rate, rng, training=True):
        return x * 2 if not training else dropout.classic_dropout(x, rate, rng, training)

    shown = examples(find("classic_dropout"), classic_dropout)
    assert shown
    assert not any("for example" in item.expected for item in shown)


def test_call_shows_the_mistake_that_was_found_and_no_other():
    """A word one column too far to the left is no matter of refusals, whatever is accepted beside."""

    def multi_hot(sequences, dimension):
        out = np.zeros((len(sequences), dimension), "float32")
        for row, words in zip(out, sequences, strict=True):
            row[[min(word, dimension) - 1 for word in words]] = 1
        return out

    exercise = find("multi_hot")
    question = Question("multi_hot", ([[12, 9, 0]], 13))
    for seed in range(20):
        shown = example(exercise, LocalTransport(multi_hot), question, np.random.default_rng(seed))
        assert shown is None or "ValueError" not in shown.expected


def test_probes_and_large_questions_are_not_shown():
    exercise = find("dropout_forward")
    transport = LocalTransport(exercise.reference)
    draw = np.random.default_rng(0)
    assert example(exercise, transport, Question("dropout_forward", probe="calls.successive"), draw) is None
    large = Question("dropout_forward", (np.ones((150, 80)), 0.4, Rng(1)))
    assert example(exercise, transport, large, draw) is None


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.array([1.5, -0.0]), "np.array([1.5, 0.0])"),
        (np.array([1, 0], np.float32), "np.array([1.0, 0.0], dtype=np.float32)"),
        (Tensor(np.array([[True]])), "torch.tensor([[True]], dtype=torch.bool)"),
        (Rng(3), "np.random.default_rng(3)"),
        (TorchRng(4), "torch.Generator().manual_seed(4)"),
        ((1,), "(1,)"),
        ([("conv", 8, 3)], "[('conv', 8, 3)]"),
        ({"a": None}, "{'a': None}"),
    ],
)
def test_values_are_written_as_in_a_cell(value, written):
    assert source(value) == written


def test_question_that_was_put_last_is_remembered():
    ask = Ask("f", LocalTransport(lambda x: x))
    assert ask.last is None
    ask(3)
    assert ask.last.args == (3,)
