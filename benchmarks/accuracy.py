"""Correct digits against the exact solution of the design of doubles that every library is given."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.reference.designs import nist_problems, raw_unit_problems
from tests.reference.exact_least_squares import CAP, least_digits
from tests.reference.stored import expected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.reference.designs import Problem

    Score = tuple[float, float | None]


@dataclass(frozen=True)
class Digits:
    """Correct digits of the worst coefficient and of the worst standard error (None where the library gives none)."""

    name: str
    mathlearn: Score
    sklearn: Score
    statsmodels: Score | None


def nist(*, statsmodels: bool) -> list[Digits]:
    """Return the digits on the eleven linear sets of NIST StRD."""
    return _measure("nist/attainable.json", nist_problems(), statsmodels=statsmodels)


def raw_units(*, statsmodels: bool) -> list[Digits]:
    """Return the digits on designs in raw units."""
    return _measure("raw_units.json", raw_unit_problems(), statsmodels=statsmodels)


def _measure(file: str, problems: dict[str, Problem], *, statsmodels: bool) -> list[Digits]:
    result = []
    for name, problem in problems.items():
        truth = expected(file, name, problem)
        scores = [fit(problem, truth) for fit in (_mathlearn, _sklearn)]
        result.append(Digits(name, *scores, _statsmodels(problem, truth) if statsmodels else None))
    return result


def _is_exact(problem: Problem, truth: dict[str, Any]) -> bool:
    """Whether the residuals are the rounding of y."""
    return float(truth["sigma"]) < np.finfo(float).eps * float(np.max(np.abs(problem.y)))


def _coefficient_digits(problem: Problem, truth: dict[str, Any], values: Sequence[float]) -> float:
    """Count digits; in an exact fit, where a coefficient below the residuals is rounding itself, from the residual scale."""
    return least_digits(values, truth["coefficients"], float(truth["sigma"]) if _is_exact(problem, truth) else 0.0)


def _error_digits(problem: Problem, truth: dict[str, Any], values: Sequence[float]) -> float:
    """Count digits; in an exact fit only zero is right."""
    if _is_exact(problem, truth):
        return 0.0 if np.any(values) else CAP
    return least_digits(values, truth["standard_errors"])


def _mathlearn(problem: Problem, truth: dict[str, Any]) -> Score:
    from mathlearn.linear_model import LinearRegression

    model = LinearRegression(fit_intercept=problem.intercept).fit(problem.X, problem.y, sample_weight=problem.weight)
    table = model.tidy()
    return (
        _coefficient_digits(problem, truth, table["estimate"]),
        _error_digits(problem, truth, table["std_error"]),
    )


def _sklearn(problem: Problem, truth: dict[str, Any]) -> Score:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression(fit_intercept=problem.intercept).fit(problem.X, problem.y, sample_weight=problem.weight)
    values = [*([model.intercept_] if problem.intercept else []), *model.coef_]
    return _coefficient_digits(problem, truth, values), None


def _statsmodels(problem: Problem, truth: dict[str, Any]) -> Score:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of collinearity, rightly; here its digits are counted
        return max(_statsmodels_by(method, problem, truth) for method in ("pinv", "qr"))


def _statsmodels_by(method: str, problem: Problem, truth: dict[str, Any]) -> Score:
    from statsmodels.regression.linear_model import WLS

    design = np.column_stack([np.ones(len(problem.y)), problem.X]) if problem.intercept else problem.X
    weight = 1.0 if problem.weight is None else problem.weight
    try:
        result = WLS(problem.y, design, weights=weight).fit(method=method)
    except np.linalg.LinAlgError:  # it gives no answer
        return 0.0, 0.0
    return _coefficient_digits(problem, truth, result.params), _error_digits(problem, truth, result.bse)
