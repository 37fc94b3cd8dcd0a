"""Fits without a curvature factor, and so without inference: the gradient at their numbers, and what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.gradient import Shown, gradient
from mathlearn.fitting.record import Found
from mathlearn.linalg.ladder import block_rows

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.certify.gradient import Gradient
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.gather import Block
    from mathlearn.linalg.moments import Moments
    from mathlearn.linalg.solution import Estimate
    from mathlearn.results.fit_result import Alias, Rung


def slope_at(
    rows: Rows,
    solution: Estimate,
    used: Block | Moments,
    size: FloatArray,
    size_y: FloatArray,
    *,
    centred: bool,
    threads: int,
) -> Gradient:
    """Form the gradient at a solution, from the rows.

    Parameters
    ----------
    used : Block or Moments
        What is known of the rows as a whole.
    size, size_y : (p,), (q,)
        Norms of the columns of X and of y, about the point from which the solver measures.
    """
    shown = Shown(solution.coef, solution.intercept, solution.mean, used.weight, centred)
    reach = size_y + size @ np.abs(solution.coef.T)
    return gradient(rows, shown, size, reach, max_rows=block_rows(len(rows.terms)), threads=threads)


def found_by(
    rung: Rung,
    solution: Estimate,
    used: Block | Moments,
    *,
    rank: int,
    estimable: BoolArray,
    aliases: tuple[Alias, ...] = (),
    condition_scaled: float = float("nan"),
) -> Found:
    """Put together what a solver found, as in `Found`."""
    return Found(
        rung=rung,
        n=used.n,
        dropped=used.dropped,
        weight_sum=used.weight,
        log_weight_sum=used.log_weight,
        coef=solution.coef,
        intercept=solution.intercept,
        centre=solution.mean_y,
        rss=solution.rss,
        tss=solution.tss,
        rank=rank,
        estimable=estimable,
        aliases=aliases,
        condition_scaled=condition_scaled,
    )
