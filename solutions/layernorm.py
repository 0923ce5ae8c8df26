# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Layer normalization by hand
#
# Batch normalization makes the output for one example depend on the others in its batch. Layer normalization and its
# relatives never look at another example: what they compute is the same in training and at test time, for a batch of one
# and for a batch of a thousand. In this notebook you write three of them, find out what dropout does to a network when one
# of them follows, and derive the gradient.
#
# **Before this.** Read [LayerNorm, RMSNorm, GroupNorm](../../book/normalization/layernorm.md) (35 minutes), and do
# [BatchNorm by hand](../batchnorm/batchnorm.ipynb). You know exercises 1 and 4 of that notebook, or means,
# variances and the chain rule.
#
# **Time.** 2 to 3 hours.
#
# **How to work.** Replace each `raise NotImplementedError()` with your answer and run the `check` below it as often as you
# like. It asks your function with new inputs every time, says which requirement holds and which does not, and recognizes
# many common mistakes by name. Everything is NumPy.
#
# **Shapes and eps.** NumPy would often broadcast a parameter of the wrong shape without a word: it is to be refused.
# `eps` has the default of Keras. PyTorch has others, so pass `eps` explicitly when you carry weights from one to the
# other.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("layernorm", needs="matplotlib numpy")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import matplotlib.pyplot as plt
import numpy as np

from autograder import check, check_gradient

# %matplotlib inline

# %% [markdown]
# ## 1. LayerNorm
#
# Take one vector $x$ with $d$ entries: the activations of one example, or of one word of a sentence. Its own mean and
# variance are
#
# $$ \mu = \frac{1}{d} \sum_{j=1}^d x_j, \qquad v = \frac{1}{d} \sum_{j=1}^d (x_j - \mu)^2, $$
#
# and LayerNorm returns
#
# $$ y_j = \gamma_j\, \hat x_j + \beta_j, \qquad \hat x_j = \frac{x_j - \mu}{\sqrt{v + \varepsilon}} . $$
#
# Three details make the difference between nearly right and right.
#
# - **Which axis.** Mean and variance run over the *last* axis, whatever comes before it. An `x` of shape `(n, d)` holds
#   $n$ vectors, one of shape `(n, words, d)` holds $n$ times as many, and each is standardized as if it were alone.
#   Statistics over the first axis would be BatchNorm.
# - **Which variance.** The biased one, divided by $d$. The $d$ entries are all there is, nothing is estimated from a
#   sample, and with this divisor the squares of $\hat x$ have mean 1.
# - **Where eps stands.** Under the root, added to the variance. For a vector with standard deviation .05 and
#   $\varepsilon = 10^{-3}$, the root of the sum is .059 where $.05 + .001$ is .051. A constant vector has variance 0; eps
#   keeps the division possible, and the result is $\beta$.
#
# The parameters $\gamma$ and $\beta$ have one entry per feature. With them the network can undo, feature by feature, what
# the standardization has fixed.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.layer_norm` is refused.
#
# <details><summary>Hint 1</summary>
#
# `x.mean(axis=-1, keepdims=True)` keeps the last axis with length 1, so that it can be subtracted from `x`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `x.var` divides by $d$ unless you tell it otherwise. Compare `gamma.shape` with `x.shape[-1:]` before anything else.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "layernorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def layernorm(x, gamma, beta, eps=1e-3):
    """Standardize every vector along the last axis, then scale and shift it.

    Args:
        x: float array of one dimension or more; the last axis has length d.
        gamma: scale, exactly shape (d,), or ValueError.
        beta: shift, exactly shape (d,), or ValueError.
        eps: added to the biased variance, inside the root.

    Returns:
        y: array with the shape and dtype of x.
    """
    ### BEGIN SOLUTION
    if gamma.shape != x.shape[-1:]:
        raise ValueError(f"gamma must have shape {x.shape[-1:]}, got {gamma.shape}")
    if beta.shape != x.shape[-1:]:
        raise ValueError(f"beta must have shape {x.shape[-1:]}, got {beta.shape}")
    mean = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    return (gamma * (x - mean) / np.sqrt(var + eps) + beta).astype(x.dtype)
    ### END SOLUTION


# %% [markdown]
# Three vectors, of which the second is ten times the first and the third is the first plus 100. What do you expect?

