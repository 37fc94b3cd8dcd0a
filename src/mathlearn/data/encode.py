"""From a batch to a numeric block: `NumericEncoder` for columns that are numbers already, beside formula encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.integers import is_wide, to_float, warn_inexact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy.sparse import csr_array

    from mathlearn._typing import AnyArray, BoolArray, FloatArray
    from mathlearn.data.batch import Batch, Column

_FLOAT64 = np.dtype(np.float64)


class Encoded(NamedTuple):
    """A numeric block made from a batch.

    Attributes
    ----------
    X : (n, p) float64, or CSR of float64
    y : (n, q) float64 or None
    offset : (n,) float64 or None
    bad : (n,) bool or None
        Rows with a missing value, where the others are undefined.
    joined : (n, p + q + 1) float64 or None
        ``[X y 1]``, of which X and y are then views, all finite.
    """

    X: FloatArray | csr_array
    y: FloatArray | None = None
    offset: FloatArray | None = None
    bad: BoolArray | None = None
    joined: FloatArray | None = None


class EncodedLike(Protocol):
    """What every encoder returns; see `Encoded` for the meaning."""

    @property
    def X(self) -> Any:
        """The (n, p) block."""

    @property
    def y(self) -> FloatArray | None:
        """The response, when the formula makes it."""

    @property
    def offset(self) -> FloatArray | None:
        """The offset, when the formula has one."""

    @property
    def bad(self) -> BoolArray | None:
        """Rows with a missing value."""

    @property
    def joined(self) -> FloatArray | None:
        """All in one array of finite numbers, where they come so."""


class Encoder(Protocol):
    """Turns a batch into a numeric block: a `NumericEncoder` or the learned encoding of a formula."""

    @property
    def plain(self) -> tuple[str, ...] | None:
        """Columns that X consists of as they are, in order; None where something is computed."""

    @property
    def plain_responses(self) -> tuple[str, ...] | None:
        """The same of y, where the formula makes it."""

    def encode(self, batch: Batch, *, with_response: bool, by_columns: bool = False) -> EncodedLike:
        """Return X, and y where the formula makes it and it is wanted."""


class NumericEncoder:
    """Take columns as they are, as float64.

    Parameters
    ----------
    columns : tuple of str
        The columns of X, which come first in every batch.
    shift : tuple of int
        What to subtract from each column, in integers, before the cast; empty for nothing.
    """

    def __init__(self, columns: tuple[str, ...], shift: tuple[int, ...] = ()) -> None:
        self._columns = columns
        self._shift = shift

    @property
    def plain(self) -> tuple[str, ...] | None:
        """Columns that X consists of as they are; None where something is subtracted."""
        return None if self._shift else self._columns

    @property
    def plain_responses(self) -> tuple[str, ...] | None:
        """None: y is no part of plain columns."""
        return None

    def encode(self, batch: Batch, *, with_response: bool, by_columns: bool = False) -> Encoded:  # noqa: ARG002 -- y is no part of plain columns
        """Return X, as a view where nothing needs converting."""
        block = batch.matrix
        if block is None:
            return self._stack(batch)
        if block.shape[1] != len(self._columns):
            block = block[:, : len(self._columns)]
        if self._shift or block.dtype != _FLOAT64:
            block = self._cast(block)
        return Encoded(block)

    def _cast(self, block: Any) -> Any:
        if not self._shift and not is_wide(block):
            with np.errstate(over="ignore"):  # a long double too large becomes infinity, which is found and named
                return block.astype(np.float64)
        if hasattr(block, "tocsr"):
            if self._shift:
                raise SchemaError(
                    "X is sparse, but the fit was on dense integers beyond 2**53, which are read less an origin: that would "
                    "fill the matrix. Use X.toarray()."
                )
            # At fit, a shift would fill the matrix too: sparse integers are cast as they are.
            values, exact = to_float(block.data)
            warn_inexact([] if exact else ["X"], shifted=False)
            return type(block)((values, block.indices, block.indptr), shape=block.shape)
        out = np.empty(block.shape, dtype=np.float64, order="F")
        self._fill(out, [block[:, j] for j in range(block.shape[1])])
        return out

    def _stack(self, batch: Batch) -> Encoded:
        columns = [batch.columns[name] for name in self._columns]
        out = np.empty((batch.n, len(columns)), dtype=np.float64, order="F")
        self._fill(out, [_defined(column) for column in columns])
        return Encoded(out, bad=any_missing(columns))

    def _fill(self, out: FloatArray, values: Sequence[AnyArray]) -> None:
        inexact = []
        for j, column in enumerate(values):
            shift = self._shift[j] if self._shift else 0
            if shift or is_wide(column):  # rows to predict at may come in another type than those of the fit
                out[:, j], exact = to_float(column, shift)
                if not exact:
                    inexact.append(self._columns[j])
            else:
                out[:, j] = column
        warn_inexact(inexact, shifted=bool(self._shift))


def _defined(column: Column) -> AnyArray:
    """Return the values, those of wide integers with a harmless one where they are undefined."""
    values, missing = column.values, column.missing
    if missing is None or not is_wide(values):
        return values
    return np.where(missing, values[np.argmin(missing)], values)


def any_missing(columns: Sequence[Column]) -> BoolArray | None:
    """Mark the rows in which any of these columns is missing; None when there is none."""
    masks = [column.missing for column in columns if column.missing is not None]
    return np.logical_or.reduce(masks) if masks else None


def missing_rows(X: Any) -> BoolArray | None:
    """Mark the rows of a float matrix that hold NaN; None when there is none."""
    if hasattr(X, "indptr"):
        gone = np.isnan(X.data)
        if not gone.any():
            return None
        rows = np.zeros(X.shape[0], dtype=np.bool_)
        rows[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))[gone]] = True
        return rows
    # A row's sum is finite only if the row is: one cheap pass, then a closer look at the suspects.
    with np.errstate(all="ignore"):
        suspect = np.flatnonzero(~np.isfinite(X.sum(axis=1)))
    rows = np.zeros(X.shape[0], dtype=np.bool_)
    rows[suspect] = np.isnan(X[suspect]).any(axis=1)
    return rows if rows.any() else None
