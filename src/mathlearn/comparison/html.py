"""A side-by-side table as an HTML fragment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.html_table import NUMBER, headline, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.comparison.sheet import Cell, Line, Sheet

__all__ = ["to_html"]

_NAME = 'style="text-align:left;vertical-align:top;padding:1px 8px;font-weight:normal"'
_HEAD = 'style="text-align:right;padding:1px 8px"'
_NUMBER = f'style="{NUMBER};white-space:nowrap"'
_TAIL = 'style="display:inline-block;text-align:left;min-width:{width}ch"'
_RULE = 'style="border-top:1px solid currentColor"'


def to_html(sheet: Sheet) -> str:
    """Typeset a sheet; the table carries its structure, the little style there is stands inline."""
    parts = [
        '<div class="mathlearn-comparison">',
        headline(sheet.title, sheet.verdict, ok=sheet.ok),
        *sentences(sheet.lead),
        '<div style="overflow-x:auto">',
        '<table style="border-collapse:collapse">',
        *_table(sheet),
        "</table>",
        "</div>",
        *(
            f"<div><sup>{number}</sup> {_text.html(footnote)}</div>"
            for number, footnote in enumerate(sheet.footnotes, 1)
        ),
        *sentences(sheet.notes),
        "</div>",
    ]
    return "\n".join(parts)


def _table(sheet: Sheet) -> Iterator[str]:
    tails = [
        max((len(line.cells[j].tail) for section in sheet.sections for line in section.lines), default=0)
        for j in range(sheet.n_columns)
    ]
    yield "<thead>"
    for line in sheet.head:
        cells = "".join(f'<th scope="col" {_HEAD}>{_text.html(cell.body)}</th>' for cell in line.cells)
        yield f"<tr><td {_NAME}>{_text.html(line.label)}</td>{cells}</tr>"
    yield "</thead>"
    for section in sheet.sections:
        yield f"<tbody {_RULE}>"
        if section.title:
            yield (
                f'<tr><th scope="rowgroup" colspan="{sheet.n_columns + 1}" {_NAME}>{_text.html(section.title)}</th></tr>'
            )
        yield from (_row(line, tails) for line in section.lines)
        yield "</tbody>"


def _row(line: Line, tails: list[int]) -> str:
    head = f'<th scope="row" {_NAME}>{_text.html(line.label)}</th>' if line.label else f"<td {_NAME}></td>"
    cells = "".join(f"<td {_NUMBER}>{_cell(cell, width)}</td>" for cell, width in zip(line.cells, tails, strict=True))
    return f"<tr>{head}{cells}</tr>"


def _cell(cell: Cell, width: int) -> str:
    mark = f'<sup style="line-height:0">{cell.mark}</sup>' if cell.mark else ""
    tail = _text.html(cell.tail) + mark
    if cell.words or not (width or tail):
        return _text.html(cell.body) + tail
    return f"{_text.html(cell.body)}<span {_TAIL.format(width=width)}>{tail}</span>"
