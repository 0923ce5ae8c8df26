# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Monte Carlo dropout
#
# Dropout is noise for training. Leave it on when predicting, run the network many times, and the outputs scatter: more
# where the network is unsure. That is Monte Carlo dropout. It is three lines of code and full of traps. Keras 3 switches
# the usual recipe off without a word; BatchNorm is damaged by another; and the mean of many passes is not what the network
# predicts without dropout, however many passes there are. In this notebook you sample, tell noise from bias, turn passes into
# intervals and test whether these deserve trust.
#
# **Before this.** Read [Sampling in Keras and PyTorch](../../book/montecarlo/sampling.md) (35 minutes), and do [Dropout
# in Keras](../dropout_keras/dropout_keras.ipynb) and [Dropout in PyTorch](../dropout_pytorch/dropout_pytorch.ipynb).
# You know how a model is built in Keras and in PyTorch, means and standard errors, and logarithms. What a *likelihood*
# is, is told in exercise 5, which needs it.
#
# **Time.** 4 to 5 hours in two sittings: exercise 4 is a good place to stop.
#
# **How to work.** Replace each `raise NotImplementedError()` with your answer and run the `check` below it as often as
# you like. It asks your code with new inputs every time, says which requirement holds and which does not, and
# recognizes many common mistakes by name. You need Keras 3 with TensorFlow, PyTorch, NumPy and Matplotlib.
#
# **Notation.** The *rate* $p$ is the probability that an entry is **dropped**, and $q = 1 - p$. There are $T$ passes.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("monte_carlo", needs="keras matplotlib numpy tensorflow torch")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import matplotlib.pyplot as plt
import numpy as np
import torch
from keras import layers

from autograder import check

# %matplotlib inline

# %% [markdown]
# ## 1. Dropout that stays on
#
# The recipe in many tutorials is to call an ordinary layer with `training=True`. Watch what becomes of it in Keras 3:

# %%
inputs = keras.Input((8,))
recipe = keras.Model(inputs, layers.Dropout(0.5)(inputs, training=True))
ones = np.ones((1, 8), "float32")
print("model(x):     ", len(np.unique([recipe(ones) for _ in range(20)], axis=0)), "different outputs in 20 calls")
print("predict(x):   ", len(np.unique([recipe.predict_on_batch(ones) for _ in range(20)], axis=0)), "in 20 calls")

# %% [markdown]
# `predict` passes `training=False` to every layer, and that wins over what was said when the model was built. A layer that
# must not be switched off has to decide by itself: whatever the argument `training` of its `call` says, it hands `True` on
# to the dropout that it inherits.
#
# For the advanced: Keras locks what a layer holds at the end of `super().__init__()`, so a random state of your own cannot be added after
# it. You hardly need one, since `keras.layers.Dropout` has `self.seed_generator`. At rate 0 it has none.
#
# <details><summary>Hint</summary>
#
# One method of two lines is enough: `super().call(inputs, training=...)`.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "MCDropout", "locked": false, "schema_version": 3, "solution": true, "task": false}
class MCDropout(keras.layers.Dropout):
    """Dropout that is active whatever `training` says, in predict as well.

    Takes what keras.layers.Dropout takes, so that a rate outside [0, 1] raises ValueError, and can be saved, and loaded with custom_objects, like it.
    """

    def call(self, inputs, training=None):
        """Return the inputs with entries dropped and the others divided by 1 - rate."""
        ### BEGIN SOLUTION
        training = True  # whatever predict says
        return super().call(inputs, training=training)
        ### END SOLUTION


# %%
model = keras.Sequential([keras.Input((8,)), MCDropout(0.5)])
print(model.predict_on_batch(ones), model.predict_on_batch(ones), sep="\n")

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "MCDropout_check", "locked": true, "points": 7.5, "schema_version": 3, "solution": false, "task": false}
check(MCDropout)

# %% [markdown]
# With it, fit a noisy sine and draw sixty predictions. Between the two clouds of points there are no data.

# %%
keras.utils.set_random_seed(0)
draw = np.random.default_rng(0)
NOISE = 0.2
x_train = np.concatenate([draw.uniform(-3, -0.7, 80), draw.uniform(0.9, 2.6, 80)]).astype("float32")[:, None]
y_train = np.sin(2 * x_train) + draw.normal(0, NOISE, x_train.shape).astype("float32")
stack = [layers.Dense(64, activation="relu"), MCDropout(0.1), layers.Dense(64, activation="relu"), MCDropout(0.1)]
regressor = keras.Sequential([keras.Input((1,)), *stack, layers.Dense(1)])
regressor.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
regressor.fit(np.tile(x_train, (600, 1)), np.tile(y_train, (600, 1)), batch_size=160, verbose=0)

