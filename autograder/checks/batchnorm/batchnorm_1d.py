"""BatchNorm as a PyTorch module: `class BatchNorm1d(nn.Module)` with `(num_features, eps=1e-5, momentum=.1)`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Tensor, Value
from autograder.checks.batchnorm.batches import batch
from autograder.checks.batchnorm.modules import BatchNorm1d, in_place, with_addcmul, with_var_mean
from autograder.checks.batchnorm.steps import (
    CASES,
    KEYS,
    OPTIONS,
    SHAPES,
    alternated,
    parameters,
    settings,
    tensors,
)
from autograder.checks.beside.batchnorm import (
    count_state,
    differentiate,
    exchange_state,
    normalize,
    pass_through,
    remembers,
    train,
)
from autograder.checks.exercise import Exercise, Own
from autograder.checks.expect import close, expect, is_refusal, tensor
from autograder.reference.batchnorm import batchnorm_backward, batchnorm_inference, batchnorm_train

exercise = Exercise(
    BatchNorm1d,
    page="normalization/training#Running statistics: what BatchNorm remembers",
    onward="The experiment after this trains a deep network with it; try loading the state of PyTorch's own layer into yours.",
    trap=("moves_statistics", "flows_through_statistics", "keeps_no_graph"),
    own=Own(("torch.nn.BatchNorm1d", "torch.nn.functional.batch_norm"), (Tensor(np.eye(3, dtype=np.float32)),), (3,)),
)


@exercise.requires("standardizes with the batch in training mode", 1.5)
def standardizes_batch(ask: Ask, draw: np.random.Generator) -> None:
    for shape, options, grad in CASES:
        x, given = batch(draw, shape), settings(draw, shape[1])
        result = ask.probe(normalize, Tensor(x), tensors(given), options, True, grad)
        wanted, *_ = batchnorm_train(x, *parameters(given), eps=options.get("eps", 1e-5))
        message = "in training mode, x should be standardized with its own mean and biased variance"
        message += "" if grad else ", also under torch.no_grad(): the mode is self.training"
        expect(close(tensor(result.y, shape, name="y"), wanted), message)
    x = batch(draw, (6, 4))
    y = tensor(ask.probe(normalize, Tensor(x), {}, {}, True, True).y, x.shape, name="y")
    wanted, *_ = batchnorm_train(x, np.ones(4), np.zeros(4), eps=1e-5)
    expect(close(y, wanted), "a new module should have weight 1 and bias 0")
    for x, training, step in zip(*ask.once(alternated), strict=True):
        wanted, *_ = batchnorm_train(x, np.ones(3), np.zeros(3), eps=1e-5)
        message = "in training mode every step, not only the first, should standardize x with its own statistics"
        expect(not training or close(tensor(step.y, x.shape, name="y"), wanted), message)


@exercise.requires("uses its running statistics in eval mode", 1.5)
def uses_running_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for shape, options, grad in (*CASES, ((1, 3), {}, True)):
        x, given = batch(draw, (2, shape[1]) if shape[0] == 1 else shape)[: shape[0]], settings(draw, shape[1])
        result = ask.probe(normalize, Tensor(x), tensors(given), options, False, grad)
        mean, var = given["running_mean"], given["running_var"]
        wanted = batchnorm_inference(x, *parameters(given), mean, var, options.get("eps", 1e-5))
        y = tensor(result.y, shape, name="y")
        expect(close(y, wanted), "in eval mode, x should be standardized with running_mean and running_var")
        for name, after, old in (("running_mean", result.mean, mean), ("running_var", result.var, var)):
            unchanged = close(tensor(after, shape[1:], name=name), old)
            expect(unchanged, "in eval mode, the running statistics should stay as they are")
    for x, training, step in zip(*ask.once(alternated), strict=True):
        mean, var = tensor(step.mean, (3,), name="running_mean"), tensor(step.var, (3,), name="running_var")
        wanted = batchnorm_inference(x, np.ones(3), np.zeros(3), mean, var, 1e-5)
        message = "in eval mode between steps of training, x should be standardized with the statistics of that moment"
        expect(training or close(tensor(step.y, x.shape, name="y"), wanted), message)


@exercise.requires("moves running mean and unbiased variance by momentum", 1.5)
def moves_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for options in OPTIONS:
        batches = [batch(draw, (n, 3)) for n in (2, 4, 7)]
        result = ask.probe(train, [Tensor(x) for x in batches], options, False)
        mean, var, new = np.zeros(3), np.ones(3), options.get("momentum", 0.1)
        for x in batches:
            mean, var = (1 - new) * mean + new * x.mean(axis=0), (1 - new) * var + new * x.var(axis=0, ddof=1)
        expect(
            close(tensor(result.mean, (3,), name="running_mean"), mean),
            "in training mode, running_mean should start at 0 and move toward each batch mean by momentum",
        )
        expect(
            close(tensor(result.var, (3,), name="running_var"), var),
            "in training mode, running_var should start at 1 and move toward each unbiased batch variance by momentum",
        )
    x, given = batch(draw, (4, 3)), settings(draw, 3)
    after = ask.probe(normalize, Tensor(x), tensors(given), {}, True, False)
    wanted = (
        0.9 * given["running_mean"] + 0.1 * x.mean(axis=0),
        0.9 * given["running_var"] + 0.1 * x.var(axis=0, ddof=1),
    )
    moved = tensor(after.mean, (3,), name="running_mean"), tensor(after.var, (3,), name="running_var")
    expect(
        close(moved, wanted),
        "in training mode, the running statistics should move under torch.no_grad() as well",
    )


@exercise.requires("lets gradients flow through the statistics in training mode", 1.5, after="standardizes_batch")
def flows_through_statistics(ask: Ask, draw: np.random.Generator) -> None:
    for shape in SHAPES:
        x, dy, given = batch(draw, shape), hidden.away_from_zero(draw, shape), settings(draw, shape[1])
        gradients = ask.probe(differentiate, Tensor(x), Tensor(dy), tensors(given), {"eps": 0.3}, True)
        wanted = batchnorm_backward(dy, x, given["weight"], eps=0.3)
        for name, gradient, right in zip(("x", "weight", "bias"), gradients, wanted, strict=True):
            message = f"in training mode, the gradient of {name} is not right: it flows through mean and variance too"
            expect(close(tensor(gradient, right.shape, name=f"the gradient of {name}"), right), message)


@exercise.requires("lets gradients flow in eval mode", 0.5, after="uses_running_statistics")
def flows_in_eval_mode(ask: Ask, draw: np.random.Generator) -> None:
    x, dy, given = batch(draw, (5, 3)), hidden.away_from_zero(draw, (5, 3)), settings(draw, 3)
    gradients = ask.probe(differentiate, Tensor(x), Tensor(dy), tensors(given), {}, False)
    inverse = 1 / np.sqrt(given["running_var"] + 1e-5)
    standard = (x - given["running_mean"]) * inverse
    wanted = (dy * given["weight"] * inverse, (dy * standard).sum(axis=0), dy.sum(axis=0))
    for name, gradient, right in zip(("x", "weight", "bias"), gradients, wanted, strict=True):
        message = f"in eval mode, the gradient of {name} is not right: the running statistics are constants there"
        expect(close(tensor(gradient, right.shape, name=f"the gradient of {name}"), right), message)


@exercise.requires("keeps no graph in its statistics", 1)
def keeps_no_graph(ask: Ask, draw: np.random.Generator) -> None:
    batches = [batch(draw, (n, 3)) for n in (3, 5)]
    result = ask.probe(train, [Tensor(x) for x in batches], {}, True)
    message = "the running statistics should carry no graph: detach the batch statistics before they are averaged in"
    expect(result.free is True, message)
    expect(close(tensor(result.copied, (3,)), tensor(result.mean, (3,))), "a copy should have equal statistics")


@exercise.requires("exchanges its state with torch.nn.BatchNorm1d", 1.5, after="uses_running_statistics")
def exchanges_state(ask: Ask, draw: np.random.Generator) -> None:
    x, given = batch(draw, (5, 3)).astype("float32"), settings(draw, 3)
    given = {name: array.astype("float32") for name, array in given.items()}
    result = ask.probe(exchange_state, Tensor(x), tensors(given))
    expect(
        set(result.names) == KEYS,
        f"the names in state_dict() should be {', '.join(sorted(KEYS))}: buffers are part of it, "
        f"plain attributes are not",
    )
    expect(result.parameters == 2, "the module should have two parameters, weight and bias")
    wanted = batchnorm_inference(x, *parameters(given), given["running_mean"], given["running_var"], 1e-5)
    for output in result.outputs:
        y = tensor(output, (5, 3), "float32", "y")
        expect(close(y, wanted, "float32", scale=10), "a state that was loaded should decide what eval mode gives")


@exercise.requires("refuses one value per feature in training, and other shapes", 0.5)
def refuses_bad_shapes(ask: Ask, draw: np.random.Generator) -> None:
    x = batch(draw, (5, 3))
    ask.probe(pass_through, 3, Tensor(x), True)
    answer = ask.probe_answer(pass_through, 3, Tensor(x[:1]), True)
    is_refusal(answer, "one value per feature in training", mentions="")
    for training in (True, False):
        for wrong in (x[:, :2], x[:, :1], x[0], x[None, None]):
            answer = ask.probe_answer(pass_through, 3, Tensor(wrong.copy()), training)
            is_refusal(answer, f"an input of shape {wrong.shape} for 3 features", mentions="")


def output(normalized: dict[str, Value]) -> Value:
    """Choose the output of what came back."""
    return normalized["y"]


exercise.requires("keeps the dtype, works without a graph, and leaves its input alone", 0.5)(
    in_every_way(output, probes=(normalize,))
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    x, dy, given = batch(draw, (4, 2)), hidden.away_from_zero(draw, (4, 2)), settings(draw, 2)
    numbers: list[float] = []
    for training, grad in ((True, True), (True, False), (False, True), (False, False)):
        result = ask.probe(normalize, Tensor(x), tensors(given), {}, training, grad)
        numbers += [*result.y.array.ravel().tolist(), float(close(result.mean.array, given["running_mean"]))]
        numbers += [float(value) for part in (result.mean, result.var) for value in part.array if training and grad]
    numbers += ask.probe(differentiate, Tensor(x), Tensor(dy), tensors(given), {}, True)[0].array.ravel().tolist()
    numbers.append(float(ask.probe(count_state, 2)))
    numbers.append(float(ask.probe(remembers, Tensor(x))))
    return numbers


@exercise.mistake(
    "statistics under no_grad",
    edit=("x.mean(0), x.var(0, correction=0)", "x.detach().mean(0), x.detach().var(0, correction=0)"),
)
def statistics_under_no_grad():
    """Mean and variance are computed under torch.no_grad(), so no gradient flows through them. In training they depend
    on x, and the gradient of x must know it; only the running statistics are detached."""


@exercise.mistake(
    "statistics not buffers",
    edit=('self.register_buffer(f"running_{name}", value)', 'setattr(self, f"running_{name}", value)'),
)
def statistics_not_buffers():
    """The running statistics are plain attributes, so state_dict() does not have them: saved and loaded, the module
    forgets what it learned about the data. Use register_buffer."""


@exercise.mistake("unbiased variance in the batch", edit=("x.mean(0), x.var(0, correction=0)", "x.mean(0), x.var(0)"))
def unbiased_in_batch():
    """The batch is standardized with the unbiased variance, which is what x.var(0) gives in PyTorch. Its own mean square
    counts: x.var(0, correction=0). Only the running variance is unbiased."""


@exercise.mistake(
    "momentum read as the weight of the old value",
    edit=("self.eps, self.momentum = eps, momentum", "self.eps, self.momentum = eps, 1 - momentum"),
)
def momentum_of_keras():
    """The new statistics get the weight 1 - momentum, as in Keras. In PyTorch momentum is the weight of the new ones: with
    .1 the running statistics move by a tenth."""


@exercise.mistake("running statistics keep a graph", edit=("self.track(x.detach())", "self.track(x)"))
def statistics_keep_graph():
    """The running statistics are averaged with tensors that remember their history, so the graph grows with every step
    and the module cannot be copied. Detach what is averaged in."""


@exercise.mistake("mode from is_grad_enabled", edit=("if self.training:", "if torch.is_grad_enabled():"))
def mode_from_grad():
    """Whether gradients are recorded decides which statistics are used. The mode is self.training: train() and eval()
    set it, and both work with and without gradients."""


@exercise.mistake(
    "biased running variance", edit=("self.momentum * x.var(0)", "self.momentum * x.var(0, correction=0)")
)
def biased_running_variance():
    """The running variance is averaged with the biased variance of the batch. PyTorch standardizes with the biased
    variance, but keeps the unbiased one, n / (n - 1) times larger."""


exercise.right(with_var_mean)
exercise.right(in_place)
exercise.right(with_addcmul)
