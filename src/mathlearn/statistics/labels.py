"""What the cells of a table of coefficients are called: by response and term, or of several classes by predictor and term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.statistics.functional import parameter_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn.data.terms import Term
    from mathlearn.results.fit_result import FitResult

__all__ = ["in_parameters", "plain_names", "predictor_names"]


def predictor_names(result: FitResult) -> tuple[str, ...]:
    """Names of the linear predictors, each of which has the terms of `plain_names`: responses, or ``versicolor / setosa`` of classes."""
    return result.responses if result.stack is None else result.stack.predictors


def plain_names(result: FitResult) -> tuple[str, ...]:
    """Names of the parameters of each linear predictor, the intercept first."""
    return parameter_names(result) if result.stack is None else result.stack.terms


def in_parameters(result: FitResult, terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return terms with their places among `FitResult.terms`: those of the columns of X, of several classes in the predictor of each."""
    stack = result.stack
    if stack is None:
        return tuple(terms)
    first, k = int(stack.intercept), len(stack.terms)
    starts = [predictor * k + first for predictor in range(len(stack.predictors))]
    return tuple(term._replace(columns=tuple(start + j for start in starts for j in term.columns)) for term in terms)
