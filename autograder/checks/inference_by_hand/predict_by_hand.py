"""A chain of layers in NumPy: `predict_by_hand(layers, X) -> predictions`."""

from typing import Any

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask
from autograder.checks.batchnorm.batches import batch, gains, statistics
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, refuses
from autograder.reference.inference import ACTIVATIONS, predict_by_hand

exercise = Exercise(
    predict_by_hand,
    page="normalization/inference#A prediction by hand, line by line",
    onward="The figure after this measures with it what each mistake costs; try `extract_weights(model)` after one more epoch of training, without changing your code.",
    trap=("applies_batchnorm", "predicts_network"),
)

Layer = dict[str, Any]


def dense(draw: np.random.Generator, inputs: int, units: int, activation: str | None) -> Layer:
    """Draw a Dense layer."""
    W, b = draw.uniform(-1, 1, (inputs, units)), draw.uniform(-1, 1, units)
    return {"kind": "dense", "W": W, "b": b, "activation": activation}


def batchnorm(draw: np.random.Generator, units: int) -> Layer:
    """Draw a BatchNorm whose eps is not the default and not negligible."""
    (gamma, beta), (mean, var) = gains(draw, units), statistics(draw, units)
    eps = float(draw.uniform(0.05, 0.3))
    return {"kind": "batchnorm", "gamma": gamma, "beta": beta, "mean": mean, "var": var, "eps": eps}


def network(draw: np.random.Generator) -> list[Layer]:
    """Draw blocks Dense - ReLU - BatchNorm of several widths and a head."""
    layers: list[Layer] = []
    for inputs, units in ((5, 7), (7, 4), (4, 6)):
        layers += [dense(draw, inputs, units, "relu"), batchnorm(draw, units)]
    return [*layers, dense(draw, 6, 2, "linear")]


def expect_right(ask: Ask, layers: list[Layer], X: np.ndarray, message: str) -> None:
    wanted = predict_by_hand(layers, X)
    predictions = array(ask(layers, X), wanted.shape, name="the prediction")
    expect(close(predictions, wanted), message)


@exercise.requires("applies Dense layers and their activations", 2)
def applies_dense(ask: Ask, draw: np.random.Generator) -> None:
    X = batch(draw, (6, 4))
    for activation in (None, "linear", "relu", "sigmoid", "tanh"):
        layers = [dense(draw, 4, 3, activation)]
        expect_right(ask, layers, X, f"a Dense layer with activation {activation} is not right")
        layers += [dense(draw, 3, 3, activation), dense(draw, 3, 2, "linear")]
        expect_right(ask, layers, X, f"three Dense layers in a row, with activation {activation}, are not right")


@exercise.requires("applies BatchNorm wherever it stands", 2)
def applies_batchnorm(ask: Ask, draw: np.random.Generator) -> None:
    X = batch(draw, (6, 4))
    chains = {
        "a BatchNorm alone": [batchnorm(draw, 4)],
        "a BatchNorm before a Dense layer": [batchnorm(draw, 4), dense(draw, 4, 3, "linear")],
        "a BatchNorm at the end": [dense(draw, 4, 3, "linear"), batchnorm(draw, 3)],
        "two BatchNorms in a row": [batchnorm(draw, 4), batchnorm(draw, 4)],
    }
    for name, layers in chains.items():
        message = f"{name} should use the layer's own gamma, beta, mean, var and eps, with eps inside the root"
        expect_right(ask, layers, X, message)


@exercise.requires("applies softmax, also over one unit, and nowhere else", 1)
def applies_softmax(ask: Ask, draw: np.random.Generator) -> None:
    X = batch(draw, (6, 4))
    expect_right(ask, [dense(draw, 4, 3, "softmax")], X, "a softmax head should sum to 1 over the units of each row")
    large = dense(draw, 4, 3, "softmax")
    large["W"] = 4000 * large["W"]
    expect_right(ask, [large], X, "softmax should stay finite and right for logits in the thousands")
    expect_right(ask, [dense(draw, 4, 1, "softmax")], X, "softmax over one unit is 1 everywhere")
    expect_right(ask, [dense(draw, 4, 1, "linear")], X, "a linear head with one unit should give its logit")


@exercise.requires("stays finite for large logits", 0.75)
def survives_large_logits(ask: Ask, draw: np.random.Generator) -> None:
    for activation in ("sigmoid", "tanh"):
        layer = dense(draw, 4, 3, activation)
        layer["W"] = 4000 * layer["W"]
        expect_right(ask, [layer], batch(draw, (6, 4)), f"{activation} should stay finite for logits in the thousands")


@exercise.requires("predicts a whole network", 2)
def predicts_network(ask: Ask, draw: np.random.Generator) -> None:
    for activation in ("linear", "sigmoid", "softmax"):
        layers = [*network(draw)[:-1], dense(draw, 6, 3, activation)]
        X = batch(draw, (210, 5))
        expect_right(ask, layers, X, "a network of three blocks Dense - ReLU - BatchNorm and a head is not right")


@exercise.requires("predicts the same in a batch of any size", 0.5)
def ignores_batch_size(ask: Ask, draw: np.random.Generator) -> None:
    layers, X = network(draw), batch(draw, (9, 5))
    together = array(ask(layers, X), (9, 2), name="the prediction")
    for rows in (1, 2, 4):
        part = array(ask(layers, X[:rows]), (rows, 2), name="the prediction")
        expect(close(part, together[:rows]), "a row should get the same prediction in a batch of any size")


