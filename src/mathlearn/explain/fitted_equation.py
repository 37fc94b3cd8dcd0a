"""`equation`: the fitted equation on one line."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, get_args

from mathlearn._errors import DomainError
from mathlearn.explain.derivation import Maths, Whole, joined, maths
from mathlearn.explain.law import FittedLaw
from mathlearn.explain.mean import link_of_mean
from mathlearn.explain.numbers import num, signed
from mathlearn.results.stack import require_one_predictor
from mathlearn.statistics.chosen import chosen_response
from mathlearn.statistics.equation import LEADING, equation_text, leading, shown_numbers, summand

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["EquationFormat", "EquationStyle", "equation"]

EquationFormat = Literal["text", "latex", "mathml", "html", "markdown"]
EquationStyle = Literal["auto", "named", "indexed"]

_MOST_DIGITS = 17  # that tell a double from every other
_MANY = 8  # terms up to which each is written out by itself


def equation(
    result: FitResult,
    *,
    format: EquationFormat = "text",  # noqa: A002 - the word that the command line uses
    digits: int = 4,
    style: EquationStyle = "auto",
    response: int | str | None = None,
) -> str:
    r"""Write the fitted equation on one line.

    Of a fit by likelihood it is that of the linear predictor, ``log(E y) = ...``: the link of the mean stands on its left.
    Where columns are dependent, the coefficients are one choice of many that give the same fitted values: the shortest.

    Parameters
    ----------
    result : FitResult
    format : {"text", "latex", "mathml", "html", "markdown"}
        "latex" is without dollar signs and needs amsmath; "mathml" is one element, "html" one a term, so that lines can break.
    digits : int
        Significant digits of the coefficients, from 1 to 17.
    style : {"auto", "named", "indexed"}
        "named" writes every column by its name, "indexed" by its number, the first few of many; "auto" takes "indexed" from nine
        terms on.
    response : int or str, optional
        Of several responses, the one to write; the first by default.

    Raises
    ------
    DomainError
        Another `format` or `style`, digits that there are not, or several linear predictors.
    SchemaError
        There is no such response.
    ImportError
        latex2mathml is not installed, and the format needs it ("mathml" and "html" do).

    References
    ----------
    Anderson, Heiss and Sumners (2024), "equatiomatic: Transform Models into LaTeX Equations", R package.

    Examples
    --------
    >>> from mathlearn.explain import equation
    >>> from mathlearn.linear_model import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0])
    >>> print(equation(model.result_))
    ŷ = 0.7000 + 2.200 x0
    >>> print(equation(model.result_, format="latex"))
    \widehat{\text{y}} = 0.7000 + 2.200\, \text{x0}
    """
    _one_of("format", format, get_args(EquationFormat))
    _one_of("style", style, get_args(EquationStyle))
    _require_digits(digits)
    require_one_predictor(result, "an equation")
    i = chosen_response(result, response)
    many = style == "indexed" or (style == "auto" and len(result.terms) > _MANY)
    if format == "text":
        return equation_text(result, i, digits=digits, indexed=many)
    return _written(_indexed(result, i, digits) if many else _named(result, i, digits), format)


def _require_digits(digits: Any) -> None:
    whole = isinstance(digits, Integral) and not isinstance(digits, bool)
    if not (whole and 1 <= digits <= _MOST_DIGITS):
        raise DomainError(f"digits is {digits!r}: it must be a whole number from 1 to {_MOST_DIGITS}, for example 4")


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DomainError(f"{what} is {value!r}: it must be one of {', '.join(map(repr, allowed))}")


def _head(result: FitResult, i: int) -> Maths:
    """Write the fitted response, or the link of its mean, and the sign of equality."""
    law, name = FittedLaw.of(result.likelihood), result.responses[i]
    return (maths(r"\widehat{@}", name) if law is None else link_of_mean(law, name)) + Maths(" =")


def _start(result: FitResult, i: int, digits: int) -> list[Maths]:
    return [Maths(num(shown_numbers(result, i)[0], digits))] if result.fit_intercept else []


def _offset(result: FitResult, *, alone: bool) -> list[Maths]:
    if result.offset is None:
        return []
    return [maths("@", Whole(result.offset)) if alone else maths("+ @", Whole(summand(result.offset)))]


def _term(value: float, digits: int, *, first: bool) -> str:
    return num(value, digits) if first else signed(value, digits)


def _named(result: FitResult, i: int, digits: int) -> list[Maths]:
    parts = _start(result, i, digits)
    for value, name in zip(shown_numbers(result, i)[1].tolist(), result.terms, strict=True):
        parts.append(maths(rf"{_term(value, digits, first=not parts)}\, @", name))
    parts += _offset(result, alone=not parts)
    return [_head(result, i), *(parts or [Maths("0")])]


def _indexed(result: FitResult, i: int, digits: int) -> list[Maths]:
    p, coef = len(result.terms), shown_numbers(result, i)[1]
    parts = _start(result, i, digits)
    for j in leading(p):
        if j == p - 1 > LEADING:
            parts.append(Maths(r"+ \cdots"))
        value = float(coef[j])
        parts.append(Maths(rf"{_term(value, digits, first=not parts)}\, x_{{{j + 1}}}"))
    parts += _offset(result, alone=not parts)
    where = []
    if p:
        last = rf", \ldots, x_{{{p}}} = @" if p > 1 else ""
        where.append(maths(rf", \quad x_1 = @{last}", *dict.fromkeys((result.terms[0], result.terms[-1]))))
    return [_head(result, i), *(parts or [Maths("0")]), *where]


def _written(pieces: list[Maths], form: EquationFormat) -> str:
    if form in {"latex", "markdown"}:
        from mathlearn.explain.render.latex import maths_latex

        source = maths_latex(joined(" ", pieces))
        return source if form == "latex" else f"${source}$"
    from mathlearn.explain.render.mathml import mathml

    if form == "mathml":
        return mathml(joined(" ", pieces))
    # An empty group before a sign makes it stand between two terms, as it does on paper.
    first, others = joined(" ", pieces[:2]), pieces[2:]
    return f"<div>{' '.join([mathml(first), *(mathml(Maths('{} ') + piece) for piece in others)])}</div>"
