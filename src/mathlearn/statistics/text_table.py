"""Tables and labelled sentences for a terminal: names on the left, shortened in the middle when they must be; numbers on the right."""

from __future__ import annotations

import unicodedata
from textwrap import TextWrapper
from typing import TYPE_CHECKING

from mathlearn import _text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mathlearn.statistics.cells import Cells

__all__ = ["WIDTH", "display_width", "pad", "sentences", "shorten", "text_table", "wrapped"]

WIDTH = 100
INDENT = 12
SHORTEST_NAME = 12


def text_table(cells: Cells, *, width: int = WIDTH, max_rows: int | None = None) -> str:
    """Lay out a table within `width` columns, as long as names of at least 12 characters fit.

    Parameters
    ----------
    cells : Cells
        Names are escaped here.
    width : int
    max_rows : int, optional
        Show no more rows than this, and say how many are left out.
    """
    shown = cells.rows if max_rows is None else cells.rows[:max_rows]
    columns = list(zip(cells.header, *shown, strict=True))
    widths = [max(map(len, column)) for column in columns[1:]]
    room = max(width - sum(widths) - 2 * len(widths), SHORTEST_NAME)
    names = [shorten(_text.terminal(name), room) for name in columns[0]]
    name_width = max(map(display_width, names))
    lines = [
        "  ".join([pad(name, name_width), *(cell.rjust(w) for cell, w in zip(row[1:], widths, strict=True))]).rstrip()
        for name, row in zip(names, (cells.header, *shown), strict=True)
    ]
    if len(shown) < len(cells.rows):
        lines.append(f"... and {len(cells.rows) - len(shown)} more: tidy() has them all")
    return "\n".join(lines)


def sentences(items: Iterable[tuple[str, str]], width: int = WIDTH) -> list[str]:
    """Return the lines of labelled sentences, which are escaped here; what goes on below stands under the sentence."""
    return [
        line
        for label, sentence in items
        for line in wrapped(f"{label:<{INDENT}}{_text.terminal(sentence)}", width, INDENT)
    ]


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """Break text into lines of at most `width` columns, those after the first indented."""
    if display_width(text) <= width:
        return [text]
    # Wide characters take two columns, which the wrapper does not know.
    narrow = width if display_width(text) == len(text) else max(width // 2, 2 * indent)
    return TextWrapper(width=narrow, subsequent_indent=" " * indent, break_on_hyphens=False).wrap(text)


def pad(text: str, width: int) -> str:
    """Fill with spaces on the right up to `width` terminal columns."""
    return text + " " * (width - display_width(text))


def shorten(text: str, width: int) -> str:
    """Replace the middle by ``...`` so that the text takes at most `width` columns: both ends tell names apart."""
    if display_width(text) <= width:
        return text
    head = (width - 3 + 1) // 2
    return _fit(text, head) + "..." + _fit(text[::-1], width - 3 - head)[::-1]


def _fit(text: str, width: int) -> str:
    """Longest beginning of `text` that takes at most `width` columns."""
    used = 0
    for i, character in enumerate(text):
        used += display_width(character)
        if used > width:
            return text[:i]
    return text


def display_width(text: str) -> int:
    """Columns taken in a terminal: two for wide East Asian characters, none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in {"W", "F"}) for c in text)
