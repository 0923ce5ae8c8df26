"""The published data sets in the folder COURSE_DATA are read where pages ask for them."""

import pytest
from coursebook import fashion_mnist, imdb, uci

pytestmark = pytest.mark.real_data


def test_every_loader_reads_the_published_files() -> None:
    labels = [fashion_mnist().label, imdb().label, uci("yacht").label]
    for label, name in zip(labels, ["Fashion-MNIST (", "IMDB reviews (", "UCI yacht ("], strict=True):
        assert label.startswith(name)
