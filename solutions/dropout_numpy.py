# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Dropout by hand
#
# Dropout is four lines of NumPy, and nearly every one of them can be wrong in a way that a training curve does not show. In this
# notebook you write them yourself: the layer and its gradient, the form in which it was published, its Gaussian cousin, and then
# three formulas that say what the noise does to an activation, to a regression and to an ensemble.
#
# **Before this.** Read [Masks and scaling](../../book/dropout/masks-and-scaling.md) (30 minutes). You know NumPy
# arrays, means and variances, and the chain rule. The gradient check, the ridge and the ensemble are derived where you
# need them.
#
# **Time.** 3 to 4 hours.
#
# **How to work.** Replace each `raise NotImplementedError()` with your answer and run the `check` below it as often as you like. It asks your
# function with new inputs every time, says which requirement holds and which does not, and recognizes many common mistakes by name.
# Everything is NumPy.
#
# **Notation.** The *rate* $p$ is the probability that an entry is **dropped**, as in Keras and PyTorch, and $q = 1 - p$ the probability that it is kept.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("dropout_numpy", needs="matplotlib numpy")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import matplotlib.pyplot as plt
import numpy as np

from autograder import check, check_gradient

# %matplotlib inline

# %% [markdown]
# ## 1. The forward pass
#
# A layer of units that can rely on one another may settle on fragile agreements: unit 3 is right only because unit 7 corrects it.
# Dropout breaks them up. At every training step each entry of the input is kept with probability $q$ or replaced by zero, and
# what is kept is divided by $q$:
#
# $$ y_i = \frac{m_i}{q}\, x_i, \qquad m_i \sim \text{Bernoulli}(q) \text{ independently.} $$
#
# The division makes the expected output equal to the input, $\mathbb{E}[y_i] = q \cdot x_i / q = x_i$, so that nothing at all has to be done at test time. This
# is called *inverted* dropout, and it is what every current library does.
#
# The rules, here and in all later exercises:
#
# - a rate outside $[0, 1]$ raises `ValueError` with a message that names the argument, in training and at test time;
# - at rate 1 everything is dropped, and the result is zeros;
# - the result has the dtype of `x`, and `x` itself is not modified;
# - all randomness comes from `rng`, a `numpy.random.Generator`. *How* you draw from it is up to you.
#
# <details><summary>Hint 1</summary>
#
# `rng.random(x.shape)` draws one uniform number for each entry. With what probability is such a number at least `rate`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# What happens to your division at rate 1? Treat that case apart.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "dropout_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_forward(x, rate, rng, training=True):
    """Apply inverted dropout.

    Args:
        x: float array of any shape.
        rate: drop rate, a float in [0, 1]; anything else raises ValueError.
        rng: numpy.random.Generator, the source of all randomness.
        training: when false, y equals x.

    Returns:
        y: array with the shape and dtype of x.
        mask: array with the shape of x, true where an entry was kept; all true when not training.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = rng.random(x.shape) >= rate
    scale = 1 / (1 - rate) if rate < 1 else 0.0
    return (x * mask * scale).astype(x.dtype), mask
    ### END SOLUTION


# %% [markdown]
# A small example to look at. At rate 0.25, kept entries of a matrix of ones become $1 / 0.75 \approx 1.33$:

# %%
y, mask = dropout_forward(np.ones((3, 8)), 0.25, np.random.default_rng(0))
print(y.round(2))
print("kept", mask.sum(), "of", mask.size)

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "dropout_forward_check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check(dropout_forward)

# %% [markdown]
# What does the noise look like to one entry? Take the value 1, drop it out ten thousand times at each rate, and look at where the outputs lie and where
# their mean lies.

# %%
rates = np.linspace(0, 0.9, 10)
outputs = [dropout_forward(np.ones(10_000), rate, np.random.default_rng(1))[0] for rate in rates]
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(rates, [y.max() for y in outputs], "o", label="a kept entry")
ax.plot(rates, [y.min() for y in outputs], "o", label="the smallest output")
ax.plot(rates, [y.mean() for y in outputs], "s-", label="the mean")
ax.set(xlabel="drop rate", ylabel="output for the input 1")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** The mean stays at 1 at every rate. What does not stay? You will compute it exactly in exercise 5.

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The variance. A kept entry is worth $1/q$ and a dropped one 0, so that outputs lie farther apart the higher the rate:
# for the input 1 the variance is $p/q$.
#
# </details>

# %% [markdown]
# ## 2. The backward pass
#
# For a fixed mask, $y_i = (m_i / q)\, x_i$ is a linear function of $x$: a product with a number that is either $0$ or $1/q$. By the chain rule
#
# $$ \frac{\partial L}{\partial x_i} = \frac{m_i}{q}\, \frac{\partial L}{\partial y_i}, $$
#
# with **the same mask** as in the forward pass, which is why `dropout_forward` returns it. A dropped entry had no influence on the loss and gets no gradient.
#
# The mask may arrive as booleans or as zeros and ones of any numeric dtype. A mask whose shape differs from that of `dy` raises `ValueError`:
# NumPy would broadcast it without a word.
#
# <details><summary>Hint</summary>
#
# Everything you need is in the formula. Compare `mask.shape` with `dy.shape` first.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "dropout_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_backward(dy, mask, rate):
    """Propagate a gradient through inverted dropout.

    Args:
        dy: gradient of the loss with respect to y; float array of any shape.
        mask: the mask of the forward pass, booleans or zeros and ones; exactly the shape of dy, or ValueError.
        rate: the drop rate of the forward pass, in [0, 1], or ValueError.

    Returns:
        dx: gradient with respect to x; the shape and dtype of dy.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if mask.shape != dy.shape:
        raise ValueError(f"mask has shape {mask.shape}, but dy has shape {dy.shape}")
    scale = 1 / (1 - rate) if rate < 1 else 0.0
    return (dy * mask * scale).astype(dy.dtype)
    ### END SOLUTION


