import contextlib
import json
import math
import pickle
import struct

import numpy as np
import pytest

from autograder.kernels.inside import wire
from autograder.kernels.inside.wire import WireError, decode, encode


def payload(packed, *blobs: bytes) -> bytes:
    text = packed if isinstance(packed, bytes) else json.dumps(packed).encode()
    return struct.pack(">I", len(text)) + text + b"".join(blobs)


def npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header.encode() + data


def header(descr: str, shape: str, fortran: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"


def array_payload(blob: bytes) -> bytes:
    return payload({"npy": len(blob)}, blob)


@pytest.mark.parametrize(
    "tree",
    [
        None,
        True,
        -(2**200),
        0.1,
        "é\n\x00",
        [],
        [1, [2.5, "x", None]],
        {"map": {"npy": 3, "float": "nan"}, "": []},
        {"tuple": [{"dict": {"a": 1}}]},
    ],
)
def test_plain_trees_come_back(tree):
    assert decode(encode(tree)) == tree


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_infinities_come_back(number):
    assert decode(encode([number])) == [number]


def test_nan_comes_back():
    assert math.isnan(decode(encode(math.nan)))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(12)[::-2],
        np.array(3.5, dtype=">f4"),
        np.zeros((3, 0, 2), dtype=np.int8),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.array(["sun", "møøn"]),
        np.array(["sun"], dtype=">U5"),
    ],
)
def test_arrays_come_back(array):
    back = decode(encode({"value": [array, 1]}))["value"][0]
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    back[...] = back  # writable


@pytest.mark.parametrize(
    "tree",
    [
        {1: 2},
        {1, 2},
        b"bytes",
        object(),
        2**300,
        np.array([object()]),
        np.zeros(3, dtype=[("a", "f8")]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.zeros(wire.MAX_FRAME // 8 + 1),
        "x" * (wire.MAX_JSON + 1),
    ],
)
def test_other_trees_do_not_travel(tree):
    with pytest.raises(WireError):
        encode([tree])


def test_deep_trees_do_not_travel():
    tree: list = []
    for _ in range(100):
        tree = [tree]
    with pytest.raises(WireError):
        encode(tree)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        struct.pack(">I", 100) + b"{}",
        struct.pack(">I", 2**32 - 1) + b"{}",
        payload(b"\xff\xfe"),
        payload(b"NaN"),
        payload(b"[Infinity]"),
        payload(b"1" * 100),
        payload(b"[" * 100_000),
        payload(b"[" * 60 + b"]" * 60),
        payload({}),
        payload({"map": {}, "float": "nan"}),
        payload({"map": []}),
        payload(b'{"map":{"a":1,"a":2}}'),
        payload(b'{"float":"nan","float":"inf"}'),
        payload({"float": "1.0"}),
        payload({"float": 1.0}),
        payload({"pickle": "gASVAAAA"}),
        payload(1, b"left over"),
        payload({"npy": 5}, b"four"),
        payload({"npy": -1}),
        payload({"npy": True}, b"x"),
        payload({"npy": 10.0}, b"x" * 10),
        array_payload(b""),
        array_payload(b"PK\x03\x04" + b"\x00" * 60),
        array_payload(pickle.dumps(np.zeros(3))),
        array_payload(npy(header("'<f8'", "(2,)"), bytes(15))),
        array_payload(npy(header("'<f8'", "(2,)"), bytes(17))),
        array_payload(npy(header("'<f8'", "(-1,)"), bytes(8))),
        array_payload(npy(header("'<f8'", f"({2**62}, 8)"), bytes(8))),
        array_payload(npy(header("'<f8'", f"({10**9}, 0)"))),
        array_payload(npy(header("'<f8'", "(0.5,)"), bytes(4))),
        array_payload(npy(header("'<f8'", str((1,) * 70)), bytes(8))),
        array_payload(npy(header("'|O'", "(1,)"), bytes(8))),
        array_payload(npy(header("'|V8'", "(1,)"), bytes(8))),
        array_payload(npy(header("[('a', '<f8')]", "(1,)"), bytes(8))),
        array_payload(npy(header("'|S8'", "(1,)"), bytes(8))),
        array_payload(npy(header("'<U0'", "(1,)"))),
        array_payload(npy(header("'<M8[s]'", "(1,)"), bytes(8))),
        array_payload(npy(header("__import__('os')", "(1,)"), bytes(8))),
        array_payload(npy(header("'<f8'", "(1,)") + " " * 600, bytes(8))),
        array_payload(npy(header("'<f8'", "(1,)"), bytes(8), version=b"\x02\x00")),
        array_payload(npy(header("'<U1'", "(1,)"), b"\xff\xff\xff\xff")),
        array_payload(npy(header("'<U1'", "(1,)"), b"\x00\xd8\x00\x00")),
    ],
)
def test_malformed_bytes_are_refused(data):
    with pytest.raises(WireError):
        decode(data)


def test_a_boolean_is_zero_or_one_whatever_its_byte():
    array = decode(array_payload(npy(header("'|b1'", "(3,)"), b"\x00\x01\xc8")))
    assert array.sum() == 2


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "complex128", "U3"])
def test_an_array_of_no_dimensions_stays_an_array(dtype):
    array = decode(encode(np.array(1, dtype)))
    assert isinstance(array, np.ndarray)
    assert array.shape == ()
    assert array == np.array(1, dtype)


def test_text_is_always_printable_as_utf8():
    assert decode(payload(b'["\\ud800"]'))[0].encode()


def test_every_prefix_and_every_flipped_byte_is_refused_or_harmless():
    whole = encode({"value": [np.arange(3.0), "text", 1.5, {"a": None}]})
    for end in range(len(whole)):
        with pytest.raises(WireError):
            decode(whole[:end])
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x15
        with contextlib.suppress(WireError):
            encode(decode(bytes(changed)))
