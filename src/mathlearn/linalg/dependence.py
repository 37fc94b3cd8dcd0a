"""`Dependence`: the directions that the data do not determine, in the user's units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray, IntArray
    from mathlearn.linalg.rank import RankVerdict

_NOISE = 1e-9  # a share of a column below this is rounding of the columns themselves


@dataclass(frozen=True, slots=True)
class Dependence:
    """Columns that are linear combinations of others: ``column[dropped] = columns[kept] @ weights + constant``.

    Attributes
    ----------
    kept, dropped : (r,), (d,) indices of columns of X
    weights : (r, d)
    constant : (d,) zeros without intercept
    """

    kept: IntArray
    dropped: IntArray
    weights: FloatArray
    constant: FloatArray

    @classmethod
    def none(cls, p: int) -> Dependence:
        """All p columns are independent."""
        return cls(np.arange(p), np.empty(0, np.int64), np.empty((p, 0)), np.empty(0))

    @classmethod
    def of(cls, verdict: RankVerdict, scale: FloatArray, mean: FloatArray) -> Dependence:
        """Translate a verdict in scaled units about the mean to the user's units."""
        weights = np.where(np.abs(verdict.weights) < _NOISE, 0.0, verdict.weights)
        weights = weights * (scale[verdict.dropped] / scale[verdict.kept][:, None])
        parts = weights * mean[verdict.kept][:, None]
        constant = mean[verdict.dropped] - parts.sum(axis=0)
        size = np.abs(mean[verdict.dropped]) + np.abs(parts).sum(axis=0)
        constant = np.where(np.abs(constant) <= _NOISE * np.maximum(size, scale[verdict.dropped]), 0.0, constant)
        return cls(verdict.kept, verdict.dropped, weights, constant)

    @property
    def null(self) -> FloatArray:
        """(p, d) directions v with ``Xc @ v = 0``, one for each dropped column."""
        p, d = self.kept.size + self.dropped.size, self.dropped.size
        null = np.zeros((p, d))
        if not d:
            return null
        null[self.kept] = -self.weights
        null[self.dropped, np.arange(d)] = 1.0
        return null

    def estimable(self, *, intercept: bool) -> BoolArray:
        """Which parameters the data determine, the intercept first."""
        if not self.dropped.size:
            return np.ones(self.kept.size + int(intercept), np.bool_)
        slopes = np.logical_not(self.null.any(axis=1))
        return np.concatenate([[not self.constant.any()], slopes]) if intercept else slopes

    def minimum_norm(self, coef: FloatArray) -> FloatArray:
        """Move (q, p) coefficients along the null directions to the shortest vector, in the user's units."""
        if not self.dropped.size:
            return coef
        null = self.null
        q, _ = np.linalg.qr(null / np.abs(null).max(axis=0))
        moved: FloatArray = coef - (coef @ q) @ q.T
        moved -= (moved @ q) @ q.T
        return moved
