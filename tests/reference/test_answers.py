"""Every published solution and every right answer against the frameworks themselves, beyond what the checks ask."""

import ast
from functools import cache
from itertools import product
from pathlib import Path

import keras
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from autograder.checks.catalogue import ASSIGNMENTS, exercises, find
from autograder.checks.implementation import resolve

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras variables
SOLUTIONS = Path(__file__).parents[2] / "solutions"
DRAW = np.random.default_rng(5)
TESTS = {}


@cache
def solution(assignment):
    """Return what the published solution of an assignment imports and defines; nothing else of it is run."""
    tree = ast.parse((SOLUTIONS / f"{assignment}.py").read_text())
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    tree.body = [node for node in tree.body if isinstance(node, kinds)]
    namespace = {"__name__": assignment}
    exec(compile(tree, f"{assignment}.py", "exec"), namespace)
    return namespace


def against(*names):
    """Decorate a comparison `(answer, name)` of what answers the exercises of these names."""

    def listed(compare):
        TESTS.update(dict.fromkeys(names, compare))
        return compare

    return listed


def same(found, right, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(found), np.asarray(right), rtol=tolerance, atol=tolerance)


def channels_first(x):
    return torch.tensor(x).permute(0, 3, 1, 2)


@against("max_pool2d", "average_pool2d")
def pools_as_torch_does(answer, name):
    pool = functional.max_pool2d if name == "max_pool2d" else functional.avg_pool2d
    for side, size, stride in product((5, 8), (1, 2, 3), (1, 2, 3)):
        x = np.maximum(DRAW.normal(0, 1, (3, side, side + 2, 2)), 0)
        same(answer(x, size, stride), pool(channels_first(x), size, stride).permute(0, 2, 3, 1))


@against("max_pool2d_backward")
def passes_gradients_as_torch_does(answer, name):
    for size, stride in product((1, 2, 3), (1, 2, 3)):
        x = np.maximum(DRAW.normal(0, 1, (2, 7, 7, 2)), 0)
        leaf = channels_first(x).requires_grad_()
        y = functional.max_pool2d(leaf, size, stride)
        dy = DRAW.normal(0, 1, tuple(y.permute(0, 2, 3, 1).shape))
        y.backward(channels_first(dy))
        same(answer(dy, x, size, stride), leaf.grad.permute(0, 2, 3, 1))


@against("count_parameters")
def counts_what_keras_counts(answer, name):
    net = [("conv", 5, 3), ("pool", 2), ("conv", 4, 2), ("dropout", 0.3), ("flatten",), ("dense", 6), ("dense", 3)]
    made = {
        "conv": keras.layers.Conv2D,
        "pool": keras.layers.MaxPooling2D,
        "dropout": keras.layers.Dropout,
        "flatten": keras.layers.Flatten,
        "dense": keras.layers.Dense,
    }
    model = keras.Sequential([keras.Input((15, 12, 3)), *(made[kind](*numbers) for kind, *numbers in net)])
    assert answer((15, 12, 3), net) == model.count_params()


@against("dense_softmax")
def is_the_softmax_of_torch(answer, name):
    for scale, dtype in product((1, 100), ("float32", "float64")):
        x, W, b = (scale * DRAW.normal(0, 1, shape).astype(dtype) for shape in ((6, 4), (4, 4), (4,)))
        right = torch.softmax(torch.tensor(x) @ torch.tensor(W) + torch.tensor(b), dim=1)
        same(answer(x, W, b), right, 1e-4 if dtype == "float32" else 1e-9)


@against("layernorm", "groupnorm", "batchnorm_train", "batchnorm_inference", "rmsnorm")
def normalizes_as_torch_does(answer, name):
    x, gamma, beta, mean = (DRAW.normal(0.5, 1, shape) for shape in ((6, 8), 8, 8, 8))
    var, images = DRAW.uniform(0.2, 2, 8), DRAW.normal(0.5, 1, (3, 4, 4, 8))
    given = {"x": x, "gamma": gamma, "beta": beta, "mean": mean, "var": var}
    t = {key: torch.tensor(value) for key, value in given.items()}
    if name == "layernorm":
        same(answer(x, gamma, beta, eps=1e-3), functional.layer_norm(t["x"], (8,), t["gamma"], t["beta"], 1e-3))
    elif name == "rmsnorm":
        same(answer(x, gamma, eps=1e-6), functional.rms_norm(t["x"], (8,), t["gamma"], 1e-6))
    elif name == "groupnorm":
        right = functional.group_norm(channels_first(images), 4, t["gamma"], t["beta"], 1e-3)
        same(answer(images, 4, gamma, beta, eps=1e-3), right.permute(0, 2, 3, 1))
    elif name == "batchnorm_train":
        right = functional.batch_norm(t["x"], None, None, t["gamma"], t["beta"], training=True, eps=1e-3)
        same(answer(x, gamma, beta, eps=1e-3)[0], right)
    else:
        right = functional.batch_norm(t["x"], t["mean"], t["var"], t["gamma"], t["beta"], eps=1e-3)
        same(answer(x, gamma, beta, mean, var, eps=1e-3), right)


@against("dropconnect")
def is_linear_at_test(answer, name):
    x, W, b = (torch.tensor(DRAW.normal(0, 1, shape)) for shape in ((5, 4), (4, 4), (4,)))
    same(answer(x, W, b, 0.4, training=False), functional.linear(x, W, b))
    same(answer(x, W, b, 0.0), functional.linear(x, W, b))


