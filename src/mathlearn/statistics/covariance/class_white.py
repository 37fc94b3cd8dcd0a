"""`ClassWhite`: rows of a fit of more than two classes in its whitened basis, for what `WhiteRows` is of one linear predictor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.calculus.multinomial import codes_of
from mathlearn.data.chunk import dense_rows
from mathlearn.linalg.errorfree import ROUNDOFF, gamma
from mathlearn.probability.multinomial import Softmax
from mathlearn.results.stack import predictors_of
from mathlearn.statistics.class_rows import ClassBasis, class_scores, stack_of_fit
from mathlearn.statistics.covariance.white import MEAN_ROUNDINGS, Tally

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["ClassWhite"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWhite:
    r"""Rows of a chunk at the estimates; numbers of one copy of a row where weights are frequencies.

    Attributes
    ----------
    basis : ClassBasis
    x : (n, p)
        The rows, dense.
    codes : (n,) int
        Places of the classes observed.
    seen : Softmax
        Probabilities there.
    weight : (n,)
        Precision weights.
    count : (n,) or None
        How often the row occurs; None for once.
    score : (n, r)
        Score of a row in the whitened parameters, :math:`w \sum_k ([y = k] - \pi_k) b_k`.
    group : (n, d) labels or None
    index : (n,) row numbers in the source
    rounding : (n,)
        Bound on what rounding has done to `scaled`.
    """

    basis: ClassBasis
    x: FloatArray
    codes: IntArray
    seen: Softmax
    weight: FloatArray
    count: FloatArray | None
    score: FloatArray
    group: AnyArray | None
    index: IntArray
    rounding: FloatArray

    @classmethod
    def of(cls, result: FitResult, chunk: Chunk) -> ClassWhite:
        """Look at one chunk, given as it was to the fit.

        Raises
        ------
        SchemaError
            The rows carry no y.
        """
        if chunk.y is None:
            raise SchemaError("these rows carry no y: give the X and y of the fit")
        basis, x, codes = ClassBasis.of(result), dense_rows(chunk.X), codes_of(chunk)
        seen = Softmax.of(class_scores(result, x), codes)
        counts = result.weights_type == "frequency"
        weight = np.ones(chunk.n) if counts or chunk.weight is None else chunk.weight
        return cls(
            basis=basis,
            x=x,
            codes=codes,
            seen=seen,
            weight=weight,
            count=chunk.weight if counts else None,
            score=basis.combined(x, weight[:, None] * seen.residuals(codes)),
            group=chunk.group,
            index=chunk.index,
            rounding=_score_rounding(result, x) * _pearson(seen, codes, weight),
        )

    @property
    def responses(self) -> int:
        """Number of responses, each with its scores: one."""
        return 1

    @property
    def copies(self) -> FloatArray:
        """How often each row occurs (n,)."""
        return np.ones(len(self.index)) if self.count is None else self.count

    @property
    def scaled(self) -> FloatArray:
        """Pearson residuals (n,) of the class observed, whose squares sum to Pearson's statistic of the record."""
        return _pearson(self.seen, self.codes, self.weight)

    def roots(self) -> FloatArray:
        r"""Return A_i (n, K, r) with rows :math:`\sqrt{w \pi_k} (b_k - \sum_l \pi_l b_l)`: ``A_i' A_i`` is the information of row i."""
        b = self.basis.at(self.x)
        centred = b - np.einsum("nk,nkr->nr", self.seen.probability, b)[:, None]
        return np.asarray(np.sqrt(self.weight[:, None] * self.seen.probability)[:, :, None] * centred)

    @property
    def leverage(self) -> FloatArray:
        """Leverage (n,): the trace of the row's block of the hat matrix, which sums to the number of parameters."""
        A = self.roots()
        return np.asarray(np.einsum("nkr,nkr->n", A, A))

    def scored(self, response: int, factor: FloatArray) -> FloatArray:  # noqa: ARG002 - there is one
        """Scores (n, r) of single copies times a factor (n,)."""
        return self.score * factor[:, None]

    def scores(self, response: int) -> FloatArray:
        """Scores (n, r), summed over copies for frequency weights."""
        return self.score if self.count is None else self.scored(response, self.count)

    def tally(self) -> Tally:
        """Count the rows, for the proof that they are those of the fit."""
        copies, z = self.copies, np.where(np.isfinite(self.scaled), self.scaled, 0.0)
        bound = np.where(np.isfinite(self.rounding), self.rounding, 0.0)
        return Tally(
            n=float(copies.sum()),
            weight=float(copies @ self.weight),
            score=self.scores(0).sum(axis=0)[:, None],
            squares=np.array([copies @ z**2]),
            rounding=np.array([copies @ bound**2]),
        )


def _pearson(seen: Softmax, codes: IntArray, weight: FloatArray) -> FloatArray:
    own = np.arange(len(codes)), codes
    with np.errstate(divide="ignore", over="ignore"):
        return np.sqrt(weight * seen.complement[own] / seen.probability[own])


def _score_rounding(result: FitResult, x: FloatArray) -> FloatArray:
    """Bound what rounding does to the log odds of a row (n,), and so, relative to them, to its Pearson residuals.

    Stored mean, scores there and coefficients are rounded, then each difference and the inner product; see `WhiteRows`.
    """
    known, mean = predictors_of(result), stack_of_fit(result).mean
    inner = (3 + gamma(x.shape[1]) / ROUNDOFF) * (np.abs(x - mean) @ np.abs(known.coef.T))
    fixed = MEAN_ROUNDINGS * (np.abs(known.centre) + np.abs(known.coef) @ np.abs(mean))
    return np.asarray(ROUNDOFF * (fixed + inner).max(axis=1, initial=0.0))
