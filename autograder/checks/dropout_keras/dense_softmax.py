"""What a softmax head gives: `dense_softmax(x, W, b) -> (n, units)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Own
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
    page="normalization/inference#A prediction by hand, line by line",
    onward="The figure after this calls it for one unit and for two; try a `W` with a single column, and look at every output.",
    trap=("is_stable", "is_one_for_one_unit"),
    own=Own(("torch.nn.functional.softmax",), (np.eye(3), np.eye(3), np.ones(3))),
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


@exercise.requires("computes softmax over the units of each example", 2)
def computes(ask: Ask, draw: np.random.Generator) -> None:
    """Without a bias, which has a requirement of its own."""
    for shape in ((7, 4, 3), (3, 2, 8), (4, 4, 4), (210, 3, 2), (1, 5, 2)):
        x, W, b = head(draw, *shape)
        y = outputs(ask, x, W, 0 * b)
        expect(close(y.sum(axis=1), np.ones(len(y))), "the outputs of each example should sum to 1")
        expect(
            close(y, right(x, W, 0 * b)), "with a bias of 0, this is not softmax(x W) over the units of each example"
        )


@exercise.requires("adds the bias", 1.5)
def uses_bias(ask: Ask, draw: np.random.Generator) -> None:
    """A bias is the weight of one more input that is always 1."""
    for shape in ((6, 3, 4), (5, 4, 4)):
        x, W, b = head(draw, *shape)
        y = outputs(ask, x, W, b)
        more, weights = np.column_stack([x, np.ones(len(x))]), np.vstack([W, b])
        message = "a bias b should act as weights b of one more input that is always 1: add it to the logits"
        expect(close(y, outputs(ask, more, weights, 0 * b)), message)


@exercise.requires("is 1 everywhere for one unit", 1)
def is_one_for_one_unit(ask: Ask, draw: np.random.Generator) -> None:
    for n in (1, 6):
        y = outputs(ask, *head(draw, n, 4, 1))
        expect(close(y, np.ones((n, 1))), "a softmax over one unit is 1 for every example, whatever the weights")


@exercise.requires("stays finite for large logits", 1, after="computes")
def is_stable(ask: Ask, draw: np.random.Generator) -> None:
    """What one example does to the others is asked where examples are normalized one by one."""
    message = "the same number added to all logits should change nothing, also a large one: subtract the largest logit"
    for dtype in ("float64", "float32"):
        x, W, b = head(draw, 6, 3, 4, dtype)
        for shift in (-2000, 2000):
            moved = outputs(ask, x, W, (b + shift).astype(dtype))
            expect(close(moved, outputs(ask, x, W, b), "float32", scale=1000), message)
    x, W, b = head(draw, 6, 3, 4)
    outputs(ask, x, W, b + np.array([0, 1000, -1000, 2000]))
    if not close(outputs(ask, x, W, b).sum(axis=1), np.ones(6)):
        return
    wide = outputs(ask, x * np.array([1, 5000, -5000, 1, 5000, 1])[:, None], W, b)
    message = "an example with large logits should not disturb the others: subtract the largest logit of each example"
    expect(close(wide[[0, 3, 5]], outputs(ask, x, W, b)[[0, 3, 5]]), message)


@exercise.requires("refuses wrong shapes", 0.25)
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


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=dense_softmax)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    x, W, b = head(np.random.default_rng(3), 4, 3, 5)
    far = np.array([1, 1, 5000, 1])[:, None]
    asked = ((x, W, b), (x, W, b + 2000), (x * far, W, b))
    return np.nan_to_num(np.concatenate([np.ravel(ask(*arguments)) for arguments in asked]), nan=-1).tolist()


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


@exercise.mistake("not stable")
def not_stable(x, W, b):
    """exp overflows for large logits, and inf / inf is nan. Subtract the largest logit of each example first, which changes
    no softmax."""
    require(x, W, b)
    odds = np.exp(x @ W + b)
    return odds / odds.sum(axis=1, keepdims=True)


@exercise.mistake("one largest logit for all")
def one_largest_logit(x, W, b):
    """The largest logit of the whole batch is subtracted from all, so that examples whose logits are far below it vanish:
    0 / 0. Subtract the largest of each example."""
    require(x, W, b)
    logits = x @ W + b
    odds = np.exp(logits - logits.max())
    return odds / odds.sum(axis=1, keepdims=True)


@exercise.mistake("sigmoid")
def sigmoid(x, W, b):
    """Each unit has a sigmoid of its own, so that an example's outputs do not sum to 1. Softmax divides by their sum."""
    require(x, W, b)
    return (1 / (1 + np.exp(-(x @ W + b)))).astype(x.dtype)


@exercise.mistake("logits")
def logits(x, W, b):
    """The logits are returned as they are. Softmax makes probabilities of them."""
    require(x, W, b)
    return x @ W + b


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
