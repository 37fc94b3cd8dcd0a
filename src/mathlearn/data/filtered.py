"""Some of the rows, chosen by what is in them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mathlearn.data.chunk import rows_at
from mathlearn.data.derived import Derived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn._typing import BoolArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

S = TypeVar("S")


class Filtered(Derived):
    """The rows that a test lets pass, in their order.

    Parameters
    ----------
    rows : Rows
    passes : callable
        ``chunk -> (n,)`` of bool.
    """

    def __init__(self, rows: Rows, passes: Callable[[Chunk], BoolArray]) -> None:
        super().__init__(rows)
        self._passes = passes
        self.n_rows = None

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
