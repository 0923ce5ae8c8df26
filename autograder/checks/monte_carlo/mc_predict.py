"""Passes through any Keras model as it is: `mc_predict(model, X, T) -> (T, n, k)`."""

from dataclasses import dataclass

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.keras_models import Layers, Transformed, transformed
from autograder.checks.dropout_keras.models import WIDTH, left_alone
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect
from autograder.checks.implementation import Built
from autograder.checks.masks import independent_entries, keeps_fraction
from autograder.checks.monte_carlo.passes import passes_first
from autograder.checks.monte_carlo.samplers import (
    in_one_batch,
    with_active_clone,
    with_everything_frozen,
    with_frozen_norms,
)


@Built
def mc_predict():
    return with_frozen_norms(lambda model, X, T: np.stack([model(X, training=True) for _ in range(T)]))


exercise = Exercise(
    mc_predict,
    page="montecarlo/sampling#`training=True` is for the whole model",
    onward="The last figure of the notebook takes its passes with it; try a model of your own from an earlier notebook.",
    trap=("uses_moving_statistics", "leaves_model_alone"),
    challenge=True,
)

RATE = 0.4
DROPOUT: Layers = ["Dropout", {"rate": RATE}]
HEAD: Layers = ["Dense", {"units": 3}]
NORM: Layers = ["BatchNormalization", {}]
FROZEN: Layers = ["BatchNormalization", {"trainable": False}]
NESTED: Layers = ["nested", [["nested", [DROPOUT]]]]
BRANCHES: Layers = [["branch", [NORM]], ["nested", [["nested", [FROZEN]]]]]
BIG: Layers = [NORM, FROZEN, DROPOUT, ["nested", [NORM, DROPOUT]], HEAD]


@dataclass(frozen=True)
class Passes:
    """What was predicted in how many passes, and what came back."""

    X: np.ndarray
    T: int
    facts: Transformed

    def samples(self, anywhere: bool = True) -> np.ndarray:
        """Return the passes; raise Unmet unless their shape is (T, n, k), or T lies elsewhere where that may be."""
        expect(self.facts.type != "Model", "return the passes as a NumPy array, not a model")
        value, shape = self.facts.value, self.facts.wanted.shape
        return passes_first(value, self.T, shape) if anywhere else array(value, (self.T, *shape))


def sample(ask: Ask, draw: np.random.Generator, layers: Layers, n: int, T: int, closely: bool = False) -> Passes:
    """Let the student's function predict."""
    X = hidden.away_from_zero(draw, (n, WIDTH), "float32")
    return Passes(X, T, ask.probe(transformed, layers, X, hidden.seed(draw), closely, (X, T)))


