"""Rows seen another way: dense for sparse, y less its offset."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mathlearn.data.reduce import ordered_reduce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

S = TypeVar("S")


class Adapted:
    """Rows whose chunks pass through a function that keeps their number and order.

    Parameters
    ----------
    rows : Rows
    change : callable
        ``chunk -> chunk``; called in the worker threads.
    sparse : bool
        Whether the changed chunks carry CSR matrices.
    """

    def __init__(self, rows: Rows, change: Callable[[Chunk], Chunk], *, sparse: bool) -> None:
        self._rows = rows
        self._change = change
        self.terms = rows.terms
        self.responses = rows.responses
        self.n_rows = rows.n_rows
        self.in_memory = rows.in_memory
        self.sparse = sparse

    def chunks(self, max_rows: int) -> Iterator[Chunk]:
        """Yield the changed chunks."""
        return map(self._change, self._rows.chunks(max_rows))

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:
        """Merge over the changed chunks in order."""
        return ordered_reduce(
            self._rows.chunks(max_rows), lambda chunk: of(self._change(chunk)), merge, threads=threads
        )

    def diagnose_nonfinite(self) -> None:
        """Look for numbers that are not finite in the rows as they were given."""
        self._rows.diagnose_nonfinite()


def densified(rows: Rows) -> Rows:
    """Return the rows with each chunk of X as a dense array."""
    return Adapted(rows, _dense, sparse=False)


def _dense(chunk: Chunk) -> Chunk:
    return chunk if isinstance(chunk.X, np.ndarray) else replace(chunk, X=chunk.X.toarray())


def without_offset(rows: Rows) -> Rows:
    """Return the rows with the offset subtracted from y."""
    return Adapted(rows, _less_offset, sparse=rows.sparse)


def _less_offset(chunk: Chunk) -> Chunk:
    if chunk.offset is None or chunk.y is None:
        return chunk
    return replace(chunk, y=chunk.y - chunk.offset[:, None], offset=None)


class Held:
    """Rows that are one chunk in memory, read once."""

    def __init__(self, rows: Rows, chunk: Chunk) -> None:
        self._rows = rows
        self._chunk = chunk
        self.terms = rows.terms
        self.responses = rows.responses
        self.n_rows = rows.n_rows
        self.in_memory = True
        self.sparse = rows.sparse

    def chunks(self, max_rows: int) -> Iterator[Chunk]:  # noqa: ARG002 - all rows fit into any block asked for
        """Yield the one chunk."""
        yield self._chunk

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:  # noqa: ARG002 - as above
        """Return ``of`` of the one chunk."""
        return of(self._chunk)

    def diagnose_nonfinite(self) -> None:
        """Look for numbers that are not finite in the rows as they were given."""
        self._rows.diagnose_nonfinite()


def held(rows: Rows, max_rows: int) -> Rows:
    """Return rows in memory that are a single chunk as one that is read once; others as they are."""
    if not rows.in_memory or rows.n_rows is None or rows.n_rows > max_rows:
        return rows
    return Held(rows, next(iter(rows.chunks(max_rows))))
