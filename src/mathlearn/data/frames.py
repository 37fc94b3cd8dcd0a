"""`FrameSource`: pandas, polars and Arrow tables, read through narwhals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.arrays import array_source, default_names
from mathlearn.data.arrow_types import pandas_index
from mathlearn.data.batch import Batch
from mathlearn.data.encode import NumericEncoder
from mathlearn.data.frame_columns import field_of, read_column
from mathlearn.data.inputs import Intake, Numbers
from mathlearn.data.integers import require_differences
from mathlearn.data.schema import Schema, duplicated, listing
from mathlearn.data.source import Source
from mathlearn.data.validate import check_numeric, empty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import narwhals as nw

    from mathlearn.data.batch import Column

_SMALL = 1 << 16
"""Frames up to this many numbers may be copied into one matrix; of larger ones only views are taken."""

_BLOCK = 1 << 23
"""Numbers converted at a time: asking a frame for a column costs as much as copying thousands of numbers."""


class FrameSource(Source):
    """Rows of a data frame in memory: pandas, polars, Arrow, or what else narwhals knows.

    Parameters
    ----------
    frame : narwhals.DataFrame
        With unique names that are text.
    label : str
    left_out : mapping of name to message
        As for `Schema`.
    """

    in_memory = True

    def __init__(
        self, frame: nw.DataFrame[Any], label: str = "data frame", left_out: Mapping[str, str] | None = None
    ) -> None:
        self._frame = frame
        self.n_rows: int = frame.shape[0]
        self.label = label
        self._made: dict[str, Column] = {}
        fields = []
        for name in frame.columns:
            field, column = field_of(frame[name])
            fields.append(field)
            if column is not None:  # a column of objects, looked at value by value: kept
                self._made[name] = column
        self.schema = Schema(fields, left_out)

    def batches(self, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:
        """Yield blocks of rows with the named columns; numeric columns without gaps are views."""
        names = self.schema.names if columns is None else tuple(columns)
        chosen = self._frame.select(*(name for name in names if name not in self._made))
        several = max_rows * max(1, _BLOCK // (max_rows * max(1, len(names))))
        for first in range(0, self.n_rows, several):
            block = chosen[first : first + several]
            read = {name: read_column(block[name], self.schema[name]) for name in chosen.columns}
            for start in range(first, min(first + several, self.n_rows), max_rows):
                stop = min(start + max_rows, self.n_rows)
                here = {
                    name: _part(read[name], start - first, stop - first)
                    if name in read
                    else _part(self._made[name], start, stop)
                    for name in names
                }
                yield Batch(start, stop - start, None, here)

    def held(self, column: str) -> Any:
        """Return the frame's own series."""
        return self._frame[column].to_native()

    def locate(self, row: int) -> str:
        """Say where row `row` is."""
        return f"row {row} (counted from 0)"


def _part(column: Column, start: int, stop: int) -> Column:
    missing = None if column.missing is None else column.missing[start:stop]
    return type(column)(
        column.kind,
        column.values[start:stop],
        missing if missing is not None and missing.any() else None,
        column.levels,
    )


def read_frame(value: Any, what: str) -> Intake | None:
    """Recognise a data frame and make it a source; None for anything else.

    Raises
    ------
    SchemaError
        For one column alone, for duplicate names, and for a frame without rows or columns.
    """
    frame = as_frame(value, what)
    if frame is None:
        return None
    native = frame.to_native()
    names = _text_names(frame.columns)
    if 0 in frame.shape:
        raise SchemaError(empty(frame.shape, "sample" if frame.shape[0] == 0 else "feature"))
    index = getattr(native, "index", None)
    source = _matrix_inside(native, names, what) if index is not None else None
    if source is None:
        if names is None:
            names = default_names(frame.shape[1])
            frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
            return Intake(FrameSource(frame), named=False, index=index)
        source = FrameSource(frame, left_out={name: _left_out(name) for name in _arrow_index(value)})
    return Intake(source, named=names is not None, index=index)


def as_frame(value: Any, what: str) -> nw.DataFrame[Any] | None:
    """Wrap what narwhals knows; a lazy frame is collected."""
    import narwhals as nw
    from narwhals.exceptions import DuplicateError

    if type(value).__name__ == "RecordBatch":  # of Arrow, which narwhals does not know
        value = _table_of(value)
    value = _without_index(value, what)
    try:
        wrapped = nw.from_native(value, pass_through=True, allow_series=True)
    except DuplicateError as error:
        raise _duplicates(value) from error
    if isinstance(wrapped, nw.Series):
        raise SchemaError(
            f"Expected a 2-dimensional container but got {type(value)} instead. Pass a DataFrame containing a single "
            f"column (single feature) or a single row (single sample): {what}.to_frame(). Reshape your data accordingly."
        )
    if isinstance(wrapped, nw.LazyFrame):
        wrapped = _collected(wrapped)
    if not isinstance(wrapped, nw.DataFrame):
        return None
    if len(set(wrapped.columns)) < len(wrapped.columns):
        raise _duplicates(value)
    return wrapped