@exercise.requires("refuses other activations and an X that does not fit", 0.5)
def refuses_bad_arguments(ask: Ask, draw: np.random.Generator) -> None:
    X = batch(draw, (6, 4))
    layer = dense(draw, 4, 3, "relu")
    ask([layer], X)
    for activation in ("gelu", "ReLU", "softplus"):
        answer = ask.answer([layer | {"activation": activation}], X)
        expect(answer.raised is not None, f'the activation "{activation}" should raise, but was accepted')
    refuses(ask, [dense(draw, 5, 3, "relu")], X, because="an X with too few columns", mentions="")


exercise.requires("keeps the dtype in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(right=predict_by_hand)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Chains in which each mistake shows alone: one ReLU, one unit, one BatchNorm, two BatchNorms.

    The first has most rows, so that logits that go past both a ReLU and a BatchNorm count as the former.
    """
    draw = np.random.default_rng(4)
    X = batch(draw, (9, 4))
    one_relu = [dense(draw, 4, 3, "relu"), dense(draw, 3, 2, "linear")]
    one_unit = [dense(draw, 4, 1, "linear")]
    one_norm = [dense(draw, 4, 3, "linear"), batchnorm(draw, 3), dense(draw, 3, 2, "linear")]
    two_norms = [dense(draw, 4, 3, "linear"), batchnorm(draw, 3), dense(draw, 3, 3, "linear")]
    two_norms += [batchnorm(draw, 3), dense(draw, 3, 2, "linear")]
    asked = ((one_relu, X), (one_unit, X[:3]), (one_norm, X[:3]), (two_norms, X[:3]))
    return np.concatenate([np.asarray(ask(layers, rows)).ravel() for layers, rows in asked]).tolist()


def normalize(layer, signal):
    standard = (signal - layer["mean"]) / np.sqrt(layer["var"] + layer["eps"])
    return standard * layer["gamma"] + layer["beta"]


def positions(layers, kind):
    return [i for i, layer in enumerate(layers) if layer["kind"] == kind]


@exercise.mistake("skips a relu (logits used twice)")
def skips_relu(layers, X):
    """The logits of a hidden layer go on where its activation should: once for the ReLU, and once more, unrectified,
    into the next layer. Overwrite one variable, and no old value can be taken by mistake."""
    last = [i for i, layer in enumerate(layers) if layer.get("activation") == "relu"][-1:]
    kept = [layer | {"activation": "linear"} if [i] == last else layer for i, layer in enumerate(layers)]
    return predict_by_hand(kept, X)


@exercise.mistake("skips BatchNorm")
def skips_batchnorm(layers, X):
    """BatchNorm layers are left out. Unlike dropout, BatchNorm is at work at test time: the next layer was trained on
    standardized inputs."""
    return predict_by_hand([layer for layer in layers if layer["kind"] == "dense"], X)


@exercise.mistake("softmax over one unit")
def softmax_over_one_unit(layers, X):
    """Softmax is applied to a head with one unit, which makes every prediction 1. Apply the activation that the layer
    names, here none."""
    *body, head = layers
    one = head["kind"] == "dense" and head["W"].shape[1] == 1
    return predict_by_hand([*body, head | {"activation": "softmax"}] if one else layers, X)


@exercise.mistake("last BatchNorm missing")
def last_batchnorm_missing(layers, X):
    """The last BatchNorm is left out, so the head gets inputs on another scale than it was trained on."""
    last = positions(layers, "batchnorm")[-1:]
    return predict_by_hand([layer for i, layer in enumerate(layers) if [i] != last], X)


@exercise.right
def recursive(layers, X):
    """Peel off the last layer."""
    if len(layers) == 0:
        return X
    *before, last = layers
    signal = recursive(before, X)
    if last["kind"] == "batchnorm":
        scale = last["gamma"] * (last["var"] + last["eps"]) ** -0.5
        return signal * scale + (last["beta"] - last["mean"] * scale)
    return ACTIVATIONS[last["activation"]](np.einsum("ni,iu->nu", signal, last["W"]) + last["b"])


@exercise.right
def row_by_row(layers, X):
    """In double precision, one example at a time."""
    rows = []
    for row in X.astype(float):
        a = row
        for layer in layers:
            match layer:
                case {"kind": "batchnorm"}:
                    a = normalize(layer, a)
                case {"kind": "dense", "W": W, "b": b, "activation": activation}:
                    z = W.T.dot(a) + b
                    match activation:
                        case "relu":
                            a = z * (z > 0)
                        case "sigmoid":
                            a = np.exp(-np.logaddexp(0, -z))
                        case "tanh":
                            a = 2 * np.exp(-np.logaddexp(0, -2 * z)) - 1
                        case "softmax":
                            a = np.exp(z - np.logaddexp.reduce(z))
                        case "linear" | None:
                            a = z
                        case _:
                            raise ValueError(f"unknown activation {activation}")
        rows.append(a)
    return np.array(rows, dtype=X.dtype)


@exercise.right
def folded(layers, X):
    """Keep the BatchNorm as a pending scale and shift, and fold it into the Dense layer behind it."""
    signal, scale, shift = X, 1.0, 0.0
    for layer in layers:
        if layer["kind"] == "batchnorm":
            s = layer["gamma"] / np.sqrt(layer["var"] + layer["eps"])
            scale, shift = scale * s, (shift - layer["mean"]) * s + layer["beta"]
            continue
        if layer["activation"] not in ACTIVATIONS:
            raise NotImplementedError(layer["activation"])
        W = np.broadcast_to(scale, len(layer["W"]))[:, None] * layer["W"]
        b = np.broadcast_to(shift, len(layer["W"])) @ layer["W"] + layer["b"]
        signal, scale, shift = ACTIVATIONS[layer["activation"]](signal @ W + b), 1.0, 0.0
    return (signal * scale + shift).astype(X.dtype)
