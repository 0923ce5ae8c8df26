# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Noise lab
#
# Dropout is one noise among many. People have multiplied by Gaussian noise, dropped weights, channels, paths and words,
# and rounded at random. What do the good ones have in common, and is yours better? In this open assignment you invent a
# noise, derive what it does, and put it to an honest test.
#
# **Before this.** Read [An atlas of noise](../../book/dropout/noise.md) (45 minutes), and do [Dropout in
# PyTorch](../dropout_pytorch/dropout_pytorch.ipynb). You know how a module is written and trained in PyTorch, and what
# a standard error is.
#
# **Time.** 3 to 5 hours.
#
# **How it is graded.** The layer is checked automatically, as often as you like. The design and the experiment are read
# by a person, by the rubrics below, which are all there is to it: no point depends on your noise being better than
# dropout. A careful "no difference" earns everything.
#
# You need PyTorch, NumPy and Matplotlib.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("noise_lab", needs="matplotlib numpy torch")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from autograder import check

# %matplotlib inline

# %% [markdown]
# ## 1. Challenge: a layer of your own
#
# Write `NoiseLayer`, an `nn.Module` that is made without arguments and takes input of any shape and either float dtype.
# What it does in training is up to you. It has to be good company:
#
# - in **eval mode** it is the identity;
# - in **training** $\mathbb{E}[y \mid x] = x$ for every entry of every $x$, large or small, positive or negative: the
#   layer behind it meets the same means in both modes. For multiplicative noise, $y = x \cdot r$, that asks
#   $\mathbb{E}[r] = 1$; for additive noise, $y = x + s$, it asks $\mathbb{E}[s \mid x] = 0$. Noise with a law so wild
#   that 1,500 calls do not settle its mean cannot be checked: stay away from factors above 20 or so;
# - every call draws **fresh** noise, independent of the calls before;
# - **gradients** flow to the input;
# - a run can be **repeated**: after `new.load_state_dict(old.state_dict())` both layers put out the same for the same
#   `torch.manual_seed`. So draw from torch's own generator, and keep whatever else matters in parameters or buffers.
#   (An empty state is fine.)
#
# Ideas, none of which you have to use: other laws for the factor (uniform, lognormal, a coin with two sides); noise
# that is shared by a row, a channel or the whole batch; noise in proportion to the spread of the batch; rounding up or
# down at random; mixing with another example's activation; noise whose strength is learned.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.Dropout` or a relative of it is refused.
#
# <details><summary>Hint 1</summary>
#
# `torch.randn_like(x)` and `torch.rand_like(x)` have the shape and dtype of `x` and draw from torch's own generator.
#
# </details>
# <details><summary>Hint 2</summary>
#
# What is the mean of your noise? Write it down, and divide by it or subtract it.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The mean has to hold for *each* $x$. Swapping with a random other example keeps the mean over the batch, but not that
# of an entry.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "NoiseLayer", "locked": false, "schema_version": 3, "solution": true, "task": false}
class NoiseLayer(nn.Module):
    """A noise for training, with mean zero given the input.

    Made without arguments. Called with a float tensor x of any shape, it returns a tensor with the shape and dtype of x: x
    itself in eval mode, and in training a random y with mean x.
    """

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.spread = 0.9
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        if not self.training:
            return x
        # A coin with two sides: every entry grows or shrinks by the same factor, and none is lost.
        side = 2 * torch.randint(0, 2, x.shape, device=x.device).to(x.dtype) - 1
        return x * (1 + self.spread * side)
        ### END SOLUTION


# %%
torch.manual_seed(0)
layer = NoiseLayer()
print("training:", layer(torch.ones(8)))
print("eval:    ", layer.eval()(torch.ones(8)))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "NoiseLayer_check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check(NoiseLayer)

# %% [markdown]
# Look at what you made: the law of the output for a few inputs, and the mean, which should lie on the diagonal.

# %%
torch.manual_seed(1)
layer = NoiseLayer()
x = torch.linspace(-2, 2, 9)
y = torch.stack([layer(x) for _ in range(2000)]).detach()
fig, axes = plt.subplots(1, 2, figsize=(8, 3))
axes[0].hist([y[:, i].numpy() for i in (4, 5, 8)], bins=40, label=[f"x = {x[i]:g}" for i in (4, 5, 8)])
axes[0].set(xlabel="y", ylabel="count")
axes[0].legend()
error = y.std(0) / len(y) ** 0.5
axes[1].errorbar(x, y.mean(0), 3 * error, fmt="o", label="mean of y, 3 standard errors")
axes[1].plot(x, x, color="gray", label="x")
axes[1].set(xlabel="x")
axes[1].legend()
plt.show()