grid = np.linspace(-4, 4, 161, dtype="float32")[:, None]
curves = np.stack([regressor(grid)[:, 0] for _ in range(60)])
fig, ax = plt.subplots(figsize=(7, 3))
ax.plot(grid, curves.T, color="C0", alpha=0.15)
ax.plot(x_train, y_train, "k.", markersize=3)
ax.set(xlabel="x", ylabel="prediction", ylim=(-3, 3))
plt.show()

# %% [markdown]
# **Think.** Where do the curves spread, and where do they agree although there are no data? Does the spread tell you
# how far new *points* will lie from the curves?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# They spread where there are no data, and less at its edges; they agree wherever all subnetworks extrapolate alike. The
# spread is about the curve. New points scatter around it by their own noise as well.
#
# </details>

# %% [markdown]
# ## 2. Two error bars
#
# From $T$ passes one computes a mean. Two quite different error bars can be put on it:
#
# - the **standard deviation** $s$ of the passes says how much a single pass scatters. It does not shrink when $T$
#   grows. From a sample it is estimated with $T - 1$, because deviations from the sample's own mean are too small;
# - the **standard error** $s / \sqrt{T}$ says how far the mean of $T$ passes may be from the mean of infinitely many. The
#   variance of a sum of $T$ independent passes is $T s^2$, that of their mean $T s^2 / T^2 = s^2 / T$, and the root of it is
#   the standard error: not $s$, and not $s / T$.
#
# Whether the mean differs from a given number, such as the deterministic output with dropout off, is a question about the
# mean. So the gap is measured in standard errors,
#
# $$ z = \frac{\text{mean} - \text{deterministic}}{s / \sqrt{T}} . $$
#
# Passes are the rows of `samples`, outputs its columns, and every output is judged on its own.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "mc_summary", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mc_summary(samples, deterministic):
    """Compare the mean of Monte Carlo passes with the deterministic output.

    Args:
        samples: one row per pass, shape (T, k), or ValueError; T is at least 2.
        deterministic: output with dropout off, exactly shape (k,), or ValueError.

    Returns:
        mean, sd (with T - 1), se (the standard error of the mean) and z (the gap in standard errors): four arrays of
        shape (k,) with the dtype of samples.
    """
    ### BEGIN SOLUTION
    if samples.ndim != 2:
        raise ValueError(f"samples must have shape (T, k), got {samples.shape}")
    if deterministic.shape != samples.shape[1:]:
        raise ValueError(f"deterministic must have shape {samples.shape[1:]}, got {deterministic.shape}")
    mean = samples.mean(axis=0)
    sd = samples.std(axis=0, ddof=1)
    se = sd / math.sqrt(len(samples))
    return mean, sd, se, (mean - deterministic) / se
    ### END SOLUTION


# %%
print([value.round(3) for value in mc_summary(np.array([[1.0, 5.0], [2.0, 5.2], [6.0, 4.8]]), np.array([2.0, 4.0]))])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "mc_summary_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(mc_summary)

# %% [markdown]
# A small network in NumPy makes passes by the thousand. Dropout at rate 0.3 acts on 50 activations; the first output is a
# linear function of what is left, the second goes through a softsign, $u / (1 + |u|)$.

# %%
weights = np.random.default_rng(5)
activations = np.abs(weights.normal(0, 1, 50))
W, v = weights.normal(0, 0.3, (50, 40)), weights.normal(0, 0.3, 40)


def forward(a):
    u = a @ W
    return np.stack([u @ v, (u / (1 + np.abs(u))) @ v], axis=-1)


def passes(T, seed=0):
    kept = np.random.default_rng(seed).random((T, 50)) >= 0.3
    return forward(activations * kept / 0.7)


deterministic = forward(activations)
for T in (10, 1_000, 100_000):
    mean, sd, se, z = mc_summary(passes(T), deterministic)
    print(f"T = {T:6}: gap {(mean - deterministic).round(4)}, sd {sd.round(3)}, se {se.round(4)}, z {z.round(1)}")

# %% [markdown]
# **Think.** Which of the columns settle down as $T$ grows, which shrink, and which one explodes?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Mean and standard deviation settle, the standard error shrinks as $1/\sqrt T$, and $z$ explodes where there is a bias:
# a fixed gap is divided by less and less.
#
# </details>