# %%
first = np.array([1.0, 2.0, 4.0, 5.0])
x = np.stack([first, 10 * first, first + 100])
print(layernorm(x, np.ones(4), np.zeros(4)).round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "layernorm_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(layernorm)

# %% [markdown]
# In a deep network without normalization the size of the activations is multiplied at every layer. Push one example through
# thirty random ReLU layers whose weights are a little too large or too small, with and without your LayerNorm:

# %%
draw = np.random.default_rng(0)
fig, ax = plt.subplots(figsize=(6, 3))
for factor, color in ((0.7, "C0"), (1.0, "C1"), (1.4, "C3")):
    for normalized, style in ((False, ":"), (True, "-")):
        h, sizes = draw.normal(size=(1, 100)), []
        for _ in range(30):
            h = np.maximum(h @ draw.normal(0, factor * np.sqrt(2 / 100), (100, 100)), 0)
            if normalized:
                h = layernorm(h, np.ones(100), np.zeros(100))
            sizes.append(np.sqrt((h**2).mean()))
        ax.semilogy(sizes, style, color=color, label=f"weights x {factor:g}" + (", LayerNorm" if normalized else ""))
ax.set(xlabel="layer", ylabel="root mean square of the activations")
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# **Think.** With $\gamma = 1$, $\beta = 0$ and two features, how many different outputs can LayerNorm have (eps apart)? What has
# been lost, and when would that matter?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Two: the larger entry becomes $+1$ and the smaller $-1$ (or both 0, when they are equal). How large they are and how
# far apart is lost, which matters wherever size carries information.
#
# </details>

# %% [markdown]
# **Find the bug.** Every number below has about the mean 0 and the variance 1 that one expects. Change another row of
# the input, and look at the first row of the output again:


# %%
def quick_layernorm(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3)


square = np.random.default_rng(7).normal(5, 2, size=(64, 64))
print("mean", quick_layernorm(square).mean().round(3), " variance", quick_layernorm(square).var().round(3))

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Axis 0 is the batch: this is BatchNorm without its parameters. On a square input not even a shape gives it away. The
# first row of the output changes with the other rows, which it never does in LayerNorm.
#
# </details>

# %% [markdown]
# ## 2. RMSNorm
#
# Is it the centering that helps, or only the size? RMSNorm keeps the mean in the vector and divides by the root of the mean
# square alone:
#
# $$ y_j = \gamma_j\, \frac{x_j}{\sqrt{\frac{1}{d}\sum_k x_k^2 + \varepsilon}} . $$
#
# It saves a pass over the vector and the parameter $\beta$, and most large language models now use it. It is a **mean** of
# squares: dividing by the root of the *sum* would make every vector one of length 1, and its entries smaller the more of
# them there are. Its eps is smaller, $10^{-6}$, and stands under the root as well. A vector of zeros stays a vector of zeros.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.rms_norm` is refused.
#
# <details><summary>Hint</summary>
#
# One line less than `layernorm`: nothing is subtracted, and `(x**2).mean(...)` takes the place of the variance.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "rmsnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rmsnorm(x, gamma, eps=1e-6):
    """Divide every vector along the last axis by its root mean square, then scale it.

    Args:
        x: float array of one dimension or more; the last axis has length d.
        gamma: scale, exactly shape (d,), or ValueError.
        eps: added to the mean square, inside the root.

    Returns:
        y: array with the shape and dtype of x.
    """
    ### BEGIN SOLUTION
    if gamma.shape != x.shape[-1:]:
        raise ValueError(f"gamma must have shape {x.shape[-1:]}, got {gamma.shape}")
    mean_square = (x**2).mean(axis=-1, keepdims=True)
    return (x / np.sqrt(mean_square + eps) * gamma).astype(x.dtype)
    ### END SOLUTION


# %%
print(rmsnorm(x, np.ones(4)).round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "rmsnorm_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(rmsnorm)

# %% [markdown]
# Without a mean the two agree. Give a random vector more and more of a mean, and measure how alike their outputs are (the
# cosine of the angle between them), and how much of RMSNorm's output still varies from entry to entry:

# %%
noise = np.random.default_rng(1).normal(size=1_000)
means = np.linspace(0, 5, 26)
outputs = [(layernorm(noise + m, np.ones(1_000), np.zeros(1_000)), rmsnorm(noise + m, np.ones(1_000))) for m in means]
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(
    means, [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in outputs], label="cosine of LayerNorm and RMSNorm"
)
ax.plot(means, [b.std() for _, b in outputs], "--", label="standard deviation after RMSNorm")
ax.set(xlabel="mean of the vector, in standard deviations", ylim=(0, 1.05))
ax.legend()
plt.show()

# %% [markdown]
# **Think.** The two curves look like one. Can you show that they are?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# LayerNorm gives the same for every mean $m$: the noise, standardized. RMSNorm gives the noise plus $m$, divided by
# $\sqrt{v + m^2}$. The constant $m$ adds nothing to the inner product with the centered noise, so the cosine is $\sqrt
# v / \sqrt{v + m^2}$, and that is also the standard deviation after RMSNorm ($\varepsilon$ apart).
#
# </details>

# %% [markdown]
# ## 3. GroupNorm
#
# An image of shape `(h, w, c)` has too few channels for statistics at a single pixel, and too different ones for statistics
# over everything. GroupNorm divides the channels into groups and standardizes each group of each image over all its pixels
# **and** channels. With $G$ groups of $k = c / G$ channels,
#
# $$ \mu_{ig} = \frac{1}{h\,w\,k} \sum_{r, s} \sum_{j \in \text{group } g} x_{irsj}, $$
#
# and likewise the biased variance. A group is a run of **consecutive** channels: with 6 channels and 3 groups they are
# channels 0 and 1, 2 and 3, 4 and 5. Each image is treated as if it were alone. $\gamma$ and $\beta$ have an entry for each
# *channel*.
#
# At one end stands $G = 1$, LayerNorm over a whole image; at the other $G = c$, known as instance norm. If $G$ does not divide
# $c$, the function raises `ValueError`, and so it does for an `x` that is not of shape `(n, h, w, c)`.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.group_norm` is refused.
#
# <details><summary>Hint 1</summary>
#
# `reshape` can split the axis of the channels in two: which group, and which channel of the group. Over which of the
# five axes do mean and variance run then?
#
# </details>
# <details><summary>Hint 2</summary>
#
# An axis stays when another index along it is another image or another group. Reshape back to `x.shape` before you
# multiply by `gamma`.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "groupnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def groupnorm(x, groups, gamma, beta, eps=1e-3):
    """Standardize each group of consecutive channels of each image, then scale and shift each channel.

    Args:
        x: images, shape (n, h, w, c), or ValueError.
        groups: number of groups, a positive int that divides c, or ValueError.
        gamma: scale, exactly shape (c,), or ValueError.
        beta: shift, exactly shape (c,), or ValueError.
        eps: added to the biased variance, inside the root.

    Returns:
        y: array with the shape and dtype of x.
    """
    ### BEGIN SOLUTION
    if x.ndim != 4:
        raise ValueError(f"x must have shape (n, h, w, c), got {x.shape}")
    n, h, w, c = x.shape
    if gamma.shape != (c,):
        raise ValueError(f"gamma must have shape ({c},), got {gamma.shape}")
    if beta.shape != (c,):
        raise ValueError(f"beta must have shape ({c},), got {beta.shape}")
    if groups < 1 or c % groups:
        raise ValueError(f"groups must divide the {c} channels, got {groups}")
    grouped = x.reshape(n, h, w, groups, c // groups)
    mean = grouped.mean(axis=(1, 2, 4), keepdims=True)
    var = grouped.var(axis=(1, 2, 4), keepdims=True)
    standard = (grouped - mean) / np.sqrt(var + eps)
    return (gamma * standard.reshape(x.shape) + beta).astype(x.dtype)
    ### END SOLUTION


# %%
x = np.random.default_rng(2).normal(size=(2, 8, 8, 6)) * [1, 1, 2, 2, 8, 1]
y = groupnorm(x, 3, np.ones(6), np.zeros(6))
print("channel deviations before:", x.std(axis=(0, 1, 2)).round(2))
print("and after:                ", y.std(axis=(0, 1, 2)).round(2))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "groupnorm_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(groupnorm)

# %% [markdown]
# Channel 4 is loud. Whom does it silence? That depends on the number of groups:

# %%
fig, axes = plt.subplots(1, 3, figsize=(8, 2.6), sharey=True)
for ax, groups in zip(axes, (1, 3, 6), strict=True):
    ax.bar(range(6), groupnorm(x, groups, np.ones(6), np.zeros(6)).std(axis=(0, 1, 2)))
    ax.set(title=f"groups = {groups}", xlabel="channel")
axes[0].set_ylabel("deviation after GroupNorm")
plt.show()

# %% [markdown]
# **Think.** With `groups = 6` every channel has the same size afterward. Name a task for which that is a loss.

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# One in which it matters how strongly a feature is present in relation to the others, such as telling a dim picture
# from a bright one: with a group for each channel, every channel of every image gets the same size.
#
# </details>

# %% [markdown]
# ## 4. When dropout comes before LayerNorm
#
# A vector $h$ of activations with mean $\mu$ and variance $v$ over its $n$ units goes through inverted dropout and then
# through LayerNorm. Dropout keeps the mean of every unit and adds variance: the mask of one unit has the variance
# $p/q$, with $p$ the drop rate and $q = 1 - p$. LayerNorm divides by the standard deviation that it *finds*, so in
# training it divides by more than at test time.
#
# **Find it.** The signal that reaches the next layer in training is $\rho$ times as large as at test time; the rest of
# the unit variance is noise. Which variance does LayerNorm find at test time, and which, on average, in training?
# Derive $\rho$ from the two, with $\varepsilon$ where LayerNorm has it.
#
# For $h \sim N(1, 1)$ at rate .29 the factor is about .74. Units that are all positive and nearly equal have a small
# $v$ and a large $\mu^2$: does your formula leave them much of their signal? At rate 1 no signal is left at all, and
# the factor is 0.
#
# <details><summary>Hint 1</summary>
#
# One unit gets the variance $\frac{p}{q} h_i^2$. What is the mean of $h_i^2$ over the units, in terms of $v$ and $\mu$?
#
# </details>
# <details><summary>Hint 2</summary>
#
# $\rho$ is a quotient of two standard deviations. The mask counts with its *odds* $p/q$.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "ln_shrink", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ln_shrink(h, rate, eps=1e-3):
    """Return the factor by which the LayerNorm of a dropped-out vector shrinks the signal.

    Args:
        h: activations before dropout, shape (n,), or ValueError.
        rate: drop rate in [0, 1], or ValueError; at 1 the factor is 0.
        eps: the eps of the LayerNorm.

    Returns:
        factor: a float; mean and (biased) variance are those of h over its units.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if h.ndim != 1:
        raise ValueError(f"h must have shape (n,), got {h.shape}")
    if rate == 1:
        return 0.0
    added = rate / (1 - rate) * (h**2).mean()
    return float(np.sqrt((h.var() + eps) / (h.var() + added + eps)))
    ### END SOLUTION


# %%
h = np.random.default_rng(3).normal(1, 1, size=10_000)
print(round(ln_shrink(h, 0.29), 3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "ln_shrink_check", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
check(ln_shrink)

# %% [markdown]
# **Experiment.** The factor can be measured: drop units out, apply *your* `layernorm`, and average its product with the
# `layernorm` of the undisturbed vector. The lines of the figure are your formula. The dots are such averages, over five
# vectors each, with bars of one standard error.

# %% [markdown]
# **Guess.** Which share of the signal is left of units with mean 3 at rate 0.5? Write a number down before you run the
# figure, which draws it in.

# %%
guess = ...

# %%
draw, ones, zeros = np.random.default_rng(4), np.ones(2_000), np.zeros(2_000)
rates = np.linspace(0, 0.8, 9)
fig, ax = plt.subplots(figsize=(6, 3))
for mean in (0, 1, 3):
    vectors = draw.normal(mean, 1, size=(5, 2_000))
    signal = layernorm(vectors, ones, zeros)
    measured = []
    for rate in rates:
        dropped = vectors * (draw.random(vectors.shape) >= rate) / (1 - rate)
        measured.append((layernorm(dropped, ones, zeros) * signal).mean(axis=1))
    (line,) = ax.plot(rates, [ln_shrink(vectors[0], rate) for rate in rates], label=f"mean {mean}")
    error = np.std(measured, axis=1, ddof=1) / np.sqrt(5)
    ax.errorbar(rates, np.mean(measured, axis=1), error, fmt="o", capsize=3, color=line.get_color())
if guess is not ...:
    ax.plot(0.5, guess, "k*", markersize=12, label="your guess")
ax.set(xlabel="drop rate", ylabel="signal after LayerNorm", ylim=(0, 1.05))
ax.legend()
plt.show()

# %% [markdown]
# **Think.** A network is trained with this noise and used without it. Which of the two, the average of many noisy predictions or
# the single noiseless one, does it know better? What changes if the two layers trade places?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The average of noisy predictions, which is what it was trained as. The single noiseless one has a larger signal than
# any that the network has met. With LayerNorm first and dropout behind it, LayerNorm does the same in both modes.
#
# </details>

# %% [markdown]
# ## 5. Challenge: the gradient
#
# Given $\partial L / \partial y$ (`dy`), find the gradients with respect to $x$, $\gamma$ and $\beta$. The parameters are easy: every
# vector uses the same ones, so their gradients are sums over all vectors, along **every axis but the last**:
#
# $$ \frac{\partial L}{\partial \beta_j} = \sum_{\text{vectors}} dy_j, \qquad
#    \frac{\partial L}{\partial \gamma_j} = \sum_{\text{vectors}} dy_j\, \hat x_j . $$
#
# For $x$, let $g_j = \gamma_j\, dy_j$ be the gradient with respect to $\hat x_j$. An entry $x_j$ acts in three ways: by itself,
# through the mean, and through the variance. With mean and variance as constants one gets only the first. Together
#
# $$ dx_j = \frac{1}{\sqrt{v + \varepsilon}} \Big( g_j - \overline{g} - \hat x_j\, \overline{g\, \hat x} \Big), $$
#
# where a bar is the mean over the entries of the vector. Two checks that need no calculus: adding a constant to a vector does
# not change $y$, so $\sum_j dx_j = 0$; stretching it changes $y$ only by way of eps, so $dx$ has hardly any part along
# $\hat x$. The second and the third term see to just that.
#
# <details><summary>Hint 1</summary>
#
# Compute $\hat x$ and $1 / \sqrt{v + \varepsilon}$ first, with `keepdims=True`. Both bars are `.mean(axis=-1, keepdims=True)`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `tuple(range(x.ndim - 1))` names every axis but the last, and is empty for a single vector: then nothing is summed.
#
# </details>
# <details><summary>Hint 3</summary>
#
# To derive the formula, start from $\partial \hat x_k / \partial x_j = (\delta_{jk} - 1/d - \hat x_j \hat x_k / d) / \sqrt{v + \varepsilon}$
# and sum $g_k$ times it over $k$.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "layernorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def layernorm_backward(dy, x, gamma, eps=1e-3):
    """Propagate a gradient through layernorm.

    Args:
        dy: gradient of the loss with respect to y, exactly the shape of x, or ValueError.
        x: the input of the forward pass, one dimension or more; the last axis has length d.
        gamma: the scale of the forward pass, exactly shape (d,), or ValueError.
        eps: the eps of the forward pass.

    Returns:
        dx: gradient with respect to x, the shape of x and the dtype of dy.
        dgamma: gradient with respect to gamma, shape (d,), the dtype of dy.
        dbeta: gradient with respect to beta, shape (d,), the dtype of dy.
    """
    ### BEGIN SOLUTION
    if dy.shape != x.shape:
        raise ValueError(f"dy must have shape {x.shape}, got {dy.shape}")
    if gamma.shape != x.shape[-1:]:
        raise ValueError(f"gamma must have shape {x.shape[-1:]}, got {gamma.shape}")
    inverse = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    standard = (x - x.mean(axis=-1, keepdims=True)) * inverse
    g = gamma * dy
    dx = g - g.mean(axis=-1, keepdims=True) - standard * (g * standard).mean(axis=-1, keepdims=True)
    rows = tuple(range(x.ndim - 1))
    gradients = dx * inverse, (dy * standard).sum(axis=rows), dy.sum(axis=rows)
    return tuple(gradient.astype(dy.dtype) for gradient in gradients)
    ### END SOLUTION


# %% [markdown]
# Compare with differences: nudge every entry of $x$ up and down and watch a loss, here the sum of $y$ with random weights.

# %%
draw = np.random.default_rng(5)
x, dy, gamma, beta = draw.normal(size=(2, 5)), draw.normal(size=(2, 5)), draw.normal(size=5), draw.normal(size=5)
check_gradient(lambda x: layernorm(x, gamma, beta), x, dy, layernorm_backward(dy, x, gamma)[0])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "layernorm_backward_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(layernorm_backward)

# %% [markdown]
# LayerNorm does not care how large its input is. Its gradient does: make the input larger by a factor, and measure the gradient
# that flows back.

# %%
x, dy = draw.normal(size=(50, 100)), draw.normal(size=(50, 100))
factors = np.logspace(-3, 3, 25)
sizes = [np.linalg.norm(layernorm_backward(dy, factor * x, np.ones(100))[0]) for factor in factors]
fig, ax = plt.subplots(figsize=(6, 3))
ax.loglog(factors, sizes, "o-")
ax.set(xlabel="factor on the input", ylabel="size of dx")
plt.show()

# %% [markdown]
# **Think.** The weights before a LayerNorm can grow without changing any output. What happens to their gradient, and so to the
# effective learning rate, while they grow? And what bends the curve on the left?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The gradient goes down as one over the size of the weights, so that a step of the same learning rate turns them less
# and less: the effective learning rate falls as one over the square. On the left the input is so small that
# $\varepsilon$ rules the root, and the layer is nearly linear.
#
# </details>

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. Go on with [Monte Carlo dropout](../monte_carlo/monte_carlo.ipynb), in which the factor
# of exercise 4 decides between noise and bias.
#
# In the book, [Noise or bias? LayerNorm after dropout, answered properly](../../book/montecarlo/noise-or-bias.md) and
# [Why normalize?](../../book/normalization/why.md) go further.
