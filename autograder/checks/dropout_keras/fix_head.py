"""A head with one unit, repaired: `fix_head(model) -> keras.Model`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.beside.keras_models import Layers, Transformed, handed_over, transformed
from autograder.checks.dropout_keras.models import RATE, WIDTH, inputs, left_alone, returned, shares_nothing
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, is_refusal
from autograder.checks.implementation import Built


@Built
def fix_head():
    import keras

    def fix_head(model):
        head = model.layers[-1]
        if not isinstance(head, keras.layers.Dense) or head.units != 1 or head.activation != keras.activations.softmax:
            raise ValueError("the head is not a Dense(1, softmax)")

        def swap(layer):
            changes = {"activation": "sigmoid"} if layer is head else {}
            return type(layer).from_config({**layer.get_config(), **changes})

        new = keras.models.clone_model(model, clone_function=swap)
        new.set_weights(model.get_weights()[: len(new.weights)])
        return new

    return fix_head


exercise = Exercise(
    fix_head,
    page="normalization/inference#Mistakes about epsilon are small, all others are large",
    onward="The figure below trains the repaired model beside the broken one; try ten times the epochs: does the broken one ever move?",
    trap=("repairs_head", "leaves_model_alone"),
)

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
Fixed = tuple[np.ndarray, Transformed]
"""The inputs of a model, and what became of it."""


def fix(ask: Ask, draw: np.random.Generator, layers: Layers, closely: bool = False) -> Fixed:
    x = inputs(draw)
    return x, ask.probe(transformed, layers, x, hidden.seed(draw), closely)


def fixed_chain(ask: Ask, draw: np.random.Generator) -> Fixed:
    return fix(ask, draw, [*BODY, SOFTMAX], closely=True)


def sigmoid_of_head(x: np.ndarray, weights: list[np.ndarray], branch: bool) -> np.ndarray:
    """Return what a model of one hidden layer and a BatchNorm should predict, from its weights."""
    x, (kernel, bias, gamma, beta, mean, var, W, b) = x.astype(np.float64), weights
    h = (np.maximum(x @ kernel + bias, 0) - mean) / np.sqrt(var + 1e-3) * gamma + beta
    return np.asarray(1 / (1 + np.exp(-((x + h if branch else h) @ W + b))))


def predicts(fixed: Fixed, branch: bool, own: bool = False) -> None:
    """Raise Unmet unless the new model predicts the sigmoid, by the old weights or, when `own`, by those that it has."""
    x, facts = fixed[0], returned(fixed[1])
    weights = facts.weights if own else facts.before[1:]
    weights = weights if len(weights) != len(facts.before) - 2 else [*weights, np.zeros(1)]
    expect(
        not close(facts.predicted, facts.wanted),
        "the new model still gives 1 everywhere: its head is a softmax over one unit",
    )
    expect(
        close(facts.predicted, sigmoid_of_head(x, weights, branch), "float32"),
        "the new model should predict the sigmoid of what the old head computes before its softmax",
    )


@exercise.requires("turns the softmax over one unit into a sigmoid", 2)
def repairs_head(ask: Ask, draw: np.random.Generator) -> None:
    predicts(ask.once(fixed_chain), branch=False)


@exercise.requires("does so for models with branches", 1)
def handles_branches(ask: Ask, draw: np.random.Generator) -> None:
    predicts(fix(ask, draw, [*BRANCH, SOFTMAX]), branch=True, own=True)


@exercise.requires("keeps all other layers and all weights", 1)
def keeps_the_rest(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(ask.once(fixed_chain)[1])
    old, new = facts.before[1:], facts.weights
    expect(
        len(old) == len(new) and all(close(a, b, "float32") for a, b in zip(old, new, strict=True)),
        "the new model should have all the weights of the old one, in the same order",
    )
    expect(facts.noises == ["Dropout"], "the new model should keep the Dropout layers of the old one")
    constant = close(facts.predicted, facts.wanted)  # a softmax over one unit shows nothing of what is dropped
    drops = constant or not close(facts.training, facts.predicted)
    expect(drops, "in training mode the new model should still drop units")


@exercise.requires("leaves the model alone and shares no variable with it", 1.5)
def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    facts = returned(ask.once(fixed_chain)[1])
    shares_nothing(facts)
    left_alone(facts)


@exercise.requires("refuses any other head", 0.5)
def refuses_other_heads(ask: Ask, draw: np.random.Generator) -> None:
    returned(ask.once(fixed_chain)[1])
    for head in OTHER_HEADS:
        answer = ask.probe_answer(handed_over, head, WIDTH)
        name, settings = head[-1]
        named = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        is_refusal(answer, f"a model that ends with {name}({named})", "")


@exercise.measures(tolerance=1e-5)
def measure(ask: Ask) -> list[float]:
    x = inputs(np.random.default_rng(4), 4)
    facts = ask.probe(transformed, [SOFTMAX], x, 5)
    new, old = facts.weights, facts.before[1:]
    kept = [any(np.array_equal(array, other) for other in new) for array in old]
    still = (facts.predicted == 1).all()
    sigmoid = 1 / (1 + np.exp(-(x @ old[0] + old[1])))
    right = close(facts.predicted, sigmoid, "float32")
    return [float(fact) for fact in (still, right, *kept, facts.shared > 0)]


@exercise.mistake("keeps softmax", edit=('"sigmoid"', '"softmax"'))
def keeps_softmax():
    """The new head is still a softmax over one unit, so it gives 1 whatever the weights are. One unit needs a
    sigmoid."""


@exercise.mistake("drops the bias", edit=('"sigmoid"}', '"sigmoid", "use_bias": False}'))
def drops_bias():
    """The new head has the old kernel and no bias, so all probabilities are shifted. Copy kernel and bias."""


@exercise.mistake("weights re-initialized", drop="new.set_weights")
def weights_reinitialized():
    """The new model has the layers of the old one and random weights of its own. Copy them: new.set_weights(...)."""


@exercise.mistake(
    "changes the model itself",
    edit=(
        "def swap(layer)",
        "head.activation = keras.activations.sigmoid\n        return model\n\n        def swap(layer)",
    ),
)
def changes_the_model():
    """The head of the model that was passed in gets another activation, and that model is returned. Return a new one, and
    leave the old one as it was."""


@exercise.right
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


@exercise.right
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


@exercise.right
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
