"""Hidden batches for normalization over the batch, and checks that several of its exercises share."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.expect import array, close, expect, parts, refuses
from autograder.checks.layernorm import gain

SHAPES = ((5, 3), (2, 6), (4, 4), (300, 1))
"""Shapes (n, d) that are asked: a square and a large batch among them, and a smallest one in which n / (n - 1) is 2."""

NEGLIGIBLE = 1e-10
"""An eps that cannot be seen at the precision of a judgment."""


def batch(draw: np.random.Generator, shape: tuple[int, ...], scale: float = 1.0) -> np.ndarray:
    """Draw rows whose features, along the last axis, have means and spreads of their own; none is nearly constant."""
    features = shape[-1:]
    noise = hidden.away_from_zero(draw, shape)
    rows = noise.reshape(-1, *features)
    rows[0], rows[1] = np.abs(rows[0]), -np.abs(rows[1])
    return scale * (hidden.away_from_zero(draw, features) + draw.uniform(0.4, 2, features) * noise)


def gains(draw: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw gamma and beta: of both signs, and far from 1 and 0."""
    gamma, beta = hidden.away_from_zero(draw, (2, d))
    return gamma * 1.5, beta


def statistics(draw: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a moving mean and a moving variance."""
    return hidden.away_from_zero(draw, (d,)), draw.uniform(0.2, 6, d)


def cast(arrays: tuple[np.ndarray, ...], dtype: str) -> tuple[np.ndarray, ...]:
    """Return the arrays in another dtype."""
    return tuple(array.astype(dtype) for array in arrays)


def refuses_wrong_parameters(ask: Ask, arguments: dict[str, np.ndarray], names: tuple[str, ...], *rest: str) -> None:
    """Ask with each named parameter (d,) in a shape that NumPy might broadcast, or that is too short."""
    given = list(arguments.values())
    for name in names:
        right = arguments[name]
        d = len(right)
        for wrong in (right[:1], right[:-1], right[None], right[:, None], np.array(right[0])):
            changed = [wrong if value is right else value for value in given]
            because = f"a {name} of shape {wrong.shape} for {d} features"
            refuses(ask, *changed, *rest, because=because, mentions=" ".join(arguments))


def standard(ask: Ask, x: np.ndarray, **eps: float) -> np.ndarray:
    """Ask for y, mean and var with gamma 1 and beta 0, and return y."""
    d = x.shape[-1]
    return array(parts(ask(x, np.ones(d), np.zeros(d), **eps), ("y", "mean", "var"))[0], x.shape, name="y")


def eps_is_added(ask: Ask, x: np.ndarray, *given: float) -> None:
    """Raise Unmet unless eps, as it is by default and as given, is added to the variance of each feature."""
    rows = tuple(range(x.ndim - 1))
    ys = {eps: standard(ask, x, eps=eps) for eps in (NEGLIGIBLE, *given)}
    gain.eps_is_added({**ys, 1e-3: standard(ask, x)}, x - x.mean(axis=rows), axis=rows)


def marks_of_eps(ask: Ask, x: np.ndarray) -> list[float]:
    """Tell for a fingerprint whether eps is added under the root, and whether it has no influence."""
    rows = tuple(range(x.ndim - 1))
    before, after = ((standard(ask, x, **eps) ** 2).mean(axis=rows) for eps in ({"eps": NEGLIGIBLE}, {}))
    added = (1 / after - 1 / before) * x.var(axis=rows) / 1e-3
    return [float(np.allclose(added, wanted, rtol=1e-3, atol=1e-3)) for wanted in (1, 0)]


def slope_follows_eps(ask: Ask, mean: np.ndarray, var: np.ndarray) -> None:
    """Raise Unmet unless y grows with x as eps under the root lets it.

    1 / slope^2 is a variance plus eps, or a multiple of both. The variance is the one that is given, or another one
    that the answer takes; that it should be the given one is judged apart.
    """
    d = len(mean)

    def slope(**eps: float) -> np.ndarray:
        y = array(ask(np.stack([mean, mean + 1]), np.ones(d), np.ones(d), mean, var, **eps), (2, d), name="y")
        return np.asarray(y[1] - y[0])

    message = "eps (1e-3 unless given) should be added to the variance, under the root"
    largest, smallest = 1 / slope(eps=70.0) ** 2, 1 / slope(eps=NEGLIGIBLE) ** 2
    multiple = (largest - smallest) / (70 - NEGLIGIBLE)
    expect(close(multiple, np.ones(d)) or close(np.sqrt(smallest / multiple), np.sqrt(var + NEGLIGIBLE)), message)
    for eps in ({}, {"eps": 1e-5}, {"eps": 0.02}):
        wanted = 1 / np.sqrt(smallest + multiple * (eps.get("eps", 1e-3) - NEGLIGIBLE))
        expect(close(slope(**eps) / wanted, np.ones(d)), message)


def treats_rows_alone(ask: Ask, draw: np.random.Generator) -> None:
    """Ask about rows at test time, with statistics that are given."""
    for shape in SHAPES:
        x, parameters = batch(draw, shape), (*gains(draw, shape[1]), *statistics(draw, shape[1]))
        together = array(ask(x, *parameters), shape, name="y")
        for i in (0, len(x) - 1):
            alone = array(ask(x[i : i + 1], *parameters), (1, shape[1]), name="y")
            expect(close(alone[0], together[i]), "a row should get the same y alone as within a batch")


def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    """Ask for outputs at test time, with arrays of which one has a wrong shape."""
    x, (gamma, beta), (mean, var) = batch(draw, (6, 4)), gains(draw, 4), statistics(draw, 4)
    ask(x, gamma, beta, mean, var)
    given = {"x": x, "gamma": gamma, "beta": beta, "mean": mean, "var": var}
    refuses_wrong_parameters(ask, given, ("gamma", "beta", "mean", "var"))
    for wrong in (x[0], x[None]):
        because = f"an x of shape {wrong.shape}"
        refuses(ask, wrong, gamma, beta, mean, var, because=because, mentions="x gamma beta mean var")
