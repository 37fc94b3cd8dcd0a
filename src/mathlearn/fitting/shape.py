"""The shape of a problem, which decides the algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.linalg.ladder import block_rows

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows

MOST_DENSE_COLUMNS = 2000
"""Up to so many columns, blocks of sparse rows are made dense as they are read."""


def stays_sparse(rows: Rows) -> bool:
    """Whether rows are sparse, and of too many columns to be made dense block by block."""
    return rows.sparse and len(rows.terms) > MOST_DENSE_COLUMNS


def is_wide(rows: Rows, *, centred: bool) -> bool:
    """Whether the parameters are more than the rows; of a stream no more rows are read than needed to tell."""
    k = len(rows.terms) + centred
    if rows.n_rows is not None:
        return rows.n_rows < k
    seen = 0
    for chunk in rows.chunks(block_rows(len(rows.terms))):
        seen += chunk.n
        if seen >= k:
            return False
    return True
