"""DropConnect: `dropconnect(x, W, b, rate, generator=None, training=True)`.

The masks are read from the outputs: with x[i, j] = s[i] t[j] 2^j and W[o, j] = u[o] / t[j] an output is s[i] u[o] times
a sum of powers of two, whose binary digits are the mask of that output's weights for that example.
"""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor, TorchRng, Value
from autograder.checks.dropout_pytorch.probes import gradients, unguided
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import close, expect, refuses, tensor, untouched
from autograder.checks.masks import believable, independent_entries, keeps_fraction
from autograder.checks.probes import successive

PAGE = "dropout/noise"
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def inputs(draw: np.random.Generator, n: int, fan_in: int, fan_out: int, dtype: str = "float32") -> Arrays:
    """Draw x (n, in), W (out, in) and b (out,)."""
    return tuple(hidden.away_from_zero(draw, shape, dtype) for shape in ((n, fan_in), (fan_out, fan_in), (fan_out,)))  # type: ignore[return-value]


def coded(draw: np.random.Generator, n: int, fan_in: int, fan_out: int) -> tuple[Arrays, np.ndarray]:
    """Draw x, W, b in float64 from whose products the masks can be read, and the unit (n, out) of each output."""
    rows, outputs = hidden.away_from_zero(draw, (n, 1)), hidden.away_from_zero(draw, (fan_out, 1))
    columns = hidden.away_from_zero(draw, (fan_in,))
    x, W = rows * columns * 2.0 ** np.arange(fan_in), outputs / columns
    return (x, W, hidden.away_from_zero(draw, (fan_out,))), rows * outputs.T


def sent(arrays: Arrays) -> tuple[Tensor, ...]:
    return tuple(Tensor(array) for array in arrays)


def outputs_of(value: Value, arrays: Arrays, dtype: str = "") -> np.ndarray:
    x, W, _ = arrays
    return tensor(value, (len(x), len(W)), dtype or None)


def masks_of(value: Value, arrays: Arrays, unit: np.ndarray, rate: float) -> np.ndarray:
    """Return the masks (n, out, in) that an answer's outputs reveal; raise Unmet when they are no masked products."""
    x, _, b = arrays
    code = (outputs_of(value, arrays) - b) * (1 - rate) / unit
    whole = np.rint(code)
    right = np.isclose(code, whole, rtol=1e-7, atol=1e-7) & (whole >= 0) & (whole < 2 ** x.shape[1])
    expect(right.all(), "in training the outputs should be x W'^T + b, where every weight of W' is 0 or W / (1 - rate)")
    return ((whole[..., None].astype(np.int64) >> np.arange(x.shape[1])) & 1).astype(bool)


def multiplies(ask: Ask, draw: np.random.Generator) -> None:
    for rate in hidden.RATES:
        for n, fan_in, fan_out in ((1, 5, 3), (6, 7, 2), (5, 3, 8)):
            arrays, unit = coded(draw, n, fan_in, fan_out)
            masks_of(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate)


def keeps(ask: Ask, draw: np.random.Generator) -> None:
    """One example: whether examples share their masks is another question."""
    for rate in hidden.RATES:
        arrays, unit = coded(draw, 1, 12, 600)
        keeps_fraction(masks_of(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate), rate)


