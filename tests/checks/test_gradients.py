"""The gradient check: right gradients agree with difference quotients, and of wrong ones the worst entry is shown."""

import numpy as np

from autograder import check_gradient
from autograder.checks.gradients import measured_gradient

X, DY = np.random.default_rng(0).normal(size=(2, 3, 4))


def test_a_gradient_is_measured_to_eight_digits() -> None:
    assert np.allclose(measured_gradient(np.sin, X, DY), DY * np.cos(X), rtol=1e-8)
    assert np.allclose(measured_gradient(lambda x: x @ X.T, X, np.ones((3, 3))), X.sum(axis=0), rtol=1e-8)


def test_agreement_and_difference_are_told_apart(capsys) -> None:
    check_gradient(np.sin, X, DY, DY * np.cos(X))
    assert capsys.readouterr().out.startswith("dx agrees with difference quotients")
    wrong = DY * np.cos(X)
    wrong[1, 2] += 0.01
    check_gradient(np.sin, X, DY, wrong)
    said = capsys.readouterr().out
    assert said.startswith("dx differs from difference quotients")
    assert f"Entry (1, 2): yours {wrong[1, 2]:.6g}" in said
    check_gradient(np.sin, X, DY, wrong[0])
    assert "dx has the shape (4,), and x the shape (3, 4)" in capsys.readouterr().out


def test_the_point_itself_is_left_alone() -> None:
    before = X.copy()
    measured_gradient(np.exp, X, DY)
    assert np.array_equal(X, before)
