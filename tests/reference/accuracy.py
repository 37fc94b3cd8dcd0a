"""How accurate a fitted model is, measured against an exact solution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn.linear_model import LinearRegression
from tests.reference.exact_least_squares import CAP, least_digits, log_relative_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.reference.designs import Problem

LEAST = CAP - 0.3


def fitted(problem: Problem) -> LinearRegression:
    """Fit a problem from its arrays."""
    return LinearRegression(fit_intercept=problem.intercept).fit(problem.X, problem.y, sample_weight=problem.weight)


def assert_accurate(model: LinearRegression, truth: Mapping[str, Any], *, exact_fit: bool = False) -> None:
    """Check coefficients, standard errors and residual scale, to 14.7 digits; an exact fit has no error at all.

    In an exact fit a coefficient below the residuals, such as an intercept of 2e-18 where all y are near 1, is rounding itself:
    its digits are counted from the residual scale.
    """
    table = model.tidy()
    floor = float(truth["sigma"]) if exact_fit else 0.0
    assert least_digits(table["estimate"], truth["coefficients"], floor) >= LEAST
    if exact_fit:
        assert model.result_.exact.all()
        assert (table["std_error"] == 0.0).all()
        return
    assert least_digits(table["std_error"], truth["standard_errors"]) >= LEAST
    sigma = float((model.result_.deviance[0] / model.result_.df_resid) ** 0.5)
    assert log_relative_error(sigma, truth["sigma"]) >= LEAST


def assert_honest(model: LinearRegression, truth: Mapping[str, Any]) -> None:
    """Check that the model is certified and that its certified digits are really there."""
    slopes = truth["coefficients"][1 if model.result_.fit_intercept else 0 :]
    assert model.certificate_.ok, model.certificate_
    for claim, value, exact in zip(model.result_.digits[0], model.result_.coef[0], slopes, strict=True):
        assert min(claim, CAP) <= log_relative_error(value, exact)
