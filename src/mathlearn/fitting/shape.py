"""The shape of a problem, which decides the algorithm."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from mathlearn.data.reduce import found_again
from mathlearn.linalg.ladder import block_rows
from mathlearn.linalg.moments import Looking

if TYPE_CHECKING:
    from mathlearn.data.chunk import Chunk
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
    look = rows.first(Looking(centred), max_rows=max(k, block_rows(len(rows.terms))))
    if look is None or look.n >= k:
        return look is None
    # Rows that leave, or parts that are short, make the first block shorter than the rows are: all are counted.
    every: int = found_again(rows.reduce(_count, operator.add, max_rows=block_rows(len(rows.terms)), threads=1))
    return every < k


def _count(chunk: Chunk) -> int:
    return chunk.n
