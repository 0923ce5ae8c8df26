"""Data sets: the published files where the folder COURSE_DATA has them, embedded or generated ones otherwise."""

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursebook import generated

FASHION_MNIST = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
IDX_MAGIC = {2051: 3, 2049: 1}  # magic number of unsigned bytes -> number of dimensions

used: list[str] = []  # labels of the data sets this page has loaded, for its footer


@dataclass(frozen=True)
class Split:
    """Training and test data, and a label that says which data they are."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    label: str

    def __post_init__(self) -> None:
        used.append(self.label)


@dataclass(frozen=True)
class Regression:
    """Inputs (n, d), targets (n,), and the row numbers (training, test) of each of its splits."""

    x: np.ndarray
    y: np.ndarray
    splits: list[tuple[np.ndarray, np.ndarray]]
    label: str

    def __post_init__(self) -> None:
        used.append(self.label)


def folder(name: str) -> Path | None:
    """Return the folder of a data set inside COURSE_DATA, or None where there is none."""
    root = os.environ.get("COURSE_DATA")
    path = Path(root, name) if root else None
    return path if path and path.is_dir() else None


def digits() -> Split:
    """Return scikit-learn's embedded digits: images (n, 8, 8) uint8 scaled to 0-255, labels (n,), a third for test."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    order = np.random.default_rng(0).permutation(len(images))
    test, train = order[: len(order) // 3], order[len(order) // 3 :]
    return Split(images[train], labels[train], images[test], labels[test], _sizes("digits", train, test))


def fashion_mnist() -> Split:
    """Return Fashion-MNIST images (n, 28, 28) uint8 and labels (n,) from COURSE_DATA, or `generated.warped_digits`."""
    path = folder("fashion-mnist")
    if path is None:
        x_train, y_train, x_test, y_test = generated.warped_digits()
        return Split(x_train, y_train, x_test, y_test, _sizes("warped digits", x_train, x_test))
    x_train, y_train, x_test, y_test = (read_idx(path / f"{name}-ubyte.gz") for name in FASHION_MNIST)
    return Split(x_train, y_train, x_test, y_test, _sizes("Fashion-MNIST", x_train, x_test))


def imdb() -> Split:
    """Return reviews as lists of word indices (object arrays) and labels 0 or 1 from COURSE_DATA, or generated ones."""
    path = folder("imdb")
    if path is None:
        x_train, y_train, x_test, y_test = generated.reviews()
        return Split(x_train, y_train, x_test, y_test, _sizes("synthetic reviews", x_train, x_test))
    # Keras publishes lists of lists, which NumPy can only store pickled; the folder is the reader's own.
    with np.load(path / "imdb.npz", allow_pickle=True) as file:
        x_train, y_train, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    return Split(x_train, y_train, x_test, y_test, _sizes("IMDB reviews", x_train, x_test))


def uci(name: str) -> Regression:
    """Return a UCI regression set with its published splits from COURSE_DATA, or `generated.friedman` with random ones.

    Args:
        name: "yacht", "concrete", "energy" or "wine-quality-red".

    Source of the splits: Gal and Ghahramani (2016).
    """
    path = folder(f"uci/{name}")
    if path is None:
        x, y = generated.friedman()
        return Regression(x, y, random_splits(len(y)), f"Friedman's first problem ({len(y):,} rows)")
    table = np.loadtxt(path / "data.txt")
    features, target, n_splits = (_indices(path, name) for name in ("index_features", "index_target", "n_splits"))
    splits = [(_indices(path, f"index_train_{i}"), _indices(path, f"index_test_{i}")) for i in range(n_splits[0])]
    return Regression(table[:, features], table[:, target[0]], splits, f"UCI {name} ({len(table):,} rows)")


def random_splits(n: int, count: int = 20) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return row numbers for training and for test, a tenth of the rows, of several random splits."""
    orders = [np.random.default_rng(seed).permutation(n) for seed in range(count)]
    return [(order[n // 10 :], order[: n // 10]) for order in orders]


def read_idx(path: Path) -> np.ndarray:
    """Read a gzip IDX file of unsigned bytes; a wrong magic number or length raises ValueError.

    Source: http://yann.lecun.com/exdb/mnist, the format's description.
    """
    raw = gzip.decompress(path.read_bytes())
    ndim = IDX_MAGIC.get(int.from_bytes(raw[:4], "big"))
    if ndim is None:
        raise ValueError(f"{path.name} is not an IDX file of unsigned bytes")
    shape = np.frombuffer(raw, ">i4", ndim, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def _indices(path: Path, name: str) -> np.ndarray:
    return np.loadtxt(path / f"{name}.txt", dtype=int, ndmin=1)


def _sizes(name: str, train: np.ndarray, test: np.ndarray) -> str:
    return f"{name} ({len(train):,} for training, {len(test):,} for test)"
