"""`Chunk`: a block of numeric rows, the only form in which rows reach the mathematics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scipy.sparse import csr_array

    from mathlearn._typing import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Chunk:
    """A block of rows, validated: finite numbers, weights positive.

    Rows of weight zero and rows dropped for missing values are no longer here.

    Attributes
    ----------
    X : (n, p) float64, or CSR of float64
        May be a view of the caller's data: never written to.
    y : (n, q) float64 or None
    weight : (n,) float64, > 0, or None for unit weights
    offset : (n,) float64 or None
    group : (n, k) array of labels or None
        k = 1 or 2 cluster dimensions.
    start : int
        Index, in the source, of the first row this block was made from.
    rows : (n,) int64 or None
        Index in the source of each row; None when they are ``start, start + 1, ...``.
    dropped : int
        Rows of this block dropped because a value was missing.
    joined : (n, p + q + 1) float64 or None
        ``[X y 1]`` column by column, where X and y were made as views of it; see `together`.
    """

    X: FloatArray | csr_array
    y: FloatArray | None = None
    weight: FloatArray | None = None
    offset: FloatArray | None = None
    group: AnyArray | None = None
    start: int = 0
    rows: IntArray | None = None
    dropped: int = 0
    joined: FloatArray | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    @property
    def index(self) -> IntArray:
        """Index in the source of each row (n,)."""
        return np.arange(self.start, self.start + self.n) if self.rows is None else self.rows


def together(chunk: Chunk) -> FloatArray | None:
    """Return ``[X y 1]`` where a block has it in one array; None where it has not, or X or y has been replaced since."""
    joined, y = chunk.joined, chunk.y
    if joined is None or y is None:
        return None
    p = chunk.X.shape[1]
    same = joined.shape[1] == p + y.shape[1] + 1 and _same_start(chunk.X, joined) and _same_start(y, joined[:, p:])
    return joined if same else None


def _same_start(left: Any, right: FloatArray) -> bool:
    """Whether two arrays begin at the same place in memory, and go on in the same steps."""
    return (
        isinstance(left, np.ndarray)
        and left.__array_interface__["data"] == right.__array_interface__["data"]
        and left.strides == right.strides
    )


def dense_rows(X: FloatArray | csr_array) -> FloatArray:
    """Return rows (n, p) as an array."""
    return X if isinstance(X, np.ndarray) else X.toarray()


def cut(chunk: Chunk, max_rows: int) -> Iterator[Chunk]:
    """Yield a block in parts that come from `max_rows` rows of the source each, the last of fewer; some may have no row left.

    What was dropped is counted in the first.
    """
    last = chunk.n if chunk.rows is None else int(chunk.rows[-1]) + 1 - chunk.start if chunk.n else 0
    if last <= max_rows:
        yield chunk
        return
    for start in range(0, last, max_rows):
        place = slice(start, start + max_rows) if chunk.rows is None else _between(chunk, start, start + max_rows)
        rows = None if chunk.rows is None else chunk.rows[place]
        yield replace(_taken(chunk, place, rows), start=chunk.start + start, dropped=0 if start else chunk.dropped)


def _between(chunk: Chunk, start: int, stop: int) -> slice:
    """Return where the rows lie that come from these places of the block."""
    low, high = np.searchsorted(np.asarray(chunk.rows) - chunk.start, [start, stop]).tolist()
    return slice(low, high)


def rows_at(chunk: Chunk, at: IntArray) -> Chunk:
    """Return the rows of a block at these places."""
    return _taken(chunk, at, chunk.index[at])


def _taken(chunk: Chunk, place: slice | IntArray, rows: IntArray | None) -> Chunk:
    """Return some rows of a block: views where they follow one another. `rows` is what their index then is."""
    return replace(
        chunk,
        X=chunk.X[place],
        y=None if chunk.y is None else chunk.y[place],
        weight=None if chunk.weight is None else chunk.weight[place],
        offset=None if chunk.offset is None else chunk.offset[place],
        group=None if chunk.group is None else chunk.group[place],
        rows=rows,
        joined=chunk.joined[place] if chunk.joined is not None and isinstance(place, slice) else None,
    )
