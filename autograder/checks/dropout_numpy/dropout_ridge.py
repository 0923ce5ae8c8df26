"""Dropout as an adaptive ridge: `dropout_ridge(X, y, rate) -> w`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, refuses
from autograder.reference.dropout import dropout_ridge

exercise = Exercise(
    dropout_ridge,
    page="dropout/ridge#Averaged over all masks, dropout is a penalty",
    onward="The cell after this sets it beside least squares on noisy copies; try it with a column of X multiplied by 1000: what happens to that weight times 1000, and what would a plain ridge do?",
    trap=("solves", "adapts_to_scale"),
)


def problem(
    draw: np.random.Generator, n: int = 40, d: int = 4, dtype: str = "float64"
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a regression with correlated columns of different scales and means."""
    mixing = np.eye(d) + 0.4 * draw.uniform(-1, 1, (d, d))
    X = (draw.standard_normal((n, d)) + draw.uniform(-1, 1, d)) @ mixing * draw.uniform(0.5, 2, d)
    y = X @ draw.uniform(-2, 2, d) + 0.5 * draw.standard_normal(n)
    return X.astype(dtype), y.astype(dtype)


@exercise.requires("minimizes the expected squared error when all columns have one scale", 2.5)
def solves(ask: Ask, draw: np.random.Generator) -> None:
    """All columns have mean square 1, or sum of squares 1: what their scales do is judged apart."""
    message = "w does not minimize the expected squared error under dropout of the inputs"
    sizes = ((40, 4), (25, 7), (30, 1), (5, 5), (300, 3))
    right = [True, True]
    for rate, (n, d) in zip((*hidden.RATES, 0.4, 0.15), sizes, strict=True):
        X, y = problem(draw, n, d)
        for place, total in enumerate((n, 1)):
            scaled = X / np.sqrt((X**2).sum(axis=0) / total)
            w = array(ask(scaled, y, rate), (d,), name="w")
            right[place] &= close(w, dropout_ridge(scaled, y, rate))
        expect(any(right), message)


@exercise.requires("is least squares at rate 0", 0.25)
def is_least_squares_without_dropout(ask: Ask, draw: np.random.Generator) -> None:
    X, y = problem(draw)
    w = array(ask(X, y, 0.0), X.shape[1:], name="w")
    expect(
        close(w, np.linalg.lstsq(X, y, rcond=None)[0]),
        "at rate 0 nothing is dropped: w should be the least-squares solution",
    )


@exercise.requires("adapts to the scale of each column", 2.5)
def adapts_to_scale(ask: Ask, draw: np.random.Generator) -> None:
    message = "measuring a column in other units should change its weight by the inverse factor and nothing else"
    scale = np.array([0.1, -1.0, 5.0, 20.0])
    for rate in hidden.RATES:
        X, y = problem(draw)
        plain, scaled = (array(ask(inputs, y, rate), (4,), name="w") for inputs in (X, X * scale))
        expect(close(scaled * scale, plain), message)


@exercise.requires("gives zeros at rate 1", 0.25)
def gives_zeros_at_rate_one(ask: Ask, draw: np.random.Generator) -> None:
    X, y = problem(draw)
    expect(not array(ask(X, y, 1.0), (4,), name="w").any(), "at rate 1 the inputs are gone: the weights should be 0")


@exercise.requires("refuses a rate outside [0, 1] and wrong shapes", 0.25)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    X, y = problem(draw)
    ask(X, y, 0.4)
    for rate in hidden.BAD_RATES:
        refuses(ask, X, y, rate, because=f"a rate of {rate}", mentions="rate")
    refuses(ask, X, y[:-1], 0.4, because="a y with fewer rows than X", mentions="y X")
    refuses(ask, X, y[:, None], 0.4, because="a y of shape (n, 1)", mentions="y X")
    refuses(ask, X[:, 0], y, 0.4, because="an X with one dimension", mentions="X y")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=dropout_ridge)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    numbers: list[float] = []
    for seed, rate in ((1, 0.2), (2, 0.7)):
        X, y = problem(np.random.default_rng(seed))
        numbers += np.asarray(ask(X, y, rate)).tolist()
    return numbers


