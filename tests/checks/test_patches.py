"""In a notebook the judge counts with NumPy as it was, and the student's code with what the student has made of it."""

import numpy as np
import pytest

from autograder.checks.notebook import check


def dropout_moments(mean, var, rate):
    if not 0 <= rate <= 1:
        raise ValueError("rate must lie in [0, 1]")
    return (mean, np.add(var / (1 - rate), rate / (1 - rate) * mean**2)) if rate < 1 else (0.0, 0.0)


def test_what_a_student_makes_of_numpy_changes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = []

    def add(a: float, b: float) -> float:
        changed.append(np.allclose)
        return a + b

    def lie(*args: object, **kwargs: object) -> bool:
        return False

    monkeypatch.setattr(np, "add", add)
    monkeypatch.setattr(np, "allclose", lie)
    monkeypatch.setattr(np, "asarray", lie)
    monkeypatch.setattr(np.random, "default_rng", lie)
    check(dropout_moments)
    assert set(changed) == {lie}
    assert (np.add, np.allclose, np.asarray, np.random.default_rng) == (add, lie, lie, lie)


def test_what_the_answer_itself_changes_stays_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def lie(*args: object, **kwargs: object) -> bool:
        return False

    def changing(mean, var, rate):
        monkeypatch.setattr(np, "allclose", lie)
        return dropout_moments(mean, var, rate)

    changing.__name__ = "dropout_moments"
    check(changing)
    assert np.allclose is lie


def test_arguments_are_made_with_numpy_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generators and arrays with zeros are made beside the student's code, which sees what it has made of NumPy."""

    def dropout_forward(x, rate, rng, training=True):
        if not 0 <= rate <= 1:
            raise ValueError("rate must lie in [0, 1]")
        mask = rng.random(x.shape) >= rate if training else np.ones(x.shape, bool)
        scale = 1 / (1 - rate) if training and rate < 1 else 1
        return (x * mask * scale).astype(x.dtype), mask

    monkeypatch.setattr(np.random, "default_rng", lambda: None)
    check(dropout_forward)
