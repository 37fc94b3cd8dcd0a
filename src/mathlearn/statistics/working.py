r"""`Working`: rows of a fit by likelihood as a weighted regression sees them.

Weights and trials included, the score of a row in its linear predictor is its `pull` :math:`s_i = -w_i \ell'_i`, and its information the
`curve` :math:`c_i = w_i \ell''_i`, expected. At the estimates every generalised linear model is the least-squares fit of the working
residuals :math:`s_i / c_i` with the weights :math:`c_i`. Least squares themselves are the case ``pull = w e``, ``curve = w``.

References
----------
McCullagh and Nelder (1989), "Generalized Linear Models", 2nd edition, sections 2.4 and 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.calculus.objective import observations
from mathlearn.data.adapt import proportions
from mathlearn.statistics.law import family_of

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.calculus.objective import Observations
    from mathlearn.data.chunk import Chunk
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult

__all__ = ["Working", "divided", "law_of", "observed", "working"]


@dataclass(frozen=True, slots=True)
class Working:
    """Rows of a fit by likelihood, one copy of each where weights are frequencies.

    Attributes
    ----------
    family, link
    y, eta, mu : (n,)
        Of a binomial with trials y is the proportion. The linear predictor has its offset.
    weight : (n,)
        Precision weight times trials: what multiplies the log-likelihood of dispersion 1.
    count : (n,) or None
        How often the row occurs; None for once.
    pull, curve : (n,)
        See the head of this file.
    """

    family: Family
    link: Link
    y: FloatArray
    eta: FloatArray
    mu: FloatArray
    weight: FloatArray
    count: FloatArray | None
    pull: FloatArray
    curve: FloatArray

    @property
    def deviance(self) -> FloatArray:
        """Deviance (n,) of one copy of each row, of dispersion 1."""
        return np.asarray(self.weight * self.family.deviance_at(self.y, self.eta, self.link))

    @property
    def signed_root(self) -> FloatArray:
        """Deviance residuals (n,): the root of the deviance, with the sign of ``y - mu``."""
        value: FloatArray = np.sign(self.y - self.mu) * np.sqrt(self.deviance)
        return value

    @property
    def pearson(self) -> FloatArray:
        """Pearson residuals (n,): ``(y - mu) sqrt(w / V(mu))``."""
        value: FloatArray = np.sign(self.y - self.mu) * np.abs(divided(self.pull, np.sqrt(self.curve)))
        return value


def working(result: FitResult, chunk: Chunk, eta: FloatArray) -> Working:
    """Look at the rows of a chunk, whose linear predictors are eta (n,), offset included.

    A row of which the predictor is infinite, as separation has it, is at its limit: it no longer pulls, and tells nothing.

    Raises
    ------
    SchemaError
        The rows carry no y.
    ValueError
        The fit is by least squares.
    """
    family, link = law_of(result)
    seen = observed(result, chunk)
    counts = result.weights_type == "frequency"
    trials = np.ones(chunk.n) if seen.trials is None else seen.trials
    weight = trials if counts or chunk.weight is None else trials * chunk.weight
    settled = np.isinf(eta)
    _, *slopes = family.kernels(seen.y, np.where(settled, 1.0, eta), link)
    gradient, curvature = (np.where(settled, 0.0, part) for part in slopes) if settled.any() else slopes
    return Working(
        family=family,
        link=link,
        y=seen.y,
        eta=eta,
        mu=link.mu(eta),
        weight=weight,
        count=chunk.weight if counts else None,
        pull=-weight * gradient,
        curve=weight * curvature,
    )


def law_of(result: FitResult) -> tuple[Family, Link]:
    """Return the family and the link of a fit by likelihood.

    Raises
    ------
    ValueError
        The fit is by least squares.
    """
    if result.likelihood is None:
        raise ValueError("the fit is by least squares, not by a likelihood")
    family = family_of(result.likelihood)
    return family, family.link(result.likelihood.link)


def observed(result: FitResult, chunk: Chunk) -> Observations:
    """Take the observations out of a chunk as it was given, where y may be successes and failures.

    Raises
    ------
    SchemaError
        The rows carry no y.
    """
    if chunk.y is None:
        raise SchemaError("these rows carry no y: give the X and y of the fit")
    counted = result.likelihood is not None and result.likelihood.response == "successes and failures"
    return observations(proportions(chunk) if counted else chunk)


def divided(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a / b where b is not negative; 0 / 0, a row that no longer tells anything, is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value: FloatArray = np.where(a == 0.0, 0.0, a / b)
    return value
