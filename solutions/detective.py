# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Detective work
#
# Code that crashes is kind: it says where. The bugs of this notebook run, train and print numbers that look like
# results. They come from public documents that many people have read. You will find them by what they do: measure with
# an error bar, read the symptoms, and repair what caused them so that it stays repaired.
#
# **Before this.** Read [A museum of bugs](../../book/museum.md) (50 minutes), and do [Dropout by
# hand](../dropout_numpy/dropout_numpy.ipynb) and [Inference by hand](../inference_by_hand/inference_by_hand.ipynb). You
# know what dropout and BatchNorm do, in training and at test time.
#
# **Time.** 3 to 4 hours.
#
# **How to work.** Replace each `raise NotImplementedError()` with your answer and run the `check` below it as often as
# you like. It asks your code with new inputs every time, says which requirement holds and which does not, and
# recognizes many common mistakes by name. Everything is NumPy.
#
# **Notation.** The *rate* $p$ is the probability that an entry is **dropped**, and $q = 1 - p$ the probability that it
# is kept.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("detective", needs="matplotlib numpy")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from autograder import check

# %matplotlib inline

# %% [markdown]
# ## 1. No accuracy without its error
#
# A lecture trains two networks on 300 points and prints accuracies of .9167 and .7767. What would other points have
# given? Each prediction is a hit with some probability $p$: a number that is 1 with probability $p$ and else 0.
#
# **Find it.** Which variance has a single hit? Which has the mean $\hat p$ of $n$ independent ones? You do not know
# $p$; what do you have that is close to it?
#
# The square root of the variance is the *standard error*: how far from the truth $\hat p$ typically lies. Both numbers
# are fractions of 1, not percent, and nothing is rounded. A number of hits outside $0 \ldots n$, or an $n$ that is not
# positive, raises `ValueError` with a message that names the argument.
#
# <details><summary>Hint</summary>
#
# 275 hits of 300 give .9167 with a standard error of .0160.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "accuracy_with_se", "locked": false, "schema_version": 3, "solution": true, "task": false}
def accuracy_with_se(correct, n):
    """Return an accuracy and its standard error.

    Args:
        correct: number of hits, an int in 0 .. n, or ValueError.
        n: number of examples, a positive int, or ValueError.

    Returns:
        accuracy, se: two floats, fractions of 1.
    """
    ### BEGIN SOLUTION
    if n <= 0:
        raise ValueError(f"n must be positive, got {n}")
    if not 0 <= correct <= n:
        raise ValueError(f"correct must lie in 0 .. {n}, got {correct}")
    p = correct / n
    return p, np.sqrt(p * (1 - p) / n)
    ### END SOLUTION


# %%
for correct in (275, 233):
    accuracy, se = accuracy_with_se(correct, 300)
    print(f"{correct} of 300: {accuracy:.4f} +- {se:.4f}")

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "accuracy_with_se_check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(accuracy_with_se)

# %% [markdown]
# Is the formula true? Take a model that is right with probability .9, test it on many different test sets, and look at
# how its accuracies scatter. The dots are the scatter, the line is your formula:

# %% [markdown]
# **Guess.** How large is the standard error on 1,000 examples, if nine in ten are right? Write a number down before you
# run the figure, which draws it in.

# %%
guess = ...

# %%
draw = np.random.default_rng(0)
sizes = np.array([30, 100, 300, 1000, 3000])
scatter = [(draw.binomial(n, 0.9, 5000) / n).std() for n in sizes]
fig, ax = plt.subplots(figsize=(6, 3))
ax.loglog(sizes, scatter, "o", label="scatter of 5,000 test sets")
ax.loglog(sizes, [accuracy_with_se(int(0.9 * n), int(n))[1] for n in sizes], label="accuracy_with_se")
if guess is not ...:
    ax.plot(1000, guess, "k*", markersize=12, label="your guess")
ax.set(xlabel="size of the test set", ylabel="standard error")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** How many test examples are needed to tell .84 from .85? Papers often report three digits on 10,000
# examples.

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# With two tests on fresh examples the difference has a standard error of $\sqrt{2 \cdot 0.85 \cdot 0.15 / n}$. For it
# to be a third of .01 one needs $n \approx 23{,}000$. On 10,000 examples the third digit is noise.
#
# </details>

