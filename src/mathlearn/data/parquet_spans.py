"""Which row groups of a Parquet file are read at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Span", "spans"]

_AT_ONCE = 64 << 20
"""Bytes of row groups that are decoded at once: a few blocks for every core, and little beside the rest."""


class Span(NamedTuple):
    """Row groups to be read at a time.

    Attributes
    ----------
    groups : list of int
        Several small ones, or a single one.
    whole : bool
        Whether they are small enough to be decoded at once.
    """

    groups: list[int]
    whole: bool


def spans(metadata: Any, groups: Iterable[int], columns: Sequence[str]) -> Iterator[Span]:
    """Yield the row groups in order, joined while these columns of them are small.

    Parameters
    ----------
    metadata : pyarrow.parquet.FileMetaData
    groups : iterable of int
    columns : sequence of str
    """
    wanted: list[int] = []
    span: list[int] = []
    total = 0
    for group in groups:
        stored = metadata.row_group(group)
        wanted = wanted or _stored(stored, columns)
        size = sum(stored.column(j).total_uncompressed_size for j in wanted)
        if span and total + size > _AT_ONCE:
            yield Span(span, total <= _AT_ONCE)
            span, total = [], 0
        span.append(group)
        total += size
    if span:
        yield Span(span, total <= _AT_ONCE)


def _stored(group: Any, columns: Sequence[str]) -> list[int]:
    """Return the places of these columns among those stored, of nested ones all parts."""
    wanted = set(columns)
    paths = [group.column(j).path_in_schema for j in range(group.num_columns)]
    return [j for j, path in enumerate(paths) if path in wanted or path.partition(".")[0] in wanted]
