"""Least squares under ``coef >= 0``, without inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.gradient import Shown, gradient, nonnegative_certificate
from mathlearn.fitting.defects import aliases
from mathlearn.fitting.record import Found, recorded
from mathlearn.linalg import ladder
from mathlearn.linalg.nonnegative import solve

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.results.fit_result import FitResult

_REASON = "coefficients are held non-negative, for which the usual standard errors are not valid"


def fit_nonnegative(rows: Rows, spec: LinearSpec, threads: int) -> FitResult:
    """Fit by the active-set method on the triangular factor of the rows."""
    centred = spec.fit_intercept
    moments = ladder.accumulate(rows, centred=centred, threads=threads)
    qr = ladder.triangular_factor(rows, moments, centred=centred, threads=threads)
    solution = solve(qr, len(rows.terms), centred=centred)
    size = solution.size
    reach = np.sqrt(solution.tss) + size @ solution.coef.T
    slope = gradient(
        rows,
        Shown(solution.coef, solution.intercept, solution.mean, moments.weight, centred),
        size,
        reach,
        max_rows=ladder.block_rows(len(rows.terms)),
        threads=threads,
    )
    found = Found(
        rung="active-set",
        n=moments.n,
        dropped=moments.dropped,
        weight_sum=moments.weight,
        log_weight_sum=moments.log_weight,
        coef=solution.coef,
        intercept=solution.intercept,
        centre=solution.mean_y,
        rss=solution.rss,
        tss=solution.tss,
        rank=int(solution.dependence.kept.size),
        estimable=solution.dependence.estimable(intercept=centred),
        aliases=aliases(solution.dependence, rows.terms),
    )
    verdict = nonnegative_certificate(slope, solution.coef, unique=not solution.dependence.dropped.size)
    return recorded(rows, spec, found, verdict, withheld=_REASON)
