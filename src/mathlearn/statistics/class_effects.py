r"""Effects on the probabilities of several classes, summed over rows, with their gradients in the parameters.

With probabilities :math:`\pi`, their derivatives :math:`J_{kj} = \pi_k ([k = j] - \pi_j)` in the scores, and scores that move at the rates
:math:`d_k`, the probability of a class moves at

.. math:: \sum_l J_{kl} d_l = \pi_k \Delta_k, \qquad \Delta_k = \sum_l \pi_l (d_k - d_l),

whose derivative in the score of class j, rates as they are, is :math:`J_{kj} \Delta_k - \pi_k \pi_j \Delta_j`. Over the classes
effects and derivatives sum to zero.

References
----------
Greene (2018), "Econometric Analysis", 8th edition, section 18.2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.multinomial import chances
from mathlearn.results.stack import predictors_of
from mathlearn.statistics.class_rows import closed_at, stack_of_fit
from mathlearn.statistics.effect_sums import EffectSums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.effect_sums import Place, RowsAt

__all__ = ["ClassProbabilities"]

_NUMBERS = 1 << 21  # held at a time


@dataclass(frozen=True, slots=True)
class ClassProbabilities:
    """The fitted probabilities of a row, about a point near the rows; parameters are those against the first class.

    Attributes
    ----------
    result : FitResult
        Of more than two classes.
    mean : (p,)
    coef : (K, p)
        Slopes of the scores, in the symmetric form.
    centre : (K,)
        Scores at the mean.
    """

    result: FitResult
    mean: FloatArray
    coef: FloatArray
    centre: FloatArray

    @classmethod
    def of(cls, result: FitResult) -> ClassProbabilities:
        """Take the scores of a fit."""
        known = predictors_of(result)
        return cls(result, stack_of_fit(result).mean, known.coef, known.centre)

    def along(self, rows: RowsAt, rate: Place) -> EffectSums:
        """Sum the effect of moving each row at a rate of its own."""
        chance, jacobian = self._at(rows.centred)
        lead = _leads(chance, rate.design @ self.coef.T)
        weight = rows.weight
        second = jacobian * lead[:, :, None] - chance[:, :, None] * (chance * lead)[:, None, :]
        second, first = weight[:, None, None] * second[:, :, 1:], weight[:, None, None] * jacobian[:, :, 1:]
        slopes = _by_rows(second, rows.centred) + _by_rows(first, rate.design)
        return EffectSums((weight @ (chance * lead))[None], second.sum(axis=0)[None], slopes[None])

    def each(self, rows: RowsAt, places: IntArray) -> EffectSums:
        """Sum the m effects of moving along each of some columns of the design by itself.

        All of them are linear in the slopes along the column: what multiplies these, the second and third derivatives of the softmax, is summed
        over the rows once.
        """
        K, p = self.coef.shape
        moved = self.coef[:, places]
        first, second, sloped = np.zeros((K, K)), np.zeros((K, K - 1, K)), np.zeros((K, K - 1, K, p))
        for centred, weight in _parts(rows, K**3):
            jacobian, bend = self._bend(centred, weight)
            first += jacobian
            second += bend.sum(axis=0)
            sloped += _by_rows(bend, centred)
        slopes = np.einsum("kjlp,la->akjp", sloped, moved)
        slopes[np.arange(places.size), :, :, places] += first[:, 1:]
        return EffectSums(moved.T @ first.T, np.einsum("kjl,la->akj", second, moved), slopes)

    def between(self, weight: FloatArray, low: Place, high: Place) -> EffectSums:
        """Sum the effect of taking each row, of a weight, from one place to another."""
        (before, down), (after, up) = self._at(low.design), self._at(high.design)
        up, down = (weight[:, None, None] * each[:, :, 1:] for each in (up, down))
        slopes = _by_rows(up, high.design) - _by_rows(down, low.design)
        return EffectSums((weight @ (after - before))[None], (up - down).sum(axis=0)[None], slopes[None])

    def _at(self, centred: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probabilities (n, K) and their derivatives J (n, K, K) in the scores; those of a closed class are zero."""
        scores = self.centre + centred @ self.coef.T
        closed = closed_at(self.result, centred + self.mean)
        chance, others = chances(scores if closed is None else np.where(closed, -np.inf, scores))
        jacobian = -chance[:, :, None] * chance[:, None, :]
        every = np.arange(chance.shape[1])
        jacobian[:, every, every] = chance * others
        return chance, jacobian

    def _bend(self, centred: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weighted sum of J (K, K), and its weighted derivatives (n, K, K - 1, K): at [k, j, l] that of J_kl in the score of class j."""
        chance, jacobian = self._at(centred)
        every, others = np.arange(chance.shape[1]), jacobian / np.where(chance > 0.0, chance, 1.0)[:, :, None]
        # others[k, l] is [k = l] - pi_l, whose diagonal is right near a probability of one.
        others[:, every, every] = np.where(chance > 0.0, others[:, every, every], 1.0)
        bend = jacobian[:, :, :, None] * others[:, :, None, :] - chance[:, :, None, None] * jacobian[:, None, :, :]
        return np.einsum("n,nkl->kl", weight, jacobian), weight[:, None, None, None] * bend[:, :, 1:]


def _leads(chance: FloatArray, rates: FloatArray) -> FloatArray:
    """By how much each score (n, K) moves faster than all do in the mean of the probabilities, from differences alone."""
    return np.asarray(np.einsum("nl,nkl->nk", chance, rates[:, :, None] - rates[:, None, :]))


def _by_rows(numbers: FloatArray, design: FloatArray) -> FloatArray:
    """Sum numbers (n, ...) of each row times its design (n, p): (..., p)."""
    return np.asarray(np.tensordot(numbers, design, axes=(0, 0)))


def _parts(rows: RowsAt, numbers: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield designs about the mean and weights of some rows at a time, of which each takes so many numbers."""
    size = max(1, _NUMBERS // numbers)
    for start in range(0, len(rows.centred), size):
        part = slice(start, start + size)
        yield rows.centred[part], rows.weight[part]
