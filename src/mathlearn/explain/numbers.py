"""Numbers in LaTeX."""

from __future__ import annotations

from math import floor, isfinite, isnan, log10
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["aligned", "num", "p_latex", "short", "signed", "squared"]

_DIGITS = 5
_LEAST_DIGITS = 3  # of the smallest number of a column of one format
_MOST_PLACES = 10  # of a number of such a column
_SMALLEST_P = 1e-16


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
    return _latex(number(float(x), digits))


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


def aligned(values: FloatArray) -> list[list[str]]:
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
    if p < _SMALLEST_P:
        return r"< 10^{-16}"
    return f"= {p:.4f}" if p >= 1e-3 else f"= {_latex(f'{p:.1e}')}"
