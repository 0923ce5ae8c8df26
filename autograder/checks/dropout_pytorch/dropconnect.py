"""DropConnect: `dropconnect(x, W, b, rate, generator=None, training=True)`."""

import math

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Tensor, TorchRng
from autograder.checks.beside.calls import successive
from autograder.checks.beside.dropout_pytorch import gradients, unguided
from autograder.checks.dropout_pytorch.connections import (
    dropconnect,
    require,
    with_a_loop,
    with_batched_matmul,
    with_products,
)
from autograder.checks.dropout_pytorch.weight_masks import coded, inputs, masks_of, outputs_of, read, sent
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, refuses, tensor
from autograder.checks.implementation import Built
from autograder.checks.masks import believable, independent_entries, keeps_fraction, own_rate

exercise = Exercise(
    dropconnect,
    page="dropout/noise#DropConnect at test time: mean weights are too low",
    onward="The figure after this sets its noise beside that of dropout; try an input of one single entry: how does its output differ from that of dropout?",
    trap=("draws_for_each_example", "draws_each_weight"),
)


@exercise.requires("is x W'^T + b with every weight of W' either 0 or scaled by 1 / (1 - rate)", 2)
def multiplies(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        for n, fan_in, fan_out in ((1, 5, 3), (6, 7, 2), (5, 4, 4)):
            arrays, unit = coded(draw, n, fan_in, fan_out)
            seen = read(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate)
            if seen.masks.any():
                expect(math.isclose(seen.factor, 1 / (1 - rate)), "kept weights should be W / (1 - rate)")
            expect(seen.biased, "in training the bias should be added to every output, whole")


@exercise.requires("keeps a fraction 1 - rate of the weights", 1, after="multiplies")
def keeps(ask: Ask, draw: np.random.Generator) -> None:
    """One weight of each example and output on the diagonal: what examples, outputs and inputs share is not asked here."""
    for rate in hidden.RATES:
        arrays, unit = coded(draw, 500, 1, 500)
        masks = masks_of(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate)
        keeps_fraction(masks[..., 0].diagonal(), rate, of="weights")


@exercise.requires("draws a mask for every example", 2.5, after="multiplies")
def draws_for_each_example(ask: Ask, draw: np.random.Generator) -> None:
    """A single weight: whether weights share what is dropped is another question."""
    (arrays, unit), rate = coded(draw, 1500, 1, 1), 0.4
    masks = masks_of(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate)
    own = own_rate(masks, rate) if 0 < masks.mean() < 1 else 0.0
    message = "every example of the batch should get a mask of W of its own"
    expect(own > 0, message)
    for first, second in ((masks[::2], masks[1::2]), (masks[:750], masks[750:][::-1])):
        expect(believable(first == second, own**2 + (1 - own) ** 2), message)


@exercise.requires("draws every weight on its own, anew at every call", 1, after="multiplies")
def draws_each_weight(ask: Ask, draw: np.random.Generator) -> None:
    """A single example: whether examples share a mask is another question."""
    (arrays, unit), rate = coded(draw, 1, 9, 10), 0.4
    calls = ask.probe(successive, 100, *sent(arrays), rate, hidden.torch_rng(draw))
    masks = np.stack([masks_of(y, arrays, unit, rate)[0] for y in calls])
    own = own_rate(masks, rate)
    shared = "every weight should be dropped on its own, but whole {0} of W share their fate: that is dropout of {1}"
    for first, second, message in (
        (masks[:, ::2], masks[:, 1::2], shared.format("columns", "x")),
        (masks[..., :8:2], masks[..., 1::2], shared.format("rows", "the outputs")),
    ):
        expect(believable(first == second, own**2 + (1 - own) ** 2), message)
    independent_entries(masks, rate, of="weights", array="W")


@exercise.requires("is the mean, x W^T + b, when not training", 0.5)
def is_linear_at_test(ask: Ask, draw: np.random.Generator) -> None:
    for rate in (0.0, *hidden.RATES, 1.0):
        arrays = x, W, b = inputs(draw, 6, 5, 4, "float64")
        x[::2, 1:], W[1, :2], b[0] = 0, 0, 0
        y = outputs_of(ask(*sent(arrays), rate, hidden.torch_rng(draw), training=False), arrays)
        message = "with training=False the result should be the mean over masks, x W^T + b"
        expect(close(y, x @ W.T + b, scale=10), message)


@exercise.requires("is x W^T + b at rate 0 and the bias at rate 1", 0.5)
def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    arrays = x, W, b = inputs(draw, 2, 4, 3, "float64")
    y = outputs_of(ask(*sent(arrays), 0.0, hidden.torch_rng(draw)), arrays)
    expect(close(y, x @ W.T + b, scale=10), "at rate 0 the result should be x W^T + b")
    y = outputs_of(ask(*sent(arrays), 1.0, hidden.torch_rng(draw)), arrays)
    expect(close(y, np.tile(b, (2, 1))), "at rate 1 every weight is dropped, so that the bias remains")


@exercise.requires("lets gradients through to x, W and b", 0.5, after="multiplies")
def passes_gradients(ask: Ask, draw: np.random.Generator) -> None:
    (arrays, unit), rate = coded(draw, 5, 4, 3), 0.4
    x, W, _ = arrays
    dy = hidden.away_from_zero(draw, (5, 3))
    y, slopes = ask.probe(gradients, Tensor(dy), 3, *sent(arrays), rate, hidden.torch_rng(draw))
    seen = read(y, arrays, unit, rate)
    weighted = dy[:, :, None] * seen.masks * seen.factor
    expected = (np.einsum("noi,oi->ni", weighted, W), np.einsum("noi,ni->oi", weighted, x), dy.sum(axis=0))
    for name, slope, right in zip(("x", "W", "b"), slopes, expected, strict=True):
        expect(slope is not None, f"no gradient reaches {name}: use tensor operations, under no no_grad and no detach")
        gradient = tensor(slope, right.shape, name=f"the gradient of {name}")
        message = f"the gradient of {name} should flow through the kept weights alone, scaled as they were"
        expect(close(gradient, right, scale=10), message)


@exercise.requires("takes all randomness from generator", 0.5)
def uses_generator(ask: Ask, draw: np.random.Generator) -> None:
    arrays, generator = inputs(draw, 6, 5, 4), hidden.torch_rng(draw)
    seeds = (generator, generator, hidden.torch_rng(draw))
    first, again, other = (outputs_of(ask(*sent(arrays), 0.4, seed), arrays) for seed in seeds)
    message = "equal states of generator should give equal results: draw from generator alone"
    expect(close(first, again, np.float32), message)
    message = "different states of generator should give different masks: generator is not used"
    expect(not close(first, other, np.float32), message)


@exercise.requires("draws anew at every call without a generator, too", 0.5, after="multiplies keeps draws_each_weight")
def draws_without_generator(ask: Ask, draw: np.random.Generator) -> None:
    arrays, unit = coded(draw, 1, 9, 10)
    calls = ask.probe(unguided, hidden.seed(draw), 60, *sent(arrays), 0.4)
    masks = np.stack([masks_of(y, arrays, unit, 0.4)[0] for y in calls])
    keeps_fraction(masks, 0.4, of="weights")
    independent_entries(masks, 0.4, of="weights", array="W")


@exercise.requires("refuses a rate outside [0, 1] and wrong shapes", 0.5)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    x, W, b = inputs(draw, 3, 5, 4)
    for training in (True, False):
        ask(*sent((x, W, b)), 0.4, hidden.torch_rng(draw), training=training)
        for rate in hidden.BAD_RATES:
            generator, because = hidden.torch_rng(draw), f"a rate of {rate}"
            refuses(ask, *sent((x, W, b)), rate, generator, training=training, because=because, mentions="rate")
        wrong = [(x, weights, b) for weights in (W.T.copy(), W[:, :1], W[0], W[None])]
        for arrays in (*wrong, (x[0], W, b), (x, W, b[:1]), (x, W, b[:3])):
            generator = hidden.torch_rng(draw)
            because = f"x, W and b of shapes {', '.join(str(array.shape) for array in arrays)}"
            refuses(ask, *sent(arrays), 0.4, generator, training=training, because=because, mentions="x W b")


exercise.requires("keeps the dtype, works without a graph, and leaves its arguments alone", 0.5)(
    in_every_way(random=True)
)


@exercise.measures(tolerance=0.03)
def measure(ask: Ask) -> list[float]:
    numbers: list[float] = []
    for rate in (0.2, 0.7):
        (x, W, b), unit = coded(np.random.default_rng(4), 120, 4, 200)
        b = b + 0.37
        train, test = (ask(*sent((x, W, b)), rate, TorchRng(3), training=mode).array for mode in (True, False))
        code = (train - b) / unit
        biased = np.abs(code * (1 - rate) % 1)
        numbers += [(np.minimum(biased, 1 - biased) < 1e-3).mean(), code.mean() / 15, code.std() / 15]
        numbers += [np.isclose(code[1:], code[:-1]).mean(), np.isclose(code[:, 1:], code[:, :-1]).mean()]
        again = ask(*sent((x, W, b)), rate, TorchRng(3)).array
        numbers += [
            ((test - b) / unit).mean() / 15,
            np.isclose((test - b) / unit, 15).mean(),
            float((train == again).all()),
            float((test == ask(*sent((x, W, b)), rate, TorchRng(5), training=False).array).all()),
        ]
    return np.nan_to_num(numbers, nan=-1).tolist()


@exercise.mistake("one mask per batch", edit=("(len(x), *W.shape)", "(1, *W.shape)"))
def one_mask_per_batch():
    """One masked W serves all examples, so that their noise is the same and does not average out."""


@exercise.mistake("drops the bias", edit=("scale, x) + b", "scale, x)"))
def leaves_out_the_bias():
    """The bias is left out, or dropped like a weight, in training. DropConnect drops weights between units; the bias
    stays, also at rate 1."""


@exercise.mistake("no scaling", edit=("masks * W * scale", "masks * W"))
def no_scaling():
    """Kept weights are left as they are, so that training sees 1 - rate of the sums that test time sees."""


@exercise.mistake("masks x, one column of W at a time", edit=("(len(x), *W.shape)", "(len(x), 1, x.shape[1])"))
def masks_x():
    """A dropped entry of x takes a whole column of W with it: that is dropout of the inputs. DropConnect drops every
    weight on its own."""


@exercise.mistake("drops whole outputs")
@Built
def drops_whole_outputs():
    """Outputs are dropped, or all of an example's outputs, and no single weight: that is dropout, or stochastic depth, of
    what the layer puts out. DropConnect draws a mask for the entries of W."""
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        require(x, W, b, rate)
        if not training:
            return x @ W.T + b
        kept = torch.rand((len(x), len(W)), generator=generator) >= rate
        return x @ W.T * kept * (1 / (1 - rate) if rate < 1 else 0.0) + b

    return dropconnect


@exercise.mistake("drops whole outputs")
@Built
def drops_whole_outputs_and_their_bias():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        require(x, W, b, rate)
        if not training:
            return x @ W.T + b
        kept = torch.rand((len(x), 1), generator=generator) >= rate
        return (x @ W.T + b) * kept * (1 / (1 - rate) if rate < 1 else 0.0)

    return dropconnect


@exercise.mistake("generator ignored", edit=("W.shape), generator=generator", "W.shape)"))
def generator_ignored():
    """The masks are drawn from torch's own generator, so that the generator that is passed decides nothing. Pass it on:
    torch.rand(..., generator=generator)."""


@exercise.mistake("normal mask", edit=("torch.rand(", "torch.randn("))
def normal_mask():
    """torch.randn draws normal numbers, which exceed rate with another probability than 1 - rate. torch.rand is uniform on
    [0, 1)."""


@exercise.mistake("always random", page="pytorch/train-and-eval#One flag on every module", drop="if not training:")
def always_random():
    """Weights are dropped when training is false as well, so that predictions are random."""


exercise.right(with_batched_matmul)
exercise.right(with_a_loop)
exercise.right(with_products)