# %% [markdown]
# ## 2. Do two models differ?
#
# Each of two models is tested on $n$ **fresh** examples of its own. Both accuracies are uncertain, and the variances of
# independent numbers add:
#
# $$ \operatorname{se}(\hat p_a - \hat p_b) = \sqrt{\operatorname{se}_a^2 + \operatorname{se}_b^2} . $$
#
# The models differ when the absolute difference exceeds $z$ of these; $z = 1.96$ lets 5 % of equal pairs look
# different. (Some books pool the two accuracies in the standard error. You may; you are asked only where both agree.)
# Two accuracies of exactly 0, or exactly 1, do not differ.
#
# Two tempting shortcuts are wrong. Comparing with the error of one model forgets half of the variance. Asking whether
# the two intervals $\hat p \pm z\,\text{se}$ overlap adds standard errors in place of variances and misses real
# differences.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "differs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def differs(correct_a, correct_b, n, z=1.96):
    """Tell whether two models, each tested on n fresh examples, differ.

    Args:
        correct_a: hits of the first model, an int in 0 .. n.
        correct_b: hits of the second.
        n: number of examples of each, a positive int.
        z: how many standard errors of the difference count as a difference, a float.

    Returns:
        bool: whether the absolute difference of the accuracies exceeds z of its standard errors.
    """
    ### BEGIN SOLUTION
    a, se_a = accuracy_with_se(correct_a, n)
    b, se_b = accuracy_with_se(correct_b, n)
    return bool(abs(a - b) > z * np.sqrt(se_a**2 + se_b**2))
    ### END SOLUTION


# %%
print("275 and 233 of 300:", differs(275, 233, 300))
print("255 and 247 of 300:", differs(255, 247, 300))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "differs_check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(differs)

# %% [markdown]
# Two models that are equally good, tested again and again: how often does your function see a difference where there is
# none? And how often does it see one of .05?

# %% [markdown]
# **Experiment.** Five times 400 pairs of models, equal ones and unequal ones, judged with your function. The bars are
# one standard error.

# %%
sizes = [100, 200, 400, 800, 1600]
fig, ax = plt.subplots(figsize=(6, 3))
for second, marker in ((0.85, "o"), (0.80, "s")):
    pairs = [(draw.binomial(n, 0.85, (5, 400)), draw.binomial(n, second, (5, 400)), n) for n in sizes]
    different = [
        [[differs(int(i), int(j), n) for i, j in zip(*row, strict=True)] for row in zip(a, b, strict=True)]
        for a, b, n in pairs
    ]
    shares = np.mean(different, axis=2)
    error = shares.std(axis=1, ddof=1) / np.sqrt(5)
    ax.errorbar(sizes, shares.mean(axis=1), error, fmt=f"{marker}-", capsize=3, label=f"0.85 against {second:.2f}")
ax.set_xscale("log")
ax.axhline(0.05, color="gray", linestyle=":")
ax.set(xlabel="examples for each model", ylabel="share of tests that say: different")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** Someone tries 20 rates of dropout and reports that one of them differs from no dropout. What would you ask?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# How many of 20 equal rates would look different by chance: about one, at 5 %. Ask for a correction, such as $z = 3$,
# or for the same comparison on fresh data.
#
# </details>

