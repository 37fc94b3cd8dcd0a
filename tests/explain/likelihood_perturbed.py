"""Records of fits by likelihood that are wrong in one number, and the steps that must say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.explain.perturbed import _curvature, _failed_check, _one_coefficient, _part, _plus, _scaled, _skew

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.results.fit_result import FitResult

    Change = Callable[[FitResult], FitResult]


def _iteration(at: int, **changes: Callable[[Any], Any]) -> Change:
    """Change one iteration."""

    def changed(seen: tuple[Any, ...]) -> tuple[Any, ...]:
        new = list(seen)
        new[at] = replace(new[at], **{name: of(getattr(new[at], name)) for name, of in changes.items()})
        return tuple(new)

    return _part("likelihood", iterations=changed)


def _separation(**changes: Callable[[Any], Any]) -> Change:
    def changed(separation: Any) -> Any:
        return replace(separation, **{name: of(getattr(separation, name)) for name, of in changes.items()})

    return _part("likelihood", separation=changed)


def _estimable_again(r: FitResult) -> FitResult:
    return replace(r, estimable=np.ones_like(r.estimable))


def _little(x: float) -> float:
    return x * (1 + 1e-6)


# Heading of a step -> (fit, what is put wrong in its record).
FIT: dict[str, list[tuple[str, Change]]] = {
    "What is withheld": [
        ("logit, penalised", lambda r: replace(r, df_resid=r.df_resid + 1)),
        ("Poisson, penalised", _plus("n", 3)),
        ("separated completely", _separation(verified=lambda _: False)),
        ("separated in part", _separation(verified=lambda _: False)),
        ("separated in part", _estimable_again),
        ("not converged", _plus("df_resid", -1)),
    ],
    "The model": [
        ("logit", _plus("n", 1)),
        ("logit", _plus("df_resid", -1)),
        ("Poisson, dependent columns", _plus("rank", 1)),
        ("gamma", _plus("df_model", 1)),
        ("Poisson", _part("likelihood", trials=lambda t: t + 1)),
    ],
    "The log-likelihood": [
        ("logit", _part("likelihood", log_likelihood=_little)),
        ("logit", _part("likelihood", null_log_likelihood=_little)),
        ("logit", _scaled("deviance")),
        ("logit", _scaled("null_deviance")),
        ("logit, penalised", _part("likelihood", penalty=lambda x: x * 1.001)),
        ("logit, penalised", _scaled("coef", 1.001)),
        ("logit", _iteration(-1, loss=_little)),
        ("logit, successes and failures", _part("likelihood", log_likelihood=_little)),
        ("Poisson, offset", _part("likelihood", log_likelihood=_little)),
        ("negative binomial", _part("likelihood", null_log_likelihood=_little)),
        ("gamma", _part("likelihood", log_likelihood=_little)),
        ("gamma", _scaled("deviance")),
        ("inverse Gaussian", _part("likelihood", log_likelihood=_little)),
        ("Gaussian", _scaled("null_deviance")),
        ("Tweedie", _scaled("deviance", 1e3)),
        ("quasi-Poisson", _part("likelihood", log_likelihood=lambda _: -100.0)),
    ],
    "The score is zero": [
        ("logit", _failed_check("gradient")),
        ("gamma", _failed_check("newton_decrement")),
        ("logit, penalised", _failed_check("gradient")),
    ],
    "The information": [
        ("logit", _curvature("whitener")),
        ("logit", _curvature("mean")),
        ("logit", _curvature("mean_white")),
        ("gamma", _scaled("weight_sum")),
        ("Gaussian", _scaled("weight_sum")),
        ("Poisson", _failed_check("standard_errors")),
    ],
    "The iterations": [
        ("logit", _iteration(-1, gradient=lambda _: 0.1)),
        ("logit", _iteration(1, gradient=lambda x: 1.2 * x)),
        ("logit", _iteration(1, loss=lambda x: x * 1.001)),
        ("logit", _iteration(0, step=lambda _: 2.0)),
        ("gamma", _iteration(-1, loss=lambda x: x * 1.001)),
        ("Tweedie", _part("likelihood", passes=lambda n: n - 5)),
        ("logit, a sample first", _iteration(-1, gradient=lambda _: 1.0)),
    ],
    "The solution": [
        ("logit", _one_coefficient),
        ("logit", _scaled("intercept")),
        ("logit, raw units", _scaled("centre")),
        ("logit, no intercept", _plus("intercept", 1e-9)),
        ("gamma", _failed_check("optimisation_error")),
    ],
    "It is the maximum": [
        ("logit", _failed_check("newton_decrement")),
        ("gamma", _failed_check("curvature")),
        ("logit, penalised", _failed_check("convergence")),
    ],
    "What the data leave open": [
        ("Poisson, dependent columns", _plus("rank", -1)),
        ("Poisson, dependent columns", _estimable_again),
    ],
    "The deviance": [
        ("logit", _scaled("deviance")),
        ("logit", _scaled("null_deviance")),
        ("logit", _plus("df_resid", 1)),
        ("logit", _part("likelihood", log_likelihood=_little)),
        ("gamma", _plus("df_model", 1)),
        ("Poisson, offset", _scaled("null_deviance")),
        ("Tweedie", _scaled("deviance", 1e3)),
        ("logit, HC1", _plus("df_resid", 1)),
    ],
    "The distribution of the estimate": [
        ("gamma", _part("likelihood", dispersion=_little)),
        ("gamma", _part("likelihood", pearson=_little)),
        ("gamma", _plus("n", 1)),
        ("logit", _part("likelihood", dispersion=_little)),
        ("logit", _curvature("mean_white")),
        ("logit", _part("covariance", df=lambda _: 30.0)),
        ("logit, HC1", _part("covariance", meat=_skew)),
        ("logit, HC3", _part("covariance", meat=lambda m: -m)),
        ("gamma, HC0", _part("covariance", meat=_skew)),
        ("logit, clusters", _part("covariance", df=lambda df: df + 1)),
    ],
    "One coefficient in full": [
        ("logit", _part("covariance", df=lambda _: 100.0)),
        ("logit, clusters", _part("covariance", df=lambda df: df + 1)),
        ("gamma", _part("covariance", df=lambda df: df - 1)),
    ],
    "Its estimate and standard error": [
        ("logit", _failed_check("optimisation_error")),
        ("gamma, HC0", _failed_check("optimisation_error")),
    ],
    "Its statistic and p-value": [
        ("gamma", _part("covariance", df=lambda df: df - 1)),
        ("logit", _part("covariance", df=lambda _: 30.0)),
    ],
    "Its interval": [
        ("gamma", _part("covariance", df=lambda df: df - 1)),
        ("logit", _part("covariance", df=lambda _: 30.0)),
    ],
}

# Steps that only say in other words what another checks: they are put wrong by what they are handed (test_likelihood_checks, test_classes_checks).
SAID = frozenset({"What it multiplies", "In plain words"})

# The same of predictions.
ROW: dict[str, list[tuple[str, Change]]] = {
    "The linear predictor": [
        ("logit", _scaled("intercept")),
        ("logit", _scaled("centre")),
        ("Poisson, offset", _one_coefficient),
        ("logit, raw units", _scaled("centre", 1.001)),
    ],
    "From the predictor to the mean": [
        ("logit", _scaled("intercept")),
        ("Poisson, offset", _scaled("centre")),
        ("probit", _scaled("intercept")),
    ],
    "How far the row lies from the data": [
        ("logit", _curvature("whitener")),
        ("logit", _curvature("mean")),
        ("gamma", _curvature("mean_white")),
    ],
    "The data do not determine this prediction": [("Poisson, dependent columns", lambda r: replace(r, aliases=()))],
    "The interval of its mean": [
        ("logit", _part("covariance", df=lambda _: 30.0)),
        ("gamma", _part("covariance", df=lambda df: df + 1)),
        ("logit", _curvature("whitener")),
        ("logit, HC1", _curvature("mean_white", 1.01)),
    ],
    "Why it has no interval": [("logit, penalised", _plus("df_resid", -1))],
    "The predictor has no finite value": [
        ("separated completely", _separation(verified=lambda _: False)),
        ("separated in part", _separation(verified=lambda _: False)),
    ],
}
