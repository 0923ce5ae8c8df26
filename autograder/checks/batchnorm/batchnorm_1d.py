"""BatchNorm as a PyTorch module: `class BatchNorm1d(nn.Module)` with `(num_features, eps=1e-5, momentum=.1)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Tensor
from autograder.checks.batchnorm.batches import batch, gains, statistics
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import close, expect, is_refusal, tensor, untouched
from autograder.checks.respond import attempt
from autograder.reference.batchnorm import batchnorm_backward, batchnorm_inference, batchnorm_train

PAGE = "normalization/training"

SHAPES = ((5, 3), (2, 4))
KEYS = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
OPTIONS: tuple[dict[str, float], ...] = ({}, {"eps": 0.3, "momentum": 0.4})
CASES = tuple(zip((*SHAPES, *SHAPES), (*OPTIONS, *reversed(OPTIONS)), (True, True, False, False), strict=True))
"""Shape, options, and whether gradients are recorded."""


def normalize(subject, x, settings, options, training, grad):
    """Build the module, set what `settings` names, pass x through, and return y and the statistics afterwards."""
    import torch

    def run():
        layer = subject(x.shape[1], **options).to(x.dtype).train(training)
        with torch.no_grad():
            for name, value in settings.items():
                getattr(layer, name).copy_(value)
        with torch.set_grad_enabled(grad):
            y = layer(x)
        return {"y": y.detach(), "mean": layer.running_mean.detach(), "var": layer.running_var.detach()}

    return attempt(run)


def train(subject, batches, options, copies):
    """Train on several batches, each with a backward pass, and return the statistics and whether they carry a graph."""
    import copy

    def run():
        layer = subject(batches[0].shape[1], **options).to(batches[0].dtype)
        for x in batches:
            layer(x.clone().requires_grad_()).square().sum().backward()
        mean, var = layer.running_mean, layer.running_var
        free = not (mean.requires_grad or var.requires_grad)
        copied = copy.deepcopy(layer) if copies and free else layer
        return {"mean": mean.detach(), "var": var.detach(), "free": free, "copied": copied.running_mean.detach()}

    return attempt(run)


def differentiate(subject, x, dy, settings, options, training):
    """Return the gradients of x, weight and bias."""
    import torch

    def run():
        layer = subject(x.shape[1], **options).to(x.dtype).train(training)
        with torch.no_grad():
            for name, value in settings.items():
                getattr(layer, name).copy_(value)
        inputs = x.clone().requires_grad_()
        layer(inputs).backward(dy)
        return [value.grad for value in (inputs, layer.weight, layer.bias)]

    return attempt(run)


def exchange_state(subject, x, settings):
    """Return the names in the state, and what the state means to a new layer of the student's and to one of PyTorch."""
    import torch

    def run():
        theirs = torch.nn.BatchNorm1d(x.shape[1])
        given = dict(theirs.state_dict(), **settings)
        layer = subject(x.shape[1])
        layer.load_state_dict(given, strict=True)
        theirs.load_state_dict(layer.state_dict(), strict=True)
        with torch.no_grad():
            outputs = [layer.eval()(x), theirs.eval()(x)]
        return {"names": list(layer.state_dict()), "outputs": outputs, "parameters": len(list(layer.parameters()))}

    return attempt(run)


def pass_through(subject, features, x, training):
    """Build the module and pass x through; only what that last call raises counts."""

    def build():
        return subject(features).to(x.dtype).train(training)

    layer = attempt(build)
    return attempt(layer, x).detach()


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: Tensor(array) for name, array in arrays.items()}


def settings(draw: np.random.Generator, d: int) -> dict[str, np.ndarray]:
    """Draw weight, bias and running statistics."""
    (weight, bias), (mean, var) = gains(draw, d), statistics(draw, d)
    return {"weight": weight, "bias": bias, "running_mean": mean, "running_var": var}


