"""DropConnect: `dropconnect(x, W, b, rate, generator=None, training=True)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Tensor, TorchRng
from autograder.checks.beside.calls import successive
from autograder.checks.beside.dropout_pytorch import gradients, unguided
from autograder.checks.dropout_pytorch.weight_masks import coded, inputs, masks_of, outputs_of, sent
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, refuses, tensor
from autograder.checks.implementation import Built
from autograder.checks.masks import believable, independent_entries, keeps_fraction


def require(x, W, b, rate):
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if x.ndim != 2 or W.ndim != 2 or W.shape[1] != x.shape[1]:
        raise ValueError(f"W must have shape (out, {x.shape[-1]}), got shape {tuple(W.shape)}")
    if b.shape != W.shape[:1]:
        raise ValueError(f"b must have shape {tuple(W.shape[:1])}, got shape {tuple(b.shape)}")


@Built
def dropconnect():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        require(x, W, b, rate)
        if not training:
            return x @ W.T + b
        scale = 1 / (1 - rate) if rate < 1 else 0.0
        masks = torch.rand((len(x), *W.shape), generator=generator) >= rate
        return torch.einsum("noi,ni->no", masks * W * scale, x) + b

    return dropconnect


exercise = Exercise(
    dropconnect,
    page="dropout/noise#dropconnect-at-test-time-mean-weights-are-too-low",
    onward="Try it with an input of one single entry: how does its output differ from that of dropout?",
)


@exercise.requires("is x W'^T + b with every weight of W' either 0 or scaled by 1 / (1 - rate)", 2)
def multiplies(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        for n, fan_in, fan_out in ((1, 5, 3), (6, 7, 2), (5, 4, 4)):
            arrays, unit = coded(draw, n, fan_in, fan_out)
            masks_of(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate)


@exercise.requires("keeps a fraction 1 - rate of the weights", 1)
def keeps(ask: Ask, draw: np.random.Generator) -> None:
    """One example: whether examples share their masks is another question."""
    for rate in hidden.RATES:
        arrays, unit = coded(draw, 1, 12, 600)
        keeps_fraction(masks_of(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate), rate)


@exercise.requires("draws a mask for every example", 2)
def draws_for_each_example(ask: Ask, draw: np.random.Generator) -> None:
    """One output: whether outputs share what is dropped is another question."""
    (arrays, unit), rate = coded(draw, 600, 10, 1), 0.4
    masks = masks_of(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate)
    for first, second in ((masks[::2], masks[1::2]), (masks[:300], masks[300:][::-1])):
        own = believable(first == second, rate**2 + (1 - rate) ** 2)
        expect(own, "every example of the batch should get a mask of W of its own")


@exercise.requires("draws every weight on its own, anew at every call", 1)
def draws_each_weight(ask: Ask, draw: np.random.Generator) -> None:
    (arrays, unit), rate = coded(draw, 7, 9, 10), 0.4
    calls = ask.probe(successive, 50, *sent(arrays), rate, hidden.torch_rng(draw))
    masks = np.stack([masks_of(y, arrays, unit, rate) for y in calls])
    message = "every weight should be dropped on its own, but whole columns of W share their fate: that is dropout of x"
    expect(believable(masks[:, :, ::2] == masks[:, :, 1::2], rate**2 + (1 - rate) ** 2), message)
    independent_entries(masks, rate)


@exercise.requires("is the mean, x W^T + b, when not training", 1)
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


@exercise.requires("lets gradients through to x, W and b", 0.5)
def passes_gradients(ask: Ask, draw: np.random.Generator) -> None:
    (arrays, unit), rate = coded(draw, 5, 4, 3), 0.4
    x, W, _ = arrays
    dy = hidden.away_from_zero(draw, (5, 3))
    y, slopes = ask.probe(gradients, Tensor(dy), 3, *sent(arrays), rate, hidden.torch_rng(draw))
    weighted = dy[:, :, None] * masks_of(y, arrays, unit, rate) / (1 - rate)
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


@exercise.requires("draws anew at every call without a generator, too", 0.5)
def draws_without_generator(ask: Ask, draw: np.random.Generator) -> None:
    arrays, unit = coded(draw, 3, 7, 6)
    calls = ask.probe(unguided, hidden.seed(draw), 60, *sent(arrays), 0.4)
    masks = np.stack([masks_of(y, arrays, unit, 0.4) for y in calls])
    keeps_fraction(masks, 0.4)
    independent_entries(masks, 0.4)


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
        (x, W, b), unit = coded(np.random.default_rng(4), 60, 4, 50)
        b = b + 0.37
        train, test = (ask(*sent((x, W, b)), rate, TorchRng(3), training=mode).array for mode in (True, False))
        code = (train - b) / unit
        biased = np.abs(code * (1 - rate) % 1)
        numbers += [(np.minimum(biased, 1 - biased) < 1e-3).mean(), code.mean() / 15, code.std() / 15]
        numbers += [np.isclose(code[1:], code[:-1]).mean(), np.isclose(code[:, 1:], code[:, :-1]).mean()]
        numbers.append(((test - b) / unit).mean() / 15)
    return numbers


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


@exercise.right
@Built
def with_batched_matmul():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        if rate < 0 or rate > 1:
            raise ValueError("rate is no probability")
        if x.dim() != 2 or W.dim() != 2 or b.dim() != 1 or x.size(1) != W.size(1) or b.size(0) != W.size(0):
            raise ValueError("the shapes of x, W and b do not fit")
        weights = W.expand(x.size(0), *W.shape)
        if training:
            keep = 1 - rate
            mask = torch.bernoulli(torch.full(weights.shape, keep, dtype=x.dtype), generator=generator)
            weights = weights * mask / keep if keep > 0 else weights * 0
        return torch.baddbmm(b[None, :, None], weights, x[:, :, None]).squeeze(2)

    return dropconnect


@exercise.right
@Built
def with_a_loop():
    import torch
    from torch.nn.functional import linear

    def dropconnect(x, W, b, rate, generator=None, training=True):
        if rate > 1 or rate < 0:
            raise ValueError("bad rate")
        if x.ndim != 2 or tuple(W.shape) != (len(b), x.shape[1]) or b.ndim != 1:
            raise ValueError("bad shape")
        if not training or rate == 0:
            return linear(x, W, b)
        dropped = [torch.empty(W.shape).uniform_(generator=generator) < rate for _ in x]
        masked = [W.masked_fill(mask, 0) / max(1 - rate, 1e-20) for mask in dropped]
        return torch.stack([linear(row, weights, b) for row, weights in zip(x, masked, strict=True)])

    return dropconnect


@exercise.right
@Built
def with_products():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        if not 0.0 <= rate <= 1.0:
            raise ValueError("rate not in [0, 1]")
        if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[1] or tuple(b.shape) != (W.shape[0],):
            raise ValueError("shape mismatch")
        terms = x[:, None, :] * W[None]
        if training:
            mask = torch.rand(terms.shape, generator=generator, dtype=terms.dtype) < 1 - rate
            terms = torch.where(mask, terms / (1 - rate if rate < 1 else 1), torch.zeros_like(terms))
        return terms.sum(dim=-1) + b

    return dropconnect
