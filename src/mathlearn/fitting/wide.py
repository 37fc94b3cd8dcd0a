"""More parameters than rows: the solution of least norm, without inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.gradient import Shown, free_certificate, gradient, row_space_distance
from mathlearn.fitting import resources
from mathlearn.fitting.gather import gathered
from mathlearn.fitting.record import Found, recorded
from mathlearn.linalg.ladder import block_rows
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
    solution = minimum_norm(x, block.y, block.weight, centred=centred, tol=spec.tol)
    mean, mean_y = block.means(centred=centred)
    size = np.sqrt(block.weights @ (x - mean) ** 2)
    reach = np.sqrt(solution.tss) + size @ np.abs(solution.coef.T)
    shown = Shown(solution.coef, solution.intercept, mean, block.total, centred)
    slope = gradient(rows, shown, size, reach, max_rows=block_rows(p), threads=threads)
    reason = f"{p} columns for {block.n} rows, so that coefficients are not determined one by one"
    advice = f"{reason}: the solution of least norm is given, without standard errors. Use fewer columns or more rows."
    found = Found(
        rung="minimum-norm",
        n=block.n,
        dropped=block.dropped,
        weight_sum=block.total,
        log_weight_sum=block.log_total,
        coef=solution.coef,
        intercept=solution.intercept,
        centre=mean_y,
        rss=solution.rss,
        tss=solution.tss,
        rank=solution.rank,
        estimable=np.zeros(p + centred, np.bool_),
        condition_scaled=solution.condition,
    )
    distance = row_space_distance(solution.coef, (x - mean) * np.sqrt(block.weights)[:, None])
    verdict = free_certificate(slope, distance=distance, unique=False, condition=solution.condition)
    defects = (Defect(DefectKind.TOO_FEW_ROWS, advice),)
    return recorded(rows, spec, found, verdict, withheld=reason, defects=defects)
