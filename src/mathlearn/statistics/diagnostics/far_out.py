r"""`FarOut`: how likely it is that a row lies so far from a fit.

A studentised residual of least squares has Student's law if errors are normal. The deviance residuals of counts and proportions are far from
any law that does not depend on the mean; but for every exponential family the law of large deviations bounds them,

.. math:: P\bigl(\pm(y - \mu) > 0,\; d(y, \mu) \ge t^2\bigr) \le e^{-t^2 / 2\phi},

for each sign, since :math:`d / 2\phi` is the exponent of Chernoff's bound.

References
----------
Chernoff (1952), "A measure of asymptotic efficiency for tests of a hypothesis based on the sum of observations", Annals of Mathematical
Statistics 23.
Jørgensen (1997), "The Theory of Dispersion Models", section 1.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mathlearn.statistics.diagnostics.grade import CHANCE
from mathlearn.statistics.tails import t_quantile, t_two_sided

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["FarOut"]


@dataclass(frozen=True, slots=True)
class FarOut:
    """What is said of rows far from a fit.

    Attributes
    ----------
    df : float or None
        Of Student's law; None where Chernoff's bound takes its place.
    n : int
    method, measure : str
        Names of the test and of the effect.
    unit : str
    """

    df: float | None
    n: int
    method: str
    measure: str
    unit: str

    @classmethod
    def of(cls, result: FitResult) -> FarOut:
        """Choose by the kind of the fit."""
        if result.likelihood is None:
            return cls(
                result.df_resid - 1.0,
                result.n,
                "largest studentised residual, Bonferroni",
                "largest distance of a row from the fit made without it, in standard errors",
                "standard errors",
            )
        return cls(
            None,
            result.n,
            "largest likelihood residual, Chernoff and Bonferroni",
            "largest distance of a row from the fit made without it, as a root of deviance",
            "(root of deviance)",
        )

    @property
    def bound(self) -> float:
        """Distance that chance would not give one of these rows."""
        if self.df is None:
            return math.sqrt(2.0 * math.log(2.0 * self.n / CHANCE))
        return float(t_quantile(1 - CHANCE / self.n, self.df))

    def chance(self, distance: float) -> float:
        """Bound the probability that some row is as far out, on either side."""
        one = 2.0 * math.exp(-0.5 * distance**2) if self.df is None else float(t_two_sided(distance, self.df))
        return min(1.0, self.n * one)
