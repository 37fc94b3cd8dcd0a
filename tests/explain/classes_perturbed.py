"""Records of fits of more than two classes that are wrong in one number, and the steps that must say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.explain.likelihood_perturbed import _estimable_again, _iteration, _little, _separation
from tests.explain.perturbed import _failed_check, _one_coefficient, _part, _plus, _scaled

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.results.fit_result import FitResult

    Change = Callable[[FitResult], FitResult]


def _one_row_of_the_whitener(r: FitResult) -> FitResult:
    whitener = r.curvature.whitener.copy()
    whitener[-1] *= 1 + 1e-6
    return replace(r, curvature=replace(r.curvature, whitener=whitener))


def _one_slope(r: FitResult) -> FitResult:
    """A slope; the first parameter may be an intercept."""
    coef = r.coef.copy()
    coef[0, -1] *= 1 + 1e-6
    return replace(r, coef=coef)


# Heading of a step -> (fit, what is put wrong in its record).
FIT: dict[str, list[tuple[str, Change]]] = {
    "What is withheld": [
        ("classes, penalised", _plus("df_resid", 1)),
        ("classes, penalised", _plus("n", 3)),
        ("classes, separated completely", _separation(verified=lambda _: False)),
        ("classes, separated in part", _separation(verified=lambda _: False)),
        ("classes, separated in part", _estimable_again),
        ("classes, not converged", _plus("df_resid", -1)),
    ],
    "The model": [
        ("classes", _plus("n", 1)),
        ("classes", _plus("df_resid", -1)),
        ("classes, no intercept", _plus("df_model", 1)),
        ("classes, dependent columns", _plus("rank", 1)),
        ("classes", _part("likelihood", trials=lambda t: t + 1)),
    ],
    "The log-likelihood": [
        ("classes", _part("likelihood", log_likelihood=_little)),
        ("classes", _part("likelihood", null_log_likelihood=_little)),
        ("classes", _scaled("deviance")),
        ("classes", _scaled("null_deviance")),
        ("classes, penalised", _part("likelihood", penalty=lambda x: x * 1.001)),
        ("classes, penalised", _scaled("coef", 1.001)),
        ("classes, four", _iteration(-1, loss=_little)),
    ],
    "The score is zero": [
        ("classes", _failed_check("gradient")),
        ("classes, penalised", _failed_check("newton_decrement")),
    ],
    "The information": [
        ("classes", _one_row_of_the_whitener),
        ("classes, four", _one_row_of_the_whitener),
        ("classes, penalised", _one_row_of_the_whitener),
        ("classes", _scaled("weight_sum", 0.1)),
        ("classes, weights", _failed_check("standard_errors")),
    ],
    "What the data leave open": [
        ("classes, dependent columns", _plus("rank", -1)),
        ("classes, dependent columns", _estimable_again),
    ],
    "The iterations": [
        ("classes", _iteration(-1, gradient=lambda _: 0.1)),
        ("classes", _iteration(1, loss=lambda x: x * 1.5)),
        ("classes", _iteration(0, step=lambda _: 2.0)),
        ("classes", _part("likelihood", passes=lambda n: n - 5)),
        ("classes, a sample first", _iteration(-1, gradient=lambda _: 1.0)),
    ],
    "The solution": [
        ("classes", _one_coefficient),
        ("classes", _one_slope),
        ("classes", _part("stack", level=lambda x: x * (1 + 1e-6))),
        ("classes, raw units", _part("stack", mean=lambda x: x * (1 + 1e-6))),
        ("classes, no intercept", _part("stack", level=lambda x: x + 1e-9)),
        ("classes", _failed_check("optimisation_error")),
    ],
    "It is the maximum": [
        ("classes", _failed_check("newton_decrement")),
        ("classes, four", _failed_check("curvature")),
        ("classes, penalised", _failed_check("convergence")),
    ],
    "The deviance": [
        ("classes", _scaled("deviance")),
        ("classes", _scaled("null_deviance")),
        ("classes", _plus("df_resid", 1)),
        ("classes, no intercept", _plus("df_model", 1)),
        ("classes", _part("likelihood", log_likelihood=_little)),
    ],
    "The distribution of the estimate": [
        ("classes", _part("likelihood", dispersion=_little)),
        ("classes", _part("covariance", df=lambda _: 30.0)),
    ],
    "One coefficient in full": [("classes", _part("covariance", df=lambda _: 100.0))],
    "Its estimate and standard error": [("classes", _failed_check("optimisation_error"))],
    "Its statistic and p-value": [("classes", _part("covariance", df=lambda _: 30.0))],
    "Its interval": [("classes", _part("covariance", df=lambda _: 30.0))],
}

# The same of predictions.
ROW: dict[str, list[tuple[str, Change]]] = {
    "The log odds": [
        ("classes", _one_coefficient),
        ("classes", _one_slope),
        ("classes", _part("stack", level=lambda x: x * (1 + 1e-6))),
        ("classes, raw units", _part("stack", mean=lambda x: x * (1 + 1e-9))),
    ],
    "From log odds to probabilities": [
        ("classes", _one_coefficient),
        ("classes, four", _part("stack", level=lambda x: x * (1 + 1e-6))),
        ("classes, penalised", _one_coefficient),
    ],
    "The intervals of its probabilities": [
        ("classes", _part("covariance", df=lambda _: 30.0)),
        ("classes, four", _part("covariance", df=lambda _: 100.0)),
    ],
    "The data do not determine this prediction": [
        (
            "classes, dependent columns",
            lambda r: replace(r, aliases=(replace(r.aliases[0], constant=r.aliases[0].constant + 1.0),)),
        )
    ],
    "Why it has no interval": [("classes, penalised", _plus("df_resid", -1))],
    "Classes that are ruled out": [
        ("classes, separated completely", _separation(verified=lambda _: False)),
        ("classes, separated in part", _separation(verified=lambda _: False)),
    ],
}
