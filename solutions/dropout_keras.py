# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Dropout in Keras
#
# In Keras dropout is a layer like any other: `keras.layers.Dropout(0.3)`. It has no weights, it acts in `fit` and rests
# in `predict`, and nobody has to say so. In this notebook you build networks with it, take it out of networks again, and
# meet a famous head that cannot learn. At the end you write the layer yourself, which is harder than it looks: `fit` does
# not run your Python code, it runs a graph that was traced from it once.
#
# **Before this.** Read [The layer as a black box](../../book/keras/black-box.md) (45 minutes) and [Writing the layer in
# Keras](../../book/keras/writing-the-layer.md) (45 minutes), and do [Dropout by
# hand](../dropout_numpy/dropout_numpy.ipynb). You know exercise 1 of that notebook, and how a Keras model is
# built and fitted. What it means that `fit` *traces* your code is told in the last exercise, which needs it.
#
# **Time.** 3 to 4 hours.
#
# **How to work.** Replace each `raise NotImplementedError()` with your answer and run the `check` below it as often as
# you like. It asks your code with new inputs every time, says which requirement holds and which does not, and
# recognizes many common mistakes by name. You need Keras 3 with TensorFlow, NumPy and Matplotlib.
#
# **Notation.** The *rate* $p$ is the probability that an entry is **dropped**, and $q = 1 - p$ the probability that it
# is kept.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("dropout_keras", needs="keras matplotlib numpy tensorflow")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

from autograder import check

# %matplotlib inline

# %% [markdown]
# ## 1. A classifier with dropout
#
# Two half moons of points lie interlocked in the plane; a small network has to tell them apart. Each of its
# hidden layers is a `Dense` layer with a ReLU, and each is followed by `Dropout`. The last layer gives one probability
# per class with a softmax:
#
# $$ 2 \to \underbrace{64 \to \text{Dropout}}_{n\_layers \text{ times}} \to \cdots \to n\_classes $$
#
# Where dropout goes is a decision. Behind a hidden layer it removes one feature among many. On the input it would remove
# one of only two coordinates, and behind the softmax it would remove probabilities, so that the rest no longer sums to 1.
#
# A `Dense` layer from $a$ to $b$ units has $ab$ weights and $b$ biases. Dropout has none: with or without it, the network
# of three times 64 units has $192 + 4160 + 4160 + 130 = 8{,}642$ parameters.
#
# <details><summary>Hint 1</summary>
#
# `keras.Sequential([...])` takes a list of layers. Begin it with `keras.Input((2,))`, and append to the list in a loop.
#
# </details>
# <details><summary>Hint 2</summary>
#
# A rate of 0 is not the same as no rate: compare with `None`.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "build_classifier", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_classifier(n_layers=3, width=64, n_classes=2, rate=None):
    """Build a classifier of points in the plane.

    Args:
        n_layers: number of hidden layers with ReLU, at least 1.
        width: units of each hidden layer.
        n_classes: units of the softmax at the end.
        rate: drop rate in [0, 1] of a Dropout behind every hidden layer, or ValueError; None for no Dropout.

    Returns:
        keras.Model from inputs of shape (n, 2) to probabilities of shape (n, n_classes), not yet trained.
    """
    ### BEGIN SOLUTION
    stack = [keras.Input((2,))]
    for _ in range(n_layers):
        stack.append(layers.Dense(width, activation="relu"))
        if rate is not None:
            stack.append(layers.Dropout(rate))
    stack.append(layers.Dense(n_classes, activation="softmax"))
    return keras.Sequential(stack)
    ### END SOLUTION


# %%
print(build_classifier().count_params(), build_classifier(1, 2, 2, 0.5).count_params())

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "build_classifier_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(build_classifier)

# %% [markdown]
# Train it with and without dropout on the same 200 noisy points, and color the plane by what it predicts.


# %%
def two_moons(n, seed):
    draw = np.random.default_rng(seed)
    angle, label = draw.uniform(0, np.pi, n), np.arange(n) % 2
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.where(label[:, None] == 0, upper, lower) + draw.normal(0, 0.25, (n, 2))
    return points.astype("float32"), label


