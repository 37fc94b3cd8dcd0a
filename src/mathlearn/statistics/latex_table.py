"""Tables and labelled sentences as LaTeX source that needs no package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.cells import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mathlearn.statistics.cells import Cells

__all__ = ["sentences", "tabular"]


def sentences(items: Iterable[tuple[str, str]]) -> list[str]:
    """Return one ``description`` of labels and sentences; nothing for no sentence."""
    rows = [rf"\item[{{{_text.latex(label)}}}] {_text.latex(sentence)}" for label, sentence in items]
    return ["\n".join([r"\begin{description}", *rows, r"\end{description}"])] if rows else []


def tabular(cells: Cells) -> list[str]:
    """Return the lines of a table: names on the left, numbers on the right."""
    head = " & ".join(map(_text.latex, cells.header)) + r" \\"
    rows = (" & ".join([_text.latex(row[0]), *map(_number, row[1:])]) + r" \\" for row in cells.rows)
    begin = rf"\begin{{tabular}}{{l{'r' * (len(cells.header) - 1)}}}"
    return [begin, r"\hline", head, r"\hline", *rows, r"\hline", r"\end{tabular}"]


def _number(cell: str) -> str:
    """Set a number in mathematics mode, for a true minus sign."""
    if cell == MISSING:
        return "---"
    if not cell:
        return ""
    mantissa, e, exponent = cell.partition("e")
    return f"${mantissa}" + (rf" \times 10^{{{int(exponent)}}}$" if e else "$")
