"""What the cells of a table of coefficients are called: by response and term, or of several classes by predictor and term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.statistics.functional import parameter_names

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["plain_names", "predictor_names"]


def predictor_names(result: FitResult) -> tuple[str, ...]:
    """Names of the linear predictors, each of which has the terms of `plain_names`: responses, or ``versicolor / setosa`` of classes."""
    return result.responses if result.stack is None else result.stack.predictors


def plain_names(result: FitResult) -> tuple[str, ...]:
    """Names of the parameters of each linear predictor, the intercept first."""
    return parameter_names(result) if result.stack is None else result.stack.terms
