"""A random sample of rows, taken while they stream by, and held in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mathlearn.data.chunk import rows_at
from mathlearn.data.derived import Derived
from mathlearn.data.reduce import ordered_reduce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

S = TypeVar("S")


def thinned(chunk: Chunk, share: float, seed: int = 0) -> Chunk:
    """Take a random share of the rows of a block, in their order; the same ones whenever the block is cut alike."""
    count = max(1, round(share * chunk.n))
    if count >= chunk.n:
        return chunk
    random = np.random.default_rng([seed, chunk.start])
    taken = np.sort(random.choice(chunk.n, count, replace=False, shuffle=False))
    return replace(rows_at(chunk, taken), group=None, dropped=0)


class Sample(Derived):
    """Rows that are a list of blocks in memory.

    Parameters
    ----------
    rows : Rows
        From which they were taken.
    chunks : sequence of Chunk
    """

    def __init__(self, rows: Rows, chunks: Sequence[Chunk]) -> None:
        super().__init__(rows)
        self._chunks = tuple(chunks)
        self.n_rows = sum(chunk.n for chunk in self._chunks)
        self.in_memory = True

    def chunks(self, max_rows: int) -> Iterator[Chunk]:  # noqa: ARG002 - they are cut already
        """Yield the blocks as they were taken."""
        return iter(self._chunks)

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:  # noqa: ARG002 - as above
        """Merge over the blocks in order."""
        return ordered_reduce(self._chunks, of, merge, threads=threads)

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:  # noqa: ARG002 - as above
        """Return ``of`` of the first block."""
        return of(self._chunks[0]) if self._chunks else None


def joined(chunks: list[Chunk], max_rows: int) -> list[Chunk]:
    """Join small blocks of dense rows to fewer ones of about `max_rows`; the list is used up, so that rows are held once."""
    out: list[Chunk] = []
    chunks.reverse()
    while chunks:
        waiting = [chunks.pop()]
        while chunks and sum(each.n for each in waiting) < max_rows:
            waiting.append(chunks.pop())
        out.append(_one(waiting))
    return out


def _one(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    first = chunks[0]
    parts: dict[str, Any] = {}
    for name in ("X", "y", "weight", "offset"):
        given = getattr(first, name)
        parts[name] = None if given is None else np.concatenate([getattr(chunk, name) for chunk in chunks])
    return replace(first, **parts, group=None, rows=np.concatenate([chunk.index for chunk in chunks]))