def standardized(x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    gamma, beta, mean, var = (weight.astype(np.float64) for weight in weights)
    return np.asarray((x - mean) / np.sqrt(var + 1e-3) * gamma + beta)


def masks_of(samples: np.ndarray, kept: np.ndarray, dropped: np.ndarray, message: str) -> np.ndarray:
    """Return what was kept in each pass; raise Unmet unless every entry is one of the two that are possible."""
    masks = np.abs(samples - kept) < np.abs(samples - dropped)
    expect(close(samples, np.where(masks, kept, dropped), "float32"), message)
    return np.asarray(masks)


def mixed(ask: Ask, draw: np.random.Generator) -> Passes:
    """Have passes drawn through a model of several kinds of layers, of which BatchNorm and dropout lie deep as well."""
    return sample(ask, draw, BIG, 210, 2, closely=True)


@exercise.requires("returns an array of shape (T, n, k)", 1.5)
def returns_passes(ask: Ask, draw: np.random.Generator) -> None:
    for passes in (ask.once(mixed), sample(ask, draw, [DROPOUT], 1, 1)):
        dtype = passes.samples(anywhere=False).dtype
        expect(dtype == np.float32, f"the dtype of the passes should be float32, but is {dtype}")


@exercise.requires("drops every entry on its own, anew in every pass", 1.5)
def draws_anew(ask: Ask, draw: np.random.Generator) -> None:
    passes = sample(ask, draw, [DROPOUT], 50, 12)
    samples, X = passes.samples(), passes.X
    expect(not close(samples[0], X, "float32"), "nothing is dropped: predict switches dropout off")
    masks = masks_of(samples, X / (1 - RATE), 0 * X, "with dropout alone every entry should be 0 or X / (1 - rate)")
    expect((masks != masks[0]).any(), "all passes are the same: draw a new mask for each")
    keeps_fraction(masks, RATE)
    independent_entries(masks, RATE)
    # A pass costs more than an example: the entries of each column are draws of the rows, and the other way around.
    for draws in (masks, masks.transpose(0, 2, 1)):
        independent_entries(draws.reshape(-1, draws.shape[2]), RATE)


@exercise.requires("lets BatchNorm use its moving statistics", 1, after="draws_anew")
def uses_moving_statistics(ask: Ask, draw: np.random.Generator) -> None:
    passes = sample(ask, draw, [DROPOUT, NORM], 12, 4)
    X, weights = passes.X, passes.facts.before[1:]
    kept, dropped = (standardized(x, weights) for x in (X / (1 - RATE), 0 * X))
    message = "BatchNorm should use its moving statistics, not those of the batch"
    masks_of(passes.samples(), kept, dropped, message)
    passes = sample(ask, draw, BRANCHES, WIDTH, 2)
    samples, message = passes.samples(), "without dropout every pass should be what the model predicts, at any depth"
    expect(close(samples, np.broadcast_to(passes.facts.wanted, samples.shape), "float32"), message)


@exercise.requires("reaches models inside models", 1)
def reaches_every_depth(ask: Ask, draw: np.random.Generator) -> None:
    passes = sample(ask, draw, [NESTED], 30, 4)
    samples, X = passes.samples(), passes.X
    expect(not close(samples[0], X, "float32"), "Dropout inside models inside models should be active")
    masks = masks_of(samples, X / (1 - RATE), 0 * X, "with dropout alone every entry should be 0 or X / (1 - rate)")
    keeps_fraction(masks, RATE)
    expect((masks != masks[0]).any(), "all passes are the same: draw a new mask for each")


@exercise.requires("leaves weights, statistics and trainable flags as they were", 2)
def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    passes = ask.once(mixed)
    passes.samples()
    left_alone(passes.facts)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Tell whether passes come first, whether all are equal, equal to predict, and whether BatchNorm moved."""
    T, X = 5, np.random.default_rng(3).uniform(0.5, 2, (4, WIDTH)).astype(np.float32)
    facts = ask.probe(transformed, [DROPOUT, NORM], X, 5, False, (X, T))
    samples = np.asarray(facts.value)
    axis = samples.shape.index(T) if T in samples.shape else 0
    passes = np.moveaxis(samples, axis, 0)
    moved = any(not np.array_equal(a, b) for a, b in zip(facts.before[1:], facts.after[1:], strict=True))
    equal = np.allclose(passes, passes[:1])
    predicts = passes.shape[1:] == facts.wanted.shape and np.allclose(passes, facts.wanted)
    kept, dropped = (standardized(x, facts.before[1:]) for x in (X / (1 - RATE), 0 * X))
    own = (
        passes.shape[1:] == X.shape
        and (np.isclose(passes, kept, atol=1e-4) | np.isclose(passes, dropped, atol=1e-4)).all()
    )
    return [float(samples.shape == (T, *X.shape)), float(equal), float(predicts), float(moved), float(predicts or own)]


@exercise.mistake("loops predict")
@Built
def loops_predict():
    """predict switches ordinary Dropout off, so all passes are one and the spread is 0. Call the model with
    training=True."""

    def mc_predict(model, X, T):
        return np.stack([model.predict(X, verbose=0) for _ in range(T)])

    return mc_predict


@exercise.mistake("moves BatchNorm")
@Built
def moves_batchnorm():
    """With training=True BatchNorm normalizes by the batch and moves its statistics, so that every later prediction
    changes. Freeze those layers for the time of the passes."""

    def mc_predict(model, X, T):
        return np.stack([model(X, training=True).numpy() for _ in range(T)])

    return mc_predict


@exercise.mistake("normalizes by the batch")
@Built
def normalizes_by_batch():
    """With training=True BatchNorm normalizes by the batch. That its statistics are put back afterwards does not help the
    passes: freeze those layers while they are drawn."""

    def mc_predict(model, X, T):
        before = model.get_weights()
        samples = np.stack([np.array(model(X, training=True)) for _ in range(T)])
        model.set_weights(before)
        return samples

    return mc_predict


@exercise.mistake("one pass repeated")
@Built
def one_pass_repeated():
    """The same pass is repeated T times. Every pass needs masks of its own: call the model T times."""
    return with_frozen_norms(lambda model, X, T: np.repeat(np.array(model(X, training=True))[None], T, axis=0))


@exercise.mistake("wrong axis")
@Built
def wrong_axis():
    """Passes lie along another axis than the first. The result has shape (T, n, k): np.stack(passes, axis=0)."""
    return with_frozen_norms(lambda model, X, T: np.stack([model(X, training=True) for _ in range(T)], axis=1))


exercise.right(with_everything_frozen)
exercise.right(with_active_clone)
exercise.right(in_one_batch)
