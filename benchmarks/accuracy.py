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


def _score(problem: Problem, truth: dict[str, Any], coefficients: Sequence[float], errors: Sequence[float]) -> Score:
    """Count digits; where the residuals are the rounding of y, only standard errors of zero are right."""
    least = least_digits(coefficients, truth["coefficients"])
    if float(truth["sigma"]) < np.finfo(float).eps * np.max(np.abs(problem.y)):
        return least, CAP if not np.any(errors) else 0.0
    return least, least_digits(errors, truth["standard_errors"])


def _mathlearn(problem: Problem, truth: dict[str, Any]) -> Score:
    from mathlearn.linear_model import LinearRegression

    model = LinearRegression(fit_intercept=problem.intercept).fit(problem.X, problem.y, sample_weight=problem.weight)
    table = model.tidy()
    return _score(problem, truth, table["estimate"], table["std_error"])


def _sklearn(problem: Problem, truth: dict[str, Any]) -> Score:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression(fit_intercept=problem.intercept).fit(problem.X, problem.y, sample_weight=problem.weight)
    values = [*([model.intercept_] if problem.intercept else []), *model.coef_]
    return least_digits(values, truth["coefficients"]), None


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
    return _score(problem, truth, result.params, result.bse)
