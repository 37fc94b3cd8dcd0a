"""Least squares, once: rows → statistic → solution → certificate → inference → `FitResult`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._config import get_config
from mathlearn.certify.least_squares import certificate
from mathlearn.fitting.climb import Climber, exact_fit, residual_scale
from mathlearn.fitting.defects import aliases, least_squares_defects
from mathlearn.linalg import ladder
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.results.fit_result import CovarianceEstimate, Curvature, FitResult, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mathlearn._typing import BoolArray
    from mathlearn.certify.evidence import Evidence
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.moments import Moments
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.results.fit_result import CovarianceKind, WeightsType


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearSpec:
    """What to fit.

    Attributes
    ----------
    fit_intercept : bool
    tol : float or None
        Rank tolerance relative to each scaled column; None decides from the rounding of the data.
    weights_type : {"none", "precision", "frequency"}
    covariance : CovarianceKind
    options : mapping
        Options of the covariance kind.
    threads : int or None
        None takes the configured number.
    """

    fit_intercept: bool = True
    tol: float | None = None
    weights_type: WeightsType = "none"
    covariance: CovarianceKind = "classical"
    options: Mapping[str, Any] = field(default_factory=dict)
    positive: bool = False
    threads: int | None = None


def fit_linear(rows: Rows, spec: LinearSpec) -> FitResult:
    """Fit ordinary or weighted least squares, with its evidence and inference."""
    size = (rows.n_rows or 1 << 30) * len(rows.terms)
    threads = pool_size(size, spec.threads or get_config().threads)
    with single_threaded_blas(size):
        moments = ladder.accumulate(rows, centred=spec.fit_intercept, threads=threads)
        if moments is None:
            msg = "there are no rows to fit"
            raise RuntimeError(msg)
        count = round(moments.weight) if spec.weights_type == "frequency" else moments.n
        climber = Climber(rows, moments, count, spec.fit_intercept, spec.tol, threads)
        solution, evidence = climber.solve()
        result = _result(rows, spec, moments, count, solution, evidence)
        if spec.covariance == "classical":
            return result
        return replace(result, covariance=_robust(result, rows, spec, threads))


def _result(
    rows: Rows, spec: LinearSpec, moments: Moments, count: int, solution: LeastSquares, evidence: Evidence
) -> FitResult:
    """Draw the conclusions."""
    centred = spec.fit_intercept
    df = count - solution.rank - centred
    sigma = residual_scale(solution, count, centred=centred)
    exact = exact_fit(solution, centred=centred)
    shown = solution.dependence.estimable(intercept=centred)
    verdict, digits = certificate(evidence, solution, sigma, exact, shown, centred=centred)
    dependences = aliases(solution.dependence, rows.terms)
    return FitResult(
        terms=rows.terms,
        responses=rows.responses,
        fit_intercept=centred,
        weights_type=spec.weights_type,
        n=count,
        n_dropped=moments.dropped,
        weight_sum=moments.weight,
        log_weight_sum=moments.log_weight,
        rank=solution.rank,
        df_model=solution.rank,
        df_resid=df,
        coef=solution.coef,
        intercept=solution.intercept,
        rss=solution.rss,
        tss=solution.tss,
        exact=exact,
        curvature=_curvature(solution),
        estimable=shown,
        aliases=dependences,
        covariance=CovarianceEstimate(
            "classical", None, float(df), "classical: independent errors of constant variance"
        ),
        withheld=None,
        rung=solution.rung,
        condition_raw=solution.condition_raw,
        condition_scaled=solution.condition_scaled,
        digits=digits[:, int(centred) :],
        status=Status.OPTIMAL if verdict.ok else Status.STALLED,
        defects=least_squares_defects(dependences, rows.responses, exact, solution.tss, df, count),
        certificate=verdict,
    )


def _curvature(solution: LeastSquares) -> Curvature:
    return Curvature(
        mean=solution.mean,
        whitener=solution.whitener,
        mean_white=solution.mean_white,
        null=solution.dependence.null,
        scale=solution.scale,
    )


def _robust(result: FitResult, rows: Rows, spec: LinearSpec, threads: int) -> CovarianceEstimate:
    from mathlearn.statistics.covariance import estimate

    return estimate(
        spec.covariance,
        result,
        rows,
        max_rows=ladder.block_rows(len(rows.terms)),
        threads=threads,
        **spec.options,
    )
