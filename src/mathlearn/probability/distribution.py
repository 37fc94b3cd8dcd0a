r"""`Distribution`: how likely an observation is to be at most, and more than, a number; both tails, each computed by itself.

References
----------
Johnson, Kemp and Kotz (2005), "Univariate Discrete Distributions", sections 3.4, 4.5 and 5.6: tails of binomial, Poisson and negative binomial
as incomplete beta and gamma functions.
Giner and Smyth (2016), "statmod: Probability Calculations for the Inverse Gaussian Distribution", The R Journal 8(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["Distribution", "TailRule"]


class TailRule(Protocol):
    """``(y, mu, phi, trials) -> probability``, for arrays of one shape; phi is the dispersion."""

    def __call__(self, y: FloatArray, mu: FloatArray, phi: FloatArray, trials: FloatArray, /) -> FloatArray:
        """Compute it for y inside the support."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution function of a family, and what is above it.

    Attributes
    ----------
    below_of, above_of : TailRule
        ``P(Y <= y)`` and ``P(Y > y)``.
    least : float
        End of the support, below which there is nothing.
    whole : bool
        Whether observations (times trials) are whole numbers.

    Examples
    --------
    >>> from mathlearn.probability import family_named
    >>> law = family_named("poisson").distribution
    >>> print(law.below(0.0, 3.0), law.above(50.0, 3.0))
    [0.04978707] [7.33554166e-44]
    """

    below_of: TailRule
    above_of: TailRule
    least: float
    whole: bool

    def below(
        self, y: FloatArray | float, mu: FloatArray | float, dispersion: FloatArray | float = 1.0, trials: Any = 1.0
    ) -> FloatArray:
        """Return ``P(Y <= y)``.

        Parameters
        ----------
        y, mu : (n,) arrays or float
            Of a binomial, proportion and mean of one.
        dispersion : float
            Ignored where it is fixed at 1.
        trials : (n,) array or float
            Of a binomial.
        """
        return self._tail(self.below_of, 0.0, y, mu, dispersion, trials)

    def above(
        self, y: FloatArray | float, mu: FloatArray | float, dispersion: FloatArray | float = 1.0, trials: Any = 1.0
    ) -> FloatArray:
        """Return ``P(Y > y)``, with its digits where it is small; parameters as of `below`."""
        return self._tail(self.above_of, 1.0, y, mu, dispersion, trials)

    def _tail(self, rule: TailRule, outside: float, y: Any, mu: Any, dispersion: Any, trials: Any) -> FloatArray:
        given = (np.atleast_1d(np.asarray(each, dtype=np.float64)) for each in (y, mu, dispersion, trials))
        at, mean, phi, tau = np.broadcast_arrays(*given)
        inside = at >= self.least
        with np.errstate(all="ignore"):
            value = rule(np.where(inside, at, max(self.least, 0.0)), mean, phi, tau)
        return np.where(inside, value, outside)
