"""`WhiteRows`: what every row-based covariance reads of a chunk; and `Tally`, the proof that the rows are those of the fit.

One notation serves least squares and likelihoods: the score of a row in its linear predictor, ``s = w e``, and its information c, which
is the weight; see `working`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.linalg.errorfree import ROUNDOFF, gamma
from mathlearn.statistics.functional import centred_times, require_curvature, sigma, with_constant
from mathlearn.statistics.separation import predictors
from mathlearn.statistics.working import divided, working

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.working import Working

__all__ = ["Tally", "WhiteRows"]

# At the optimum the scores sum to zero. In the whitened basis their sum over sigma is the distance to the optimum in
# standard errors, which for other rows than the fit's is of the order of sqrt(2 k).
FOREIGN_ROWS = 0.1

# Sums over the same rows agree to this, and to what rounding does to their residuals.
SAME_SUMS = 1e-4

# The mean of the columns and the fitted value there are correct to a few last bits each.
MEAN_ROUNDINGS = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WhiteRows:
    """Rows of a chunk in the whitened basis of a fit; numbers of one copy of a row where weights are frequencies.

    Attributes
    ----------
    basis : (n, m) float64
        Row i is b_i, the coordinates of "linear predictor at row i"; m = rank + intercept.
    residual : (n, q)
        ``y - mu``; of a likelihood the working residual, ``pull / curve``.
    pull : (n, q)
        Score of a row in its linear predictor: ``w e`` of least squares.
    curve : (n,) or None
        Its information: the precision weight of least squares; None for ones.
    count : (n,) or None
        How often the row occurs; None for once.
    group : (n, d) labels or None
    index : (n,) row numbers in the source
    rounding : (n, q) or None
        Bound on what rounding has done to each residual, see `_rounding`; None for nothing.
    seen : Working or None
        What else a likelihood says of these rows; None for least squares.
    """

    basis: FloatArray
    residual: FloatArray
    pull: FloatArray
    curve: FloatArray | None
    count: FloatArray | None
    group: AnyArray | None
    index: IntArray
    rounding: FloatArray | None = None
    seen: Working | None = None

    @classmethod
    def of(cls, result: FitResult, chunk: Chunk) -> WhiteRows:
        """Transform one chunk, given as it was to the fit."""
        if chunk.y is None:
            raise SchemaError("these rows carry no y: give the X and y of the fit")
        curvature = require_curvature(result)
        r = curvature.whitener.shape[1]
        # One product gives coordinates and fitted values, both about the mean, where their digits are.
        both = np.concatenate([curvature.whitener, result.coef.T], axis=1)
        image = np.concatenate([curvature.mean_white, result.coef @ curvature.mean])
        product = centred_times(curvature, chunk.X, both, image)
        basis, along = with_constant(result, product[:, :r]), product[:, r:]
        if result.likelihood is not None:
            return cls._of_likelihood(result, chunk, basis, along)
        about = (chunk.y if chunk.offset is None else chunk.y - chunk.offset[:, None]) - result.centre
        return cls.of_residuals(result, chunk, about - along, basis, _rounding(result, chunk, 2 * np.abs(about)))

    @classmethod
    def of_residuals(
        cls,
        result: FitResult,
        chunk: Chunk,
        residual: FloatArray,
        basis: FloatArray | None = None,
        rounding: FloatArray | None = None,
    ) -> WhiteRows:
        """Put residuals (n, q) of least squares beside their weights; without coordinates unless they are given."""
        counts = result.weights_type == "frequency"
        weight = None if counts else chunk.weight
        return cls(
            basis=np.empty((chunk.n, 0)) if basis is None else basis,
            residual=residual,
            pull=residual if weight is None else residual * weight[:, None],
            curve=weight,
            count=chunk.weight if counts else None,
            group=chunk.group,
            index=chunk.index,
            rounding=rounding,
        )

    @classmethod
    def _of_likelihood(cls, result: FitResult, chunk: Chunk, basis: FloatArray, along: FloatArray) -> WhiteRows:
        shift = 0.0 if chunk.offset is None else chunk.offset[:, None]
        eta = result.centre + along + shift
        if result.likelihood is not None and result.likelihood.separation is not None:
            eta = predictors(result, chunk)[:, None]
        seen = working(result, chunk, eta[:, 0])
        settled = np.isinf(eta)
        sums = np.abs(along) + np.abs(shift) + np.where(settled, 0.0, np.abs(eta))
        with np.errstate(all="ignore"):  # a mean that no longer moves with its predictor says nothing of it
            mean = 4 * ROUNDOFF * np.maximum(np.abs(seen.y), np.abs(seen.mu)) / np.abs(seen.link.dmu(seen.eta))
        rounding = _rounding(result, chunk, sums) + np.where(np.isfinite(mean), mean, 0.0)[:, None]
        return cls(
            basis=basis,
            residual=divided(seen.pull, seen.curve)[:, None],
            pull=seen.pull[:, None],
            curve=seen.curve,
            count=seen.count,
            group=chunk.group,
            index=chunk.index,
            rounding=rounding,
            seen=seen,
        )

    @property
    def leverage(self) -> FloatArray:
        """Leverage (n,): the diagonal of the hat matrix, ``c |b|**2``."""
        h: FloatArray = np.einsum("ij,ij->i", self.basis, self.basis)
        return h if self.curve is None else h * self.curve

    @property
    def root(self) -> FloatArray | None:
        """Roots (n, 1) of the information, by which a row of the model is multiplied; None for ones."""
        return None if self.curve is None else np.sqrt(self.curve)[:, None]

    @property
    def scaled(self) -> FloatArray:
        """Residuals (n, q) of variance sigma**2: ``s / sqrt(c)``, which is ``sqrt(w) e``; Pearson's, up to the sign, of a likelihood."""
        root = self.root
        if root is None:
            return self.residual
        return self.residual * root if self.seen is None else divided(self.pull, root)

    @property
    def copies(self) -> FloatArray:
        """How often each row occurs (n,)."""
        return np.ones(len(self.index)) if self.count is None else self.count

    @property
    def responses(self) -> int:
        """Number of responses, each with its scores."""
        return len(self.pull.T)

    def scored(self, response: int, factor: FloatArray) -> FloatArray:
        """Rows ``s_i b_i`` (n, m) of one response, of single copies, times a factor (n,)."""
        return self.basis * (self.pull[:, response] * factor)[:, None]

    def scores(self, response: int) -> FloatArray:
        """Rows ``s_i b_i`` (n, m) of one response: summed over copies for frequency weights."""
        return self.basis * self.pull[:, [response]] if self.count is None else self.scored(response, self.count)

    def tally(self) -> Tally:
        """Count the rows, for the proof that they are those of the fit."""
        return Tally.of(self)


