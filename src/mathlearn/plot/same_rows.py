"""Whether the rows of a figure are those of the fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.statistics.covariance.white import SAME_SUMS, Tally, WhiteRows
from mathlearn.statistics.functional import fitted_values, no_curvature

if TYPE_CHECKING:
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["are_the_same", "require_same_rows", "tally"]


def tally(result: FitResult, chunk: Chunk) -> Tally:
    """Sum up a chunk; a fit without curvature has no scores."""
    if no_curvature(result) is None:
        return Tally.of(WhiteRows.of(result, chunk))
    if chunk.y is None:
        raise SchemaError("these rows carry no y: give the X and y of the fit")
    residual = chunk.y - fitted_values(result, chunk)
    counts = result.weights_type == "frequency"
    return Tally.of(WhiteRows(np.empty((chunk.n, 0)), residual, chunk.weight, counts, None, chunk.index))


def require_same_rows(result: FitResult, total: Tally) -> None:
    """Refuse to draw rows that are not those of the fit, or not with its weights.

    Raises
    ------
    SchemaError
        They are not; the message says how that is known.
    """
    if no_curvature(result) is None:
        total.require_same_rows(result)
        return
    rounding = SAME_SUMS**2 * (result.tss + result.weight_sum * result.centre**2)
    if (
        round(total.n) != result.n
        or not math.isclose(total.weight, result.weight_sum, rel_tol=SAME_SUMS)
        or (np.abs(total.rss - result.rss) > SAME_SUMS * result.rss + rounding).any()
    ):
        raise SchemaError(
            f"the fit used {result.n} rows whose squared residuals sum to {result.rss.sum():.6g}; the {round(total.n)} given "
            f"have {total.rss.sum():.6g}: give the X, y and weights of the fit"
        )


def are_the_same(result: FitResult, total: Tally) -> bool:
    """Return whether the rows may be those of the fit."""
    try:
        require_same_rows(result, total)
    except SchemaError:
        return False
    return True
