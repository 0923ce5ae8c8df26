# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Dropout in PyTorch
#
# In PyTorch dropout is one line, and most of what goes wrong happens around that line: a normal number where a uniform
# one was meant, a model that was never told that training is over, pixels on the wrong scale. In this notebook you
# write a layer and a network from scratch, then the function that judges a network, two relatives of dropout, and a
# tool that looks inside a model without disturbing it.
#
# **Before this.** Read [From scratch and concise](../../book/pytorch/scratch-and-concise.md) (25 minutes) and [Training
# mode, eval mode, and raw pixels](../../book/pytorch/train-and-eval.md) (20 minutes), and do [Dropout by
# hand](../dropout_numpy/dropout_numpy.ipynb). You know exercises 1 and 5 of that notebook,
# and what a module and a training loop are in PyTorch. What a *hook* is, is told in the last exercise, which needs it.
#
# **Time.** 3 to 4 hours.
#
# **How to work.** Replace each `raise NotImplementedError()` with your answer and run the `check` below it as often as
# you like. It asks your code with new inputs every time, says which requirement holds and which does not, and
# recognizes many common mistakes by name. You need PyTorch, NumPy and Matplotlib.
#
# **Notation.** The *rate* $p$ is the probability that an entry is **dropped**, and $q = 1 - p$ the probability that it
# is kept.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("dropout_pytorch", needs="matplotlib numpy torch")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from autograder import check

# %matplotlib inline

