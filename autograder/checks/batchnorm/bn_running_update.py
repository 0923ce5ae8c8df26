"""How the running statistics move: `bn_running_update(x, running_mean, running_var, library) -> (mean, var)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.batchnorm.batches import SHAPES, batch, refuses_wrong_parameters
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, parts, refuses
from autograder.reference.batchnorm import bn_running_update

exercise = Exercise(
    bn_running_update,
    page="normalization/training#Running statistics: what BatchNorm remembers",
    onward="The module of exercise 7 remembers by this rule; try a start at variance 100, and count the batches until each library has forgotten half of it.",
    trap=("moves_var_as_torch", "moves_mean_as_torch"),
)

PARTS = ("running_mean", "running_var")
LIBRARIES = ("keras", "torch")


def problem(draw: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a batch and old statistics that lie far from those of the batch."""
    return batch(draw, shape), 10 * hidden.away_from_zero(draw, shape[1:]), draw.uniform(20, 40, shape[1])


def moves_mean(ask: Ask, draw: np.random.Generator, library: str, message: str) -> None:
    for shape in SHAPES:
        x, mean, var = problem(draw, shape)
        new = array(parts(ask(x, mean, var, library), PARTS)[0], shape[1:], name=PARTS[0])
        expect(close(new, bn_running_update(x, mean, var, library)[0]), message)


def moves_var(ask: Ask, draw: np.random.Generator, library: str, ddof: int, message: str) -> None:
    """Ask for a running variance that moves as far as the answer's own running mean does."""
    for shape in SHAPES:
        x, mean, var = problem(draw, shape)
        both = zip(PARTS, parts(ask(x, mean, var, library), PARTS), strict=True)
        new_mean, new_var = (array(value, shape[1:], name=name) for name, value in both)
        step = (new_mean - mean) / (x.mean(axis=0) - mean)
        expect(close(new_var, (1 - step) * var + step * x.var(axis=0, ddof=ddof), scale=10), message)


@exercise.requires("moves the mean by .01, as Keras does", 1)
def moves_mean_as_keras(ask: Ask, draw: np.random.Generator) -> None:
    moves_mean(ask, draw, "keras", 'for "keras", the running mean should be .99 times the old plus .01 times the new')


@exercise.requires("moves the mean by .1, as PyTorch does", 1)
def moves_mean_as_torch(ask: Ask, draw: np.random.Generator) -> None:
    moves_mean(ask, draw, "torch", 'for "torch", the running mean should be .9 times the old plus .1 times the new')


@exercise.requires("moves toward the biased variance, as Keras does", 1)
def moves_var_as_keras(ask: Ask, draw: np.random.Generator) -> None:
    message = (
        'for "keras", the running variance should move toward the biased variance of the batch, as far as the mean'
    )
    moves_var(ask, draw, "keras", 0, message)


@exercise.requires("moves toward the unbiased variance, as PyTorch does", 1)
def moves_var_as_torch(ask: Ask, draw: np.random.Generator) -> None:
    message = (
        'for "torch", the running variance should move toward the unbiased variance of the batch, as far as the mean'
    )
    moves_var(ask, draw, "torch", 1, message)


@exercise.requires("takes a batch of one for Keras and refuses it for PyTorch", 1.5)
def takes_batch_of_one(ask: Ask, draw: np.random.Generator) -> None:
    x, mean, var = problem(draw, (2, 4))
    x = x[:1]
    one, twice = (parts(ask(rows, mean, var, "keras"), PARTS) for rows in (x, np.repeat(x, 2, axis=0)))
    for name, value, right in zip(PARTS, one, twice, strict=True):
        message = 'for "keras", a batch of one should move the statistics as that row does when it comes twice'
        expect(close(array(value, (4,), name=name), array(right, (4,), name=name)), message)
    refuses(
        ask, x, mean, var, "torch", because='a batch of one for "torch", which has no unbiased variance,', mentions=""
    )


@exercise.requires("refuses an unknown library and wrong shapes", 0.25)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    x, mean, var = problem(draw, (6, 4))
    ask(x, mean, var, "keras")
    for library in ("jax", "mxnet", ""):
        refuses(ask, x, mean, var, library, because=f'the library "{library}"', mentions="library")
    for library in LIBRARIES:
        refuses_wrong_parameters(ask, {"x": x, "running_mean": mean, "running_var": var}, PARTS, library)
        for wrong in (x[0], x[None]):
            refuses(
                ask,
                wrong,
                mean,
                var,
                library,
                because=f"an x of shape {wrong.shape}",
                mentions="x running_mean running_var",
            )


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=bn_running_update)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    x, mean, var = draw.normal(1, 1, (4, 2)), draw.uniform(5, 9, 2), draw.uniform(5, 9, 2)
    numbers: list[float] = []
    for library in LIBRARIES:
        new_mean, new_var = map(np.asarray, ask(x, mean, var, library))
        step = (new_mean - mean) / (x.mean(axis=0) - mean)
        numbers += [*new_mean.tolist(), *(var + (new_var - var) / step).tolist()]
    return numbers