# %% [markdown]
# ## 3. From symptoms to a cause
#
# A ten-class model on images is measured three ways: in training mode, in eval mode, and by Monte Carlo, many passes
# with dropout left on. Six numbers come out:
#
# | key | meaning |
# |---|---|
# | `nll_train_mode`, `acc_train_mode` | negative log-likelihood (nats) and accuracy with the model left in training mode |
# | `nll_eval`, `acc_eval` | the same in eval mode |
# | `spread_eval` | largest difference between two evaluations in eval mode |
# | `spread_mc` | standard deviation over the Monte Carlo passes |
#
# Every fault has its own trace. These rules, **in this order**, turn them into a diagnosis:
#
# 1. `abs(nll_eval - ln 10) < .01` and `acc_eval <= .11`: `"collapsed weights"`. The model says one tenth to every
#    class, as a network does whose weights have decayed to nothing.
# 2. `nll_eval > 10`: `"raw pixels"`. Logits that are 255 times too large make every error a catastrophe.
# 3. `spread_eval > 0`: `"left in training mode"`. A model in eval mode gives the same answer twice.
# 4. `spread_mc == 0`: `"monte carlo off"`. The passes that should be random are all the same. (Keras 3 does this in
#    silence when `predict` is used.)
# 5. `nll_eval > nll_train_mode`: `"wrong scale"`. Right dropout is *better* in eval mode, where its noise is gone. If
#    it is worse, then training and eval mode see activations of different sizes.
# 6. otherwise `"healthy"`.
#
# Why not accuracy in the fifth rule? A wrong factor before the last layer multiplies the logits and hardly moves the
# largest of them. The likelihood sees it.
#
# <details><summary>Hint</summary>
#
# `np.log(10)` is about 2.3026. The first rule that applies decides, so `if ... return` five times is a fine program.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "diagnose", "locked": false, "schema_version": 3, "solution": true, "task": false}
def diagnose(report):
    """Name the fault of a ten-class model.

    Args:
        report: dict of floats with the keys nll_train_mode, nll_eval, acc_train_mode, acc_eval, spread_eval, spread_mc.

    Returns:
        str: "collapsed weights", "raw pixels", "left in training mode", "monte carlo off", "wrong scale" or "healthy".
    """
    ### BEGIN SOLUTION
    if abs(report["nll_eval"] - np.log(10)) < 0.01 and report["acc_eval"] <= 0.11:
        return "collapsed weights"
    if report["nll_eval"] > 10:
        return "raw pixels"
    if report["spread_eval"] > 0:
        return "left in training mode"
    if report["spread_mc"] == 0:
        return "monte carlo off"
    if report["nll_eval"] > report["nll_train_mode"]:
        return "wrong scale"
    return "healthy"
    ### END SOLUTION


# %% [markdown]
# Some cases. The first two are measurements of networks on Fashion-MNIST: one whose mask was drawn with `torch.randn`,
# and one with `nn.Dropout(.5)`. The others are made up to show the traces of other faults.

# %%
keys = ("nll_train_mode", "nll_eval", "acc_train_mode", "acc_eval", "spread_eval", "spread_mc")
cases = {
    "mask from torch.randn": (0.646, 1.007, 0.771, 0.749, 0.0, 0.12),
    "nn.Dropout(.5)": (0.479, 0.422, 0.831, 0.845, 0.0, 0.08),
    "the same, pixels 0-255": (80.0, 64.0, 0.783, 0.801, 0.0, 21.0),
    "never called eval()": (0.479, 0.481, 0.831, 0.829, 0.07, 0.08),
    "weight decay .5": (2.3026, 2.3026, 0.1, 0.1, 0.0, 0.0),
}
for name, values in cases.items():
    print(f"{name:25s}", diagnose(dict(zip(keys, values, strict=True))))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "diagnose_check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(diagnose)

# %% [markdown]
# Watch the fifth rule at work. A softmax classifier with dropout on its inputs is trained on ten noisy classes, with
# kept inputs divided by $q$, divided by $p$, or not at all. Then each is measured on new data in training mode and in
# eval mode:


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "classifier", "locked": true, "schema_version": 3, "solution": false, "task": false}
def train_classifier(scale, rate=0.2, steps=300):
    """Train a softmax classifier on dropped-out inputs, kept ones times scale, and judge it in both modes."""
    draw = np.random.default_rng(0)
    centers = np.random.default_rng(7).normal(0, 1, (10, 20))
    labels = draw.integers(0, 10, 1500)
    x = centers[labels] + draw.normal(size=(1500, 20))
    train, test = slice(0, 750), slice(750, None)

    def dropped(inputs):
        return inputs * (draw.random(inputs.shape) >= rate) * scale

    def softmax(z):
        z = np.exp(z - z.max(axis=1, keepdims=True))
        return z / z.sum(axis=1, keepdims=True)

    W = np.zeros((20, 10))
    for _ in range(steps):
        noisy = dropped(x[train])
        W -= 0.2 * noisy.T @ (softmax(noisy @ W) - np.eye(10)[labels[train]]) / 750

    def judge(inputs):
        probs = softmax(inputs @ W)
        own = probs[np.arange(750), labels[test]]
        return f"nll {-np.log(own).mean():.3f}, accuracy {(probs.argmax(axis=1) == labels[test]).mean():.3f}"

    return judge(dropped(x[test])), judge(x[test])