# %% [markdown]
# ## 3. How many passes?
#
# **Find it.** You know the spread $s$ of single passes, and want a standard error of at most $\text{se}$. How many
# passes does that take? Solve for $T$, and decide in which direction to round. What does ten times the precision cost?
# (No factor 1.96 belongs into it: that would give the half width of a 95 % interval rather than the standard error.)
#
# One trap is arithmetic. $(0.56 / 0.01)^2$ should be 3,136, but decimal fractions are not exact in binary:

# %%
print((0.56 / 0.01) ** 2)

# %% [markdown]
# A bare ceiling gives 3,137. So a value at most $10^{-9}$ (relative) above an integer counts as that integer.
#
# <details><summary>Hint</summary>
#
# How far is the value above its floor, and how far is allowed?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "samples_needed", "locked": false, "schema_version": 3, "solution": true, "task": false}
def samples_needed(sd, se):
    """Return the number of passes after which the standard error of the mean is at most `se`.

    Args:
        sd: standard deviation of the passes, a float; negative raises ValueError; 0 needs 0 passes.
        se: standard error asked for, a float; 0 or less raises ValueError.

    Returns:
        An int.
    """
    ### BEGIN SOLUTION
    if sd < 0:
        raise ValueError(f"sd must not be negative, got {sd}")
    if se <= 0:
        raise ValueError(f"se must be positive, got {se}")
    exact = (sd / se) ** 2
    whole = math.floor(exact)
    return whole if exact - whole <= 1e-9 * exact else whole + 1
    ### END SOLUTION


# %%
print(samples_needed(0.56, 0.01), samples_needed(0.18, 0.001), samples_needed(0.18, 0.0001))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "samples_needed_check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(samples_needed)

# %% [markdown]
# **Think.** Somebody compares a mean of 1,000 passes with a spread of 0.18 to the deterministic output and finds a gap of 0.01.
# How many standard errors is that? What may one conclude?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# $0.18 / \sqrt{1000} = 0.0057$, so the gap is 1.8 standard errors. That may be chance. Nothing follows about a bias,
# neither that there is one nor that there is none.
#
# </details>

# %% [markdown]
# ## 4. Noise or bias?
#
# The mean of infinitely many passes is $\mathbb{E} f(\tilde h)$, where $\tilde h$ is the layer after dropout; the
# deterministic output is $f(\mathbb{E} \tilde h) = f(h)$. For a linear $f$ they are the same. Otherwise they differ, roughly by half the
# curvature of $f$ times the variance of the noise (Jensen's gap), and that **bias** has nothing to do with $T$. Only the
# sampling error shrinks.
#
# So the verdict compares the gap with the standard error, never with the spread $s$ (a bias well inside the spread
# is still a bias) and never with a fixed tolerance (what chance gives depends on $s$ and $T$). With $|z| > 4$ in some output,
# chance is no explanation: it would do that in about one case of sixteen thousand. And more passes do not excuse a larger
# gap; they make a bias plainer.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "verdict", "locked": false, "schema_version": 3, "solution": true, "task": false}
def verdict(samples, deterministic, threshold=4.0):
    """Tell whether passes and deterministic output differ by chance alone.

    Args:
        samples: one row per pass, shape (T, k), or ValueError; T is at least 2.
        deterministic: output with dropout off, exactly shape (k,), or ValueError.
        threshold: largest gap, in standard errors, that counts as chance.

    Returns:
        "bias" when some output has a gap above the threshold, in either direction; otherwise "sampling error".
    """
    ### BEGIN SOLUTION
    *_, z = mc_summary(samples, deterministic)
    return "bias" if np.abs(z).max() > threshold else "sampling error"
    ### END SOLUTION


# %%
for T in (10, 1_000, 100_000):
    print(T, [verdict(passes(T)[:, [k]], deterministic[[k]]) for k in (0, 1)])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "verdict_check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(verdict)

# %% [markdown]
# The whole story in one picture: the gap against the number of passes, both on logarithmic axes.

# %%
samples = passes(200_000, seed=1)
counts = np.logspace(1, 5.3, 40).astype(int)
gaps = np.abs([samples[:T].mean(axis=0) - deterministic for T in counts])
fig, ax = plt.subplots(figsize=(6, 3.5))
for k, name in enumerate(("linear", "softsign")):
    (line,) = ax.loglog(counts, gaps[:, k], "o-", markersize=3, label=f"gap, {name}")
    ax.loglog(
        counts, samples[:, k].std() / np.sqrt(counts), ":", color=line.get_color(), label=f"standard error, {name}"
    )
