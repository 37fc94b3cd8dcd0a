"""A side-by-side table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.comparison.fold import GAP, SHORTEST_LABEL, blocks, cut, lines_of, present, widths
from mathlearn.statistics.text_table import display_width, pad, sentences, shorten, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn.comparison.fold import Widths
    from mathlearn.comparison.sheet import Cell, Line, Sheet

__all__ = ["superscript", "to_text"]

LONGEST_CELL = 24
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def to_text(sheet: Sheet, *, width: int, max_rows: int | None = None) -> str:
    """Typeset a sheet in at most `width` columns, folding what is wider."""
    lines = [f"{_text.terminal(sheet.title)}: {_text.terminal(sheet.verdict)}"]
    lines += sentences(sheet.lead, width)
    sections, hidden = cut(sheet, max_rows)
    shown = [*sheet.head, *(line for section in sections for line in section)]
    taken = widths(shown, _parts)
    longest = max(display_width(_label(line.label)) for line in lines_of(sheet))
    for columns in blocks(taken, longest, width):
        lines += ["", *_block(sheet, sections, taken, columns, longest, width)]
    if hidden:
        lines.append(f"... and {hidden} more terms: to_frame() has them all")
    lines += [""] if sheet.footnotes or sheet.notes else []
    for number, footnote in enumerate(sheet.footnotes, 1):
        lines += wrapped(f"{superscript(number)} {_text.terminal(footnote)}", width, GAP)
    return "\n".join([*lines, *sentences(sheet.notes, width)])


def superscript(number: int) -> str:
    """Write the number of a footnote; nothing for 0."""
    return str(number).translate(_SUPERSCRIPT) if number else ""


def _block(
    sheet: Sheet,
    sections: Sequence[tuple[Line, ...]],
    taken: Sequence[Widths],
    columns: range,
    longest: int,
    width: int,
) -> Iterator[str]:
    """Yield the lines of the columns that stand side by side."""
    used = sum(taken[j].whole + GAP for j in columns)
    label = max(min(longest, width - used), SHORTEST_LABEL)
    rule = "─" * min(label + used, width)
    yield from (_row(line, taken, columns, label) for line in sheet.head)
    for section, lines in zip(sheet.sections, sections, strict=True):
        shown = present(lines, columns)
        if not shown:
            continue
        yield rule
        if section.title:
            yield shorten(_label(section.title), width)
        yield from (_row(line, taken, columns, label) for line in shown)


def _row(line: Line, taken: Sequence[Widths], columns: range, label: int) -> str:
    cells = [pad(shorten(_label(line.label), label), label)]
    for j in columns:
        body, tail = _parts(line.cells[j])
        text = body + tail if line.cells[j].words else _left(body, taken[j].body) + pad(tail, taken[j].tail)
        cells.append(_left(text, taken[j].whole))
    return (" " * GAP).join(cells).rstrip()


def _left(text: str, width: int) -> str:
    """Fill with spaces on the left."""
    return " " * (width - display_width(text)) + text


def _parts(cell: Cell) -> tuple[str, str]:
    body = _text.terminal(cell.body)
    return shorten(body, LONGEST_CELL) if cell.words else body, cell.tail + superscript(cell.mark)


def _label(text: str) -> str:
    return _text.terminal(text)
