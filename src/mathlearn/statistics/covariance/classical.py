"""Classical covariance: independent errors of equal variance (or of variance sigma**2 / w)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.results.fit_result import CovarianceEstimate
from mathlearn.statistics.covariance.kind import Kind

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["KINDS", "classical"]


def classical(result: FitResult) -> CovarianceEstimate:
    """Return ``sigma**2 (Xc' W Xc)^-1``, which needs no second look at the rows."""
    variance = "variance sigma²/w" if result.weights_type == "precision" else "equal variance"
    return CovarianceEstimate(
        kind="classical",
        meat=None,
        df=float(result.df_resid),
        description=f"classical: independent errors of {variance}; exact t and F if they are normal",
    )


KINDS = (Kind("classical", "independent errors of equal variance", without_rows=classical),)
