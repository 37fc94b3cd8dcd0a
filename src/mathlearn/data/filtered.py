"""Some of the rows, chosen by what is in them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn._typing import BoolArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

S = TypeVar("S")


class Filtered:
    """The rows that a test lets pass, in their order.

    Parameters
    ----------
    rows : Rows
    passes : callable
        ``chunk -> (n,)`` of bool.
    """

    def __init__(self, rows: Rows, passes: Callable[[Chunk], BoolArray]) -> None:
        self._rows = rows
        self._passes = passes
        self.terms = rows.terms
        self.responses = rows.responses
        self.n_rows = None
        self.in_memory = rows.in_memory
        self.sparse = rows.sparse

    def chunks(self, max_rows: int) -> Iterator[Chunk]:
        """Yield what passes of each block, where anything does."""
        for chunk in self._rows.chunks(max_rows):
            yield from self._passing(chunk)

    def _of(self, of: Callable[[Chunk], S], chunk: Chunk) -> tuple[S, ...]:
        return tuple(map(of, self._passing(chunk)))

    def _passing(self, chunk: Chunk) -> Iterator[Chunk]:
        keep = self._passes(chunk)
        if keep.any():
            yield chunk if keep.all() else rows_at(chunk, np.flatnonzero(keep))

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:
        """Merge over what passes, in order."""

        def merged(left: tuple[S, ...], right: tuple[S, ...]) -> tuple[S, ...]:
            return (merge(left[0], right[0]),) if left and right else left or right

        found = self._rows.reduce(partial(self._of, of), merged, max_rows=max_rows, threads=threads)
        return found[0] if found else None

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:
        """Return ``of`` of the first block that has rows which pass."""
        found = self._rows.first(partial(self._of, of), max_rows=max_rows)
        return found[0] if found else self.reduce(of, lambda left, _: left, max_rows=max_rows, threads=1)

    def locate(self, row: int) -> str:
        """Say where a row is."""
        return self._rows.locate(row)

    def diagnose_nonfinite(self) -> None:
        """Look for numbers that are not finite in the rows as they were given."""
        self._rows.diagnose_nonfinite()


def rows_at(chunk: Chunk, at: IntArray) -> Chunk:
    """Return the rows of a block at these places."""
    return replace(
        chunk,
        X=chunk.X[at],
        y=None if chunk.y is None else chunk.y[at],
        weight=None if chunk.weight is None else chunk.weight[at],
        offset=None if chunk.offset is None else chunk.offset[at],
        group=None if chunk.group is None else chunk.group[at],
        rows=chunk.index[at],
    )
