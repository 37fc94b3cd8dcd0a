"""Rows seen another way: dense for sparse, y less its offset, without columns."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.data.derived import Derived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn._typing import BoolArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

S = TypeVar("S")


class Adapted(Derived):
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
        super().__init__(rows)
        self._change = change
        self.sparse = sparse

    def chunks(self, max_rows: int) -> Iterator[Chunk]:
        """Yield the changed chunks."""
        return map(self._change, self._rows.chunks(max_rows))

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:
        """Merge over the changed chunks in order."""
        return self._rows.reduce(lambda chunk: of(self._change(chunk)), merge, max_rows=max_rows, threads=threads)

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:
        """Return ``of`` of the first changed chunk."""
        return self._rows.first(lambda chunk: of(self._change(chunk)), max_rows=max_rows)


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


class Held(Derived):
    """Rows that are one chunk in memory, read once."""

    def __init__(self, rows: Rows, chunk: Chunk) -> None:
        super().__init__(rows)
        self._chunk = chunk

    def chunks(self, max_rows: int) -> Iterator[Chunk]:  # noqa: ARG002 - all rows fit into any block asked for
        """Yield the one chunk."""
        yield self._chunk

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:  # noqa: ARG002 - as above
        """Return ``of`` of the one chunk."""
        return of(self._chunk)

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:  # noqa: ARG002 - as above
        """Return ``of`` of the one chunk."""
        return of(self._chunk)


def held(rows: Rows, max_rows: int) -> Rows:
    """Return rows in memory that are a single chunk as one that is read once; others as they are."""
    if not rows.in_memory or rows.n_rows is None or rows.n_rows > max_rows:
        return rows
    return Held(rows, next(iter(rows.chunks(max_rows))))


def without_columns(rows: Rows) -> Rows:
    """Return the rows with no column of X: what is observed alone."""
    return Adapted(rows, _observed_alone, sparse=False)


def _observed_alone(chunk: Chunk) -> Chunk:
    return replace(chunk, X=np.empty((chunk.n, 0)))


def as_proportions(rows: Rows) -> Rows:
    """Return the rows with y (n, 2) of successes and failures as proportions and trials.

    Reading them raises a DomainError where these are no counts.
    """
    return Adapted(rows, partial(_counted, rows=rows), sparse=rows.sparse)


def proportions(chunk: Chunk) -> Chunk:
    """Return a chunk whose y (n, 2) are successes and failures with proportions and trials instead."""
    counts = np.asarray(chunk.y)
    trials = counts.sum(axis=1)
    return replace(chunk, y=np.column_stack([counts[:, 0] / trials, trials]))


def _counted(chunk: Chunk, rows: Rows) -> Chunk:
    """Return proportions and trials of counts, once they are found to be counts.

    Raises
    ------
    DomainError
    """
    if any(bad.any() for bad in _faults(chunk)):
        raise _no_counts(rows)
    return proportions(chunk)


def _faults(chunk: Chunk) -> tuple[BoolArray, ...]:
    """Mark the rows (n,) whose first or second column is no count, and those without a trial."""
    counts = np.asarray(chunk.y)
    wrong = (counts < 0.0) | (counts != np.rint(counts))
    return wrong[:, 0], wrong[:, 1], counts.sum(axis=1) == 0.0


def _no_counts(rows: Rows) -> DomainError:
    """Count the rows at fault, by another pass, and name the first of those that the message is about."""
    total, found = 0, [(0, 0, 0.0)] * 3
    for chunk in rows.chunks(_SCAN_ROWS):
        total += chunk.n
        counts = np.asarray(chunk.y)
        for k, bad in enumerate(_faults(chunk)):
            count, row, value = found[k]
            if bad.any() and not count:
                first = int(bad.argmax())
                row, value = int(chunk.index[first]), float(counts[first, min(k, 1)])
            found[k] = (count + int(bad.sum()), row, value)
    for name, (count, row, value) in zip(rows.responses, found[:2], strict=True):
        if count:
            return DomainError(
                f"{name} has {count} of {total} values that are no counts, first {value!r} in row {row}: allowed are whole numbers of at "
                "least 0. With two columns, y is successes and failures; repair these rows, or give proportions with trials=."
            )
    count, row, _ = found[2]
    return DomainError(
        f"{' and '.join(rows.responses)} are both 0 in {count} of {total} rows, first in row {row}: there was no trial, and nothing was "
        "observed. Leave these rows out."
    )


_SCAN_ROWS = 1 << 13
