"""A noise technique of the student's own: `class NoiseLayer(nn.Module)`, made without arguments.

Nothing is known about the law of the noise, so means are compared in standard errors, and LIMIT leaves room for skewed
laws: by the exact binomial law a requirement rejects dropout by chance with probability below 1e-9 at rates up to .95.
"""

from typing import Any

import numpy as np

from autograder.checks.ask import Ask, Tensor
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import close, expect, tensor
from autograder.checks.respond import attempt

PAGE = "exercises/noise_lab/noise_lab"
LIMIT = 12.0
RARE = 6.0
WILDEST = 100.0
CALLS = 1500
SHAPES = ((6, 8), (2, 3, 4, 2))


def outputs(subject: Any, seed: int, inputs: Any, modes: Any) -> list[Any]:
    """Make one layer and call it on every input in the mode beside it (True: training)."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        layer = attempt(subject)
        values = []
        for x, mode in zip(inputs, modes, strict=True):
            attempt(layer.train, mode)
            values.append(attempt(layer, x))
        return values


def repeated(subject: Any, seed: int, x: Any, times: int) -> Any:
    """Return what one layer puts out in training when it is called again and again, (times, *x.shape)."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        layer = attempt(subject)
        attempt(layer.train)

        def call() -> Any:
            with torch.no_grad():
                return torch.stack([layer(x) for _ in range(times)])

        return attempt(call)


def gradients(subject: Any, seed: int, x: Any, dy: Any, times: int) -> list[Any]:
    """Return the gradients of (dy * y).sum() for x from calls in training and one in eval mode, None without graph."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        layer = attempt(subject)
        found = []
        for training in [True] * times + [False]:
            attempt(layer.train, training)
            leaf = x.clone().requires_grad_()
            y = attempt(layer, leaf)
            if getattr(y, "requires_grad", False):
                attempt(y.backward, dy)
            found.append(leaf.grad)
        return found


def restored(subject: Any, seed: int, inputs: Any) -> list[Any]:
    """Return what a used layer and a new one with its state put out for equal torch seeds."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        used, new = attempt(subject), attempt(subject)
        attempt(used.train)
        attempt(new.train)
        for x in inputs:
            attempt(used, x)
        attempt(new.load_state_dict, attempt(used.state_dict))
        values = []
        for layer in (used, new):
            torch.default_generator.manual_seed(seed + 1)
            values += [attempt(layer, x) for x in inputs]
        return values


