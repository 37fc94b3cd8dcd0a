"""Numbers about the fit as a whole: R squared, sigma, F, log-likelihood, AIC, BIC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics import reasons
from mathlearn.statistics.functional import sigma
from mathlearn.statistics.tails import f_tail
from mathlearn.statistics.wald import slopes_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["Goodness", "fit_statistics"]


@dataclass(frozen=True, slots=True)
class Goodness:
    """Statistics of the fit; arrays (q,), NaN where withheld.

    R squared is about the mean with an intercept and about zero without (as in R and NIST's certified values). F tests that
    all slopes are zero: the ratio of mean squares under the classical covariance, else the Wald test in the
    covariance of the fit. AIC and BIC count sigma as a parameter, as R does.

    Attributes
    ----------
    f_df : (numerator, denominator) degrees of freedom of F
    reasons : {(response index, column): reason}
    """

    r_squared: FloatArray
    adj_r_squared: FloatArray
    sigma: FloatArray
    f_statistic: FloatArray
    f_p_value: FloatArray
    f_df: tuple[float, float]
    log_likelihood: FloatArray
    aic: FloatArray
    bic: FloatArray
    reasons: dict[tuple[int, str], str]


def fit_statistics(result: FitResult) -> Goodness:
    """Compute the statistics of the fit as a whole."""
    why: dict[tuple[int, str], str] = {}
    for i, column, reason in _withheld(result):
        why.setdefault((i, column), reason)
    r2 = _r_squared(result)
    log_likelihood = _log_likelihood(result)
    count = result.rank + result.fit_intercept + 1
    f, f_df, f_why = _f_statistic(result)
    for i, reason in f_why.items():
        why.setdefault((i, "f_statistic"), reason)
        why.setdefault((i, "f_p_value"), reason)
    values = {
        "r_squared": r2,
        "adj_r_squared": _adjusted(result, r2),
        "sigma": sigma(result),
        "f_statistic": f,
        "f_p_value": f_tail(f, *f_df),
        "log_likelihood": log_likelihood,
        "aic": 2 * count - 2 * log_likelihood,
        "bic": math.log(result.n) * count - 2 * log_likelihood,
    }
    for i, column in why:
        values[column][i] = np.nan
    return Goodness(**values, f_df=f_df, reasons=why)


def _r_squared(result: FitResult) -> FloatArray:
    share = np.divide(result.rss, result.tss, out=np.full_like(result.rss, np.nan), where=result.tss > 0)
    r2: FloatArray = np.where(result.exact, 1.0, 1.0 - share)
    return r2


def _adjusted(result: FitResult, r_squared: FloatArray) -> FloatArray:
    if result.df_resid <= 0:
        return np.full_like(r_squared, np.nan)
    return 1 - (1 - r_squared) * ((result.n - result.fit_intercept) / result.df_resid)


def _log_likelihood(result: FitResult) -> FloatArray:
    """Compute the normal log-likelihood at its maximum (sigma**2 = rss/n), with the weights as R counts them."""
    n = result.n
    log_weights = result.log_weight_sum if result.weights_type == "precision" else 0.0
    with np.errstate(divide="ignore"):
        value: FloatArray = 0.5 * (log_weights - n * (np.log(2 * np.pi) + 1 + np.log(result.rss / n)))
    return value


def _f_statistic(result: FitResult) -> tuple[FloatArray, tuple[float, float], dict[int, str]]:
    """Return F, its degrees of freedom, and why it is NaN where it is."""
    q = len(result.responses)
    df = (float(result.df_model), np.nan if result.covariance is None else result.covariance.df)
    reason = "there are no slopes to test" if result.df_model == 0 else reasons.whole_fit(result)
    if reason is not None:
        return np.full(q, np.nan), df, dict.fromkeys(range(q), reason)
    assert result.covariance is not None
    if result.covariance.meat is not None:
        return slopes_test(result)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = (np.maximum(result.tss - result.rss, 0.0) / df[0]) / (result.rss / df[1])
    return f, df, {}


_NEEDS_VARIANCE = ("adj_r_squared", "sigma", "f_statistic", "f_p_value", "aic", "bic")
_NEEDS_RESIDUALS = ("f_statistic", "f_p_value", "log_likelihood", "aic", "bic")


def _withheld(result: FitResult) -> Iterator[tuple[int, str, str]]:
    """Yield (response, column, reason) of what does not exist; the first reason of a cell counts."""
    for i in range(len(result.responses)):
        if result.withheld is not None:
            yield from ((i, column, result.withheld) for column in _NEEDS_VARIANCE)
        if result.df_resid <= 0:
            yield from ((i, column, reasons.no_residual_df(result)) for column in (*_NEEDS_VARIANCE, "log_likelihood"))
        if result.exact[i]:
            yield from ((i, column, reasons.exact(result, i)) for column in _NEEDS_RESIDUALS)
        if result.tss[i] == 0:
            yield from ((i, column, "constant target") for column in ("r_squared", "adj_r_squared"))
