r"""Quantile residuals: normal whatever the family, where the law is right.

An observation y of a continuous law has the residual :math:`r = \Phi^{-1}(F(y))`. A whole number has a probability of its own, and its
residual is drawn at random between those of the two ends of its step. Deviance and Pearson residuals of counts and of 0 and 1 are far from
normal under the right model; these are not.

References
----------
Dunn and Smyth (1996), "Randomized quantile residuals", Journal of Computational and Graphical Statistics 5(3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.working import observed

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.probability.distribution import Distribution
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.working import Working

__all__ = ["quantile_residuals"]


def quantile_residuals(result: FitResult, chunk: Chunk, seen: Working, share: FloatArray) -> FloatArray | None:
    """Return the quantile residuals (n,) of the rows of a chunk; None of a family without a distribution function.

    Each end of a step is taken from the tail in which it has its digits.

    Parameters
    ----------
    result : FitResult
    chunk : Chunk
    seen : Working
        Of these rows.
    share : (n,)
        Numbers in (0, 1), drawn at random: how far up its step a whole number stands. A continuous law does not use them.
    """
    law = seen.family.distribution
    if law is None or result.likelihood is None:
        return None
    trials = observed(result, chunk).trials
    if seen.family.support == "binary" and trials is None and seen.link.odds is not None:
        return _of_one_trial(seen, share)
    tau = np.ones(chunk.n) if trials is None else trials
    phi = result.likelihood.dispersion * tau / seen.weight
    return _between(law, seen, phi, tau, share)


def _of_one_trial(seen: Working, share: FloatArray) -> FloatArray:
    """Residuals of 0 and 1, whose probabilities the link gives in both tails."""
    from scipy.special import ndtri

    assert seen.link.odds is not None
    failure = seen.link.odds.complement(seen.eta)
    return np.where(seen.y > 0.0, -ndtri((1.0 - share) * seen.mu), ndtri(share * failure))


def _between(law: Distribution, seen: Working, phi: FloatArray, trials: FloatArray, share: FloatArray) -> FloatArray:
    from scipy.special import ndtri

    below, above = law.below(seen.y, seen.mu, phi, trials), law.above(seen.y, seen.mu, phi, trials)
    before, beyond = below, above
    if law.whole:
        step = seen.y - 1.0 / trials
        before, beyond = law.below(step, seen.mu, phi, trials), law.above(step, seen.mu, phi, trials)
    # `share` of the step lies below the residual, whichever tail it is counted from.
    left, right = before + share * (below - before), above + (1.0 - share) * (beyond - above)
    return np.where(left <= right, ndtri(left), -ndtri(right))
