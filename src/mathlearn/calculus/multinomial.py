r"""`MultinomialObjective`: minus the log-likelihood of K classes, with gradient and curvature in one pass.

The unknowns are the linear predictors of the classes but the first, against the first, class by class: with
:math:`\eta_{ik} = z_i^\top \theta_k`, :math:`\eta_{i1} = 0`, probabilities :math:`\pi_i = \mathrm{softmax}(\eta_i)` and weights w

.. math:: f = -\sum_i w_i \log \pi_{i y_i} + \tfrac12 \theta^\top \Lambda \theta, \qquad
   g_a = \sum_i w_i (\pi_{ia} - [y_i = a]) z_i + (\Lambda \theta)_a, \qquad
   H_{ab} = \sum_i w_i \pi_{ia} ([a = b] - \pi_{ib}) z_i z_i^\top + \Lambda_{ab} .

A penalty :math:`\lambda/2` on the squared coefficients of all K classes, of which only differences from the first are determined by the
rows, is smallest where they sum to zero over the classes. It then is a quadratic of the differences, with
:math:`\Lambda_{ab} = \lambda ([a = b] - 1/K) I`, so that the symmetric model is this one.

References
----------
Böhning (1992), "Multinomial logistic regression algorithm", Annals of the Institute of Statistical Mathematics 44(1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.objective import Sums, block_rows
from mathlearn.data.reduce import found_again
from mathlearn.linalg.product import product
from mathlearn.linalg.scratch import scratch
from mathlearn.probability.multinomial import Softmax, softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray, IntArray
    from mathlearn.calculus.coordinates import Coordinates
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["MultinomialObjective", "class_penalty", "codes_of", "penalty_slope", "rows_at_a_time", "scores_of"]


def rows_at_a_time(p: int, classes: int) -> int:
    """Rows in a block; depends on the numbers of columns and classes alone, so that results do too."""
    return block_rows(max(p, classes))


def codes_of(chunk: Chunk) -> IntArray:
    """Places (n,) of the classes of a block's rows."""
    return np.asarray(chunk.y)[:, 0].astype(np.int64)


def scores_of(against_first: FloatArray) -> FloatArray:
    """Scores (n, K) of predictors (n, K - 1) against the first class, whose own is zero."""
    scores = np.zeros((against_first.shape[0], against_first.shape[1] + 1))
    scores[:, 1:] = against_first
    return scores


def class_penalty(each: FloatArray, classes: int) -> FloatArray:
    """Put a penalty on the coefficients of each of K classes, (k,) or (k, k), as Λ (m, m) on the differences from the first."""
    return np.asarray(np.kron(_between(classes), np.diag(each) if each.ndim == 1 else each), dtype=np.float64)


def penalty_slope(each: FloatArray, theta: FloatArray, classes: int) -> FloatArray:
    """Return ``Λ theta`` (m,) without forming Λ."""
    parts = theta.reshape(classes - 1, -1)
    return np.asarray(_between(classes) @ (parts * each if each.ndim == 1 else parts @ each)).reshape(-1)


def _between(classes: int) -> FloatArray:
    return np.eye(classes - 1) - 1.0 / classes


