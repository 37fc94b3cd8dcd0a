"""`overall`: the numbers about a fit as a whole, those of least squares or those of a likelihood: chosen here alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mathlearn.statistics.goodness import fit_statistics
from mathlearn.statistics.likelihood_goodness import likelihood_statistics

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["Overall", "overall"]


class Overall(Protocol):
    """Statistics of a fit as a whole: arrays (q,) as attributes, NaN where withheld."""

    @property
    def reasons(self) -> dict[tuple[int, str], str]:
        """Why cells are NaN: {(response index, column): reason}."""

    @property
    def labels(self) -> dict[str, str]:
        """Columns as they are called in sentences, those that are told of."""

    def columns(self, result: FitResult) -> dict[str, Any]:
        """Return what `glance` tells of such a fit, by name."""


def overall(result: FitResult) -> Overall:
    """Compute the statistics that a fit of this kind has: a `Goodness` or a `LikelihoodGoodness`."""
    return fit_statistics(result) if result.likelihood is None else likelihood_statistics(result)
