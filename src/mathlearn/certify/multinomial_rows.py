r"""Evidence about a multinomial fit from the rows: one independent pass, about a point near them.

The curvature is formed from the covariance of the indicator of a row's class, ``diag(pi) - pi pi'``, by products of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.gradient_terms import GradientTerms, far_out
from mathlearn.certify.likelihood_rows import LikelihoodRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.chunk import Chunk

__all__ = ["MultinomialShown", "look_at_classes"]


@dataclass(frozen=True, slots=True)
class MultinomialShown:
    """The numbers of a multinomial fit that are put to the test; user units, in the coordinates of the rows.

    Attributes
    ----------
    coef : (K - 1, p)
        Slopes of the log odds of each class but the first, against the first.
    level : (K - 1,)
        Log odds at the mean; zeros without intercept.
    mean : (p,)
        The point about which columns are taken; zeros without intercept.
    scale : (p,)
        Powers of two of the size of the centred columns.
    intercept : bool
    null : (K,)
        Log-probabilities of the classes in the model without columns.
    curved : bool
        Whether the curvature is asked for, which takes by far the most work.
    closed : callable or None
        ``chunk -> (n, K)``: classes whose probability is zero in the limit.
    """

    coef: FloatArray
    level: FloatArray
    mean: FloatArray
    scale: FloatArray
    intercept: bool
    null: FloatArray
    curved: bool = True
    closed: Callable[[Chunk], BoolArray] | None = None


def look_at_classes(chunk: Chunk, shown: MultinomialShown) -> LikelihoodRows:
    """Look at one block of dense rows; parameters are stacked class by class, the level at the mean before the slopes.

    Where the curvature is not asked for, its diagonal (m,) stands for it.
    """
    codes = np.asarray(chunk.y)[:, 0].astype(np.intp)
    weight = np.ones(chunk.n) if chunk.weight is None else chunk.weight
    columns = (np.asarray(chunk.X) - shown.mean) / shown.scale
    scores = np.column_stack([np.zeros(chunk.n), columns @ (shown.coef * shown.scale).T + shown.level])
    if shown.closed is not None:
        scores[shown.closed(chunk)] = -np.inf
    log_chance = _log_chances(scores)
    chance, own = np.exp(log_chance), log_chance[np.arange(chunk.n), codes]
    residual = chance[:, 1:] - (codes[:, None] == np.arange(1, scores.shape[1]))
    missed = np.flatnonzero(codes > 0)
    # One minus a probability near one, from its logarithm.
    residual[missed, codes[missed] - 1] = np.expm1(own[missed])
    z = np.column_stack([np.ones(chunk.n), columns]) if shown.intercept else columns
    share = np.expm1(-own)
    far = far_out(share)
    pull, pearson = weight[:, None] * residual, weight * share
    variance = weight[:, None] * chance[:, 1:] * -np.expm1(log_chance[:, 1:])
    expected = _spread(z, chance[:, 1:], variance, weight) if shown.curved else (variance.T @ (z * z)).ravel()
    return LikelihoodRows(
        n=chunk.n,
        gradient=(pull.T @ z).ravel(),
        expected=expected,
        observed=expected,
        noise=0.0,
        deviance=-2.0 * float(weight @ own),
        null_deviance=-2.0 * float(weight @ shown.null[codes]),
        pearson=float(pearson.sum()),
        terms=GradientTerms(float(pearson[~far].sum()), (np.abs(pull[far]).T @ np.abs(z[far])).ravel()),
        size=float(weight.sum()),
        farthest=float(np.abs(scores[np.isfinite(scores)]).max(initial=0.0)),
    )


def _log_chances(scores: FloatArray) -> FloatArray:
    """Log-probabilities (n, K), the sum over the classes taken in the order of their sizes."""
    order = np.sort(scores, axis=1)
    top = order[:, -1]
    rest = np.exp(order[:, :-1] - top[:, None]).sum(axis=1)
    return np.asarray((scores - top[:, None]) - np.log1p(rest)[:, None])


def _spread(z: FloatArray, chance: FloatArray, variance: FloatArray, weight: FloatArray) -> FloatArray:
    """Sum ``w (diag(pi) - pi pi') (x) z z'`` over the rows (m, m); `variance` is the diagonal ``w pi (1 - pi)``."""
    count, k = chance.shape[1], z.shape[1]
    total = np.zeros((count * k, count * k))
    for a in range(count):
        here = slice(a * k, (a + 1) * k)
        total[here, here] = z.T @ (z * variance[:, a, None])
        for b in range(a):
            there = slice(b * k, (b + 1) * k)
            total[here, there] = z.T @ (z * (-weight * chance[:, a] * chance[:, b])[:, None])
            total[there, here] = total[here, there].T
    return total
