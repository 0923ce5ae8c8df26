"""BatchNorm folded away: `fold_bn_into_next(W, b, gamma, beta, mean, var, eps=1e-3) -> (W, b)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.batchnorm.batches import NEGLIGIBLE, gains, refuses_wrong_parameters, statistics
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, parts, refuses
from autograder.reference.batchnorm import batchnorm_inference
from autograder.reference.inference import fold_bn_into_next

exercise = Exercise(
    fold_bn_into_next,
    page="normalization/inference#Folding BatchNorm into a Dense layer",
    onward="The cell after this folds a whole network with it; try a gamma with a 0 in it, and see what becomes of that row of W.",
    trap=("scales_rows", "keeps_output_at_mean"),
)

PARTS = ("W", "b")
SHAPES = ((5, 3), (4, 4), (210, 1), (1, 3))
NAMES = ("W", "b", "gamma", "beta", "mean", "var")


def problem(draw: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Draw W, b, gamma, beta, mean and var."""
    d, units = shape
    return (
        hidden.away_from_zero(draw, shape),
        hidden.away_from_zero(draw, (units,)),
        *gains(draw, d),
        *statistics(draw, d),
    )


def part(ask: Ask, name: str, arguments: tuple[np.ndarray, ...], **eps: float) -> np.ndarray:
    """Ask for one of the two results and leave the other alone."""
    place = PARTS.index(name)
    return array(parts(ask(*arguments, **eps), PARTS)[place], arguments[place].shape, name=name)


def folded(ask: Ask, arguments: tuple[np.ndarray, ...], **eps: float) -> tuple[np.ndarray, np.ndarray]:
    return part(ask, "W", arguments, **eps), part(ask, "b", arguments, **eps)