def solve(gram, penalty, X, y):
    return np.linalg.solve(gram + penalty, X.T @ y)


@exercise.mistake("root of the diagonal")
def root_of_diagonal(X, y, rate):
    """The penalty is the root of each column's sum of squares. A variance is a square: it takes the sum itself."""
    gram = X.T @ X
    return solve(gram, rate / (1 - rate) * np.diag(np.sqrt(np.diag(gram))), X, y)


@exercise.mistake("plain ridge with p/q")
def plain_ridge(X, y, rate):
    """Every weight gets the same penalty p / q. Dropout penalizes a weight in proportion to the squares of its column,
    diag(X'X)."""
    return solve(X.T @ X, rate / (1 - rate) * np.eye(X.shape[1]), X, y)


@exercise.mistake("plain ridge with n p/q")
def plain_ridge_times_n(X, y, rate):
    """Every weight gets the same penalty n p / q, which is right only when every column has mean square 1."""
    return solve(X.T @ X, len(X) * rate / (1 - rate) * np.eye(X.shape[1]), X, y)


@exercise.mistake("odds inverted")
def odds_inverted(X, y, rate):
    """The penalty is multiplied by q / p. More dropout must mean more penalty: the factor is the variance of the mask,
    p / q."""
    gram = X.T @ X
    return solve(gram, (1 - rate) / rate * np.diag(np.diag(gram)), X, y)


@exercise.mistake("p q of the unscaled mask")
def variance_of_unscaled_mask(X, y, rate):
    """p q is the variance of a mask of zeros and ones. The inverted mask is divided by q, its variance by q^2:
    p / q."""
    gram = X.T @ X
    return solve(gram, rate * (1 - rate) * np.diag(np.diag(gram)), X, y)


@exercise.mistake("mean instead of sum")
def mean_instead_of_sum(X, y, rate):
    """The penalty uses the mean of squares while X'X is a sum over rows: one of the two is off by the factor n."""
    gram = X.T @ X
    return solve(gram, rate / (1 - rate) * np.diag(np.diag(gram)) / len(X), X, y)


@exercise.mistake("ordinary least squares")
def ordinary_least_squares(X, y, rate):
    """There is no penalty: this minimizes the error without dropout."""
    return solve(X.T @ X, 0, X, y)


def require(X, y, rate):
    if not 0 <= rate <= 1:
        raise ValueError("rate must be in [0, 1]")
    if X.ndim != 2 or y.shape != (len(X),):
        raise ValueError("wrong shape of X or y")


@exercise.right
def by_augmented_rows(X, y, rate):
    """Ridge as least squares with extra rows, one per column, of size sqrt(p / q) times its norm."""
    require(X, y, rate)
    if rate == 1:
        return np.zeros_like(X[0])
    extra = np.diag(np.sqrt(rate / (1 - rate) * (X**2).sum(axis=0)))
    targets = np.concatenate([y, np.zeros(X.shape[1], y.dtype)])
    return np.linalg.lstsq(np.vstack([X, extra]), targets, rcond=None)[0].astype(X.dtype)


@exercise.right
def on_scaled_columns(X, y, rate):
    """Plain ridge with penalty p / q on columns of unit norm."""
    require(X, y, rate)
    if rate == 1:
        return np.zeros(X.shape[1], dtype=X.dtype)
    norms = np.sqrt((X**2).sum(axis=0))
    Z = X / norms
    w = np.linalg.inv(Z.T @ Z + rate / (1 - rate) * np.eye(X.shape[1])) @ Z.T @ y
    return (w / norms).astype(X.dtype)


@exercise.right
def times_keep(X, y, rate):
    """The same equations multiplied by q: off-diagonal entries shrink, the diagonal stays."""
    require(X, y, rate)
    keep = 1 - rate
    gram = X.T.astype(float) @ X.astype(float)
    system = keep * gram
    np.fill_diagonal(system, np.diag(gram))
    return np.linalg.solve(system, keep * (X.T @ y)).astype(X.dtype)