def parameters(given: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return given["weight"], given["bias"]


def standardizes_batch(ask: Ask, draw: np.random.Generator) -> None:
    for shape, options, grad in CASES:
        x, given = batch(draw, shape), settings(draw, shape[1])
        result = ask.probe(normalize, Tensor(x), tensors(given), options, True, grad)
        wanted, *_ = batchnorm_train(x, *parameters(given), eps=options.get("eps", 1e-5))
        message = "in training mode, x should be standardized with its own mean and biased variance"
        message += "" if grad else ", also under torch.no_grad(): the mode is self.training"
        expect(close(tensor(result["y"], shape, name="y"), wanted), message)
    x = batch(draw, (6, 4))
    y = tensor(ask.probe(normalize, Tensor(x), {}, {}, True, True)["y"], x.shape, name="y")
    wanted, *_ = batchnorm_train(x, np.ones(4), np.zeros(4), eps=1e-5)
    expect(close(y, wanted), "a new module should have weight 1 and bias 0")


def uses_running_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for shape, options, grad in (*CASES, ((1, 3), {}, True)):
        x, given = batch(draw, (2, shape[1]) if shape[0] == 1 else shape)[: shape[0]], settings(draw, shape[1])
        result = ask.probe(normalize, Tensor(x), tensors(given), options, False, grad)
        mean, var = given["running_mean"], given["running_var"]
        wanted = batchnorm_inference(x, *parameters(given), mean, var, options.get("eps", 1e-5))
        y = tensor(result["y"], shape, name="y")
        expect(close(y, wanted), "in eval mode, x should be standardized with running_mean and running_var")
        for name, old in (("mean", mean), ("var", var)):
            after = tensor(result[name], shape[1:], name=f"running_{name}")
            expect(close(after, old), "in eval mode, the running statistics should stay as they are")


def moves_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for options in OPTIONS:
        batches = [batch(draw, (n, 3)) for n in (2, 4, 7)]
        result = ask.probe(train, [Tensor(x) for x in batches], options, False)
        mean, var, new = np.zeros(3), np.ones(3), options.get("momentum", 0.1)
        for x in batches:
            mean, var = (1 - new) * mean + new * x.mean(axis=0), (1 - new) * var + new * x.var(axis=0, ddof=1)
        expect(
            close(tensor(result["mean"], (3,), name="running_mean"), mean),
            "in training mode, running_mean should start at 0 and move toward each batch mean by momentum",
        )
        expect(
            close(tensor(result["var"], (3,), name="running_var"), var),
            "in training mode, running_var should start at 1 and move toward each unbiased batch variance by momentum",
        )
    x, given = batch(draw, (4, 3)), settings(draw, 3)
    result = ask.probe(normalize, Tensor(x), tensors(given), {}, True, False)
    wanted = (
        0.9 * given["running_mean"] + 0.1 * x.mean(axis=0),
        0.9 * given["running_var"] + 0.1 * x.var(axis=0, ddof=1),
    )
    moved = [tensor(result[name], (3,), name=f"running_{name}") for name in ("mean", "var")]
    expect(
        close(moved, wanted),
        "in training mode, the running statistics should move under torch.no_grad() as well",
    )


def flows_through_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, dy, given = batch(draw, shape), hidden.away_from_zero(draw, shape), settings(draw, shape[1])
        gradients = ask.probe(differentiate, Tensor(x), Tensor(dy), tensors(given), {"eps": 0.3}, True)
        wanted = batchnorm_backward(dy, x, given["weight"], eps=0.3)
        for name, gradient, right in zip(("x", "weight", "bias"), gradients, wanted, strict=True):
            message = f"in training mode, the gradient of {name} is not right: it flows through mean and variance too"
            expect(close(tensor(gradient, right.shape, name=f"the gradient of {name}"), right), message)


def flows_in_eval_mode(ask: Ask, draw: np.random.Generator) -> None:
    x, dy, given = batch(draw, (5, 3)), hidden.away_from_zero(draw, (5, 3)), settings(draw, 3)
    gradients = ask.probe(differentiate, Tensor(x), Tensor(dy), tensors(given), {}, False)
    inverse = 1 / np.sqrt(given["running_var"] + 1e-5)
    standard = (x - given["running_mean"]) * inverse
    wanted = (dy * given["weight"] * inverse, (dy * standard).sum(axis=0), dy.sum(axis=0))
    for name, gradient, right in zip(("x", "weight", "bias"), gradients, wanted, strict=True):
        message = f"in eval mode, the gradient of {name} is not right: the running statistics are constants there"
        expect(close(tensor(gradient, right.shape, name=f"the gradient of {name}"), right), message)


def keeps_no_graph(ask: Ask, draw: np.random.Generator) -> None:
    batches = [batch(draw, (n, 3)) for n in (3, 5)]
    result = ask.probe(train, [Tensor(x) for x in batches], {}, True)
    message = "the running statistics should carry no graph: detach the batch statistics before they are averaged in"
    expect(result["free"] is True, message)
    expect(close(tensor(result["copied"], (3,)), tensor(result["mean"], (3,))), "a copy should have equal statistics")


def exchanges_state(ask: Ask, draw: np.random.Generator) -> None:
    x, given = batch(draw, (5, 3)).astype("float32"), settings(draw, 3)
    given = {name: array.astype("float32") for name, array in given.items()}
    result = ask.probe(exchange_state, Tensor(x), tensors(given))
    names = result["names"]
    expect(
        isinstance(names, list) and set(names) == KEYS,
        f"the names in state_dict() should be {', '.join(sorted(KEYS))}: buffers are part of it, "
        f"plain attributes are not",
    )
    expect(result["parameters"] == 2, "the module should have two parameters, weight and bias")
    wanted = batchnorm_inference(x, *parameters(given), given["running_mean"], given["running_var"], 1e-5)
    for output in result["outputs"]:
        y = tensor(output, (5, 3), "float32", "y")
        expect(close(y, wanted, "float32", scale=10), "a state that was loaded should decide what eval mode gives")


def keeps_dtype_and_input(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("float64", "float32"):
        for training in (True, False):
            x, given = batch(draw, (5, 3)), settings(draw, 3)
            changed = {name: array.astype(dtype) for name, array in given.items()}
            answer = ask.probe_answer(normalize, Tensor(x.astype(dtype)), tensors(changed), {}, training, True)
            y = tensor(ask.value(answer)["y"], (5, 3), dtype, "y")
            mean, var = (x.mean(0), x.var(0)) if training else (given["running_mean"], given["running_var"])
            wanted = batchnorm_inference(x, *parameters(given), mean, var, 1e-5)
            expect(close(y, wanted, dtype, scale=10), f"y is not right for a tensor of dtype {dtype}")
            untouched(answer)


def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    x = batch(draw, (5, 3))
    ask.probe(pass_through, 3, Tensor(x), True)
    answer = ask.probe_answer(pass_through, 3, Tensor(x[:1]), True)
    is_refusal(answer, "one value per feature in training", mentions="")
    for training in (True, False):
        for wrong in (x[:, :2], x[:, :1], x[0], x[None, None]):
            answer = ask.probe_answer(pass_through, 3, Tensor(wrong.copy()), training)
            is_refusal(answer, f"an input of shape {wrong.shape} for 3 features", mentions="")


def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    x, dy, given = batch(draw, (4, 2)), hidden.away_from_zero(draw, (4, 2)), settings(draw, 2)
    numbers: list[float] = []
    for training, grad in ((True, True), (True, False), (False, True), (False, False)):
        result = ask.probe(normalize, Tensor(x), tensors(given), {}, training, grad)
        numbers += [float(value) for name in ("y", "mean", "var") for value in result[name].array.ravel()]
    numbers += ask.probe(differentiate, Tensor(x), Tensor(dy), tensors(given), {}, True)[0].array.ravel().tolist()
    numbers.append(float(ask.probe(count_state, 2)))
    numbers.append(float(ask.probe(remembers, Tensor(x))))
    return numbers


def count_state(subject, features):
    """Return how many running statistics are in the state."""

    def run():
        return sum(name in subject(features).state_dict() for name in ("running_mean", "running_var"))

    return attempt(run)


def remembers(subject, x):
    """Return whether a running statistic carries a graph after one step; a plain one carries none."""

    def run():
        layer = subject(x.shape[1]).to(x.dtype)
        layer(x.clone().requires_grad_())
        return any(statistic.requires_grad for statistic in (layer.running_mean, layer.running_var))

    return attempt(run)


@Built
def reference():
    import torch
    from torch import nn

    class BatchNorm1d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight, self.bias = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
            self.keep("running_mean", torch.zeros(num_features))
            self.keep("running_var", torch.ones(num_features))
            self.keep("num_batches_tracked", torch.tensor(0))

        def keep(self, name, value):
            self.register_buffer(name, value)

        def uses_batch(self):
            return self.training

        def of_batch(self, x):
            return x.mean(0), x.var(0, correction=0)

        def track(self, x):
            x = x.detach()
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.mean(0)
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0)
            self.num_batches_tracked = self.num_batches_tracked + 1

        def forward(self, x):
            if x.ndim != 2 or x.shape[1] != len(self.weight):
                raise ValueError(f"x must have shape (n, {len(self.weight)}), got shape {tuple(x.shape)}")
            mean, var = self.running_mean, self.running_var
            if self.uses_batch():
                if len(x) == 1:
                    raise ValueError(f"x has shape {tuple(x.shape)}: one value per feature has no variance")
                mean, var = self.of_batch(x)
                self.track(x)
            return (x - mean) / torch.sqrt(var + self.eps) * self.weight + self.bias

    return BatchNorm1d


@Built
def statistics_under_no_grad():
    import torch

    class BatchNorm1d(reference.factory()):
        @torch.no_grad()
        def of_batch(self, x):
            return x.mean(0), x.var(0, correction=0)

    return BatchNorm1d


@Built
def statistics_not_buffers():
    class BatchNorm1d(reference.factory()):
        def keep(self, name, value):
            setattr(self, name, value)

    return BatchNorm1d


@Built
def statistics_keep_graph():
    class BatchNorm1d(reference.factory()):
        def track(self, x):
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.mean(0)
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0)

    return BatchNorm1d