# %%
print(dropout_backward(np.ones((2, 4)), np.array([[1, 0, 1, 1], [0, 1, 1, 0]]), 0.25).round(2))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "dropout_backward_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(dropout_backward)

# %% [markdown]
# A gradient can be checked without any calculus: nudge each input a little up and down, with the mask held still, and
# watch the loss $L = \sum_i y_i\, dy_i$. `check_gradient(f, x, dy, dx)` does that for every entry, here and in later
# notebooks.

# %%
x, dy = np.random.default_rng(2).normal(size=(2, 6))
y, mask = dropout_forward(x, 0.4, np.random.default_rng(3))
check_gradient(lambda x: dropout_forward(x, 0.4, np.random.default_rng(3))[0], x, dy, dropout_backward(dy, mask, 0.4))

# %% [markdown]
# **Think.** Why does every forward pass get a generator with the same seed? What would the comparison show otherwise?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The gradient belongs to one mask. With the same seed all passes draw that mask again, and only the input differs.
# With two masks the difference would be that of two masks, divided by a tiny step: a huge number that says nothing
# about the gradient.
#
# </details>

# %% [markdown]
# **Find the bug.** Somebody wants to save the memory of the mask, and draws it again on the way back. The outputs are
# right, and so are shape, dtype and the share of zeros in the gradient. What is wrong, and which line repairs it?

# %%
draw = np.random.default_rng(4)


def thrifty_backward(dy, rate):
    """Propagate a gradient through dropout with a mask that is drawn when it is needed."""
    mask = draw.random(dy.shape) >= rate
    return dropout_backward(dy, mask, rate)


check_gradient(lambda x: dropout_forward(x, 0.4, np.random.default_rng(3))[0], x, dy, thrifty_backward(dy, 0.4))

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The gradient goes through other units than the output came from. To draw the mask again one has to begin from the same
# state of the generator: keep its seed, and use `np.random.default_rng(seed)` in both directions.
#
# </details>