@exercise.requires("scales the rows of W", 2)
def scales_rows(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        W, b, gamma, beta, mean, var = problem(draw, shape)
        new = part(ask, "W", (W, b, gamma, beta, mean, var), eps=NEGLIGIBLE)
        expect(
            close(new, (gamma / np.sqrt(var))[:, None] * W),
            "each row of W, which is what one input contributes, should be multiplied by that input's gamma / "
            "sqrt(var + eps)",
        )


@exercise.requires("adds eps inside the root", 1.25, after="scales_rows")
def adds_eps(ask: Ask, draw: np.random.Generator) -> None:
    for high in (0.01, 2.0):
        W, b, gamma, beta, mean, var = problem(draw, (4, 3))
        var = var * high / 6
        for eps in ({}, {"eps": 1e-5}, {"eps": 0.02}, {"eps": 0.7}):
            new = part(ask, "W", (W, b, gamma, beta, mean, var), **eps)
            divisor = (gamma[:, None] * W / new) ** 2
            wanted = np.broadcast_to((var + eps.get("eps", 1e-3))[:, None], W.shape)
            expect(close(divisor, wanted), "eps (1e-3 unless given) should be added to the variance, under the root")


@exercise.requires("keeps what the layer gives at the mean", 3.25)
def keeps_output_at_mean(ask: Ask, draw: np.random.Generator) -> None:
    """Where W is wrong, b is right that keeps the output with the right W. W is square, so that its columns fit too."""
    for d in (4, 7, 1):
        arguments = problem(draw, (d, d))
        W, b, gamma, beta, mean, var = arguments
        new_W, new_b = folded(ask, arguments)
        right = fold_bn_into_next(W, b, gamma, beta, mean, var)[1]
        expect(
            close(mean @ new_W + new_b, beta @ W + b, scale=10) or close(new_b, right, scale=10),
            "an input equal to mean leaves BatchNorm as beta, so the folded layer should give beta W + b for it",
        )


@exercise.requires("predicts what BatchNorm and Dense predict", 0.75, after="scales_rows adds_eps keeps_output_at_mean")
def predicts_the_same(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        for eps in ({}, {"eps": 0.3}):
            arguments = problem(draw, shape)
            W, b, gamma, beta, mean, var = arguments
            a = 3 * hidden.away_from_zero(draw, (7, shape[0]))
            new_W, new_b = folded(ask, arguments, **eps)
            wanted = batchnorm_inference(a, gamma, beta, mean, var, eps.get("eps", 1e-3)) @ W + b
            message = "the folded layer should give for every input what BatchNorm and the Dense layer give"
            expect(close(a @ new_W + new_b, wanted, scale=10), message)


@exercise.requires("refuses wrong shapes", 0.25)
def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    arguments = problem(draw, (4, 3))
    ask(*arguments)
    refuses_wrong_parameters(ask, dict(zip(NAMES, arguments, strict=True)), NAMES[1:])
    W, *rest = arguments
    for wrong in (W.T, W[:, 0], W[None]):
        refuses(
            ask,
            wrong.copy(),
            *rest,
            because=f"a W of shape {wrong.shape} for 4 inputs and 3 units",
            mentions="W b gamma beta mean var",
        )


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.5)(
    in_every_way(right=fold_bn_into_next)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    W, b = ask(*problem(np.random.default_rng(4), (3, 3)))
    return [*np.asarray(W).ravel().tolist(), *np.asarray(b).ravel().tolist()]


def require(W, b, *parameters):
    if W.ndim != 2 or b.shape != (W.shape[1],):
        raise ValueError("W must have shape (d, units) and b shape (units,)")
    if any(parameter.shape != (W.shape[0],) for parameter in parameters):
        raise ValueError("gamma, beta, mean and var need one entry for each row of W: wrong shape")


@exercise.mistake("scales the columns")
def scales_columns(W, b, gamma, beta, mean, var, eps=1e-3):
    """A column of W belongs to an output unit; BatchNorm comes before the layer and scales its inputs, which are the
    rows: s[:, None] * W."""
    require(W, b, gamma, beta, mean, var)
    s = gamma / np.sqrt(var + eps)
    return (W * s).astype(W.dtype), (b + (beta - mean * s) @ W).astype(W.dtype)


@exercise.mistake("forgets the shift")
def forgets_shift(W, b, gamma, beta, mean, var, eps=1e-3):
    """Only W is folded. BatchNorm also shifts every input by beta - mean s, and the layer passes the shift on: it goes
    into b."""
    require(W, b, gamma, beta, mean, var)
    s = gamma / np.sqrt(var + eps)
    return (s[:, None] * W).astype(W.dtype), b.copy()


@exercise.mistake("forgets the old bias")
def forgets_old_bias(W, b, gamma, beta, mean, var, eps=1e-3):
    """The new bias is the shift of BatchNorm alone. The layer goes on to add its own b."""
    require(W, b, gamma, beta, mean, var)
    s = gamma / np.sqrt(var + eps)
    return (s[:, None] * W).astype(W.dtype), ((beta - mean * s) @ W).astype(W.dtype)


@exercise.mistake("forgets the mean")
def forgets_mean(W, b, gamma, beta, mean, var, eps=1e-3):
    """beta goes into the new bias and the mean does not. BatchNorm also subtracts mean, which shifts every input by
    -mean s."""
    require(W, b, gamma, beta, mean, var)
    s = gamma / np.sqrt(var + eps)
    return (s[:, None] * W).astype(W.dtype), (b + beta @ W).astype(W.dtype)


@exercise.mistake("shift through the scaled W")
def shift_through_scaled(W, b, gamma, beta, mean, var, eps=1e-3):
    """beta - mean s has been scaled already; it goes through W itself. Through the folded W it would be scaled
    twice."""
    require(W, b, gamma, beta, mean, var)
    s = gamma / np.sqrt(var + eps)
    scaled = s[:, None] * W
    return scaled.astype(W.dtype), (b + (beta - mean * s) @ scaled).astype(W.dtype)


@exercise.mistake("sign of the mean")
def sign_of_mean(W, b, gamma, beta, mean, var, eps=1e-3):
    """The mean is added. BatchNorm subtracts it before scaling: gamma (a - mean) / sd + beta = s a + (beta - mean
    s)."""
    require(W, b, gamma, beta, mean, var)
    s = gamma / np.sqrt(var + eps)
    return (s[:, None] * W).astype(W.dtype), (b + (beta + mean * s) @ W).astype(W.dtype)


@exercise.mistake("variance without root")
def variance_without_root(W, b, gamma, beta, mean, var, eps=1e-3):
    """gamma is divided by the variance instead of its root, the standard deviation."""
    require(W, b, gamma, beta, mean, var)
    s = gamma / (var + eps)
    return (s[:, None] * W).astype(W.dtype), (b + (beta - mean * s) @ W).astype(W.dtype)


@exercise.right
def by_diagonal_matrix(W, b, gamma, beta, mean, var, eps=1e-3):
    require(W, b, gamma, beta, mean, var)
    folded_W = np.diag(gamma / np.sqrt(var + eps)) @ W
    return folded_W.astype(W.dtype), (b + beta @ W - mean @ folded_W).astype(W.dtype)


@exercise.right
def by_probing(W, b, gamma, beta, mean, var, eps=1e-3):
    """An affine map is known by what it makes of 0 and of the unit vectors."""
    require(W, b, gamma, beta, mean, var)

    def both(a):
        return ((a - mean) / np.sqrt(var + eps) * gamma + beta) @ W + b

    wide = np.float64
    origin, ends = both(np.zeros(len(W), wide)), both(np.eye(len(W), dtype=wide))
    return (ends - origin).astype(W.dtype), origin.astype(W.dtype)


@exercise.right
def row_by_row(W, b, gamma, beta, mean, var, eps=1e-3):
    if W.ndim != 2 or b.ndim != 1 or len(b) != W.shape[1]:
        raise ValueError("shape of W or b")
    for parameter in (gamma, beta, mean, var):
        if parameter.shape != W[:, 0].shape:
            raise ValueError("shape of a parameter")
    folded_W, folded_b = W.copy(), b.copy()
    for i, row in enumerate(W):
        scale = gamma[i] / (var[i] + eps) ** 0.5
        folded_W[i] = scale * row
        folded_b = folded_b + (beta[i] - mean[i] * scale) * row
    return [folded_W, folded_b.astype(W.dtype)]