def require(x, running_mean, running_var, library):
    if library not in LIBRARIES:
        raise ValueError(f"unknown library {library}")
    if x.ndim != 2:
        raise ValueError("x must have shape (n, d)")
    for name, parameter in (("running_mean", running_mean), ("running_var", running_var)):
        if parameter.shape != (x.shape[1],):
            raise ValueError(f"{name} must have shape ({x.shape[1]},)")
    if library == "torch" and len(x) == 1:
        raise ValueError("more than one row is needed for an unbiased variance")


def moved_by(x, running_mean, running_var, new, spread):
    mean = (1 - new) * running_mean + new * x.mean(axis=0)
    return mean.astype(x.dtype), ((1 - new) * running_var + new * spread).astype(x.dtype)


@exercise.mistake("each momentum read as the other's")
def momentums_swapped(x, running_mean, running_var, library):
    """In Keras momentum .99 is the weight of the old value, in PyTorch momentum .1 is the weight of the new one. Read
    the other way round, the statistics forget nearly everything at every step."""
    require(x, running_mean, running_var, library)
    new, ddof = (0.99, 0) if library == "keras" else (0.9, 1)
    return moved_by(x, running_mean, running_var, new, x.var(axis=0, ddof=ddof))


@exercise.mistake("PyTorch's momentum read as the weight of the old value")
def momentum_of_torch_swapped(x, running_mean, running_var, library):
    """For "torch" .1 is the weight of the old value, so the statistics forget nearly everything at every step. In PyTorch
    momentum .1 is the weight of the new value, in Keras momentum .99 that of the old one."""
    require(x, running_mean, running_var, library)
    new, ddof = (0.01, 0) if library == "keras" else (0.9, 1)
    return moved_by(x, running_mean, running_var, new, x.var(axis=0, ddof=ddof))


@exercise.mistake("torch biased")
def torch_biased(x, running_mean, running_var, library):
    """PyTorch standardizes the batch with the biased variance, but it moves its running variance toward the unbiased
    one, n / (n - 1) times larger."""
    require(x, running_mean, running_var, library)
    return moved_by(x, running_mean, running_var, 0.01 if library == "keras" else 0.1, x.var(axis=0))


@exercise.mistake("keras unbiased")
def keras_unbiased(x, running_mean, running_var, library):
    """Keras moves its running variance toward the biased variance of the batch; only PyTorch divides by n - 1."""
    require(x, running_mean, running_var, library)
    return moved_by(
        x, running_mean, running_var, 0.01 if library == "keras" else 0.1, x.var(0, ddof=min(1, len(x) - 1))
    )


@exercise.mistake("standard deviation kept")
def deviation_kept(x, running_mean, running_var, library):
    """The standard deviation of the batch is averaged in. What is kept is a variance; its root is taken when it is
    used."""
    require(x, running_mean, running_var, library)
    new, ddof = (0.01, 0) if library == "keras" else (0.1, 1)
    return moved_by(x, running_mean, running_var, new, x.std(axis=0, ddof=ddof))


@exercise.right
def by_difference(x, running_mean, running_var, library):
    """A step toward the new value."""
    require(x, running_mean, running_var, library)
    step, var = {"keras": (0.01, np.var), "torch": (0.1, lambda x, axis: np.var(x, axis=axis, ddof=1))}[library]
    mean = running_mean + step * (x.mean(axis=0) - running_mean)
    return mean.astype(x.dtype), (running_var + step * (var(x, axis=0) - running_var)).astype(x.dtype)


@exercise.right
def with_bessel(x, running_mean, running_var, library):
    if x.ndim != 2 or running_mean.shape != x.shape[1:] or running_var.shape != x.shape[1:]:
        raise ValueError("shape of x, running_mean or running_var")
    n = x.shape[0]
    mean = x.sum(axis=0) / n
    var = ((x - mean) ** 2).sum(axis=0) / n
    match library:
        case "keras":
            return 0.99 * running_mean + 0.01 * mean, 0.99 * running_var + 0.01 * var
        case "torch" if n > 1:
            return 0.9 * running_mean + 0.1 * mean, 0.9 * running_var + 0.1 * var * (n / (n - 1))
    raise ValueError(f"cannot update with n = {n} rows for library {library!r}")


@exercise.right
def as_weighted_average(x, running_mean, running_var, library):
    require(x, running_mean, running_var, library)
    weights, ddof = ([99, 1], 0) if library == "keras" else ([9, 1], 1)
    mean = np.average([running_mean, x.mean(axis=0)], axis=0, weights=weights)
    var = np.average([running_var, x.var(axis=0, ddof=ddof)], axis=0, weights=weights)
    return mean.astype(x.dtype), var.astype(x.dtype)
