"""`JointLaw`: what a joint test is referred to, F or chi-squared; one place for its name, its scale and its tail."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.statistics.tails import f_tail

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["JointLaw"]


class JointLaw(NamedTuple):
    """The law of a test of several things at once: F, or chi-squared where the dispersion is known.

    Attributes
    ----------
    df_num : float
        Things tested.
    df_den : float
        Degrees of freedom of the estimated dispersion; infinite where it is known.

    References
    ----------
    Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 26.6.11: F times its first degrees of freedom is
    chi-squared as the second go to infinity.

    Examples
    --------
    >>> str(JointLaw(2, 30)), str(JointLaw(2, float("inf")))
    ('F(2, 30)', 'chi2(2)')
    >>> law = JointLaw(2, float("inf"))
    >>> round(float(law.tail(law.statistic(5.991464547))), 6)
    0.05
    """

    df_num: float
    df_den: float

    @property
    def chi_squared(self) -> bool:
        """Whether it is chi-squared."""
        return isinf(self.df_den)

    def statistic(self, total: FloatArray | float) -> FloatArray:
        """Return the statistic of a sum of squares in units of the dispersion: the sum itself, or the mean for F."""
        value: FloatArray = np.asarray(total, np.float64) / (1.0 if self.chi_squared else self.df_num)
        return value

    def tail(self, statistic: FloatArray | float) -> FloatArray:
        """Return the probability of a larger statistic, to the accuracy of `f_tail`."""
        scale = self.df_num if self.chi_squared else 1.0
        return f_tail(np.asarray(statistic, np.float64) / scale, self.df_num, self.df_den)

    def __str__(self) -> str:
        return f"chi2({self.df_num:g})" if self.chi_squared else f"F({self.df_num:g}, {self.df_den:g})"