@Built
def mode_from_grad():
    import torch

    class BatchNorm1d(reference.factory()):
        def uses_batch(self):
            return torch.is_grad_enabled()

    return BatchNorm1d


@Built
def biased_running_variance():
    class BatchNorm1d(reference.factory()):
        def track(self, x):
            x = x.detach()
            self.running_mean.lerp_(x.mean(0), self.momentum)
            self.running_var.lerp_(x.var(0, correction=0), self.momentum)

    return BatchNorm1d


@Built
def with_functional():
    from torch import nn
    from torch.nn import functional

    class BatchNorm1d(nn.BatchNorm1d):
        def forward(self, input):
            if input.shape[1:] != (self.num_features,):
                raise ValueError("wrong shape")
            if self.training and input.shape[0] < 2:
                raise ValueError("more than one row is needed in training")
            running = self.running_mean, self.running_var
            return functional.batch_norm(
                input, *running, self.weight, self.bias, self.training, self.momentum, self.eps
            )

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


exercise = Exercise(
    name="BatchNorm1d",
    assignment="batchnorm",
    page=PAGE,
    requirements=(
        Requirement("standardizes with the batch in training mode", 1.5, standardizes_batch),
        Requirement("uses its running statistics in eval mode", 1.5, uses_running_statistics),
        Requirement("moves running mean and unbiased variance by momentum", 1.5, moves_statistics),
        Requirement("lets gradients flow through the statistics in training mode", 1.5, flows_through_statistics),
        Requirement("lets gradients flow in eval mode", 0.5, flows_in_eval_mode),
        Requirement("keeps no graph in its statistics", 1, keeps_no_graph),
        Requirement("exchanges its state with torch.nn.BatchNorm1d", 1.5, exchanges_state),
        Requirement("keeps the dtype and leaves its input alone", 0.5, keeps_dtype_and_input),
        Requirement("refuses one value per feature in training, and other shapes", 0.5, refuses_bad_shapes),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "statistics under no_grad",
            "Mean and variance are computed under torch.no_grad(), so no gradient flows through them. In training "
            "they depend on x, and the gradient of x must know it; only the running statistics are detached.",
            PAGE,
            statistics_under_no_grad,
        ),
        Misconception(
            "statistics not buffers",
            "The running statistics are plain attributes, so state_dict() does not have them: saved and loaded, the "
            "module forgets what it learned about the data. Use register_buffer.",
            PAGE,
            statistics_not_buffers,
        ),
        Misconception(
            "running statistics keep a graph",
            "The running statistics are averaged with tensors that remember their history, so the graph grows with "
            "every step and the module cannot be copied. Detach what is averaged in.",
            PAGE,
            statistics_keep_graph,
        ),
        Misconception(
            "mode from is_grad_enabled",
            "Whether gradients are recorded decides which statistics are used. The mode is self.training: train() "
            "and eval() set it, and both work with and without gradients.",
            PAGE,
            mode_from_grad,
        ),
        Misconception(
            "biased running variance",
            "The running variance is averaged with the biased variance of the batch. PyTorch standardizes with the "
            "biased variance, but keeps the unbiased one, n / (n - 1) times larger.",
            PAGE,
            biased_running_variance,
        ),
    ),
    variants=(with_functional, in_place, with_addcmul),
    fingerprint=Fingerprint(measure),
)
