"""`Derived`: what rows that are made of other rows have in common with these; and the plainest kind of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["Counted", "Derived"]

S = TypeVar("S")


class Derived:
    """Rows made of other rows: of the same columns, in memory and found where those are, until a kind of them says otherwise.

    Parameters
    ----------
    rows : Rows
        The others.
    """

    terms: tuple[str, ...]
    responses: tuple[str, ...]
    n_rows: int | None
    in_memory: bool
    sparse: bool

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.terms = rows.terms
        self.responses = rows.responses
        self.n_rows = rows.n_rows
        self.in_memory = rows.in_memory
        self.sparse = rows.sparse

    def locate(self, row: int) -> str:
        """Say where a row is."""
        return self._rows.locate(row)

    def diagnose_nonfinite(self) -> None:
        """Look for numbers that are not finite in the rows as they were given."""
        self._rows.diagnose_nonfinite()


class Counted(Derived):
    """The same rows, and how many passes were made over all of them.

    Attributes
    ----------
    passes : int
    """

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.passes = 0

    def chunks(self, max_rows: int) -> Iterator[Chunk]:
        """Yield the rows in order; who does not read to the end makes no pass."""
        yield from self._rows.chunks(max_rows)
        self.passes += 1

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:
        """Merge over the chunks in order."""
        self.passes += 1
        return self._rows.reduce(of, merge, max_rows=max_rows, threads=threads)

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:
        """Return ``of`` of the first chunk, which is no pass."""
        return self._rows.first(of, max_rows=max_rows)
