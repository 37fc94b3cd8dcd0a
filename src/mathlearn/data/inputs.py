"""What callers pass as X, y, weights and labels, recognised and read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.arrays import MatrixSource, array_source, real_array
from mathlearn.data.file_names import shown_path
from mathlearn.data.integers import is_wide, require_differences
from mathlearn.data.roles import as_float
from mathlearn.data.source import Source
from mathlearn.data.validate import empty

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, BoolArray, FloatArray

_PLAIN = frozenset({"numpy", "builtins"})
"""Modules of types that are no frames: narwhals need not be asked, nor imported."""


class Intake(NamedTuple):
    """An input, recognised.

    Attributes
    ----------
    source : Source
    named : bool
        Whether it brought column names of its own.
    index : pandas.Index or None
        Row labels, where it has them.
    """

    source: Source
    named: bool
    index: Any = None


def as_source(X: Any, what: str = "X") -> Intake:
    """Make a source of an array-like, a sparse matrix or a frame; a source stays what it is.

    Raises
    ------
    SchemaError
        If X is none of these, or has no rows or no columns.
    """
    if type(X) is np.ndarray:
        return Intake(array_source(X, what=what), named=False)
    if isinstance(X, Source):
        return Intake(X, named=not isinstance(X, MatrixSource) or X.named)
    if hasattr(X, "tocsr"):
        from mathlearn.data.sparse import sparse_source

        return Intake(sparse_source(X, what), named=False)
    if is_dask(X):
        from mathlearn.data.dask_inputs import read_dask

        return read_dask(X, what)
    if may_be_frame(X):
        from mathlearn.data.frames import read_frame

        intake = read_frame(X, what)
        if intake is not None:
            return intake
    if isinstance(X, str | os.PathLike):
        path = shown_path(X)
        raise SchemaError(
            f"{what} is a path, not a table. A file is read by mathlearn.scan: {what}=mathlearn.scan({path!r})."
        )
    refuse_unordered(X, what)
    return Intake(array_source(X, what=what), named=False)


def refuse_unordered(values: Any, what: str) -> None:
    """Refuse what NumPy would take for one object."""
    kind = type(values).__name__
    if isinstance(values, Mapping):
        raise SchemaError(f"{what} is a {kind}, not an array. Use pandas.DataFrame({what}), or the values alone.")
    if isinstance(values, Iterator | AbstractSet):
        raise SchemaError(
            f"{what} is a {kind}, whose rows cannot be read twice in the same order. Use list({what}), or an array."
        )


def may_be_frame(value: Any) -> bool:
    """Whether a value is worth asking narwhals about."""
    return type(value).__module__.partition(".")[0] not in _PLAIN


def is_dask(value: Any) -> bool:
    """Whether a value is a Dask collection; Dask is not imported to tell."""
    return type(value).__module__.partition(".")[0] == "dask"


class Numbers(NamedTuple):
    """Numbers that go with the rows of X: y, weights or an offset.

    Attributes
    ----------
    values : (n, k) float64
        NaN where missing.
    ndim : int
        1 or 2, as given.
    names : tuple of str or None
    index : pandas.Index or None
    """

    values: FloatArray
    ndim: int
    names: tuple[str, ...] | None = None
    index: Any = None


def read_numbers(values: Any, what: str, *, differences: bool = False) -> Numbers:
    """Read an (n,) or (n, k) input of real numbers as float64, without a copy where it is float64 already.

    Parameters
    ----------
    values : array-like, series or frame
    what : str
    differences : bool
        Whether to refuse huge integers of whose differences float64 leaves little.

    Raises
    ------
    DomainError
        There are such integers.
    SchemaError
        If it is sparse, of another shape, or not made of real numbers.
    """
    if type(values) is not np.ndarray:
        if hasattr(values, "tocsr"):
            raise SchemaError(f"{what} is sparse; only X may be. Use {what}.toarray().")
        if may_be_frame(values):
            from mathlearn.data.frames import read_frame_numbers

            framed = read_frame_numbers(values, what, differences=differences)
            if framed is not None:
                return framed
        refuse_unordered(values, what)
    array = real_array(values, what)
    if array.ndim not in {1, 2}:
        raise SchemaError(f"{what} should be a 1d array, got an array of shape {array.shape} instead.")
    if array.size == 0:
        raise SchemaError(f"{what}: " + empty(array.shape, "sample" if len(array) == 0 else "feature"))
    table = array if array.ndim == 2 else array.reshape(-1, 1)
    if differences and is_wide(table):
        for j in range(table.shape[1]):
            require_differences(table[:, j], what if array.ndim == 1 else f"{what}{j}")
    return Numbers(as_float(table, what), array.ndim)


class Labels(NamedTuple):
    """Labels that go with the rows of X.

    Attributes
    ----------
    values : (n, k) array of any type
    missing : (n,) bool or None
    index : pandas.Index or None
    """

    values: AnyArray
    missing: BoolArray | None
    index: Any = None


def read_labels(values: Any, what: str) -> Labels:
    """Read an (n,) or (n, 1 or 2) input of labels of any type.

    Raises
    ------
    SchemaError
        If it has another shape.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise SchemaError(
            f"{what} is a masked array, whose mask would be lost. Give the masked rows a label of their own."
        )
    try:
        array = np.asarray(values)
        if array.dtype.kind == "U" and not isinstance(values, np.ndarray):
            array = np.asarray(values, dtype=object)  # a list of mixed labels must not be turned into text
    except ValueError:
        raise SchemaError(f"{what} holds labels that are sequences of different lengths. {_LABELS}") from None
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.shape[1] not in {1, 2}:
        raise SchemaError(f"{what} has shape {array.shape}; give one label a row, or two columns of labels.")
    if array.dtype.kind == "O":
        _require_hashable(array, what)
    return Labels(array, _missing_labels(array), getattr(values, "index", None))