# %% [markdown]
# ## 1. The layer
#
# Inverted dropout keeps each entry with probability $q$ and divides what it keeps by $q$:
#
# $$ Y_{ij} = \frac{M_{ij}}{q}\, X_{ij}, \qquad M_{ij} \sim \text{Bernoulli}(q) \text{ independently.} $$
#
# The mean of $Y$ is $X$, so that nothing has to be done once training is over. Since $Y$ is a product of $X$ with
# numbers that do not depend on it, autograd finds the gradient by itself, as long as the result is built from `X` with
# tensor operations.
#
# The rules, here and in all later exercises:
#
# - a rate outside $[0, 1]$ raises `ValueError` with a message that names the argument, in training and in eval mode;
# - at rate 1 everything is dropped, and the result is zeros;
# - the result has the dtype of the first tensor, and no argument is modified;
# - all randomness comes from `generator`, a `torch.Generator`. Without one, from torch's own: that is what
#   `generator=None` means to `torch.rand` and its relatives. *How* you draw is up to you.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.dropout` or `torch.nn.Dropout` is refused.
#
# <details><summary>Hint 1</summary>
#
# `torch.rand` takes a shape and a `generator`, and draws uniform numbers. With what probability is one of them at least
# `rate`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# A tensor divided by 0 is inf or nan, without an exception. Treat rate 1 apart.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "dropout_layer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_layer(X, rate, generator=None):
    """Apply inverted dropout.

    Args:
        X: float tensor of any shape.
        rate: drop rate, a float in [0, 1]; anything else raises ValueError.
        generator: torch.Generator, the source of all randomness; None for torch's own.

    Returns:
        Tensor with the shape and dtype of X, through which gradients flow where an entry was kept.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if rate == 1:
        return torch.zeros_like(X)
    mask = torch.rand(X.shape, generator=generator) >= rate
    return X * mask / (1 - rate)
    ### END SOLUTION


# %% [markdown]
# A small example. At rate 0.25, kept ones become $1 / 0.75 \approx 1.33$:

# %%
print(dropout_layer(torch.ones(3, 8), 0.25, torch.Generator().manual_seed(0)))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "dropout_layer_check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check(dropout_layer)

# %% [markdown]
# One letter more, `torch.randn` for `torch.rand`, and the layer still runs, still trains and still looks plausible. A
# standard normal number exceeds $p$ with probability $1 - \Phi(p)$. Compare what such a mask keeps with what yours
# keeps:

# %%
rates = np.linspace(0, 1, 21)
ones = torch.ones(20_000)
generator = torch.Generator().manual_seed(1)
uniform = [(dropout_layer(ones, rate, generator) != 0).float().mean() for rate in rates]
normal = [(torch.randn(20_000, generator=generator) > rate).float().mean() for rate in rates]
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(rates, uniform, "o-", label="your layer")
ax.plot(rates, normal, "s--", label="torch.randn > rate")
ax.set(xlabel="rate", ylabel="share of entries kept")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** At which rate does the normal mask keep the right share? What is wrong with a network that was trained with
# such a mask at rate 0, and why does its accuracy not tell?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Where the chance that a normal number exceeds $p$ equals $1 - p$, near $p = .78$: below it the normal mask drops too
# much, above it too little. At rate 0 it still drops half of the units and scales by 1, so that eval mode gives
# activations twice as large as training did. The largest logit stays the largest, so the accuracy hardly tells; the
# loss does.
#
# </details>

# %% [markdown]
# ## 2. A network
#
# A perceptron with $L$ hidden layers computes, with $h^{(0)}$ the flattened input,
#
# $$ h^{(l)} = \text{dropout}_{p_l}\big(\text{ReLU}(W^{(l)} h^{(l-1)} + b^{(l)})\big), \qquad \text{logits} = W^{(L+1)} h^{(L)} + b^{(L+1)} . $$
#
# Each hidden layer has a rate of its own. Nothing is dropped from the input and nothing from the logits: a dropped
# logit is 0 whatever the evidence says. A module knows its mode: `self.training` is true after `model.train()` and
# false after `model.eval()`. Only in training does dropout act.
#
# Your module may use `dropout_layer`, `torch.nn.functional.dropout` or `nn.Dropout`. Rates outside $[0, 1]$ raise
# `ValueError` with a message that has the word *rates* in it, when the module is made or when it is called; an input
# that does not have `num_inputs` entries per example raises `ValueError` with the word *input* or *shape*, although
# `nn.Linear` itself would raise something else.
#
# <details><summary>Hint 1</summary>
#
# Write down the widths of all layers from the input to the logits, in one list. `pairwise` gives the neighbors in it,
# and `nn.ModuleList` takes any iterable of modules.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.nn.functional.dropout(h, rate)` has a third argument, `training`, and its default is `True`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `zip` goes through hidden layers and rates together; which of the layers is not hidden? `X.flatten(1)` keeps axis 0.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "DropoutMLP", "locked": false, "schema_version": 3, "solution": true, "task": false}
class DropoutMLP(nn.Module):
    """A perceptron with ReLU and inverted dropout after each hidden layer.

    Args:
        num_inputs: entries of one example, an int.
        num_hiddens: list of ints, the width of each hidden layer.
        num_outputs: number of logits, an int.
        rates: list of floats in [0, 1], the drop rate of each hidden layer; anything else raises ValueError.

    Attributes:
        linears: nn.ModuleList of all nn.Linear layers in order, the output layer last.

    Called with a float tensor (n, ...) of num_inputs entries per example, it returns logits (n, num_outputs).
    """

    def __init__(self, num_inputs, num_hiddens, num_outputs, rates):
        super().__init__()
        ### BEGIN SOLUTION
        if not all(0 <= rate <= 1 for rate in rates):
            raise ValueError(f"rates must lie in [0, 1], got {rates}")
        sizes = [num_inputs, *num_hiddens, num_outputs]
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.rates = rates
        ### END SOLUTION

    def forward(self, X):
        ### BEGIN SOLUTION
        h = X.flatten(1)
        width = self.linears[0].in_features
        if h.shape[1] != width:
            raise ValueError(f"the input has shape {tuple(X.shape)}, which is not {width} entries per example")
        for linear, rate in zip(self.linears[:-1], self.rates, strict=True):
            h = torch.relu(linear(h))
            if self.training:
                h = dropout_layer(h, rate)
        return self.linears[-1](h)
        ### END SOLUTION


# %%
torch.manual_seed(0)
model = DropoutMLP(6, [20, 10], 2, [0.2, 0.5])
X = torch.randn(1, 2, 3)
print("training:", [round(model(X)[0, 0].item(), 3) for _ in range(4)])
model.eval()
print("eval:    ", [round(model(X)[0, 0].item(), 3) for _ in range(4)])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "DropoutMLP_check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check(DropoutMLP)

# %% [markdown]
# Now something to train on: an alphabet of ten letters that nobody has seen before. Each is a blot of ink; every image
# shows one of them, moved a little and with noise. Images are what image files hold, `uint8` from 0 to 255.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "letters", "locked": true, "schema_version": 3, "solution": false, "task": false}
def letters(n, seed, noise=120):
    """Draw n images (n, 28, 28) of ten letters, uint8, and their labels (n,), int64."""
    draw = np.random.default_rng(7)
    blots = draw.normal(size=(10, 28, 28))
    for axis in (1, 2):
        blots = sum(np.roll(blots, shift, axis) for shift in range(-3, 4))
    blots = 200.0 * (blots > np.quantile(blots, 0.8, axis=(1, 2), keepdims=True))
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 10, n)
    moved = [np.roll(blots[label], draw.integers(-3, 4, 2), (0, 1)) for label in labels]
    images = np.clip(np.array(moved) + draw.normal(0, noise, (n, 28, 28)), 0, 255).astype(np.uint8)
    return torch.tensor(images), torch.tensor(labels)


train_images, train_labels = letters(1000, seed=1)
test_images, test_labels = letters(1000, seed=2)
fig, axes = plt.subplots(2, 10, figsize=(10, 2.2))
for label in range(10):
    for row in range(2):
        axes[row, label].imshow(train_images[train_labels == label][row], cmap="gray_r")
        axes[row, label].axis("off")


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "train", "locked": true, "schema_version": 3, "solution": false, "task": false}
def train(model, epochs=12, lr=0.1, seed=0):
    """Train on the letters by SGD with batches of 100, on pixels between 0 and 1."""
    torch.manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    X = train_images.float() / 255
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(100):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[rows]), train_labels[rows]).backward()
            optimizer.step()
    return model


torch.manual_seed(0)
model = train(DropoutMLP(784, [64, 64], 10, [0.3, 0.3]))

# %% [markdown]
# ## 3. Judging it
#
# How good is the model? Accuracy is the share of hits. The *negative log-likelihood* (nll) also hears how sure the
# model was:
#
# $$ \text{nll} = -\frac{1}{n} \sum_i \log \operatorname{softmax}(z_i)_{y_i} \qquad \text{(natural logarithm: nats)} . $$
#
# A model that knows nothing about ten classes has $\ln 10 \approx 2.303$. Four things go wrong again and again:
#
# - **the scale of the pixels.** The model was trained on numbers between 0 and 1, and image files hold 0 to 255. A ReLU
#   network is positively homogeneous, $f(255\,x;\, b) = 255\, f(x;\, b/255)$: raw pixels are right pixels with all
#   biases divided by 255 and logits 255 times too large. Accuracy suffers a little, and nll explodes;
# - **the mode.** In training mode dropout is still active, and BatchNorm uses the batch, and moves its statistics;
# - **the mode afterwards.** A function that leaves the model in eval mode switches dropout off for the rest of the
#   training, in silence. And `model.train()` at the end is no repair: perhaps a part of the model was frozen in eval
#   mode. Every module has a flag of its own;
# - **the last batch.** With 1,000 images in batches of 256 the last has 232. A mean of batch means gives its images too
#   much weight.
#
# The model here takes float32 images $(b, 28, 28)$ between 0 and 1 and returns logits. Build no graph, and leave
# everything as it was. Images of another shape than $(n, 28, 28)$ and labels of another than $(n,)$ raise `ValueError`.
#
# <details><summary>Hint 1</summary>
#
# With `reduction="sum"`, `nn.functional.cross_entropy` adds up the nll of a batch. Its labels must be `int64`:
# `y.long()`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `model.modules()` goes through the model and all its parts, and each has an attribute `training` that you may read and
# set.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "evaluate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def evaluate(model, images, labels, batch_size=256):
    """Return accuracy and mean negative log-likelihood of a classifier in eval mode.

    Args:
        model: nn.Module from float32 images (b, 28, 28) in [0, 1] to logits (b, k).
        images: uint8 tensor (n, 28, 28), or ValueError.
        labels: tensor (n,) of any integer dtype, or ValueError.
        batch_size: how many images are put in at once.

    Returns:
        accuracy, nll: two floats, exact means over all n images, nll in nats.
    """
    ### BEGIN SOLUTION
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"images must have shape (n, 28, 28), got {tuple(images.shape)}")
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels must have shape ({len(images)},), got {tuple(labels.shape)}")
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    hits, total = 0, 0.0
    with torch.no_grad():
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            logits = model(X.float() / 255)
            hits += (logits.argmax(dim=1) == y).sum().item()
            total += nn.functional.cross_entropy(logits, y, reduction="sum").item()
    for module, mode in modes:
        module.training = mode
    return hits / len(images), total / len(images)
    ### END SOLUTION


# %%
accuracy, nll = evaluate(model, test_images, test_labels)
print(f"accuracy {accuracy:.3f}, nll {nll:.3f}")

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "evaluate_check", "locked": true, "points": 8.5, "schema_version": 3, "solution": false, "task": false}
check(evaluate)

# %% [markdown]
# What would have come out of the common mistakes? The same model, the same images:


# %%
def careless(scale, training):
    model.train(training)
    with torch.no_grad():
        logits = model(test_images.float() / scale)
    hits = (logits.argmax(dim=1) == test_labels).double().mean().item()
    return hits, nn.functional.cross_entropy(logits, test_labels).item()


rows = {
    "evaluate": evaluate(model, test_images, test_labels),
    "training mode": careless(255, training=True),
    "raw pixels": careless(1, training=False),
    "both": careless(1, training=True),
}
for name, (accuracy, nll) in rows.items():
    print(f"{name:15s} accuracy {accuracy:.3f}   nll {nll:9.3f}")

# %% [markdown]
# **Think.** An accuracy over 1,000 images has a standard error of about .01. Which of the mistakes could you find by
# accuracy alone? For right dropout nll is lower in eval mode than in training mode on the same data. Why is the
# opposite a sign of a wrong scale?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Only those that cost several hundredths. Noise in training lowers the chance given to the right class on average, so
# the loss is higher in training mode. When it is lower there, the mean of the activations is probably not the same in
# both modes, and that is a scale.
#
# </details>

# %% [markdown]
# **Find the bug.** This evaluation gives another accuracy each time it is run. No line of it is wrong Python:


# %%
def quick_accuracy(model, images, labels):
    model.eval
    with torch.no_grad():
        return (model(images.float() / 255).argmax(dim=1) == labels).double().mean().item()


model.train()
found = [quick_accuracy(model, test_images, test_labels) for _ in range(3)]
model.eval()
print(found)

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# `model.eval` names the method and does not call it. The model stays in training mode, and every evaluation draws other
# masks. Parentheses repair it; and afterwards the mode of every module should be what it was.
#
# </details>

# %% [markdown]
# ## 4. A stochastic ReLU
#
# Someone proposes to put the noise into the activation: a ReLU that works with probability $p_\text{keep}$ and puts out
# 0 otherwise. The proposal says that no scaling is needed "because the expected value equals the input".
#
# **Find it.** With $m = 1$ where the unit works and $m = 0$ where it does not, compute $\mathbb{E}[\text{ReLU}(m x)]$.
# By which factor must the output in training be scaled so that its mean is $\text{ReLU}(x)$, which is what the function
# returns in eval mode?
#
# Note that the argument is now the probability to **keep**; it obeys the range $[0, 1]$, and at 0 the output in
# training is zeros.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.dropout` or `torch.nn.Dropout` is refused.
#
# <details><summary>Hint</summary>
#
# $m$ has two values. What is $\text{ReLU}(m x)$ for each, and with which probability?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "stochastic_relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stochastic_relu(x, p_keep, generator=None, training=True):
    """Apply a ReLU whose units work with probability p_keep, with the mean of a ReLU.

    Args:
        x: float tensor of any shape.
        p_keep: probability in [0, 1] that a unit works; anything else raises ValueError.
        generator: torch.Generator, the source of all randomness; None for torch's own.
        training: when false, the result is relu(x).

    Returns:
        Tensor with the shape and dtype of x; in training, its mean over the draws is relu(x).
    """
    ### BEGIN SOLUTION
    if not 0 <= p_keep <= 1:
        raise ValueError(f"p_keep must lie in [0, 1], got {p_keep}")
    y = torch.relu(x)
    return dropout_layer(y, 1 - p_keep, generator) if training else y
    ### END SOLUTION


# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "stochastic_relu_check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check(stochastic_relu)

# %% [markdown]
# The claim of the proposal and yours, side by side, at $p_\text{keep} = 0.3$:

# %%
x = torch.linspace(-1, 2, 31)
copies = x.expand(5000, 31)
generator = torch.Generator().manual_seed(2)
unscaled = torch.relu(copies * (torch.rand(copies.shape, generator=generator) < 0.3))
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(x, torch.relu(x), color="gray", label="relu(x)")
ax.plot(x, unscaled.mean(0), "s", markersize=4, label="mean without scaling")
ax.plot(x, stochastic_relu(copies, 0.3, generator).mean(0), "o", markersize=4, label="mean of your function")
ax.set(xlabel="x", ylabel="mean output")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** At $p_\text{keep} = 0.5$ a function that reads it as a drop rate passes every test. Name two other values
# that tell the two apart, and one more mistake that hides at one half.

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Any value but one half: at $p_\text{keep} = 0.2$ one keeps a fifth, the other four fifths; at 0 one gives zeros, the
# other the plain ReLU. Dividing by $p$ in place of $1 - p$ hides at one half as well.
#
# </details>

# %% [markdown]
# **Experiment.** On clean letters the network of exercise 2 needs no dropout. Give it 500 images of which nearly a
# third have a random label, and it begins to learn them by heart. Five seeds, judged with your `evaluate` on test
# images with right labels:


# %%
def learn(rate, seed, epochs=30):
    torch.manual_seed(seed)
    X, labels = train_images[:500].float() / 255, train_labels[:500].clone()
    wrong = torch.rand(500) < 0.3
    labels[wrong] = torch.randint(10, (int(wrong.sum()),))
    network = DropoutMLP(784, [64, 64], 10, [rate, rate])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for _ in range(epochs):
        for rows in torch.randperm(500).split(100):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(X[rows]), labels[rows]).backward()
            optimizer.step()
    return evaluate(network, test_images, test_labels)[1]


rates = [0.0, 0.25, 0.5]
losses = np.array([[learn(rate, seed) for seed in range(5)] for rate in rates])
fig, ax = plt.subplots(figsize=(5, 3))
ax.errorbar(rates, losses.mean(axis=1), losses.std(axis=1, ddof=1) / np.sqrt(5), fmt="o-", capsize=4)
ax.set(xlabel="rate", ylabel="test nll, nats", ylim=(0, None), title="five seeds, bars of one standard error")
plt.show()

# %% [markdown]
# ## 5. DropConnect
#
# Dropout drops units. DropConnect drops single weights: for each example $n$ a mask $M^{(n)}$ of the shape of $W$ is
# drawn, and
#
# $$ u^{(n)} = \Big(\frac{M^{(n)} \odot W}{q}\Big)\, x^{(n)} + b . $$
#
# The bias is never dropped. With one mask for the whole batch the examples would share their noise, and it would not
# average out over the batch; with one mask per example it takes $n \times \text{out} \times \text{in}$ random numbers,
# which is the price. The mean over masks is the plain linear map $W x + b$, which is what the function returns when not
# training. (Behind a ReLU the mean of the outputs is *not* the output of the mean; that is the subject of a page of the
# book.)
#
# Shapes that do not fit raise `ValueError`: `x` must be $(n, \text{in})$, `W` $(\text{out}, \text{in})$ and `b`
# $(\text{out},)$.
#
# <details><summary>Hint 1</summary>
#
# A mask of shape `(n, out, in)` times `W` of shape `(out, in)` broadcasts to one masked matrix per example.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.einsum` multiplies each example's matrix with its own row of `x`. Give each axis a letter: which letter do both
# have and the result not?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "dropconnect", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropconnect(x, W, b, rate, generator=None, training=True):
    """Apply a linear layer whose weights are dropped, with a mask of W for each example.

    Args:
        x: float tensor (n, in), or ValueError.
        W: weights (out, in), or ValueError.
        b: bias (out,), or ValueError.
        rate: drop rate of the weights, in [0, 1], or ValueError; at rate 1 the result is the bias.
        generator: torch.Generator, the source of all randomness; None for torch's own.
        training: when false, the result is x W^T + b.

    Returns:
        Tensor (n, out), dtype of x.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}")
    if x.ndim != 2 or W.ndim != 2 or W.shape[1] != x.shape[1] or b.shape != W.shape[:1]:
        raise ValueError(f"shapes {tuple(x.shape)}, {tuple(W.shape)}, {tuple(b.shape)} of x, W and b do not fit")
    if not training:
        return x @ W.T + b
    weights = dropout_layer(W.expand(len(x), *W.shape), rate, generator)
    return torch.einsum("noi,ni->no", weights, x) + b
    ### END SOLUTION


