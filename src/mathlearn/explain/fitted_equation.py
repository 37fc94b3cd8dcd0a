"""`equation`: the fitted equation on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from mathlearn._errors import DomainError
from mathlearn.explain.derivation import Maths, joined, maths
from mathlearn.explain.numbers import num, signed
from mathlearn.explain.setting import chosen_response

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["EquationFormat", "EquationStyle", "equation"]

EquationFormat = Literal["text", "latex", "mathml", "html", "markdown"]
EquationStyle = Literal["auto", "named", "indexed"]

_MANY = 8  # terms up to which each is written out by itself
_LEADING = 3  # shown of the indexed form, with the last


def equation(
    result: FitResult,
    *,
    format: EquationFormat = "text",  # noqa: A002 - the word that the command line uses
    digits: int = 4,
    style: EquationStyle = "auto",
    response: int | str | None = None,
) -> str:
    r"""Write the fitted equation on one line.

    Where columns are dependent, the coefficients are one choice of many that give the same fitted values: the shortest.

    Parameters
    ----------
    result : FitResult
    format : {"text", "latex", "mathml", "html", "markdown"}
        "latex" is without dollar signs and needs amsmath; "html" wraps the MathML so that it scrolls.
    digits : int
        Significant digits of the coefficients, at least 1.
    style : {"auto", "named", "indexed"}
        "named" writes every column by its name, "indexed" by its number, the first few of many; "auto" takes "indexed" from nine
        terms on.
    response : int or str, optional
        Of several responses, the one to write; the first by default.

    Raises
    ------
    DomainError
        Another `format` or `style`, or no digits.
    SchemaError
        There is no such response.
    ImportError
        latex2mathml is not installed, and the format needs it ("latex" and "markdown" do not).

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
    if digits < 1:
        raise DomainError(f"digits is {digits!r}: it must be at least 1, for example 4")
    i = chosen_response(result, response)
    many = style == "indexed" or (style == "auto" and len(result.terms) > _MANY)
    formula = _indexed(result, i, digits) if many else _named(result, i, digits)
    return _written(formula, format)


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DomainError(f"{what} is {value!r}: it must be one of {', '.join(map(repr, allowed))}")


def _start(result: FitResult, i: int, digits: int) -> list[Maths]:
    return [Maths(num(float(result.intercept[i]), digits))] if result.fit_intercept else []


def _term(value: float, digits: int, *, first: bool) -> str:
    return num(value, digits) if first else signed(value, digits)


def _named(result: FitResult, i: int, digits: int) -> Maths:
    parts = _start(result, i, digits)
    for value, name in zip(result.coef[i].tolist(), result.terms, strict=True):
        parts.append(maths(rf"{_term(value, digits, first=not parts)}\, @", name))
    head = maths(r"\widehat{@} =", result.responses[i])
    return joined(" ", [head, *(parts or [Maths("0")])])


def _indexed(result: FitResult, i: int, digits: int) -> Maths:
    p = len(result.terms)
    parts = _start(result, i, digits)
    for j in [*range(min(_LEADING, p - 1)), p - 1]:
        if j == p - 1 > _LEADING:
            parts.append(Maths(r"+ \cdots"))
        value = float(result.coef[i][j])
        parts.append(Maths(rf"{_term(value, digits, first=not parts)}\, x_{{{j + 1}}}"))
    where = (
        maths(rf", \quad x_1 = @, \ldots, x_{{{p}}} = @", result.terms[0], result.terms[-1])
        if p > 1
        else maths(r", \quad x_1 = @", *result.terms)
    )
    return joined(" ", [maths(r"\widehat{@} =", result.responses[i]), *parts, where])


def _written(formula: Maths, form: EquationFormat) -> str:
    if form in {"latex", "markdown"}:
        from mathlearn.explain.render.latex import maths_latex

        source = maths_latex(formula)
        return source if form == "latex" else f"${source}$"
    if form == "text":
        from mathlearn.explain.render.text import maths_text

        return maths_text(formula)
    from mathlearn.explain.render.mathml import mathml

    return (
        mathml(formula) if form == "mathml" else f'<div style="overflow-x:auto">{mathml(formula, display=True)}</div>'
    )
