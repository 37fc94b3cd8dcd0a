"""The fitted equation as one line of plain text, which needs no package."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING
from unicodedata import normalize

import numpy as np

from mathlearn import _text
from mathlearn.statistics.cells import number
from mathlearn.statistics.law import family_of
from mathlearn.statistics.separation import shown_coefficients
from mathlearn.statistics.text_table import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood

__all__ = [
    "LEADING",
    "NAME_WIDTH",
    "equation_text",
    "event_of",
    "leading",
    "right_side",
    "short_name",
    "shown_numbers",
    "summand",
]

NAME_WIDTH = 32
"""Columns that a name takes in a formula at most; it is shortened in the middle."""

LEADING = 3
"""Terms of the indexed form that are shown, with the last."""

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def equation_text(result: FitResult, response: int, *, digits: int = 4, indexed: bool = False) -> str:
    """Write ``ŷ = 0.7000 + 2.200 x0``, or ``logit(P(y = 1)) = ...`` of a fit by likelihood, safe to print.

    Parameters
    ----------
    result : FitResult
    response : int
    digits : int
        Significant digits of the coefficients.
    indexed : bool
        Write columns by their numbers, the first few of many, and say which they are.
    """
    intercept, coef = shown_numbers(result, response)
    right, where = right_side(
        result.terms, intercept if result.fit_intercept else None, coef, digits=digits, indexed=indexed
    )
    if result.offset is not None:
        right = _text.terminal(f"{right} + {summand(result.offset)}" if right else result.offset)
    return f"{_left(result, response)} = {right or '0'}{where}"


def right_side(
    terms: Sequence[str], intercept: float | None, coef: FloatArray, *, digits: int, indexed: bool
) -> tuple[str, str]:
    """Write a linear predictor as a sum, empty where nothing is in it, and which columns the numbered ones are.

    Parameters
    ----------
    terms : sequence of p str
    intercept : float or None
    coef : (p,)
    digits : int
    indexed : bool
    """
    p = len(terms)
    names = [f"x{str(j + 1).translate(_LOWERED)}" for j in range(p)] if indexed else list(map(short_name, terms))
    start = [] if intercept is None else [(intercept, "")]
    shown = leading(p) if indexed else range(p)
    parts = [*start, *((float(coef[j]), f" {names[j]}") for j in shown)]
    right = _sum(parts, digits, gap=len(parts) - 1 if indexed and p - 1 > LEADING else None)
    if not (indexed and p):
        return right, ""
    return right, ",   " + ", …, ".join(f"{names[j]} = {short_name(terms[j])}" for j in dict.fromkeys((0, p - 1)))


def shown_numbers(result: FitResult, response: int) -> tuple[float, FloatArray]:
    """Return the intercept, zero without, and the coefficients (p,): infinite where rows are separated, NaN where only such rows know them."""
    coef, intercept = shown_coefficients(result)
    if result.likelihood is None or result.likelihood.separation is None:
        return float(intercept[response]), coef[response]
    both = np.concatenate([intercept[[response]], coef[response]])
    known = np.concatenate([np.ones(int(not result.fit_intercept), np.bool_), result.estimable])
    both[~known & np.isfinite(both)] = np.nan
    return float(both[0]), both[1:]


def event_of(likelihood: Likelihood) -> str | None:
    """Return what a fitted probability is the probability of, as text: the second class, or 1; None where y is not one of two.

    Examples
    --------
    >>> from mathlearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], ["no", "yes", "no", "yes"])
    >>> event_of(model.result_.likelihood)
    "'yes'"
    """
    if likelihood.classes:
        return repr(likelihood.classes[-1])
    return "1" if likelihood.response == "numbers" and family_of(likelihood).of_events else None


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


def _left(result: FitResult, response: int) -> str:
    """Write what stands before the sign of equality: the fitted response, or the link of its mean."""
    name = short_name(result.responses[response])
    if result.likelihood is None:
        return _fitted(name)
    link = family_of(result.likelihood).link(result.likelihood.link)
    mean = _mean(result.likelihood, name)
    if not link.inverse_power:
        return f"{link.name}({mean})"
    shapes = {1.0: mean, 0.5: f"√({mean})", -1.0: f"1/({mean})"}
    return shapes.get(link.inverse_power, f"({mean})^{link.inverse_power:g}")


def _mean(likelihood: Likelihood, name: str) -> str:
    event = event_of(likelihood)
    if event is not None:
        return f"P({name} = {short_name(event)})"
    if likelihood.response == "successes and failures":
        return f"P({name})"
    return f"E {name}" if name.isidentifier() else f"E({name})"


def short_name(text: str) -> str:
    """Return a name as it stands in a formula: safe to print, a long one shortened in the middle."""
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
    return text


def _size(x: float, digits: int) -> str:
    if not isfinite(x):
        return "not known" if isnan(x) else "∞"
    mantissa, e, exponent = number(x, digits).partition("e")
    return mantissa + (f" × 10{str(int(exponent)).translate(_RAISED)}" if e else "")
