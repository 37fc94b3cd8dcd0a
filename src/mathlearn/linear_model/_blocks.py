"""Predictions block by block: how large a block is, and where its rows belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk

_MOST_ROWS = 1 << 16
_MOST_NUMBERS = 1 << 22


def block_rows(rows: BoundRows) -> int:
    """Rows of a block, such that it has at most 4 million numbers."""
    return max(1, min(_MOST_ROWS, _MOST_NUMBERS // max(len(rows.terms), 1)))


def one_column(values: FloatArray) -> FloatArray:
    """Return (n, 1) as (n,), and more columns as they are."""
    return values[:, 0] if values.shape[1] == 1 else values


def spread(values: FloatArray, chunk: Chunk) -> FloatArray:
    """Put what was computed for a block's rows in their places; NaN where a row was left out."""
    if not chunk.dropped or chunk.rows is None:
        return values
    out = np.full((chunk.n + chunk.dropped, *values.shape[1:]), np.nan)
    out[chunk.rows - chunk.start] = values
    return out
