"""Right answers to `NoiseLayer`: noise techniques of several kinds."""

from autograder.checks.implementation import Built


@Built
def drop_path():
    """Whole examples are dropped, and the state remembers how many calls there were."""
    import torch
    from torch import nn

    class NoiseLayer(nn.Module):
        def __init__(self, rate=0.3):
            super().__init__()
            self.rate = rate
            self.register_buffer("calls", torch.zeros((), dtype=torch.long))

        def forward(self, x):
            if not self.training:
                return x
            self.calls += 1
            kept = torch.rand(len(x), dtype=x.dtype) >= self.rate
            return x * kept.reshape(-1, *[1] * (x.ndim - 1)) / (1 - self.rate)

    return NoiseLayer


@Built
def additive_noise_in_proportion():
    import torch
    from torch import nn

    class NoiseLayer(nn.Module):
        def __init__(self):
            super().__init__()
            self.log_scale = nn.Parameter(torch.tensor(-1.0))

        def forward(self, x):
            if self.training:
                spread = x.detach().square().mean().sqrt()
                x = x + spread * self.log_scale.exp().to(x.dtype) * (2 * torch.rand_like(x) - 1)
            return x

    return NoiseLayer


@Built
def strong_dropout():
    import torch
    from torch import nn

    class NoiseLayer(nn.Module):
        def __init__(self, rate=0.8):
            super().__init__()
            self.rate = rate

        def forward(self, x):
            return x * (torch.rand_like(x) >= self.rate) / (1 - self.rate) if self.training else x

    return NoiseLayer


def make(noisy):
    """Build a layer around what it does in training."""
    from torch import nn

    class NoiseLayer(nn.Module):
        def forward(self, x):
            return noisy(x) if self.training else x

    return NoiseLayer


@Built
def stochastic_rounding():
    """Round up or down by chance, with the gradient of the identity."""
    import torch

    def noisy(x):
        low = torch.floor(4 * x)
        rounded = (low + (torch.rand_like(x) < 4 * x - low)) / 4
        return x + (rounded - x).detach()

    return make(noisy)


@Built
def lognormal():
    import torch

    return make(lambda x: x * torch.exp(0.5 * torch.randn(x.shape).to(x.dtype) - 0.125))
