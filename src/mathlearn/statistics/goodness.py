"""Numbers about a least-squares fit as a whole: R squared, sigma, F, log-likelihood, AIC, BIC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mathlearn.statistics import reasons
from mathlearn.statistics.functional import sigma
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.wald import WaldTest, slopes_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["Goodness", "fit_statistics"]


@dataclass(frozen=True, slots=True)
class Goodness:
    """Statistics of a least-squares fit; arrays (q,), NaN where withheld.

    R squared is about the mean with an intercept and about zero without (as in R and NIST's certified values). F tests that
    all slopes are zero: the ratio of mean squares under the classical covariance, else the Wald test in the
    covariance of the fit. AIC and BIC count sigma as a parameter, as R does.

    Attributes
    ----------
    f_df : (numerator, denominator) degrees of freedom of F
    reasons : {(response index, column): reason}
    labels : dict of str
        Columns as they are called in sentences.
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
    labels: ClassVar[dict[str, str]] = {
        "r_squared": "R²",
        "adj_r_squared": "adjusted R²",
        "sigma": "sigma",
        "f_statistic": "F",
        "log_likelihood": "log-likelihood",
        "aic": "AIC",
        "bic": "BIC",
    }

    def columns(self, result: FitResult) -> dict[str, Any]:
        """Return what `glance` tells of such a fit, by name."""
        q = len(result.responses)
        return {
            "r_squared": self.r_squared,
            "adj_r_squared": self.adj_r_squared,
            "sigma": self.sigma,
            "f_statistic": self.f_statistic,
            "f_p_value": self.f_p_value,
            "df_model": [result.df_model] * q,
            "df_resid": [result.df_resid] * q,
            "log_likelihood": self.log_likelihood,
            "aic": self.aic,
            "bic": self.bic,
            "rss": result.deviance,
            "rank": [result.rank] * q,
            "condition_raw": [result.condition_raw] * q,
            "condition_scaled": [result.condition_scaled] * q,
        }


def fit_statistics(result: FitResult) -> Goodness:
    """Compute the statistics of the fit as a whole."""
    why: dict[tuple[int, str], str] = {}
    for i, column, reason in _withheld(result):
        why.setdefault((i, column), reason)
    r2 = _r_squared(result)
    log_likelihood = _log_likelihood(result)
    count = result.rank + result.fit_intercept + 1
    test = _slopes_test(result)
    for i, reason in test.reasons.items():
        why.setdefault((i, "f_statistic"), reason)
        why.setdefault((i, "f_p_value"), reason)
    values = {
        "r_squared": r2,
        "adj_r_squared": _adjusted(result, r2),
        "sigma": sigma(result),
        "f_statistic": test.statistic,
        "f_p_value": test.p_value,
        "log_likelihood": log_likelihood,
        "aic": 2 * count - 2 * log_likelihood,
        "bic": math.log(result.n) * count - 2 * log_likelihood,
    }
    for i, column in why:
        values[column][i] = np.nan
    return Goodness(**values, f_df=(test.df_num, test.df_den), reasons=why)


def _r_squared(result: FitResult) -> FloatArray:
    share = np.divide(
        result.deviance, result.null_deviance, out=np.full_like(result.deviance, np.nan), where=result.null_deviance > 0
    )
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
        value: FloatArray = 0.5 * (log_weights - n * (np.log(2 * np.pi) + 1 + np.log(result.deviance / n)))
    return value


def _slopes_test(result: FitResult) -> WaldTest:
    """Return F, its tail and degrees of freedom, and why it is NaN where it is."""
    q = len(result.responses)
    law = JointLaw(float(result.df_model), np.nan if result.covariance is None else result.covariance.df)
    reason = "there are no slopes to test" if result.df_model == 0 else reasons.whole_fit(result)
    if reason is not None:
        return WaldTest(np.full(q, np.nan), np.full(q, np.nan), *law, reasons=dict.fromkeys(range(q), reason))
    assert result.covariance is not None
    if result.covariance.meat is not None:
        return slopes_test(result)
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = np.maximum(result.null_deviance - result.deviance, 0.0)
        f = (explained / law.df_num) / (result.deviance / law.df_den)
    return WaldTest(f, law.tail(f), *law, reasons={})


_NEEDS_VARIANCE = ("adj_r_squared", "sigma", "f_statistic", "f_p_value", "aic", "bic")
_NEEDS_RESIDUALS = ("f_statistic", "f_p_value", "log_likelihood", "aic", "bic")


def _withheld(result: FitResult) -> Iterator[tuple[int, str, str]]:
    """Yield (response, column, reason) of what does not exist; the first reason of a cell counts."""
    for i in range(len(result.responses)):
        if result.withheld is not None:
            yield from ((i, column, result.withheld) for column in _NEEDS_VARIANCE)
            if math.isnan(result.deviance[i]):
                yield from ((i, column, result.withheld) for column in ("r_squared", "log_likelihood"))
        if result.df_resid <= 0:
            yield from ((i, column, reasons.no_residual_df(result)) for column in (*_NEEDS_VARIANCE, "log_likelihood"))
        if result.exact[i]:
            yield from ((i, column, reasons.exact(result, i)) for column in _NEEDS_RESIDUALS)
        if result.null_deviance[i] == 0:
            yield from ((i, column, "constant target") for column in ("r_squared", "adj_r_squared"))
