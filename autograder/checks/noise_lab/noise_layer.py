"""A noise technique of the student's own: `class NoiseLayer(nn.Module)`, made without arguments."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor
from autograder.checks.beside.noise_lab import gradients, outputs, repeated, restored
from autograder.checks.beside.ways import lay
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import close, expect, tensor
from autograder.checks.implementation import Built
from autograder.checks.noise_lab.layers import (
    additive_noise_in_proportion,
    drop_path,
    lognormal,
    stochastic_rounding,
    strong_dropout,
)
from autograder.checks.noise_lab.noise import is_centered, is_fresh

DROPOUTS = ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")


@Built
def NoiseLayer():
    import torch

    class NoiseLayer(torch.nn.Module):
        def forward(self, x):
            if not self.training:
                return x
            return x * (1 + 0.5 * torch.randn_like(x))

    return NoiseLayer


exercise = Exercise(
    NoiseLayer,
    page="dropout/noise#One coin for each thing that is kept or dropped",
    onward="The experiment below trains with it; try a strength at which training fails, and explain why.",
    trap=("keeps_mean", "keeps_mean_at_all_sizes"),
    challenge=True,
    own=Own(tuple(f"torch.nn.{kind}" for kind in DROPOUTS), (Tensor(np.ones((2, 3), np.float32)),)),
)

WILDEST, CALLS = 100.0, 1500
SHAPES = ((6, 8), (2, 3, 4, 2))


def inputs(draw: np.random.Generator, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Draw entries of both signs and of magnitudes from .3 to 3."""
    return (draw.uniform(0.3, 3, shape) * draw.choice([-1, 1], shape)).astype(dtype)


def series(ask: Ask, draw: np.random.Generator, x: np.ndarray, times: int = CALLS) -> np.ndarray:
    """Return y - x for many calls in training, one row per call."""
    outputs = ask.probe(repeated, hidden.seed(draw), Tensor(x), times)
    y = tensor(outputs, (times, *x.shape), name="the outputs in training")
    return (y - x).reshape(times, -1).astype(np.float64)


@exercise.requires("is the identity in eval mode", 2)
def is_identity_in_eval(ask: Ask, draw: np.random.Generator) -> None:
    for shape in (*SHAPES, (5,)):
        x = lay(inputs(draw, shape), ["zeros"])
        for y in ask.probe(outputs, hidden.seed(draw), [Tensor(x)] * 4, [False, True, False, False])[::2]:
            expect(close(tensor(y, shape), x, np.float32), "in eval mode the layer should put out its input")


