"""Least squares under ``coef >= 0``, without inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.gradient import nonnegative_certificate
from mathlearn.fitting.bare import found_by, slope_at
from mathlearn.fitting.defects import aliases
from mathlearn.fitting.record import recorded
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
    slope = slope_at(rows, solution, moments, solution.size, np.sqrt(solution.tss), centred=centred, threads=threads)
    found = found_by(
        "active-set",
        solution,
        moments,
        rank=int(solution.dependence.kept.size),
        estimable=solution.dependence.estimable(intercept=centred),
        aliases=aliases(solution.dependence, rows.terms),
    )
    verdict = nonnegative_certificate(slope, solution.coef, unique=not solution.dependence.dropped.size)
    return recorded(rows, spec, found, verdict, withheld=_REASON)
