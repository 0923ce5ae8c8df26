"""A head with one unit, repaired: `fix_head(model) -> keras.Model`."""

from typing import Any

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.dropout_keras.models import (
    RATE,
    WIDTH,
    Layers,
    inputs,
    left_alone,
    returned,
    shares_nothing,
    transformed,
)
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import close, expect, is_refusal
from autograder.checks.respond import attempt

PAGE = "exercises/dropout_keras/dropout_keras"

DENSE: Layers = ["Dense", {"units": WIDTH, "activation": "relu", "trainable": False}]
NORM: Layers = ["BatchNormalization", {}]
DROPOUT: Layers = ["Dropout", {"rate": RATE}]
SOFTMAX: Layers = ["Dense", {"units": 1, "activation": "softmax"}]
BODY: Layers = [DENSE, NORM, DROPOUT]
BRANCH: Layers = [["branch", BODY]]
OTHER_HEADS: list[Layers] = [
    [["Dense", {"units": 2, "activation": "softmax"}]],
    [["Dense", {"units": 1, "activation": "sigmoid"}]],
    [["Dense", {"units": 1}]],
    [SOFTMAX, DROPOUT],
]


def handed_over(subject: Any, layers: Layers, width: int) -> bool:
    """Hand a new chain of layers to the student's function."""
    import keras

    quick = {"Dense": {"kernel_initializer": "zeros"}}
    stack = [getattr(keras.layers, name)(**quick.get(name, {}), **settings) for name, settings in layers]
    attempt(subject, keras.Sequential([keras.Input((width,)), *stack]))
    return True


def fix(ask: Ask, draw: np.random.Generator, layers: Layers, closely: bool = False) -> dict[str, Any]:
    x = inputs(draw)
    facts: dict[str, Any] = ask.probe(transformed, layers, x, int(draw.integers(2**31)), closely)
    return facts | {"x": x}


def fixed_chain(ask: Ask, draw: np.random.Generator) -> dict[str, Any]:
    return fix(ask, draw, [*BODY, SOFTMAX], closely=True)


def sigmoid_of_head(facts: dict[str, Any], branch: bool) -> np.ndarray:
    """Return what a model of one hidden layer and a BatchNorm should predict, from its weights."""
    x, (kernel, bias, gamma, beta, mean, var, W, b) = facts["x"].astype(np.float64), facts["before"][1:]
    hidden = (np.maximum(x @ kernel + bias, 0) - mean) / np.sqrt(var + 1e-3) * gamma + beta
    return np.asarray(1 / (1 + np.exp(-((x + hidden if branch else hidden) @ W + b))))


def predicts(facts: dict[str, Any], branch: bool) -> None:
    expect(
        not close(facts["predicted"], facts["wanted"]),
        "the new model still gives 1 everywhere: its head is a softmax over one unit",
    )
    expect(
        close(facts["predicted"], sigmoid_of_head(facts, branch), "float32"),
        "the new model should predict the sigmoid of what the old head computes before its softmax",
    )


def repairs_head(ask: Ask, draw: np.random.Generator) -> None:
    predicts(returned(ask.once(fixed_chain)), branch=False)


def handles_branches(ask: Ask, draw: np.random.Generator) -> None:
    predicts(returned(fix(ask, draw, [*BRANCH, SOFTMAX])), branch=True)


