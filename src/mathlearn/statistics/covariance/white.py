"""`WhiteRows`: what every row-based covariance reads of a chunk; and `Tally`, the proof that the rows are those of the fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.statistics.functional import centred_times, require_curvature, sigma, with_constant

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["Tally", "WhiteRows"]

# At the optimum the scores sum to zero. In the whitened basis their sum over sigma is the distance to the optimum in
# standard errors, which for other rows than the fit's is of the order of sqrt(2 k).
FOREIGN_ROWS = 0.1

# Sums over the same rows agree to rounding, unless the residuals are themselves of the size of rounding.
SAME_SUMS = 1e-4


@dataclass(frozen=True, slots=True)
class WhiteRows:
    """Rows of a chunk in the whitened basis of a fit.

    Attributes
    ----------
    basis : (n, m) float64
        Row i is b_i, the coordinates of "prediction at row i"; m = rank + intercept.
    residual : (n, q)
    weight : (n,) or None
        Precision weights or counts; None for ones.
    counts : bool
        The weights are frequencies: row i stands for `weight` equal rows.
    group : (n, d) labels or None
    index : (n,) row numbers in the source
    """

    basis: FloatArray
    residual: FloatArray
    weight: FloatArray | None
    counts: bool
    group: AnyArray | None
    index: IntArray

    @classmethod
    def of(cls, result: FitResult, chunk: Chunk) -> WhiteRows:
        """Transform one chunk."""
        if chunk.y is None:
            raise SchemaError("these rows carry no y: give the X and y of the fit")
        curvature, r = require_curvature(result), result.rank
        # One product gives coordinates and fitted values, both about the mean, where their digits are.
        both = np.concatenate([curvature.whitener, result.coef.T], axis=1)
        image = np.concatenate([curvature.mean_white, result.coef @ curvature.mean])
        product = centred_times(curvature, chunk.X, both, image)
        index = np.arange(chunk.start, chunk.start + chunk.n) if chunk.rows is None else chunk.rows
        y = chunk.y if chunk.offset is None else chunk.y - chunk.offset[:, None]
        return cls(
            basis=with_constant(result, product[:, :r]),
            residual=y - result.centre - product[:, r:],
            weight=chunk.weight,
            counts=result.weights_type == "frequency",
            group=chunk.group,
            index=index,
        )

    @property
    def leverage(self) -> FloatArray:
        """Leverage (n,): the diagonal of the hat matrix; of one copy of the row for frequency weights."""
        h: FloatArray = np.einsum("ij,ij->i", self.basis, self.basis)
        return h if self.weight is None or self.counts else h * self.weight

    def scores(self, response: int) -> FloatArray:
        """Rows ``w_i e_i b_i`` (n, m) of one response: summed over copies for frequency weights."""
        e = self.residual[:, response]
        return self.basis * (e if self.weight is None else e * self.weight)[:, None]


@dataclass(frozen=True, slots=True)
class Tally:
    """Number of rows (with frequencies), sum of their weights, scores and squared residuals.

    Attributes
    ----------
    n : float
    weight : float
    score : (m, q)
    rss : (q,)
    """

    n: float
    weight: float
    score: FloatArray
    rss: FloatArray

    @classmethod
    def of(cls, white: WhiteRows) -> Tally:
        """Count one chunk."""
        w, e = white.weight, white.residual
        we = e if w is None else e * w[:, None]
        n = float(e.shape[0])
        total = n if w is None else float(w.sum())
        return cls(total if white.counts else n, total, white.basis.T @ we, np.einsum("ij,ij->j", e, we))

    def merge(self, other: Tally) -> Tally:
        """Count both."""
        return Tally(self.n + other.n, self.weight + other.weight, self.score + other.score, self.rss + other.rss)

    def require_same_rows(self, result: FitResult) -> None:
        """Refuse rows that are not the ones of the fit.

        Raises
        ------
        SchemaError
            Another number of rows, sum of weights or of squared residuals, or the normal equations of the fit do not hold
            on these rows.
        """
        if round(self.n) != result.n:
            raise SchemaError(
                f"the fit used {result.n} rows and {round(self.n)} were given: give the X, y and weights of the fit"
            )
        if not math.isclose(self.weight, result.weight_sum, rel_tol=SAME_SUMS):
            raise SchemaError(
                f"the weights of the fit sum to {result.weight_sum:.6g} and these to {self.weight:.6g}: give the X, y and "
                "weights of the fit"
            )
        distance, s = np.linalg.norm(self.score, axis=0), sigma(result)
        allowed = FOREIGN_ROWS * s + _rounding(result)
        for j in np.flatnonzero(~result.exact & (distance > allowed)).tolist():
            raise SchemaError(
                f"these rows do not satisfy the normal equations of the fit of {result.responses[j]!r}: their optimum is "
                f"{distance[j] / s[j]:.2g} standard errors away. Give the X, y and weights of the fit"
            )
        other = ~np.isclose(self.rss, result.rss, rtol=SAME_SUMS, atol=0.0) & ~result.exact
        for j in np.flatnonzero(other & (np.sqrt(result.rss) > _rounding(result))).tolist():
            raise SchemaError(
                f"the squared residuals of {result.responses[j]!r} sum to {result.rss[j]:.6g} in the fit and to "
                f"{self.rss[j]:.6g} here: these are other rows. Give the X, y and weights of the fit"
            )


def _rounding(result: FitResult) -> FloatArray:
    """Size of a score sum that comes from the last bits of the means and coefficients alone (q,)."""
    mean = np.abs(require_curvature(result).mean)
    size = np.abs(result.centre) + np.abs(result.coef) @ mean
    rounding: FloatArray = 8 * np.finfo(np.float64).eps * np.sqrt(result.weight_sum) * size
    return rounding