for name, scale in {"divided by q": 1 / 0.8, "divided by p": 1 / 0.2, "not divided": 1.0}.items():
    in_training, in_eval = train_classifier(scale)
    print(f"{name:13s} training mode: {in_training}   eval mode: {in_eval}")

# %% [markdown]
# **Think.** Two classifiers have the same accuracy in eval mode, and one has four times the likelihood loss of the
# other. What did the division by $p$ do to its logits? And why does the rule not catch the third? A rule is a symptom
# and not a proof: a factor of 0.8 is small beside what the noise itself costs.

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# In training the inputs were $q/p = 4$ times too large in the mean, and $W$ was fitted to that. In eval mode the logits
# are about four times too small: the largest stays the largest, and the network is far too unsure. The third is off by
# a factor of 0.8, which costs less than the noise that eval mode is spared.
#
# </details>

# %% [markdown]
# ## 4. A mask that lives for ever
#
# Here is a layer as it was found. It passes the test that its author wrote, which looks at the share of zeros in one
# output:
#
# ```python
# class StaleMaskDropout:
#     def __init__(self, rate, rng=np.random.default_rng()):
#         self.rate, self.rng = rate, rng
#
#     def __call__(self, x, training=True, masks={}):
#         if not training:
#             return x
#         if x.shape not in masks:
#             masks[x.shape] = self.rng.random(x.shape) >= self.rate
#         return x * masks[x.shape] / (1 - self.rate)
# ```
#
# Python evaluates a default argument **once**, when the function is defined. The dictionary is one and the same for all
# calls and all objects: the same units are dead for ever, in every layer of that shape, whatever its rate. The
# generator is shared in the same way, so that what one layer draws changes what another will draw.
#
# Write the layer anew. Every call draws a fresh mask. Without `rng` every object gets a generator of its own; a given
# `rng` is used, and advances. For the rest it is inverted dropout: rates outside $[0, 1]$ raise `ValueError` (when the
# layer is made or when it is called), rate 1 gives zeros, the dtype of `x` is kept and `x` is not modified.
#
# <details><summary>Hint</summary>
#
# `rng=None` in the signature, and `np.random.default_rng()` in the body of `__init__`, which runs once for each object.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "FreshMaskDropout", "locked": false, "schema_version": 3, "solution": true, "task": false}
class FreshMaskDropout:
    """Inverted dropout with a fresh mask at every call.

    Args:
        rate: drop rate in [0, 1], or ValueError.
        rng: numpy.random.Generator, the source of all randomness; without one, a new one for this object alone.

    Called with a float array x of any shape, it returns an array with the shape and dtype of x, which equals x when
    training is false.
    """

    def __init__(self, rate, rng=None):
        ### BEGIN SOLUTION
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must lie in [0, 1], got {rate}")
        self.rate = rate
        self.rng = np.random.default_rng() if rng is None else rng
        ### END SOLUTION

    def __call__(self, x, training=True):
        ### BEGIN SOLUTION
        if not training:
            return x.copy()
        mask = self.rng.random(x.shape) >= self.rate
        scale = 1 / (1 - self.rate) if self.rate < 1 else 0.0
        return (x * mask * scale).astype(x.dtype)
        ### END SOLUTION


# %%
layer = FreshMaskDropout(0.5)
for _ in range(3):
    print(layer(np.ones(12)))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "FreshMaskDropout_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(FreshMaskDropout)

# %% [markdown]
# A test that would have found it needs two calls. Below, a hundred calls of the stale layer and of yours, one row each:


# %%
class StaleMaskDropout:
    def __init__(self, rate, rng=np.random.default_rng(1)):  # noqa: B008 - the bug
        self.rate, self.rng = rate, rng

    def __call__(self, x, masks={}):  # noqa: B006 - the bug
        if x.shape not in masks:
            masks[x.shape] = self.rng.random(x.shape) >= self.rate
        return x * masks[x.shape] / (1 - self.rate)


