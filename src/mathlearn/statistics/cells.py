"""Numbers as text, and the cells of tables of estimates: shared by every text, HTML and LaTeX table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import floor, inf, isinf, isnan, log10
from typing import TYPE_CHECKING

from mathlearn._text import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "MISSING",
    "Cells",
    "estimate_cells",
    "number",
    "p_statement",
    "p_value",
    "percent",
    "printed",
    "rounded",
    "true_minus",
]

MISSING = "—"
SMALLEST_P = 1e-16
_SKEW = 30.0  # ends of an interval that are farther apart than this have no decimals in common
_SIGN = re.compile(r"(?:(?<=\de)|(?<=[=:] ))-(?=\d)")


@dataclass(frozen=True, slots=True)
class Cells:
    """A table as text: the first column is names, the others numbers. Names are as the user gave them, not escaped."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def number(x: float, digits: int = 5) -> str:
    """Write `x` with `digits` significant digits; an exponent only below 1e-4 and from 1e9.

    Examples
    --------
    >>> number(1234.5678), number(-0.00123456789), number(1.5e12, 3), number(-0.0)
    ('1234.6', '-0.0012346', '1.5e+12', '0')
    """
    if isnan(x):
        return MISSING
    if x == 0 or isinf(x):
        return f"{x + 0.0:g}"  # without the sign of a negative zero
    # The exponent after rounding: 0.999999 is written 1.0000.
    exponent = int(f"{x:.{digits - 1}e}".rpartition("e")[2])
    if -4 <= exponent < 9:
        return f"{x:.{max(digits - 1 - exponent, 0)}f}"
    return f"{x:.{digits}g}"


def p_value(p: float) -> str:
    """Write a p-value: four decimals, two digits when small, and no more than ``<1e-16``."""
    if isnan(p):
        return MISSING
    if p < SMALLEST_P:
        return f"<{SMALLEST_P:.0e}"
    return f"{p:.4f}" if p >= 0.001 else f"{p:.1e}"


def p_statement(p: float) -> str:
    """Write ``p = 0.0123`` or ``p < 1e-16``."""
    return f"p < {SMALLEST_P:.0e}" if p < SMALLEST_P else f"p = {p_value(p)}"


def true_minus(sentence: str) -> str:
    """Write the signs of what numbers are found to be as signs, at which no line breaks; a hyphen elsewhere stays.

    Examples
    --------
    >>> true_minus("log-likelihood = -12.5, p = 1e-05")
    'log-likelihood = −12.5, p = 1e−05'
    """
    return _SIGN.sub("\u2212", sentence)


def is_figure(cell: str) -> bool:
    """Whether a cell is a number, a bound of one, or infinity, and no words.

    Examples
    --------
    >>> is_figure("<1e-16"), is_figure("inf"), is_figure("inflation")
    (True, True, False)
    """
    return cell.removeprefix("-") == "inf" or is_number(cell.removeprefix("<"))


def printed(cell: str) -> str:
    """Write a number of a table as print does: a sign as a sign, and infinity as it is written; words stay as they are.

    Examples
    --------
    >>> printed("-1.5e-07"), printed("-inf"), printed("pre-tax inflation")
    ('−1.5e−07', '−∞', 'pre-tax inflation')
    """
    if not is_figure(cell):
        return cell
    return cell.replace("-", "\u2212").replace("inf", "\u221e")


def percent(share: float) -> str:
    """Write a share in per cent, as short as it is exact: ``2.5 %``."""
    return f"{100 * share:.10g} %"


def rounded(estimate: float, low: float, high: float) -> tuple[str, str, str] | None:
    """Write an estimate and its interval with the decimals that the width of the interval supports: three digits of it.

    None where there is no interval of a width, it is too narrow or too large to be read, or so skew that nothing would be left of its
    end near zero.

    Examples
    --------
    >>> rounded(40.7054, 34.6648, 46.7460), rounded(1289.0, 1028.1, 1550.2), rounded(1.0, 1.0, 1.0), rounded(7.05, 0.0913, 546.0)
    (('40.7', '34.7', '46.7'), ('1289', '1028', '1550'), None, None)
    """
    width, largest = high - low, max(abs(low), abs(high))
    if not 0 < width < inf or (low * high > 0 and largest > _SKEW * min(abs(low), abs(high))):
        return None
    decimals = 2 - floor(log10(width))
    if largest >= 1e9 or decimals > 12 or (decimals > 4 and largest < 1e-3):
        return None
    first, second, third = (f"{x:.{max(decimals, 0)}f}" for x in (estimate, low, high))
    return first, second, third


def estimate_cells(
    first: str, names: Sequence[str], columns: Sequence[Iterable[float]], level: float, ratio: str = "t"
) -> Cells:
    """Lay out estimate, standard error, their ratio (t or z), p and interval bounds, in that order, one row a name."""
    tail = (1 - level) / 2
    header = (first, "estimate", "std. error", ratio, "p", percent(tail), percent(1 - tail))
    rows = tuple(
        (name, number(e), number(s, 4), number(t, 3), p_value(p), number(low), number(high))
        for name, e, s, t, p, low, high in zip(names, *columns, strict=True)
    )
    return Cells(header, rows)