ax.set(xlabel="passes T", ylabel="gap")
ax.legend()
plt.show()

# %% [markdown]
# **Find the bug.** This verdict compares the gap with the scatter of the passes. Run it on more and more passes of the
# output that is biased. When will it ever say so?


# %%
def lenient_verdict(samples, deterministic):
    gap = samples.mean(axis=0) - deterministic
    return "bias" if np.abs(gap / samples.std(axis=0, ddof=1)).max() > 4 else "noise"


for T in (100, 10_000, 100_000):
    print(T, lenient_verdict(passes(T), deterministic), verdict(passes(T), deterministic))

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# When the bias is larger than four standard deviations of a single pass, which has nothing to do with the question. The
# standard deviation does not shrink with $T$; the error of the mean does, as $s / \sqrt T$.
#
# </details>

# %% [markdown]
# **Think.** A discussion of such a gap once ended with the answer "just take more samples". What would its author have seen
# after ten times as many?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The same gap, with a standard error that is smaller by $\sqrt{10}$: if there is a bias, a larger $z$.
#
# </details>

# %% [markdown]
# ## 5. From passes to a predictive distribution
#
# A pass predicts where the *curve* is. A new observation scatters around the curve by noise of precision $\tau$, that is, of variance
# $1/\tau$. Together the passes $\hat y_t$ stand for a mixture of $T$ normal densities with that variance, one around each
# pass. Its variance is the variance between the passes (here with $T$, since the mixture is exactly these passes) plus that of the noise:
#
# $$ \operatorname{Var}[y] = \frac{1}{T} \sum_t \hat y_t^2 - \Big( \frac{1}{T} \sum_t \hat y_t \Big)^2 + \frac{1}{\tau}, $$
#
# and the *likelihood* of an observation is the density that the prediction gives it: large where the prediction has put
# its probability. Its logarithm turns the product over independent observations into a sum. The log-likelihood of an
# observation $y$ is the log of the *mean* density,
#
# $$ \log \frac{1}{T} \sum_t \sqrt{\frac{\tau}{2 \pi}}\, e^{-\tau (y - \hat y_t)^2 / 2}
#  = \operatorname{logsumexp}_t \left( -\tfrac{\tau}{2} (y - \hat y_t)^2 \right) - \log T - \tfrac12 \log 2\pi + \tfrac12 \log \tau . $$
#
# Each term is needed. Without subtracting the squared mean the variance is a second moment, and a prediction far from 0 looks
# uncertain. Without $\log T$ the likelihood grows with every pass. Without $\tfrac12 \log \tau$ the best precision would be 0.
#
# When $y$ is far from every pass all densities underflow to 0, and their log to $-\infty$. Take out the largest exponent first:
# $\operatorname{logsumexp}(a) = \max a + \log \sum_t e^{a_t - \max a}$.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "gal_predictive", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gal_predictive(samples, y, tau):
    """Return predictive variance and log-likelihood under Monte Carlo dropout.

    Args:
        samples: predictions of T passes for n points, shape (T, n), or ValueError.
        y: observations, exactly shape (n,), or ValueError.
        tau: precision of the noise, a positive float.

    Returns:
        variance, log_likelihood: two arrays of shape (n,) with the dtype of samples, finite also far from all passes.
    """
    ### BEGIN SOLUTION
    if samples.ndim != 2:
        raise ValueError(f"samples must have shape (T, n), got {samples.shape}")
    if y.shape != samples.shape[1:]:
        raise ValueError(f"y must have shape {samples.shape[1:]}, got {y.shape}")
    variance = samples.var(axis=0) + 1 / tau
    exponents = -tau / 2 * (y - samples) ** 2
    largest = exponents.max(axis=0)
    total = largest + np.log(np.exp(exponents - largest).sum(axis=0))
    log_likelihood = total - math.log(len(samples)) + math.log(tau / (2 * math.pi)) / 2
    return variance.astype(samples.dtype), log_likelihood.astype(samples.dtype)
    ### END SOLUTION


# %%
print([value.round(3) for value in gal_predictive(np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([2.0, 40.0]), 1.0)])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "gal_predictive_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(gal_predictive)

# %% [markdown]
# The likelihood of fresh points chooses $\tau$. The noise that was put into the sine has standard deviation 0.2, hence precision 25:

