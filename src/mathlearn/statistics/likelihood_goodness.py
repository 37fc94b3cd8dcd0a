"""Numbers about a fit by likelihood as a whole: deviances, likelihood-ratio test, pseudo R squared, AIC, BIC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.statistics import reasons
from mathlearn.statistics.functional import dispersion_known, without_error
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.law import law_of
from mathlearn.statistics.wald import slopes_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood
    from mathlearn.statistics.law import Law

__all__ = ["LikelihoodGoodness", "likelihood_statistics", "parameter_count"]

_DISCRETE = frozenset({"binary", "counts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodGoodness:
    r"""Statistics of a fit by likelihood; arrays (1,), NaN where withheld.

    Conventions are R's. The null model has no columns, but the offset and, if the fit has one, the intercept. AIC and BIC count the
    determined coefficients and whatever else was estimated: the dispersion, the shape of a negative binomial. An estimated
    dispersion is the deviance over n in the log-likelihood, and Pearson's statistic over its degrees of freedom everywhere else.

    Where the shape of a negative binomial is estimated, both deviances are at the shape of the fit, as in R's ``glm.nb``, for at different
    ones they measure different things. The null log-likelihood is at a shape of its own, as in statsmodels' ``NegativeBinomial`` and
    Stata's ``nbreg``, and with it the likelihood-ratio test and the pseudo R squared.

    statsmodels differs in three places: its AIC of a GLM does not count the dispersion (it is smaller by 2), its ``llf`` of a gamma or inverse
    Gaussian uses Pearson's dispersion, and ``bic_llf`` counts as its AIC does.

    Attributes
    ----------
    dispersion : (1,)
    deviance, null_deviance : (1,)
    deviance_explained : (1,)
        One minus their ratio: D squared, of which R squared is the Gaussian case.
    pseudo_r_squared : (1,)
        McFadden's, one minus the ratio of the log-likelihoods. Only for probabilities: a density depends on the units of y.
    log_likelihood, null_log_likelihood, aic, bic : (1,)
    lr_statistic, lr_p_value : (1,)
        Test against the null model: twice the difference of the log-likelihoods, which is that of the deviances if nothing of the family is
        estimated, or, where the dispersion is, F of the deviances.
    lr_law : JointLaw
        What it is referred to.
    wald_statistic, wald_p_value : (1,)
        Wald test that all slopes are zero, in the covariance of the fit.
    wald_law : JointLaw
    reasons : {(0, column): reason}

    References
    ----------
    McCullagh and Nelder (1989), "Generalized Linear Models", section 2.3.
    McFadden (1974), "Conditional logit analysis of qualitative choice behavior", in Zarembka (ed.), "Frontiers in Econometrics".
    Cameron and Windmeijer (1997), "An R-squared measure of goodness of fit for some common nonlinear regression models", Journal of
    Econometrics 77(2).
    """

    dispersion: FloatArray
    deviance: FloatArray
    null_deviance: FloatArray
    deviance_explained: FloatArray
    pseudo_r_squared: FloatArray
    log_likelihood: FloatArray
    null_log_likelihood: FloatArray
    aic: FloatArray
    bic: FloatArray
    lr_statistic: FloatArray
    lr_p_value: FloatArray
    lr_law: JointLaw
    wald_statistic: FloatArray
    wald_p_value: FloatArray
    wald_law: JointLaw
    reasons: dict[tuple[int, str], str]

    @property
    def labels(self) -> dict[str, str]:
        """Columns as they are called in sentences, where it is told that they are withheld."""
        return {
            "dispersion": "dispersion",
            "deviance_explained": "deviance explained",
            "lr_statistic": "likelihood-ratio test" if self.lr_law.chi_squared else "F test of the deviances",
            "wald_statistic": "Wald test of all slopes",
            "log_likelihood": "log-likelihood",
            "aic": "AIC",
            "bic": "BIC",
        }

    def columns(self, result: FitResult) -> dict[str, Any]:
        """Return what `glance` tells of such a fit, by name."""
        likelihood = result.likelihood
        assert likelihood is not None
        return {
            "family": [likelihood.family],
            "link": [likelihood.link],
            "dispersion": self.dispersion,
            "dispersion_from": [likelihood.dispersion_from],
            **_parameters(likelihood),
            "deviance": self.deviance,
            "df_model": [result.df_model],
            "df_resid": [result.df_resid],
            "null_deviance": self.null_deviance,
            "df_null": [result.df_resid + result.df_model],
            "deviance_explained": self.deviance_explained,
            "pseudo_r_squared": self.pseudo_r_squared,
            "pearson": [likelihood.pearson],
            "lr_statistic": self.lr_statistic,
            "lr_p_value": self.lr_p_value,
            "wald_statistic": self.wald_statistic,
            "wald_p_value": self.wald_p_value,
            "log_likelihood": self.log_likelihood,
            "null_log_likelihood": self.null_log_likelihood,
            "aic": self.aic,
            "bic": self.bic,
            "penalty": [likelihood.penalty],
            "iterations": [iteration_count(likelihood)],
            "passes": [likelihood.passes],
            "rank": [result.rank],
            "condition_scaled": [result.condition_scaled],
        }


def _parameters(likelihood: Likelihood) -> dict[str, list[float]]:
    """Return the parameters of the family by name, with the standard error of each that was estimated, and that of the null model."""
    errors = dict(zip(likelihood.estimated, likelihood.estimated_errors, strict=True))
    columns: dict[str, list[float]] = {}
    for name, value in likelihood.parameters:
        columns[name] = [value]
        if name in errors:
            columns[f"{name}_std_error"] = [errors[name]]
    return columns | {f"null_{name}": [value] for name, value in likelihood.null_parameters}


def likelihood_statistics(result: FitResult) -> LikelihoodGoodness:
    """Compute the statistics of a fit by likelihood as a whole.

    Raises
    ------
    ValueError
        The fit is by least squares.
    """
    likelihood = result.likelihood
    if likelihood is None:
        raise ValueError("the fit is by least squares: fit_statistics() has its numbers")
    laws, tests, tested = _tests(result, likelihood)
    log_likelihood, count = np.array([likelihood.log_likelihood]), parameter_count(result)
    values: dict[str, FloatArray] = {
        "dispersion": np.array([likelihood.dispersion]),
        "deviance": result.deviance.copy(),
        "null_deviance": result.null_deviance.copy(),
        "deviance_explained": _lost(result.deviance, result.null_deviance),
        "pseudo_r_squared": _lost(log_likelihood, np.array([likelihood.null_log_likelihood])),
        "log_likelihood": log_likelihood,
        "null_log_likelihood": np.array([likelihood.null_log_likelihood]),
        "aic": 2 * count - 2 * log_likelihood,
        "bic": math.log(result.n) * count - 2 * log_likelihood,
        **tests,
    }
    why: dict[tuple[int, str], str] = dict(tested)
    for column, reason in _withheld(result, likelihood):
        why.setdefault((0, column), reason)
    for _, column in why:
        values[column] = np.full(1, np.nan)
    return LikelihoodGoodness(**values, lr_law=laws[0], wald_law=laws[1], reasons=why)


def parameter_count(result: FitResult) -> int:
    """Count the parameters that were estimated, those beside the coefficients included: what AIC and BIC count, as R does."""
    likelihood = result.likelihood
    return (
        result.rank
        + result.fit_intercept
        + (not dispersion_known(result))
        + (0 if likelihood is None else len(likelihood.estimated))
    )


def iteration_count(likelihood: Likelihood) -> int:
    """Count the steps taken, those on a sample of the rows included."""
    return sum(iteration.step > 0 for iteration in likelihood.iterations)


def _lost(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return one minus a ratio, NaN where it does not exist."""
    exists = np.isfinite(whole) & (whole != 0)
    return np.asarray((whole - part) / np.where(exists, whole, np.nan) + 0.0)  # no minus before a zero


