"""Frames between the grader and a submission: a nonce, a length, strict JSON, plain npy.

A tree is made of None, bool, int, float, str, list, dict with string keys, and NumPy arrays of numbers or text. On the
wire every JSON object has exactly one key, which says what it stands for: `map` (a dict), `npy` (an array: the size of
its blob), `float` (nan and the infinities, which JSON lacks). The blobs follow the JSON in the order of their mention.

The decoder believes nothing: sizes are checked before memory is taken, and there is no pickle, no zip and no
compression.
"""

import io
import json
import math
import re
import struct
from functools import lru_cache
from typing import Any, Literal

import numpy as np

Tree = Any

NONCE_BYTES = 16
HEADER = struct.Struct(f">{NONCE_BYTES}sI")
MAX_FRAME = 8 * 2**20
"""Three times the largest answer of any submission that means well: what judging makes of an array of bytes takes a
hundred times as much."""
MAX_JSON = 4 * 2**20
MAX_DEPTH = 40
MAX_INTEGER_BITS = 256
MAX_INTEGER_DIGITS = 80
NUMERIC_KINDS = "biufcU"
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

_JSON_SIZE = struct.Struct(">I")
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_NPY_SIZE = struct.Struct("<8xH")
_MAX_NPY_HEADER = 512
_NPY = re.compile(
    rb"\x93NUMPY\x01\x00.."
    rb"\{'descr': '(?P<dtype>[<>|][biufcU]\d{1,9})', 'fortran_order': (?P<fortran>False|True), "
    rb"'shape': \((?P<shape>(?:\d{1,19}, ?)*(?:\d{1,19})?)\), \} *\n",
    re.DOTALL,
)


class WireError(Exception):
    """A tree that may not travel, or bytes that are no tree."""


def encode(tree: Tree) -> bytes:
    """Return the payload of a frame; raise WireError when the tree is too large or holds anything that may not
    travel."""
    blobs: list[bytes] = []
    packed = _ENCODER.encode(_pack(tree, blobs, 0)).encode()
    payload = b"".join([_JSON_SIZE.pack(len(packed)), packed, *blobs])
    if len(packed) > MAX_JSON or len(payload) > MAX_FRAME:
        raise WireError("larger than a frame may be")
    return payload


def decode(payload: bytes) -> Tree:
    """Return the tree of a payload; raise WireError for any byte that does not belong there."""
    try:
        (size,) = _JSON_SIZE.unpack_from(payload)
        if size > MAX_JSON:
            raise WireError("JSON is too large")
        end = _JSON_SIZE.size + size
        packed = _DECODER.decode(payload[_JSON_SIZE.size : end].decode())
        blobs = _Blobs(memoryview(payload)[end:])
        tree = _unpack(packed, blobs, 0)
        blobs.finish()
    except (ValueError, TypeError, RecursionError, struct.error) as error:
        raise WireError(f"malformed frame: {error}") from error
    return tree


def frame(nonce: bytes, payload: bytes) -> bytes:
    """Return the bytes that travel: the nonce of the question, the length, the payload."""
    return HEADER.pack(nonce, len(payload)) + payload


def _pack(tree: Tree, blobs: list[bytes], depth: int) -> Any:
    # A chain of tests takes half the time of a match statement, and every question passes through here four times.
    if depth > MAX_DEPTH:
        raise WireError("nested too deeply")
    if tree is None or isinstance(tree, (bool, str)):
        return tree
    if isinstance(tree, int):
        if tree.bit_length() > MAX_INTEGER_BITS:
            raise WireError("integer is too large")
        return tree
    if isinstance(tree, float):
        return tree if math.isfinite(tree) else {"float": repr(float(tree))}
    if isinstance(tree, np.ndarray):
        blobs.append(_npy(tree))
        return {"npy": len(blobs[-1])}
    if isinstance(tree, list):
        return [_pack(item, blobs, depth + 1) for item in tree]
    if isinstance(tree, dict) and set(map(type, tree)) <= {str}:
        return {"map": {key: _pack(item, blobs, depth + 1) for key, item in tree.items()}}
    raise WireError(f"a {type(tree).__name__} cannot travel")


