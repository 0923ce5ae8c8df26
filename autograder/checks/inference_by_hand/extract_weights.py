"""What a Keras model knows: `extract_weights(model) -> list[dict]`."""

from itertools import chain

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.beside.inference_by_hand import Spec, extracted
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, number
from autograder.checks.implementation import Built
from autograder.checks.inference_by_hand.chains import network
from autograder.checks.inference_by_hand.extractors import by_attributes, by_config, by_variable_paths
from autograder.checks.inference_by_hand.readings import WIDTH, Read, holds, read


@Built
def extract_weights():
    import keras

    def of_dense(layer):
        W = layer.get_weights()[0]
        b = layer.get_weights()[1] if layer.use_bias else np.zeros(W.shape[1], W.dtype)
        return {"kind": "dense", "W": W, "b": b, "activation": keras.activations.serialize(layer.activation)}

    def of_batchnorm(layer):
        values = iter(layer.get_weights())
        has = {"gamma": layer.scale, "beta": layer.center, "mean": True, "var": True}
        found = {"kind": "batchnorm", "eps": layer.epsilon}
        found |= {name: next(values) for name in has if has[name]}
        missing = {"gamma": np.ones_like(found["mean"]), "beta": np.zeros_like(found["mean"])}
        return missing | found

    def extract_weights(model):
        layers = []
        for layer in model.layers:
            match layer:
                case keras.layers.Dense():
                    layers.append(of_dense(layer))
                case keras.layers.BatchNormalization():
                    layers.append(of_batchnorm(layer))
                case keras.layers.Dropout() | keras.layers.InputLayer():
                    pass
                case _:
                    raise ValueError(f"model has a layer of another kind: {type(layer).__name__}")
        return layers

    return extract_weights


exercise = Exercise(
    extract_weights,
    page="normalization/inference#BatchNorm has four arrays, in this order",
    onward="Exercise 3 reads this list; try a model without biases, and look at what stands in their place.",
    trap=("fills_in", "reads_eps", "names_activations"),
)

ARRAYS = ("gamma", "beta", "mean", "var")
ACTIVATIONS = ("relu", "linear", "softmax")
EPSILONS = (0.03, 1e-5)


