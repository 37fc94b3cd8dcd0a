"""`LinearSpec`: what to fit by least squares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mathlearn.results.fit_result import CovarianceKind, WeightsType


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearSpec:
    """What to fit by least squares.

    Attributes
    ----------
    fit_intercept : bool
    tol : float or None
        Rank tolerance relative to each scaled column; None decides from the rounding of the data.
    positive : bool
        Whether coefficients must not be negative.
    weights_type : {"none", "precision", "frequency"}
    covariance : CovarianceKind
    options : mapping
        Options of the covariance kind.
    n_jobs : int or None
    origin : tuple of int
        What was subtracted from each column of X before it became float64; empty when nothing was.
    offset : str or None
        What is to be subtracted from y, in the user's words, where chunks carry an offset.
    """

    fit_intercept: bool = True
    tol: float | None = None
    positive: bool = False
    weights_type: WeightsType = "none"
    covariance: CovarianceKind = "classical"
    options: Mapping[str, Any] = field(default_factory=dict)
    n_jobs: int | None = None
    origin: tuple[int, ...] = ()
    offset: str | None = None

    def count(self, n: int, weight: float) -> int:
        """Return the number of observations: rows, or the sum of frequencies."""
        return round(weight) if self.weights_type == "frequency" else n
