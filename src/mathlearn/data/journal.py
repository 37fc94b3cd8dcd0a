"""`Journalled`: rows whose passes are kept in a journal, so that a fit that was stopped can go on.

A fit is a sequence of passes over the same rows, each a function of what those before it found. What an earlier run has of a
pass is taken from the journal, provided that it was the same pass to the last bit; a pass it was in the middle of is taken up at
the block that comes next. Blocks are merged from left to right, so the result has the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable  # noqa: TC003 -- singledispatch reads annotations
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from mathlearn.data.bound import Begun
from mathlearn.data.derived import Derived
from mathlearn.data.digest import digest, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk

S = TypeVar("S")

__all__ = ["Journal", "Journalled", "Kept"]


class Kept(NamedTuple):
    """What a journal has of a pass.

    Attributes
    ----------
    value
        The statistic, merged over the blocks so far.
    row : int or None
        The row after these blocks; None where the pass was completed.
    """

    value: Any
    row: int | None


class Journal(Protocol):
    """Where the passes of a fit are kept, in their order."""

    def begin(self, task: str) -> Kept | None:
        """Begin the next pass, and return what an earlier run has of it; None where that did something else, or nothing."""

    def note(self, value: Any, row: int) -> None:
        """Take note of what is merged up to a row, if it is time to."""

    def end(self, value: Any) -> None:
        """End the pass."""


class Journalled(Derived):
    """Rows whose passes are kept in a journal.

    Parameters
    ----------
    rows : BoundRows
    journal : Journal
    """

    _rows: BoundRows

    def __init__(self, rows: BoundRows, journal: Journal) -> None:
        super().__init__(rows)
        self._journal = journal

    def chunks(self, max_rows: int) -> Iterator[Chunk]:
        """Yield the rows in order; nothing is kept of them."""
        return self._rows.chunks(max_rows)

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:
        """Merge over the chunks in order, beginning with what the journal has."""
        journal, task = self._journal, _task(of, merge, max_rows)
        kept = journal.begin(task)
        if kept is not None and kept.row is None:
            done: S = kept.value
            return done

        def of_block(chunk: Chunk) -> Begun[S]:
            return Begun(of(chunk), chunk.start - chunk.start % max_rows + max_rows)

        def merged(left: Begun[S], right: Begun[S]) -> Begun[S]:
            both = Begun(merge(left.value, right.value), right.row)
            journal.note(*both)
            return both

        begun = None if kept is None or kept.row is None else Begun(Begun(kept.value, kept.row), kept.row)
        total = self._rows.reduce(of_block, merged, max_rows=max_rows, threads=threads, begun=begun)
        value: S | None = None if total is None else total.value
        journal.end(value)
        return value

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:
        """Return ``of`` of the first chunk; nothing is kept of it."""
        return self._rows.first(of, max_rows=max_rows)


@parts.register
def _(value: Journalled) -> tuple[bytes, Iterable[Any]]:
    del value  # all passes of a journal are over the same rows
    return b"the rows", ()


def _task(of: Callable[[Chunk], Any], merge: Callable[[Any, Any], Any], max_rows: int) -> str:
    """Return a text that tells a pass from others over the same rows; empty where nothing does."""
    try:
        return digest((of, merge, max_rows))
    except (TypeError, RecursionError):
        return ""
