"""Data sets: the published files where the folder COURSE_DATA has them, embedded stand-ins otherwise.

Nothing here touches the network except the two functions whose names begin with ``download``.
"""

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FASHION_MNIST_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
FASHION_MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
IMDB_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
IMDB_FILES = {"imdb.npz": "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"}

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
    """Return Fashion-MNIST images (n, 28, 28) uint8 and labels (n,) uint8 from COURSE_DATA, or `digits`."""
    path = folder("fashion-mnist")
    if path is None:
        return digits()
    x_train, y_train, x_test, y_test = (read_idx(path / name) for name in FASHION_MNIST_FILES)
    return Split(x_train, y_train, x_test, y_test, _sizes("Fashion-MNIST", x_train, x_test))


def imdb() -> Split:
    """Return reviews as lists of word indices (object arrays) and labels 0 or 1 from COURSE_DATA, or synthetic ones."""
    path = folder("imdb")
    if path is None:
        return synthetic_reviews()
    # Keras publishes lists of lists, which NumPy can only store pickled; the folder is the reader's own.
    with np.load(path / "imdb.npz", allow_pickle=True) as file:
        x_train, y_train, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    return Split(x_train, y_train, x_test, y_test, _sizes("IMDB reviews", x_train, x_test))


def synthetic_reviews(n_train: int = 3000, n_test: int = 1000, words: int = 500) -> Split:
    """Draw word lists from two vocabularies that overlap as much as those of good and bad reviews do."""
    rng = np.random.default_rng(0)
    common = 1 / np.arange(1, words + 1)
    tilt = np.exp(0.35 * rng.standard_normal(words))
    chances = np.stack([common / tilt, common * tilt])
    chances /= chances.sum(axis=1, keepdims=True)
    labels = rng.integers(0, 2, n_train + n_test)
    lengths = rng.integers(30, 120, len(labels))
    reviews = np.empty(len(labels), dtype=object)
    reviews[:] = [rng.choice(words, n, p=chances[y]).tolist() for y, n in zip(labels, lengths, strict=True)]
    train, test = np.split(np.arange(len(labels)), [n_train])
    label = _sizes("synthetic reviews", train, test)
    return Split(reviews[train], labels[train], reviews[test], labels[test], label)


def uci(name: str) -> Regression:
    """Return a UCI regression set with its published splits from COURSE_DATA, or scikit-learn's diabetes data.

    Args:
        name: "yacht", "concrete", "energy" or "wine-quality-red".

    Source of the splits: Gal and Ghahramani (2016).
    """
    path = folder(f"uci/{name}")
    if path is None:
        return diabetes()
    table = np.loadtxt(path / "data.txt")
    features, target, n_splits = (_indices(path, name) for name in ("index_features", "index_target", "n_splits"))
    splits = [(_indices(path, f"index_train_{i}"), _indices(path, f"index_test_{i}")) for i in range(n_splits[0])]
    return Regression(table[:, features], table[:, target[0]], splits, f"UCI {name} ({len(table):,} rows)")


def diabetes(n_splits: int = 20) -> Regression:
    """Return scikit-learn's embedded diabetes data with random splits, a tenth of the rows for test."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    orders = [np.random.default_rng(seed).permutation(len(y)) for seed in range(n_splits)]
    splits = [(order[len(y) // 10 :], order[: len(y) // 10]) for order in orders]
    return Regression(x, y, splits, f"scikit-learn's diabetes data ({len(y):,} rows)")


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


def download_fashion_mnist(into: str | Path) -> Path:
    """Download the four published files, 30 MB, into a folder for COURSE_DATA; a wrong checksum raises ValueError."""
    return _download(FASHION_MNIST_URL, FASHION_MNIST_FILES, Path(into, "fashion-mnist"))


def download_imdb(into: str | Path) -> Path:
    """Download imdb.npz as Keras ships it, 17 MB, into a folder for COURSE_DATA; a wrong checksum raises ValueError."""
    return _download(IMDB_URL, IMDB_FILES, Path(into, "imdb"))


def _indices(path: Path, name: str) -> np.ndarray:
    return np.loadtxt(path / f"{name}.txt", dtype=int, ndmin=1)


def _download(url: str, registry: dict[str, str], path: Path) -> Path:
    import pooch

    files = pooch.create(path=path, base_url=url, registry=registry)
    for name in registry:
        files.fetch(name)
    return path


def _sizes(name: str, train: np.ndarray, test: np.ndarray) -> str:
    return f"{name} ({len(train):,} for training, {len(test):,} for test)"
