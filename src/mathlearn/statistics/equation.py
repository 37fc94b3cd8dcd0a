"""The fitted equation as one line of plain text, which needs no package."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING
from unicodedata import normalize

from mathlearn import _text
from mathlearn.statistics.cells import number
from mathlearn.statistics.text_table import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mathlearn.results.fit_result import FitResult

__all__ = ["LEADING", "NAME_WIDTH", "equation_text", "leading", "summand"]

NAME_WIDTH = 32
"""Columns that a name takes in a formula at most; it is shortened in the middle."""

LEADING = 3
"""Terms of the indexed form that are shown, with the last."""

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def equation_text(result: FitResult, response: int, *, digits: int = 4, indexed: bool = False) -> str:
    """Write ``ŷ = 0.7000 + 2.200 x0``, safe to print.

    Parameters
    ----------
    result : FitResult
    response : int
    digits : int
        Significant digits of the coefficients.
    indexed : bool
        Write columns by their numbers, the first few of many, and say which they are.
    """
    p = len(result.terms)
    names = [f"x{str(j + 1).translate(_LOWERED)}" for j in range(p)] if indexed else [_name(t) for t in result.terms]
    start = [(float(result.intercept[response]), "")] if result.fit_intercept else []
    shown = leading(p) if indexed else range(p)
    parts = [*start, *((float(result.coef[response, j]), f" {names[j]}") for j in shown)]
    right = _sum(parts, digits, gap=len(parts) - 1 if indexed and p - 1 > LEADING else None)
    if result.offset is not None:
        right = _text.terminal(f"{right} + {summand(result.offset)}" if parts else result.offset)
    where = ""
    if indexed and p:
        told = dict.fromkeys((0, p - 1))
        where = ",   " + ", …, ".join(f"{names[j]} = {_name(result.terms[j])}" for j in told)
    return f"{_fitted(_name(result.responses[response]))} = {right}{where}"


def leading(p: int) -> Sequence[int]:
    """Return the columns that the indexed form shows of p: the first few, and the last."""
    return [*range(min(LEADING, p - 1)), p - 1] if p else []


def summand(offset: str) -> str:
    """Return an offset as it stands in a sum: whole, for a part of it would be another number, and in parentheses if it is no single word.

    Examples
    --------
    >>> summand("z"), summand("-1 * z")
    ('z', '(-1 * z)')
    """
    return f"({offset})" if any(sign in offset for sign in "+-*/ ") else offset


def _name(text: str) -> str:
    return _text.terminal(shorten(text, NAME_WIDTH))


def _fitted(name: str) -> str:
    """Put a hat on a letter, and the word before a name."""
    return normalize("NFC", name + "\u0302") if len(name) == 1 else f"fitted {name}"


def _sum(parts: Iterable[tuple[float, str]], digits: int, gap: int | None) -> str:
    """Write numbers with what they multiply as a sum, with dots before the term at `gap`."""
    text = ""
    for k, (value, name) in enumerate(parts):
        text += " + ⋯" if k == gap else ""
        sign = ("−" if value < 0 else "") if not text else (" − " if value < 0 else " + ")
        text += sign + _size(abs(value), digits) + name
    return text or "0"


def _size(x: float, digits: int) -> str:
    if not isfinite(x):
        return "not known" if isnan(x) else "∞"
    mantissa, e, exponent = number(x, digits).partition("e")
    return mantissa + (f" × 10{str(int(exponent)).translate(_RAISED)}" if e else "")
