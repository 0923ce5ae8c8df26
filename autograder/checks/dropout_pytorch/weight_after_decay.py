"""What weight decay alone does to a weight: `weight_after_decay(w0, lr, weight_decay, steps)`."""

import math

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import expect, number


def weight_after_decay(w0: float, lr: float, weight_decay: float, steps: int) -> float:
    """Return the weight after steps of SGD with weight decay and zero gradient: w0 (1 - lr weight_decay)^steps."""
    return float(w0 * (1 - lr * weight_decay) ** steps)


exercise = Exercise(
    weight_after_decay,
    page="pytorch/weight-decay#What decay does in one step",
    onward="The figure after this follows five decays with it; try a learning rate times decay of 2: what becomes of the weight after many steps?",
    trap=("vanishes", "overshoots"),
)


def same(value: float, right: float) -> bool:
    """Compare by ratio: the numbers asked for span many powers of ten."""
    return math.isclose(value, right, rel_tol=1e-6, abs_tol=1e-300)


def agrees(ask: Ask, w0: float, lr: float, weight_decay: float, steps: int, message: str) -> None:
    found = number(ask(w0, lr, weight_decay, steps))
    expect(same(found, weight_after_decay(w0, lr, weight_decay, steps)), message)


def own_factor(ask: Ask, decay: float) -> float:
    """Return by what a step multiplies at learning rate 1, if it changes in proportion to decay as for a small one."""
    return 1 + (number(ask(1.0, 1.0, 0.25, 1)) - 1) / 0.25 * decay


@exercise.requires("multiplies by 1 - lr * weight_decay at every step", 1.5)
def shrinks(ask: Ask, draw: np.random.Generator) -> None:
    message = "every step should multiply the weight by 1 - lr * weight_decay"
    for steps in (1, 2, 7, 60):
        lr, weight_decay, w0 = draw.uniform(0.05, 0.3), draw.uniform(0.2, 0.9), draw.uniform(0.5, 4)
        for weight, rate in ((w0, lr), (-w0, lr), (w0, 0.0)):
            agrees(ask, weight, rate, weight_decay, steps, message)


@exercise.requires("is right when almost nothing is left", 1)
def vanishes(ask: Ask, draw: np.random.Generator) -> None:
    """Judged by what the student's function makes of one step."""
    for steps in (900, int(draw.integers(2000, 2500))):
        w0, lr, weight_decay = draw.uniform(0.5, 4), draw.uniform(0.08, 0.12), draw.uniform(0.4, 0.6)
        factor = number(ask(w0, lr, weight_decay, 1)) / w0
        found = number(ask(w0, lr, weight_decay, steps))
        message = "thousands of steps should multiply the weight by the factor of a single step, again and again"
        expect(same(found, w0 * factor**steps), message)


@exercise.requires("multiplies in the same way for lr * weight_decay of 1 and above", 1)
def overshoots(ask: Ask, draw: np.random.Generator) -> None:
    """One step tells the factor. Several are asked where what several steps do is right for a small decay."""
    message = (
        "for lr * weight_decay above 1, too, a step should multiply by 1 - lr * weight_decay, which is negative there"
    )
    repeats = same(number(ask(1.0, 1.0, 0.25, 3)), number(ask(1.0, 1.0, 0.25, 1)) ** 3)
    for low, high in ((1.2, 1.8), (2.2, 3)):
        for steps in (3, 8) if repeats else (1,):
            w0, decay = draw.uniform(0.5, 4), draw.uniform(low, high)
            expect(same(number(ask(w0, 1.0, decay, steps)), w0 * own_factor(ask, decay) ** steps), message)
    w0, message = draw.uniform(0.3, 0.8), "for lr * weight_decay equal to 1 the first step should make the weight 0"
    expect(math.isclose(number(ask(w0, 1.0, 1.0, 1)), w0 * own_factor(ask, 1.0), abs_tol=1e-9), message)


@exercise.requires("handles 0 steps, no decay, and a weight of 0", 1.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    w0, lr, weight_decay = (float(value) for value in draw.uniform(0.3, 0.8, 3))
    for decay in (weight_decay, 1 / lr):
        agrees(ask, w0, lr, decay, 0, "after 0 steps the weight should be w0")
    agrees(ask, w0, lr, 0.0, 40, "without weight decay the weight should stay")
    agrees(ask, 0.0, lr, weight_decay, 5, "a weight of 0 should stay 0")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    cases = ((1.5, 0.1, 0.5, 1), (2.0, 0.1, 0.5, 4), (-1.0, 0.3, 0.8, 3), (0.7, 0.2, 0.4, 10))
    return [float(ask(*case)) for case in cases]


@exercise.mistake("(1 - wd)^steps")
def without_learning_rate(w0, lr, weight_decay, steps):
    """The learning rate is missing: SGD adds weight_decay * w to the gradient, and a step subtracts lr times the
    gradient."""
    return w0 * (1 - weight_decay) ** steps


@exercise.mistake("1 - lr wd steps")
def linear(w0, lr, weight_decay, steps):
    """Each step shrinks what the last one left, so factors multiply; a straight line would go on below zero."""
    return w0 * (1 - lr * weight_decay * steps)


@exercise.mistake("exp(-wd steps)")
def exponential(w0, lr, weight_decay, steps):
    """This is continuous decay at rate 1. A step of SGD multiplies by 1 - lr * weight_decay, which also can be
    negative."""
    return w0 * math.exp(-weight_decay * steps)


@exercise.mistake("exp(-lr wd steps)")
def exponential_with_rate(w0, lr, weight_decay, steps):
    """This is the limit of many small steps. A step of SGD multiplies by 1 - lr * weight_decay, which is smaller, and can
    be negative."""
    return w0 * math.exp(-lr * weight_decay * steps)


@exercise.mistake("one step only")
def one_step(w0, lr, weight_decay, steps):
    """The weight is multiplied once, however many steps there are. Every step multiplies what the last one left."""
    return w0 * (1 - lr * weight_decay) if steps else w0


@exercise.mistake("adds the decay")
def grows(w0, lr, weight_decay, steps):
    """The factor is 1 + lr * weight_decay, so that the weight grows. SGD subtracts lr times the gradient weight_decay * w."""
    return w0 * (1 + lr * weight_decay) ** steps


@exercise.right
def step_by_step(w0, lr, weight_decay, steps):
    w = w0
    for _ in range(steps):
        gradient = 0.0 + weight_decay * w
        w = w - lr * gradient
    return w


@exercise.right
def with_logarithm(w0, lr, weight_decay, steps):
    factor = 1 - lr * weight_decay
    if steps == 0 or factor == 0:
        return float(w0) if steps == 0 else 0.0
    sign = -1 if factor < 0 and steps % 2 else 1
    return w0 * sign * math.exp(steps * math.log(abs(factor)))


@exercise.right
def with_numpy(w0, lr, weight_decay, steps):
    return np.float64(w0) * np.prod(np.full(steps, 1 - lr * weight_decay))


@exercise.right
def by_squaring(w0, lr, weight_decay, steps):
    if steps == 0:
        return w0
    if steps % 2:
        return by_squaring(w0, lr, weight_decay, steps - 1) * (1 - lr * weight_decay)
    half = by_squaring(1.0, lr, weight_decay, steps // 2)
    return w0 * half * half
