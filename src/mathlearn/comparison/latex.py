"""A side-by-side table as LaTeX source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.comparison.fold import blocks, lines_of, present, widths
from mathlearn.statistics.cells import MISSING
from mathlearn.statistics.latex_table import sentences
from mathlearn.statistics.text_table import display_width, shorten

if TYPE_CHECKING:
    from mathlearn.comparison.sheet import Cell, Line, Sheet

__all__ = ["to_latex"]

# Characters that stand side by side at \small on a page of the base classes.
WIDTH = 76
LONGEST_LABEL = 40
LONGEST_CELL = 24
_NUMBER = re.compile(r"(\d)e([+-]?)0*(\d+)")
_NUMERIC = re.compile(r"[\[(]?-?\d[\d.]*(e[+-]?\d+)?(, -?\d[\d.]*(e[+-]?\d+)?)?")


def to_latex(sheet: Sheet) -> str:
    """Typeset a sheet with plain ``tabular``; in each column, brackets and stars hang over to the right."""
    parts = [
        rf"\noindent\textbf{{{_text.latex(sheet.title)}: {_text.latex(sheet.verdict)}}}",
        *sentences(sheet.lead),
    ]
    lines = list(lines_of(sheet))
    longest = min(max(display_width(line.label) for line in lines), LONGEST_LABEL)
    taken = widths(lines, lambda cell: (_shortened(cell), cell.tail + "i" * bool(cell.mark)))
    parts += [_tabular(sheet, columns) for columns in blocks(taken, longest, WIDTH)]
    if sheet.footnotes:
        rows = (
            rf"\noindent $^{{{number}}}$ {_text.latex(footnote)}\par"
            for number, footnote in enumerate(sheet.footnotes, 1)
        )
        parts.append("\n".join([r"{\footnotesize", *rows, "}"]))
    return "\n\n".join([*parts, *sentences(sheet.notes)]) + "\n"


def _tabular(sheet: Sheet, columns: range) -> str:
    begin = r"\noindent{\small\setlength{\tabcolsep}{4pt}\begin{tabular}{l" + "r@{}l" * len(columns) + "}"
    rows = [begin, r"\hline"]
    rows += [_row(line, columns) for line in sheet.head]
    for section in sheet.sections:
        shown = present(section.lines, columns)
        if not shown:
            continue
        rows.append(r"\hline")
        if section.title:
            title = _text.latex(shorten(section.title, 2 * LONGEST_LABEL))
            rows.append(rf"\multicolumn{{{2 * len(columns) + 1}}}{{l}}{{{title}}} \\")
        rows += [_row(line, columns) for line in shown]
    return "\n".join([*rows, r"\hline", r"\end{tabular}}"])


def _row(line: Line, columns: range) -> str:
    # An empty group first: what follows \\ is never read as its option.
    label = _text.latex(shorten(line.label, LONGEST_LABEL)) or "{}"
    return " & ".join([label, *(_cell(line.cells[j]) for j in columns)]) + r" \\"


def _cell(cell: Cell) -> str:
    mark = rf"$^{{{cell.mark}}}$" if cell.mark else ""
    if cell.words:
        return rf"\multicolumn{{2}}{{r}}{{{_text.latex(_shortened(cell))}{mark}}}"
    stars = cell.tail.strip("*") == "" and cell.tail
    tail = rf"$^{{{cell.tail}}}$" if stars else _text.latex(cell.tail)
    return f"{_body(cell.body)} & {tail}{mark}"


def _body(text: str) -> str:
    """Set numbers in mathematics mode, for a true minus sign."""
    if _NUMERIC.fullmatch(text):
        return f"${_NUMBER.sub(_power, text)}$"
    return _text.latex(text).replace(MISSING, "---")


def _power(match: re.Match[str]) -> str:
    sign = "-" if match[2] == "-" else ""
    return rf"{match[1]} \times 10^{{{sign}{match[3]}}}"


def _shortened(cell: Cell) -> str:
    return shorten(cell.body, LONGEST_CELL) if cell.words else cell.body
