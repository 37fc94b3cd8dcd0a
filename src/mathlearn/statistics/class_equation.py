"""The fitted equations of more than two classes: the log odds of each against the first, or a score each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.results.stack import predictors_of
from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.equation import right_side, short_name

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack

__all__ = ["ClassLine", "class_equation_text", "class_lines"]


class ClassLine(NamedTuple):
    """The linear predictor of a class.

    Attributes
    ----------
    label : str
        Of the class, as a Python literal.
    reference : str or None
        Label of the class whose odds it is against; None of a score.
    intercept : float or None
    coef : (p,)
        Infinite where rows are separated, NaN where nothing is known.
    """

    label: str
    reference: str | None
    intercept: float | None
    coef: FloatArray


def class_lines(result: FitResult, stack: Stack) -> tuple[ClassLine, ...]:
    """Return the predictors that determine the probabilities.

    Without a penalty they are the K - 1 log odds against the first class, with one the K scores of the symmetric form, which are those that
    minimise the squares of their coefficients.
    """
    likelihood = result.likelihood
    assert likelihood is not None
    labels = tuple(map(repr, likelihood.classes))
    if likelihood.penalty:
        known = predictors_of(result)
        return tuple(
            ClassLine(label, None, float(level) if stack.intercept else None, slopes)
            for label, level, slopes in zip(labels, known.intercept, known.coef, strict=True)
        )
    slopes, intercepts = stack.apart(_against_first(result))
    return tuple(
        ClassLine(label, labels[0], float(level) if stack.intercept else None, each)
        for label, level, each in zip(labels[1:], intercepts, slopes, strict=True)
    )


def _against_first(result: FitResult) -> FloatArray:
    """Return the stacked parameters (m,); where columns are dependent, the shortest of the many that give the same probabilities."""
    shown = coefficient_table(result).estimate[0]
    separated = result.likelihood is not None and result.likelihood.separation is not None
    return shown if separated else np.asarray(result.coef[0])


def class_equation_text(result: FitResult, stack: Stack, *, digits: int = 4, indexed: bool = False) -> str:
    """Write one line a class, ``log(P(y = 'b') / P(y = 'a')) = ...``, safe to print; of a penalised fit ``s('a') = ...``.

    Parameters
    ----------
    result : FitResult
    stack : Stack
        Of the fit.
    digits : int
        Significant digits of the coefficients.
    indexed : bool
        Write columns by their numbers, the first few of many, and say behind the last line which they are.
    """
    y, lines = short_name(result.responses[0]), class_lines(result, stack)
    written, where = ([f"P({y} = k) ∝ exp(s(k))"] if lines[0].reference is None else []), ""
    for line in lines:
        right, where = right_side(stack.columns, line.intercept, line.coef, digits=digits, indexed=indexed)
        written.append(f"{_left(line, y)} = {right or '0'}")
    return "\n".join(written) + where


def _left(line: ClassLine, y: str) -> str:
    if line.reference is None:
        return f"s({short_name(line.label)})"
    return f"log(P({y} = {short_name(line.label)}) / P({y} = {short_name(line.reference)}))"