def _npy(array: np.ndarray) -> bytes:
    if array.dtype.kind not in NUMERIC_KINDS or array.nbytes > MAX_FRAME:
        raise WireError("array is too large or not of numbers or text")
    fortran = array.flags.fnc
    return _npy_header(array.dtype.str, array.shape, fortran) + array.tobytes("F" if fortran else "C")


@lru_cache(maxsize=1024)
def _npy_header(descr: str, shape: tuple[int, ...], fortran: bool) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": fortran, "shape": shape})
    return buffer.getvalue()


def _unpack(packed: Any, blobs: "_Blobs", depth: int) -> Tree:
    if depth > MAX_DEPTH:
        raise WireError("nested too deeply")
    if isinstance(packed, str):
        return _text(packed)
    if packed is None or isinstance(packed, (bool, int, float)):
        return packed
    if isinstance(packed, list):
        return [_unpack(item, blobs, depth + 1) for item in packed]
    ((tag, content),) = packed.items()
    if tag == "map" and isinstance(content, dict):
        return {_text(key): _unpack(item, blobs, depth + 1) for key, item in content.items()}
    if tag == "npy" and isinstance(content, int) and not isinstance(content, bool):
        return _array(blobs.take(content))
    if tag == "float" and isinstance(content, str) and content in NOT_FINITE:
        return NOT_FINITE[content]
    raise WireError("unknown tag")


def _array(blob: memoryview) -> np.ndarray:
    start = _NPY_SIZE.size + _NPY_SIZE.unpack_from(blob)[0]
    dtype, shape, order = _read_npy_header(bytes(blob[: min(start, _MAX_NPY_HEADER)]))
    data = blob[start:]
    if math.prod(max(size, 1) for size in shape) * dtype.itemsize > MAX_FRAME:
        raise WireError("array is too large")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise WireError("array does not have the size it claims")
    array: np.ndarray = np.frombuffer(data, dtype).reshape(shape, order=order).copy()
    if dtype.kind == "b":
        return np.asarray(np.not_equal(array.view(np.uint8), 0))  # of no dimensions, the comparison is a scalar
    if dtype.kind == "U" and _holds_no_text(array):
        raise WireError("array holds code points that are no text")
    return array


@lru_cache(maxsize=1024)
def _read_npy_header(header: bytes) -> tuple[np.dtype, tuple[int, ...], Literal["C", "F"]]:
    found = _NPY.fullmatch(header)
    if found is None or np.dtype(found["dtype"].decode()).itemsize == 0:
        raise WireError("not a plain npy header")
    shape = tuple(int(size) for size in found["shape"].split(b",") if size.strip())
    return np.dtype(found["dtype"].decode()), shape, "F" if found["fortran"] == b"True" else "C"


def _holds_no_text(array: np.ndarray) -> bool:
    points = np.ascontiguousarray(array).reshape(-1).view(np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
    return bool(np.any((points > 0x10FFFF) | ((points >= 0xD800) & (points < 0xE000))))


def _text(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise WireError("integer is too large")
    return int(digits)


def _no_constant(name: str) -> float:
    raise WireError(f"{name} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    items = dict(pairs)
    if len(items) != len(pairs):
        raise WireError("a key is given twice")
    return items


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_constant=_no_constant)


class _Blobs:
    """The bytes behind the JSON, taken in order and to the last one."""

    def __init__(self, rest: memoryview) -> None:
        self._rest = rest

    def take(self, size: int) -> memoryview:
        if not 0 <= size <= len(self._rest):
            raise WireError("array does not have the size it claims")
        blob, self._rest = self._rest[:size], self._rest[size:]
        return blob

    def finish(self) -> None:
        if self._rest:
            raise WireError("bytes are left over")
