# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Inference by hand
#
# A trained network is a list of arrays and the knowledge of what to do with them. In this notebook you take both out of
# a Keras model: you repeat its predictions in NumPy to six digits, make two layers into one, and finally carry the
# whole network over to PyTorch.
#
# The network is of a kind that people ask about again and again, three blocks `Dense - ReLU - Dropout - BatchNorm` and
# a head. In a well-known thread somebody tried to do what you are about to do, and nearly every line had its own
# mistake: dropout scaled at test time, BatchNorm left out, a missing root, logits of one layer used in the next, a
# softmax over a single unit. Each of them gives numbers that look like predictions.
#
# **Before this.** Read [BatchNorm at inference, by hand](../../book/normalization/inference.md) (30 minutes), and do
# [BatchNorm by hand](../batchnorm/batchnorm.ipynb). You know exercise 2 of that notebook, and how a Keras
# model is built; for the last exercise, modules in PyTorch.
#
# **Time.** 3 to 4 hours.
#
# **How to work.** Replace each `raise NotImplementedError()` with your answer and run the `check` below it as often as
# you like. It asks your function with new inputs every time, says which requirement holds and which does not, and
# recognizes many common mistakes by name.
#
# **Models and shapes.** A model that is passed in stays as it is. NumPy would often broadcast a wrong shape without a
# word: it is to be refused.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("inference_by_hand", needs="keras matplotlib numpy tensorflow torch")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from autograder import check

# %matplotlib inline

# %% [markdown]
# Here is the network, trained for a few seconds on a made-up regression with eleven inputs of very different scales:

# %%
keras.utils.set_random_seed(0)
draw = np.random.default_rng(0)
scales = np.array([8, 0.5, 0.3, 2, 0.1, 15, 30, 1, 3, 0.6, 10])
X = (draw.normal(1, 1, size=(600, 11)) * scales).astype("float32")
target = X[:, :1] / 8 - X[:, 3:4] / 2 + np.sin(X[:, 7:8]) + 0.1 * draw.normal(size=(600, 1))