fig, axes = plt.subplots(1, 2, figsize=(7, 3), sharey=True)
for ax, layer in zip(axes, (StaleMaskDropout(0.4), FreshMaskDropout(0.4)), strict=True):
    ax.imshow(np.array([layer(np.ones(60)) for _ in range(100)]), cmap="gray_r", aspect="auto", interpolation="nearest")
    ax.set(title=type(layer).__name__, xlabel="unit")
axes[0].set_ylabel("call")
plt.show()

# %% [markdown]
# **Think.** What does a network learn that is trained with the stale layer? What does it do in eval mode?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# It learns with the same few units all the time, and the others never get a gradient. In eval mode the dead units wake
# up, with the weights that they started with, and add what nobody has trained.
#
# </details>

# %% [markdown]
# ## 5. What an ensemble says
#
# $T$ members, perhaps passes with dropout left on, give probabilities $P_t(c \mid x)$. The ensemble's own probability
# is their mean, and its label
#
# $$ \hat y = \arg\max_c \frac{1}{T} \sum_t P_t(c \mid x) . $$
#
# Found in the wild: the mean of the labels, rounded (two votes for class 0 and two for class 4 make a 2, which nobody
# voted for); the majority of labels, which forgets how sure each member was; the mean of logarithms, in which one
# member with a 0 vetoes a class. Ties go to the smallest class. Anything but three axes raises `ValueError`.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "ensemble_labels", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ensemble_labels(probs):
    """Return the labels that an ensemble gives.

    Args:
        probs: float array (T, n, k), the probabilities of T members for n examples and k classes, or ValueError.

    Returns:
        labels: integer array (n,), the class of the mean probability; ties to the smallest class.
    """
    ### BEGIN SOLUTION
    if probs.ndim != 3:
        raise ValueError(f"probs must have shape (T, n, k), got {probs.shape}")
    return probs.mean(axis=0).argmax(axis=-1)
    ### END SOLUTION


# %%
members = np.array([[0.90, 0.10, 0.00], [0.25, 0.45, 0.30], [0.25, 0.45, 0.30]])
print("mean probabilities:", members.mean(axis=0).round(3), " label:", ensemble_labels(members[:, None])[0])
print("labels of the members:", members.argmax(axis=1))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "ensemble_labels_check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(ensemble_labels)

# %% [markdown]
# Does it matter? Members that know something, each with its own noise, on 1,000 examples:

# %%
draw = np.random.default_rng(3)
labels = draw.integers(0, 5, 1000)
logits = 1.2 * np.eye(5)[labels] + draw.normal(0, 1.8, (15, 1000, 5))
probs = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
counts = range(1, 16, 2)
mean, indices = [], []
for T in counts:
    mean.append((ensemble_labels(probs[:T]) == labels).mean())
    indices.append((np.rint(probs[:T].argmax(axis=-1).mean(axis=0)) == labels).mean())
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(counts, mean, "o-", label="mean probability")
ax.plot(counts, indices, "s--", label="mean of the labels")
ax.set(xlabel="members", ylabel="accuracy")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** The accuracy of the mean label *falls* with more members. To which class does it tend, and why?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# To the middle classes: the mean of many labels lies in the middle of their numbers, whatever the classes are, and
# rounding makes a class of it.
#
# </details>