# %% [markdown]
# **Find the bug.** Two of these three may call themselves a `NoiseLayer`. Which one may not, and why does a glance at
# its outputs not tell?

# %%
noises = {
    "uniform factor": lambda x: 2 * torch.rand_like(x) * x,
    "uniform term": lambda x: x + 0.1 * torch.rand_like(x),
    "rounding": lambda x: x + (torch.floor(x + torch.rand_like(x)) - x).detach(),
}
x = torch.full((100_000,), 0.3)
print({name: round(noise(x).mean().item(), 3) for name, noise in noises.items()})

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The uniform term: `torch.rand_like` lies between 0 and 1, so that 0.05 is added on average. Subtract one half first.
# Rounding up or down at random has the right mean, because $x + u$ passes the next whole number with just the
# probability that is wanted; and since what `torch.floor` adds is detached, the gradient of $x$ passes as it is.
#
# </details>

# %% [markdown]
# ## 2. The design and its derivation
#
# Describe your noise so that somebody could write the layer from your text, and derive what it does. One page is
# enough.
#
# **Rubric (10 points, graded by a person).**
#
# | points | what earns them |
# |---|---|
# | 2 | **The noise.** A formula for $y$ given $x$, the law of every random quantity in it, and what is shared between entries and what is independent. |
# | 2 | **The mean.** A derivation of $\mathbb{E}[y \mid x] = x$ from these laws, and not only a simulation. |
# | 2 | **The variance.** A derivation of $\operatorname{Var}[y \mid x]$, and the setting at which it equals that of dropout at some rate $p$, which is $\frac{p}{q} x^2$ with $q = 1 - p$; or the reason why there is none. |
# | 2 | **The idea.** What the noise is meant to prevent or to encourage that dropout does not, and a prediction that an experiment could prove wrong. |
# | 2 | **The limits.** What happens at the extremes of its parameter, for an input of 0, behind a ReLU, and before BatchNorm or LayerNorm: two of these are enough. |

# %% [markdown] nbgrader={"cell_type": "markdown", "grade": true, "grade_id": "design", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# **The noise.** Each entry is multiplied by a coin with two sides, $y_i = x_i (1 + s\, c_i)$ with $c_i = \pm 1$ with
# probability $\tfrac12$ each, independently for all entries and calls, and $s = 0.9$.
#
# **The mean.** $\mathbb{E}[c_i] = \tfrac12 - \tfrac12 = 0$, and $c_i$ does not depend on $x$, so
# $\mathbb{E}[y_i \mid x] = x_i (1 + s \cdot 0) = x_i$.
#
# **The variance.** $\operatorname{Var}[y_i \mid x] = s^2 x_i^2 \operatorname{Var}[c_i] = s^2 x_i^2$. Dropout at rate
# $p$ has $\frac{p}{q} x_i^2$, so the two agree for $s^2 = p / q$. For $s = 0.9$ that is
# $p = 0.81 / 1.81 \approx 0.448$. At $p = \tfrac12$, $s = 1$ and the coin *is* dropout: factors 0 and 2.
#
# **The idea.** Dropout removes a unit altogether, so that information which only one unit has is lost in a share $p$ of
# the passes. The coin never loses it: with $s < 1$ the sign of every activation survives. The noise of a sum of many
# inputs has the same variance in both. If dropout helps by its variance, then the coin at equal variance should do as
# well; if it helps because units are *absent*, it should do worse. Prediction: no difference in nll that exceeds two
# standard errors.
#
# **The limits.** At $s = 0$ nothing happens. For $s > 1$ an activation can change its sign, which no dropout does. An
# input of 0 stays 0. Before BatchNorm, the variance in training is larger than in eval mode by $s^2 (v + \mu^2)$, the
# same shift as for dropout with $p/q = s^2$.

# %% [markdown]
# **Find it.** The third and the fourth line of the rubric are what the whole experiment stands on: at which strength
# has your noise the variance of dropout? Derive it on paper before you measure anything.

