"""Bound rows that lie in parts elsewhere: each part is bound where it lies, and worked on by the code for rows in one place."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.source import Source

__all__ = ["first_apart", "reduced_apart"]

S = TypeVar("S")


class _Share(NamedTuple, Generic[S]):
    """What is found in some parts.

    Attributes
    ----------
    value : S or None
        None where no row stays.
    dropped : int
        Rows dropped in the parts in which no row stays: no chunk has counted them.
    part : int or None
        The first part in which a row stays.
    """

    value: S | None
    dropped: int
    part: int | None


def reduced_apart(rows: BoundRows, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int) -> S | None:
    """Merge ``of(chunk)`` over all chunks, part by part; None when there is no row.

    Chunks do not cross from one part to the next, so that the result depends on the parts.

    Raises
    ------
    SchemaError, DomainError
        There is no row in a fit.
    """
    merged = partial(_merged, merge)
    with rows.telling():
        total: _Share[S] = rows.source.fold(partial(_share, rows, of, merge, max_rows, None), merged, rows.names)
        if total.part is not None and total.dropped:
            # Parts of which no row stays are rare: only then is a second pass made, in which a chunk counts their rows.
            carried = (total.part, total.dropped)
            total = rows.source.fold(partial(_share, rows, of, merge, max_rows, carried), merged, rows.names)
    if total.value is None and rows.fitting:
        raise rows.no_rows(total.dropped)
    return total.value


def first_apart(rows: BoundRows, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:
    """Return ``of`` of the first chunk of the first part that has one; None when there is no row.

    Raises
    ------
    SchemaError, DomainError
        There is no row in a fit.
    """
    with rows.telling():
        found = rows.source.first(partial(_first, rows, of, max_rows), rows.names)
    # A pass over all rows says why there is none.
    return reduced_apart(rows, of, _left, max_rows=max_rows) if found is None else found


def _left(left: S, right: S) -> S:
    del right
    return left


def _first(rows: BoundRows, of: Callable[[Chunk], S], max_rows: int, part: Source) -> S | None:
    chunk = next(rows.on(part).chunks(max_rows), None)
    return None if chunk is None else of(_placed(chunk, part.begins))


def _share(
    rows: BoundRows,
    of: Callable[[Chunk], S],
    merge: Callable[[S, S], S],
    max_rows: int,
    carried: tuple[int, int] | None,
    part: Source,
) -> _Share[S]:
    here = rows.on(part)
    waiting = [carried[1]] if carried is not None and carried[0] == part.number else []

    def of_placed(chunk: Chunk) -> S:
        placed = _placed(chunk, part.begins)
        return of(replace(placed, dropped=placed.dropped + waiting.pop()) if waiting else placed)

    value = here.reduce(of_placed, merge, max_rows=max_rows, threads=1)
    if value is not None:
        return _Share(value, 0, part.number)
    dropped = sum(chunk.dropped for chunk in here.blocks(max_rows)) if part.n_rows and rows.missing == "drop" else 0
    return _Share(None, dropped, None)


def _merged(merge: Callable[[S, S], S], left: _Share[S], right: _Share[S]) -> _Share[S]:
    if left.value is None or right.value is None:
        some, none = (right, left) if left.value is None else (left, right)
        return some._replace(dropped=some.dropped + none.dropped)
    return _Share(merge(left.value, right.value), left.dropped + right.dropped, left.part)


def _placed(chunk: Chunk, at: int) -> Chunk:
    """Return the chunk of a part with its rows counted as those of the whole source."""
    rows: Any = None if chunk.rows is None else chunk.rows + at
    return replace(chunk, start=chunk.start + at, rows=rows)