def _tests(
    result: FitResult, likelihood: Likelihood
) -> tuple[tuple[JointLaw, JointLaw], dict[str, FloatArray], dict[tuple[int, str], str]]:
    """Return the laws of the likelihood-ratio and the Wald test of all slopes, both with their tails, and why they are withheld."""
    ratio = JointLaw(float(result.df_model), math.inf if dispersion_known(result) else float(result.df_resid))
    covariance = result.covariance
    reason = "there are no slopes to test" if result.df_model == 0 else reasons.whole_fit(result)
    if reason is None and without_error(result)[0]:
        reason = reasons.exact(result, 0)
    if reason is not None or covariance is None:
        none = {f"{test}_{what}": np.full(1, np.nan) for test in ("lr", "wald") for what in ("statistic", "p_value")}
        return (ratio, ratio), none, {(0, column): reason or "" for column in none}
    lr, wald = ratio.statistic(_gain(result, likelihood)), slopes_test(result)
    why = {(0, f"wald_{what}"): text for text in wald.reasons.values() for what in ("statistic", "p_value")}
    if likelihood.bias_reduction != "none":
        text = "the bias is reduced, so that the deviance is not the smallest: test_terms(X, y) compares penalised likelihoods"
        why |= dict.fromkeys([(0, "lr_statistic"), (0, "lr_p_value")], text)
    elif covariance.meat is not None:
        text = f"under the {covariance.kind} covariance the deviances have no known law: the Wald test holds"
        why |= dict.fromkeys([(0, "lr_statistic"), (0, "lr_p_value")], text)
    found = {
        "lr_statistic": lr,
        "lr_p_value": ratio.tail(lr),
        "wald_statistic": wald.statistic,
        "wald_p_value": wald.p_value,
    }
    return (ratio, wald.law), found, why