# %%
print(dropconnect(torch.ones(3, 4), torch.ones(2, 4), torch.zeros(2), 0.5, torch.Generator().manual_seed(0)))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "dropconnect_check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check(dropconnect)

# %% [markdown]
# Two outputs of one layer see the same inputs. When an input is dropped, both lose it; when a weight is dropped, only
# one does. So the noise of dropout is shared between outputs and that of DropConnect is not:

# %%
x = torch.tensor([1.0, -2.0, 0.5, 1.5]).expand(4000, 4)
W, b = torch.tensor([[0.5, 1.0, -1.0, 0.7], [2.0, 0.8, 0.7, -0.3]]), torch.zeros(2)
generator = torch.Generator().manual_seed(3)
noisy = {
    "dropout of x": dropout_layer(x, 0.3, generator) @ W.T + b,
    "DropConnect": dropconnect(x, W, b, 0.3, generator),
}
fig, axes = plt.subplots(1, 2, figsize=(7, 3.2), sharex=True, sharey=True)
for ax, (name, u) in zip(axes, noisy.items(), strict=True):
    jitter = 0.05 * torch.randn(u.shape, generator=generator)
    ax.plot(*(u + jitter).T, ".", markersize=2, alpha=0.3)
    ax.set(title=f"{name}: correlation {torch.corrcoef(u.T)[0, 1]:.2f}", xlabel="output 1", ylabel="output 2")