# %% [markdown]
# ## 3. As it was published
#
# The paper of 2014 scales at the other end. Training only drops, $y_i = m_i x_i$, and at test time the whole network is used with every
# activation multiplied by its chance to be present:
#
# $$ \text{training: } y_i = m_i x_i, \qquad \text{test: } y_i = q\, x_i. $$
#
# In both forms the mean at training time equals the output at test time. The classic form pays for it at every prediction.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "classic_dropout", "locked": false, "schema_version": 3, "solution": true, "task": false}
def classic_dropout(x, rate, rng, training=True):
    """Apply dropout in the form of 2014: unscaled in training, times 1 - rate at test time.

    Args:
        x: float array of any shape.
        rate: drop rate in [0, 1], or ValueError.
        rng: numpy.random.Generator.
        training: whether entries are dropped.

    Returns:
        y: array with the shape and dtype of x.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    factor = rng.random(x.shape) >= rate if training else 1 - rate
    return (x * factor).astype(x.dtype)
    ### END SOLUTION


# %%
x = np.full(100_000, 3.0)
print("mean in training:", classic_dropout(x, 0.2, np.random.default_rng(0)).mean().round(3))
print("at test time:    ", classic_dropout(x, 0.2, np.random.default_rng(0), training=False).mean().round(3))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "classic_dropout_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(classic_dropout)

# %% [markdown]
# **Think.** A weight matrix $W$ was trained behind classic dropout. By what must it be multiplied so that it can be used behind inverted
# dropout?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# By $q$. Behind classic dropout $W$ met inputs whose mean was $q x$ in training. Inverted dropout gives it inputs of
# mean $x$, so $qW$ makes the same of them.
#
# </details>

# %% [markdown]
# ## 4. Gaussian noise with the same moments
#
# An inverted mask entry $m/q$ has mean 1. Its variance is
#
# $$ \operatorname{Var}\!\left[\frac{m}{q}\right] = \frac{q\,(1 - q)}{q^2} = \frac{p}{q}. $$
#
# If dropout works because of its noise, then any multiplicative noise with these two moments should do. Gaussian dropout multiplies by $N(1, p/q)$:
# nothing is ever exactly zero, and a factor can even be negative. At rate 1 the variance is infinite; there the exercise asks for zeros.
#
# <details><summary>Hint</summary>
#
# $p/q$ is a variance. What does the `scale` argument of `rng.normal` mean?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "gaussian_dropout", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gaussian_dropout(x, rate, rng, training=True):
    """Multiply by noise drawn from N(1, rate / (1 - rate)).

    Args:
        x: float array of any shape.
        rate: drop rate in [0, 1], or ValueError; at rate 1 y is 0.
        rng: numpy.random.Generator.
        training: whether there is noise; without it y equals x.

    Returns:
        y: array with the shape and dtype of x.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if not training:
        return x.copy()
    if rate == 1:
        return np.zeros_like(x)
    noise = rng.normal(1, np.sqrt(rate / (1 - rate)), x.shape)
    return (x * noise).astype(x.dtype)
    ### END SOLUTION


# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "gaussian_dropout_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(gaussian_dropout)

# %% [markdown]
# One unit sums 50 inputs that all went through dropout. Which of the two kinds of noise went in can hardly be told from what comes out:

# %%
x = np.random.default_rng(4).normal(1, 1, size=50)
copies = np.tile(x, (20_000, 1))
bernoulli = dropout_forward(copies, 0.4, np.random.default_rng(5))[0].sum(axis=1)
gaussian = gaussian_dropout(copies, 0.4, np.random.default_rng(6)).sum(axis=1)
fig, ax = plt.subplots(figsize=(6, 3))
ax.hist(bernoulli, bins=80, histtype="step", label="dropout")
ax.hist(gaussian, bins=80, histtype="step", label="Gaussian")
ax.axvline(x.sum(), color="gray", linestyle=":", label="no noise")
ax.set(xlabel="sum of 50 inputs", ylabel="count")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** Why do the two histograms agree? Repeat with 2 inputs in place of 50.

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# A sum of 50 independent terms is close to a normal distribution (the central limit theorem), and mean and variance of
# the terms are the same for both kinds of noise. With 2 inputs there are four possible values under dropout, and the
# histogram is four spikes.
#
# </details>

# %% [markdown]
# ## 5. What dropout does to mean and variance
#
# Let an activation $a$ have mean $\mu$ and variance $v$ over the data, and let $y = (m/q)\, a$ with $m$ independent of
# $a$.
#
# **Find it.** Which mean and which variance does $y$ have? Derive both on paper, as functions of $\mu$, $v$ and $p$,
# before you write the function. What does your formula give for a constant, $v = 0$? For $\mu = 2$, $v = 1$ and $p =
# 0.2$ it should agree with this simulation:

# %%
a = np.random.default_rng(7).normal(2, 1, size=200_000)
y, _ = dropout_forward(a, 0.2, np.random.default_rng(8))
print("mean", y.mean().round(3), " variance", y.var().round(3))

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The variance is $\mathbb{E}[y^2] - \mathbb{E}[y]^2$, and $a$ and $m$ are independent.
#
# </details>
# <details><summary>Hint 2</summary>
#
# $m$ is 0 or 1. What is $m^2$, and its mean?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "dropout_moments", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_moments(mean, var, rate):
    """Return mean and variance of an activation after inverted dropout.

    Args:
        mean: mean of the activation before dropout, a float.
        var: its variance, a float.
        rate: drop rate in [0, 1], or ValueError; at rate 1 both moments are 0.

    Returns:
        mean, var: two floats.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if rate == 1:
        return 0.0, 0.0
    return mean, (var + rate * mean**2) / (1 - rate)
    ### END SOLUTION


# %%
print(dropout_moments(2.0, 1.0, 0.2))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "dropout_moments_check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(dropout_moments)

# %% [markdown]
# Your formula is a line; your layer makes points. They should meet:

# %%
rates = np.linspace(0, 0.8, 9)
fig, ax = plt.subplots(figsize=(6, 3))
for mean in (0.0, 1.0, 2.0):
    a = np.random.default_rng(7).normal(mean, 1, size=50_000)
    measured = [dropout_forward(a, rate, np.random.default_rng(8))[0].var() for rate in rates]
    theory = [dropout_moments(mean, 1.0, rate)[1] for rate in rates]
    (line,) = ax.plot(rates, theory, label=f"mean {mean:g}")
    ax.plot(rates, measured, "o", color=line.get_color())
ax.set(xlabel="drop rate", ylabel="variance after dropout")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** After a ReLU every unit that is ever active has a mean above 0. What does that mean for the variance that the next layer sees in training, compared with test time?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The next layer sees a variance in training that is larger by $\frac{p}{q}(v + \mu^2)$ than at test time, and the part
# with $\mu^2$ is there even for a unit that hardly varies. The means agree, the variances do not.
#
# </details>

# %% [markdown]
# ## 6. Dropout as a ridge that adapts
#
# Put dropout on the inputs of a linear regression. The expected squared error over all masks can be computed: the mean of the prediction does not
# change, and its variance adds up over the inputs,
#
# $$ \begin{aligned} \mathbb{E}\,\lVert y - \tilde X w \rVert^2 &= \lVert y - X w \rVert^2 \\
# &\quad + \frac{p}{q} \sum_j w_j^2 \sum_i x_{ij}^2 . \end{aligned} $$
#
# The second term penalizes the square of each weight, as ridge regression does, but each column by its own sum of squares. Setting the gradient to zero gives
#
# $$ w = \left(X^\top X + \tfrac{p}{q} \operatorname{diag}(X^\top X)\right)^{-1} X^\top y . $$
#
# <details><summary>Hint</summary>
#
# `np.diag` of a matrix is its diagonal, and `np.diag` of a vector is a diagonal matrix. Prefer `np.linalg.solve` to an inverse.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "dropout_ridge", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_ridge(X, y, rate):
    """Minimize the expected squared error of a linear model under inverted dropout of its inputs.

    Args:
        X: inputs, shape (n, d), of full column rank; another number of dimensions raises ValueError.
        y: targets, shape (n,), or ValueError.
        rate: drop rate in [0, 1], or ValueError; at rate 1 the weights are 0.

    Returns:
        w: weights, shape (d,), dtype of X.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if X.ndim != 2:
        raise ValueError(f"X must have shape (n, d), got {X.shape}")
    if y.shape != (len(X),):
        raise ValueError(f"y must have shape ({len(X)},), got {y.shape}")
    if rate == 1:
        return np.zeros(X.shape[1], dtype=X.dtype)
    gram = X.T @ X
    penalty = rate / (1 - rate) * np.diag(np.diag(gram))
    return np.linalg.solve(gram + penalty, X.T @ y).astype(X.dtype)
    ### END SOLUTION


# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "dropout_ridge_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(dropout_ridge)

# %% [markdown]
# The claim can be tested without any formula. Draw many dropped-out copies of the data, stack them, and solve ordinary least squares on the stack:

# %%
draw = np.random.default_rng(9)
X = draw.normal(size=(60, 3)) * [1, 5, 0.2]
y = X @ [1.0, -0.3, 4.0] + draw.normal(size=60)
copies = np.vstack([dropout_forward(X, 0.3, draw)[0] for _ in range(4_000)])
print("least squares on 4,000 noisy copies:", np.linalg.lstsq(copies, np.tile(y, 4_000), rcond=None)[0].round(3))
print("dropout_ridge:                      ", dropout_ridge(X, y, 0.3).round(3))

# %% [markdown]
# **Think.** The columns have very different scales. Which of the three weights would a plain ridge shrink most, and which does dropout shrink most?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# A plain ridge adds the same number to each diagonal entry of $X^\top X$, so it shrinks the weight of the column with
# the smallest scale most. Dropout adds to each entry a share of itself, and shrinks all three by similar factors: it
# does not care about units.
#
# </details>

