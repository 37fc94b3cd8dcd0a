"""`ArraySource`: the rows of a NumPy matrix."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.batch import Batch, Column
from mathlearn.data.objects import numbers_of
from mathlearn.data.schema import Field, Schema
from mathlearn.data.source import Source
from mathlearn.data.validate import check_dtype, check_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scipy.sparse import csr_array

    from mathlearn._typing import AnyArray
    from mathlearn.data.batch import ColumnKind

_KINDS: dict[str, ColumnKind] = {"f": "float", "i": "integer", "u": "integer", "b": "boolean"}


class MatrixSource(Source):
    """Rows of one matrix in memory whose columns share a type; the base of the dense and the sparse source.

    Parameters
    ----------
    matrix : (n, p) array or CSR
        Numbers; never written to.
    names : sequence of str, optional
        Column names; ``x0, x1, ...`` when the matrix has none.
    label : str
    """

    in_memory = True

    def __init__(self, matrix: AnyArray | csr_array, names: Sequence[str] | None = None, label: str = "array") -> None:
        self.matrix: Any = matrix
        self.n_rows: int = matrix.shape[0]
        self.label = label
        self.named = names is not None
        self.names = default_names(matrix.shape[1]) if names is None else tuple(names)

    @cached_property
    def schema(self) -> Schema:  # type: ignore[override]
        """Column names, all of the matrix's one kind."""
        dtype = self.matrix.dtype
        return Schema(Field(name, _KINDS[dtype.kind], dtype=str(dtype)) for name in self.names)

    def batches(self, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:
        """Yield blocks of rows: views for a dense matrix, unless columns are picked out of order."""
        pick = None if columns is None else self._positions(columns)
        for start in range(0, self.n_rows, max_rows):
            stop = min(start + max_rows, self.n_rows)
            block = self._rows(start, stop)
            yield Batch(start, stop - start, block if pick is None else block[:, pick])

    def renamed(self, names: Mapping[str, str]) -> MatrixSource:
        """Return the source with other names."""
        return type(self)(self.matrix, [names[name] for name in self.names], self.label)

    def locate(self, row: int) -> str:
        """Say where row `row` is."""
        return f"row {row} (counted from 0)"

    def _rows(self, start: int, stop: int) -> Any:
        return self.matrix[start:stop]

    def _positions(self, columns: Sequence[str]) -> slice | list[int] | None:
        """Turn names into positions; a slice where they follow one another, so that no copy is made."""
        place = {name: j for j, name in enumerate(self.names)}
        found = [place[name] for name in columns]
        consecutive = bool(found) and found == list(range(found[0], found[0] + len(found)))
        return slice(found[0], found[0] + len(found)) if consecutive else found


class ArraySource(MatrixSource):
    """Rows of a NumPy matrix of any real dtype, order, endianness; read-only and memory-mapped arrays too.

    Examples
    --------
    >>> source = array_source([[1, 2], [3, 4], [5, 6]])
    >>> [batch.matrix.shape for batch in source.batches(max_rows=2)]
    [(2, 2), (1, 2)]
    >>> source.schema.names
    ('x0', 'x1')
    """


def array_source(
    values: Any, names: Sequence[str] | None = None, *, what: str = "X", label: str = "array"
) -> ArraySource:
    """Check an array-like and make it a source.

    Raises
    ------
    SchemaError
        If it is not an (n, p) block of real numbers with n, p >= 1.
    """
    array = real_array(values, what, names)
    check_matrix(array, what)
    return ArraySource(array, names, label)


def real_array(values: Any, what: str, names: Sequence[str] | None = None) -> AnyArray:
    """View or convert an array-like as an array of real numbers, of any shape; object arrays are converted.

    Raises
    ------
    SchemaError
        For masked, complex, text, time and ragged input, and for objects that are no real numbers.
    TypeError
        For ``numpy.matrix``.
    """
    if type(values) is np.ndarray and values.dtype.kind == "f":
        return values
    if isinstance(values, np.ma.MaskedArray):
        raise SchemaError(
            f"{what} is a masked array, whose mask would be lost. Use {what}.filled(numpy.nan) "
            f"(with missing='drop' to leave masked rows out), or {what}.compressed() for one column without gaps."
        )
    if isinstance(values, np.matrix):
        raise TypeError(f"np.matrix is not supported. Please convert {what} to a numpy array with np.asarray.")
    array = _as_array(values, what)
    check_dtype(array.dtype, what)
    if array.dtype.kind == "O":
        return numbers_of(array, lambda where: _place(where, what, names))
    return array


def _as_array(values: Any, what: str) -> AnyArray:
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise SchemaError(
            f"{what} is a {type(values).__name__} that does not make a rectangular array of numbers ({error}). "
            "Give rows of equal length."
        ) from error


def _place(where: tuple[int, ...], what: str, names: Sequence[str] | None) -> str:
    """Call an element by its row and column."""
    if not where:
        return what
    column = "" if len(where) < 2 else f", column {(names or default_names(where[1] + 1))[where[1]]!r}"
    return f"{what}, row {where[0]}{column}"


@lru_cache(maxsize=16)
def default_names(p: int) -> tuple[str, ...]:
    """Name the columns of a matrix that has no names: x0, x1, ..."""
    return tuple(f"x{j}" for j in range(p))


def as_columns(batch: Batch, names: Sequence[str], wanted: Sequence[str] | None = None) -> Batch:
    """Give the columns of a matrix batch their names; a batch of named columns is returned as it is.

    Parameters
    ----------
    batch : Batch
    names : sequence of str
        Of all the columns of the matrix, which come before those that have their names already.
    wanted : sequence of str, optional
        The columns to make; by default all.
    """
    block = batch.matrix
    if block is None:
        return batch
    there = batch.columns
    made = [name for name in wanted or names if name not in there] if there else wanted or names
    if wanted is not None:
        block = block[:, [names.index(name) for name in made]]
    dense = block.toarray() if hasattr(block, "toarray") else block
    kind = _KINDS[dense.dtype.kind]
    columns = {name: _column(kind, dense[:, j]) for j, name in enumerate(made)}
    return Batch(batch.start, batch.n, None, {**columns, **there})


def _column(kind: ColumnKind, values: AnyArray) -> Column:
    """Make a column; a float NaN counts as missing."""
    missing = np.isnan(values) if kind == "float" else None
    return Column(kind, values, missing if missing is not None and missing.any() else None)


_SINGLE = frozenset({"float32", "float", "real"})
"""What sources call single precision."""


def is_single(source: Source, columns: tuple[str, ...]) -> bool:
    """Whether these columns are numbers of single precision, all of them."""
    if isinstance(source, MatrixSource):
        dtype = source.matrix.dtype
        return bool(dtype.kind == "f" and dtype.itemsize == 4)
    fields = [source.schema[name] for name in columns]
    return all(field.kind == "float" and field.dtype.lower() in _SINGLE for field in fields)