@dataclass(frozen=True, slots=True)
class MultinomialObjective:
    """The objective in given coordinates, the same for each class.

    Attributes
    ----------
    classes : int
        K.
    coordinates : Coordinates
    penalty : (k,) or (k, k) or None
        On the unknowns of each of K classes, or its diagonal; zero for the intercept.
    closed : callable or None
        ``chunk -> (n, K)``: classes whose probability is zero because the likelihood is largest at infinity, in the limit; None for none.
    """

    classes: int
    coordinates: Coordinates
    penalty: FloatArray | None = None
    closed: Callable[[Chunk], BoolArray] | None = None

    @property
    def size(self) -> int:
        """Number of unknowns m."""
        return (self.classes - 1) * self.coordinates.size

    def at(self, rows: Rows, theta: FloatArray, *, threads: int, curved: bool = True) -> Sums:
        """Evaluate loss, gradient and, unless not asked for, curvature at theta (m,) in one pass."""
        of = partial(self.of_block, theta=theta, curved=curved)
        max_rows = rows_at_a_time(len(rows.terms), self.classes)
        return self.penalised(found_again(rows.reduce(of, Sums.merge, max_rows=max_rows, threads=threads)), theta)

    def penalised(self, sums: Sums, theta: FloatArray) -> Sums:
        """Add the penalty, once, to what the rows give."""
        if self.penalty is None:
            return sums
        slope = penalty_slope(self.penalty, theta, self.classes)
        curved = bool(sums.curvature.size)
        return replace(
            sums,
            loss=sums.loss + 0.5 * float(theta @ slope),
            gradient=sums.gradient + slope,
            curvature=sums.curvature + class_penalty(self.penalty, self.classes) if curved else sums.curvature,
        )

    def of_block(self, chunk: Chunk, theta: FloatArray, *, curved: bool = True) -> Sums:
        """Evaluate the part of one block of dense rows."""
        z, codes = self._columns(chunk), codes_of(chunk)
        scores = scores_of(z @ theta.reshape(self.classes - 1, -1).T)
        if self.closed is not None:
            scores[self.closed(chunk)] = -np.inf
        row = Softmax.of(scores, codes)
        weight = np.ones(chunk.n) if chunk.weight is None else chunk.weight
        excess = row.probability.copy()
        own = np.arange(chunk.n), codes
        excess[own] = -row.complement[own]
        excess *= weight[:, None]
        return Sums(
            n=chunk.n,
            loss=float(weight @ row.loss),
            gradient=(excess[:, 1:].T @ z).reshape(-1),
            curvature=_curvature(z, row, weight) if curved else np.empty(0),
            pearson=0.0,
            farthest=_farthest(scores),
        )

    def curved_along(self, rows: Rows, theta: FloatArray, direction: FloatArray, *, threads: int) -> FloatArray:
        """Return the curvature at theta times a direction (m,), in one pass and without forming it."""
        of = partial(self._curved_block, theta=theta, direction=direction)
        max_rows = rows_at_a_time(len(rows.terms), self.classes)
        product: FloatArray = found_again(rows.reduce(of, np.add, max_rows=max_rows, threads=threads))
        return product if self.penalty is None else product + penalty_slope(self.penalty, direction, self.classes)

    def _curved_block(self, chunk: Chunk, theta: FloatArray, direction: FloatArray) -> FloatArray:
        z = self._columns(chunk)
        scores, moved = (scores_of(z @ each.reshape(self.classes - 1, -1).T) for each in (theta, direction))
        chance = softmax(scores)
        weight = np.ones((chunk.n, 1)) if chunk.weight is None else chunk.weight[:, None]
        pull = weight * chance * (moved - (chance * moved).sum(axis=1, keepdims=True))
        return np.asarray(pull[:, 1:].T @ z).reshape(-1)

    def _columns(self, chunk: Chunk) -> FloatArray:
        """Columns (n, k), the constant first if there is one."""
        z = self.coordinates.of(np.asarray(chunk.X))
        return np.concatenate([np.ones((len(z), 1)), z], axis=1) if self.coordinates.intercept else z


_FAR = 15.0  # log odds at which a class is hardly less than certain


def _farthest(scores: FloatArray) -> float:
    """Largest log odds of one class against another in any row, of those whose probability is not zero in the limit, by `_FAR`."""
    least = np.where(np.isfinite(scores), scores, np.inf).min(axis=1)
    return float((scores.max(axis=1) - least).max(initial=0.0)) / _FAR


def _curvature(z: FloatArray, row: Softmax, weight: FloatArray) -> FloatArray:
    """Curvature (m, m) of a block: each pair of classes as one symmetric product of a scaled copy."""
    classes, k = row.probability.shape[1], z.shape[1]
    whole = np.empty((classes - 1, k, classes - 1, k))
    scaled = scratch(z.shape)
    for a in range(1, classes):
        mass = weight * row.probability[:, a]
        for b in range(1, a + 1):
            other = row.complement[:, a] if b == a else row.probability[:, b]
            np.multiply(z, np.sqrt(mass * other)[:, None], out=scaled)
            square = product(scaled.T, scaled)
            whole[a - 1, :, b - 1, :] = square if a == b else -square
            whole[b - 1, :, a - 1, :] = whole[a - 1, :, b - 1, :]
    return whole.reshape((classes - 1) * k, -1)
