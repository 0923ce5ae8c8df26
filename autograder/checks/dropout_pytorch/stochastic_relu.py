"""A stochastic ReLU: `stochastic_relu(x, p_keep, generator=None, training=True)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Question, Tensor, TorchRng, Value
from autograder.checks.beside.calls import successive
from autograder.checks.beside.dropout_pytorch import gradients, unguided
from autograder.checks.beside.ways import GRAPHLESS
from autograder.checks.dropout_pytorch.relus import (
    require,
    stochastic_relu,
    with_clamp_and_bernoulli,
    with_one_product,
    with_where,
)
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import close, expect, refuses, tensor
from autograder.checks.implementation import Built
from autograder.checks.masks import independent_entries, independent_of, keeps_fraction

exercise = Exercise(
    stochastic_relu,
    page="dropout/noise#A stochastic activation that is not scaled",
    onward="The figure after this sets its mean beside that of the proposal; try `p_keep=0.01`, and see how noisy a right mean can be.",
    trap=("scales", "is_relu_at_test"),
    own=Own(("torch.nn.functional.dropout", "torch.nn.Dropout"), (Tensor(np.ones((2, 3), np.float32)), 0.3)),
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
        x = inputs(draw, (1, 15_000))  # one row: whether rows share a mask is another question
        mask = kept(ask(Tensor(x), p_keep, hidden.torch_rng(draw)), x)
        keeps_fraction(mask, 1 - p_keep, at=f"p_keep {p_keep}", of="units with positive x")


@exercise.requires("draws every unit on its own, anew at every call", 1)
def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    for shape in hidden.CALLED_AGAIN:
        x = np.abs(inputs(draw, shape))
        calls = ask.probe(successive, 80, Tensor(x), 0.6, hidden.torch_rng(draw))
        masks = np.stack([tensor(y, shape) != 0 for y in calls])
        independent_entries(masks, 0.4, of="units")
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
        expect(
            close(tensor(dx, x.shape, name="the gradient of x"), dy * tensor(y, x.shape) / x, np.float32, scale=10),
            "the gradient should get the factor that the entry of x got, and 0 where y is 0",
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


@exercise.requires("draws anew at every call without a generator, too", 0.5, after="keeps draws_each_entry")
def draws_without_generator(ask: Ask, draw: np.random.Generator) -> None:
    seed = hidden.seed(draw)
    x = np.abs(inputs(draw, (12, 10)))
    masks = np.stack([tensor(y, x.shape) != 0 for y in ask.probe(unguided, seed, 80, Tensor(x), 0.6)])
    keeps_fraction(masks, 0.4, at="p_keep 0.6", of="units with positive x")
    independent_entries(masks, 0.4, of="units")


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
    again = ask(Tensor(x), 0.3, TorchRng(11)).array != 0
    graphless = ask.value(ask.put(Question(ask.subject, (Tensor(x), 0.3, TorchRng(11)), ways=(GRAPHLESS,)))).array
    shared = [(again[1:] == again[:-1]).mean(), (again[:, 1:] == again[:, :-1]).mean()]
    negative = ask(Tensor(-x), 0.3, TorchRng(11), training=False).array.any()
    facts = [float(((train != 0) == again).all()), (graphless != 0).mean(), *shared, float(negative)]
    return np.nan_to_num([*numbers, *facts], nan=-1).tolist()


@exercise.mistake("no scaling", edit=("< p_keep) / p_keep", "< p_keep)"))
def no_scaling():
    """relu(m x) = m relu(x) has the mean p_keep relu(x), not relu(x): without the division by p_keep the network meets
    larger activations in eval mode than it was trained on."""


@exercise.mistake("p read as drop rate", edit=("require(p_keep)", "require(p_keep)\n        p_keep = 1 - p_keep"))
def read_as_drop_rate():
    """p_keep is the probability of keeping a unit, the opposite of a drop rate. At .5 the two coincide, which hides the
    mistake."""


@exercise.mistake(
    "normal mask",
    edit=("torch.rand(x.shape, generator=generator) < p_keep", "torch.randn(x.shape, generator=generator) < p_keep"),
)
def normal_mask():
    """torch.randn draws normal numbers, which lie below p_keep with another probability than p_keep. torch.rand is uniform
    on [0, 1)."""


@exercise.mistake("normal mask")
@Built
def normal_mask_above_rate():
    import torch

    def stochastic_relu(x, p_keep, generator=None, training=True):
        require(p_keep)
        if not training or p_keep == 0:
            return torch.relu(x) * (0 if training else 1)
        return torch.relu(x) * (torch.randn(x.shape, generator=generator) > 1 - p_keep) / p_keep

    return stochastic_relu


@exercise.mistake("generator ignored", edit=("x.shape, generator=generator", "x.shape"))
def generator_ignored():
    """The mask is drawn from torch's own generator, so that the generator that is passed decides nothing. Pass it on:
    torch.rand(..., generator=generator)."""


@exercise.mistake("one mask for all rows", edit=("torch.rand(x.shape,", "torch.rand(x.shape[-1:],"))
def one_mask_for_all_rows():
    """One row of random numbers is drawn and used for all: a unit is dropped in the whole batch or not at all. Draw one
    number for every entry of x."""


@exercise.mistake("divides by 1 - p_keep", edit=("< p_keep) / p_keep", "< p_keep) / ((1 - p_keep) or 1)"))
def divides_by_what_is_dropped():
    """What is kept is divided by the share that is dropped. The mean is preserved when it is divided by the share that is
    kept, p_keep."""


@exercise.mistake(
    "mode from is_grad_enabled", edit=("if not training:", "if not training or not torch.is_grad_enabled():")
)
def mode_from_gradients():
    """Nothing is dropped while torch records no gradients. Whether it does says nothing of training: Monte Carlo dropout
    drops under torch.no_grad(), too."""


@exercise.mistake("no ReLU", edit=("torch.relu(x)", "x"))
def without_relu():
    """Negative entries are let through. The unit is a ReLU: 0 where x is negative."""


@exercise.mistake("always stochastic", page="pytorch/train-and-eval#One flag on every module", drop="if not training:")
def always_stochastic():
    """Units are dropped when training is false as well, so predictions are random."""


@exercise.mistake("scaled at test", edit=("return y\n", "return y * p_keep\n"))
def scaled_at_test():
    """The mean was already preserved in training by the division by p_keep; scaling relu(x) again when not training
    undoes that."""


exercise.right(with_clamp_and_bernoulli)
exercise.right(with_one_product)
exercise.right(with_where)