_LABELS = "A label is a number, a text, or another value that can be told from the others (hashed)."


def _require_hashable(array: AnyArray, what: str) -> None:
    for row, label in enumerate(array.flat):
        try:
            hash(label)
        except TypeError:
            raise SchemaError(
                f"{what}: the label in row {row // array.shape[1]} is a {type(label).__name__}. {_LABELS}"
            ) from None


def _missing_labels(array: AnyArray) -> BoolArray | None:
    if array.dtype.kind == "f":
        gone = np.isnan(array)
    elif array.dtype.kind in "mM":
        gone = np.isnat(array)
    elif array.dtype.kind == "O":
        # A missing value (NaN, NaT, NA) is the one that is not equal to itself.
        gone = np.array([[_is_missing(value) for value in row] for row in array], dtype=np.bool_)
    else:
        return None
    missing: BoolArray = np.logical_or.reduce(gone, axis=1)
    return missing if missing.any() else None


def _is_missing(value: Any) -> bool:
    equal = value == value  # noqa: PLR0124 -- false for NaN; pandas.NA answers with itself
    return value is None or not isinstance(equal, bool | np.bool_) or not equal


def check_index(intakes: list[tuple[str, Any]]) -> None:
    """Refuse inputs that carry the same row labels in another order: they would be paired wrongly.

    Raises
    ------
    SchemaError
    """
    labelled = [(name, index) for name, index in intakes if hasattr(index, "equals")]
    for name, index in labelled[1:]:
        first, reference = labelled[0]
        if len(index) == len(reference) and not index.equals(reference) and _same_labels(index, reference):
            raise SchemaError(
                f"{first} and {name} carry the same row labels in a different order, but rows are paired by position. "
                f"Put them in one order first, for example {name} = {name}.loc[{first}.index], "
                "or drop the labels with reset_index(drop=True)."
            )


def _same_labels(index: Any, other: Any) -> bool:
    try:
        return bool(index.sort_values().equals(other.sort_values()))
    except TypeError:  # labels that cannot be ordered
        return False
