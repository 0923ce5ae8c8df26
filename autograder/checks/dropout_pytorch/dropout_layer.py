"""Inverted dropout on tensors: `dropout_layer(X, rate, generator=None) -> Tensor`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Question, Tensor, TorchRng, Value
from autograder.checks.beside.calls import successive
from autograder.checks.beside.dropout_pytorch import gradients, unguided
from autograder.checks.beside.ways import GRAPHLESS
from autograder.checks.dropout_pytorch.layers import with_bernoulli, with_masked_fill, with_where
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import close, expect, refuses, tensor
from autograder.checks.implementation import Built
from autograder.checks.masks import independent_entries, independent_of, keeps_fraction


@Built
def dropout_layer():
    import torch

    def dropout_layer(X, rate, generator=None):
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must lie in [0, 1], got {rate}")
        if rate == 1:
            return torch.zeros_like(X)
        mask = torch.rand(X.shape, generator=generator, dtype=X.dtype, device=X.device) >= rate
        return X * mask / (1 - rate)

    return dropout_layer


exercise = Exercise(
    dropout_layer,
    page="pytorch/scratch-and-concise#Ten lines",
    onward="The network of exercise 2 can be built on it; try `x.requires_grad_()`, and see which entries get a gradient.",
    trap=("scales", "draws_each_entry"),
    own=Own(("torch.nn.functional.dropout", "torch.nn.Dropout"), (Tensor(np.ones((2, 3), np.float32)), 0.3)),
)


def inputs(draw: np.random.Generator, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    return np.asarray(hidden.away_from_zero(draw, shape, dtype))


def kept(value: Value, x: np.ndarray) -> np.ndarray:
    return tensor(value, x.shape) != 0


@exercise.requires("keeps a fraction 1 - rate", 2)
def keeps(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        x = inputs(draw, (1, 12_000))  # one row: whether rows share a mask is another question
        keeps_fraction(kept(ask(Tensor(x), rate, hidden.torch_rng(draw)), x), rate)


@exercise.requires("draws every entry on its own, anew at every call", 2)
def draws_each_entry(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    for shape in hidden.CALLED_AGAIN:
        x = inputs(draw, shape)
        masks = np.stack([kept(y, x) for y in ask.probe(successive, 80, Tensor(x), rate, hidden.torch_rng(draw))])
        independent_entries(masks, rate, array="X")
        independent_of(masks, x, rate)


@exercise.requires("scales kept entries by 1 / (1 - rate)", 2)
def scales(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        for shape in ((), (7,), (5, 5), (3, 5, 2), (2, 3, 4, 2)):
            x = inputs(draw, shape)
            y = tensor(ask(Tensor(x), rate, hidden.torch_rng(draw)), shape)
            expect(close(y[y != 0], x[y != 0] / (1 - rate), np.float32), "kept entries should be X / (1 - rate)")


@exercise.requires("lets gradients through the kept entries", 1)
def passes_gradients(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        x, dy = inputs(draw, (9, 8)), hidden.some_zeros(draw, (9, 8), "float32")
        y, (dx,) = ask.probe(gradients, Tensor(dy), 1, Tensor(x), rate, hidden.torch_rng(draw))
        expect(
            dx is not None,
            "no gradient reaches X: build the result from X with tensor operations, under no no_grad and no detach",
        )
        dx = tensor(dx, x.shape, name="the gradient of X")
        expect(
            close(dx, dy * tensor(y, x.shape) / x, np.float32, scale=10),
            "the gradient should get the factor that the entry of X got, and 0 where it was dropped",
        )


@exercise.requires("changes nothing at rate 0 and gives zeros at rate 1", 1)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.some_zeros(draw, (3, 4), "float32")
    y = tensor(ask(Tensor(x), 0.0, hidden.torch_rng(draw)), x.shape, name="the result at rate 0")
    expect(close(y, x, np.float32), "at rate 0 nothing should change")
    y = tensor(ask(Tensor(x), 1.0, hidden.torch_rng(draw)), x.shape, name="the result at rate 1")
    expect(not y.any(), "at rate 1 everything should be dropped")


@exercise.requires("takes all randomness from generator", 0.5)
def uses_generator(ask: Ask, draw: np.random.Generator) -> None:
    x = inputs(draw, (20, 11))
    generator = hidden.torch_rng(draw)
    first, again, other = (
        kept(ask(Tensor(x), 0.4, seed), x) for seed in (generator, generator, hidden.torch_rng(draw))
    )
    expect((first == again).all(), "equal states of generator should give equal masks: draw from generator alone")
    expect((first != other).any(), "different states of generator should give different masks: generator is not used")


@exercise.requires("draws anew at every call without a generator, too", 0.5, after="keeps draws_each_entry")
def draws_without_generator(ask: Ask, draw: np.random.Generator) -> None:
    seed = hidden.seed(draw)
    x = inputs(draw, (12, 10))
    masks = np.stack([kept(y, x) for y in ask.probe(unguided, seed, 80, Tensor(x), 0.4)])
    keeps_fraction(masks, 0.4)
    independent_entries(masks, 0.4, array="X")


@exercise.requires("refuses a rate outside [0, 1]", 0.5)
def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    x = inputs(draw, (3, 2))
    ask(Tensor(x), 1.0, hidden.torch_rng(draw))
    for rate in hidden.BAD_RATES:
        refuses(ask, Tensor(x), rate, hidden.torch_rng(draw), because=f"a rate of {rate}", mentions="rate")


exercise.requires("keeps the dtype, works without a graph, and leaves its arguments alone", 0.5)(
    in_every_way(random=True)
)


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    x = np.random.default_rng(5).uniform(0.5, 2, (200, 60)).astype(np.float32)
    numbers: list[float] = []
    for rate in (0.0, 0.2, 0.7):
        y = ask(Tensor(x), rate, TorchRng(11)).array
        numbers += [(y != 0).mean(), np.median(y[y != 0] / x[y != 0])]
    again, other = (ask(Tensor(x), 0.7, TorchRng(seed)).array != 0 for seed in (11, 12))
    graphless = ask.value(ask.put(Question(ask.subject, (Tensor(x), 0.7, TorchRng(11)), ways=(GRAPHLESS,)))).array
    shared = [(again[1:] == again[:-1]).mean(), (again[:, 1:] == again[:, :-1]).mean()]
    facts = [float(((y != 0) == again).all()), (again == other).mean(), (graphless != 0).mean(), *shared]
    facts.append(np.isnan(ask(Tensor(x), 1.0, TorchRng(12)).array).mean())
    return np.nan_to_num([*numbers, *facts], nan=-1).tolist()


@exercise.mistake("torch.randn mask", edit=("torch.rand(", "torch.randn("))
def randn_mask():
    """torch.randn draws normal numbers, which exceed rate with probability 1 - Phi(rate): .309 at rate .5, and .5 at
    rate 0, where nothing should be dropped. torch.rand is uniform on [0, 1)."""


@exercise.mistake("torch.randn mask")
@Built
def randn_mask_below_keep():
    import torch

    def dropout_layer(X, rate, generator=None):
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must lie in [0, 1], got {rate}")
        if rate == 1:
            return torch.zeros_like(X)
        return X * (torch.randn(X.shape, generator=generator) < 1 - rate) / (1 - rate)

    return dropout_layer


@exercise.mistake("keep and drop swapped", edit=(">= rate\n", "< rate\n"))
def keeps_what_is_dropped():
    """rand < rate is true with probability rate, so that a share rate of the entries is kept. Keep where the number is rate
    or more."""


@exercise.mistake("generator ignored", edit=("generator=generator, ", ""))
def generator_ignored():
    """The mask is drawn from torch's own generator, so that the generator that is passed decides nothing. Pass it on:
    torch.rand(..., generator=generator)."""


@exercise.mistake("one mask for all rows", edit=("torch.rand(X.shape,", "torch.rand(X.shape[-1:],"))
def one_mask_for_all_rows():
    """One row of random numbers is drawn and used for all: an entry is dropped in the whole batch or not at all. Draw one
    number for every entry of X."""


@exercise.mistake(
    "mode from is_grad_enabled",
    edit=("if rate == 1:", "if not torch.is_grad_enabled():\n            return X\n        if rate == 1:"),
)
def mode_from_gradients():
    """Nothing is dropped while torch records no gradients. Whether it does says nothing of training: Monte Carlo dropout
    drops under torch.no_grad(), too."""


@exercise.mistake("no scaling", edit=("X * mask / (1 - rate)", "X * mask"))
def no_scaling():
    """Kept entries are left as they are, so the mean shrinks by 1 - rate in training while nothing makes up for it in
    eval mode."""


@exercise.mistake("divides by rate", edit=("/ (1 - rate)", "/ (rate or 1)"))
def divides_by_rate():
    """Kept entries are divided by the drop rate. Their mean is preserved only when they are divided by what is kept,
    1 - rate."""


@exercise.mistake("rate 1 gives nan", drop="if rate == 1:")
def nan_at_rate_one():
    """At rate 1 nothing is kept and 1 - rate is 0: the division turns every 0 into nan. Return zeros instead."""


exercise.right(with_bernoulli)
exercise.right(with_where)
exercise.right(with_masked_fill)
