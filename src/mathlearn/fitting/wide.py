"""More parameters than rows: the solution of least norm, without inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.gradient import free_certificate, row_space_distance
from mathlearn.fitting import resources
from mathlearn.fitting.bare import found_by, slope_at
from mathlearn.fitting.gather import gathered
from mathlearn.fitting.record import recorded
from mathlearn.linalg.wide import minimum_norm
from mathlearn.results.fit_result import Defect, DefectKind

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.results.fit_result import FitResult

_COPIES = 5  # n-by-p arrays held at a time while the transposed rows are factored


def fit_wide(rows: Rows, spec: LinearSpec, threads: int) -> FitResult:
    """Fit the minimum-norm solution where there are more parameters than rows."""
    p, centred = len(rows.terms), spec.fit_intercept
    resources.require(_COPIES * (rows.n_rows or p) * p, f"the rows of {p} columns")
    block = gathered(rows)
    x = block.dense()
    solution = minimum_norm(x, block.y, block.given, centred=centred, tol=spec.tol)
    away = x - block.mean(centred=centred)
    size = np.sqrt(block.weights @ away**2)
    slope = slope_at(rows, solution, block, size, np.sqrt(solution.tss), centred=centred, threads=threads)
    reason = f"{p} columns for {block.n} rows, so that coefficients are not determined one by one"
    advice = f"{reason}: the solution of least norm is given, without standard errors. Use fewer columns or more rows."
    found = found_by(
        "minimum-norm",
        solution,
        block,
        rank=solution.rank,
        estimable=np.zeros(p + centred, np.bool_),
        condition_scaled=solution.condition,
    )
    distance = row_space_distance(solution.coef, away * np.sqrt(block.weights)[:, None])
    verdict = free_certificate(slope, distance=distance, unique=False, condition=solution.condition)
    defects = (Defect(DefectKind.TOO_FEW_ROWS, advice),)
    return recorded(rows, spec, found, verdict, withheld=reason, defects=defects)
