"""What can be done with a fit and its rows: another covariance, a second look."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._config import get_config
from mathlearn.certify.books import books
from mathlearn.certify.least_squares import certificate
from mathlearn.certify.statistic_grade import from_statistic
from mathlearn.data.adapt import densified, without_offset
from mathlearn.fitting.climb import checked
from mathlearn.fitting.multinomial_record import stacked_null
from mathlearn.fitting.resources import numbers
from mathlearn.fitting.shape import stays_sparse
from mathlearn.linalg import ladder
from mathlearn.linalg.dependence import Dependence, dependence_tolerance
from mathlearn.linalg.errorfree import minus_dot
from mathlearn.linalg.solution import LeastSquares
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.results.stack import columns_of
from mathlearn.statistics.covariance import estimate
from mathlearn.statistics.functional import require_curvature, sigma

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mathlearn._typing import FloatArray
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.moments import Moments
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import CovarianceKind, FitResult


def with_covariance(result: FitResult, rows: Rows, kind: CovarianceKind, options: Mapping[str, Any]) -> FitResult:
    """Return the same fit with another covariance of its estimates."""
    size = numbers(rows)
    with single_threaded_blas(size):
        covariance = estimate(
            kind,
            result,
            rows,
            max_rows=ladder.block_rows(len(result.terms)),
            threads=pool_size(size, get_config().threads),
            **options,
        )
    return replace(result, covariance=covariance)


def verified(result: FitResult, rows: Rows, tol: float | None = None) -> Certificate:
    """Check the numbers of a fit against the rows it is said to come from.

    Parameters
    ----------
    tol : float or None
        The rank tolerance of the fit, if one was given.
    """
    require_curvature(result)
    centred, size = result.fit_intercept, numbers(rows)
    threads = pool_size(size, get_config().threads)
    rows = without_offset(rows)
    if rows.sparse and not stays_sparse(rows):
        rows = densified(rows)
    with single_threaded_blas(size):
        moments = ladder.accumulate(rows, centred=centred, threads=threads)
        solution = _solution(result, moments, tol)
        # Rows that stay sparse are checked in double, the curvature on their moments.
        statistic = from_statistic(solution, centred=centred) if rows.sparse else None
        evidence = checked(rows, solution, statistic, centred=centred, threads=threads)
    found, _ = certificate(evidence, solution, sigma(result), result.exact, result.estimable, centred=centred)
    return replace(found, checks=(*found.checks, books(result, solution)))


def _solution(result: FitResult, moments: Moments, tol: float | None) -> LeastSquares:
    """Put the numbers of a record into the form that is checked, with the moments of the rows at hand."""
    curvature = require_curvature(result)
    p = len(result.terms)
    return LeastSquares(
        rung=result.rung,
        moments=moments,
        coef=result.coef,
        intercept=intercept_of(result),
        centre=result.centre,
        scale=curvature.scale,
        mean=curvature.mean,
        mean_y=moments.mean[p:] if result.fit_intercept else np.zeros(len(result.responses)),
        rss=result.deviance,
        tss=result.null_deviance,
        whitener=curvature.whitener,
        mean_white=curvature.whitener.T @ curvature.mean if curvature.origin.any() else curvature.mean_white,
        dependence=dependence_of(result, tol),
        condition_raw=result.condition_raw,
        condition_scaled=result.condition_scaled,
    )


def dependence_of(result: FitResult, tol: float | None) -> Dependence:
    """Return the dependences among the columns that a record names."""
    columns = columns_of(result)
    place = {term: j for j, term in enumerate(columns)}
    dropped = np.array([place[alias.term] for alias in result.aliases], np.int64)
    kept = np.setdiff1d(np.arange(len(columns)), dropped)
    rank_of = {int(j): i for i, j in enumerate(kept)}
    weights = np.zeros((kept.size, dropped.size))
    for k, alias in enumerate(result.aliases):
        for other, weight in zip(alias.others, alias.coefficients, strict=True):
            weights[rank_of[place[other]], k] = weight
    return Dependence(
        kept, dropped, weights, np.array([alias.constant for alias in result.aliases]), dependence_tolerance(tol)
    )


def undetermined(result: FitResult, dependence: Dependence) -> FloatArray:
    """Return the directions of a record's coefficients, those of `terms`, that dependent columns leave open (terms, f)."""
    stack = result.stack
    if stack is None:
        return dependence.null
    return stacked_null(dependence, len(stack.predictors), intercept=stack.intercept)


def intercept_of(result: FitResult) -> FloatArray:
    """Intercept (q,) in the coordinates of the rows."""
    curvature = require_curvature(result)
    if not curvature.origin.any():
        return result.intercept
    slopes = result.coef.T
    return minus_dot((result.centre, np.zeros_like(result.centre)), curvature.mean, (slopes, np.zeros_like(slopes)))
