"""Numbers in LaTeX."""

from __future__ import annotations

from decimal import Decimal
from math import floor, isfinite, isnan, log10
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number, p_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import FloatArray

__all__ = ["in_sum", "in_units", "num", "p_latex", "short", "signed", "span", "squared", "sum_line"]

_DIGITS = 5
_LEAST_DIGITS = 3  # of the smallest number of a column of one format
_MOST_PLACES = 10  # of a number of such a column
_MOST_DIGITS = 12  # of a number of a sum that can be read
_MORE = 4  # decimals that are tried beyond those needed
_PLAIN = (1e-2, 1e9)  # largest number of a matrix that needs no power of ten before it
_POWERS = 290  # of ten, by which a double can be divided


def num(x: float, digits: int = _DIGITS) -> str:
    r"""Write a number in LaTeX.

    Examples
    --------
    >>> num(-1234.5678), num(6.0221e23, 3)
    ('-1234.6', '6.02 \\times 10^{23}')
    """
    if isnan(x):
        return r"\text{not known}"
    if not isfinite(x):
        return r"\infty" if x > 0 else r"-\infty"
    return _latex(number(float(x) + 0.0, digits))  # zero has no sign


def _latex(text: str) -> str:
    mantissa, e, exponent = text.partition("e")
    return mantissa + (rf" \times 10^{{{int(exponent)}}}" if e else "")


def short(x: float) -> str:
    """Write a number without trailing zeros: 2, not 2.0000."""
    return _latex(f"{x:.6g}")


def squared(x: float, digits: int = _DIGITS) -> str:
    r"""Write the square of a number that is not negative.

    Examples
    --------
    >>> squared(51.913, 4), squared(3.2e-7, 2)
    ('51.91^2', '(3.2 \\times 10^{-7})^2')
    """
    text = num(x, digits)
    return f"({text})^2" if "10^" in text else f"{text}^2"


def signed(x: float, digits: int = _DIGITS) -> str:
    """Write a number as the next term of a sum: its sign, a space and its size."""
    return f"- {num(-x, digits)}" if x < 0 else f"+ {num(x, digits)}"


def span(low: float, high: float, digits: int = _DIGITS) -> str:
    r"""Write from where to where. The braces make a sign that of its number: after a word it would be that of a difference.

    Examples
    --------
    >>> span(-1.5, 2.0, 2)
    '\\text{from } {-1.5} \\text{ to } {2.0}'
    """
    return rf"\text{{from }} {{{num(low, digits)}}} \text{{ to }} {{{num(high, digits)}}}"


def in_sum(parts: Sequence[float], total: float, digits: int = _DIGITS) -> tuple[list[str], str, bool]:
    r"""Write numbers and their sum with so many common decimals that the sum holds for what is written.

    Returns
    -------
    parts : list of str
    total : str
    holds : bool
        False where no number of decimals of a double does it: parts cancel to their rounding, and all are written as usual.

    Examples
    --------
    >>> in_sum([680.94021, -1271.95632, 635.97784], 44.96173)
    (['680.940', '-1271.956', '635.978'], '44.962', True)
    """
    sizes = [abs(x) for x in (*parts, total) if x]
    usual = [num(x, digits) for x in parts], num(total, digits), not sizes
    if not sizes or not all(map(isfinite, sizes)):
        return usual
    top = floor(log10(max(sizes)))
    power = top if not -4 <= top < 9 else 0
    unit, places = 10.0**power, top - power + 1
    least = floor(log10(abs(total) or max(sizes))) - power
    start = max(digits - 1 - least, digits - places, 0)
    for decimals in range(start, min(start + _MORE, _MOST_DIGITS - max(places, 1)) + 1):
        shown = [f"{x / unit + 0.0:.{decimals}f}" for x in (*parts, total)]
        exact = [Decimal(text) for text in shown]
        if sum(exact[:-1]) == exact[-1]:
            tail = rf" \times 10^{{{power}}}" if power else ""
            return [text + tail for text in shown[:-1]], shown[-1] + tail, True
    return usual


def sum_line(parts: Sequence[float], total: float) -> tuple[str, str, str]:
    r"""Write a sum, the sign between it and its total, and that: ``=``, or ``\approx`` where parts cancel to their rounding.

    Examples
    --------
    >>> sum_line([0.1, -0.3], -0.2), sum_line([4.5, -9.0, 4.5], 1e-32)[1]
    (('0.10000 - 0.30000', '=', '-0.20000'), '\\approx')
    """
    (first, *others), right, holds = in_sum(parts, total)
    terms = [f"- {text[1:]}" if text.startswith("-") else f"+ {text}" for text in others]
    return " ".join([first, *terms]), "=" if holds else r"\approx", right


def in_units(values: FloatArray) -> tuple[list[list[str]], int]:
    """Write the numbers (m, k) of a matrix, where all are small or some are huge in units of a power of ten, which is told beside them.

    Examples
    --------
    >>> in_units(np.array([[2.5e-6, -1e-7]])), in_units(np.array([[2.5, -0.1]]))
    (([['2.5000', '-0.1000']], -6), ([['2.5000', '-0.1000']], 0))
    """
    top = float(np.abs(values).max(initial=0.0))
    if top == 0.0 or not isfinite(top) or _PLAIN[0] <= top < _PLAIN[1]:
        return _aligned(values), 0
    power = floor(log10(top))
    alike = _with_decimals(values / 10.0**power) if abs(power) < _POWERS else None
    return (_aligned(values), 0) if alike is None else (alike, power)


def _aligned(values: FloatArray) -> list[list[str]]:
    """Write the numbers (m, k) of a matrix: all with the same decimals where that can be read, else column by column."""
    alike = _with_decimals(values)
    if alike is not None:
        return alike
    columns = []
    for column in values.T:
        found = _with_decimals(column[:, None])
        columns.append([num(x) for x in column.tolist()] if found is None else [row[0] for row in found])
    return [list(row) for row in zip(*columns, strict=True)]


def _with_decimals(values: FloatArray) -> list[list[str]] | None:
    """Write numbers with as many decimals as the smallest needs; None where the largest would become too long for it."""
    if not np.isfinite(values).all():
        return None
    known = np.abs(values[values != 0])
    if not known.size:
        return [["0" for _ in row] for row in values]
    top, low = (floor(log10(float(x))) for x in (known.max(), known.min()))
    whole = not np.mod(values, 1.0).any()
    decimals = 0 if whole else max(_DIGITS - 1 - top, _LEAST_DIGITS - 1 - low, 0)
    if max(top, 0) + 1 + decimals > _MOST_PLACES:
        return None
    return [[f"{x:.{decimals}f}" for x in row] for row in values.tolist()]


def p_latex(p: float) -> str:
    r"""Write ``= 0.012`` or ``< 10^{-16}``, as the tables do."""
    below, text = p_value(p).startswith("<"), p_value(p).removeprefix("<")
    return rf"< 10^{{{int(text.partition('e')[2])}}}" if below else f"= {_latex(text)}"