@exercise.requires("lists Dense and BatchNormalization in order, without Dropout", 2)
def lists_layers(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [
        ("BatchNormalization", {"name": "first"}),
        ("Dense", {"units": 4, "activation": "relu", "name": "second"}),
        ("Dropout", {"rate": 0.3}),
        ("BatchNormalization", {"name": "third"}),
    ]
    seen = read(ask, draw, specs)
    for layer, own in zip(seen.layers(), filter(len, seen.weights), strict=True):
        name = "W" if layer["kind"] == "dense" else "gamma"
        holds(layer, name, own[0], "every dict should hold the weights of its own layer")
    pairs = zip(seen.answer.weights, chain.from_iterable(seen.weights), strict=True)
    kept = all(close(array(new, old.shape), old, "float32") for new, old in pairs)
    expect(kept, "the weights of the model should stay as they are")


def of_dense_layers(ask: Ask, draw: np.random.Generator) -> Read:
    sizes = zip((WIDTH, 3, 2), ACTIVATIONS, strict=True)
    return read(ask, draw, [("Dense", {"units": units, "activation": name}) for units, name in sizes])


def of_batchnorms(ask: Ask, draw: np.random.Generator) -> Read:
    return read(ask, draw, [("BatchNormalization", {"epsilon": eps}) for eps in EPSILONS])


@exercise.requires("reads kernel and bias of a Dense layer", 1)
def reads_dense(ask: Ask, draw: np.random.Generator) -> None:
    seen = ask.once(of_dense_layers)
    for layer, (W, b) in zip(seen.layers(), seen.weights, strict=True):
        holds(layer, "W", W, "W should be the layer's kernel, shape (inputs, units)")
        holds(layer, "b", b, "b should be the layer's bias")


@exercise.requires("gives activations by their Keras names", 1)
def names_activations(ask: Ask, draw: np.random.Generator) -> None:
    names = [layer.get("activation") for layer in ask.once(of_dense_layers).layers()]
    message = f'every activation should be given by its Keras name, like "relu" or "linear", but they are {names}'
    expect(all(isinstance(name, str) for name in names) and names == list(ACTIVATIONS), message)


@exercise.requires("reads the four arrays of BatchNormalization", 1.5)
def reads_batchnorm(ask: Ask, draw: np.random.Generator) -> None:
    seen = ask.once(of_batchnorms)
    for layer, own in zip(seen.layers(), seen.weights, strict=True):
        for name, wanted in zip(ARRAYS, own, strict=True):
            holds(layer, name, wanted, f"{name} should be that of the layer: get_weights() gives {', '.join(ARRAYS)}")


@exercise.requires("takes eps from the layer", 1)
def reads_eps(ask: Ask, draw: np.random.Generator) -> None:
    for layer, wanted in zip(ask.once(of_batchnorms).layers(), EPSILONS, strict=True):
        expect("eps" in layer, 'a dict of kind "batchnorm" should have the key "eps"')
        expect(abs(number(layer["eps"], "eps") / wanted - 1) < 1e-5, "eps should be the layer's own epsilon")


@exercise.requires("fills in zeros and ones where bias, center or scale are missing", 1)
def fills_in(ask: Ask, draw: np.random.Generator) -> None:
    units = WIDTH - 1
    specs: list[Spec] = [
        ("Dense", {"units": units, "use_bias": False}),
        ("BatchNormalization", {"center": False}),
        ("BatchNormalization", {"scale": False}),
        ("BatchNormalization", {"center": False, "scale": False}),
    ]
    seen = read(ask, draw, specs)
    first, *norms = seen.layers()
    holds(first, "b", np.zeros(units), "without bias, b should be zeros")
    for layer, (_, options), (*own, mean, var) in zip(norms, specs[1:], seen.weights[1:], strict=True):
        gamma = own[0] if options.get("scale", True) else np.ones(units)
        beta = own[-1] if options.get("center", True) else np.zeros(units)
        holds(layer, "gamma", gamma, "gamma should be ones without scale, and the layer's own with it")
        holds(layer, "beta", beta, "beta should be zeros without center, and the layer's own with it")
        holds(layer, "mean", mean, "mean should be the layer's moving mean, whether or not it has center and scale")
        holds(layer, "var", var, "var should be the layer's moving variance, whether or not it has center and scale")


@exercise.requires("refuses any other layer", 0.5)
def refuses_other_layers(ask: Ask, draw: np.random.Generator) -> None:
    ask.once(of_dense_layers).layers()
    others: list[Spec] = [("Activation", {"activation": "relu"}), ("LayerNormalization", {})]
    for other in others:
        (weights,) = network(draw, WIDTH, [other])
        refused = ask.probe_answer(extracted, WIDTH, [other], weights)
        message = f"a layer of another kind, here {other[0]}, should raise, but was passed over"
        expect(refused.raised is not None, message)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Whether the four arrays are there in another order, whatever the order, and whether two layers share an eps."""
    specs: list[Spec] = [("BatchNormalization", {"epsilon": 0.02}), ("BatchNormalization", {"epsilon": 0.07})]
    seen = read(ask, np.random.default_rng(4), specs)
    first, second = seen.answer.value
    found, own = np.array([first[name] for name in ARRAYS]), seen.weights[0]
    shuffled = np.allclose(np.sort(found, axis=0), np.sort(own, axis=0)) and not np.allclose(found, own)
    return [float(shuffled), float(abs(first["eps"] - second["eps"]) < 1e-6)]


@exercise.mistake(
    "order of the four BatchNorm arrays",
    edit=('"gamma": layer.scale, "beta": layer.center', '"beta": layer.center, "gamma": layer.scale'),
)
def order_of_arrays():
    """The four arrays are there, but under each other's names. get_weights() gives them in the order gamma, beta,
    moving mean, moving variance, and without scale or center there are fewer."""


@exercise.mistake("eps not taken from the layer", edit=("layer.epsilon", "1e-3"))
def eps_not_of_layer():
    """Every layer gets the same eps. It is a setting of the layer, layer.epsilon, and it is not among the weights."""


exercise.right(by_attributes)
exercise.right(by_config)
exercise.right(by_variable_paths)
