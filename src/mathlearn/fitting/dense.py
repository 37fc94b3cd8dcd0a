"""The ladder: dense rows, at least as many as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.least_squares import certificate
from mathlearn.fitting import resources
from mathlearn.fitting.climb import SMALL, Climber, checked, residual_scale
from mathlearn.fitting.defects import aliases
from mathlearn.fitting.record import Found, recorded
from mathlearn.linalg import ladder
from mathlearn.results.fit_result import CovarianceEstimate, Curvature

if TYPE_CHECKING:
    from mathlearn.certify.evidence import Evidence
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.results.fit_result import FitResult

SQUARES = 4
"""p-by-p matrices held at a time."""


def fit_dense(rows: Rows, spec: LinearSpec, threads: int) -> FitResult:
    """Fit by the ladder, with full inference."""
    width = len(rows.terms) + len(rows.responses)
    resources.require(SQUARES * width * width, f"the moments of {width} columns")
    solution = _at_once(rows, spec)
    if solution is not None:
        evidence = checked(rows, solution, centred=True, threads=threads)
        return concluded(rows, spec, solution.moments.n, solution, evidence)
    moments = ladder.accumulate(rows, centred=spec.fit_intercept, threads=threads)
    count = spec.count(moments.n, moments.weight)
    solution, evidence = Climber(rows, moments, count, spec.fit_intercept, spec.tol, threads).solve()
    return concluded(rows, spec, count, solution, evidence)


def _at_once(rows: Rows, spec: LinearSpec) -> LeastSquares | None:
    """Solve a small problem of one block in one pass, where it is simple enough for that."""
    n, p = rows.n_rows, len(rows.terms)
    if not (rows.in_memory and spec.fit_intercept and spec.tol is None and n and p):
        return None
    if n > ladder.block_rows(p) or n * p * p > SMALL:
        return None
    chunk = next(iter(rows.chunks(n)))
    return ladder.at_once(chunk) if chunk.n > p + 1 else None


def concluded(rows: Rows, spec: LinearSpec, count: int, solution: LeastSquares, evidence: Evidence) -> FitResult:
    """Draw the conclusions from a solution and the evidence for it."""
    centred = spec.fit_intercept
    found = found_of(rows.terms, spec, count, solution)
    sigma = residual_scale(solution, count, centred=centred)
    exact = found.exact
    verdict, digits = certificate(evidence, solution, sigma, exact, found.estimable, centred=centred)
    return recorded(rows, spec, found, verdict, exact=exact, digits=digits[:, int(centred) :])


def found_of(terms: tuple[str, ...], spec: LinearSpec, count: int, solution: LeastSquares) -> Found:
    """Return what the record of a fit says of a solution."""
    centred, moments = spec.fit_intercept, solution.moments
    return Found(
        rung=solution.rung,
        n=moments.n,
        dropped=moments.dropped,
        weight_sum=moments.weight,
        log_weight_sum=moments.log_weight,
        coef=solution.coef,
        intercept=solution.intercept,
        centre=solution.centre,
        rss=solution.rss,
        tss=solution.tss,
        rank=solution.rank,
        estimable=solution.dependence.estimable(intercept=centred),
        aliases=aliases(solution.dependence, terms),
        condition_raw=solution.condition_raw,
        condition_scaled=solution.condition_scaled,
        curvature=_curvature(solution, spec.origin),
        statistic=moments,
        covariance=CovarianceEstimate.classical(float(count - solution.rank - centred), spec.weights_type),
    )


def _curvature(solution: LeastSquares, shifts: tuple[int, ...]) -> Curvature:
    origin = np.array(shifts, np.float64) if shifts else np.zeros(solution.mean.shape)
    return Curvature(
        mean=solution.mean,
        origin=origin,
        whitener=solution.whitener,
        mean_white=solution.mean_white + solution.whitener.T @ origin if shifts else solution.mean_white,
        null=solution.dependence.null,
        scale=solution.scale,
    )
