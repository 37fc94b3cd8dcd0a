r"""Rows of a fit of more than two classes: their scores, and the coordinates of their log odds in the whitened basis.

With :math:`z = (1, x - \bar x)` the log odds of a class against the first are :math:`\eta_k = z^\top \theta_k`, and with the whitener V (m, r) of the
stacked parameters the coordinates of :math:`\eta_k` are :math:`b_k = z^\top V_k`, V_k being the rows of V of that class. Those of the first class are zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.class_recession import closed_classes
from mathlearn.data.chunk import dense_rows
from mathlearn.results.stack import predictors_of
from mathlearn.statistics.functional import require_curvature

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack

__all__ = ["ClassBasis", "class_scores", "closed_at", "stack_of_fit"]


def stack_of_fit(result: FitResult) -> Stack:
    """Return how the predictors of a fit of more than two classes are stacked.

    Raises
    ------
    ValueError
        The fit has one linear predictor.
    """
    if result.stack is None:
        raise ValueError("the fit has one linear predictor, not one for each of several classes")
    return result.stack


def class_scores(result: FitResult, X: FloatArray | csr_array) -> FloatArray:
    """Return the scores (n, K) at encoded rows (n, p), whose softmax are the probabilities; minus infinity where separation closes a class."""
    known, x = predictors_of(result), dense_rows(X)
    scores: FloatArray = known.centre + (x - stack_of_fit(result).mean) @ known.coef.T
    closed = closed_at(result, x)
    return scores if closed is None else np.where(closed, -np.inf, scores)


def closed_at(result: FitResult, X: FloatArray) -> BoolArray | None:
    """Say which classes (n, K) have the probability zero at rows (n, p), in the limit of a separated fit; None where there is no such thing."""
    separation, stack = None if result.likelihood is None else result.likelihood.separation, result.stack
    if separation is None or stack is None:
        return None
    return closed_classes(separation.directions, X, classes=len(stack.classes), intercept=stack.intercept)


@dataclass(frozen=True, slots=True)
class ClassBasis:
    """Whitened coordinates of the log odds of each class against the first; zero for the first.

    Attributes
    ----------
    mean : (p,)
        The point about which rows are taken.
    level : (K, r)
        Coordinates of the log odds there.
    slopes : (K, p, r)
        Coordinates of the slopes.
    """

    mean: FloatArray
    level: FloatArray
    slopes: FloatArray

    @classmethod
    def of(cls, result: FitResult) -> ClassBasis:
        """Take the whitener of a fit apart.

        Raises
        ------
        DomainError
            Inference is withheld for this fit.
        """
        stack, whitener = stack_of_fit(result), require_curvature(result).whitener
        first = int(stack.intercept)
        each = whitener.reshape(len(stack.classes) - 1, len(stack.terms), whitener.shape[1])
        each = np.concatenate([np.zeros((1, *each.shape[1:])), each])
        slopes = each[:, first:]
        # Intercepts of the record are those at zero; rows are taken about a point near them.
        level = np.einsum("j,kjr->kr", stack.mean + stack.origin, slopes)
        return cls(stack.mean, level + each[:, 0] if first else level, slopes)

    def at(self, X: FloatArray) -> FloatArray:
        """Coordinates (n, K, r) at rows (n, p)."""
        K, p, r = self.slopes.shape
        along = (X - self.mean) @ self.slopes.transpose(1, 0, 2).reshape(p, K * r)
        return self.level + along.reshape(len(X), K, r)

    def combined(self, X: FloatArray, pull: FloatArray) -> FloatArray:
        """Sum coordinates over the classes at rows (n, p), with weights (n, K): ``sum_k pull_k b_k`` (n, r), and without forming b."""
        K, p, r = self.slopes.shape
        pulled = pull[:, :, None] * (X - self.mean)[:, None, :]
        return np.asarray(pull @ self.level + pulled.reshape(len(X), K * p) @ self.slopes.reshape(K * p, r))
