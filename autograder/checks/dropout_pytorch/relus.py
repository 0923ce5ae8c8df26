"""Right answers to `stochastic_relu`: the reference, and others that are written in another way."""

from autograder.checks.implementation import Built


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