# %% [markdown]
# ## 6. A check that checks
#
# A lecture shows that dropout conserves the sum. It takes the inputs that were kept, adds them up and divides by
# `layer.rate`; the result equals the sum of the outputs. The demonstration succeeds at rate .5, and only there: kept
# entries were divided by $1 - p$, not by $p$. Another version compares with the sum of *all* inputs, which is right in
# the mean and never right on the day.
#
# Repaired, the check estimates the ratio between what the layer put out and what it should have made of the inputs it
# kept,
#
# $$ r = \frac{(1 - p) \sum_i y_i}{\sum_{i \text{ kept}} x_i}, \qquad \text{kept: } y_i \neq 0, $$
#
# which is 1 for a right layer at every rate. At rate 1 a right layer keeps nothing; when `y` is all zero there, the
# function returns 1.0. A rate outside $[0, 1]$ and a `y` whose shape is not that of `x` raise `ValueError`.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "repaired_dropout_check", "locked": false, "schema_version": 3, "solution": true, "task": false}
def repaired_dropout_check(x, y, rate):
    """Return what a dropout layer put out, relative to what the inputs that it kept should have become.

    Args:
        x: inputs of the layer, float array of any shape.
        y: its outputs in training; the shape of x, or ValueError.
        rate: drop rate in [0, 1], or ValueError.

    Returns:
        y.sum() (1 - rate) over the sum of x where y is not 0, a float; 1.0 at rate 1 when y is all zero.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if y.shape != x.shape:
        raise ValueError(f"y must have shape {x.shape}, got {y.shape}")
    kept = y != 0
    if rate == 1 and not kept.any():
        return 1.0
    return float(y.sum() * (1 - rate) / x[kept].sum())
    ### END SOLUTION


# %%
x = np.arange(1.0, 11)
y = FreshMaskDropout(0.2, np.random.default_rng(0))(x)
print("ratio:", repaired_dropout_check(x, y, 0.2))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "repaired_dropout_check_check", "locked": true, "points": 5.5, "schema_version": 3, "solution": false, "task": false}
check(repaired_dropout_check)

# %% [markdown]
# The original check and yours at other rates, for a right layer:

# %%
x = np.random.default_rng(4).uniform(0, 2, 2000)
rates = np.linspace(0.1, 0.9, 9)
original, repaired = [], []
for rate in rates:
    y = FreshMaskDropout(rate, np.random.default_rng(5))(x)
    original.append(y.sum() / (x[y != 0].sum() / rate))
    repaired.append(repaired_dropout_check(x, y, rate))
fig, ax = plt.subplots(figsize=(6, 3))
ax.semilogy(rates, original, "s--", label="original")
ax.semilogy(rates, repaired, "o-", label="repaired")
ax.set(xlabel="rate", ylabel="ratio")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** Your check is exactly 1 for any right layer, and it does not notice a layer that drops far too many
# entries. Which second number would notice?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The share of entries that were kept, which should be near $1 - p$, within a few times $\sqrt{p(1-p)/n}$.
#
# </details>

# %% [markdown]
# ## 7. Challenge: a prediction by hand, with every bug out
#
# Someone trained this network in Keras and wants to use its weights without Keras:
#
# > Dense(10, relu) - Dropout(.3) - BatchNormalization - Dense(8, relu) - Dropout(.3) - BatchNormalization - Dense(6, relu) - Dropout(.3) -
# > BatchNormalization - Dense(1, softmax)
#
# The code that was posted, and the answer that it got, contain at least five bugs:
#
# ```python
# test_logits_3 = tf.matmul(test_relu_2, weights_3) + biases_3
# test_relu_3 = tf.nn.relu(test_logits_3)
# test_logits_4 = tf.matmul(test_logits_3, weights_4) + biases_4                                   # (a)
# test_prediction = tf.nn.softmax(test_relu_4)                                                     # (b) (c)
#
# # "I think the following needs to be added after the first activation"                           # (d)
# test_BN_1 = (test_relu_1 - moving_mean_1) / (moving_var_1 + epsilon_1) * gamma_1 + beta_1        # (e)
# ```
#
# **Find the bugs.** Then write the prediction for any number of blocks. What a block does at test time, with dropout gone:
#
# $$ h \leftarrow \gamma\, \frac{\operatorname{ReLU}(h W + b) - \mu}{\sqrt{v + \varepsilon}} + \beta, \qquad \varepsilon = 10^{-3}, $$
#
# and the head is linear, $\hat y = h W + b$. A softmax over a single unit is $e^z / e^z = 1$ whatever the input, and
# its gradient is 0: the network as posted never learned anything. The prediction for a row does not depend on the batch
# it comes in. An `X` that is not $(n, d)$ with $d$ the number of rows of the first $W$ raises `ValueError`.
#
# <details><summary>Hint 1</summary>
#
# (a) reads a variable of the line before last. (b) names a variable that nobody made. (c) see above. (d) after one
# activation only? (e) compare with the formula.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The last two arrays are the head. Of the rest, how many belong to one block? `range` takes steps of any size.
#
# </details>
# <details><summary>Hint 3</summary>
#
# NumPy accepts a single row of shape (d,) without a word. Look at `X.ndim` before anything else.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "repaired_predict", "locked": false, "schema_version": 3, "solution": true, "task": false}
def repaired_predict(weights, X):
    """Predict with the weights of a trained network of Dense, ReLU, (Dropout) and BatchNorm blocks.

    Args:
        weights: list of float arrays: W (in, out), b, gamma, beta, mean, var (out,) for each block, then W (in, 1) and
            b (1,) of the linear head.
        X: float array (n, d), where d is the number of rows of the first W, or ValueError.

    Returns:
        Predictions (n, 1), dtype of X.
    """
    ### BEGIN SOLUTION
    if X.ndim != 2 or X.shape[1] != len(weights[0]):
        raise ValueError(f"X must have shape (n, {len(weights[0])}), got {X.shape}")
    h = X
    for i in range(0, len(weights) - 2, 6):
        W, b, gamma, beta, mean, var = weights[i : i + 6]
        h = gamma * (np.maximum(h @ W + b, 0) - mean) / np.sqrt(var + 1e-3) + beta
    W, b = weights[-2:]
    return (h @ W + b).astype(X.dtype)
    ### END SOLUTION


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "random_network", "locked": true, "schema_version": 3, "solution": false, "task": false}
def random_network(sizes, seed):
    """Return weights for repaired_predict: one block for each pair of neighbors in sizes, and a linear head."""
    draw = np.random.default_rng(seed)
    weights = []
    for fan_in, units in pairwise(sizes):
        weights += [draw.normal(0, 1 / np.sqrt(fan_in), (fan_in, units)), draw.normal(0, 0.3, units)]
        weights += [draw.uniform(0.5, 1.5, units), draw.normal(0, 0.5, units)]
        weights += [draw.uniform(0, 1, units), draw.uniform(0.1, 3, units)]
    return [*weights, draw.normal(0, 1, (sizes[-1], 1)), draw.normal(0, 1, 1)]


weights = random_network((11, 10, 8, 6), seed=0)
X = np.random.default_rng(1).normal(size=(5, 11))
print(repaired_predict(weights, X).ravel().round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "repaired_predict_check", "locked": true, "points": 6.5, "schema_version": 3, "solution": false, "task": false}
check(repaired_predict)

# %% [markdown]
# How wrong is each bug? Break your function's formula in one place at a time and compare:


# %%
def broken(weights, X, norm):
    *blocks, W_head, b_head = weights
    while blocks:
        W, b, *parameters = blocks[:6]
        X, blocks = norm(X @ W + b, *parameters), blocks[6:]
    return X @ W_head + b_head


def relu(z):
    return np.maximum(z, 0)


bugs = {
    "no root": lambda z, g, b, m, v: g * (relu(z) - m) / (v + 1e-3) + b,
    "BatchNorm before ReLU": lambda z, g, b, m, v: relu(g * (z - m) / np.sqrt(v + 1e-3) + b),
    "BatchNorm left out": lambda z, *_: relu(z),
    "gamma and beta swapped": lambda z, g, b, m, v: b * (relu(z) - m) / np.sqrt(v + 1e-3) + g,
    "torch's eps, 1e-5": lambda z, g, b, m, v: g * (relu(z) - m) / np.sqrt(v + 1e-5) + b,
}
X = np.random.default_rng(2).normal(size=(1000, 11))
right = repaired_predict(weights, X)
errors = {name: np.sqrt(np.mean((broken(weights, X, norm) - right) ** 2)) / right.std() for name, norm in bugs.items()}
fig, ax = plt.subplots(figsize=(6, 2.6))
ax.barh(list(errors), list(errors.values()))
ax.set_xscale("log")
ax.set(xlabel="error, in standard deviations of the prediction")
ax.invert_yaxis()
plt.show()

# %% [markdown]
# **Think.** Which of these would you notice without a reference to compare with? For each of the others, name a test
# that would have found it in a minute.

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Without a reference hardly any: all give numbers of a likely size. One row in two batches finds statistics of the
# batch. A block with mean 2, variance 4 and all parameters different, worked out on paper, finds the root, the order
# and the swap; the $\varepsilon$ takes a small variance.
#
# </details>

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. Go on with [Noise lab](../noise_lab/noise_lab.ipynb): after repairing the noise of
# others, invent one.
#
# In the book, [Training mode, eval mode, and raw pixels](../../book/pytorch/train-and-eval.md), [Why is eval
# worse?](../../book/wild/eval-worse.md) and [What to do](../../book/wild/what-to-do.md) go further.