# %%
x_test = np.concatenate([draw.uniform(-3, -0.7, 300), draw.uniform(0.9, 2.6, 300)]).astype("float32")[:, None]
y_test = np.sin(2 * x_test[:, 0]) + draw.normal(0, NOISE, 600)
test_passes = np.stack([regressor(x_test)[:, 0] for _ in range(100)]).astype(float)
taus = np.logspace(-0.5, 3, 40)
scores = [gal_predictive(test_passes, y_test, tau)[1].mean() for tau in taus]
best_tau = taus[np.argmax(scores)]
fig, ax = plt.subplots(figsize=(6, 3))
ax.semilogx(taus, scores)
ax.axvline(1 / NOISE**2, color="gray", linestyle=":", label="precision of the noise")
ax.set(xlabel="tau", ylabel="mean log-likelihood", title=f"best at tau = {best_tau:.0f}")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** If the best $\tau$ is not the precision of the noise, in which direction does it miss? What else, besides noise, keeps
# points away from the passes?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# It is too small. A precision of $\tau$ stands for everything that the passes do not explain, and a curve that is wrong
# adds its error to the noise. So the best variance $1/\tau$ is larger than that of the noise.
#
# </details>

# %% [markdown]
# ## 6. Is the interval honest?
#
# If the predictive distribution is right, then about 95 % of fresh observations lie within $\text{mean} \pm 1.96 \sqrt{\operatorname{Var}[y]}$.
# Count them: on both sides, and with the whole variance. The spread of the passes alone says how sure the network is of its
# curve (*epistemic* uncertainty). It leaves out the noise, and so covers far too little. Dividing the variance by $T$ would
# be worse still: predicting more often makes no observation less noisy.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "interval_coverage", "locked": false, "schema_version": 3, "solution": true, "task": false}
def interval_coverage(samples, y, tau, z=1.96):
    """Return the share of observations inside mean +- z sqrt(predictive variance).

    Args:
        samples: predictions of T passes for n points, shape (T, n), or ValueError.
        y: observations, exactly shape (n,), or ValueError.
        tau: precision of the noise, a positive float.
        z: half width of the interval in standard deviations.

    Returns:
        A float in [0, 1].
    """
    ### BEGIN SOLUTION
    variance, _ = gal_predictive(samples, y, tau)
    inside = np.abs(y - samples.mean(axis=0)) <= z * np.sqrt(variance)
    return float(inside.mean())
    ### END SOLUTION


# %%
print("passes alone:  ", round(interval_coverage(test_passes, y_test, 1e12), 3))
print("with the noise:", round(interval_coverage(test_passes, y_test, best_tau), 3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "interval_coverage_check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(interval_coverage)

# %% [markdown]
# **Experiment.** Is the interval as honest as it says, at every width? The bars are one standard error, from five parts
# of the test data.

# %% [markdown]
# **Guess.** Intervals are made for 95 % of the observations, from the passes alone, without the noise. Which share of
# the observations will lie inside? Write a number down before you run the figure, which draws it in.

# %%
guess = ...

# %%
widths = np.linspace(0.1, 3, 30)
nominal = [math.erf(z / math.sqrt(2)) for z in widths]
fig, ax = plt.subplots(figsize=(4.5, 4))
ax.plot([0, 1], [0, 1], ":", color="gray", label="honest")
parts = np.arange(600).reshape(120, 5).T
for name, tau in (("passes alone", 1e12), ("with the noise", best_tau)):
    inside = [[interval_coverage(test_passes[:, part], y_test[part], tau, z) for part in parts] for z in widths]
    error = np.std(inside, axis=1, ddof=1) / np.sqrt(5)
    ax.errorbar(nominal, np.mean(inside, axis=1), error, label=name)
if guess is not ...:
    ax.plot(0.95, guess, "k*", markersize=12, label="your guess")
ax.set(xlabel="share that the interval promises", ylabel="share that lies inside")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** With 600 fresh points, what is the standard error of a coverage near 0.95? Repeat the count for points from the gap
# between the clouds, where nothing was learned: do you expect honesty there?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# $\sqrt{0.95 \cdot 0.05 / 600} \approx 0.009$. In the gap nothing holds the curve to the truth. The passes spread
# there, and whether they spread enough is luck: expect no honesty.
#
# </details>

# %% [markdown]
# ## 7. Calibration of a classifier
#
# A classifier that says "80 %" a hundred times should be right about eighty times. Its *confidence* is its largest probability, also
# when that belongs to a wrong class: nobody knows the true one when predicting. Sort the examples by confidence into $B$ bins of equal
# width, bin $i$ holding confidences in $(i/B, (i+1)/B]$, and compare in each bin the mean confidence with the share of hits:
#
# $$ \text{ECE} = \sum_{i} \frac{n_i}{n}\, \lvert \text{accuracy}_i - \text{confidence}_i \rvert . $$
#
# The weights $n_i / n$ keep a bin of three examples from counting like one of three hundred. The absolute value keeps too much
# confidence in one bin from making up for too little in another. Empty bins count nothing; of equal probabilities, the first class is
# the predicted one.
#
# <details><summary>Hint</summary>
#
# `np.ceil(confidence * bins) - 1` is the number of a bin that is closed on the right. In $n_i\,(\text{accuracy}_i -
# \text{confidence}_i)$ the $n_i$ cancel: it is a sum over the examples of the bin.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "expected_calibration_error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def expected_calibration_error(probs, labels, bins=15):
    """Return the mean gap between confidence and accuracy over bins, weighted by their counts.

    Args:
        probs: probabilities, shape (n, k), or ValueError.
        labels: true classes, integers of exactly shape (n,), or ValueError.
        bins: number of bins of equal width, closed on the right.

    Returns:
        A float.
    """
    ### BEGIN SOLUTION
    if probs.ndim != 2:
        raise ValueError(f"probs must have shape (n, k), got {probs.shape}")
    if labels.shape != probs.shape[:1]:
        raise ValueError(f"labels must have shape {probs.shape[:1]}, got {labels.shape}")
    confidence = probs.max(axis=1).astype(float)
    hit = probs.argmax(axis=1) == labels
    number = np.ceil(confidence * bins).astype(int) - 1
    gaps = np.bincount(number, weights=hit - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
    ### END SOLUTION


# %%
print(expected_calibration_error(np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]]), np.array([0, 0, 0]), bins=4))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "expected_calibration_error_check", "locked": true, "points": 6.5, "schema_version": 3, "solution": false, "task": false}
check(expected_calibration_error)

