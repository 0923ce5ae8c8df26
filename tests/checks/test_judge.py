"""What the judge makes of answers that are not what they should be, and of observations that requirements share."""

import re
from dataclasses import replace

import keras
import numpy as np
import pytest

from autograder.checks.ask import Answer, Ask, Interrupted, LocalTransport, Opaque, Question, Raised, StudentRaised
from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.exercise import Exercise, Fingerprint, Unmet
from autograder.checks.expect import describe_type, expect, is_refusal, parts
from autograder.checks.judge import judge
from autograder.checks.requirements import UNREADABLE


class Anything:
    """An object that can be built, called and read in every way, and is of no use in any."""

    def __init__(self, *args, **kwargs):
        self.args = args

    def __call__(self, *args, **kwargs):
        return Anything()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __iter__(self):
        return iter([Anything()])


ODD = {
    "anything": Anything,
    "nothing": lambda *args, **kwargs: None,
    "text": lambda *args, **kwargs: "about 3",
    "nested": lambda *args, **kwargs: [{"y": ("a", None)}, [[]]],
    "its arguments": lambda *args, **kwargs: (args, kwargs),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("exercise", [e for name in ASSIGNMENTS for e in exercises(name)], ids=lambda e: e.name)
def test_odd_answer_fails_with_a_cause(exercise, odd):
    verdict = judge(exercise, LocalTransport(ODD[odd]), 0)
    assert not verdict.passed
    assert all(item.passed or item.message for item in verdict.requirements)


def test_report_of_an_unforeseen_form_fails_its_requirement_alone():
    class Reports(LocalTransport):
        def ask(self, question):
            return Answer(value={"unforeseen": 1}) if question.probe else super().ask(question)

    exercise = find("DropoutMLP")
    verdict = judge(exercise, Reports(lambda *args: None), 0)
    assert verdict.status == "graded"
    assert verdict.points == 0
    assert UNREADABLE in {item.message for item in verdict.requirements}


def refusal(message):
    return Answer(raised=Raised(("ValueError",), "ValueError", message, 1))


@pytest.mark.parametrize("message", ["n must be positive", "expected a positive N", "shapes do not fit", "n=0"])
def test_message_names_the_argument_as_a_word(message):
    is_refusal(refusal(message), "an n of 0", "n")


@pytest.mark.parametrize("message", ["not possible", "", "nn", "an error"])
def test_letter_inside_a_word_names_no_argument(message):
    with pytest.raises(Unmet, match="should name the argument n"):
        is_refusal(refusal(message), "an n of 0", "n")


def test_plural_names_the_argument_and_no_name_asks_for_nothing():
    is_refusal(refusal("all rates must be in [0, 1]"), "a rate", "rate")
    is_refusal(refusal(""), "another head", "")


def test_colors_for_a_terminal_are_taken_out_of_messages():
    """Keras puts color into what it says about an exception inside `call`."""

    class Noise(keras.layers.Layer):
        def call(self, inputs):
            raise ValueError("rate is 3")

    layer = Noise()
    with pytest.raises(ValueError, match=re.escape("\x1b[")):
        layer(np.ones((1, 2)))
    answer = LocalTransport(layer).ask(Question("layer", (np.ones((1, 2)),)))
    assert "rate is 3" in answer.raised.message
    assert "\x1b" not in answer.raised.message


def test_observation_is_made_once_for_all_requirements():
    calls = []

    def twice(x):
        calls.append(x)
        return 2 * x

    def observe(ask, draw):
        return ask(int(draw.integers(100))), draw.integers(100)

    ask = Ask("twice", LocalTransport(twice), 5)
    assert ask.once(observe) == ask.once(observe)
    assert len(calls) == 1
    assert Ask("twice", LocalTransport(twice), 5).once(observe) == ask.once(observe)


def test_exception_in_an_observation_is_raised_for_every_requirement():
    calls = []

    def broken():
        calls.append(None)
        raise KeyError("x")

    def observe(ask, draw):
        return ask()

    ask = Ask("broken", LocalTransport(broken))
    for _ in range(2):
        with pytest.raises(StudentRaised, match="KeyError"):
            ask.once(observe)
    assert len(calls) == 1


FIRST = find("dropout_forward")
WRONG = FIRST.misconceptions[0]


def test_a_fault_in_naming_a_mistake_costs_no_point():
    def broken(_ask):
        raise RuntimeError("a fault of the exercise")

    named = judge(FIRST, LocalTransport(WRONG.wrong), 0)
    nameless = judge(replace(FIRST, fingerprint=Fingerprint(broken)), LocalTransport(WRONG.wrong), 0)
    assert 0 < nameless.points == named.points < FIRST.points
    assert nameless.requirements == named.requirements
    assert (named.misconceptions, nameless.misconceptions) == ((WRONG.name,), ())


def test_fingerprints_that_are_missing_are_measured():
    own = replace(FIRST, name="own")
    assert judge(own, LocalTransport(WRONG.wrong), 0).misconceptions == (WRONG.name,)
    more = replace(FIRST, misconceptions=(replace(WRONG, name="anew"), *FIRST.misconceptions[1:]))
    assert judge(more, LocalTransport(WRONG.wrong), 0).misconceptions == ("anew",)


def test_a_transport_that_cannot_go_on_is_no_fault_in_naming():
    class Ends(LocalTransport):
        def ask(self, question):
            if question.args and np.shape(question.args[0]) == (150, 60):
                raise Interrupted("gone")
            return super().ask(question)

    with pytest.raises(Interrupted):
        judge(replace(FIRST, fingerprint=Fingerprint(lambda ask: ask(np.ones((150, 60))))), Ends(WRONG.wrong), 0)


def doubled(x):
    return 2 * x


def exercise_of_two(after=""):
    own = Exercise(doubled, page="dropout/moments", assignment="dropout_numpy")

    @own.requires("doubles", 2)
    def doubles(ask, draw):
        expect(ask(3) == 6, "3 should become 6")

    @own.requires("is even", 1, after=after)
    def is_even(ask, draw):
        expect(ask(3) % 2 == 0, "the result should be even")

    return own


def test_requirement_that_waits_says_nothing_of_the_answer():
    verdict = judge(exercise_of_two(after="doubles"), LocalTransport(lambda x: 3 * x), 0)
    assert [item.judged for item in verdict.requirements] == [True, False]
    assert verdict.requirements[1].message == 'not judged before "doubles" holds'
    assert verdict.points == 0


def test_requirement_that_holds_does_not_wait():
    verdict = judge(exercise_of_two(after="doubles"), LocalTransport(lambda x: 4 * x), 0)
    assert [item.passed for item in verdict.requirements] == [False, True]


def test_requirement_that_waits_for_nothing_fails_with_its_own_sentence():
    verdict = judge(exercise_of_two(), LocalTransport(lambda x: 3 * x), 0)
    assert [item.message for item in verdict.requirements] == ["3 should become 6", "the result should be even"]
    waits = judge(exercise_of_two(after="doubles"), LocalTransport(lambda x: 6 if x == 3 else 0), 0)
    assert waits.passed


def test_sentence_is_said_once():
    def broken(x):
        raise KeyError("x")

    everywhere = judge(exercise_of_two(), LocalTransport(broken), 0)
    assert everywhere.shared.startswith("your code raised KeyError: 'x', in the line `raise KeyError(")
    assert everywhere.said == ("", "")
    three = replace(
        everywhere, requirements=(*everywhere.requirements, replace(everywhere.requirements[0], message=""))
    )
    assert three.shared == ""
    assert three.said == (everywhere.shared, 'as under "doubles"', "")


def test_line_of_the_student_is_shown_and_none_of_a_library():
    def ragged(x):
        return np.stack([np.zeros(x), np.zeros(x + 1)])

    message = judge(exercise_of_two(), LocalTransport(ragged), 0).requirements[0].message
    assert message.endswith(", in the line `return np.stack([np.zeros(x), np.zeros(x + 1)])`")


def named(exercise, answer):
    return judge(exercise, LocalTransport(answer), 0).misconceptions


def sums(x):
    return float(x.sum()), float(x.max()), float(x[0])


def exercise_of_three():
    """Return an exercise with a mistake for each of its three numbers, and one for the first two."""
    own = Exercise(sums, page="dropout/moments", assignment="dropout_numpy")
    for place, points in ((0, 1), (1, 3), (2, 1)):
        key = ("adds", "finds_largest", "finds_first")[place]

        def holds(ask, draw, place=place):
            x = draw.normal(size=5)
            expect(abs(ask(x)[place] - sums(x)[place]) < 1e-9, f"number {place} is wrong")

        own.requires(key, points, key=key)(holds)
    own.measures()(lambda ask: list(ask(np.array([2.0, 7.0, -3.0]))))
    own.mistake("mean for sum")(lambda x: (float(x.mean()), float(x.max()), float(x[0])))
    own.mistake("smallest for largest")(lambda x: (float(x.sum()), float(x.min()), float(x[0])))
    own.mistake("smallest for largest")(lambda x: (float(x.sum()), -float(x.max()), float(x[0])))
    return own


def test_two_mistakes_are_named_the_costlier_one_first():
    own = exercise_of_three()
    assert named(own, lambda x: (x.mean(), x.max(), x[0])) == ("mean for sum",)
    assert named(own, lambda x: (x.sum(), -x.max(), x[0])) == ("smallest for largest",)
    assert named(own, lambda x: (x.mean(), x.min(), x[0])) == ("smallest for largest", "mean for sum")


def test_no_mistake_is_named_that_does_not_explain_everything():
    assert named(exercise_of_three(), lambda x: (x.mean(), x.max(), x[-1])) == ()
    assert named(exercise_of_three(), lambda x: (x.mean(), x.min(), x[-1])) == ()


def test_no_mistake_is_named_that_fails_what_the_answer_passes():
    """It behaves like the mistake for the numbers of the fingerprint, and is right for those that are drawn."""
    assert named(exercise_of_three(), lambda x: (x.mean() if len(x) == 3 else x.sum(), x.max(), x[-1])) == ()


def test_types_are_named_as_a_student_would():
    assert describe_type(np.array(1.5)) == "a NumPy float64"
    assert describe_type(Opaque("ndarray")) == "an array of objects"
    assert describe_type(Opaque("object")) == "an object"
    assert describe_type(3) == "an int"
    assert describe_type(2.0) == "a float"


def test_values_may_come_in_a_tuple_a_list_or_an_array_of_numbers():
    assert [parts(value, ("a", "b")) for value in ((1, 2), [1, 2], np.array([1, 2]))] == [(1, 2)] * 3
    with pytest.raises(Unmet, match="not an array"):
        parts(np.ones((2, 3)), ("a", "b"))
