"""Right answers to `BatchNorm1d`: the reference, and others that are written in another way."""

from autograder.checks.implementation import Built


@Built
def BatchNorm1d():
    import torch
    from torch import nn

    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight, self.bias = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
            mean, var = torch.zeros(num_features), torch.ones(num_features)
            for name, value in (("mean", mean), ("var", var)):
                self.register_buffer(f"running_{name}", value)
            self.register_buffer("num_batches_tracked", torch.tensor(0))

        def track(self, x):
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.mean(0)
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0)
            self.num_batches_tracked = self.num_batches_tracked + 1

        def forward(self, x):
            if x.ndim != 2 or x.shape[1] != len(self.weight):
                raise ValueError(f"x must have shape (n, {len(self.weight)}), got shape {tuple(x.shape)}")
            mean, var = self.running_mean, self.running_var
            if self.training:
                if len(x) == 1:
                    raise ValueError(f"x has shape {tuple(x.shape)}: one value per feature has no variance")
                mean, var = x.mean(0), x.var(0, correction=0)
                self.track(x.detach())
            return (x - mean) / torch.sqrt(var + self.eps) * self.weight + self.bias

    return BatchNorm1d


@Built
def with_var_mean():
    import torch
    from torch import nn

    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.num_features, self.eps, self.momentum = num_features, eps, momentum
            self.weight = nn.Parameter(torch.ones(num_features))
            self.bias = nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))
            self.register_buffer("num_batches_tracked", torch.tensor(0))

        def forward(self, input):
            if input.shape[1:] != (self.num_features,):
                raise ValueError("wrong shape")
            var, mean, n = self.running_var, self.running_mean, input.shape[0]
            if self.training:
                if n < 2:
                    raise ValueError("more than one row is needed in training")
                var, mean = torch.var_mean(input, dim=0, correction=0)
                unbiased = var.detach() * n / (n - 1)
                self.running_mean = torch.lerp(self.running_mean, mean.detach(), self.momentum)
                self.running_var = torch.lerp(self.running_var, unbiased, self.momentum)
                self.num_batches_tracked += 1
            return torch.addcmul(self.bias, self.weight, (input - mean) * torch.rsqrt(var + self.eps))

    return BatchNorm1d


@Built
def in_place():
    """Statistics moved in place by lerp, the output from one affine map."""
    import torch

    class BatchNorm1d(torch.nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.num_features, self.eps, self.momentum = num_features, eps, momentum
            self.weight = torch.nn.Parameter(torch.ones(num_features))
            self.bias = torch.nn.Parameter(torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))
            self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.int64))

        def forward(self, batch):
            n = batch.size(0)
            if batch.dim() != 2 or batch.size(1) != self.num_features or (self.training and n == 1):
                raise ValueError("cannot normalize this shape")
            mean, var = self.running_mean, self.running_var
            if self.training:
                var, mean = torch.var_mean(batch, dim=0, unbiased=False)
                with torch.no_grad():
                    self.running_mean.lerp_(mean, self.momentum)
                    self.running_var.lerp_(var * n / (n - 1), self.momentum)
                    self.num_batches_tracked.add_(1)
            scale = self.weight * torch.rsqrt(var + self.eps)
            return batch * scale + (self.bias - mean * scale)

    return BatchNorm1d


@Built
def with_addcmul():
    import torch
    from torch import nn

    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            nn.Module.__init__(self)
            for name, value in (("weight", torch.ones), ("bias", torch.zeros)):
                self.register_parameter(name, nn.Parameter(value(num_features)))
            for name, value in (("running_mean", torch.zeros), ("running_var", torch.ones)):
                self.register_buffer(name, value(num_features))
            self.register_buffer("num_batches_tracked", torch.tensor(0))
            self.hyper = (eps, momentum)

        def forward(self, x):
            eps, momentum = self.hyper
            if tuple(x.shape[1:]) != tuple(self.weight.shape):
                raise ValueError("shape")
            if self.training:
                if x.shape[0] <= 1:
                    raise ValueError("batch of one")
                mu = torch.mean(x, dim=0, keepdim=True)
                squares = torch.mean((x - mu) ** 2, dim=0, keepdim=True)
                unbiased = squares.data[0] * x.shape[0] / (x.shape[0] - 1)
                self.running_mean.data = self.running_mean.data * (1 - momentum) + momentum * mu.data[0]
                self.running_var.data = self.running_var.data * (1 - momentum) + momentum * unbiased
                self.num_batches_tracked += 1
            else:
                mu, squares = self.running_mean, self.running_var
            return torch.addcmul(self.bias, (x - mu) * (squares + eps) ** -0.5, self.weight)

    return BatchNorm1d