# %% [markdown]
# Labels drawn from given probabilities are calibrated by construction. Divide the logits by a temperature, and they are no more: below 1
# the classifier is too sure of itself, above 1 too modest.

# %%
generator = np.random.default_rng(6)
logits = generator.normal(0, 2, (5_000, 4))
cumulative = np.cumsum(keras.ops.softmax(logits), axis=1)
classes = np.minimum((generator.random((5_000, 1)) > cumulative).sum(axis=1), 3)
temperatures = np.linspace(0.3, 3, 28)
errors = [expected_calibration_error(np.array(keras.ops.softmax(logits / t)), classes) for t in temperatures]
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(temperatures, errors, "o-")
ax.set(xlabel="temperature", ylabel="calibration error")
plt.show()

# %% [markdown]
# **Think.** The error does not quite reach 0 at temperature 1, although everything is calibrated there. Why not, and what happens to
# the rest with 50 examples in place of 5,000?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Every bin has a few examples, and the absolute value of a difference that is only chance is still positive. With 50
# examples what chance gives is about ten times as large.
#
# </details>

# %% [markdown]
# ## 8. Doubt shared and doubt disputed
#
# Several passes of a classifier can be unsure in two ways. All may say "fifty-fifty": the classes overlap there, and more data will not
# help. Or each is sure and they contradict one another: the network does not know. The entropy, in nats (natural logarithms),
#
# $$ H(p) = - \sum_k p_k \log p_k, \qquad 0 \log 0 = 0, $$
#
# tells them apart. The *total* uncertainty is the entropy of the mean prediction $H(\bar p)$: first average, then the entropy. The
# *expected* one is the mean of the entropies of the passes. Their difference is the *mutual information* between the prediction and
# the choice of the pass, which is 0 when all passes agree.
#
# A probability that is exactly 0 makes NumPy compute $0 \cdot (-\infty)$, which is `nan`. Keep the logarithm away from zeros,
# by nothing larger than $10^{-7}$: entropies are compared to six digits.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "predictive_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def predictive_entropy(probs):
    """Split the uncertainty of several passes.

    Args:
        probs: probabilities of T passes for n examples and k classes, shape (T, n, k), or ValueError.

    Returns:
        total, expected, mutual_information: three arrays of shape (n,) in nats, with the dtype of probs.
    """
    ### BEGIN SOLUTION
    if probs.ndim != 3:
        raise ValueError(f"probs must have shape (T, n, k), got {probs.shape}")

    def entropy(p):
        return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)

    total = entropy(probs.mean(axis=0))
    expected = entropy(probs).mean(axis=0)
    return total, expected, total - expected
    ### END SOLUTION