# %% [markdown]
# ## 3. The experiment
#
# Does it do what you predicted? Compare your noise with dropout, and both with no noise. Everything you need is below:
# a small data set on which noise matters, and a function that trains one network. You may change the network, the data
# and the measure, as long as the comparison stays fair. Put code, figure and conclusion into the one cell at the end,
# the conclusion as a text that the cell prints; cells of your own may stand before it.
#
# **Rubric (15 points, graded by a person).**
#
# | points | what earns them |
# |---|---|
# | 3 | **Fairness.** The same data, network, number of steps and seeds for all; the strength of dropout and of your noise matched by variance, or both tuned with the same effort on data that are not the test data. |
# | 3 | **Repetition.** At least five seeds for each condition, the same ones for all. |
# | 3 | **Error bars.** A figure with a mean and a standard error (or all single runs) for each condition, axes with names and units, and what a bar means. |
# | 3 | **The test.** The difference between your noise and dropout with its standard error, paired by seed where seeds are shared, for a measure that sees what noise does: nll, or accuracy *and* nll. |
# | 3 | **The conclusion.** What was found, in units of its error; whether the prediction of part 2 held; what was *not* tested, and what would change your mind. Nothing is claimed that the error bars do not carry. |


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "lab", "locked": true, "schema_version": 3, "solution": false, "task": false}
def make_data(seed):
    """Draw 200 training and 1,000 test examples (float32, 10 features, five of them useful) of three classes."""
    draw = np.random.default_rng(seed)
    centers = np.random.default_rng(5).normal(0, 1, (3, 2, 5))
    labels = draw.integers(0, 3, 1200)
    x = draw.normal(size=(1200, 10))
    x[:, :5] = centers[labels, draw.integers(0, 2, 1200)] + 0.8 * x[:, :5]
    x, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(labels)
    return (x[:200], labels[:200]), (x[200:], labels[200:])


def train_and_test(make_noise, seed, epochs=40):
    """Train 10-200-3 with a noise layer behind the ReLU, and return accuracy and nll on the test data in eval mode."""
    (x, labels), (x_test, labels_test) = make_data(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 200), nn.ReLU(), make_noise(), nn.Linear(200, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), labels[rows]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
    accuracy = (logits.argmax(dim=1) == labels_test).double().mean().item()
    return accuracy, nn.functional.cross_entropy(logits, labels_test).item()


print("no noise, seed 0: accuracy {:.3f}, nll {:.3f}".format(*train_and_test(nn.Identity, 0)))

# %% [markdown]
# **Guess.** Commit to a number before you run anything: by how many nats will the test nll of your noise lie below that
# of dropout? Draw it into your figure.

# %%
guess = ...

# %% [markdown]
# **Experiment.** Code, figure and conclusion go here:

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "experiment", "locked": false, "points": 15, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
rate = 0.81 / 1.81  # the variance of the coin
conditions = {"no noise": nn.Identity, "dropout": lambda: nn.Dropout(rate), "coin": NoiseLayer}
seeds = range(8)
nll = {name: np.array([train_and_test(make, seed)[1] for seed in seeds]) for name, make in conditions.items()}

fig, ax = plt.subplots(figsize=(6, 3))
for place, values in enumerate(nll.values()):
    ax.plot(place + np.linspace(-0.15, 0.15, len(values)), values, ".", color="gray")
    ax.errorbar(place, values.mean(), values.std(ddof=1) / len(values) ** 0.5, fmt="o", capsize=5)
ax.set_xticks(range(len(nll)), nll)
ax.set(ylabel="test nll, nats", title="mean and standard error over 8 seeds; dots are single runs", ylim=(0, None))

for other in ("no noise", "dropout"):
    difference = nll["coin"] - nll[other]
    error = difference.std(ddof=1) / len(difference) ** 0.5
    print(f"coin minus {other}, paired by seed: {difference.mean():+.3f} +- {error:.3f} nats")

conclusion = """
Both noises lower the nll of the network without noise by many times the standard error of the difference. The coin and
dropout of equal variance differ by less than two standard errors, as predicted: on these data the variance of the noise
is what helps, as far as eight seeds can tell. A difference of less than three standard errors, about .04 nats, would
not have been seen. Not tested: other strengths, deeper networks, and data on which one unit holds what no other has,
where an absent unit should cost more. A paired difference above three standard errors there would change my mind.
"""
print(conclusion)
### END SOLUTION

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. This is the last notebook of the course. What becomes of your noise is up to you.
#
# In the book, [Why drop anything?](../../book/dropout/why.md) and [What to do](../../book/wild/what-to-do.md) go
# further.
