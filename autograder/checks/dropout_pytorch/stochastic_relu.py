"""A stochastic ReLU: `stochastic_relu(x, p_keep, generator=None, training=True)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Tensor, TorchRng, Value
from autograder.checks.beside.calls import successive
from autograder.checks.beside.dropout_pytorch import gradients, unguided
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, refuses, tensor
from autograder.checks.implementation import Built
from autograder.checks.masks import independent_entries, independent_of, keeps_fraction


def require(p_keep):
    if not 0 <= p_keep <= 1:
        raise ValueError(f"p_keep must lie in [0, 1], got {p_keep}")


@Built
def stochastic_relu():
    import torch

    def stochastic_relu(x, p_keep, generator=None, training=True):
        require(p_keep)
        y = torch.relu(x)
        if not training:
            return y
        if p_keep == 0:
            return y * 0
        return y * (torch.rand(x.shape, generator=generator) < p_keep) / p_keep

    return stochastic_relu


exercise = Exercise(
    stochastic_relu,
    page="dropout/noise#a-stochastic-activation-does-not-need-to-be-scaled",
    onward="Try to write its mean as a function of the input, and compare it with the output in eval mode.",
)

KEEPS = (0.85, 0.6, 0.25)


def inputs(draw: np.random.Generator, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    return np.asarray(hidden.away_from_zero(draw, shape, dtype))


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def kept(value: Value, x: np.ndarray) -> np.ndarray:
    """Return the mask as far as it can be seen, at entries of x that are positive."""
    return (tensor(value, x.shape) != 0)[x > 0]


@exercise.requires("keeps a fraction p_keep of the active units in training", 2)
def keeps(ask: Ask, draw: np.random.Generator) -> None:
    for p_keep in KEEPS:
        x = inputs(draw, (1, 15_000))
        keeps_fraction(kept(ask(Tensor(x), p_keep, hidden.torch_rng(draw)), x), 1 - p_keep)


@exercise.requires("draws every unit on its own, anew at every call", 1)
def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    for shape in hidden.CALLED_AGAIN:
        x = np.abs(inputs(draw, shape))
        calls = ask.probe(successive, 80, Tensor(x), 0.6, hidden.torch_rng(draw))
        masks = np.stack([tensor(y, shape) != 0 for y in calls])
        independent_entries(masks, 0.4)
        independent_of(masks, x, 0.4)


@exercise.requires("scales what is kept by 1 / p_keep", 2)
def scales(ask: Ask, draw: np.random.Generator) -> None:
    for p_keep in KEEPS:
        for shape in ((), (7,), (5, 5), (3, 5, 2), (2, 3, 4, 2)):
            x = np.asarray(20 * inputs(draw, shape))
            y = tensor(ask(Tensor(x), p_keep, hidden.torch_rng(draw)), shape)
            expect(not y[x < 0].any(), "where x is negative, the result should be 0")
            expect(
                close(y[y != 0], x[y != 0] / p_keep, np.float32), "in training, what is kept should be relu(x) / p_keep"
            )


@exercise.requires("is relu(x) when not training", 2)
def is_relu_at_test(ask: Ask, draw: np.random.Generator) -> None:
    for p_keep in (0.0, *KEEPS, 1.0):
        x = 20 * hidden.some_zeros(draw, (9, 8), "float32")
        y = tensor(ask(Tensor(x), p_keep, hidden.torch_rng(draw), training=False), x.shape)
        expect(
            close(y, relu(x), np.float32),
            "with training=False the result should be relu(x): nothing dropped, nothing scaled",
        )


@exercise.requires("is relu(x) at p_keep 1 and zero at p_keep 0", 0.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = inputs(draw, (3, 4))
    y = tensor(ask(Tensor(x), 1.0, hidden.torch_rng(draw)), x.shape, name="the result at p_keep 1")
    expect(close(y, relu(x), np.float32), "at p_keep 1 the result should be relu(x)")
    y = tensor(ask(Tensor(x), 0.0, hidden.torch_rng(draw)), x.shape, name="the result at p_keep 0")
    expect(not y.any(), "at p_keep 0 everything should be dropped")


@exercise.requires("lets gradients through the kept units", 0.5)
def passes_gradients(ask: Ask, draw: np.random.Generator) -> None:
    for training in (True, False):
        x, dy = inputs(draw, (9, 8)), inputs(draw, (9, 8))
        y, (dx,) = ask.probe(gradients, Tensor(dy), 1, Tensor(x), 0.6, hidden.torch_rng(draw), training=training)
        expect(
            dx is not None,
            "no gradient reaches x: build the result from x with tensor operations, under no no_grad and no detach",
        )
        mask = tensor(y, x.shape) != 0
        factor = mask / 0.6 if training else mask
        expect(
            close(tensor(dx, x.shape, name="the gradient of x"), dy * factor, np.float32),
            "the gradient should be scaled as the entry was, and 0 where it was dropped or negative",
        )


@exercise.requires("takes all randomness from generator", 0.5)
def uses_generator(ask: Ask, draw: np.random.Generator) -> None:
    x = np.abs(inputs(draw, (20, 11)))
    generator = hidden.torch_rng(draw)
    first, again, other = (
        kept(ask(Tensor(x), 0.6, seed), x) for seed in (generator, generator, hidden.torch_rng(draw))
    )
    expect((first == again).all(), "equal states of generator should give equal masks: draw from generator alone")
    expect((first != other).any(), "different states of generator should give different masks: generator is not used")


@exercise.requires("draws anew at every call without a generator, too", 0.5)
def draws_without_generator(ask: Ask, draw: np.random.Generator) -> None:
    seed = hidden.seed(draw)
    x = np.abs(inputs(draw, (12, 10)))
    masks = np.stack([tensor(y, x.shape) != 0 for y in ask.probe(unguided, seed, 80, Tensor(x), 0.6)])
    keeps_fraction(masks, 0.4)
    independent_entries(masks, 0.4)


@exercise.requires("refuses a p_keep outside [0, 1]", 0.5)
def refuses_bad_probabilities(ask: Ask, draw: np.random.Generator) -> None:
    x = inputs(draw, (3, 2))
    ask(Tensor(x), 0.6, hidden.torch_rng(draw))
    for p_keep in hidden.BAD_RATES:
        for training in (True, False):
            because = f"a p_keep of {p_keep}"
            refuses(
                ask, Tensor(x), p_keep, hidden.torch_rng(draw), training=training, because=because, mentions="p_keep"
            )


exercise.requires("keeps the dtype, works without a graph, and leaves its arguments alone", 0.5)(
    in_every_way(random=True)
)


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    x = np.random.default_rng(5).uniform(0.5, 2, (200, 60)).astype(np.float32)
    numbers: list[float] = []
    for p_keep in (0.8, 0.3):
        train, test = (ask(Tensor(x), p_keep, TorchRng(11), training=training).array for training in (True, False))
        numbers += [(train != 0).mean(), np.median((train / x)[train != 0])]
        numbers += [(test != 0).mean(), float(abs(np.median((test / x)[test != 0]) - 1) > 0.01)]
    return numbers


@exercise.mistake("no scaling", edit=("< p_keep) / p_keep", "< p_keep)"))
def no_scaling():
    """relu(m x) = m relu(x) has the mean p_keep relu(x), not relu(x): without the division by p_keep the network meets
    larger activations in eval mode than it was trained on."""


@exercise.mistake("p read as drop rate", edit=("require(p_keep)", "require(p_keep)\n        p_keep = 1 - p_keep"))
def read_as_drop_rate():
    """p_keep is the probability of keeping a unit, the opposite of a drop rate. At .5 the two coincide, which hides the
    mistake."""


@exercise.mistake("always stochastic", page="pytorch/train-and-eval#one-flag-on-every-module", drop="if not training:")
def always_stochastic():
    """Units are dropped when training is false as well, so predictions are random."""


@exercise.mistake("scaled at test", edit=("return y\n", "return y * p_keep\n"))
def scaled_at_test():
    """The mean was already preserved in training by the division by p_keep; scaling relu(x) again when not training
    undoes that."""


@exercise.right
@Built
def with_clamp_and_bernoulli():
    import torch

    def stochastic_relu(x, p_keep, generator=None, training=True):
        if p_keep < 0 or p_keep > 1:
            raise ValueError("p_keep is no probability")
        if training:
            mask = torch.bernoulli(torch.full_like(x, p_keep), generator=generator)
            x = x * mask / max(p_keep, 1e-20)
        return x.clamp(min=0)

    return stochastic_relu


@exercise.right
@Built
def with_one_product():
    import torch

    def stochastic_relu(x, p_keep, generator=None, training=True):
        if p_keep > 1 or p_keep < 0:
            raise ValueError("p_keep out of range")
        factor = (x > 0).to(x.dtype)
        if training:
            factor[torch.rand(x.shape, generator=generator, dtype=torch.float64) >= p_keep] = 0
            factor = factor / p_keep if p_keep > 0 else factor
        return x * factor

    return stochastic_relu


@exercise.right
@Built
def with_where():
    import torch

    def stochastic_relu(x, p_keep, generator=None, training=True):
        if not (p_keep >= 0 and p_keep <= 1):
            raise ValueError("p_keep")
        on = x > 0
        if training:
            on = on & (torch.empty(x.shape).uniform_(generator=generator) < p_keep)
        return torch.where(on, x / p_keep if training and p_keep else x, torch.zeros_like(x))

    return stochastic_relu