blocks = []
for width in (10, 8, 6):
    blocks += [
        keras.layers.Dense(width, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.BatchNormalization(momentum=0.9),
    ]
model = keras.Sequential([keras.Input((11,)), *blocks, keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.03), loss="mse")
model.fit(X, target, batch_size=100, epochs=25, verbose=0)
reference = model.predict(X, verbose=0)
print("weights:", [tuple(array.shape) for array in model.get_weights()])

# %% [markdown]
# ## 1. One block
#
# What does the block ReLU - Dropout - BatchNorm do at test time to the logits $x$ that come out of its Dense layer?
#
# - **ReLU**: $a = \max(x, 0)$, entry by entry.
# - **Dropout: nothing.** Keras divides by the keep probability in training already (*inverted* dropout), so that
#   nothing is left to do. To multiply by $q$ here would be to scale twice.
# - **BatchNorm** uses the moving statistics that it kept from training, not those of the batch at hand:
#
# $$ y = \gamma\, \frac{a - \mu}{\sqrt{v + \varepsilon}} + \beta . $$
#
# Mind the **root**, which the Keras documentation once forgot, and that $\varepsilon$ (.001 in Keras) stands **inside**
# it. And mind the order. Some networks have BatchNorm before the ReLU; this one was trained with BatchNorm behind it,
# and a prediction has to repeat what was trained.
#
# <details><summary>Hint</summary>
#
# `np.maximum(x, 0)` does not modify `x`.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "block_inference", "locked": false, "schema_version": 3, "solution": true, "task": false}
def block_inference(x, gamma, beta, mean, var, eps=1e-3):
    """Apply ReLU - Dropout - BatchNorm as they are at test time.

    Args:
        x: logits, float array of shape (n, d), n at least 1, or ValueError.
        gamma: scale, exactly shape (d,), or ValueError.
        beta: shift, exactly shape (d,), or ValueError.
        mean: moving mean, exactly shape (d,), or ValueError.
        var: moving variance, exactly shape (d,), or ValueError.
        eps: added to the variance, inside the root.

    Returns:
        y: shape (n, d), dtype of x.
    """
    ### BEGIN SOLUTION
    if x.ndim != 2:
        raise ValueError(f"x must have shape (n, d), got {x.shape}")
    for name, parameter in (("gamma", gamma), ("beta", beta), ("mean", mean), ("var", var)):
        if parameter.shape != x.shape[1:]:
            raise ValueError(f"{name} must have shape {x.shape[1:]}, got {parameter.shape}")
    a = np.maximum(x, 0)
    return (gamma * (a - mean) / np.sqrt(var + eps) + beta).astype(x.dtype)
    ### END SOLUTION


# %%
one = np.ones(2)
print(block_inference(np.array([[-5.0, 3.0]]), 2 * one, one, one, 4 * one).round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "block_inference_check", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
check(block_inference)

# %% [markdown]
# Compare your block with the first one of the network, layer by layer in Keras:

# %%
dense, dropout, norm = model.layers[:3]
logits = X @ dense.kernel.numpy() + dense.bias.numpy()
mine = block_inference(logits, *norm.get_weights())
theirs = norm(dropout(dense(X), training=False), training=False).numpy()
print("largest difference:", np.abs(mine - theirs).max())

# %% [markdown]
# **Think.** What would the difference be if you asked Keras with `training=True`? Two layers of the block would behave
# differently. Which?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Dropout would drop and scale, and BatchNorm would use the mean and the variance of the batch. The Dense layer and the
# ReLU do the same in both modes.
#
# </details>

# %% [markdown]
# ## 2. What the model knows
#
# `layer.get_weights()` gives a layer's arrays as NumPy arrays, without names. What they are is a convention:
#
# | layer | arrays, in this order |
# |---|---|
# | `Dense` | kernel (inputs, units), bias (units,) |
# | `Dense(use_bias=False)` | kernel |
# | `BatchNormalization` | gamma, beta, moving mean, moving variance |
# | `BatchNormalization(scale=False)` | beta, moving mean, moving variance |
# | `BatchNormalization(center=False)` | gamma, moving mean, moving variance |
# | `Dropout` | none |
#
# Some of what a prediction needs is **not** among the weights: the activation of a `Dense` layer, and the `epsilon` of
# a `BatchNormalization`. They are settings, attributes of the layer object. (The four arrays of a BatchNormalization
# count as four parameters per feature in `model.summary()`, of which two are trained; the other two are moved by every
# batch.)
#
# Write down everything that inference needs, as plain data: for each Dense layer
#
#     {"kind": "dense", "W": ..., "b": ..., "activation": "relu"}
#
# with the activation by its Keras name, `"linear"` if there is none, and for each BatchNormalization
#
#     {"kind": "batchnorm", "gamma": ..., "beta": ..., "mean": ..., "var": ..., "eps": 0.001}
#
# What a layer does not have is filled in so that it has no effect: a missing bias or beta with zeros, a missing gamma
# with ones. Dropout leaves nothing. Any other layer raises an error: a silent gap would be a wrong prediction.
#
# <details><summary>Hint 1</summary>
#
# `isinstance(layer, keras.layers.Dense)` tells layers apart. `layer.use_bias`, `layer.scale` and `layer.center` tell
# what they have.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `layer.activation` is a function, and `keras.activations.serialize` gives its name.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The variables also have names: `layer.gamma`, `layer.beta`, `layer.moving_mean`, `layer.moving_variance`. A missing
# one is `None`, and `.numpy()` makes an array of one that is there.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "extract_weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def extract_weights(model):
    """Return what inference needs to know of a model of Dense, Dropout and BatchNormalization layers.

    Args:
        model: a sequential Keras model; any other layer in it raises ValueError.

    Returns:
        layers: a list with a dict for each Dense and each BatchNormalization layer, in order:
            {"kind": "dense", "W": (inputs, units), "b": (units,), "activation": str} or
            {"kind": "batchnorm", "gamma": (d,), "beta": (d,), "mean": (d,), "var": (d,), "eps": float},
            the arrays being NumPy arrays.
    """
    ### BEGIN SOLUTION
    layers = []
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.Dense):
            W = weights[0]
            b = weights[1] if layer.use_bias else np.zeros(W.shape[1], W.dtype)
            activation = keras.activations.serialize(layer.activation)
            layers.append({"kind": "dense", "W": W, "b": b, "activation": activation})
        elif isinstance(layer, keras.layers.BatchNormalization):
            *rest, mean, var = weights
            gamma = rest.pop(0) if layer.scale else np.ones_like(mean)
            beta = rest.pop(0) if layer.center else np.zeros_like(mean)
            statistics = {"mean": mean, "var": var, "eps": layer.epsilon}
            layers.append({"kind": "batchnorm", "gamma": gamma, "beta": beta, **statistics})
        elif not isinstance(layer, keras.layers.Dropout):
            raise ValueError(f"model has a layer that is not asked: {type(layer).__name__}")
    return layers
    ### END SOLUTION


# %%
layers = extract_weights(model)
print([layer["kind"] for layer in layers])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "extract_weights_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(extract_weights)

# %% [markdown]
# The numbers in the list tell what training did. Each column of points below is one BatchNormalization; how far do its
# moving variances lie apart?

# %%
norms = [layer for layer in layers if layer["kind"] == "batchnorm"]
fig, ax = plt.subplots(figsize=(6, 3))
for number, layer in enumerate(norms, start=1):
    ax.semilogy([number] * len(layer["var"]), layer["var"], "o", label=f"BatchNorm {number}")
ax.set(xlabel="BatchNormalization", ylabel="moving variance", xticks=[1, 2, 3])
plt.show()

# %% [markdown]
# **Think.** For which of these variances does it matter whether $\varepsilon$ is .001 or .00001, and for which does a
# forgotten root matter?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# $\varepsilon$ matters for variances that are not much larger than .001. A forgotten root matters for all that are far
# from 1, since it divides by $v$ in place of $\sqrt v$.
#
# </details>

# %% [markdown]
# ## 3. The whole network
#
# Now run the list. One variable goes through all layers: a Dense layer makes `activation(signal @ W + b)` of it, a
# BatchNorm normalizes it with its own four arrays and its own `eps`. The activations that can occur are
#
# - `"linear"` or `None`: $z$ as it is,
# - `"relu"`, `"sigmoid"`, `"tanh"`, entry by entry,
# - `"softmax"`: $e^{z_j} / \sum_k e^{z_k}$ over the units of each row.
#
# Any other raises an error. Three things to watch for:
#
# - **One variable.** In the thread mentioned above each step had its own name, and the fourth layer got `logits_3`, the
#   logits of the third one, past its ReLU and its BatchNorm. They are used twice then, and nothing complains.
# - **Softmax must be stable.** $e^{1000}$ is infinite; subtract the largest logit of each row first, which changes
#   nothing in the quotient.
# - **Softmax over one unit is 1**, whatever the logit. It does what it says where a model has it, but a regression head
#   with one unit has no activation: apply the one that is named, and none if none is named.
#
# <details><summary>Hint 1</summary>
#
# A dict from names to functions replaces five branches: `ACTIVATIONS[layer["activation"]](z)`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `z.max(axis=1, keepdims=True)` has shape (n, 1) and broadcasts over the units.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "predict_by_hand", "locked": false, "schema_version": 3, "solution": true, "task": false}
def predict_by_hand(layers, X):
    """Predict with a list of layers, in NumPy only.

    Args:
        layers: list of dicts as extract_weights returns them. Activations are "linear" or None, "relu", "sigmoid", "tanh"
            and "softmax"; any other raises ValueError.
        X: batch, float array of shape (n, features), n at least 1; another number of features raises ValueError.

    Returns:
        predictions: shape (n, units), dtype of X.
    """
    ### BEGIN SOLUTION

    def softmax(z):
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    activations = {
        None: lambda z: z,
        "linear": lambda z: z,
        "relu": lambda z: np.maximum(z, 0),
        "sigmoid": lambda z: np.exp(-np.logaddexp(0, -z)),
        "tanh": np.tanh,
        "softmax": softmax,
    }
    signal = X
    for layer in layers:
        if layer["kind"] == "dense":
            if layer["activation"] not in activations:
                raise ValueError(f"unknown activation {layer['activation']!r}")
            signal = activations[layer["activation"]](signal @ layer["W"] + layer["b"])
        else:
            standard = (signal - layer["mean"]) / np.sqrt(layer["var"] + layer["eps"])
            signal = layer["gamma"] * standard + layer["beta"]
    return signal.astype(X.dtype)
    ### END SOLUTION


# %%
head = {"kind": "dense", "W": np.array([[1.0, -1.0]]), "b": np.zeros(2), "activation": "softmax"}
print(predict_by_hand([head], np.array([[0.0], [1.0], [800.0]])).round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "predict_by_hand_check", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
check(predict_by_hand)

# %% [markdown]
# Now the network itself, and beside it what the well-known mistakes would have given. All of them are made with your
# own function, by changing the list:


# %% [markdown]
# **Guess.** Take the $\varepsilon$ of PyTorch in place of Keras's, and leave everything else as it is. By how much do
# predictions change, at most? Write a number down before you run the figure, which draws it in.

# %%
guess = ...


# %%
def altered(change):
    return [change(dict(layer)) if layer["kind"] == "batchnorm" else layer for layer in layers]


last = max(i for i, layer in enumerate(layers) if layer["kind"] == "batchnorm")
mistakes = {
    "none": layers,
    "eps of PyTorch": altered(lambda layer: layer | {"eps": 1e-5}),
    "no root": altered(lambda layer: layer | {"var": (layer["var"] + layer["eps"]) ** 2, "eps": 0.0}),
    "last BatchNorm missing": layers[:last] + layers[last + 1 :],
    "no BatchNorm": [layer for layer in layers if layer["kind"] == "dense"],
    "gamma and beta swapped": altered(lambda layer: layer | {"gamma": layer["beta"], "beta": layer["gamma"]}),
}
errors = {name: np.abs(predict_by_hand(chain, X) - reference).max() for name, chain in mistakes.items()}
fig, ax = plt.subplots(figsize=(6, 3))
ax.barh(list(errors), list(errors.values()))
ax.axvline(reference.std(), color="gray", linestyle=":", label="standard deviation of the predictions")
if guess is not ...:
    ax.axvline(guess, color="black", linestyle="--", label="your guess")
ax.set(xscale="log", xlabel="largest difference from model.predict")
ax.invert_yaxis()
ax.legend(loc="upper right", fontsize=8)
plt.show()

# %% [markdown]
# **Think.** One of the mistakes is invisible in a plot of the predictions. Which one, and how would you notice it in
# practice?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The other $\varepsilon$: its errors are small where variances are large. In practice compare a port with the original
# on a few rows to six digits, and do not judge by a plot.
#
# </details>

# %% [markdown]
# ## 4. Two layers in one
#
# At test time BatchNorm is an affine map, $\mathrm{BN}(a) = s \odot a + (\beta - \mu \odot s)$ with $s = \gamma /
# \sqrt{v + \varepsilon}$. Behind it stands a Dense layer, another affine map, and the composition of two affine maps is
# one:
#
# $$ \mathrm{BN}(a)\, W + b = a\, W' + b' . $$
#
# So BatchNorm costs nothing at test time: it can be *folded* into the next layer.
#
# **Find it.** What are $W'$ and $b'$? Put the first map into the second, and collect what is multiplied by $a$. Which
# index of $W$ does $s$ belong to?
#
# (Folding it into the Dense layer *before* it is what one does for `Dense - BatchNorm - ReLU`. Here a ReLU lies
# between, and it cannot be done.)
#
# <details><summary>Hint 1</summary>
#
# $s \odot a$ is $a$ times a diagonal matrix. What does that matrix do to $W$ from the left, to its rows or its columns?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Test yourself: `a @ W_folded + b_folded` for a random `a` against BatchNorm followed by the layer.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "fold_bn_into_next", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fold_bn_into_next(W, b, gamma, beta, mean, var, eps=1e-3):
    """Fold a BatchNorm into the Dense layer behind it.

    Args:
        W: kernel of the Dense layer, shape (d, units), or ValueError.
        b: its bias, exactly shape (units,), or ValueError.
        gamma: scale of the BatchNorm, exactly shape (d,), or ValueError.
        beta: its shift, exactly shape (d,), or ValueError.
        mean: its moving mean, exactly shape (d,), or ValueError.
        var: its moving variance, exactly shape (d,), or ValueError.
        eps: added to the variance, inside the root.

    Returns:
        W: kernel of the folded layer, shape (d, units), dtype of W.
        b: bias of the folded layer, shape (units,), dtype of W.
    """
    ### BEGIN SOLUTION
    if W.ndim != 2:
        raise ValueError(f"W must have shape (d, units), got {W.shape}")
    if b.shape != W.shape[1:]:
        raise ValueError(f"b must have shape {W.shape[1:]}, got {b.shape}")
    for name, parameter in (("gamma", gamma), ("beta", beta), ("mean", mean), ("var", var)):
        if parameter.shape != W.shape[:1]:
            raise ValueError(f"{name} must have shape {W.shape[:1]}, got {parameter.shape}")
    s = gamma / np.sqrt(var + eps)
    return (s[:, None] * W).astype(W.dtype), (b + (beta - mean * s) @ W).astype(W.dtype)
    ### END SOLUTION


# %%
two = np.array([2.0, 3.0])
print(fold_bn_into_next(np.eye(2), np.zeros(2), two, np.zeros(2), np.ones(2), np.ones(2), eps=0.0))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "fold_bn_into_next_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(fold_bn_into_next)

# %% [markdown]
# **Find the bug.** This fold gives right numbers whenever $\beta = \mu \odot s$, and wrong ones else. Which line is it?


# %%
def hasty_fold(W, b, gamma, beta, mean, var, eps=1e-3):
    factor = gamma / np.sqrt(eps + var)
    W = factor[:, None] * W
    b = b + (beta - mean * factor) @ W
    return W, b


draw = np.random.default_rng(6)
a, W, b = draw.normal(size=(3, 4)), draw.normal(size=(4, 2)), draw.normal(size=2)
parameters = [*draw.normal(size=(3, 4)), draw.uniform(0.5, 2, 4)]
for fold in (fold_bn_into_next, hasty_fold):
    folded_W, folded_b = fold(W, b, *parameters)
    gamma, beta, mean, var = parameters
    through = (gamma * (a - mean) / np.sqrt(var + 1e-3) + beta) @ W + b
    print(fold.__name__, np.abs(a @ folded_W + folded_b - through).max())

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The third: `W` has been scaled by then, so that the shift is scaled as well. It has to go through the $W$ that was
# there before. Another name for the new matrix would have prevented it.
#
# </details>

# %% [markdown]
# Fold all three. Seven layers become four, and the predictions stay:

# %%
folded, pending = [], None
for layer in layers:
    if layer["kind"] == "batchnorm":
        pending = {key: value for key, value in layer.items() if key != "kind"}
    else:
        W, b = fold_bn_into_next(layer["W"], layer["b"], **pending) if pending else (layer["W"], layer["b"])
        folded, pending = [*folded, layer | {"W": W, "b": b}], None
print(len(layers), "layers ->", len(folded))
print("largest difference:", np.abs(predict_by_hand(folded, X) - reference).max())

fig, axes = plt.subplots(1, 2, figsize=(7, 2.6))
for ax, chain, title in ((axes[0], layers, "W of the last layer"), (axes[1], folded, "folded")):
    limit = np.abs(chain[-1]["W"]).max()
    image = ax.imshow(chain[-1]["W"].T, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
    ax.set(title=title, xlabel="input", yticks=[])
    fig.colorbar(image, ax=ax)

# %% [markdown]
# **Think.** The magnitude of a weight is often read as the importance of its input. Which of the two pictures may be
# read that way, if any?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The folded weights, if any: they act on activations as they come, and the size of an activation has its part in its
# importance. In the unfolded layer every input was brought to a similar scale first, so that its weights tell the
# importance of a *standardized* input. Neither sees what correlated inputs share.
#
# </details>

# %% [markdown]
# ## 5. Challenge: into another framework
#
# Last, carry a Keras model over to PyTorch, in such a way that it predicts the same and can be trained on. Nothing is
# difficult here, and everything is a trap:
#
# | | Keras | PyTorch |
# |---|---|---|
# | kernel of a linear layer | (inputs, units): $x W + b$ | (units, inputs): $x W^\top + b$ |
# | BatchNorm: eps | `epsilon`, 1e-3 by default | `eps`, 1e-5 by default |
# | BatchNorm: momentum | weight of the **old** value, .99 | weight of the **new** value, .1 |
# | BatchNorm: statistics | `moving_mean`, `moving_variance` | buffers `running_mean`, `running_var` |
# | LayerNorm: eps | `epsilon`, 1e-3 by default | `eps`, 1e-5 by default |
# | no bias, center, scale | `use_bias=False`, ... | no bias; or zeros and ones |
# | GELU | exact by default | exact by default |
#
# With as many units as inputs a kernel that was not transposed fits without a word. The running statistics are buffers,
# not parameters: with parameters alone they stay at 0 and 1.
#
# `keras_to_torch(model)` takes a sequential model or a functional one that is a chain, on inputs
# $(n, \text{features})$. Layers: `Dense`, `Dropout`, `BatchNormalization`, `LayerNormalization`, and activations,
# either as the string of a Dense layer or as a layer of their own (`Activation`, `ReLU`, `ELU`, `Softmax`).
# Activations: linear, relu, tanh, sigmoid, softmax, softplus, softsign, elu, selu, gelu, silu. Any other layer or
# activation raises an error. Options that change what a layer computes (`max_value`, `negative_slope` and `threshold` of
# `ReLU`, `alpha` of `ELU`, `axis` of `Softmax`) are ported or raise an error, as you like. In eval mode the module
# predicts what the Keras model predicts (to 1e-5). All of its parameters take gradients, `Dropout` keeps its rate, a
# momentum becomes 1 - momentum. The module shares no memory with the Keras model.
#
# <details><summary>Hint 1</summary>
#
# `model.layers` of a functional model begins with an `InputLayer`, which leaves nothing.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `with torch.no_grad(): linear.weight.copy_(torch.tensor(W.T))` copies into a parameter without recording it.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `layer.output.shape[-1]` is the number of features of a layer, also where it has no weights.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "keras_to_torch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def keras_to_torch(model):
    """Port a chain of Keras layers to PyTorch.

    Args:
        model: sequential or chain-shaped Keras model on inputs (n, features) of Dense, Dropout, BatchNormalization,
            LayerNormalization and activations; any other layer or activation raises ValueError.

    Returns:
        module: an nn.Module on float32 tensors (n, features) that predicts the same in eval mode.
    """
    ### BEGIN SOLUTION
    activations = {
        "linear": nn.Identity,
        "relu": nn.ReLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "softmax": lambda: nn.Softmax(dim=-1),
        "softplus": nn.Softplus,
        "softsign": nn.Softsign,
        "elu": nn.ELU,
        "selu": nn.SELU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
    }

    plain = {"max_value": None, "negative_slope": 0, "threshold": 0, "alpha": 1, "axis": -1}

    def activation(layer):
        name = type(layer).__name__.lower()  # of ReLU, ELU and Softmax
        if isinstance(layer, (keras.layers.Dense, keras.layers.Activation)):
            name = keras.activations.serialize(layer.activation)
        changed = [option for option, value in plain.items() if getattr(layer, option, value) != value]
        if changed or name not in activations:
            raise ValueError(f"model has something that is not asked: {name} {changed}")
        return activations[name]()

    def copy(target, variable):
        if variable is not None:
            with torch.no_grad():
                target.copy_(torch.tensor(variable.numpy()))

    def convert(layer):
        if isinstance(layer, keras.layers.InputLayer):
            return []
        if isinstance(layer, keras.layers.Dense):
            linear = nn.Linear(*layer.kernel.shape, bias=layer.use_bias)
            copy(linear.weight.T, layer.kernel)
            copy(linear.bias, layer.bias)
            return [linear, activation(layer)]
        if isinstance(layer, keras.layers.Dropout):
            return [nn.Dropout(layer.rate)]
        if isinstance(layer, keras.layers.BatchNormalization):
            norm = nn.BatchNorm1d(layer.output.shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)
            copy(norm.running_mean, layer.moving_mean)
            copy(norm.running_var, layer.moving_variance)
        elif isinstance(layer, keras.layers.LayerNormalization):
            norm = nn.LayerNorm(layer.output.shape[-1], eps=layer.epsilon)
        else:
            return [activation(layer)]
        copy(norm.weight, layer.gamma)
        copy(norm.bias, layer.beta)
        return [norm]

    return nn.Sequential(*(module for layer in model.layers for module in convert(layer)))
    ### END SOLUTION


# %%
print(keras_to_torch(model))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "keras_to_torch_check", "locked": true, "points": 10.5, "schema_version": 3, "solution": false, "task": false}
check(keras_to_torch)

# %% [markdown]
# Three roads to the same numbers: Keras, your NumPy, your PyTorch:

# %%
module = keras_to_torch(model).eval()
inputs, targets = torch.tensor(X), torch.tensor(target, dtype=torch.float32)
with torch.no_grad():
    ported = module(inputs).numpy()
print("Keras and PyTorch:", np.abs(reference - ported).max())
print("NumPy and PyTorch:", np.abs(predict_by_hand(layers, X) - ported).max())


# %% [markdown]
# **Experiment.** The port can be trained on. Do that with five orders of the batches, once with the momentum that your
# function has set, and once with Keras's .9 as it is:


# %%
def fine_tune(momentum, seed, epochs=15):
    module, history = keras_to_torch(model), []
    for norm in (layer for layer in module.modules() if isinstance(layer, nn.BatchNorm1d)):
        norm.momentum = momentum or norm.momentum
    optimizer = torch.optim.Adam(module.parameters(), lr=0.003)
    torch.manual_seed(seed)
    for _ in range(epochs):
        module.eval()
        with torch.no_grad():
            history.append(nn.functional.mse_loss(module(inputs), targets).item())
        module.train()
        for rows in torch.randperm(600).split(60):
            loss = nn.functional.mse_loss(module(inputs[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return history


fig, ax = plt.subplots(figsize=(6, 3))
for momentum, name in ((None, "momentum carried over by 1 - m"), (0.9, "momentum .9 as it is")):
    histories = np.array([fine_tune(momentum, seed) for seed in range(5)])
    error = histories.std(axis=0, ddof=1) / np.sqrt(5)
    ax.errorbar(range(15), histories.mean(axis=0), error, fmt="o-", markersize=3, capsize=3, label=name)
ax.axhline(np.mean((reference - target) ** 2), color="gray", linestyle=":", label="the Keras model")
ax.set(
    xlabel="epoch in PyTorch", ylabel="mean squared error, eval mode", title="five seeds, bars of one standard error"
)
ax.legend()
plt.show()

# %% [markdown]
# **Think.** Both curves begin at the same point. What does the wrong momentum make of the running statistics, which of
# the two curves is restless, and why might one blame the training for it?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# A momentum of .9 in PyTorch is the weight of the *new* value, so that the running statistics are those of the last
# batch or two. The error in eval mode then changes from epoch to epoch and from seed to seed, as with a learning rate
# that is too large, although the weights are trained in the same way. The mean of five seeds need not be worse; what is
# lost is that one run can be relied on.
#
# </details>

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. Go on with [Layer normalization by hand](../layernorm/layernorm.ipynb), or with
# [Detective work](../detective/detective.ipynb), where the same prediction comes with every bug in it.
#
# In the book, [Keras and PyTorch side by side, and porting](../../book/normalization/conventions.md) goes further.
