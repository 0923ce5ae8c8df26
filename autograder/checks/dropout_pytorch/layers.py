"""Right answers to `dropout_layer` that are written in another way."""

from autograder.checks.implementation import Built


@Built
def with_bernoulli():
    import torch

    def dropout_layer(X, rate, generator=None):
        if rate < 0 or rate > 1:
            raise ValueError("rate is no probability")
        keep = 1.0 - rate
        mask = torch.bernoulli(torch.full_like(X, keep), generator=generator)
        return X * mask * (1 / keep if keep else 0.0)

    return dropout_layer


@Built
def with_where():
    import torch

    def dropout_layer(X, rate, generator=None):
        if rate > 1 or rate < 0:
            raise ValueError("bad rate")
        if rate == 0:
            return X
        dropped = torch.empty(X.shape).uniform_(generator=generator) < rate
        return torch.where(dropped, torch.zeros((), dtype=X.dtype), X / (1 - rate) if rate < 1 else X)

    return dropout_layer


@Built
def with_masked_fill():
    import torch

    def dropout_layer(X, rate, generator=None):
        if not (rate >= 0.0 and rate <= 1.0):
            raise ValueError("the rate has to lie between 0 and 1")
        scale = 1 / max(1 - rate, 1e-30)
        kept = torch.zeros(X.shape, dtype=torch.uint8).bernoulli_(1 - rate, generator=generator)
        return (X * scale).masked_fill(kept == 0, 0)

    return dropout_layer