def train(model, points, labels, steps=120):
    """Take the given number of steps, all of them in one epoch, which spares the cost of starting each."""
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(np.tile(points, (steps, 1)), np.tile(labels, steps), batch_size=len(points), verbose=0)


def show_plane(model, points, labels, ax):
    x, y = np.meshgrid(np.linspace(-1.8, 2.8, 60), np.linspace(-1.3, 1.8, 60))
    grid = np.stack([x.ravel(), y.ravel()], axis=1).astype("float32")
    probability = np.array(model(grid))[:, 1].reshape(x.shape)
    ax.contourf(x, y, probability, levels=np.linspace(0, 1, 11), cmap="PuOr", alpha=0.8)
    ax.scatter(*points.T, c=labels, cmap="PuOr", edgecolors="black", s=14)


keras.utils.set_random_seed(0)
points, labels = two_moons(200, seed=0)
fresh_points, fresh_labels = two_moons(2_000, seed=1)
models = {}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
for ax, rate in zip(axes, (None, 0.3), strict=True):
    models[rate] = build_classifier(rate=rate)
    train(models[rate], points, labels)
    show_plane(models[rate], points, labels, ax)
    hits = np.argmax(models[rate](fresh_points), axis=1) == fresh_labels
    ax.set_title(f"rate {rate}: {hits.mean():.3f} of fresh points right")

# %% [markdown]
# **Think.** One run of each says little: with 2,000 fresh points the accuracy itself has a standard error of about 0.006,
# and another seed gives other networks. How many seeds would you want before you call one better? Which difference do you
# *see* in the two pictures, whatever the numbers say?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Enough for the standard error of the difference to be small beside the difference: with a spread of .01 between seeds
# and five seeds for each, the standard error of the difference is about .006. What you see without numbers is the
# border: with dropout it is smoother and follows single points less.
#
# </details>

# %% [markdown]
# **Experiment.** One run proves nothing. Repeat it with five seeds on points of which about one in seven has the wrong
# label, and look at the loss on fresh points with right labels:

# %%
rates, losses = (None, 0.3, 0.6), {}
for rate in rates:
    losses[rate] = []
    for seed in range(5):
        keras.utils.set_random_seed(seed)
        noisy_points, noisy_labels = two_moons(100, seed=10 + seed)
        wrong = np.random.default_rng(seed).random(100) < 0.15
        network = build_classifier(rate=rate)
        train(network, noisy_points, np.where(wrong, 1 - noisy_labels, noisy_labels))
        own = np.array(network(fresh_points))[np.arange(2_000), fresh_labels]
        losses[rate].append(-np.log(own).mean())
fig, ax = plt.subplots(figsize=(5, 3))
errors = [np.std(losses[rate], ddof=1) / np.sqrt(5) for rate in rates]
ax.errorbar([str(rate) for rate in rates], [np.mean(losses[rate]) for rate in rates], errors, fmt="o", capsize=4)
ax.set(
    xlabel="rate", ylabel="loss on fresh points, nats", ylim=(0, None), title="five seeds, bars of one standard error"
)
plt.show()

# %% [markdown]
# ## 2. Taking dropout out again
#
# In `predict` a Dropout layer hands its input on as it is, because Keras scales by $1/q$ in training already. So a model
# for use does not need its Dropout layers, nor any of their relatives: `SpatialDropout` drops whole channels,
# `GaussianDropout` multiplies by noise, `AlphaDropout` suits SELU. Write a function that returns a new model without
# them. It must predict the same, which means that *all* state has to come along: kernels and biases, and the moving mean
# and variance of `BatchNormalization`, which are no trainable weights and yet decide on every prediction. The weights
# themselves stay as they are. Multiplying them by $q$ belonged to dropout as it was published in 2014, which
# did not scale in training.
#
# Models can be nested: a layer of a model may be a model. The new model shares no variable with the old one, so that
# training one leaves the other alone.
#
# <details><summary>Hint 1</summary>
#
# `keras.models.clone_model` takes a `clone_function`, which makes a new layer of each old one; with `recursive=True` it
# enters models inside models. Every layer has `get_config`, and every class of layers `from_config`: together they make
# a new layer with the same settings.
#
# </details>
# <details><summary>Hint 2</summary>
#
# An `Identity` layer may stand where a Dropout was. The clone starts with weights of its own: what do `get_weights` and
# `set_weights` do?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "without_dropout", "locked": false, "schema_version": 3, "solution": true, "task": false}
def without_dropout(model):
    """Return a model that predicts the same and has no dropout.

    Args:
        model: keras.Model, sequential or functional, possibly with models inside; it is not changed.

    Returns:
        A new keras.Model without Dropout, SpatialDropout, GaussianDropout and AlphaDropout layers at any depth, with
        the same predictions and variables of its own.
    """
    ### BEGIN SOLUTION
    noises = (layers.Dropout, layers.GaussianDropout, layers.AlphaDropout)  # the spatial ones are Dropout

    def replace(layer):
        if isinstance(layer, noises):
            return layers.Identity(name=layer.name)
        return type(layer).from_config(layer.get_config())

    stripped = keras.models.clone_model(model, clone_function=replace, recursive=True)
    stripped.set_weights(model.get_weights())
    return stripped
    ### END SOLUTION