def _table_of(batch: Any) -> Any:
    """Make a table of an Arrow record batch."""
    from mathlearn import _engines

    return _engines.load("pyarrow").Table.from_batches([batch])


def _arrow_index(value: Any) -> frozenset[str]:
    """Name the columns of an Arrow table or batch that hold the index of the pandas frame it was made of."""
    is_arrow = type(value).__module__.partition(".")[0] == "pyarrow" and hasattr(value, "schema")
    return pandas_index(value.schema) if is_arrow else frozenset()


def _without_index(value: Any, what: str) -> Any:
    """Leave the index out of an Arrow table, as of a file: a table is to fit like its frame."""
    index = _arrow_index(value)
    if not index:
        return value
    names = value.schema.names
    if index.issuperset(names):
        raise SchemaError(
            f"{what} holds nothing but the index of a pandas frame, {listing(names)}. {_INDEX_REMEDY.format(what)}"
        )
    return value.select([j for j, name in enumerate(names) if name not in index])


_INDEX_REMEDY = "Make the table after reset_index(), or take {}.replace_schema_metadata() to fit it."


def _left_out(name: str) -> str:
    return (
        f"there is no column {name!r}: what the table holds by this name is the index of a pandas frame, which is left "
        f"out. {_INDEX_REMEDY.format('X')}"
    )


def _collected(frame: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """Compute a lazy frame, by polars' streaming engine where it is polars'."""
    native = frame.to_native()
    if type(native).__module__.partition(".")[0] == "polars":
        import narwhals as nw

        return nw.from_native(native.collect(engine="streaming"), eager_only=True)
    return frame.collect()


def _duplicates(value: Any) -> SchemaError:
    names = list(getattr(value, "column_names", None) or getattr(value, "columns", []))
    return SchemaError(duplicated(names))


def _text_names(names: Sequence[Any]) -> tuple[str, ...] | None:
    """Return the names if all are text, None if none is.

    Raises
    ------
    TypeError
        For a mixture, as scikit-learn does.
    """
    kinds = {type(name) for name in names}
    if kinds == {str}:
        return tuple(names)
    if str in kinds:
        spelt = sorted(kind.__name__ for kind in kinds)
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{spelt} as feature name / column name types. Convert them all to strings, for example by "
            "X.columns = X.columns.astype(str)."
        )
    return None


def _matrix_inside(native: Any, names: tuple[str, ...] | None, what: str) -> Source | None:
    """Return the one matrix behind a pandas frame, without a copy if it is large; None when there is none."""
    kinds = set(native.dtypes)
    if all(getattr(kind, "fill_value", None) == 0 for kind in kinds):
        from mathlearn.data.sparse import sparse_source

        return sparse_source(native.sparse.to_coo(), what, names)
    kind = next(iter(kinds))
    if len(kinds) > 1 or not isinstance(kind, np.dtype) or kind.kind not in "fiub":
        return None
    if native.size > _SMALL and not _one_block(native):
        return None
    return array_source(native.to_numpy(), names, what=what, label="data frame")


def _one_block(native: Any) -> bool:
    """Whether the frame's columns lie in one array, seen by the first row sharing memory with its outer columns."""
    row = native.iloc[:1].to_numpy()
    return all(np.shares_memory(row, native.iloc[:1, j].to_numpy()) for j in (0, -1))


def read_frame_numbers(value: Any, what: str, *, differences: bool = False) -> Numbers | None:
    """Read a frame or series of numbers, as float64 with NaN where missing; None for anything else.

    Raises
    ------
    DomainError
        If `differences` of huge integers are needed, and float64 leaves little of them.
    SchemaError
        If a column is not numeric.
    """
    import narwhals as nw

    series = nw.from_native(value, pass_through=True, allow_series=True)
    if isinstance(series, nw.Series):
        name: Any = series.name  # pandas allows anything hashable
        one = series.alias(what).to_frame()
        named = (name,) if isinstance(name, str) and name else None
        return _numbers(one, named, 1, getattr(value, "index", None), what, differences=differences)
    frame = as_frame(value, what)
    if frame is None:
        return None
    names = _text_names(frame.columns)
    if names is None:
        frame = frame.rename(dict(zip(frame.columns, default_names(frame.shape[1]), strict=True)))
    return _numbers(frame, names, 2, getattr(value, "index", None), what, differences=differences)


def _numbers(
    frame: Any, names: tuple[str, ...] | None, ndim: int, index: Any, what: str, *, differences: bool
) -> Numbers:
    if 0 in frame.shape:
        raise SchemaError(f"{what}: " + empty(frame.shape, "sample" if frame.shape[0] == 0 else "feature"))
    source = FrameSource(frame, what)
    check_numeric(source.schema)
    batch = next(source.batches(max_rows=source.n_rows))
    if differences:
        for name, column in zip(names or source.schema.names, batch.columns.values(), strict=True):
            require_differences(column.known, name)
    values: Any = NumericEncoder(source.schema.names).encode(batch, with_response=False).X
    for j, column in enumerate(batch.columns.values()):
        if column.missing is not None:
            values[column.missing, j] = np.nan
    return Numbers(values, ndim, names, index)
