"""`Quadratic`: the model of the objective that gradient and curvature give at a point, factored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg.condition import condition
from mathlearn.linalg.moments import power_of_two
from mathlearn.linalg.triangular import inverse_upper, pivoted_cholesky

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["Quadratic"]

SMALLEST_PIVOT = 1e-4
"""Of the largest: a condition number near 1e4 leaves the curvature 8 digits."""

_NOTHING = 1e-13
"""Pivots relative to the largest, and spreads relative to the mean, below which there is only rounding."""


class Quadratic(NamedTuple):
    """The curvature about the mean of the columns, with the Newton step.

    Attributes
    ----------
    weight : float
        Sum of the working weights (1 without intercept, where it is not used).
    mean : (r,)
        Mean of the columns under them; zeros without intercept.
    factor : (r, rank)
        S with ``S^T Hc S = I`` for the centred curvature Hc.
    pivot : float
        Smallest pivot over the largest one, 0 where a column has no curvature left.
    triangle, inverse : (rank, rank)
        Triangular factor of the scaled centred curvature, and its inverse.
    step : (k,)
        Newton step.
    decrement : float
        ``sqrt(g^T H^-1 g)``.
    """

    weight: float
    mean: FloatArray
    factor: FloatArray
    pivot: float
    triangle: FloatArray
    inverse: FloatArray
    step: FloatArray
    decrement: float

    @property
    def condition(self) -> float:
        """Condition number of the weighted, centred, scaled columns."""
        return condition(self.triangle, self.inverse) if self.triangle.size or not self.mean.size else math.inf

    @property
    def stiff(self) -> bool:
        """Whether the columns depend on each other so much that the curvature has lost digits."""
        return not self.pivot > SMALLEST_PIVOT

    @classmethod
    def of(cls, gradient: FloatArray, curvature: FloatArray, *, intercept: bool) -> Quadratic | None:
        """Factor the curvature; None where it is not finite, or the constant has none."""
        if not (np.isfinite(gradient).all() and np.isfinite(curvature).all()):
            return None
        if not intercept:
            factor, pivot, triangle, inverse = _factored(curvature, curvature.diagonal())
            white = factor.T @ gradient
            return cls(1.0, np.zeros(gradient.size), factor, pivot, triangle, inverse, -(factor @ white), _norm(white))
        weight = float(curvature[0, 0])
        if not weight > 0.0:
            return None
        mean = curvature[0, 1:] / weight
        centred = curvature[1:, 1:] - np.outer(mean, curvature[0, 1:])
        factor, pivot, triangle, inverse = _factored(centred, curvature.diagonal()[1:])
        white = factor.T @ (gradient[1:] - mean * gradient[0])
        slopes = -(factor @ white)
        level = -gradient[0] / weight - mean @ slopes
        decrement = math.hypot(_norm(white), gradient[0] / math.sqrt(weight))
        return cls(weight, mean, factor, pivot, triangle, inverse, np.concatenate([[level], slopes]), decrement)


def _norm(x: FloatArray) -> float:
    return math.sqrt(float(x @ x))


def _factored(curvature: FloatArray, raw: FloatArray) -> tuple[FloatArray, float, FloatArray, FloatArray]:
    """Return S, the smallest pivot over the largest, and the triangles; columns without curvature are left out of S.

    Parameters
    ----------
    curvature : (r, r)
        About the mean.
    raw : (r,)
        Its diagonal about the origin, from which a mean was taken out.
    """
    r = raw.size
    if not r:
        nothing = np.zeros((0, 0))
        return nothing, 1.0, nothing, nothing
    size = np.sqrt(np.maximum(curvature.diagonal(), 0.0))
    unit = power_of_two(size)
    triangle, order = pivoted_cholesky(curvature / unit / unit[:, None])
    pivots = triangle.diagonal()
    top = pivots[0] if pivots[0] > 0.0 else 1.0
    rank = int(np.count_nonzero(pivots > _NOTHING * top))
    inverse = inverse_upper(np.ascontiguousarray(triangle[:rank, :rank])) if rank else np.zeros((0, 0))
    factor = np.zeros((r, rank))
    factor[order[:rank]] = inverse / unit[order[:rank], None]
    lost = float((size / np.sqrt(np.maximum(raw, np.finfo(np.float64).tiny))).min())
    pivot = min(float(pivots[-1] / top), lost) if rank == r else 0.0
    return factor, pivot, triangle[:rank, :rank], inverse
