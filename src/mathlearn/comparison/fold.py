"""Columns of a table that fit side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mathlearn.statistics.text_table import display_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mathlearn.comparison.sheet import Cell, Line, Sheet

__all__ = ["GAP", "Widths", "blocks", "cut", "lines_of", "present", "widths"]

GAP = 2
SHORTEST_LABEL = 12


class Widths(NamedTuple):
    """Characters that a column takes: the part before the tail, the tail, all."""

    body: int
    tail: int
    whole: int


def lines_of(sheet: Sheet) -> Iterator[Line]:
    """Yield the heading and all rows."""
    yield from sheet.head
    for section in sheet.sections:
        yield from section.lines


def cut(sheet: Sheet, max_rows: int | None) -> tuple[list[tuple[Line, ...]], int]:
    """Return the rows of each section, at most `max_rows` labelled ones of a long one, and how many labels are left out."""
    kept: list[tuple[Line, ...]] = []
    hidden = 0
    for section in sheet.sections:
        lines = section.lines
        starts = [k for k, line in enumerate(lines) if line.label]
        if section.long and max_rows is not None and len(starts) > max_rows:
            hidden += len(starts) - max_rows
            lines = lines[: starts[max_rows]]
        kept.append(lines)
    return kept, hidden


def present(lines: Sequence[Line], columns: range) -> list[Line]:
    """Return the rows in which these columns have anything."""
    return [line for line in lines if any(line.cells[j].body for j in columns)]


def widths(lines: Sequence[Line], shown: Callable[[Cell], tuple[str, str]]) -> list[Widths]:
    """Measure each column as `shown`, which returns a cell's body and tail."""
    found = []
    for j in range(len(lines[0].cells)):
        cells = [(line.cells[j].words, *shown(line.cells[j])) for line in lines]
        body = max((display_width(left) for words, left, _ in cells if not words), default=0)
        tail = max((display_width(right) for words, _, right in cells if not words), default=0)
        alone = max((display_width(left + right) for words, left, right in cells if words), default=0)
        found.append(Widths(body, tail, max(body + tail, alone)))
    return found


def blocks(taken: Sequence[Widths], label: int, width: int) -> list[range]:
    """Group the columns so that each group, with its labels, takes at most `width` characters."""
    room = width - min(label, max(width // 3, SHORTEST_LABEL))
    found: list[range] = []
    start, used = 0, 0
    for j, column in enumerate(taken):
        size = column.whole + GAP
        if j > start and used + size > room:
            found.append(range(start, j))
            start, used = j, 0
        used += size
    return [*found, range(start, len(taken))]
