"""What a covariance kind is: a name, its options, and a mergeable statistic of the rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.results.fit_result import CovarianceEstimate, CovarianceKind, FitResult
    from mathlearn.statistics.covariance.white import Tally

S = TypeVar("S")


class ScoredRows(Protocol):
    """What a covariance reads of a block of rows: of one linear predictor `WhiteRows`, of several classes `ClassWhite`."""

    @property
    def index(self) -> IntArray:
        """Numbers of the rows in the source."""

    @property
    def group(self) -> AnyArray | None:
        """Labels (n, d) of clusters."""

    @property
    def copies(self) -> FloatArray:
        """How often each row occurs (n,)."""

    @property
    def responses(self) -> int:
        """Number of responses, each with its scores."""

    @property
    def leverage(self) -> FloatArray:
        """Leverage (n,)."""

    def scored(self, response: int, factor: FloatArray) -> FloatArray:
        """Scores (n, m) of single copies in the whitened basis, times a factor (n,)."""

    def scores(self, response: int) -> FloatArray:
        """Scores (n, m), summed over copies."""

    def tally(self) -> Tally:
        """Count the rows, for the proof that they are those of the fit."""


class RowStatistic(ABC, Generic[S]):
    """A monoid of row summaries, with a way to read the covariance off the total."""

    @abstractmethod
    def of(self, white: ScoredRows) -> S:
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
