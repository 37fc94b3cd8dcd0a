"""One safetensors file: text and arrays, read without trusting a byte of it.

Layout (https://huggingface.co/docs/safetensors): eight bytes with the length of a JSON header (little-endian), the header
(name, type, shape and place of every array, and a map of strings under ``__metadata__``), the arrays.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._atomic import replacing
from mathlearn._config import get_config
from mathlearn._errors import ResourceError, UntrustedModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mathlearn._typing import AnyArray

__all__ = ["MAX_HEADER", "UnreadableError", "parse_json", "read", "write"]

MAX_HEADER = 1_000_000
_DTYPES = {"F64": "float64", "I64": "int64", "U64": "uint64", "BOOL": "bool", "U8": "uint8"}
_METADATA = "__metadata__"
_MAX_AXES = 8

# How files of other kinds begin. None of them is ever opened: loading them can run code, or they are simply no model of ours.
_OTHER_KINDS = (
    (b"PK\x03\x04", "a zip archive (NumPy .npz, PyTorch and others)"),
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"\x1f\x8b", "compressed by gzip"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"version https://git-lfs", "a Git LFS pointer: the model itself was not downloaded"),
)
_PICKLE_PROTOCOLS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


def write(path: Path, text: Mapping[str, str], arrays: Mapping[str, AnyArray], *, private: bool = False) -> None:
    """Write the file, whole or not at all; where it is `private`, a new one is for this user only.

    Raises
    ------
    ResourceError
        If the header would be longer than `MAX_HEADER` bytes.
    OSError
        If the file cannot be written; what was at `path` is then unchanged.
    """
    from safetensors.numpy import save

    plain = {name: np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C") for name, array in arrays.items()}
    data = save(plain, dict(text))
    if int.from_bytes(data[:8], "little") > MAX_HEADER:
        raise ResourceError(f"the model has too many parts for a model file, whose header may hold {MAX_HEADER} bytes")
    with replacing(path, private=private) as file:
        file.write(data)


def read(path: Path) -> tuple[dict[str, str], dict[str, AnyArray]]:
    """Read text and arrays; every size is checked before anything is allocated for it.

    Raises
    ------
    UntrustedModelError
        If the file is not a safetensors file of plain arrays, or lies about its sizes.
    ResourceError
        If it is larger than ``max_memory``.
    OSError
        If it cannot be opened.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = _bytes(path)
    header = _header(data, path)
    text = _text(header.pop(_METADATA, None), path)
    _check_arrays(header, len(data) - 8 - int.from_bytes(data[:8], "little"), path)
    try:
        return text, load(data)
    except (SafetensorError, ValueError) as error:
        raise _refusal(path, f"its table of arrays contradicts the file ({error})") from error


def parse_json(text: str | bytes, path: Path) -> Any:
    """Parse JSON strictly: no name twice, no NaN, no number or nesting without bound.

    Raises
    ------
    UntrustedModelError
        If the text is anything else.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _refusal(path, f"its header is not valid JSON ({error})") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class UnreadableError(UntrustedModelError):
    """A file that is not laid out as ours are.

    Attributes
    ----------
    why : str
    """

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} is not a mathlearn model: {why}. Load only files written by save() of a mathlearn model; "
            "if this one was, it was damaged on the way: copy it again."
        )
        self.why = why


def _refusal(path: Path, why: str) -> UnreadableError:
    return UnreadableError(path, why)


def _bytes(path: Path) -> bytes:
    # One snapshot: what was checked is what is used, even if the file changes meanwhile.
    limit = get_config().max_memory
    with path.open("rb") as file:
        start = file.read(4096)
        _check_kind(start, path)
        length = int.from_bytes(start[:8], "little")
        size = path.stat().st_size
        if length > MAX_HEADER:
            raise _refusal(
                path, f"it announces a header of {length} bytes, more than the {MAX_HEADER} that a model may have"
            )
        if 8 + length > size:
            raise _refusal(path, f"it is cut: it announces a header of {length} bytes and has {size} bytes in all")
        if size > limit:
            raise ResourceError(
                f"{path} has {size} bytes, more than max_memory = {limit}; "
                f"if you trust it, raise the limit: mathlearn.set_config(max_memory={size})"
            )
        return start + file.read(size - len(start))


def _check_kind(start: bytes, path: Path) -> None:
    if _is_pickle(start) or _is_text_pickle(start):
        raise _refusal(path, "it is a pickle, which could run any program when loaded, and was not opened")
    for magic, kind in _OTHER_KINDS:
        if start.startswith(magic):
            raise _refusal(path, f"it is {kind}")
    if len(start) < 8:
        raise _refusal(path, "it is empty" if not start else f"it is cut: it has {len(start)} bytes")
    if start[8:9] != b"{":
        raise _refusal(path, "it does not begin as a safetensors file does")


def _is_pickle(start: bytes) -> bool:
    # A header of ours may have a length whose bytes are such a mark; its text then follows.
    ours = start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= MAX_HEADER
    return start.startswith(_PICKLE_PROTOCOLS) and not ours


def _is_text_pickle(start: bytes) -> bool:
    # Protocols 0 and 1 have no mark of their own; they open with one of these operations and are plain text.
    return start[:1] in {b"(", b"c", b"]", b"}"} and start[8:9] != b"{"


def _header(data: bytes, path: Path) -> dict[str, Any]:
    length = int.from_bytes(data[:8], "little")
    header = parse_json(data[8 : 8 + length], path)
    if not isinstance(header, dict):
        raise _refusal(path, "its header is not a table of arrays")
    return header


def _text(metadata: Any, path: Path) -> dict[str, str]:
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _refusal(path, "it is a safetensors file of something else")
    return metadata


def _check_arrays(header: dict[str, Any], available: int, path: Path) -> None:
    end = max((_end(name, entry, path) for name, entry in header.items()), default=0)
    if end != available:
        raise _refusal(
            path, f"its arrays should take {end} bytes and take {available}: it is cut or has something appended"
        )


def _end(name: str, entry: Any, path: Path) -> int:
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(begin), int(end)]} if len(entry) == 3:
            if dtype not in _DTYPES:
                allowed = ", ".join(_DTYPES)
                raise _refusal(path, f"its array {name!r} has the type {dtype}; allowed are {allowed}")
            if len(shape) > _MAX_AXES or not all(type(length) is int and 0 <= length < 2**48 for length in shape):
                raise _refusal(path, f"its array {name!r} has the impossible shape {shape}")
            size = np.dtype(_DTYPES[dtype]).itemsize
            for length in shape:
                size *= length
            if not 0 <= begin <= end or end - begin != size:
                raise _refusal(path, f"its array {name!r} of shape {shape} does not fit its place in the file")
            return end
        case _:
            raise _refusal(path, f"its entry for the array {name!r} is malformed")
