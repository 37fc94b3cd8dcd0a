"""`WhiteRows`: what every row-based covariance reads of a chunk; and `Tally`, the proof that the rows are those of the fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.linalg.errorfree import ROUNDOFF, gamma
from mathlearn.statistics.functional import centred_times, require_curvature, sigma, with_constant

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["Tally", "WhiteRows"]

# At the optimum the scores sum to zero. In the whitened basis their sum over sigma is the distance to the optimum in
# standard errors, which for other rows than the fit's is of the order of sqrt(2 k).
FOREIGN_ROWS = 0.1

# Sums over the same rows agree to this, and to what rounding does to their residuals.
SAME_SUMS = 1e-4

# The mean of the columns and the fitted value there are correct to a few last bits each.
MEAN_ROUNDINGS = 16.0


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
    rounding : (n, q) or None
        Bound on what rounding has done to each residual, see `_rounding`; None for nothing.
    """

    basis: FloatArray
    residual: FloatArray
    weight: FloatArray | None
    counts: bool
    group: AnyArray | None
    index: IntArray
    rounding: FloatArray | None = None

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
        y = chunk.y if chunk.offset is None else chunk.y - chunk.offset[:, None]
        about = y - result.centre
        return cls(
            basis=with_constant(result, product[:, :r]),
            residual=about - product[:, r:],
            weight=chunk.weight,
            counts=result.weights_type == "frequency",
            group=chunk.group,
            index=chunk.index,
            rounding=_rounding(result, chunk, about),
        )

    @property
    def leverage(self) -> FloatArray:
        """Leverage (n,): the diagonal of the hat matrix; of one copy of the row for frequency weights."""
        h: FloatArray = np.einsum("ij,ij->i", self.basis, self.basis)
        return h if self.weight is None or self.counts else h * self.weight

    @property
    def root(self) -> FloatArray | None:
        """Square roots (n, 1) of precision weights, by which a row of the model is multiplied; None for ones."""
        return None if self.weight is None or self.counts else np.sqrt(self.weight)[:, None]

    def scores(self, response: int) -> FloatArray:
        """Rows ``w_i e_i b_i`` (n, m) of one response: summed over copies for frequency weights."""
        e = self.residual[:, response]
        return self.basis * (e if self.weight is None else e * self.weight)[:, None]


@dataclass(frozen=True, slots=True)
class Tally:
    """Number of rows (with frequencies), sum of their weights, scores, squared residuals and squared bounds on their rounding.

    Attributes
    ----------
    n : float
    weight : float
    score : (m, q)
    rss, rounding : (q,)
    """

    n: float
    weight: float
    score: FloatArray
    rss: FloatArray
    rounding: FloatArray

    @classmethod
    def of(cls, white: WhiteRows) -> Tally:
        """Count one chunk."""
        w, e = white.weight, white.residual
        d = np.zeros_like(e) if white.rounding is None else white.rounding
        we, wd = (e, d) if w is None else (e * w[:, None], d * w[:, None])
        n = float(e.shape[0])
        total = n if w is None else float(w.sum())
        squares, rounding = np.einsum("ij,ij->j", e, we), np.einsum("ij,ij->j", d, wd)
        return cls(total if white.counts else n, total, white.basis.T @ we, squares, rounding)

    def merge(self, other: Tally) -> Tally:
        """Count both."""
        return Tally(
            self.n + other.n,
            self.weight + other.weight,
            self.score + other.score,
            self.rss + other.rss,
            self.rounding + other.rounding,
        )

    def blurred(self) -> FloatArray:
        """Bound, relative to the residuals in the root mean square, on what rounding has done to them (q,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share: FloatArray = np.sqrt(self.rounding / self.rss)
        return share

    def foreign(self, result: FitResult) -> str | None:
        """Say why the rows cannot be those of the fit, or return None."""
        try:
            self.require_same_rows(result)
        except SchemaError as error:
            return f"these are not the rows of the fit: {error}"
        return None

    def require_same_rows(self, result: FitResult) -> None:
        """Refuse rows that are not the ones of the fit.

        Rounding moves the residual of row i by d_i at most. In the norm of the weights, the length of the residuals then
        moves by ``D = sqrt(sum of w d**2)`` at most (triangle inequality), and so do the scores, which are their products
        with orthonormal columns (Bessel's inequality).

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
        rounding = np.sqrt(self.rounding)
        allowed = FOREIGN_ROWS * s + rounding
        for j in np.flatnonzero(~result.exact & (distance > allowed)).tolist():
            raise SchemaError(
                f"these rows do not satisfy the normal equations of the fit of {result.responses[j]!r}: their optimum is "
                f"{distance[j] / s[j]:.2g} standard errors away. Give the X, y and weights of the fit"
            )
        length, here = np.sqrt(result.rss), np.sqrt(self.rss)
        # Residuals of an exact fit are of the size of rounding here too: far smaller than y.
        size = np.sqrt(result.tss + result.weight_sum * result.centre**2)
        other = np.abs(here - length) > SAME_SUMS / 2 * np.where(result.exact, 2 * size, length) + rounding
        for j in np.flatnonzero(other).tolist():
            raise SchemaError(
                f"the squared residuals of {result.responses[j]!r} sum to {result.rss[j]:.6g} in the fit and to "
                f"{self.rss[j]:.6g} here: these are other rows. Give the X, y and weights of the fit"
            )


def _rounding(result: FitResult, chunk: Chunk, about: FloatArray) -> FloatArray:
    """Bound what rounding does to the residuals ``(y - centre) - (x - mean) b`` (n, q) of a chunk, to first order in u.

    Rounded are the stored mean, centre and coefficients, each difference, and the inner product, in which a dense row is taken
    about the mean first, and a sparse one is not. That gives, with a = abs(x - mean) abs(b), or abs(x) abs(b) for a sparse row,
    ``u (16 (|centre| + |mean| |b|) + 2 |y - centre| + 3 a) + gamma_p a``: the difference of the two is in 2 |y - centre| + a.
    """
    curvature, size = require_curvature(result), np.abs(result.coef.T)
    X = np.asarray(chunk.X - curvature.mean) if isinstance(chunk.X, np.ndarray) else chunk.X
    fixed = MEAN_ROUNDINGS * (np.abs(result.centre) + np.abs(curvature.mean) @ size)
    inner = 3 + gamma(size.shape[0]) / ROUNDOFF
    bound: FloatArray = ROUNDOFF * (fixed + 2 * np.abs(about) + inner * np.asarray(abs(X) @ size))
    return bound
