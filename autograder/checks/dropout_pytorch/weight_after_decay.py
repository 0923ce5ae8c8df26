"""What weight decay alone does to a weight: `weight_after_decay(w0, lr, weight_decay, steps)`."""

import math

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import expect, number

PAGE = "pytorch/weight-decay"


def weight_after_decay(w0: float, lr: float, weight_decay: float, steps: int) -> float:
    """Return the weight after steps of SGD with weight decay and zero gradient: w0 (1 - lr weight_decay)^steps."""
    return float(w0 * (1 - lr * weight_decay) ** steps)


def agrees(ask: Ask, w0: float, lr: float, weight_decay: float, steps: int, message: str) -> None:
    """Compare by ratio: the numbers asked for span many powers of ten."""
    right = weight_after_decay(w0, lr, weight_decay, steps)
    expect(math.isclose(number(ask(w0, lr, weight_decay, steps)), right, rel_tol=1e-6, abs_tol=1e-300), message)


def shrinks(ask: Ask, draw: np.random.Generator) -> None:
    for steps in (1, 2, 7, 60):
        lr, weight_decay, w0 = draw.uniform(0.05, 0.3), draw.uniform(0.2, 0.9), draw.uniform(0.5, 4)
        message = "every step should multiply the weight by 1 - lr * weight_decay"
        agrees(ask, w0, lr, weight_decay, steps, message)
        agrees(ask, -w0, lr, weight_decay, steps, message)


def vanishes(ask: Ask, draw: np.random.Generator) -> None:
    for steps in (900, int(draw.integers(2000, 2500))):
        w0, lr, weight_decay = draw.uniform(0.5, 4), draw.uniform(0.08, 0.12), draw.uniform(0.4, 0.6)
        agrees(
            ask,
            w0,
            lr,
            weight_decay,
            steps,
            "after thousands of steps the weight should be tiny, and right relative to its own size",
        )


def overshoots(ask: Ask, draw: np.random.Generator) -> None:
    for low, high in ((1.2, 1.8), (2.2, 3)):
        for steps in (3, 8):
            lr = draw.uniform(0.5, 2)
            agrees(
                ask,
                draw.uniform(0.5, 4),
                lr,
                draw.uniform(low, high) / lr,
                steps,
                "for lr * weight_decay above 1 the weight should change its sign at every step",
            )


def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    w0, lr, weight_decay = (float(value) for value in draw.uniform(0.3, 0.8, 3))
    agrees(ask, w0, lr, weight_decay, 0, "after 0 steps the weight should be w0")
    agrees(ask, w0, lr, 0.0, 40, "without weight decay the weight should stay")
    agrees(ask, w0, 0.0, weight_decay, 40, "at learning rate 0 the weight should stay")
    agrees(ask, w0, 0.5, 2.0, 3, "for lr * weight_decay equal to 1 the first step should make the weight 0")
    agrees(ask, w0, 0.5, 2.0, 0, "after 0 steps the weight should be w0")
    agrees(ask, 0.0, lr, weight_decay, 5, "a weight of 0 should stay 0")


def measure(ask: Ask) -> list[float]:
    cases = ((1.5, 0.1, 0.5, 1), (2.0, 0.1, 0.5, 4), (-1.0, 0.3, 0.8, 3), (0.7, 0.2, 0.4, 10))
    return [float(ask(*case)) for case in cases]


def without_learning_rate(w0, lr, weight_decay, steps):
    return w0 * (1 - weight_decay) ** steps


def linear(w0, lr, weight_decay, steps):
    return w0 * (1 - lr * weight_decay * steps)


def exponential(w0, lr, weight_decay, steps):
    return w0 * math.exp(-weight_decay * steps)


def step_by_step(w0, lr, weight_decay, steps):
    w = w0
    for _ in range(steps):
        gradient = 0.0 + weight_decay * w
        w = w - lr * gradient
    return w


def with_logarithm(w0, lr, weight_decay, steps):
    factor = 1 - lr * weight_decay
    if steps == 0 or factor == 0:
        return float(w0) if steps == 0 else 0.0
    sign = -1 if factor < 0 and steps % 2 else 1
    return w0 * sign * math.exp(steps * math.log(abs(factor)))


def with_numpy(w0, lr, weight_decay, steps):
    return np.float64(w0) * np.prod(np.full(steps, 1 - lr * weight_decay))


def by_squaring(w0, lr, weight_decay, steps):
    if steps == 0:
        return w0
    if steps % 2:
        return by_squaring(w0, lr, weight_decay, steps - 1) * (1 - lr * weight_decay)
    half = by_squaring(1.0, lr, weight_decay, steps // 2)
    return w0 * half * half


exercise = Exercise(
    name="weight_after_decay",
    assignment="dropout_pytorch",
    page=PAGE,
    requirements=(
        Requirement("multiplies by 1 - lr * weight_decay at every step", 2, shrinks),
        Requirement("is right when almost nothing is left", 1, vanishes),
        Requirement("changes the sign for lr * weight_decay above 1", 1, overshoots),
        Requirement("handles 0 steps, no decay, and a factor of 0", 1, handles_extremes),
    ),
    reference=weight_after_decay,
    misconceptions=(
        Misconception(
            "(1 - wd)^steps",
            "The learning rate is missing: SGD adds weight_decay * w to the gradient, and a step subtracts lr times "
            "the gradient.",
            PAGE,
            without_learning_rate,
        ),
        Misconception(
            "1 - lr wd steps",
            "Each step shrinks what the last one left, so factors multiply; a straight line would go on below zero.",
            PAGE,
            linear,
        ),
        Misconception(
            "exp(-wd steps)",
            "This is continuous decay at rate 1. A step of SGD multiplies by 1 - lr * weight_decay, which also can be "
            "negative.",
            PAGE,
            exponential,
        ),
    ),
    variants=(step_by_step, with_logarithm, with_numpy, by_squaring),
    fingerprint=Fingerprint(measure),
)
