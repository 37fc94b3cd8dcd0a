"""A fingerprint of the rows of a fit: the same rows in the same order have the same, whatever held them."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.data.chunk import dense_rows

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows

__all__ = ["fingerprint"]

_BYTES = 16


def fingerprint(rows: Rows, *, max_rows: int) -> tuple[str, int]:
    """Return a hash of the numbers that were fitted, and how many rows they are.

    Each row counts as the float64 numbers ``x_1 ... x_p, y_1 ... y_q``, its weight and its offset, if any, in order, so that neither the size of
    the blocks nor the kind of source makes a difference. Negative zero counts as zero.

    Parameters
    ----------
    rows : Rows
    max_rows : int
        Rows read at a time.
    """
    digest, n = blake2b(digest_size=_BYTES), 0
    for chunk in rows.chunks(max_rows):
        x = dense_rows(chunk.X)
        roles = (None if role is None else role[:, None] for role in (chunk.weight, chunk.offset))
        parts = [x, chunk.y, *roles]
        block = np.concatenate([part for part in parts if part is not None], axis=1, dtype="<f8")
        block += 0.0  # turns -0 into 0
        digest.update(np.ascontiguousarray(block).data)
        n += chunk.n
    return digest.hexdigest(), n