# %% [markdown]
# ## 7. Challenge: an ensemble of $2^n$ networks
#
# A unit with $n$ inputs under dropout is one of $2^n$ units, one for each mask. At test time one would like their average, and uses the whole unit in its
# place. For a single sigmoid unit with inverted scaling,
#
# $$ o_m = \sigma\!\Big(b + \sum_i \frac{m_i}{q}\, w_i x_i\Big), \qquad P(m) = q^{\#\text{kept}}\, p^{\#\text{dropped}}, $$
#
# two averages can be enumerated: the arithmetic mean $\sum_m P(m)\, o_m$, and the *normalized geometric mean*
#
# $$ \frac{G}{G + \bar G}, \qquad G = \prod_m o_m^{P(m)}, \qquad \bar G = \prod_m (1 - o_m)^{P(m)} . $$
#
# Only one of them is what the whole unit computes. Both must stay finite for large logits: work with $\log o_m$. With more than 14 inputs the
# function raises `ValueError`, since $2^{15}$ masks are too many to enumerate here.
#
# <details><summary>Hint 1</summary>
#
# `np.logaddexp(0, z)` is $\log(1 + e^z)$ without overflow. What are $\log \sigma(z)$ and $\log(1 - \sigma(z))$ in terms of it?
#
# </details>
# <details><summary>Hint 2</summary>
#
# $G/(G + \bar G) = \sigma(\log G - \log \bar G)$.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `itertools.product([0, 1], repeat=n)` goes through all masks. From a mask you have its logit, and from the number of
# ones in it its probability.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "subnetwork_means", "locked": false, "schema_version": 3, "solution": true, "task": false}
def subnetwork_means(x, w, b, rate):
    """Average one sigmoid unit over all dropout masks on its inputs, two ways.

    Args:
        x: inputs, shape (n,) with n at most 14, or ValueError.
        w: weights, shape (n,), or ValueError.
        b: bias, a float.
        rate: drop rate in [0, 1], or ValueError; at rate 1 both means are sigmoid(b).

    Returns:
        arithmetic: the mean output, each mask weighted by its probability.
        geometric: the normalized geometric mean.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if x.ndim != 1 or w.shape != x.shape:
        raise ValueError(f"x and w must have one shape (n,), got {x.shape} and {w.shape}")
    n = len(x)
    if n > 14:
        raise ValueError(f"x has {n} entries, at most 14 can be enumerated")
    masks = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    kept = masks.sum(axis=1)
    probability = (1 - rate) ** kept * rate ** (n - kept)
    scale = 1 / (1 - rate) if rate < 1 else 0.0
    logits = masks @ (w * x) * scale + b
    log_yes, log_no = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    arithmetic = probability @ np.exp(log_yes)
    difference = probability @ log_yes - probability @ log_no
    return float(arithmetic), float(np.exp(-np.logaddexp(0, -difference)))
    ### END SOLUTION


# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "subnetwork_means_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(subnetwork_means)

# %% [markdown]
# How far is the average of the ensemble from the whole unit?

# %% [markdown]
# **Guess.** At rate 0.95 hardly any input is left. What will the arithmetic mean of the outputs be then? The unit has
# the bias 0.5. Write a number down before you run the figure, which draws it in.

# %%
guess = ...

# %%
draw = np.random.default_rng(10)
x, w = draw.normal(size=10), draw.normal(size=10)
rates = np.linspace(0, 0.95, 20)
arithmetic, geometric = zip(*(subnetwork_means(x, w, 0.5, rate) for rate in rates), strict=True)
whole = 1 / (1 + np.exp(-(w @ x + 0.5)))
fig, ax = plt.subplots(figsize=(6, 3))
ax.axhline(whole, color="gray", linestyle=":", label="the whole unit")
ax.plot(rates, geometric, "o", label="normalized geometric mean")
ax.plot(rates, arithmetic, "s-", label="arithmetic mean")
if guess is not ...:
    ax.plot(0.95, guess, "k*", markersize=12, label="your guess")
ax.set(xlabel="drop rate", ylabel="output")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** Toward which value does the arithmetic mean move as the rate grows, and why that one? Is the whole unit the average of the ensemble?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Toward $\sigma(b)$: at rate 1 every input is dropped and the bias is left. Before that, the masks spread the logits to
# both sides, and the sigmoid, which is flat outside, pulls their mean toward the middle. The whole unit is the
# normalized geometric mean, and not the average.
#
# </details>

# %% [markdown]
# ## Experiment: does it help?
#
# **Experiment.** So far dropout was noise with a known mean and variance. Here is what it is for. Two half moons with
# 50 points, of which about one in seven has the wrong label; a network with 200 hidden units, your `dropout_forward`
# behind them and your `dropout_backward` on the way back. The network is large enough to learn the wrong labels by
# heart. The loss is measured on 1,000 fresh points with right labels, for five seeds.


# %%
def moons(n, draw):
    """Draw n points of two interlocked half moons, and to which of them each belongs."""
    angle, label = draw.uniform(0, np.pi, n), np.arange(n) % 2
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return np.where(label[:, None] == 0, upper, lower) + draw.normal(0, 0.3, (n, 2)), label.astype(float)


def loss(x, label, W, b, v):
    z = np.maximum(x @ W + b, 0) @ v
    return np.logaddexp(0, np.where(label == 1, -z, z)).mean()


def learn(rate, seed, steps=600, step=0.01):
    """Train 2-200-1 with Adam, and return its loss on the training data and on fresh points."""
    draw = np.random.default_rng(seed)
    x, label = moons(50, draw)
    fresh = moons(1000, draw)
    label = np.where(draw.random(50) < 0.15, 1 - label, label)
    weights = [draw.normal(0, 1, (2, 200)), np.zeros(200), draw.normal(0, 0.07, 200)]
    means, squares = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for k in range(1, steps + 1):
        W, b, v = weights
        h = np.maximum(x @ W + b, 0)
        y, mask = dropout_forward(h, rate, draw)
        dz = (1 / (1 + np.exp(-y @ v)) - label) / 50
        dh = dropout_backward(np.outer(dz, v), mask, rate) * (h > 0)
        for w, gradient, m, s in zip(weights, (x.T @ dh, dh.sum(axis=0), y.T @ dz), means, squares, strict=True):
            m[...] += 0.1 * (gradient - m)
            s[...] += 0.01 * (gradient**2 - s)
            w[...] -= step * m / (1 - 0.9**k) / (np.sqrt(s / (1 - 0.99**k)) + 1e-8)
    return loss(x, label, *weights), loss(*fresh, *weights)


rates = [0.0, 0.3, 0.6]
losses = np.array([[learn(rate, seed) for seed in range(5)] for rate in rates])
fig, ax = plt.subplots(figsize=(6, 3))
for column, name in enumerate(("50 points, some labels wrong", "fresh points")):
    mean, error = losses[:, :, column].mean(axis=1), losses[:, :, column].std(axis=1, ddof=1) / np.sqrt(5)
    ax.errorbar(rates, mean, error, fmt="o-", capsize=4, color=f"C{column}", label=name)
    ax.plot(rates, losses[:, :, column], color=f"C{column}", linewidth=0.7, alpha=0.5)
ax.set(xlabel="drop rate", ylabel="loss, nats", ylim=(0, None), title="five seeds (thin), mean and standard error")
ax.legend()
gain = losses[0, :, 1] - losses[1, :, 1]
print(f"gained on fresh points by rate 0.3: {gain.mean():.2f} +- {gain.std(ddof=1) / np.sqrt(5):.2f} nats")

# %% [markdown]
# **Think.** On the training data the loss *rises* with the rate. Which of the two curves would you choose a rate by,
# and on which data?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# By that of data that were not trained on. The low training loss at rate 0 is made of wrong labels that were learned by
# heart. And since the rate is chosen by them, the points that decide must not be those on which the result is reported.
#
# </details>

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. Go on with [Dropout in Keras](../dropout_keras/dropout_keras.ipynb) or [Dropout in
# PyTorch](../dropout_pytorch/dropout_pytorch.ipynb), in which your layer becomes one of a library, or with [BatchNorm
# by hand](../batchnorm/batchnorm.ipynb), which
# needs PyTorch for its last two exercises.
#
# In the book, [Why drop anything?](../../book/dropout/why.md), [The backward pass](../../book/dropout/backward.md),
# [Means and variances](../../book/dropout/moments.md), [A ridge that adapts](../../book/dropout/ridge.md), [An ensemble
# of 2ⁿ networks](../../book/dropout/ensemble.md) and [An atlas of noise](../../book/dropout/noise.md) go further.
