"""`Chunk`: a block of numeric rows, the only form in which rows reach the mathematics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
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
    """

    X: FloatArray | csr_array
    y: FloatArray | None = None
    weight: FloatArray | None = None
    offset: FloatArray | None = None
    group: AnyArray | None = None
    start: int = 0
    rows: IntArray | None = None
    dropped: int = 0

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    @property
    def index(self) -> IntArray:
        """Index in the source of each row (n,)."""
        return np.arange(self.start, self.start + self.n) if self.rows is None else self.rows