def keeps_the_rest(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(ask.once(fixed_chain))
    old, new = facts["before"][1:], facts["weights"]
    expect(
        len(old) == len(new) and all(close(a, b, "float32") for a, b in zip(old, new, strict=True)),
        "the new model should have all the weights of the old one, in the same order",
    )
    expect(facts["noises"] == ["Dropout"], "the new model should keep the Dropout layers of the old one")
    expect(not close(facts["training"], facts["predicted"]), "in training mode the new model should still drop units")


def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(ask.once(fixed_chain))
    shares_nothing(facts)
    left_alone(facts)


def refuses_other_heads(ask: Ask, draw: np.random.Generator) -> None:
    returned(ask.once(fixed_chain))
    for head in OTHER_HEADS:
        answer = ask.probe_answer(handed_over, head, WIDTH)
        name, settings = head[-1]
        named = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        is_refusal(answer, f"a model that ends with {name}({named})", "")


def measure(ask: Ask) -> list[float]:
    x = inputs(np.random.default_rng(4), 4)
    facts = ask.probe(transformed, [SOFTMAX], x, 5)
    return [float(number) for number in facts["predicted"].ravel()]


def with_head(model, **settings):
    """Clone a model with other settings of its last layer, and copy the weights that still exist."""
    import keras

    head = model.layers[-1]
    if not isinstance(head, keras.layers.Dense) or head.units != 1 or head.activation != keras.activations.softmax:
        raise ValueError("the head is not a Dense(1, softmax)")

    def swap(layer):
        changes = settings if layer is head else {}
        return type(layer).from_config({**layer.get_config(), **changes})

    new = keras.models.clone_model(model, clone_function=swap)
    new.set_weights(model.get_weights()[: len(new.weights)])
    return new


@Built
def reference():
    def fix_head(model):
        return with_head(model, activation="sigmoid")

    return fix_head


@Built
def keeps_softmax():
    def fix_head(model):
        return with_head(model)

    return fix_head


@Built
def drops_bias():
    def fix_head(model):
        return with_head(model, activation="sigmoid", use_bias=False)

    return fix_head


@Built
def on_cloned_features():
    """Clone all of it, and put a new head on what the clone feeds its own."""
    import keras

    def fix_head(model):
        last = model.layers[-1]
        if type(last).__name__ != "Dense" or last.get_config()["activation"] != "softmax" or last.units > 1:
            raise ValueError(f"fix_head cannot repair a head of kind {last.name}")
        clone = keras.models.clone_model(model)
        clone.set_weights(model.get_weights())
        head = keras.layers.Dense(1, activation="sigmoid")
        fixed = keras.Model(clone.inputs, head(clone.layers[-1].input))
        head.set_weights(last.get_weights())
        return fixed

    return fix_head


@Built
def on_the_clone():
    """A clone may be changed: its head gets another activation before anything is traced."""
    import keras

    def fix_head(model):
        if not (isinstance(model.layers[-1], keras.layers.Dense) and model.output_shape[-1] == 1):
            raise ValueError("expected one unit")
        if keras.activations.serialize(model.layers[-1].activation) != "softmax":
            raise ValueError("expected softmax")
        clone = keras.models.clone_model(model)
        clone.layers[-1].activation = keras.activations.sigmoid
        for ours, theirs in zip(clone.weights, model.weights, strict=True):
            ours.assign(theirs)
        return clone

    return fix_head


@Built
def from_json():
    import json

    import keras

    def fix_head(model):
        description = json.loads(model.to_json())
        last = description["config"]["layers"][-1]
        if last["class_name"] != "Dense" or last["config"]["units"] != 1 or last["config"]["activation"] != "softmax":
            raise ValueError(f"{last['class_name']} is not the head to fix")
        last["config"]["activation"] = "sigmoid"
        new = keras.models.model_from_json(json.dumps(description))
        new.set_weights(model.get_weights())
        return new

    return fix_head


exercise = Exercise(
    name="fix_head",
    assignment="dropout_keras",
    page=PAGE,
    requirements=(
        Requirement("turns the softmax over one unit into a sigmoid", 2, repairs_head),
        Requirement("does so for models with branches", 1, handles_branches),
        Requirement("keeps all other layers and all weights", 1, keeps_the_rest),
        Requirement("leaves the model alone and shares no variable with it", 1, leaves_model_alone),
        Requirement("refuses any other head", 1, refuses_other_heads),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "keeps softmax",
            "The new head is still a softmax over one unit, so it gives 1 whatever the weights are. One unit needs a "
            "sigmoid.",
            PAGE,
            keeps_softmax,
        ),
        Misconception(
            "drops the bias",
            "The new head has the old kernel and no bias, so all probabilities are shifted. Copy kernel and bias.",
            PAGE,
            drops_bias,
        ),
    ),
    variants=(on_cloned_features, on_the_clone, from_json),
    fingerprint=Fingerprint(measure, tolerance=1e-5),
)
