"""Data that need no network: drawn by published recipes, with a floor of the error that is known.

`warped_digits` stands in for Fashion-MNIST, `reviews` for IMDB and `friedman` for the regression sets of UCI.
"""

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

SIZE = 12  # pixels to a side
RELABELED = 0.1  # share of the digits whose label is drawn anew, from all ten
# What no reader of these digits can beat on average: accuracy, and loss in nats.
ACCURACY_CEILING = 1 - RELABELED * 0.9
LOSS_FLOOR = -(ACCURACY_CEILING * np.log(ACCURACY_CEILING) + RELABELED * 0.9 * np.log(RELABELED / 10))


def warped_digits(n_train: int = 2000, n_test: int = 1000) -> Arrays:
    """Return images (n, 12, 12) uint8 of scikit-learn's digits, warped and noisy, and labels (n,), some of them wrong.

    Each is a digit, enlarged from 8 to 12 pixels, turned by up to 10 degrees, moved by up to half a pixel and resized
    by up to a tenth (affine distortions as in Simard, Steinkraus and Platt, 2003), with 0.7 to 1 times its contrast and
    normal noise of 30 gray levels; no digit serves for training and for test. A tenth of the labels, in both parts, is
    drawn anew from all ten (random classification noise, Angluin and Laird, 1988). So an accuracy above 0.91 or a loss
    below 0.500 nats is luck, and a network that learns its labels by heart learns nonsense.
    """
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(0)
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8) * (255 / 16)
    test, train = np.split(rng.permutation(len(images)), [len(images) // 3])
    x_train, y_train = _warped(images[train], labels[train], n_train, rng)
    x_test, y_test = _warped(images[test], labels[test], n_test, rng)
    return x_train, y_train, x_test, y_test


def _warped(images: np.ndarray, labels: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    from scipy.ndimage import map_coordinates

    rows = rng.integers(len(images), size=n)
    angle, zoom = np.deg2rad(rng.uniform(-10, 10, n)), (8 / SIZE) * rng.uniform(0.9, 1.1, n)
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    grid = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2
    places = np.einsum("abn,bij->anij", turn, grid) + (3.5 + rng.uniform(-0.5, 0.5, (2, n)))[..., None, None]
    planes = np.broadcast_to(rows[:, None, None], places.shape[1:])
    bright = map_coordinates(images, [planes, *places], order=1)
    gray = bright * rng.uniform(0.7, 1, (n, 1, 1)) + rng.normal(0, 30, bright.shape)
    anew = rng.random(n) < RELABELED
    return gray.clip(0, 255).astype(np.uint8), np.where(anew, rng.integers(10, size=n), labels[rows])


def reviews(n_train: int = 3000, n_test: int = 1000, words: int = 500) -> Arrays:
    """Draw word lists from two vocabularies that overlap as much as those of good and bad reviews do."""
    rng = np.random.default_rng(0)
    common = 1 / np.arange(1, words + 1)
    tilt = np.exp(0.35 * rng.standard_normal(words))
    chances = np.stack([common / tilt, common * tilt])
    chances /= chances.sum(axis=1, keepdims=True)
    labels = rng.integers(0, 2, n_train + n_test)
    lengths = rng.integers(30, 120, len(labels))
    drawn = np.empty(len(labels), dtype=object)
    drawn[:] = [rng.choice(words, n, p=chances[y]).tolist() for y, n in zip(labels, lengths, strict=True)]
    return drawn[:n_train], labels[:n_train], drawn[n_train:], labels[n_train:]


def friedman(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (n, 10) and targets (n,) of Friedman's first problem (1991), with noise of standard deviation 1.

    Five inputs matter, two of them only as a product inside a sine, and no prediction has an expected RMSE below 1.
    """
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(n, noise=1.0, random_state=0)
    return x, y