# %% [markdown]
# **Think.** The variance of an output is $(p/q) \sum_j W_{oj}^2 x_j^2$ in both cases. Why is the correlation between
# outputs zero for DropConnect, and what is it for dropout?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# In DropConnect every weight has a coin of its own, so two outputs share no randomness. In dropout all outputs see the
# same dropped inputs: the covariance of outputs $o$ and $o'$ is $\frac{p}{q}\sum_j W_{oj} W_{o'j}\, x_j^2$, and the
# correlation is that divided by both standard deviations.
#
# </details>

# %% [markdown]
# ## 6. How much weight decay is too much?
#
# SGD with weight decay adds $\lambda w$ to the gradient. Where the loss is flat, so that the gradient is zero, a step
# is $w \leftarrow w - \eta \lambda w$, and after $t$ steps
#
# $$ w_t = w_0\, (1 - \eta \lambda)^t . $$
#
# A published exercise used $\lambda = 0.5$ with $\eta = 0.1$ over 2,350 steps, found an accuracy of .1 with and without
# dropout, and concluded that weight decay does not help. Compute what was left of its weights. For $\eta\lambda > 1$
# the factor is negative, and the weight changes its sign at every step.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "weight_after_decay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def weight_after_decay(w0, lr, weight_decay, steps):
    """Return a weight after steps of SGD with weight decay and zero gradient.

    Args:
        w0: the weight at the start, a float.
        lr: learning rate, a float; lr * weight_decay may be larger than 1.
        weight_decay: what SGD multiplies the weight with before it adds it to the gradient, a float.
        steps: number of steps, a non-negative int.

    Returns:
        The weight, a float.
    """
    ### BEGIN SOLUTION
    return w0 * (1 - lr * weight_decay) ** steps
    ### END SOLUTION


