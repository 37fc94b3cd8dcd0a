"""Words and numbers on figures: the user's names, escaped and shortened; counts; the fitted equation."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics import cells
from mathlearn.statistics.cells import number, rounded
from mathlearn.statistics.equation import equation_text

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["count", "equation", "estimate", "grouped", "lacking", "name", "percent", "short", "signed", "wrapped"]

NARROW = "\u202f"
"""Narrow no-break space: separates thousands."""

_DIGITS = re.compile(r"(?<![\d.])\d{5,}")
NAME_LENGTH = 34
EQUATION_LENGTH = 110


def grouped(text: str) -> str:
    r"""Put narrow spaces between the thousands of whole numbers of five or more digits.

    Examples
    --------
    >>> grouped("12345.6789 of 1000").replace("\u202f", "_")
    '12_345.6789 of 1000'
    """
    return _DIGITS.sub(lambda match: f"{int(match[0]):,}".replace(",", NARROW), text)


def count(n: int, what: str = "row") -> str:
    """Spell a number of things.

    Examples
    --------
    >>> count(1), count(342)
    ('1 row', '342 rows')
    """
    return f"{grouped(str(n))} {what}{'' if n == 1 else 's'}"


def lacking(n: int) -> list[str]:
    """Say in a sentence, if any, how many rows were left out because a value is missing.

    Examples
    --------
    >>> lacking(0), lacking(2)
    ([], ['2 rows with a missing value left out.'])
    """
    return [f"{count(n)} with a missing value left out."] if n else []


def short(text: str, limit: int = NAME_LENGTH) -> str:
    """Make what would act visible, and leave out the middle of what is long: still to be escaped.

    Examples
    --------
    >>> short("a_rather_long_name_of_a_column", 13), short(" ")
    ('a_rath…column', "' '")
    """
    shown = _text.terminal(text)
    if text and not shown.strip():
        shown = f"'{shown}'"  # a name of nothing but spaces would leave no trace
    if len(shown) <= limit:
        return shown
    left = limit // 2
    return f"{shown[:left]}…{shown[len(shown) - (limit - left - 1) :]}"


def name(text: str, limit: int = NAME_LENGTH) -> str:
    r"""Return a column's name as a label: shown as typed, whatever it holds.

    Examples
    --------
    >>> print(name(r"\input{x} in $"))
    \input{x} in \$
    """
    return _text.mathtext(short(text, limit))


def percent(share: float) -> str:
    """Write a share in per cent, with a space at which no line breaks.

    Examples
    --------
    >>> percent(0.95).replace("\u00a0", "_")
    '95_%'
    """
    return cells.percent(share).replace(" ", "\u00a0")


def signed(x: float, digits: int = 4) -> str:
    """Write a number with a true minus sign and separated thousands.

    Examples
    --------
    >>> signed(-0.25)
    '−0.2500'
    """
    return grouped(number(x, digits)).replace("-", "−")


def estimate(value: float, low: float, high: float) -> str:
    """Write an estimate with its interval, to the digits that the interval supports; without it if there is none.

    Examples
    --------
    >>> estimate(1.00413, 1.00056, 1.0077), estimate(1289.0, 1028.1, 1550.2), estimate(2.5, float("nan"), float("nan"))
    ('1.00413  [1.00056, 1.00770]', '1289  [1028, 1550]', '2.500')
    """
    if not high > low:
        return signed(value)
    shown = rounded(value, low, high) or (number(x, 3) for x in (value, low, high))
    first, second, third = (grouped(text).replace("-", "−") for text in shown)
    return f"{first}  [{second}, {third}]"


def equation(result: FitResult, response: int) -> str | None:
    """Return the fitted equation in one line, not escaped yet; None where it has too many terms or one is withheld."""
    if len(result.terms) > 2 or not result.estimable.all():
        return None
    line = equation_text(result, response)
    return line if len(line) <= EQUATION_LENGTH else None


def wrapped(text: str, characters: int) -> str:
    """Break text into lines of at most so many characters, never inside a number."""
    lines = text.split("\n")
    wrapper = textwrap.TextWrapper(width=max(characters, 12), break_on_hyphens=False)
    return "\n".join("\n".join(wrapper.wrap(line)) for line in lines)