# %%
agreed, opposed = [[[0.5, 0.5]], [[0.5, 0.5]]], [[[1.0, 0.0]], [[0.0, 1.0]]]
for name, probs in (("agreed", agreed), ("opposed", opposed)):
    print(name, [value.round(3) for value in predictive_entropy(np.array(probs))])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "predictive_entropy_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(predictive_entropy)

# %% [markdown]
# Forty classifiers of the plane, all with a border near the vertical axis and each with its own tilt:

# %%
axis = np.linspace(-3, 3, 60)
plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
directions = np.random.default_rng(7).normal([2.0, 0.0], [0.2, 0.8], (40, 2))
yes = 1 / (1 + np.exp(-(directions @ plane.T)))
maps = predictive_entropy(np.stack([yes, 1 - yes], axis=-1))
fig, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True)
for ax, values, name in zip(axes, maps, ("total", "expected", "mutual information"), strict=True):
    image = ax.pcolormesh(axis, axis, values.reshape(60, 60), vmin=0, vmax=math.log(2))
    ax.set_title(name)
fig.colorbar(image, ax=axes, label="nats")
plt.show()

# %% [markdown]
# **Think.** Near the middle of the border all classifiers are unsure, at its ends they quarrel. Where would you ask for more labels?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Where they quarrel, at the ends: another label there decides between them. In the middle they agree that the classes
# overlap, and a label would not change that.
#
# </details>

