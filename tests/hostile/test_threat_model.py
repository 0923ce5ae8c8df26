"""The page on safety names tests that exist, every finding, and every fact that is believed, with what it is worth."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from autograder.checks.catalogue import find
from tests.hostile.facts import facts, worth, worth_of_being_untouched

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "book" / "guides" / "safety.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
ROW = re.compile(r"^\| `(\w+\.\w+)` \| (`.*`) \| (`.*?) \|$", re.MULTILINE)
BELIEVED = {row[1]: re.findall(r"`(\w+)`", row[2]) for row in ROW.finditer(PAGE)}
WORTH = {
    row[1]: {name: float(points) for name, points in re.findall(r"`(\w+)` ([\d.]+)", row[3])}
    for row in ROW.finditer(PAGE)
}

COMPUTED = {
    "borrowed.borrowed": "value",
    "withheld.withheld": "value",
    "calls.successive": "value",
    "dropout_keras.classifier": "outputs",
    "dropout_keras.build": "value",
    "dropout_keras.layout": "value",
    "keras_models.handed_over": "value",
    "keras_layers.calls": "value",
    "keras_layers.build_and_call": "value",
    "keras_layers.predictions": "value",
    "keras_layers.configured": "first again",
    "keras_layers.reloaded": "before trained outputs",
    "keras_layers.traced": "outputs gradients halves",
    "keras_layers.behavior": "value",
    "dropout_pytorch.gradients": "value",
    "dropout_pytorch.unguided": "value",
    "dropout_pytorch.run": "value",
    "dropout_pytorch.differentiate": "logits gradients",
    "dropout_pytorch.evaluated": "result",
    "batchnorm.normalize": "y mean var",
    "batchnorm.alternate": "value",
    "batchnorm.train": "mean var copied",
    "batchnorm.differentiate": "value",
    "batchnorm.exchange_state": "outputs",
    "batchnorm.pass_through": "value",
    "batchnorm.count_state": "value",
    "batchnorm.remembers": "value",
    "recalibration.recalibrated": "statistics",
    "inference_by_hand.extracted": "value",
    "detective.outputs": "value",
    "detective.pair": "outputs",
    "noise_lab.outputs": "value",
    "noise_lab.repeated": "value",
    "noise_lab.gradients": "value",
    "noise_lab.restored": "value",
}
"""What probes tell that is compared with what is computed outside from what was sent, moves no point, or is asked again
where it cannot be forged."""


def told() -> dict[str, set[str]]:
    found = defaultdict(set)
    for place, name in facts():
        found[place].add(name or "value")
    return found


def test_it_names_some() -> None:
    assert len(NAMED) > 10
    assert len(re.findall(r"`tests/", PAGE)) == len(NAMED)


def test_no_attack_that_succeeded_once_is_without_a_test() -> None:
    rows = re.findall(r"^- \*\*(R\d+)\*\*, [^`]+: `tests/.+`$", PAGE, re.MULTILINE)
    assert rows == [f"R{number}" for number in range(1, len(rows) + 1)]
    assert len(rows) == 14


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    assert f"def {name}(" in (REPOSITORY / path).read_text("utf-8")


@pytest.mark.parametrize("place", sorted(told().keys() | BELIEVED.keys() | COMPUTED.keys()))
def test_every_fact_is_computed_outside_or_on_the_page(place: str) -> None:
    """So that a new probe, or another fact of an old one, cannot be believed without a word."""
    believed, computed = set(BELIEVED.get(place, ())), set(COMPUTED.get(place, "").split())
    assert believed | computed == told()[place]
    assert not believed & computed


@pytest.mark.levels
def test_it_says_what_each_row_is_worth() -> None:
    """What requirements read when they are put to a right answer, by whichever of the facts in a row."""
    found = worth(BELIEVED)
    assert found == WORTH
    for exercises in found.values():
        assert all(points <= find(name).points for name, points in exercises.items())


@pytest.mark.levels
def test_whether_arguments_have_changed_is_worth_a_point_and_a_half_at_most() -> None:
    assert max(worth_of_being_untouched().values()) == 1.5