# %%
print("left of a weight of 1:", weight_after_decay(1.0, 0.1, 0.5, 2350))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "weight_after_decay_check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(weight_after_decay)

# %% [markdown]
# Each decay has a half-life, and it is short next to 2,350 steps unless the decay is small:

# %% [markdown]
# **Guess.** How much of a weight of 1 is left after 2,350 steps with the mild decay of 0.001? Write a number down
# before you run the figure, which draws it in.

# %%
guess = ...

# %%
steps = np.arange(0, 2351, 10)
fig, ax = plt.subplots(figsize=(6, 3))
for decay in (0.5, 1e-1, 1e-2, 1e-3, 1e-4):
    ax.semilogy(steps, [weight_after_decay(1.0, 0.1, decay, int(t)) for t in steps], label=f"{decay:g}")
if guess is not ...:
    ax.plot(2350, guess, "k*", markersize=12, label="your guess")
ax.set(xlabel="steps at learning rate 0.1", ylabel="share of the weight", ylim=(1e-10, 2))
ax.legend(title="weight decay", loc="lower right")
plt.show()

# %% [markdown]
# **Think.** In a real network the gradient is not zero. It pushes back. Which loss does a ten-class network have whose
# weights are all zero, and what is its gradient with respect to the first layer's weights?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# $\ln 10 \approx 2.303$: all logits are equal. The gradient of the first layer goes through the later weights, which
# are 0, so it is 0 as well, and such a network does not come back.
#
# </details>

