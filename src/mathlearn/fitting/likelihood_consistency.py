"""Whether the numbers of a fit by likelihood agree with each other, whatever the rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.fitting.refit import dependence_of, intercept_of
from mathlearn.linalg.errorfree import ROUNDOFF, TINY, minus_dot
from mathlearn.probability import family_named
from mathlearn.statistics.functional import require_curvature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood

__all__ = ["inconsistencies"]

_ROUNDINGS = 8.0  # of the terms of an intercept, which do not count


def inconsistencies(result: FitResult, likelihood: Likelihood) -> Iterator[float]:
    """Yield how far the numbers of a record are from what they are made of, relative to it.

    Parameters
    ----------
    result : FitResult
        With its curvature.
    likelihood : Likelihood
    """
    fixed = family_named(likelihood.family, **dict(likelihood.parameters)).fixed_dispersion
    yield float(fixed != (likelihood.dispersion_from == "fixed") or (fixed and likelihood.dispersion != 1.0))
    yield float(result.df_model != result.rank)
    if likelihood.separation is None:  # else the curvature is that of the rows which are left
        dependence = dependence_of(result, None)
        yield float((result.estimable != dependence.estimable(intercept=result.fit_intercept)).any())
        yield float(result.rank != require_curvature(result).whitener.shape[1])
        shortest = dependence.minimum_norm(result.coef)
        yield float(np.linalg.norm(result.coef - shortest)) / max(float(np.linalg.norm(shortest)), TINY)
    if result.fit_intercept:
        yield _intercept(result, likelihood)
        yield _mean_white(result)


def _intercept(result: FitResult, likelihood: Likelihood) -> float:
    """Distance of the intercept from the level at the mean less the slopes times it, in standard errors of the intercept."""
    mean, coef, centre = require_curvature(result).mean, result.coef[0], result.centre
    shown = float(intercept_of(result)[0])
    there = float(minus_dot((centre, np.zeros(1)), mean, (coef[:, None], np.zeros((coef.size, 1))))[0])
    terms = abs(float(centre[0])) + float(np.abs(mean) @ np.abs(coef)) + abs(float(result.intercept[0]))
    away = max(abs(shown - there) - _ROUNDINGS * ROUNDOFF * terms, 0.0)
    phi = likelihood.dispersion if likelihood.dispersion > 0.0 else 1.0
    return away / max(math.sqrt(phi) * _length(result), TINY)


def _mean_white(result: FitResult) -> float:
    """Distance of the whitened mean from the whitener times the mean, relative to what the intercept's standard error is made of."""
    c = require_curvature(result)
    away = np.linalg.norm(c.mean_white - c.whitener.T @ (c.mean + c.origin))
    return float(away) / max(_length(result), TINY)


def _length(result: FitResult) -> float:
    """Return the standard error of the intercept, of dispersion 1."""
    level = 1.0 / math.sqrt(result.weight_sum) if result.weight_sum > 0.0 else 0.0
    return math.hypot(level, float(np.linalg.norm(require_curvature(result).mean_white)))
