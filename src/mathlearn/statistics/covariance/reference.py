"""`Reference`: to which law a robust standard error is referred, and what it allows for, in words."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from mathlearn.statistics.functional import dispersion_known

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["Reference", "rows_left"]


def rows_left(result: FitResult) -> int:
    """Return n - k, which small-sample factors divide by: rows, each counted once, less the parameters that they determine.

    Of one linear predictor these are the residual degrees of freedom; of K classes those count a row K - 1 times.
    """
    return result.n - result.rank - result.fit_intercept


class Reference(NamedTuple):
    """The law of an estimate over its robust standard error, which no fit knows exactly.

    Attributes
    ----------
    df : float
        Degrees of freedom of t; infinite, which is the normal law, where the dispersion of the family is known.
    name : str
    variances : str
        What the covariance allows for.
    squared : str
        What is squared.
    """

    df: float
    name: str
    variances: str
    squared: str

    @classmethod
    def of(cls, result: FitResult) -> Reference:
        """Choose by how the variance of a row is known."""
        if result.likelihood is None:
            return cls(
                float(result.df_resid), "t as an approximation", "errors may differ in variance", "squared residuals"
            )
        variances, squared = "variances may differ from the family's; expected information", "squared scores"
        if dispersion_known(result):
            return cls(inf, "normal, for many rows", variances, squared)
        return cls(float(result.df_resid), "t as an approximation", variances, squared)
