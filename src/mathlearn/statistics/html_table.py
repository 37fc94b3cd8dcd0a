"""Tables and labelled sentences as HTML: structure in the markup, the little style there is inline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.cells import printed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mathlearn.statistics.cells import Cells

__all__ = ["NUMBER", "headline", "html_table", "sentences"]

NUMBER = "text-align:right;padding:1px 8px;font-variant-numeric:tabular-nums"
_NAME = 'style="text-align:left;vertical-align:top;padding:1px 8px"'
_COLOUR = {True: "#1a7f37", False: "#b35900"}  # each readable on white and on black; the words say the same


def headline(title: str, verdict: str, *, ok: bool) -> str:
    """Return a title with its verdict in the colour of what it says."""
    return (
        f'<p><strong>{_text.html(title)}: <span style="color:{_COLOUR[ok]}">{_text.html(verdict)}</span></strong></p>'
    )


def sentences(items: Iterable[tuple[str, str]]) -> list[str]:
    """Return the lines of a table of labels and sentences; none for no sentence."""
    rows = [
        f'<tr><th scope="row" {_NAME}>{_text.html(label)}</th><td {_NAME}>{_text.html(sentence)}</td></tr>'
        for label, sentence in items
    ]
    return ["<table>", "<tbody>", *rows, "</tbody>", "</table>"] if rows else []


def html_table(cells: Cells) -> list[str]:
    """Return the lines of a table: names on the left, numbers on the right."""
    number = f'style="{NUMBER}"'
    head = "".join(
        f'<th scope="col" {number if j else _NAME}>{_text.html(text)}</th>' for j, text in enumerate(cells.header)
    )
    rows = (
        f'<tr><th scope="row" {_NAME}>{_text.html(row[0])}</th>'
        + "".join(f"<td {number}>{_text.html(printed(cell))}</td>" for cell in row[1:])
        + "</tr>"
        for row in cells.rows
    )
    return ["<table>", f"<thead><tr>{head}</tr></thead>", "<tbody>", *rows, "</tbody>", "</table>"]
