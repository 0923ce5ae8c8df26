"""What a softmax head gives: `dense_softmax(x, W, b) -> (n, units)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, refuses


def softmax(logits, axis):
    odds = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return odds / odds.sum(axis=axis, keepdims=True)


def require(x, W, b):
    if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[0]:
        raise ValueError("x and W: shapes do not fit")
    if b.shape != (W.shape[1],):
        raise ValueError("b has a wrong shape")


def dense_softmax(x, W, b):
    require(x, W, b)
    return softmax(x @ W + b, axis=1)


exercise = Exercise(
    dense_softmax,
    page="normalization/inference#a-prediction-by-hand-line-by-line",
    onward="The next exercise repairs a head with this function in mind; try `units=1`, and look at every output.",
)


def head(
    draw: np.random.Generator, n: int, inputs: int, units: int, dtype: str = "float64"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, W = hidden.away_from_zero(draw, (n, inputs), dtype), draw.uniform(-0.6, 0.6, (inputs, units)).astype(dtype)
    return x, W, hidden.away_from_zero(draw, (units,), dtype)


def outputs(ask: Ask, x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return array(ask(x, W, b), (len(x), len(b)))


def right(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    logits = x.astype(np.float64) @ W.astype(np.float64) + b
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


@exercise.requires("computes softmax(x W + b) over the units of each example", 2)
def computes(ask: Ask, draw: np.random.Generator) -> None:
    for shape in ((7, 4, 3), (3, 2, 8), (4, 4, 4), (210, 3, 2), (1, 5, 2)):
        arguments = head(draw, *shape)
        y = outputs(ask, *arguments)
        expect(close(y.sum(axis=1), np.ones(len(y))), "the outputs of each example should sum to 1")
        expect(close(y, right(*arguments)), "this is not softmax(x W + b), taken over the units of each example")


@exercise.requires("adds the bias", 1)
def uses_bias(ask: Ask, draw: np.random.Generator) -> None:
    x, W, b = head(draw, 6, 3, 4)
    y, moved = outputs(ask, x, W, b), outputs(ask, x, W, b + np.array([1.5, 0, 0, -1]))
    expect(not close(y, moved), "the bias does not matter to your result")
    expect(close(y, right(x, W, b)), "the bias is not added to the logits as it should be")


@exercise.requires("is 1 everywhere for one unit", 1)
def is_one_for_one_unit(ask: Ask, draw: np.random.Generator) -> None:
    for n in (1, 6):
        y = outputs(ask, *head(draw, n, 4, 1))
        expect(close(y, np.ones((n, 1))), "a softmax over one unit is 1 for every example, whatever the weights")


@exercise.requires("stays finite for large logits", 1)
def is_stable(ask: Ask, draw: np.random.Generator) -> None:
    for sign, dtype in ((1, "float64"), (-1, "float64"), (1, "float32"), (-1, "float32")):
        x, W, b = head(draw, 6, 3, 4, dtype)
        x, W, b = np.abs(x), np.full_like(W, sign * 400), b.astype(dtype)
        # All units of an example share a large logit, which softmax must not see.
        expect(
            close(outputs(ask, x, W, b), right(x, W, b), "float32", scale=1000),
            "with logits in the thousands the result should stay finite and right: subtract the largest logit",
        )
    x, W, b = head(draw, 6, 3, 4)
    b = b + np.array([0, 1000, -1000, 2000])
    expect(close(outputs(ask, x, W, b), right(x, W, b)), "with logits far apart the result should still be right")
    x = x * np.array([1, 300, -300, 1, 300, 1])[:, None]
    b = head(draw, 1, 1, 4)[2]
    expect(
        close(outputs(ask, x, W, b), right(x, W, b)),
        "an example with large logits should not disturb the others: subtract the largest logit of each example",
    )


@exercise.requires("refuses wrong shapes", 0.5)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    x, W, b = head(draw, 5, 3, 4)
    outputs(ask, x, W, b)
    refuses(ask, x[:, :2], W, b, because="an x with fewer columns than W has rows", mentions="x W")
    for wrong in (x[0], x[None]):
        refuses(ask, wrong, W, b, because=f"an x with {wrong.ndim} dimensions", mentions="x W")
    for wrong in (W[:, 0], W[:, :, None]):
        refuses(ask, x, wrong, b, because=f"a W with {wrong.ndim} dimensions", mentions="W x b")
    for wrong in (b[:1], b[:3], b[None]):
        refuses(ask, x, W, wrong, because=f"a b of shape {wrong.shape} for four units", mentions="b W")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.5)(
    in_every_way(right=dense_softmax)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    arguments = head(np.random.default_rng(3), 4, 3, 5)
    return [float(number) for number in outputs(ask, *arguments).ravel()]


@exercise.mistake("normalizes over the batch")
def over_the_batch(x, W, b):
    """The outputs of one unit sum to 1 over the batch, so an example's probabilities depend on its neighbors. Softmax
    goes over the units: the last axis."""
    require(x, W, b)
    return softmax(x @ W + b, axis=0)


@exercise.mistake("drops the bias")
def drops_bias(x, W, b):
    """The logits are x W without b. Each class has a bias that counts in its logit."""
    require(x, W, b)
    return softmax(x @ W, axis=1)


@exercise.right
def with_logarithms(x, W, b):
    if x.ndim != 2 or W.ndim != 2 or b.ndim != 1 or x.shape[1] != len(W) or len(b) != W.shape[1]:
        raise ValueError(f"shapes {x.shape}, {W.shape} and {b.shape} do not fit")
    logits = np.einsum("nd,du->nu", x, W) + b
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(x.dtype)


@exercise.right
def row_by_row(x, W, b):
    if len(x.shape) != 2 or len(W.shape) != 2 or W.shape != (x.shape[1], *b.shape):
        raise ValueError("wrong shape")
    rows = []
    for row in x:
        logits = b.copy()
        for value, weights in zip(row, W, strict=True):
            logits = logits + value * weights
        odds = np.exp(logits - np.max(logits))
        rows.append(odds / np.sum(odds))
    return np.array(rows, dtype=x.dtype)


@exercise.right
def pairwise(x, W, b):
    """Each output is one over a sum of odds against it."""
    if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[0] or b.shape != W.shape[1:]:
        raise ValueError("the shape of x, W or b is wrong")
    logits = (x @ W + b).astype(np.float64)
    differences = np.minimum(logits[:, None, :] - logits[:, :, None], 700)
    return (1 / np.exp(differences).sum(axis=2)).astype(x.dtype)
