"""A custom prediction with every bug out: `repaired_predict(weights, X)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Value
from autograder.checks.detective.networks import EPS, Weights, calm, network, normalize, without_norm
from autograder.checks.detective.predictions import blocks_of, folded, row_by_row, with_iterator
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, refuses
from autograder.reference.detective import repaired_predict

exercise = Exercise(
    repaired_predict,
    page="normalization/inference#Mistakes about epsilon are small, all others are large",
    onward="The figure after this measures what each bug costs; try to find an input on which the smallest of them is large.",
    trap=("takes_root", "normalizes_after_relu", "repeats_blocks"),
    challenge=True,
)


def predictions(value: Value, n: int, dtype: str = "") -> np.ndarray:
    return array(value, (n, 1), dtype or None)


def agrees(ask: Ask, weights: Weights, X: np.ndarray, message: str, tolerance: float = 1e-6) -> None:
    y = predictions(ask(weights, X), len(X))
    right = repaired_predict(weights, X)
    expect(np.abs(y - right).max() <= tolerance * np.abs(right).max(), message)


COARSE = 1e-2
"""A tolerance that sees no more of eps than it must, where eps is not the question."""


@exercise.requires("chains Dense and ReLU layers and ends in a linear head", 1)
def chains(ask: Ask, draw: np.random.Generator) -> None:
    message = (
        "with BatchNorm made the identity, the prediction should be that of Dense and ReLU layers and a linear head"
    )
    for sizes in ((5, 4), (4, 7, 3)):
        weights, X = without_norm(network(draw, sizes)), hidden.away_from_zero(draw, (9, sizes[0]))
        for factor in (1, 20):
            weights[-1] = weights[-1] - np.median(repaired_predict(weights, factor * X))
            agrees(ask, weights, factor * X, message, COARSE)
    weights, X = without_norm(network(draw, (5, 4))), hidden.away_from_zero(draw, (9, 5))
    weights[1] -= (X @ weights[0] + weights[1]).max(axis=0)
    agrees(
        ask, weights, X, "where all logits are negative, ReLU puts out zeros, and the head's bias is all that is left"
    )


@exercise.requires("normalizes after the ReLU", 0.5, after="chains")
def normalizes_after_relu(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(2):
        weights, X = network(draw, (5, 6)), hidden.away_from_zero(draw, (9, 5))
        weights[5] = np.full(6, 1 - EPS)
        message = "BatchNorm should follow ReLU: gamma and beta act on what the ReLU put out"
        agrees(ask, calm(weights, X), X, message, COARSE)


@exercise.requires("divides by the root of variance plus eps", 1, after="chains")
def takes_root(ask: Ask, draw: np.random.Generator) -> None:
    """All logits and all that BatchNorm puts out are positive: where the ReLU stands is another question."""
    for small in (1e-3, 0.3):
        weights, X = network(draw, (5, 6), small=small), hidden.away_from_zero(draw, (9, 5))
        weights[5][:3] = draw.uniform(small, 3 * small, 3)
        weights[1] += 1 - (X @ weights[0] + weights[1]).min(axis=0)
        W, b, gamma, _, mean, var = calm(weights, X)[:6]
        weights[3] = 1 - normalize(X @ W + b, gamma, 0, mean, var).min(axis=0)
        message = "BatchNorm should divide by sqrt(var + eps) with eps 1e-3 inside the root"
        agrees(ask, calm(weights, X), X, message)


def put_out_by(ask: Ask, block: Weights, X: np.ndarray) -> np.ndarray:
    """Return what a block puts out by the student's function, asked unit by unit with heads that pick one of them."""
    far = np.array([100.0])
    picks = np.eye(block[0].shape[1])[:, :, None]
    return np.concatenate([predictions(ask([*block, pick, far], X), len(X)) - far for pick in picks], axis=1)


@exercise.requires("repeats this for every block", 3, after="chains")
def repeats_blocks(ask: Ask, draw: np.random.Generator) -> None:
    """What the first block puts out is taken by the student's function, or as it should be: either is judged before."""
    for sizes in ((11, 10, 8, 6), (6, 4, 4), (4, 3, 5, 2, 6)):
        X = hidden.away_from_zero(draw, (210, sizes[0]))
        weights = calm(network(draw, sizes), X)
        W, b, *norm = weights[:6]
        fed = put_out_by(ask, weights[:6], X), normalize(np.maximum(X @ W + b, 0), *norm)
        rest = [predictions(ask(weights[6:], h), len(h)) for h in fed]
        whole = predictions(ask(weights, X), len(X))
        expect(
            any(close(whole, y, scale=float(np.abs(y).max())) for y in rest),
            "with several blocks the prediction should be that of the later ones, fed with what the first puts out",
        )