def _gain(result: FitResult, likelihood: Likelihood) -> FloatArray:
    """Return what the slopes add (1,), on the scale of the deviance over the dispersion."""
    if likelihood.estimated:
        return np.maximum(2.0 * np.array([likelihood.log_likelihood - likelihood.null_log_likelihood]), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.maximum(result.null_deviance - result.deviance, 0.0) / likelihood.dispersion)


def _withheld(result: FitResult, likelihood: Likelihood) -> Iterator[tuple[str, str]]:
    """Yield (column, reason) of what does not exist; the first reason of a cell counts."""
    family = law_of(likelihood)
    if not family.has_density:
        reason = f"the {family.title} family has no density, so no likelihood"
        names = ("log_likelihood", "null_log_likelihood", "aic", "bic", "pseudo_r_squared")
        yield from ((column, reason) for column in names)
    if result.withheld is not None:
        yield from ((column, result.withheld) for column in ("aic", "bic"))
    if likelihood.bias_reduction != "none":
        reason = "the bias is reduced, so that the likelihood is not at its maximum, of which these are criteria"
        yield from ((column, reason) for column in ("aic", "bic"))
    if not family.fixed_dispersion:
        yield from _without_dispersion(result)
    yield from _without_null(result, likelihood, family)


def _without_dispersion(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield what a dispersion that cannot be estimated takes with it."""
    if result.exact[0]:
        yield from ((column, reasons.exact(result, 0)) for column in ("log_likelihood", "aic", "bic"))
    if result.df_resid <= 0:
        why = reasons.no_residual_df(result)
        yield from ((column, why) for column in ("dispersion", "log_likelihood", "aic", "bic"))


def _without_null(result: FitResult, likelihood: Likelihood, family: Law) -> Iterator[tuple[str, str]]:
    """Yield what cannot be said against the null model."""
    against = ("deviance_explained", "pseudo_r_squared", "lr_statistic", "lr_p_value")
    null = float(result.null_deviance[0])
    if null == 0:
        yield from ((column, "constant target") for column in ("deviance_explained", "pseudo_r_squared"))
    if not math.isfinite(null):
        yield from (
            (column, "the model without columns has no finite deviance") for column in (*against, "null_log_likelihood")
        )
    if math.isnan(null):
        yield "null_deviance", "the model without columns has no finite deviance"
    if family.support not in _DISCRETE:
        yield (
            "pseudo_r_squared",
            "a ratio of log-densities changes with the units of y: the share of the deviance explained does not",
        )
    elif likelihood.null_log_likelihood == 0:
        yield "pseudo_r_squared", "the model without columns predicts every row with certainty"