# %% [markdown]
# ## 7. Challenge: look inside without touching
#
# What does dropout do to the activations of a network? Take an activation with mean $\mu$ and variance $v$ over the
# data; after inverted dropout its variance is
#
# $$ \frac{v}{q} + \frac{p}{q}\, \mu^2, $$
#
# and behind a ReLU $\mu$ is 0 only for a unit that is never active. To see it in any model you need the outputs of modules in the middle of it. A
# *forward hook* is a function that PyTorch calls after a module's `forward`, with the module, its inputs and its
# output:
#
# ```python
# handle = module.register_forward_hook(lambda module, inputs, output: print(output.shape))
# ...
# handle.remove()
# ```
#
# The variance asked for is that of **a unit over the batch**: for each unit (each position after axis 0) the biased
# variance over axis 0, and then the mean of these over all units. A variance over the units of one example, or over
# everything at once, mixes in how units differ in their means, which is another question.
#
# The rules of a good guest:
#
# - the model is measured in the mode it is in, part by part, and is left in it;
# - your hooks are gone afterwards, and other people's are still there;
# - weights are as before, **and running statistics too**: in training mode a forward pass moves BatchNorm's buffers.
#   Put them back, or measure a copy (`copy.deepcopy`).
#
# Every instance of `nn.ReLU` and `nn.Dropout` gets an entry, under its name in `model.named_modules()`; when a module
# is called twice in one pass, the last call counts.
#
# <details><summary>Hint 1</summary>
#
# A function made in a loop sees the loop's last variable. Make your hooks in a function of their own that takes the
# name, or use `lambda module, inputs, output, name=name: ...`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `var` of a tensor takes the axis as `dim`, and divides by the number less one unless told `unbiased=False`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `model.state_dict()` holds references, not copies. Clone each tensor before the pass, and `load_state_dict`
# afterwards; or copy the whole model.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "activation_variances", "locked": false, "schema_version": 3, "solution": true, "task": false}
def activation_variances(model, X):
    """Measure how much the activations of a model vary over a batch.

    Args:
        model: nn.Module; it is left exactly as it was.
        X: a batch that the model takes, axis 0 over examples.

    Returns:
        dict from the name of every nn.ReLU and nn.Dropout (as in named_modules) to a float: the mean over units of the
        biased variance over the batch, in the model's current mode.
    """
    ### BEGIN SOLUTION
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    variances, handles = {}, []

    def remember(name, output):
        variances[name] = output.var(dim=0, unbiased=False).mean().item()

    for name, module in model.named_modules():
        if isinstance(module, (nn.ReLU, nn.Dropout)):
            hook = module.register_forward_hook(lambda _module, _inputs, output, name=name: remember(name, output))
            handles.append(hook)
    try:
        with torch.no_grad():
            model(X)
    finally:
        for handle in handles:
            handle.remove()
        model.load_state_dict(state)
    return variances
    ### END SOLUTION


