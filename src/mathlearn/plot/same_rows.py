"""Whether the rows of a figure are those of the fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.fitting.own_rows import deviance_of_classes
from mathlearn.statistics.covariance.class_white import ClassWhite
from mathlearn.statistics.covariance.white import SAME_SUMS, Tally, WhiteRows
from mathlearn.statistics.functional import fitted_values, no_curvature
from mathlearn.statistics.separation import predictors
from mathlearn.statistics.working import working

if TYPE_CHECKING:
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["are_the_same", "require_same_rows", "tally"]


def tally(result: FitResult, chunk: Chunk) -> Tally:
    """Sum up a chunk; a fit without curvature has no scores, and by likelihood it is its deviance that stands for its squares."""
    if no_curvature(result) is None:
        return (WhiteRows if result.stack is None else ClassWhite).of(result, chunk).tally()
    if chunk.y is None:
        raise SchemaError("these rows carry no y: give the X and y of the fit")
    if result.likelihood is not None:
        return _class_deviance(result, chunk) if result.stack is not None else _deviance(result, chunk)
    return Tally.of(WhiteRows.of_residuals(result, chunk, chunk.y - fitted_values(result, chunk)))


def _deviance(result: FitResult, chunk: Chunk) -> Tally:
    seen = working(result, chunk, predictors(result, chunk))
    count = np.ones(chunk.n) if seen.count is None else seen.count
    squares = np.array([count @ seen.deviance])
    return Tally(float(count.sum()), float(count.sum()), np.empty((0, 1)), squares, np.zeros(1))


def _class_deviance(result: FitResult, chunk: Chunk) -> Tally:
    n = float(chunk.n)
    if result.weights_type == "frequency" and chunk.weight is not None:
        n = float(chunk.weight.sum())
    return Tally(n, n, np.empty((0, 1)), np.array([deviance_of_classes(result, chunk).sum()]), np.zeros(1))


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
    by_weight = result.likelihood is None  # no number of a record by likelihood is the sum of the weights
    level = result.weight_sum * result.centre**2 if by_weight else 0.0
    allowed = SAME_SUMS * result.deviance + SAME_SUMS**2 * (result.null_deviance + level)
    if (
        round(total.n) != result.n
        or (by_weight and not math.isclose(total.weight, result.weight_sum, rel_tol=SAME_SUMS))
        or not (np.abs(total.squares - result.deviance) <= allowed).all()
    ):
        what = "whose squared residuals sum to" if result.likelihood is None else "with a deviance of"
        raise SchemaError(
            f"the fit used {result.n} rows {what} {result.deviance.sum():.6g}; the {round(total.n)} given have "
            f"{total.squares.sum():.6g}: give the X, y and weights of the fit"
        )


def are_the_same(result: FitResult, total: Tally) -> bool:
    """Return whether the rows may be those of the fit."""
    try:
        require_same_rows(result, total)
    except SchemaError:
        return False
    return True
