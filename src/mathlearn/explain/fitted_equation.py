"""`equation`: the fitted equation on one line."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, get_args

from mathlearn._errors import DomainError
from mathlearn.explain.derivation import Maths, Whole, joined, maths
from mathlearn.explain.law import FittedLaw, law_of_record
from mathlearn.explain.mean import link_of_mean
from mathlearn.explain.numbers import num, signed
from mathlearn.statistics.chosen import chosen_response
from mathlearn.statistics.class_equation import class_equation_text, class_lines
from mathlearn.statistics.equation import LEADING, equation_text, leading, shown_numbers, summand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack
    from mathlearn.statistics.class_equation import ClassLine

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
    r"""Write the fitted equation on one line; of more than two classes, on one line a class.

    Of a fit by likelihood it is that of the linear predictor, ``log(E y) = ...``: the link of the mean stands on its left. Of more than two
    classes each line is the log odds of a class against the first; with a penalty, which treats the classes alike, its score, and the
    probabilities are the softmax of the scores.
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
        Another `format` or `style`, or digits that there are not.
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
    i, stack = chosen_response(result, response), result.stack
    terms = result.terms if stack is None else stack.columns
    many = style == "indexed" or (style == "auto" and len(terms) > _MANY)
    if format == "text":
        if stack is None:
            return equation_text(result, i, digits=digits, indexed=many)
        return class_equation_text(result, stack, digits=digits, indexed=many)
    if stack is not None:
        return _written_lines(_class_lines(result, stack, digits, many=many), format)
    return _written(_one_line(result, i, digits, many=many), format)


def _require_digits(digits: Any) -> None:
    whole = isinstance(digits, Integral) and not isinstance(digits, bool)
    if not (whole and 1 <= digits <= _MOST_DIGITS):
        raise DomainError(f"digits is {digits!r}: it must be a whole number from 1 to {_MOST_DIGITS}, for example 4")


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DomainError(f"{what} is {value!r}: it must be one of {', '.join(map(repr, allowed))}")


def _head(result: FitResult, i: int) -> Maths:
    """Write the fitted response, or the link of its mean, and the sign of equality."""
    law, name = law_of_record(result.likelihood), result.responses[i]
    return (link_of_mean(law, name) if isinstance(law, FittedLaw) else maths(r"\widehat{@}", name)) + Maths(" =")


def _one_line(result: FitResult, i: int, digits: int, *, many: bool) -> list[Maths]:
    intercept, coef = shown_numbers(result, i)
    parts = _right(result.terms, intercept if result.fit_intercept else None, coef, digits, many=many)
    parts += _offset(result, alone=not parts)
    return [_head(result, i), *(parts or [Maths("0")]), *_where(result.terms, many=many)]


def _class_lines(result: FitResult, stack: Stack, digits: int, *, many: bool) -> list[list[Maths]]:
    """Write one line a class; which columns the numbered ones are stands behind the last."""
    y, lines = result.responses[0], class_lines(result, stack)
    softmax = [maths(r"\operatorname{P}(@ = k)", y), Maths(r"\frac{e^{s_k}}{\sum_l e^{s_l}}")]
    written = [softmax] if lines[0].reference is None else []
    for line in lines:
        parts = _right(stack.columns, line.intercept, line.coef, digits, many=many)
        written.append([_class_head(line, y), *(parts or [Maths("0")])])
    written[-1] += _where(stack.columns, many=many)
    return written


def _class_head(line: ClassLine, y: str) -> Maths:
    if line.reference is None:
        return maths("s_{@}", line.label)
    odds = r"\log\frac{\operatorname{P}(@ = @)}{\operatorname{P}(@ = @)}"
    return maths(odds, y, line.label, y, line.reference)


def _offset(result: FitResult, *, alone: bool) -> list[Maths]:
    if result.offset is None:
        return []
    return [maths("@", Whole(result.offset)) if alone else maths("+ @", Whole(summand(result.offset)))]


def _right(terms: Sequence[str], intercept: float | None, coef: FloatArray, digits: int, *, many: bool) -> list[Maths]:
    """Write the sum of a linear predictor, the columns by their names or, of many, the first few by their numbers."""
    p = len(terms)
    parts = [] if intercept is None else [Maths(num(intercept, digits))]
    for j in leading(p) if many else range(p):
        if many and j == p - 1 > LEADING:
            parts.append(Maths(r"+ \cdots"))
        value = float(coef[j])
        size = signed(value, digits) if parts else num(value, digits)
        parts.append(Maths(rf"{size}\, x_{{{j + 1}}}") if many else maths(rf"{size}\, @", terms[j]))
    return parts


def _where(terms: Sequence[str], *, many: bool) -> list[Maths]:
    """Say which columns the numbered ones are."""
    p = len(terms)
    if not (many and p):
        return []
    last = rf", \ldots, x_{{{p}}} = @" if p > 1 else ""
    return [maths(rf", \quad x_1 = @{last}", *dict.fromkeys((terms[0], terms[-1])))]


def _written_lines(lines: list[list[Maths]], form: EquationFormat) -> str:
    """Write lines below each other, their signs of equality aligned; in HTML a block each, so that lines can break."""
    if form == "html":
        return "".join(_written([head + Maths(" ="), *parts], form) for head, *parts in lines)
    rows = [joined(" & = ", [head, joined(" ", parts)]) for head, *parts in lines]
    body = joined(r" \\ ", rows)
    return _written([joined(" ", [Maths(r"\begin{array}{rl}"), body, Maths(r"\end{array}")])], form)


def _written(pieces: list[Maths], form: EquationFormat) -> str:
    if form in {"latex", "markdown"}:
        from mathlearn.explain.render.latex import maths_latex, maths_markdown

        whole = joined(" ", pieces)
        return maths_latex(whole) if form == "latex" else f"${maths_markdown(whole)}$"
    from mathlearn.explain.render.mathml import mathml

    if form == "mathml":
        return mathml(joined(" ", pieces))
    # An empty group before a sign makes it stand between two terms, as it does on paper.
    first, others = joined(" ", pieces[:2]), pieces[2:]
    return f"<div>{' '.join([mathml(first), *(mathml(Maths('{} ') + piece) for piece in others)])}</div>"