@exercise.requires("gives a row the same prediction in any batch", 0.5)
def predicts_row_by_row(ask: Ask, draw: np.random.Generator) -> None:
    X = hidden.away_from_zero(draw, (7, 5))
    weights = calm(network(draw, (5, 6, 4)), X)
    whole = predictions(ask(weights, X), 7)
    single = np.concatenate([predictions(ask(weights, X[i : i + 1]), 1) for i in range(7)])
    expect(close(whole, single, scale=10), "the prediction for a row should not depend on the batch it comes in")


@exercise.requires("refuses an X of another shape", 0.25)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    weights, X = network(draw, (5, 6, 4)), hidden.away_from_zero(draw, (7, 5))
    predictions(ask(weights, X), 7)
    for wrong in (X[:, :4], X[0], X[None]):
        refuses(
            ask,
            weights,
            wrong,
            because=f"an X of shape {wrong.shape} for weights with 5 inputs",
            mentions="X weights W",
        )


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=repaired_predict)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(3)
    weights, X = network(draw, (11, 10, 8, 6)), draw.normal(0, 1, (8, 11))
    weights[-1] = weights[-1] - np.median(repaired_predict(weights, X))
    return [float(value) for value in np.ravel(ask(weights, X))]


@exercise.mistake("logits of the block before")
def logits_of_the_block_before(weights, X):
    """The head is applied to the last block's logits, as in the original code, and skips that block's ReLU and
    BatchNorm."""
    h = X
    for W, b, *norm in blocks_of(weights):
        logits = h @ W + b
        h = normalize(np.maximum(logits, 0), *norm)
    return logits @ weights[-2] + weights[-1]


@exercise.mistake("a missing root")
def missing_root(weights, X):
    """BatchNorm divides by var + eps, as an old documentation had it. It divides by the standard deviation,
    sqrt(var + eps)."""
    h = X
    for W, b, gamma, beta, mean, var in blocks_of(weights):
        h = gamma * (np.maximum(h @ W + b, 0) - mean) / (var + EPS) + beta
    return h @ weights[-2] + weights[-1]


@exercise.mistake("BatchNorm before ReLU")
def norm_before_relu(weights, X):
    """In this network BatchNorm comes behind the ReLU; its statistics belong to what the ReLU puts out."""
    h = X
    for W, b, *norm in blocks_of(weights):
        h = np.maximum(normalize(h @ W + b, *norm), 0)
    return h @ weights[-2] + weights[-1]


@exercise.mistake("eps outside the root")
def eps_outside(weights, X):
    """eps is added to the standard deviation. It belongs to the variance, under the root."""
    h = X
    for W, b, gamma, beta, mean, var in blocks_of(weights):
        h = gamma * (np.maximum(h @ W + b, 0) - mean) / (np.sqrt(var) + EPS) + beta
    return h @ weights[-2] + weights[-1]


@exercise.mistake("BatchNorm left out")
def without_batchnorm(weights, X):
    """The four arrays of each BatchNorm are passed over. The layers behind were trained on normalized inputs."""
    h = X
    for W, b, *_ in blocks_of(weights):
        h = np.maximum(h @ W + b, 0)
    return h @ weights[-2] + weights[-1]


@exercise.mistake("gamma and beta swapped")
def gamma_and_beta_swapped(weights, X):
    """gamma and beta are taken for one another. The order of the arrays is gamma, beta, mean, var."""
    h = X
    for W, b, gamma, beta, mean, var in blocks_of(weights):
        h = normalize(np.maximum(h @ W + b, 0), beta, gamma, mean, var)
    return h @ weights[-2] + weights[-1]


@exercise.mistake("batch statistics")
def batch_statistics(weights, X):
    """BatchNorm uses mean and variance of the batch that it is given. A prediction uses the stored ones."""
    h = X
    for W, b, gamma, beta, _, _ in blocks_of(weights):
        h = np.maximum(h @ W + b, 0)
        h = normalize(h, gamma, beta, h.mean(axis=0), h.var(axis=0))
    return h @ weights[-2] + weights[-1]


@exercise.mistake("ReLU on the head")
def relu_on_the_head(weights, X):
    """A ReLU follows the head, so that no prediction is negative. The head is linear."""
    return np.maximum(repaired_predict(weights, X), 0)


@exercise.mistake("softmax")
def softmax_head(weights, X):
    """Softmax over a single unit divides it by itself: the prediction is 1 whatever the input. The head is linear."""
    z = np.exp(repaired_predict(weights, X))
    return z / z.sum(axis=1, keepdims=True)


exercise.right(with_iterator)
exercise.right(folded)
exercise.right(row_by_row)
