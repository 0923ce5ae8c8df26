"""Right answers to `dropconnect`: the reference, and others that are written in another way."""

from autograder.checks.implementation import Built


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
        dropped = [torch.empty(W.shape).uniform_(generator=generator) < rate for _ in x]
        masked = [W.masked_fill(mask, 0) / max(1 - rate, 1e-20) for mask in dropped]
        return torch.stack([linear(row, weights, b) for row, weights in zip(x, masked, strict=True)])

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
