"""A summary as an HTML fragment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text

if TYPE_CHECKING:
    from mathlearn.statistics.cells import Cells
    from mathlearn.statistics.summary.record import Summary

__all__ = ["to_html"]

_NAME = 'style="text-align:left;padding:1px 8px"'
_NUMBER = 'style="text-align:right;padding:1px 8px;font-variant-numeric:tabular-nums"'
_COLOUR = {True: "#1a7f37", False: "#b35900"}


def to_html(summary: Summary) -> str:
    """Typeset a summary; headings and tables carry their structure, the little style there is stands inline."""
    colour = _COLOUR[summary.ok]
    parts = [
        '<div class="mathlearn-summary">',
        f'<p><strong>{_text.html(summary.title)}: <span style="color:{colour}">{_text.html(summary.verdict)}</span></strong></p>',
        _sentences(summary.head),
    ]
    for block in summary.blocks:
        parts += [f"<p><strong>{_text.html(block.title)}</strong></p>"] if block.title else []
        parts += [_sentences(block.lines), _table(block.cells)]
    return "\n".join([*parts, _sentences(summary.foot), "</div>"])


def _sentences(items: tuple[tuple[str, str], ...]) -> str:
    rows = (
        f'<tr><th scope="row" {_NAME}>{_text.html(label)}</th><td {_NAME}>{_text.html(sentence)}</td></tr>'
        for label, sentence in items
    )
    return "\n".join(["<table>", *rows, "</table>"])


def _table(cells: Cells) -> str:
    head = "".join(
        f'<th scope="col" {_NUMBER if j else _NAME}>{_text.html(text)}</th>' for j, text in enumerate(cells.header)
    )
    rows = (
        f'<tr><th scope="row" {_NAME}>{_text.html(row[0])}</th>'
        + "".join(f"<td {_NUMBER}>{_text.html(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in cells.rows
    )
    return "\n".join(["<table>", f"<thead><tr>{head}</tr></thead>", "<tbody>", *rows, "</tbody>", "</table>"])
