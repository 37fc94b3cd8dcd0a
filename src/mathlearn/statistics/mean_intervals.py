"""Intervals of predictions of a generalised linear model: of the mean, through the link; of an observation, with its law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.statistics.functional import (
    dispersion_known,
    estimable_at,
    require_covariance,
    sigma,
    standard_errors,
    whiten_rows,
)
from mathlearn.statistics.intervals import Interval, require_interval
from mathlearn.statistics.predictive import Predictive, distribution_of
from mathlearn.statistics.tails import t_quantile

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._choices import IntervalKind
    from mathlearn._typing import FloatArray
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult

__all__ = ["mean_interval", "predictor_errors"]

BLOCK = 1 << 11  # rows at a time, each with its nodes


def mean_interval(
    result: FitResult,
    family: Family,
    link: Link,
    X: FloatArray | csr_array,
    eta: FloatArray,
    level: float = 0.95,
    kind: IntervalKind = "confidence",
    trials: FloatArray | None = None,
) -> Interval:
    r"""Give intervals for means at new rows, or for observations there.

    With the standard error s of the linear predictor, the interval of the mean is :math:`g^{-1}(\hat\eta \pm q s)`, q being the quantile of
    the normal law where the dispersion is known and of Student's t where it is estimated. That of an observation of weight one leaves at most half of ``1 - level`` on either side, by the family's law averaged over what is not known of its mean and
    dispersion, see `Predictive`. For counts it therefore covers with at least this level, and for 0 and 1 it is often both. Of a binomial
    an observation is the share of successes among its trials.

    Parameters
    ----------
    result : FitResult
    family, link
        Those of the fit.
    X : (n, p) array or CSR
        Encoded rows.
    eta : (n,)
        Linear predictors there, offsets included.
    level : float in (0, 1)
    kind : {"confidence", "observation"}
    trials : (n,), optional
        Of new observations of a binomial, positive whole numbers; one each by default.

    Raises
    ------
    DomainError
        Another `kind`, `level` outside (0, 1), no standard error exists for this fit, its family has no distribution function, or trials
        go with another family or kind, or are no positive whole numbers.
    """
    covariance = require_interval(result, kind, level)
    _require_trials(family, kind, trials)
    known = estimable_at(result, X) & np.isfinite(eta)
    settled = np.where(known, eta, np.nan)
    if kind == "confidence":
        lower, upper, method = _of_means(result, link, X, settled, level)
    else:
        lower, upper, method = _of_observations(result, family, link, X, settled, level, trials)
    estimate, lower, upper = (np.where(known, values, np.nan) for values in (link.mu(eta), lower, upper))
    return Interval(
        estimate=estimate,
        lower=lower,
        upper=upper,
        level=level,
        kind=kind,
        method=f"{method}; {covariance.description}",
        responses=result.responses,
    )


def _of_means(
    result: FitResult, link: Link, X: FloatArray | csr_array, eta: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, str]:
    df = require_covariance(result).df
    half = t_quantile(level, df) * predictor_errors(result, X)
    ends = np.sort(np.stack([link.mu(eta - half), link.mu(eta + half)]), axis=0)
    law = "normal" if np.isinf(df) else f"t with {df:g} df"
    return ends[0], ends[1], f"{law}, on the scale of the {link.name} link"


def _of_observations(
    result: FitResult,
    family: Family,
    link: Link,
    X: FloatArray | csr_array,
    eta: FloatArray,
    level: float,
    trials: FloatArray | None,
) -> tuple[FloatArray, FloatArray, str]:
    known = dispersion_known(result)
    errors, phi = predictor_errors(result, X), float(sigma(result)[0]) ** 2
    pooled, df = require_covariance(result).meat is None, np.inf if known else float(result.df_resid)
    lower, upper = np.full_like(eta, np.nan), np.full_like(eta, np.nan)
    each = np.ones_like(eta) if trials is None else trials
    determined = np.flatnonzero(~np.isnan(eta))
    for start in range(0, determined.size, BLOCK):
        rows = determined[start : start + BLOCK]
        predictive = Predictive(family, link, eta[rows], errors[rows], phi, df, pooled, each[rows])
        lower[rows], upper[rows] = predictive.interval((1.0 - level) / 2.0)
    dispersion = "" if known else f" and the dispersion over {df:g} df over chi-squared"
    return lower, upper, f"{_shape(family, trials)}, averaged over the normal law of the predictor{dispersion}"


def _shape(family: Family, trials: FloatArray | None) -> str:
    """Say of what the ends of an interval for an observation are."""
    held = "that hold at least this probability, law of"
    if family.takes_trials and trials is None:
        return f"whole numbers {held} one trial of the {family.title} family: 0, 1, or both"
    if family.takes_trials:
        return f"shares of the trials {held} the {family.title} family"
    return (
        f"whole numbers {held} the {family.title} family"
        if distribution_of(family).whole
        else f"law of the {family.title} family"
    )


def _require_trials(family: Family, kind: IntervalKind, trials: FloatArray | None) -> None:
    """Refuse trials of what has none, or that are no numbers of trials.

    Raises
    ------
    DomainError
    """
    if trials is None:
        return
    if kind == "confidence" or not family.takes_trials:
        raise DomainError(
            "trials= are those of a new observation of a binomial: use them with kind='observation' and such a family, or leave them out. "
            "The mean does not depend on them."
        )
    bad = np.flatnonzero(~(np.isfinite(trials) & (trials > 0.0) & (trials == np.rint(trials))))
    if bad.size:
        raise DomainError(
            f"trials has {bad.size} of {trials.size} values that are no positive whole number, first {float(trials[bad[0]])!r} in row "
            f"{int(bad[0])}."
        )


def predictor_errors(result: FitResult, X: FloatArray | csr_array) -> FloatArray:
    """Return the standard errors (n,) of the linear predictor at rows of X."""
    return np.asarray(standard_errors(result, whiten_rows(result, X))[0])