def inputs(draw: np.random.Generator, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Draw entries of both signs and of magnitudes from .3 to 3."""
    return (draw.uniform(0.3, 3, shape) * draw.choice([-1, 1], shape)).astype(dtype)


def seed(draw: np.random.Generator) -> int:
    return int(draw.integers(2**31))


def series(ask: Ask, draw: np.random.Generator, x: np.ndarray, times: int = CALLS) -> np.ndarray:
    """Return y - x for many calls in training, one row per call."""
    y = tensor(ask.probe(repeated, seed(draw), Tensor(x), times), (times, *x.shape), name="the outputs in training")
    return (y - x).reshape(times, -1).astype(np.float64)


def is_centered(noise: np.ndarray, x: np.ndarray) -> bool:
    """Tell whether the noise has mean 0 in every entry, and along directions in which many small biases add up.

    RARE is added to the count of each jump, since what happens once in a thousand calls may not have happened yet.
    """
    flat = x.ravel().astype(np.float64)
    directions = np.stack([flat, np.ones_like(flat), np.sign(flat), np.abs(flat)], axis=1) / flat.size
    for values in (noise, noise @ directions):
        jump = np.abs(values).max()
        error = np.sqrt((values.var(axis=0, ddof=1) + RARE * jump**2 / len(values)) / len(values))
        if (np.abs(values.mean(axis=0)) > LIMIT * error + 1e-5 * np.abs(flat).max()).any():
            return False
    return True


def is_fresh(noise: np.ndarray) -> bool:
    """Tell whether calls differ, and the ranks of neighboring calls are uncorrelated."""
    if (noise == noise[0]).all():
        return False
    direction = np.random.default_rng(0).normal(size=noise.shape[1])
    ranks = np.argsort(np.argsort(noise @ direction, kind="stable"), kind="stable").astype(float)
    ranks -= ranks.mean()
    lags = [(ranks[lag:] * ranks[:-lag]).mean() / (ranks**2).mean() for lag in (1, 2, 3)]
    return bool(max(map(abs, lags)) * np.sqrt(len(noise)) < LIMIT)


def is_identity_in_eval(ask: Ask, draw: np.random.Generator) -> None:
    for shape in (*SHAPES, (5,)):
        x = inputs(draw, shape)
        for y in ask.probe(outputs, seed(draw), [Tensor(x)] * 4, [False, True, False, False])[::2]:
            expect(close(tensor(y, shape), x, np.float32), "in eval mode the layer should put out its input")


def many_calls(ask: Ask, draw: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return inputs with the noise of many calls in training."""
    found = []
    for shape in ((16, 24), SHAPES[1]):
        x = inputs(draw, shape)
        found.append((x, series(ask, draw, x)))
    return found


def keeps_mean(ask: Ask, draw: np.random.Generator) -> None:
    for x, noise in ask.once(many_calls):
        expect(
            np.abs(noise).max() <= WILDEST * np.abs(x).max(),
            "the noise is so wild that no number of calls settles its mean: keep factors below 20 or so",
        )
        expect(
            is_centered(noise, x),
            "in training the mean of y over many calls should be x, in every entry: what does your noise do to the mean?",
        )


def keeps_mean_at_all_sizes(ask: Ask, draw: np.random.Generator) -> None:
    for factor in (0.02, 40.0):
        x = inputs(draw, (3, 4)) * np.float32(factor)
        expect(is_centered(series(ask, draw, x), x), "the mean of y should be x for small and for large inputs")


def draws_afresh(ask: Ask, draw: np.random.Generator) -> None:
    for _, noise in ask.once(many_calls):
        expect(noise.any(), "in training there should be noise, but y equals x")
        expect(is_fresh(noise), "every call in training should draw new noise, independent of the calls before")


def passes_gradients(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, dy = inputs(draw, shape), inputs(draw, shape)
        slopes = ask.probe(gradients, seed(draw), Tensor(x), Tensor(dy), 20)
        expect(
            None not in slopes, "no gradient reaches the input: use tensor operations, under no no_grad and no detach"
        )
        *training, still = (tensor(slope, shape, name="the gradient") for slope in slopes)
        expect(any(slope.any() for slope in training), "in training the gradient of the input is zero at every call")
        expect(close(still, dy, np.float32), "in eval mode gradients should pass unchanged")


def restores_from_state(ask: Ask, draw: np.random.Generator) -> None:
    arrays = [inputs(draw, shape) for shape in (*SHAPES, SHAPES[0])]
    values = ask.probe(restored, seed(draw), [Tensor(x) for x in arrays])
    for x, used, new in zip(arrays, values[:3], values[3:], strict=True):
        same = close(tensor(used, x.shape), tensor(new, x.shape), np.float32, float(np.abs(used.array).max()))
        message = (
            "after load_state_dict a new layer should put out what the old one does for the same torch.manual_seed: "
            "draw from torch's own generator, and keep whatever else matters in parameters or buffers"
        )
        expect(same, message)


def takes_any_shape(ask: Ask, draw: np.random.Generator) -> None:
    for shape in ((1,), (7,), (1, 4), (3, 1), (2, 5, 3), (2, 3, 4, 4), (2, 2, 3, 2, 2)):
        for dtype in ("float32", "float64"):
            x = inputs(draw, shape, dtype)
            answer = ask.probe_answer(outputs, seed(draw), [Tensor(x), Tensor(x)], [True, False])
            for y in ask.value(answer):
                tensor(y, shape, dtype)
            expect(answer.untouched, "the input has changed: work on a copy")


def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(1)
    x = inputs(draw, SHAPES[0])
    still = ask.probe(outputs, 1, [Tensor(x)], [False])[0].array
    noise = series(ask, draw, x, 600)
    slopes = ask.probe(gradients, 2, Tensor(x), Tensor(x), 3)
    used, new = (value.array for value in ask.probe(restored, 3, [Tensor(x)]))
    facts = (close(still, x, np.float32), is_centered(noise, x), is_fresh(noise), None not in slopes, close(used, new))
    return [float(fact) for fact in facts]


def make(noisy):
    """Build a layer around what it does in training."""
    from torch import nn

    class NoiseLayer(nn.Module):
        def forward(self, x):
            return noisy(x) if self.training else x

    return NoiseLayer


@Built
def reference():
    import torch

    return make(lambda x: x * (1 + 0.5 * torch.randn_like(x)))


@Built
def active_in_eval():
    import torch
    from torch import nn

    class NoiseLayer(nn.Module):
        def forward(self, x):
            return x * (1 + 0.5 * torch.randn_like(x))

    return NoiseLayer


@Built
def without_scaling():
    import torch

    return make(lambda x: x * (torch.rand_like(x) < 0.7))


@Built
def same_noise_at_every_call():
    import torch

    def noisy(x):
        generator = torch.Generator().manual_seed(0)
        return x * (1 + 0.5 * torch.randn(x.shape, generator=generator, dtype=x.dtype))

    return make(noisy)


@Built
def numpy_noise():
    def noisy(x):
        return x * x.new_tensor(np.random.uniform(0.5, 1.5, x.shape))  # noqa: NPY002 - the mistake

    return make(noisy)


@Built
def without_gradient():
    import torch

    return make(lambda x: x.detach() * (1 + 0.5 * torch.randn_like(x)))


@Built
def drop_path():
    """Whole examples are dropped, and the state remembers how many calls there were."""
    import torch
    from torch import nn

    class NoiseLayer(nn.Module):
        def __init__(self, rate=0.3):
            super().__init__()
            self.rate = rate
            self.register_buffer("calls", torch.zeros((), dtype=torch.long))

        def forward(self, x):
            if not self.training:
                return x
            self.calls += 1
            kept = torch.rand(len(x), dtype=x.dtype) >= self.rate
            return x * kept.reshape(-1, *[1] * (x.ndim - 1)) / (1 - self.rate)

    return NoiseLayer


@Built
def additive_noise_in_proportion():
    import torch
    from torch import nn

    class NoiseLayer(nn.Module):
        def __init__(self):
            super().__init__()
            self.log_scale = nn.Parameter(torch.tensor(-1.0))

        def forward(self, x):
            if self.training:
                spread = x.detach().square().mean().sqrt()
                x = x + spread * self.log_scale.exp().to(x.dtype) * (2 * torch.rand_like(x) - 1)
            return x

    return NoiseLayer


@Built
def strong_dropout():
    from torch import nn

    class NoiseLayer(nn.Dropout):
        def __init__(self):
            super().__init__(0.8)

    return NoiseLayer


@Built
def stochastic_rounding():
    """Round up or down by chance, with the gradient of the identity."""
    import torch

    def noisy(x):
        step = 0.25
        low = torch.floor(x / step)
        rounded = step * (low + (torch.rand_like(x) < x / step - low))
        return x + (rounded - x).detach()

    return make(noisy)


@Built
def lognormal():
    import torch

    return make(lambda x: x * torch.exp(0.5 * torch.randn(x.shape).to(x.dtype) - 0.125))


exercise = Exercise(
    name="NoiseLayer",
    assignment="noise_lab",
    page=PAGE,
    requirements=(
        Requirement("is the identity in eval mode", 2, is_identity_in_eval),
        Requirement("keeps the mean of every entry in training", 2, keeps_mean),
        Requirement("keeps the mean of small and large inputs", 1, keeps_mean_at_all_sizes),
        Requirement("draws fresh noise at every call", 2, draws_afresh),
        Requirement("lets gradients flow", 1, passes_gradients),
        Requirement("puts out the same from a loaded state and equal torch seeds", 1, restores_from_state),
        Requirement("takes any shape, keeps the dtype and leaves its input alone", 1, takes_any_shape),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "active in eval",
            "The noise is still there in eval mode, so predictions are random. Look at self.training.",
            PAGE,
            active_in_eval,
        ),
        Misconception(
            "mean not preserved",
            "In training the mean of y is not x, and in eval mode nothing makes up for it: the next layer was "
            "trained on other "
            "inputs than it meets. Divide by the mean of your factor, or subtract that of your summand.",
            PAGE,
            without_scaling,
        ),
        Misconception(
            "same noise at every call",
            "The noise is drawn once, or from a seed that is set at every call. Then it is no noise but a fixed "
            "change of the "
            "network.",
            PAGE,
            same_noise_at_every_call,
        ),
        Misconception(
            "noise that torch does not seed",
            "The noise comes from another generator than torch's, so that torch.manual_seed does not make a run "
            "repeatable.",
            PAGE,
            numpy_noise,
        ),
        Misconception(
            "no gradient",
            "The input is detached, or the layer works under no_grad, so that nothing below it can be trained.",
            PAGE,
            without_gradient,
        ),
    ),
    variants=(drop_path, additive_noise_in_proportion, strong_dropout, stochastic_rounding, lognormal),
    fingerprint=Fingerprint(measure),
    challenge=True,
)
