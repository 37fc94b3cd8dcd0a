"""A summary as LaTeX source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.cells import MISSING

if TYPE_CHECKING:
    from mathlearn.statistics.cells import Cells
    from mathlearn.statistics.summary.record import Summary

__all__ = ["to_latex"]


def to_latex(summary: Summary) -> str:
    """Typeset a summary with plain ``description`` and ``tabular``: no package needed."""
    parts = [
        rf"\noindent\textbf{{{_text.latex(summary.title)}: {_text.latex(summary.verdict)}}}",
        _sentences(summary.head),
    ]
    for block in summary.blocks:
        parts += [rf"\noindent\textbf{{{_text.latex(block.title)}}}"] if block.title else []
        parts += [_sentences(block.lines)]
        parts += [_table(block.cells)] if block.cells.rows else []
    return "\n\n".join([*parts, _sentences(summary.foot)]) + "\n"


def _sentences(items: tuple[tuple[str, str], ...]) -> str:
    rows = (rf"\item[{{{_text.latex(label)}}}] {_text.latex(sentence)}" for label, sentence in items)
    return "\n".join([r"\begin{description}", *rows, r"\end{description}"])


def _table(cells: Cells) -> str:
    numbers = len(cells.header) - 1
    head = " & ".join(map(_text.latex, cells.header)) + r" \\"
    rows = (" & ".join([_text.latex(row[0]), *map(_number, row[1:])]) + r" \\" for row in cells.rows)
    begin, end = rf"\noindent{{\small\begin{{tabular}}{{l{'r' * numbers}}}", r"\end{tabular}}"
    return "\n".join([begin, r"\hline", head, r"\hline", *rows, r"\hline", end])


def _number(cell: str) -> str:
    """Set a number in mathematics mode, for a true minus sign."""
    if cell == MISSING:
        return "---"
    mantissa, e, exponent = cell.partition("e")
    return f"${mantissa}" + (rf" \times 10^{{{int(exponent)}}}$" if e else "$")