# %%
stripped = without_dropout(models[0.3])
print([type(layer).__name__ for layer in stripped.layers])
print("largest difference:", np.abs(ops.subtract(stripped(points), models[0.3](points))).max())

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "without_dropout_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(without_dropout)

# %% [markdown]
# **Find the bug.** A shorter `without_dropout` takes the layers that are no Dropout and makes a model of them. It
# predicts the same, to the last digit. Find out what happens to the old model when the new one is trained:

# %%
naive = keras.Sequential([layer for layer in models[0.3].layers if not isinstance(layer, layers.Dropout)])
print("before:", np.array(models[0.3](points[:2]))[:, 1].round(3), np.array(naive(points[:2]))[:, 1].round(3))

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Both models hold the same layer objects, and so the same variables: one step of training moves the old model as well.
# `models[0.3].layers[0] is naive.layers[0]` is true. A copy needs layers of its own, with the weights put in.
#
# </details>

# %% [markdown]
# What does the noise do to a single prediction? Call both models with `training=True` again and again, for three points.

# %%
some = points[:3]
noisy = np.stack([models[0.3](some, training=True)[:, 1] for _ in range(150)])
quiet = np.array(stripped(some, training=True)[:, 1])
fig, ax = plt.subplots(figsize=(6, 3))
for i, color in enumerate(("C0", "C1", "C2")):
    ax.hist(noisy[:, i], bins=np.linspace(0, 1, 26), histtype="step", color=color, label=f"point {i} with dropout")
    ax.axvline(quiet[i], color=color, linestyle="--")
ax.set(xlabel="probability of class 1", ylabel="count", title="dashed: without dropout")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** Is the dashed line the mean of the histogram? It does not have to be: what stands between the dropped units
# and the probability?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Not exactly. Between the dropped units and the probability stand another ReLU layer and a softmax, and the mean of a
# nonlinear function is not the function of the mean.
#
# </details>

# %% [markdown]
# ## 3. Reviews as rows of zeros and ones
#
# Text has to become numbers before a `Dense` layer can read it. In the oldest way, every word of a vocabulary has an
# index, a review is a list of indices, and its row has a 1 in the columns of the words that occur: *multi-hot* encoding.
# Order and number of occurrences are forgotten.
#
# With a vocabulary of $d$ words the columns run from $0$ to $d - 1$, and word $k$ belongs to column $k$. An index outside
# is an error in the data and raises `ValueError`. Careful: NumPy takes the index $-1$ for the last column and does not
# complain.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "multi_hot", "locked": false, "schema_version": 3, "solution": true, "task": false}
def multi_hot(sequences, dimension):
    """Encode lists of word indices as rows of zeros and ones.

    Args:
        sequences: n lists of integers in 0 .. dimension - 1, any of them possibly empty; another index raises
            ValueError.
        dimension: number of words, an int.

    Returns:
        float32 array of shape (n, dimension).
    """
    ### BEGIN SOLUTION
    rows = np.zeros((len(sequences), dimension), dtype="float32")
    for row, sequence in zip(rows, sequences, strict=True):
        if any(not 0 <= word < dimension for word in sequence):
            raise ValueError(f"sequences may hold 0 .. {dimension - 1} only")
        row[sequence] = 1
    return rows
    ### END SOLUTION