@dataclass(frozen=True, slots=True)
class Tally:
    """What rows sum to, copies counted: the proof that they are those of the fit.

    Attributes
    ----------
    n : float
    weight : float
        Sum of the weights: of least squares those given, of a likelihood the working ones.
    score : (m, q)
    squares, rounding : (q,)
        Sums of the squared residuals, which of a likelihood is Pearson's statistic, and of the squared bounds on their rounding,
        both weighted.
    """

    n: float
    weight: float
    score: FloatArray
    squares: FloatArray
    rounding: FloatArray

    @classmethod
    def of(cls, white: WhiteRows) -> Tally:
        """Count one chunk."""
        n = float(white.pull.shape[0])
        count, z = white.count, white.scaled
        d = np.zeros_like(z) if white.rounding is None else white.rounding
        if white.root is not None:
            d = d * white.root
        z = np.where(
            np.isfinite(z), z, 0.0
        )  # rows without information are not in Pearson's statistic of the record either
        cs, cz, cd = (x if count is None else x * count[:, None] for x in (white.pull, z, d))
        curve = white.curve if count is None else count if white.curve is None else count * white.curve
        return cls(
            n=n if count is None else float(count.sum()),
            weight=n if curve is None else float(curve.sum()),
            score=white.basis.T @ cs,
            squares=np.einsum("ij,ij->j", z, cz),
            rounding=np.einsum("ij,ij->j", d, cd),
        )

    def merge(self, other: Tally) -> Tally:
        """Count both."""
        return Tally(
            self.n + other.n,
            self.weight + other.weight,
            self.score + other.score,
            self.squares + other.squares,
            self.rounding + other.rounding,
        )

    def blurred(self) -> FloatArray:
        """Bound, relative to the residuals in the root mean square, on what rounding has done to them (q,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share: FloatArray = np.sqrt(self.rounding / self.squares)
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
            Another number of rows, sum of weights or of squared residuals, or the score equations of the fit do not hold
            on these rows.
        """
        if round(self.n) != result.n:
            raise SchemaError(
                f"the fit used {result.n} rows and {round(self.n)} were given: give the X, y and weights of the fit"
            )
        given = result.likelihood is None or result.stack is not None
        # Without intercept a likelihood keeps no sum of its working weights; of more than two classes it keeps that of the weights.
        if (given or result.fit_intercept) and not math.isclose(self.weight, result.weight_sum, rel_tol=SAME_SUMS):
            kind = "weights" if given else "working weights"
            raise SchemaError(
                f"the {kind} of the fit sum to {result.weight_sum:.6g} and these to {self.weight:.6g}: give the X, y and "
                "weights of the fit"
            )
        self._require_optimum(result)
        self._require_squares(result)

    def _require_optimum(self, result: FitResult) -> None:
        if result.likelihood is not None and result.likelihood.bias_reduction != "none":
            return  # the score of a penalised likelihood is not zero at its optimum
        distance, s = np.linalg.norm(self.score, axis=0), sigma(result)
        exact = result.exact if result.likelihood is None else np.zeros_like(result.exact)
        allowed = FOREIGN_ROWS * s + np.sqrt(self.rounding)
        for j in np.flatnonzero(~exact & (distance > allowed)).tolist():
            raise SchemaError(
                f"these rows do not satisfy the {'normal' if result.likelihood is None else 'score'} equations of the fit of "
                f"{result.responses[j]!r}: their optimum is {distance[j] / s[j]:.2g} standard errors away. Give the X, y and weights of "
                "the fit"
            )

    def _require_squares(self, result: FitResult) -> None:
        there, rounding = result.deviance, np.sqrt(self.rounding)
        # Residuals of an exact fit are of the size of rounding here too: far smaller than y.
        size = 2 * np.sqrt(result.null_deviance + result.weight_sum * result.centre**2)
        if result.likelihood is not None:
            # Those of a likelihood have no unit: the rounding of both sums is all that is allowed for beside their size.
            there, rounding, size = np.array([result.likelihood.pearson]), 2 * rounding, np.zeros(1)
        length, here = np.sqrt(there), np.sqrt(self.squares)
        other = np.abs(here - length) > SAME_SUMS / 2 * np.where(result.exact, size, length) + rounding
        for j in np.flatnonzero(other).tolist():
            raise SchemaError(
                f"the squared residuals of {result.responses[j]!r} sum to {there[j]:.6g} in the fit and to "
                f"{self.squares[j]:.6g} here: these are other rows. Give the X, y and weights of the fit"
            )


def _rounding(result: FitResult, chunk: Chunk, sums: FloatArray) -> FloatArray:
    """Bound what rounding does to the residuals ``(y - centre) - (x - mean) b`` (n, q) of a chunk, to first order in u.

    Rounded are the stored mean, centre and coefficients, each difference, and the inner product, in which a dense row is taken
    about the mean first, and a sparse one is not. That gives, with a = abs(x - mean) abs(b), or abs(x) abs(b) for a sparse row,
    ``u (16 (|centre| + |mean| |b|) + 2 |y - centre| + 3 a) + gamma_p a``: the difference of the two is in 2 |y - centre| + a.
    For a linear predictor, `sums` holds the sizes of what is added up in place of 2 |y - centre|.
    """
    curvature, size = require_curvature(result), np.abs(result.coef.T)
    X = np.asarray(chunk.X - curvature.mean) if isinstance(chunk.X, np.ndarray) else chunk.X
    fixed = MEAN_ROUNDINGS * (np.abs(result.centre) + np.abs(curvature.mean) @ size)
    inner = 3 + gamma(size.shape[0]) / ROUNDOFF
    bound: FloatArray = ROUNDOFF * (fixed + sums + inner * np.asarray(abs(X) @ size))
    return bound
