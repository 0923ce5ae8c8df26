# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Pooling, and where the parameters go
#
# A convolutional net that classifies small pictures may have half a million parameters, and nearly all of them may sit in
# one dense layer that nobody thinks about. Pooling is what keeps that layer small. In this notebook you write max and average
# pooling, count the parameters and the work of a net by hand, and find out where the gradient of a maximum goes.
#
# **Before this.** Read [Pooling, and where the parameters go](../../book/keras/pooling.md) (30 minutes). You know NumPy
# arrays and their shapes, and what a convolution does.
#
# **Time.** 3 to 4 hours.
#
# **How to work.** Replace each `raise NotImplementedError()` with your answer and run the `check` below it as often as you
# like. It asks your function with new inputs every time, says which requirement holds and which does not, and recognizes
# many common mistakes by name. Everything is NumPy.
#
# **Images** are arrays of shape `(n, h, w, c)`: examples, rows, columns, channels, as in Keras.

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "start", "locked": true, "schema_version": 3, "solution": false, "task": false}
from autograder import begin

begin("pooling", needs="matplotlib numpy")

# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import matplotlib.pyplot as plt
import numpy as np

from autograder import check, check_gradient

# %matplotlib inline

# %% [markdown]
# ## 1. Max pooling
#
# Lay a square window of `size` by `size` pixels on the upper left corner of an image and keep the largest entry under it. Move
# the window to the right by `stride` pixels, and again, as long as it lies wholly inside the image; then start over `stride`
# rows further down. With $s$ for the size and $t$ for the stride,
#
# $$ y_{n,i,j,c} = \max_{0 \le a, b < s}\; x_{n,\; i t + a,\; j t + b,\; c}, \qquad
#    h' = \left\lfloor \frac{h - s}{t} \right\rfloor + 1 \text{ rows, and likewise columns.} $$
#
# - Size and stride are two numbers. They are often equal, so that the windows lie side by side, but a smaller stride makes them
#   overlap, and a larger one leaves gaps.
# - Rows and columns that are left over at the right and at the bottom are dropped. This is called *valid* pooling. Nothing is
#   padded: a border of zeros would win against negative entries.
# - Every image and **every channel** is pooled for itself. A channel is a feature of its own, and their number stays.
# - A size or stride below 1, a size larger than the image, and an `x` without four dimensions raise `ValueError`.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.max_pool2d` is refused.
#
# <details><summary>Hint 1</summary>
#
# Two loops over `i` and `j` are fine. `x[:, top : top + size, left : left + size]` is a window of all images and channels at once.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `.max(axis=(1, 2))` of a window has shape `(n, c)`: one output pixel.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "max_pool2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
def max_pool2d(x, size, stride):
    """Take the maximum of every window, channel by channel.

    Args:
        x: images, float array of shape (n, h, w, c), or ValueError.
        size: side of the window, a positive int, at most h and at most w, or ValueError.
        stride: distance between windows, a positive int, or ValueError.

    Returns:
        y: shape (n, (h - size) // stride + 1, (w - size) // stride + 1, c), dtype of x.
    """
    ### BEGIN SOLUTION
    if x.ndim != 4:
        raise ValueError(f"x must have shape (n, h, w, c), got {x.shape}")
    if size < 1 or stride < 1:
        raise ValueError(f"size and stride must be positive, got {size} and {stride}")
    n, h, w, c = x.shape
    if size > h or size > w:
        raise ValueError(f"size {size} is larger than the image, {h} by {w}")
    y = np.empty((n, (h - size) // stride + 1, (w - size) // stride + 1, c), dtype=x.dtype)
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            window = x[:, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, i, j] = window.max(axis=(1, 2))
    return y
    ### END SOLUTION


# %%
x = np.arange(20.0).reshape(1, 4, 5, 1)
print(x[0, :, :, 0])
print(max_pool2d(x, 2, 2)[0, :, :, 0], "side by side: a column is left over")
print(max_pool2d(x, 3, 1)[0, :, :, 0], "overlapping")

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "max_pool2d_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(max_pool2d)

# %% [markdown]
# Pooling is said to make a net indifferent to small shifts. Partly: put a bright pixel somewhere, move it by one pixel to the
# right, and look at whether the pooled image changes.


# %%
def pixel(column):
    image = np.zeros((1, 8, 8, 1))
    image[0, 4, column, 0] = 1
    return image


for size in (2, 4):
    unmoved = [np.array_equal(max_pool2d(pixel(j), size, size), max_pool2d(pixel(j + 1), size, size)) for j in range(7)]
    print(
        f"size {size}: a move from column j to j + 1 is not seen for j =", [j for j, same in enumerate(unmoved) if same]
    )

# %% [markdown]
# **Think.** Which share of moves goes unseen at size $s$? Which moves by *two* pixels can go unseen?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# A move from one column to the next goes unseen when both lie in the same window: $s - 1$ of every $s$ moves. A move by
# two pixels goes unseen when both ends lie in one window, which takes a size of at least 3.
#
# </details>

# %% [markdown]
# **Experiment.** Is it good for anything? Ten sparse patterns of 16 by 16 pixels are to be recognized in noise after
# they have been moved by up to two pixels, by the largest correlation with the patterns as they were. With your
# `max_pool2d` before the comparison and without it, five seeds:


# %%
def recognized(size, shift, seed):
    draw = np.random.default_rng(seed)
    patterns = (draw.random((10, 16, 16, 1)) < 0.1).astype(float)
    labels = draw.integers(0, 10, 300)
    moves = draw.integers(-shift, shift + 1, (300, 2))
    images = np.stack([np.roll(patterns[label], move, (0, 1)) for label, move in zip(labels, moves, strict=True)])
    images += draw.normal(0, 0.3, images.shape)
    seen, known = (max_pool2d(x, size, size).reshape(len(x), -1) for x in (images, patterns))
    seen, known = (x - x.mean(axis=1, keepdims=True) for x in (seen, known))
    return ((seen @ known.T / np.linalg.norm(known, axis=1)).argmax(axis=1) == labels).mean()


shifts = [0, 1, 2]
fig, ax = plt.subplots(figsize=(6, 3))
for size, name in ((1, "without pooling"), (2, "windows of 2 by 2")):
    shares = np.array([[recognized(size, shift, seed) for seed in range(5)] for shift in shifts])
    ax.errorbar(shifts, shares.mean(axis=1), shares.std(axis=1, ddof=1) / np.sqrt(5), fmt="o-", capsize=4, label=name)
ax.axhline(0.1, color="gray", linestyle=":", label="chance")
ax.set(xlabel="moved by up to, in pixels", ylabel="share recognized", title="five seeds, bars of one standard error")
ax.legend()
plt.show()

# %% [markdown]
# ## 2. Average pooling
#
# The same windows, and the mean in place of the maximum:
#
# $$ y_{n,i,j,c} = \frac{1}{s^2} \sum_{0 \le a, b < s} x_{n,\; i t + a,\; j t + b,\; c}. $$
#
# A window has $s^2$ entries, however far away the next one is, and an image with the same value everywhere keeps this value.
# Again nothing is padded: zeros that were counted would darken the border.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.avg_pool2d` is refused.


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "average_pool2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
def average_pool2d(x, size, stride):
    """Take the mean of every window, channel by channel.

    Args:
        x: images, float array of shape (n, h, w, c), or ValueError.
        size: side of the window, a positive int, at most h and at most w, or ValueError.
        stride: distance between windows, a positive int, or ValueError.

    Returns:
        y: means, with the shape and dtype that max_pool2d returns.
    """
    ### BEGIN SOLUTION
    if x.ndim != 4:
        raise ValueError(f"x must have shape (n, h, w, c), got {x.shape}")
    if size < 1 or stride < 1:
        raise ValueError(f"size and stride must be positive, got {size} and {stride}")
    n, h, w, c = x.shape
    if size > h or size > w:
        raise ValueError(f"size {size} is larger than the image, {h} by {w}")
    y = np.empty((n, (h - size) // stride + 1, (w - size) // stride + 1, c), dtype=x.dtype)
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            window = x[:, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, i, j] = window.mean(axis=(1, 2))
    return y
    ### END SOLUTION


# %%
print(average_pool2d(x, 2, 2)[0, :, :, 0])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "average_pool2d_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(average_pool2d)

# %% [markdown]
# What survives? A picture of rings that get finer toward the border, with some specks of noise, pooled both ways:

# %%
rows, columns = np.mgrid[-1:1:96j, -1:1:96j]
rings = np.cos(40 * (rows**2 + columns**2))
rings[np.random.default_rng(0).random(rings.shape) < 0.02] = 2
picture = rings[None, :, :, None]
fig, axes = plt.subplots(1, 3, figsize=(8, 3))
for ax, (title, image) in zip(
    axes,
    {
        "picture": picture,
        "max, 4 by 4": max_pool2d(picture, 4, 4),
        "average, 4 by 4": average_pool2d(picture, 4, 4),
    }.items(),
    strict=True,
):
    ax.imshow(image[0, :, :, 0], cmap="gray", vmin=-1, vmax=2)
    ax.set(title=title, xticks=[], yticks=[])

# %% [markdown]
# **Think.** Which of the two would you rather have after a layer that looks for a *rare* pattern, and which after one that measures
# how *much* of a texture there is?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# The maximum for the rare pattern: one strong answer anywhere is enough. The average for the texture: it counts how
# much there is, and one pixel decides nothing.
#
# </details>

# %% [markdown]
# ## 3. Where the parameters are
#
# Count the trainable parameters of a net that is a chain of layers, each written as a tuple:
#
# | layer | what it makes of the shape | parameters |
# |---|---|---|
# | `("conv", f, k)` | $(h, w, c) \to (h - k + 1,\, w - k + 1,\, f)$ | $f$ filters with $k^2 c$ weights and a bias each |
# | `("pool", s)` | $(h, w, c) \to (\lfloor h/s \rfloor,\, \lfloor w/s \rfloor,\, c)$ | none |
# | `("flatten",)` | $(h, w, c) \to (h\,w\,c,)$ | none |
# | `("dense", u)` | $(d,) \to (u,)$ | $u$ units with $d$ weights and a bias each |
# | `("dropout", rate)` | unchanged | none |
#
# Convolutions are valid with stride 1, so each side loses $k - 1$ pixels; with *same* padding they would keep their size, and the
# dense layer would be larger. A filter looks at **all** channels of its input. A pool moves by its own size.
#
# `input_shape` is `(h, w, c)` or `(d,)`. Layers that cannot be applied raise `ValueError`: a dense layer on an image that was not
# flattened, a convolution or a pool on a vector, a kernel larger than the image, a rate outside $[0, 1]$, an unknown name.
#
# <details><summary>Hint 1</summary>
#
# Keep the current shape in a variable and walk through the layers. The parameters of a layer depend on the shape *before* it.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `kind, *numbers = layer` takes a tuple apart. End your chain of `if` and `elif` with an `else` that raises.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "count_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_parameters(input_shape, layers):
    """Count the trainable parameters of a chain of layers.

    Args:
        input_shape: (h, w, c) or (d,), a tuple of ints, or ValueError.
        layers: a list of tuples as in the table; anything else raises ValueError.

    Returns:
        The number of parameters, an int.
    """
    ### BEGIN SOLUTION
    shape, total = tuple(input_shape), 0
    if len(shape) not in (1, 3):
        raise ValueError(f"input_shape must be (h, w, c) or (d,), got {shape}")
    for kind, *numbers in layers:
        if kind == "conv" and len(shape) == 3:
            (filters, kernel), (h, w, c) = numbers, shape
            if kernel > h or kernel > w:
                raise ValueError(f"a kernel of {kernel} does not fit an image of shape {shape}")
            total += (kernel**2 * c + 1) * filters
            shape = (h - kernel + 1, w - kernel + 1, filters)
        elif kind == "pool" and len(shape) == 3:
            shape = (shape[0] // numbers[0], shape[1] // numbers[0], shape[2])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "dense" and len(shape) == 1:
            total += (shape[0] + 1) * numbers[0]
            shape = (numbers[0],)
        elif kind != "dropout":
            raise ValueError(f"layers: {kind} cannot be applied to shape {shape}")
        elif not 0 <= numbers[0] <= 1:
            raise ValueError(f"rate must lie in [0, 1], got {numbers[0]}")
    return total
    ### END SOLUTION


# %% [markdown]
# A net for color pictures of 32 by 32 pixels in three classes, without pooling and with a single pool after the first convolution:

# %%
plain = [("conv", 15, 5), ("conv", 60, 5), ("flatten",), ("dense", 16), ("dense", 3)]
pooled = [("conv", 15, 5), ("pool", 2), ("conv", 60, 5), ("flatten",), ("dense", 16), ("dense", 3)]
print(f"{count_parameters((32, 32, 3), plain):,} and {count_parameters((32, 32, 3), pooled):,}")

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "count_parameters_check", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
check(count_parameters)

# %% [markdown]
# One pool of two by two, which has no parameter of its own, removes nearly half a million. From which layer? Add the layers one by one
# and see by how much the count grows:

# %% [markdown]
# **Guess.** The net without pooling has two convolutions and two dense layers. How many parameters has the largest of
# the four? Write a number down before you run the figure, which draws it in.

# %%
guess = ...

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
for ax, (title, layers) in zip(axes, {"without pooling": plain, "with one pool": pooled}.items(), strict=True):
    counts = [count_parameters((32, 32, 3), layers[:depth]) for depth in range(len(layers) + 1)]
    bars = ax.bar(range(len(layers)), np.diff(counts))
    ax.bar_label(bars, [f"{count:,}" for count in np.diff(counts)], fontsize=7)
    ax.set_xticks(range(len(layers)), [layer[0] for layer in layers], rotation=30)
    ax.set(title=title)
if guess is not ...:
    axes[0].axhline(guess, color="black", linestyle="--", label="your guess")
    axes[0].legend()
axes[0].set_ylabel("parameters")
plt.show()

# %% [markdown]
# **Think.** The second convolution has as many parameters in both nets. Why? Where would you put a second pool to save the most?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# A convolution has the same filters at every place, so its number of parameters does not depend on the size of the
# image. A second pool saves most behind the second convolution, in front of the dense layer, which has a weight for
# every pixel and channel that arrives.
#
# </details>

# %% [markdown]
# ## 4. Where the work is
#
# Parameters take memory; multiply-accumulates take time. One of them multiplies a weight with an input and adds the
# product to a sum.
#
# **Find it.** How many does a dense layer of $u$ units on $d$ inputs need, and how many a convolution with $f$ filters
# of $k$ by $k$ on an image with $c$ channels? A convolution applies each filter **at every pixel of its output**.
#
# Biases are added, not multiplied, and comparing the entries of a window multiplies nothing: neither counts. Shapes and
# errors are those of `count_parameters`.
#
# <details><summary>Hint</summary>
#
# How many weights has one filter? How many pixels has its output?
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "count_macs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_macs(input_shape, layers):
    """Count the multiply-accumulates of one forward pass of one example.

    Args:
        input_shape: (h, w, c) or (d,), a tuple of ints, or ValueError.
        layers: a list of tuples as in the table; anything else raises ValueError.

    Returns:
        The number of multiply-accumulates, an int.
    """
    ### BEGIN SOLUTION
    shape, total = tuple(input_shape), 0
    if len(shape) not in (1, 3):
        raise ValueError(f"input_shape must be (h, w, c) or (d,), got {shape}")
    for kind, *numbers in layers:
        if kind == "conv" and len(shape) == 3:
            (filters, kernel), (h, w, c) = numbers, shape
            if kernel > h or kernel > w:
                raise ValueError(f"a kernel of {kernel} does not fit an image of shape {shape}")
            shape = (h - kernel + 1, w - kernel + 1, filters)
            total += int(np.prod(shape)) * kernel**2 * c
        elif kind == "pool" and len(shape) == 3:
            shape = (shape[0] // numbers[0], shape[1] // numbers[0], shape[2])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "dense" and len(shape) == 1:
            total += shape[0] * numbers[0]
            shape = (numbers[0],)
        elif kind != "dropout":
            raise ValueError(f"layers: {kind} cannot be applied to shape {shape}")
        elif not 0 <= numbers[0] <= 1:
            raise ValueError(f"rate must lie in [0, 1], got {numbers[0]}")
    return total
    ### END SOLUTION


# %%
print(f"{count_macs((32, 32, 3), plain):,} and {count_macs((32, 32, 3), pooled):,}")

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "count_macs_check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(count_macs)

# %% [markdown]
# Parameters and work do not live in the same layers:

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3))
for ax, (title, count) in zip(
    axes, {"parameters": count_parameters, "multiply-accumulates": count_macs}.items(), strict=True
):
    totals = [count((32, 32, 3), plain[:depth]) for depth in range(len(plain) + 1)]
    ax.bar(range(len(plain)), 100 * np.diff(totals) / totals[-1])
    ax.set_xticks(range(len(plain)), [layer[0] for layer in plain], rotation=30)
    ax.set(title=f"{totals[-1]:,} {title}", ylabel="percent")
fig.tight_layout()
plt.show()

# %% [markdown]
# **Think.** You must make this net twice as fast without touching the first layer. What do you change? And what if it must be half as
# large?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# For speed, cut the work where it is: pool earlier, so that the second convolution has fewer places, or give it fewer
# filters. For size, cut the dense layer: pool before it, or give it fewer units.
#
# </details>

# %% [markdown]
# ## 5. Challenge: the gradient of a maximum
#
# A small change of $x$ changes the maximum of a window only by way of the entry that *is* the maximum. So each entry of `dy` goes to
# one pixel of `dx`, and every other pixel of its window gets nothing from it. Two cases need care.
#
# - **Overlaps.** With a stride below the size, a pixel may be the maximum of several windows. It influenced all of their outputs, and
#   the chain rule adds: its gradient is the **sum**.
# - **Ties.** After a ReLU many windows are all zeros. A maximum of equal entries has no derivative, and a convention takes its place:
#   the **first** maximum gets all of the gradient, row by row within the window. PyTorch and TensorFlow do the same.
#
# `dy` must have exactly the shape of the output, or `ValueError`.
#
# Write it yourself: an answer that is, or rests on, `torch.nn.functional.max_pool2d` is refused.
#
# <details><summary>Hint 1</summary>
#
# `argmax` returns the first of equal maxima, and a window is read row by row when it is flattened.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `np.unravel_index` turns the number of an entry in the flattened window into its row and its column there. To which
# pixel of the image do they belong?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `dx[rows, columns] += dy` with index arrays keeps only the last of several additions to the same pixel; a loop, or `np.add.at`,
# adds all of them.
#
# </details>


# %% nbgrader={"cell_type": "code", "grade": false, "grade_id": "max_pool2d_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def max_pool2d_backward(dy, x, size, stride):
    """Propagate a gradient through max_pool2d.

    Args:
        dy: gradient of the loss with respect to the output, exactly the output's shape, or ValueError.
        x: the images of the forward pass, shape (n, h, w, c), or ValueError.
        size: side of the window, a positive int, at most h and at most w, or ValueError.
        stride: distance between windows, a positive int, or ValueError.

    Returns:
        dx: gradient with respect to x, the shape of x and the dtype of dy.
    """
    ### BEGIN SOLUTION
    expected = max_pool2d(x, size, stride).shape
    if dy.shape != expected:
        raise ValueError(f"dy must have shape {expected}, got {dy.shape}")
    dx = np.zeros(x.shape, dtype=dy.dtype)
    for n, i, j, c in np.ndindex(*dy.shape):
        window = x[n, i * stride : i * stride + size, j * stride : j * stride + size, c]
        a, b = np.unravel_index(window.argmax(), window.shape)
        dx[n, i * stride + a, j * stride + b, c] += dy[n, i, j, c]
    return dx
    ### END SOLUTION


# %%
x = np.array([[1.0, 0, 0, 0], [0, 0, 0, 0], [2, 1, 3, 3]])[None, :, :, None]
dy = np.ones(max_pool2d(x, 2, 1).shape)
print(max_pool2d_backward(dy, x, 2, 1)[0, :, :, 0])

# %% nbgrader={"cell_type": "code", "grade": true, "grade_id": "max_pool2d_backward_check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check(max_pool2d_backward)

# %%
draw = np.random.default_rng(8)
pixels = draw.permutation(36).reshape(1, 6, 6, 1) / 10  # no two are equal, so that every maximum has a derivative
dy = draw.normal(size=(1, 5, 5, 1))
check_gradient(lambda x: max_pool2d(x, 2, 1), pixels, dy, max_pool2d_backward(dy, pixels, 2, 1))

# %% [markdown]
# **Find the bug.** A short backward pass marks the pixels that equal the maximum. On random numbers it is right.
# Compare the sum of what goes in with the sum of what comes out, on an image behind a ReLU:


# %%
def short_backward(dy, x, size):
    largest = max_pool2d(x, size, size).repeat(size, axis=1).repeat(size, axis=2)
    return (x == largest) * dy.repeat(size, axis=1).repeat(size, axis=2)


behind_relu = np.maximum(np.random.default_rng(9).normal(size=(1, 8, 8, 1)) - 1, 0)
print("in:", 16.0, " out:", short_backward(np.ones((1, 4, 4, 1)), behind_relu, 2).sum())

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# In a window of equal entries, such as four zeros behind a ReLU, all of them equal the maximum, and each gets the whole
# gradient. The sum tells: a maximum passes on exactly what it got.
#
# </details>

# %% [markdown]
# Send a gradient of ones back through the picture of exercise 2. Each pixel then shows how many windows it has won:

# %%
fig, axes = plt.subplots(1, 3, figsize=(8, 3))
axes[0].imshow(picture[0, :, :, 0], cmap="gray", vmin=-1, vmax=2)
axes[0].set(title="picture")
for ax, (size, stride) in zip(axes[1:], ((4, 4), (8, 1)), strict=True):
    ones = np.ones(max_pool2d(picture, size, stride).shape)
    won = max_pool2d_backward(ones, picture, size, stride)
    ax.imshow(won[0, :, :, 0], cmap="gray")
    ax.set(title=f"size {size}, stride {stride}: {100 * (won > 0).mean():.1f} %")
for ax in axes:
    ax.set(xticks=[], yticks=[])

# %% [markdown]
# **Think.** Only the pixels that are not black learn anything from this example. The gradient of *average* pooling reaches all of
# them: what would it look like here, and how large would it be?

# %% [markdown]
# *Your answer:*

# %% [markdown]
# <details><summary>One answer, to open after yours</summary>
#
# Every pixel of a window gets an equal share, $1/s^2$ of the gradient of its output. For windows side by side that is a
# picture of one gray, and where windows overlap the shares add up.
#
# </details>

# %% [markdown]
# ## What comes next
#
# `check()` shows which exercises are left. Before you hand in, choose *Restart Kernel and Run All Cells*: the grade
# is what the checks say then. Go on with [Detective work](../detective/detective.ipynb).