# %% [markdown]
# ## 9. Sampling from a PyTorch model
#
# In PyTorch `model.train()` wakes up everything: dropout, but also BatchNorm, which then normalizes by the batch at hand and moves its running
# statistics, so that the model predicts differently ever after. What is wanted is evaluation mode for all modules except dropout.
#
# Which modules are dropout? Besides `nn.Dropout` there are `nn.Dropout1d`, `nn.AlphaDropout` and the classes that people write themselves. Go
# by name: a module counts when its class, or some base of its class, has `Dropout` in its name. It goes into training mode itself,
# but not what it contains. Setting `module.training` changes one module, `module.train()` also all inside it.
#
# Afterwards every module is in the mode in which it was before, and the result carries no graph.
#
# <details><summary>Hint 1</summary>
#
# `model.modules()` visits all modules at any depth. `type(module).__mro__` lists a class and its bases.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Note the modes first, in a list of pairs, and set them back at the end.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "mc_predict_torch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mc_predict_torch(model, X, T):
    """Pass X through a model T times with dropout on and everything else off.

    Args:
        model: torch.nn.Module; its modes, parameters and buffers are as before afterwards.
        X: tensor of shape (n, ...).
        T: number of passes, an int.

    Returns:
        Array or tensor of shape (T, n, k) without a graph.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    for module, _ in modes:
        module.training = any("Dropout" in base.__name__ for base in type(module).__mro__)
    with torch.no_grad():
        samples = torch.stack([model(X) for _ in range(T)])
    for module, mode in modes:
        module.training = mode
    return samples
    ### END SOLUTION


# %%
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Dropout(0.3))
net = torch.nn.Sequential(net, torch.nn.Linear(16, 1)).eval()
print(mc_predict_torch(net, torch.ones(2, 3), 4)[:, :, 0])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "mc_predict_torch_check", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
check(mc_predict_torch)

# %% [markdown]
# How much damage does the whole model in training mode do? Predict the same inputs again and again, after rounds of sampling in either way:

# %%
far = torch.randn(64, 3) + 2
fig, ax = plt.subplots(figsize=(6, 3))
for name, careful in (("dropout alone in training mode", True), ("whole model in training mode", False)):
    torch.manual_seed(1)
    trial = torch.nn.Sequential(
        torch.nn.Linear(3, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Dropout(0.3)
    )
    trial = torch.nn.Sequential(trial, torch.nn.Linear(16, 1)).eval()
    before, drift = trial(far), []
    for _ in range(30):
        if careful:
            mc_predict_torch(trial, far, 1)
        else:
            trial.train()(far)
        drift.append((trial.eval()(far) - before).abs().max().item())
    ax.plot(range(1, 31), drift, label=name)
ax.set(xlabel="passes taken", ylabel="change of the predictions")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** Would the damage be smaller if `far` looked like the training data?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Yes. BatchNorm's running statistics would move toward those of `far`, and where these are nearly the old ones they
# would hardly move. But they would move, and the batch itself would decide on the normalization.
#
# </details>

# %% [markdown]
# ## 10. Challenge: any Keras model as it is
#
# You get a trained Keras model with ordinary Dropout layers and want passes from it, without building it anew around `MCDropout`. A
# loop over `predict` gives the same output $T$ times. `model(X, training=True)` drops, but tells BatchNorm to train as well: it normalizes
# by the batch and moves its statistics, and 200 such passes can change later predictions by more than the effect you are after.
#
# Keras has a way out: a `BatchNormalization` layer with `trainable = False` uses its moving statistics even when it is told to train.
# So freeze these layers for the time of the passes. They may sit in models inside models. Afterwards every layer's `trainable` is what it was:
# some may have been frozen all along, and have to stay so.
#
# Every pass draws new masks; one pass repeated $T$ times has no spread. The first axis of the result is the pass.
#
# <details><summary>Hint 1</summary>
#
# A model's `layers` may hold models, which have `layers` of their own: a function that calls itself finds them all.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Collect the BatchNormalization layers whose `trainable` is true, and touch no others.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "mc_predict", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mc_predict(model, X, T):
    """Pass X through a Keras model T times with dropout on.

    Args:
        model: keras.Model with Dropout and possibly BatchNormalization, at any depth; weights, moving statistics and every
            layer's trainable are as before afterwards.
        X: float32 array of shape (n, ...).
        T: number of passes, an int.

    Returns:
        float32 array of shape (T, n, k); BatchNormalization uses its moving statistics.
    """

    ### BEGIN SOLUTION
    def normalizations(model):
        for layer in model.layers:
            if isinstance(layer, keras.Model):
                yield from normalizations(layer)
            elif isinstance(layer, layers.BatchNormalization) and layer.trainable:
                yield layer

    frozen = list(normalizations(model))
    for layer in frozen:
        layer.trainable = False
    samples = np.stack([model(X, training=True) for _ in range(T)])
    for layer in frozen:
        layer.trainable = True
    return samples
    ### END SOLUTION


# %%
keras.utils.set_random_seed(4)
stack = [layers.Dense(32, activation="relu"), layers.Dropout(0.2), layers.BatchNormalization()]
net = keras.Sequential([keras.Input((1,)), *stack, layers.Dense(1)])
print(mc_predict(net, grid[:2], 4)[:, :, 0].round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "mc_predict_check", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
check(mc_predict)

# %% [markdown]
# Train that network on the sine, and set its passes beside its own prediction. Here dropout acts *before* a normalization, and all you
# have written comes together: passes, error bars, verdict.

# %%
net.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
net.fit(np.tile(x_train, (300, 1)), np.tile(y_train, (300, 1)), batch_size=160, verbose=0)
samples = mc_predict(net, grid, 200)[:, :, 0]
predicted = np.array(net(grid))[:, 0]
mean, sd, se, z = mc_summary(samples, predicted)
fig, ax = plt.subplots(figsize=(7, 3))
ax.fill_between(grid[:, 0], mean - 2 * sd, mean + 2 * sd, alpha=0.2, label="2 sd of the passes")
ax.fill_between(grid[:, 0], mean - 2 * se, mean + 2 * se, alpha=0.6, label="2 se of their mean")
ax.plot(grid, predicted, "k--", label="dropout off")
ax.set(
    xlabel="x", ylabel="prediction", title=f"verdict: {verdict(samples, predicted)}, largest |z| {np.abs(z).max():.1f}"
)
ax.legend()
plt.show()

# %% [markdown]
# **Think.** The last layer is linear, and dropout acts just before it, with only a normalization by fixed numbers in between. What
# gap between the mean of the passes and the prediction do you expect, then? Move the Dropout in front of the first ReLU, and answer again.

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# None: for a linear layer behind a fixed scaling the mean of the passes is the prediction, and what remains is a
# sampling error. In front of the ReLU there is a gap, because the mean of a ReLU is at least the ReLU of the mean.
#
# </details>

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. Go on with [Detective work](../detective/detective.ipynb), in which numbers like these
# are wrong, and you find out why.
#
# In the book, [Noise or bias? LayerNorm after dropout, answered properly](../../book/montecarlo/noise-or-bias.md),
# [Predictive uncertainty, coverage and calibration](../../book/montecarlo/uncertainty.md), [Auditing a famous
# table](../../book/montecarlo/famous-table.md), [A museum of bugs](../../book/museum.md), [What eval() cannot
# reach](../../book/wild/eval-cannot-reach.md) and [Fine-tuning with BatchNorm](../../book/wild/freezing.md) go
# further.