def many_calls(ask: Ask, draw: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return inputs with the noise of many calls in training."""
    arrays = [inputs(draw, shape) for shape in ((16, 24), SHAPES[1])]
    return [(x, series(ask, draw, x)) for x in arrays]


@exercise.requires("keeps the mean of every entry in training", 2.5)
def keeps_mean(ask: Ask, draw: np.random.Generator) -> None:
    for x, noise in ask.once(many_calls):
        message = "the noise is so wild that no number of calls settles its mean: keep factors below 20 or so"
        expect(np.abs(noise).max() <= WILDEST * np.abs(x).max(), message)
        expect(
            is_centered(noise, x),
            "in training the mean of y over many calls should be x, in every entry: what does your noise do to the mean?",
        )


@exercise.requires("keeps the mean of small and large inputs", 1, after="keeps_mean")
def keeps_mean_at_all_sizes(ask: Ask, draw: np.random.Generator) -> None:
    for factor in (0.02, 40.0):
        x = inputs(draw, (3, 4)) * np.float32(factor)
        expect(is_centered(series(ask, draw, x), x), "the mean of y should be x for small and for large inputs")


@exercise.requires("draws fresh noise at every call", 1.5)
def draws_afresh(ask: Ask, draw: np.random.Generator) -> None:
    for _, noise in ask.once(many_calls):
        expect(noise.any(), "in training there should be noise, but y equals x")
        expect(is_fresh(noise), "every call in training should draw new noise, independent of the calls before")


@exercise.requires("lets gradients flow", 1)
def passes_gradients(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, dy = inputs(draw, shape), inputs(draw, shape)
        slopes = ask.probe(gradients, hidden.seed(draw), Tensor(x), Tensor(dy), 20)
        message = "no gradient reaches the input: use tensor operations, under no no_grad and no detach"
        expect(None not in slopes, message)
        *training, still = (tensor(slope, shape, name="the gradient") for slope in slopes)
        expect(any(slope.any() for slope in training), "in training the gradient of the input is zero at every call")
        expect(close(still, dy, np.float32), "in eval mode gradients should pass unchanged")


@exercise.requires("puts out the same from a loaded state and equal torch seeds", 1)
def restores_from_state(ask: Ask, draw: np.random.Generator) -> None:
    arrays = [inputs(draw, shape) for shape in (*SHAPES, SHAPES[0])]
    values = ask.probe(restored, hidden.seed(draw), [Tensor(x) for x in arrays])
    for x, used, new in zip(arrays, values[:3], values[3:], strict=True):
        same = close(tensor(used, x.shape), tensor(new, x.shape), np.float32, float(np.abs(used.array).max()))
        expect(
            same,
            "after load_state_dict a new layer should put out what the old one does for the same torch.manual_seed: "
            "draw from torch's own generator, and keep whatever else matters in parameters or buffers",
        )


@exercise.requires("takes any shape, keeps the dtype and leaves its input alone", 1)
def takes_any_shape(ask: Ask, draw: np.random.Generator) -> None:
    for shape in ((1,), (7,), (1, 4), (210, 1), (2, 5, 3), (2, 3, 4, 4), (2, 2, 3, 2, 2)):
        for dtype in ("float32", "float64"):
            x = inputs(draw, shape, dtype)
            answer = ask.probe_answer(outputs, hidden.seed(draw), [Tensor(x), Tensor(x)], [True, False])
            for y in ask.value(answer):
                tensor(y, shape, dtype)
            expect(answer.untouched, "the input has changed: work on a copy")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(1)
    x = inputs(draw, SHAPES[0])
    still = ask.probe(outputs, 1, [Tensor(x)], [False])[0].array
    noise = series(ask, draw, x, 600)
    slopes = ask.probe(gradients, 2, Tensor(x), Tensor(x), 3)
    used, new = (value.array for value in ask.probe(restored, 3, [Tensor(x)]))
    facts = (close(still, x, np.float32), is_centered(noise, x), is_fresh(noise), None not in slopes, close(used, new))
    return [float(fact) for fact in facts]


@exercise.mistake("active in eval", drop="if not self.training:")
def active_in_eval():
    """The noise is still there in eval mode, so predictions are random. Look at self.training."""


@exercise.mistake("mean not preserved", edit=("(1 + 0.5 * torch.randn_like(x))", "(torch.rand_like(x) < 0.7)"))
def without_scaling():
    """In training the mean of y is not x, and in eval mode nothing makes up for it: the next layer was trained on other
    inputs than it meets. Divide by the mean of your factor, or subtract that of your summand."""


@exercise.mistake(
    "same noise at every call",
    edit=("torch.randn_like(x)", "torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).to(x.dtype)"),
)
def same_noise_at_every_call():
    """The noise is drawn once, or from a seed that is set at every call. Then it is no noise but a fixed change of the
    network."""


@exercise.mistake(
    "noise that torch does not seed",
    edit=("(1 + 0.5 * torch.randn_like(x))", "x.new_tensor(np.random.uniform(0.5, 1.5, x.shape))"),
)
def numpy_noise():
    """The noise comes from another generator than torch's, so that torch.manual_seed does not make a run repeatable."""


@exercise.mistake("no gradient", edit=("x * (1", "x.detach() * (1"))
def without_gradient():
    """The input is detached, or the layer works under no_grad, so that nothing below it can be trained."""


exercise.right(drop_path)
exercise.right(additive_noise_in_proportion)
exercise.right(strong_dropout)
exercise.right(stochastic_rounding)
exercise.right(lognormal)
