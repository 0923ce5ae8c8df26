"""Pictures of a submission: drawn where they are to be looked at, and kept only when they are what they claim."""

import io
import struct
import zlib

import numpy as np
import pytest

from autograder.kernels import pictures
from autograder.kernels.inside.pictures import MAX_BYTES, MAX_PICTURES, Pictures
from autograder.kernels.limits import Limits
from autograder.kernels.pictures import Picture, clean, read
from autograder.kernels.session import Cell, CellResult
from autograder.kernels.worker import open_worker

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
FIGURE = """
import matplotlib.pyplot as plt
from IPython.display import SVG, display
print("before")
plt.plot([0, 1])
plt.show()
display(SVG("<svg xmlns='http://www.w3.org/2000/svg'></svg>"))
display("text")
"""


def png(width: int = 1, height: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rest = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return pictures.PNG + chunk(b"IHDR", header) + rest


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("image/png", png()),
        ("image/png", png(8000, 8000)),
        ("image/svg+xml", SVG),
        (
            "image/svg+xml",
            b'<?xml version="1.0"?>\n<!-- drawn --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN">\n<svg >',
        ),
    ],
)
def test_pictures_are_kept(kind: str, data: bytes) -> None:
    assert clean(kind, data) == Picture(kind, data)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("image/png", b""),
        ("image/png", png()[:-1] + b"<"),
        ("image/png", png(8001, 1)),
        ("image/png", png(0, 1)),
        ("image/png", SVG),
        ("image/svg+xml", png()),
        ("image/svg+xml", b"<html><svg></svg>"),
        ("image/svg+xml", b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'),
        ("image/svg+xml", b"<!-- x -->" * 20_000 + b"<div>"),
        ("image/svg+xml", SVG + b" " * pictures.MAX_BYTES),
        ("image/jpeg", b"\xff\xd8\xff"),
        ("text/html", b"<svg>"),
        (None, b""),
    ],
)
def test_what_only_claims_to_be_one_is_not(kind: object, data: bytes) -> None:
    assert clean(kind, data) is None


@pytest.mark.parametrize(
    "tree",
    [None, 7, "x", {}, [None], [{"kind": "image/png"}], [{"kind": 1, "data": np.zeros(3, np.uint8)}],
     [{"kind": "image/png", "data": np.zeros(3)}], [{"kind": "image/png", "data": "text"}]],
)  # fmt: skip
def test_a_reply_that_holds_none_is_no_harm(tree: object) -> None:
    assert read(tree) == ()


def test_there_is_a_bound_on_how_many_and_how_large() -> None:
    small = {"kind": "image/svg+xml", "data": np.frombuffer(SVG, np.uint8)}
    assert len(read([small] * 100)) == pictures.MAX_PICTURES
    large = np.frombuffer(SVG + b" " * (pictures.MAX_BYTES // 2), np.uint8)
    assert len(read([{"kind": "image/svg+xml", "data": large}] * 3)) == 1


def test_the_cell_itself_is_bounded_too() -> None:
    found = Pictures()
    for _ in range(2 * MAX_PICTURES):
        assert found.keep({"image/svg+xml": SVG})
    assert len(found.shown) == MAX_PICTURES
    large = Pictures()
    assert large.keep({"image/png": b"x" * (MAX_BYTES + 1)})
    assert large.shown == []
    assert not large.keep({"text/plain": "x"})


@pytest.fixture(scope="module")
def results() -> dict[bool, CellResult]:
    """Run a cell that shows figures, with somebody to look at it and without."""
    worker = open_worker("auto", heavy=False)
    try:
        with worker.session(Limits()) as session:
            return {seen: session.run([Cell("a", FIGURE, "a", is_shown=seen)])[0] for seen in (False, True)}
    finally:
        worker.close()


def test_figures_are_drawn_only_where_somebody_looks(results: dict[bool, CellResult]) -> None:
    assert results[False].pictures == ()
    assert "<Figure size" in results[False].output
    assert [picture.kind for picture in results[True].pictures] == ["image/png", "image/svg+xml"]
    assert results[True].output == "before\n'text'\n"


def test_a_figure_is_a_picture(results: dict[bool, CellResult]) -> None:
    from matplotlib.image import imread

    assert min(imread(io.BytesIO(results[True].pictures[0].data)).shape[:2]) > 300
