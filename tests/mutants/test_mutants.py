"""Mutants are the changes they say they are, trials come to an end, lists of equivalent mutants do not go stale."""

import ast
import time

import pytest

from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.implementation import build
from tests.mutants import equivalent, speed, trial
from tests.mutants.mutate import mutants
from tests.mutants.program import program_of, reached_lines, root

SOURCE = '''
def scaled(x, rate: float = 0.5, *, training=True):
    """Return x / (1 - rate), or x."""
    if not 0 <= rate < 1:
        raise ValueError(f"rate is {rate - 0}")
    return x / (1 - rate) if training else x.copy()
'''
CHANGES = {
    "scaled: x, rate: float=0.5, *, training=True => x, rate: float=1.0, *, training=True",
    "scaled: x, rate: float=0.5, *, training=True => x, rate: float=0.5, *, training=False",
    "scaled: not 0 <= rate < 1 => 0 <= rate < 1",
    "scaled: 0 <= rate < 1 => 0 < rate < 1",
    "scaled: 0 <= rate < 1 => 0 <= rate <= 1",
    "scaled: if not 0 <= rate < 1: ... => if False: ...",
    "scaled: x / (1 - rate) => x * (1 - rate)",
    "scaled: x / (1 - rate) => x",
    "scaled: 1 - rate => 1 + rate",
    "scaled: 1 - rate => 2 - rate",
    "scaled: 1 - rate => rate - 1",
    "scaled: x / (1 - rate) if training else x.copy() => x.copy()",
    "scaled: x.copy() => x",
}


def generate(source, reached=None):
    program = ast.parse(source)
    lines = set(range(source.count("\n") + 1)) if reached is None else reached
    generated = list(mutants(program, lines))
    assert ast.unparse(program) == ast.unparse(ast.parse(source))
    return generated


def test_mutants_change_one_thing():
    generated = {mutant.name: mutant.source for mutant in generate(SOURCE)}
    assert generated.keys() >= CHANGES
    assert len(set(generated.values())) == len(generated)
    for source in generated.values():
        compile(source, "<mutant>", "exec")


def test_what_is_said_stays():
    for mutant in generate(SOURCE):
        assert "Return x / (1 - rate), or x." in mutant.source
        assert "rate is {rate - 0}" in mutant.source


def test_lines_that_are_not_reached_stay():
    names = [mutant.name for mutant in generate(SOURCE, reached={2, 4, 6})]
    assert "scaled: 1 - rate => 1 + rate" in names
    assert not any("raise" in name for name in names)


def test_reached_lines_are_those_that_run():
    program = "def sign(x):\n    if x < 0:\n        return -1\n    return 1"
    assert reached_lines(lambda: build(program, "sign", {})(2)) == {1, 2, 4}


def test_reference_survives_its_own_rebuilding():
    """A program put together from several modules is judged as its original is."""
    exercise = find("dropout_forward")
    tree, namespace = program_of(exercise)
    assert {"dropout_forward", "bernoulli_mask", "require_rate"} <= {item.name for item in tree.body}
    assert (
        trial.failures(trial.verdict_of(exercise, build(ast.unparse(tree), root(exercise)[1], namespace), 0)) == set()
    )


def test_judging_is_measured_exercise_by_exercise():
    [(assignment, seconds)] = speed.seconds_to_judge(["layernorm"]).items()
    assert list(seconds) == [exercise.name for exercise in exercises(assignment)]
    for spent in seconds.values():
        assert 0 < spent.inside < spent.beyond


def wait():
    time.sleep(0.01)


def work():
    sum(range(1000))


def forever(do):
    while True:
        try:
            do()
        except Exception:
            continue


@pytest.mark.parametrize(("do", "limits"), [(wait, {"wall": 0.2}), (work, {"processor": 0.2})])
def test_time_limit_stops_a_loop(do, limits):
    with pytest.raises(trial.TooLong), trial.time_limit(**limits):
        forever(do)


def test_entries_that_cover_no_survivor_are_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(equivalent, "FOLDER", tmp_path)
    (tmp_path / "made_up.toml").write_text(
        '[[equivalent]]\nreason = "symmetric"\nmutants = ["f / a", "* / b", "g / c"]\n', encoding="utf-8"
    )
    survivors = [("f", "a"), ("f", "b"), ("g", "b"), ("g", "d")]
    assert equivalent.sort_out("made_up", survivors) == (["f / a", "f / b", "g / b"], ["g / d"], ["g / c"])


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_list_of_equivalent_mutants_names_exercises_and_reasons(assignment):
    names = {exercise.name for exercise in exercises(assignment)} | {"*"}
    for mutant, reason in equivalent.listed(assignment).items():
        assert mutant.split(" / ")[0] in names
        assert len(reason.split()) >= 3