@against("dropout_layer", "stochastic_relu")
def gives_a_factor_of_its_input_and_its_gradient(answer, name):
    """Without a graph, too: the same generator gives the same numbers."""
    x = torch.tensor(DRAW.normal(0, 1, (30, 30)), dtype=torch.float32).requires_grad_()
    rate = 0.3 if name == "dropout_layer" else 0.7
    y = answer(x, rate, torch.Generator().manual_seed(3))
    with torch.no_grad():
        same(answer(x, rate, torch.Generator().manual_seed(3)), y.detach())
    plain = x if name == "dropout_layer" else x.relu()
    y.sum().backward()
    kept = y.detach() != 0
    same(y.detach(), torch.where(kept, plain.detach() / 0.7, 0))
    same(x.grad, kept / 0.7)


@against("DropoutMLP")
def is_a_sequential_in_eval_mode(answer, name):
    model = answer(12, [9, 5], 3, [0.3, 0.6]).eval()
    first, second, head = model.linears
    other = nn.Sequential(nn.Flatten(), first, nn.ReLU(), second, nn.ReLU(), head)
    x = torch.tensor(DRAW.normal(0, 1, (7, 3, 4)), dtype=torch.float32)
    same(model(x).detach(), other(x).detach())


@against("evaluate")
def gives_the_loss_of_torch(answer, name):
    images = torch.tensor(DRAW.integers(0, 256, (19, 28, 28)), dtype=torch.uint8)
    labels = torch.tensor(DRAW.integers(0, 10, 19))
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Dropout(0.5)).train()
    accuracy, nll = answer(model, images, labels, batch_size=8)
    logits = model[1](images.flatten(1) / 255).detach()
    same(nll, functional.cross_entropy(logits, labels))
    same(accuracy, (logits.argmax(1) == labels).double().mean())
    assert all(module.training for module in model.modules())


@against("weight_after_decay")
def is_what_the_optimizer_does(answer, name):
    for lr, decay, steps in ((0.1, 0.5, 40), (0.7, 2.0, 9), (0.01, 1e-3, 25), (1.0, 1.0, 2)):
        weight = nn.Parameter(torch.tensor([1.7], dtype=torch.float64))
        weight.grad = torch.zeros_like(weight)
        optimizer = torch.optim.SGD([weight], lr=lr, weight_decay=decay)
        for _ in range(steps):
            optimizer.step()
        same(answer(1.7, lr, decay, steps), weight.item(), 1e-9)


@against("activation_variances")
def measures_what_torch_puts_out(answer, name):
    model = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU()).eval()
    x = torch.tensor(DRAW.normal(0, 1, (6, 6)), dtype=torch.float32)
    right = {name: model[: int(name) + 1](x).var(0, correction=0).mean().item() for name in ("1", "3")}
    found = answer(model, x)
    assert found.keys() == right.keys()
    same([found[name] for name in right], list(right.values()))


@against("repaired_predict")
def predicts_what_keras_predicts(answer, name):
    layers = [keras.Input((5,))]
    for units in (5, 4):
        layers += [keras.layers.Dense(units, "relu"), keras.layers.Dropout(0.2), keras.layers.BatchNormalization()]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    weights = [DRAW.uniform(-1 if w.ndim > 1 else 0.3, 1, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    X = DRAW.normal(0, 3, (9, 5))
    same(answer(weights, X), model.predict(X, verbose=0), 1e-4)


ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "softmax", "softplus", "softsign", "elu", "selu", "gelu", "silu"]
OPTIONS = (
    keras.layers.ELU(alpha=0.3),
    keras.layers.ReLU(max_value=1),
    keras.layers.ReLU(negative_slope=0.5),
    keras.layers.ReLU(threshold=0.5),
    keras.layers.Softmax(axis=0),
    keras.layers.Softmax(axis=1),
)


@against("keras_to_torch")
def ports_each_activation_and_option(answer, name):
    """Options that change what a layer computes are ported or refused."""
    X = DRAW.normal(0, 2, (6, 4)).astype("float32")
    layers = [keras.layers.Dense(4, own) for own in ACTIVATIONS]
    layers += [keras.layers.Activation(own) for own in ACTIVATIONS]
    layers += [keras.layers.ReLU(), keras.layers.ELU(), keras.layers.Softmax(), *OPTIONS]
    for layer in layers:
        model = keras.Sequential([keras.Input((4,)), type(layer).from_config(layer.get_config())])
        try:
            module = answer(model).eval()
        except ValueError:
            assert any(layer is option for option in OPTIONS), layer
            continue
        same(module(torch.tensor(X)).detach(), model.predict_on_batch(X))


def answers():
    for exercise in (exercise for assignment in ASSIGNMENTS for exercise in exercises(assignment)):
        if exercise.name in TESTS:
            yield pytest.param(exercise, None, id=f"{exercise.name}-solution")
            for number, right in enumerate((exercise.reference, *exercise.variants)):
                yield pytest.param(exercise, right, id=f"{exercise.name}-{number}")


def test_comparisons_belong_to_exercises():
    assert {find(name).name for name in TESTS} == TESTS.keys()


@pytest.mark.parametrize(("exercise", "right"), list(answers()))
def test_answer_agrees_with_the_framework(exercise, right):
    answer = solution(exercise.assignment)[exercise.name] if right is None else resolve(right)
    TESTS[exercise.name](answer, exercise.name)
