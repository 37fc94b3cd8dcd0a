"""Arrow arrays to `Column`s."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn._errors import DomainError
from mathlearn.data.arrow_types import is_text, kind_of
from mathlearn.data.batch import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import AnyArray
    from mathlearn.data.batch import ColumnKind

_FEW_LEVELS = 1024
"""A dictionary of at most this many levels is passed on whole, however few of them a batch uses."""


def column(values: Any, name: str) -> Column:
    """Convert one Arrow array, chunked or not, to a `Column`.

    Parameters
    ----------
    values : pyarrow.ChunkedArray or pyarrow.Array
    name : str
        For messages.

    Raises
    ------
    DomainError
        If a decimal has more digits than float64 holds.
    """
    return _conversion(values.type)(values, name)


@lru_cache(maxsize=64)
def _conversion(arrow_type: Any) -> Callable[[Any, str], Column]:
    """Return what converts arrays of a type: to ask for it costs more than to convert some thousand doubles."""
    pa = _engines.load("pyarrow")
    return _doubles if arrow_type in {pa.float64(), pa.float32()} else _any


def _doubles(values: Any, name: str) -> Column:  # noqa: ARG001 -- one signature for all converters
    array = _whole(values) if hasattr(values, "num_chunks") else values
    return _numbers(array.to_numpy(zero_copy_only=False))


def _any(values: Any, name: str) -> Column:
    pa = _engines.load("pyarrow")
    array = _whole(values)
    if pa.types.is_dictionary(array.type) and not is_text(array.type.value_type):
        array = array.dictionary_decode()
    return _CONVERT[kind_of(array.type)](array, name)


def plain(batch: Any) -> Any:
    """Return a record batch in types that all of Arrow's functions take: without run-end encodings, extension types and string views."""
    pa = _engines.load("pyarrow")
    arrays = [_whole(values) for values in batch.columns]
    arrays = [array.cast(pa.large_string()) if pa.types.is_string_view(array.type) else array for array in arrays]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _whole(values: Any) -> Any:
    """Return one contiguous array, run-end encoding and extension types removed."""
    pa = _engines.load("pyarrow")
    if isinstance(values, pa.ChunkedArray):
        if pa.types.is_dictionary(values.type):
            values = values.unify_dictionaries()
        values = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
    if isinstance(values, pa.ChunkedArray):  # combine_chunks leaves chunks of strings apart that exceed 2 GiB together
        values = pa.concat_arrays(values.cast(pa.large_string()).chunks)
    if isinstance(values.type, pa.BaseExtensionType):
        return _whole(values.storage)
    if pa.types.is_run_end_encoded(values.type):
        return _whole(_engines.load("pyarrow.compute").run_end_decode(values))
    return values


def _plain(kind: ColumnKind, fill: Any = None) -> Callable[[Any, str], Column]:
    """Make the converter of kinds that NumPy has too; nulls become `fill` before they can change the type."""

    def convert(array: Any, name: str) -> Column:  # noqa: ARG001 -- one signature for all converters
        missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
        filled = array if missing is None or fill is None else array.fill_null(fill)
        return Column(kind, filled.to_numpy(zero_copy_only=False), missing)

    return convert


def _floats(array: Any, name: str) -> Column:
    pa = _engines.load("pyarrow")
    if pa.types.is_decimal(array.type):
        values = floats_of_decimals(array, name)
    elif pa.types.is_null(array.type):
        values = np.full(len(array), np.nan)
    else:
        values = array.cast(pa.float32()).to_numpy(zero_copy_only=False)
    return _numbers(values)


def _numbers(values: AnyArray) -> Column:
    with np.errstate(all="ignore"):
        if not np.isnan(values.sum()):  # a sum is a number only if no value is missing: much the cheaper look
            return Column("float", values)
    missing = np.isnan(values)
    return Column("float", values, missing if missing.any() else None)


def floats_of_decimals(array: Any, name: str, *, rounding: bool = False) -> AnyArray:
    """Turn decimals into the nearest doubles, NaN where null (Arrow's own cast is often an ulp off).

    The digits of a decimal are an integer over a power of ten; while both are exact doubles, that is up to 2**53 and
    10**22, their IEEE quotient is the correctly rounded value.

    Parameters
    ----------
    array : pyarrow decimal array
    name : str
        For messages.
    rounding : bool
        Whether to accept decimals with more digits than a double holds.

    Raises
    ------
    DomainError
        If a decimal has too many digits and `rounding` is False.
    """
    pa = _engines.load("pyarrow")
    scale, valid = array.type.scale, array.is_valid().to_numpy(zero_copy_only=False)
    wide = array.cast(pa.decimal128(38, scale)).fill_null(0)
    words = np.frombuffer(wide.buffers()[1], dtype="<i8").reshape(-1, 2)[wide.offset : wide.offset + len(wide)]
    low, high = words[:, 0], words[:, 1]
    too_long = (high != low >> 63) | (low > 2**53) | (low < -(2**53))
    if too_long.any() and not rounding:
        at = int(np.argmax(too_long))
        raise DomainError(
            f"column {name!r} holds the decimal {array[at].as_py()}, which has more digits than a 64-bit float can "
            f"hold. To accept rounding, pass types={{{name!r}: 'float64'}}, or CAST({name} AS DOUBLE) in SQL."
        )
    values = low / 10.0**scale if 0 <= scale <= 22 else np.where(valid, 0.0, np.nan)
    slow = np.flatnonzero(too_long | (not 0 <= scale <= 22))
    values[slow] = [float(value) for value in wide.take(pa.array(slow)).to_pylist()]
    values[~valid] = np.nan
    return values


def _categorical(array: Any, name: str) -> Column:  # noqa: ARG001 -- as above
    pa = _engines.load("pyarrow")
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    levels = array.dictionary
    codes: AnyArray = array.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    if len(levels) > max(len(codes), _FEW_LEVELS):
        used = np.unique(codes[codes >= 0])
        codes = _renumbered(codes, np.searchsorted(used, codes))
        levels = levels.take(pa.array(used))
    if levels.null_count or len(levels.unique()) != len(levels):
        proper = levels.dictionary_encode()
        codes = _renumbered(codes, proper.indices.fill_null(-1).to_numpy(zero_copy_only=False)[codes])
        levels = proper.dictionary
    missing = codes < 0
    return Column("categorical", codes, missing if missing.any() else None, tuple(levels.to_pylist()))


def _renumbered(codes: AnyArray, numbers: AnyArray) -> AnyArray:
    renumbered: AnyArray = np.where(codes >= 0, numbers, -1).astype(np.int64)
    return renumbered


_CONVERT: dict[ColumnKind, Callable[[Any, str], Column]] = {
    "float": _floats,
    "integer": _plain("integer", 0),
    "boolean": _plain("boolean", fill=False),
    "datetime": _plain("datetime"),
    "categorical": _categorical,
    "other": _plain("other"),
}
