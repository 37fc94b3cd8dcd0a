"""What a covariance kind is: a name, its options, and a mergeable statistic of the rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.results.fit_result import CovarianceEstimate, CovarianceKind, FitResult
    from mathlearn.statistics.covariance.white import WhiteRows

S = TypeVar("S")


class RowStatistic(ABC, Generic[S]):
    """A monoid of row summaries, with a way to read the covariance off the total."""

    @abstractmethod
    def of(self, white: WhiteRows) -> S:
        """Summarise one block of consecutive rows."""

    @abstractmethod
    def merge(self, first: S, second: S) -> S:
        """Summarise two adjacent blocks, given their summaries in row order; neither is changed."""

    @abstractmethod
    def finish(self, total: S) -> CovarianceEstimate:
        """Read the covariance of the estimates off the summary of all rows."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One covariance kind.

    Attributes
    ----------
    name : CovarianceKind
    summary : str
        For listings: one line.
    options : frozenset of str
        Names of the keyword options that `prepare` accepts.
    without_rows : callable or None
        ``result -> CovarianceEstimate`` for a kind that reads no rows.
    prepare : callable or None
        ``(result, **options) -> RowStatistic`` for a kind that does.
    """

    name: CovarianceKind
    summary: str
    options: frozenset[str] = frozenset()
    without_rows: Callable[[FitResult], CovarianceEstimate] | None = None
    prepare: Callable[..., RowStatistic[Any]] | None = None