# %%
def perceptron(rate):
    """The network of exercise 2 with modules that can be watched."""
    layers = [nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Dropout(rate)]
    return nn.Sequential(*layers, nn.Linear(64, 64), nn.ReLU(), nn.Dropout(rate), nn.Linear(64, 10))


torch.manual_seed(0)
watched = perceptron(0.3)
X = test_images.float() / 255
print(activation_variances(watched, X))

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "activation_variances_check", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false}
check(activation_variances)

# %% [markdown]
# Train it, and watch. In training mode the two modules behind each other differ by what dropout adds; the formula needs
# only the means and variances of the units, which the ReLU in eval mode shows. In eval mode dropout does nothing:

# %%
rates = [0.0, 0.2, 0.4, 0.6]
ratios = {}
for rate in rates:
    torch.manual_seed(1)
    watched = train(perceptron(rate), epochs=4)
    torch.manual_seed(2)
    variances = activation_variances(watched, X)
    h = watched[:3](X).detach()
    theory = ((h.var(0) + rate * h.mean(0) ** 2) / (1 - rate)).mean() / h.var(0).mean()
    ratios[rate] = variances["3"] / variances["2"], variances["6"] / variances["5"], theory
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(rates, [theory for _, _, theory in ratios.values()], color="gray", label="theory, layer 1")
ax.plot(rates, [first for first, _, _ in ratios.values()], "o", label="layer 1")
ax.plot(rates, [second for _, second, _ in ratios.values()], "s", label="layer 2")
ax.set(xlabel="rate", ylabel="variance after over before dropout")
ax.legend()
plt.show()

# %% [markdown]
# **Think.** The next layer is trained on the larger variance and meets the smaller one in eval mode, although the means
# agree. Which kind of layer would be disturbed by that, and where would you put dropout to avoid it?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# BatchNorm, which remembers a variance from training and divides by it in eval mode. Put dropout behind the last
# BatchNorm, or just before the output layer.
#
# </details>

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. Go on with [BatchNorm by hand](../batchnorm/batchnorm.ipynb), whose layer is disturbed by
# the variances that you measured last, or with [Noise lab](../noise_lab/noise_lab.ipynb), in which you invent a noise
# of your own.
#
# In the book, [Rates, depth and epochs](../../book/pytorch/rates-depth-epochs.md), [Dropout with weight
# decay](../../book/pytorch/weight-decay.md), [Why is eval worse?](../../book/wild/eval-worse.md) and [What eval()
# cannot reach](../../book/wild/eval-cannot-reach.md) go further.