# %%
print(multi_hot([[0, 2, 2], [], [3]], 4))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "multi_hot_check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(multi_hot)

# %% [markdown]
# Here is an invented language of 40 words, in which the first ten are for praise and the next ten for complaint. Reviews
# mix them all, in different proportions.

# %%
draw = np.random.default_rng(2)
praise = np.repeat([3.0, 1.0, 1.0], [10, 10, 20]) / 60
complaint = np.repeat([1.0, 3.0, 1.0], [10, 10, 20]) / 60
reviews = [list(draw.choice(40, size=draw.integers(8, 30), p=p)) for p in [praise] * 30 + [complaint] * 30]
fig, ax = plt.subplots(figsize=(6, 4))
ax.imshow(multi_hot(reviews, 40), cmap="Greys", aspect="auto", interpolation="nearest")
ax.set(xlabel="word", ylabel="review: 30 of praise, 30 of complaint")
plt.show()

# %% [markdown]
# **Think.** Dropout on the *input* was a bad idea for points in the plane. What would it do to these reviews, and why
# might it help there?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# It would hide some of the words of each review at every step. A review has several words that say the same, so the
# network has to use all of them and cannot rest on a single one. A point in the plane has no such spare coordinates.
#
# </details>

# %% [markdown]
# ## 4. What a softmax head gives
#
# The last layer of a classifier computes a logit for every class, $z = xW + b$, and turns the logits *of each example*
# into probabilities:
#
# $$ y_{ij} = \frac{e^{z_{ij}}}{\sum_{k} e^{z_{ik}}}, $$
#
# where the sum runs over the units $k$, the last axis. A sum over the examples $i$ would make the prediction for one
# review depend on which others happen to be in the batch. Every unit has its bias $b_j$, which says how common
# its class is when $x$ says nothing; it is easily lost when weights are copied by hand.
#
# Write the head in NumPy. For logits in the hundreds $e^z$ overflows.
#
# **Find it.** Which number can be subtracted from all logits of an example without any change of the quotient? Show it
# on paper. And which choice keeps every exponent at most 0?
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.softmax` is refused.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "dense_softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dense_softmax(x, W, b):
    """Compute what Dense(units, activation="softmax") gives.

    Args:
        x: inputs, shape (n, d), or ValueError.
        W: kernel, shape (d, units), or ValueError.
        b: bias, exactly shape (units,), or ValueError.

    Returns:
        Probabilities of shape (n, units) with the dtype of x; finite also for large logits.
    """
    ### BEGIN SOLUTION
    if x.shape[1:] != W.shape[:1]:
        raise ValueError(f"x has shape {x.shape}, which does not fit W with shape {W.shape}")
    if b.shape != W.shape[1:]:
        raise ValueError(f"b must have shape {W.shape[1:]}, got {b.shape}")
    logits = x @ W + b
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %%
x, W, b = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([[1.0, 0.0, -1.0], [0.5, 1.0, 0.0]]), np.array([0.1, 0.0, 0.3])
print(dense_softmax(x, W, b).round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "dense_softmax_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(dense_softmax)

# %% [markdown]
# Let the logit of one unit run from $-6$ to $6$, alone and beside a second unit whose logit is 0:

# %%
z = np.linspace(-6, 6, 49)[:, None]
alone = dense_softmax(z, np.array([[1.0]]), np.array([0.0]))
beside = dense_softmax(z, np.array([[1.0, 0.0]]), np.array([0.0, 0.0]))
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(z, alone, label="softmax over one unit")
ax.plot(z, beside[:, 0], label="softmax over two units")
ax.plot(z, 1 / (1 + np.exp(-z)), "k:", label="sigmoid")
ax.set(xlabel="logit", ylabel="output")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** With one unit the quotient is $e^z / e^z$. What is the gradient of the loss with respect to the logit, and
# what will training do?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The quotient is 1 for every $z$, so its derivative is 0, and so is the gradient of any loss. Training changes nothing
# in the layers before the head.
#
# </details>

# %% [markdown]
# ## 5. Repairing a head
#
# A question on a well-known site shows a model that ends with `Dense(1, activation="softmax")`. Its loss is the same
# number in every epoch, and now you know why: it predicts 1 whatever its weights are. (Keras 3 warns of such a head;
# the warnings under the cells below are meant.) What was meant is one probability, the sigmoid of one logit,
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}}, \qquad z = h W + b . $$
#
# Write a function that returns a repaired copy: the same layers, the same weights (kernel *and* bias of the head, too),
# and a sigmoid where the softmax was. As before, the model that is passed in is not changed, and the new one shares no
# variable with it. A model with any other head is not repaired but refused with `ValueError`.
#
# <details><summary>Hint</summary>
#
# The configuration of a Dense layer is a dictionary with the keys `units` and `activation`. What happens when
# your clone function changes one of them for the last layer?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "fix_head", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fix_head(model):
    """Turn the softmax over one unit at the end of a model into a sigmoid.

    Args:
        model: keras.Model whose last layer is Dense(1, activation="softmax"), or ValueError; it is not changed.

    Returns:
        A new keras.Model with the same layers and weights, a sigmoid at the end, and variables of its own.
    """
    ### BEGIN SOLUTION
    head = model.layers[-1]
    softmax = keras.activations.softmax
    if not (isinstance(head, layers.Dense) and head.units == 1 and head.activation is softmax):
        raise ValueError(f"{head.name} is not a Dense layer with one unit and a softmax")

    def replace(layer):
        changes = {"activation": "sigmoid"} if layer is head else {}
        return type(layer).from_config({**layer.get_config(), **changes})

    fixed = keras.models.clone_model(model, clone_function=replace)
    fixed.set_weights(model.get_weights())
    return fixed
    ### END SOLUTION


# %%
keras.utils.set_random_seed(3)
body = [keras.Input((2,)), layers.Dense(16, activation="relu"), layers.Dense(16, activation="relu")]
broken = keras.Sequential([*body, layers.Dense(1, activation="softmax")])
fixed = fix_head(broken)
print(np.array(broken(points[:3])).ravel(), np.array(fixed(points[:3])).ravel().round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "fix_head_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(fix_head)

# %% [markdown]
# Train both on the moons:

# %% [markdown]
# **Guess.** The broken model says 1 whatever the input is, and half of the labels are 1. At which mean squared error
# will it stay? Write a number down before you run the figure, which draws it in.

# %%
guess = ...

# %%
fig, ax = plt.subplots(figsize=(6, 3))
for name, model in (("softmax over one unit", broken), ("sigmoid", fixed)):
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    history = model.fit(points, labels, batch_size=50, epochs=25, verbose=0)
    ax.plot(history.history["loss"], label=name)
if guess is not ...:
    ax.axhline(guess, color="black", linestyle="--", label="your guess")
ax.set(xlabel="epoch", ylabel="mean squared error")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** The loss of the broken model stays at 0.5. Where does exactly this number come from?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The labels are 0 and 1, half of each, and the prediction is always 1. The error is 1 for the zeros and 0 for the ones,
# and half of that is 0.5.
#
# </details>

# %% [markdown]
# ## 6. Challenge: the layer itself
#
# Now write dropout as a layer of your own. In NumPy that took four lines. A Keras layer has to do more:
#
# - **It is traced.** `fit` and `predict` run `call` once, with symbolic tensors, and record a graph. From then on the
#   graph runs and your Python code does not. A mask drawn with NumPy is a constant of that graph: the same units stay
#   dead for ever. The batch size is not known either, so that `inputs.shape[0]` may be `None`, while `ops.shape(inputs)`
#   is always right.
# - **It is told whether it trains.** Keras passes `training` to `call`. In Keras 2 layers asked
#   `keras.backend.learning_phase()`, which no longer exists.
# - **It has a random state.** `keras.random.uniform(shape, seed=7)` gives the same numbers at every call. A
#   `keras.random.SeedGenerator(7)` holds a state that moves on, also inside a graph. Make it once, in `__init__`, and pass it
#   as `seed`.
# - **It describes itself.** `get_config` returns what `__init__` needs, so that a saved model can be loaded. Other
#   keywords, such as `name` and `dtype`, go to `keras.layers.Layer`, and its own `get_config` returns them.
# - **It follows its dtype.** A mask has to be cast to the dtype of the inputs before it can be multiplied with them.
#
# The rules of dropout stay as they were: every entry on its own, kept entries divided by $q$, the identity when not
# training, zeros at rate 1, `ValueError` for a rate outside $[0, 1]$.
#
# Write it yourself: an answer that is, or rests on, `keras.layers.Dropout` is refused.
#
# <details><summary>Hint 1</summary>
#
# Compare uniform numbers with the rate. Which function of `keras.random` draws them, which shape is known inside a
# graph, and which seed moves on?
#
# </details>
# <details><summary>Hint 2</summary>
#
# Rate and `training` are Python values, so an ordinary `if` may look at them while tracing.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `{**old, "key": value}` is a dictionary with the entries of `old` and one more. What is the `old` one here?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "ManualDropout", "locked": false, "schema_version": 3, "solution": true, "task": false}
class ManualDropout(keras.layers.Layer):
    """Inverted dropout.

    Args:
        rate: drop rate, a float in [0, 1]; anything else raises ValueError.
        seed: an int for masks that can be had again, or None. Layers with equal seeds draw the same first mask.
        kwargs: anything that keras.layers.Layer takes.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must lie in [0, 1], got {rate}")
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        ### END SOLUTION

    def call(self, inputs, training=False):
        """Return inputs of any shape with entries dropped when training, and as they are otherwise."""
        ### BEGIN SOLUTION
        if not training:
            return inputs
        if self.rate == 1:
            return ops.zeros_like(inputs)
        uniform = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)
        return inputs * ops.cast(uniform >= self.rate, inputs.dtype) / (1 - self.rate)
        ### END SOLUTION

    def get_config(self):
        """Return the arguments of __init__ as a dictionary."""
        ### BEGIN SOLUTION
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
        ### END SOLUTION


# %%
layer = ManualDropout(0.25, seed=1)
print(np.array(layer(np.ones((3, 8), "float32"), training=True)).round(2))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "ManualDropout_check", "locked": true, "points": 11, "schema_version": 3, "solution": false, "task": false}
check(ManualDropout)

# %% [markdown]
# Six passes of a model that is nothing but your layer, through a graph that is traced once, as in `fit`. Each picture should
# be different; a layer with a NumPy mask would show the same one six times.

# %%
alone = keras.Sequential([keras.Input((24,)), ManualDropout(0.4)])
graph = tf.function(lambda inputs: alone(inputs, training=True))
fig, axes = plt.subplots(1, 6, figsize=(9, 1.8))
for number, ax in enumerate(axes, start=1):
    kept = graph(tf.ones((24, 24))) > 0
    ax.imshow(kept, cmap="Greys", interpolation="nearest")
    ax.set(xticks=[], yticks=[], title=f"pass {number}")

# %% [markdown]
# And it trains like the original. Three seeds of each, on the moons:

# %%
for name, make in (("keras.layers.Dropout", layers.Dropout), ("ManualDropout", ManualDropout)):
    shares = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        stack = [layers.Dense(32, activation="relu"), make(0.3), layers.Dense(32, activation="relu"), make(0.3)]
        model = keras.Sequential([keras.Input((2,)), *stack, layers.Dense(2, activation="softmax")])
        train(model, points, labels, steps=60)
        hits = np.argmax(model(fresh_points), axis=1) == fresh_labels
        shares.append(hits.mean())
    print(
        f"{name:21s} right on {np.mean(shares):.3f} of fresh points, sd over three seeds {np.std(shares, ddof=1):.3f}"
    )

# %% [markdown]
# **Think.** `keras.utils.set_random_seed` made the runs repeatable although your layer got no seed of its own. From where
# does a `SeedGenerator(None)` take its seed?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# From Python's own `random`, when it is made. `keras.utils.set_random_seed` seeds that as well, so that layers made in
# the same order get the same seeds.
#
# </details>

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. Go on with [Dropout in PyTorch](../dropout_pytorch/dropout_pytorch.ipynb), where nothing
# is traced and other things go wrong. After [BatchNorm by hand](../batchnorm/batchnorm.ipynb) comes [Inference by
# hand](../inference_by_hand/inference_by_hand.ipynb), which takes a Keras model apart.
