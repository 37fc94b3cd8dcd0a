"""Tables and labelled sentences as LaTeX source that needs no package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.cells import MISSING, is_figure, true_minus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mathlearn.statistics.cells import Cells

__all__ = ["sentences", "tabular"]

_ROOM = r"\renewcommand{\arraystretch}{1.15}"  # keeps exponents off the rule above
_WORDS = {MISSING: "---", "": "", "inf": r"$\infty$", "-inf": r"$-\infty$"}


def sentences(items: Iterable[tuple[str, str]]) -> list[str]:
    """Return one ``description`` of labels and sentences; nothing for no sentence."""
    rows = [rf"\item[{{{_text.latex(label)}}}] {_text.latex(true_minus(sentence))}" for label, sentence in items]
    return ["\n".join([r"\begin{description}", *rows, r"\end{description}"])] if rows else []


def tabular(cells: Cells) -> list[str]:
    """Return the lines of a table, for a group of its own: names on the left, numbers on the right."""
    head = " & ".join(map(_text.latex, cells.header)) + r" \\"
    rows = (" & ".join([_text.latex(row[0]), *map(_number, row[1:])]) + r" \\" for row in cells.rows)
    begin = rf"\begin{{tabular}}{{l{'r' * (len(cells.header) - 1)}}}"
    return [_ROOM + begin, r"\hline", head, r"\hline", *rows, r"\hline", r"\end{tabular}"]


def _number(cell: str) -> str:
    """Set a number in mathematics mode, for a true minus sign; words are set as text."""
    if cell in _WORDS:
        return _WORDS[cell]
    if not is_figure(cell):
        return _text.latex(cell)
    mantissa, e, exponent = cell.partition("e")
    power = rf"10^{{{int(exponent)}}}" if e else ""
    if mantissa == "<1" and power:
        return f"$<{power}$"
    return rf"${mantissa} \times {power}$" if power else f"${mantissa}$"