def draws_for_each_example(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    arrays, unit = coded(draw, 60, 10, 15)
    masks = masks_of(ask(*sent(arrays), rate, hidden.torch_rng(draw)), arrays, unit, rate)
    for other in (np.roll(masks, 1, axis=0), masks[::-1]):
        agree = (masks == other)[:30]
        expect(
            believable(agree, rate**2 + (1 - rate) ** 2), "every example of the batch should get a mask of W of its own"
        )


def draws_each_weight(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    arrays, unit = coded(draw, 7, 9, 10)
    calls = ask.probe(successive, 50, *sent(arrays), rate, hidden.torch_rng(draw))
    masks = np.stack([masks_of(y, arrays, unit, rate) for y in calls])
    expect(
        believable(masks[:, :, ::2] == masks[:, :, 1::2], rate**2 + (1 - rate) ** 2),
        "every weight should be dropped on its own, but whole columns of W share their fate: that is dropout of x",
    )
    independent_entries(masks, rate)


def draws_without_generator(ask: Ask, draw: np.random.Generator) -> None:
    seed = int(draw.integers(2**31))
    arrays, unit = coded(draw, 3, 7, 6)
    masks = np.stack([masks_of(y, arrays, unit, 0.4) for y in ask.probe(unguided, seed, 60, *sent(arrays), 0.4)])
    keeps_fraction(masks, 0.4)
    independent_entries(masks, 0.4)


def is_linear_at_test(ask: Ask, draw: np.random.Generator) -> None:
    for rate in (0.0, *hidden.RATES, 1.0):
        arrays = x, W, b = inputs(draw, 6, 5, 4, "float64")
        y = outputs_of(ask(*sent(arrays), rate, hidden.torch_rng(draw), training=False), arrays)
        expect(
            close(y, x @ W.T + b, scale=10), "with training=False the result should be the mean over masks, x W^T + b"
        )


def handles_extremes(ask: Ask, draw: np.random.Generator) -> None:
    arrays = x, W, b = inputs(draw, 2, 4, 3, "float64")
    y = outputs_of(ask(*sent(arrays), 0.0, hidden.torch_rng(draw)), arrays)
    expect(close(y, x @ W.T + b, scale=10), "at rate 0 the result should be x W^T + b")
    y = outputs_of(ask(*sent(arrays), 1.0, hidden.torch_rng(draw)), arrays)
    expect(close(y, np.tile(b, (2, 1))), "at rate 1 every weight is dropped, so that the bias remains")


def passes_gradients(ask: Ask, draw: np.random.Generator) -> None:
    rate = 0.4
    arrays, unit = coded(draw, 5, 4, 3)
    x, W, _ = arrays
    dy = hidden.away_from_zero(draw, (5, 3))
    y, slopes = ask.probe(gradients, Tensor(dy), 3, *sent(arrays), rate, hidden.torch_rng(draw))
    weighted = dy[:, :, None] * masks_of(y, arrays, unit, rate) / (1 - rate)
    expected = (np.einsum("noi,oi->ni", weighted, W), np.einsum("noi,ni->oi", weighted, x), dy.sum(axis=0))
    for name, slope, right in zip(("x", "W", "b"), slopes, expected, strict=True):
        expect(slope is not None, f"no gradient reaches {name}: use tensor operations, under no no_grad and no detach")
        gradient = tensor(slope, right.shape, name=f"the gradient of {name}")
        expect(
            close(gradient, right, scale=10),
            f"the gradient of {name} should flow through the kept weights alone, scaled as they were",
        )


def uses_generator(ask: Ask, draw: np.random.Generator) -> None:
    arrays = inputs(draw, 6, 5, 4)
    generator = hidden.torch_rng(draw)
    seeds = (generator, generator, hidden.torch_rng(draw))
    first, again, other = (outputs_of(ask(*sent(arrays), 0.4, seed), arrays) for seed in seeds)
    expect(
        close(first, again, np.float32),
        "equal states of generator should give equal results: draw from generator alone",
    )
    expect(
        not close(first, other, np.float32),
        "different states of generator should give different masks: generator is not used",
    )


def keeps_dtype_and_input(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("float32", "float64"):
        for rate, training in ((0.4, True), (0.0, True), (1.0, True), (0.4, False)):
            arrays = inputs(draw, 3, 5, 4, dtype)
            answer = ask.answer(*sent(arrays), rate, hidden.torch_rng(draw), training=training)
            outputs_of(ask.value(answer), arrays, dtype)
            untouched(answer)


def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    x, W, b = inputs(draw, 3, 5, 4)
    for training in (True, False):
        ask(*sent((x, W, b)), 0.4, hidden.torch_rng(draw), training=training)
        for rate in hidden.BAD_RATES:
            generator, because = hidden.torch_rng(draw), f"a rate of {rate}"
            refuses(ask, *sent((x, W, b)), rate, generator, training=training, because=because, mentions="rate")
        for arrays in (
            (x, W.T.copy(), b),
            (x, W[:, :1], b),
            (x, W[0], b),
            (x, W[None], b),
            (x[0], W, b),
            (x, W, b[:1]),
            (x, W, b[:3]),
        ):
            because = f"x, W and b of shapes {', '.join(str(array.shape) for array in arrays)}"
            refuses(
                ask, *sent(arrays), 0.4, hidden.torch_rng(draw), training=training, because=because, mentions="x W b"
            )


def measure(ask: Ask) -> list[float]:
    numbers: list[float] = []
    for rate in (0.2, 0.7):
        arrays, unit = coded(np.random.default_rng(4), 60, 4, 50)
        arrays = (arrays[0], arrays[1], arrays[2] + 0.37)
        train, test = (ask(*sent(arrays), rate, TorchRng(3), training=training).array for training in (True, False))
        biased = np.abs((train - arrays[2]) / unit * (1 - rate) % 1)
        code = (train - arrays[2]) / unit
        numbers += [
            (np.minimum(biased, 1 - biased) < 1e-3).mean(),
            code.mean() / 15,
            code.std() / 15,
            np.isclose(code[1:], code[:-1]).mean(),
            np.isclose(code[:, 1:], code[:, :-1]).mean(),
            ((test - arrays[2]) / unit).mean() / 15,
        ]
    return numbers


def require(x, W, b, rate):
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if x.ndim != 2 or W.ndim != 2 or W.shape[1] != x.shape[1]:
        raise ValueError(f"W must have shape (out, {x.shape[-1]}), got shape {tuple(W.shape)}")
    if b.shape != W.shape[:1]:
        raise ValueError(f"b must have shape {tuple(W.shape[:1])}, got shape {tuple(b.shape)}")


@Built
def reference():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        require(x, W, b, rate)
        if not training:
            return x @ W.T + b
        scale = 1 / (1 - rate) if rate < 1 else 0.0
        masks = torch.rand((len(x), *W.shape), generator=generator) >= rate
        return torch.einsum("noi,ni->no", masks * W * scale, x) + b

    return dropconnect


@Built
def one_mask_per_batch():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        require(x, W, b, rate)
        if not training:
            return x @ W.T + b
        scale = 1 / (1 - rate) if rate < 1 else 0.0
        return x @ (W * (torch.rand(W.shape, generator=generator) >= rate) * scale).T + b

    return dropconnect


@Built
def leaves_out_the_bias():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        require(x, W, b, rate)
        if not training:
            return x @ W.T + b
        scale = 1 / (1 - rate) if rate < 1 else 0.0
        masks = torch.rand((len(x), *W.shape), generator=generator) >= rate
        return torch.einsum("noi,ni->no", masks * W * scale, x)

    return dropconnect


@Built
def no_scaling():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        require(x, W, b, rate)
        if not training:
            return x @ W.T + b
        masks = torch.rand((len(x), *W.shape), generator=generator) >= rate
        return torch.einsum("noi,ni->no", masks * W, x) + b

    return dropconnect


@Built
def masks_x():
    import torch

    def dropconnect(x, W, b, rate, generator=None, training=True):
        require(x, W, b, rate)
        if not training:
            return x @ W.T + b
        scale = 1 / (1 - rate) if rate < 1 else 0.0
        return (x * (torch.rand(x.shape, generator=generator) >= rate) * scale) @ W.T + b

    return dropconnect


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
        rows = []
        for row in x:
            dropped = torch.empty(W.shape).uniform_(generator=generator) < rate
            rows.append(linear(row, W.masked_fill(dropped, 0) / max(1 - rate, 1e-20), b))
        return torch.stack(rows)

    return dropconnect


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


exercise = Exercise(
    name="dropconnect",
    assignment="dropout_pytorch",
    page=PAGE,
    requirements=(
        Requirement("is x W'^T + b with every weight of W' either 0 or scaled by 1 / (1 - rate)", 2, multiplies),
        Requirement("keeps a fraction 1 - rate of the weights", 1, keeps),
        Requirement("draws a mask for every example", 2, draws_for_each_example),
        Requirement("draws every weight on its own, anew at every call", 1, draws_each_weight),
        Requirement("is the mean, x W^T + b, when not training", 1, is_linear_at_test),
        Requirement("is x W^T + b at rate 0 and the bias at rate 1", 0.5, handles_extremes),
        Requirement("lets gradients through to x, W and b", 0.5, passes_gradients),
        Requirement("takes all randomness from generator", 0.5, uses_generator),
        Requirement("draws anew at every call without a generator, too", 0.5, draws_without_generator),
        Requirement("keeps the dtype and leaves its arguments alone", 0.5, keeps_dtype_and_input),
        Requirement("refuses a rate outside [0, 1] and wrong shapes", 0.5, refuses_bad_arguments),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "one mask per batch",
            "One masked W serves all examples, so that their noise is the same and does not average out.",
            PAGE,
            one_mask_per_batch,
        ),
        Misconception(
            "drops the bias",
            "The bias is left out, or dropped like a weight, in training. DropConnect drops weights between units; the "
            "bias stays, also at rate 1.",
            PAGE,
            leaves_out_the_bias,
        ),
        Misconception(
            "no scaling",
            "Kept weights are left as they are, so that training sees 1 - rate of the sums that test time sees.",
            PAGE,
            no_scaling,
        ),
        Misconception(
            "masks x, one column of W at a time",
            "A dropped entry of x takes a whole column of W with it: that is dropout of the inputs. DropConnect drops "
            "every weight on its own.",
            PAGE,
            masks_x,
        ),
    ),
    variants=(with_batched_matmul, with_a_loop, with_products),
    fingerprint=Fingerprint(measure, tolerance=0.03),
)
