"""What a check is: a name, and either a function of the fit or a mergeable statistic of the rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mathlearn.statistics.diagnostics.record import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mathlearn.results.fit_result import FitResult

__all__ = [
    "Check",
    "RowCheck",
    "always",
    "any_likelihood",
    "classes",
    "least_squares",
    "likelihood",
    "not_checked",
    "one_predictor",
]

S = TypeVar("S")


class RowCheck(ABC, Generic[S]):
    """A monoid of row summaries, with a way to read findings off the total."""

    @abstractmethod
    def of(self, block: Any) -> S:
        """Summarise one block of consecutive rows, as the case makes them: a `Block`, or a `ClassWhite` of more than two classes."""

    @abstractmethod
    def merge(self, first: S, second: S) -> S:
        """Summarise two adjacent blocks, given their summaries in row order; neither is changed."""

    @abstractmethod
    def finish(self, total: S) -> Iterator[Finding]:
        """Read the findings off the summary of all rows."""


def always(_result: FitResult) -> bool:
    """Whether a fit is one of any kind."""
    return True


def least_squares(result: FitResult) -> bool:
    """Whether a fit is by least squares, whose errors are of one variance, independent and perhaps normal."""
    return result.likelihood is None


def any_likelihood(result: FitResult) -> bool:
    """Whether a fit is by a likelihood, whatever the number of its linear predictors."""
    return result.likelihood is not None


def one_predictor(result: FitResult) -> bool:
    """Whether a fit has one linear predictor for each response."""
    return result.stack is None


def likelihood(result: FitResult) -> bool:
    """Whether a fit is by the likelihood of a family, with one linear predictor."""
    return any_likelihood(result) and one_predictor(result)


def classes(result: FitResult) -> bool:
    """Whether a fit is of more than two classes, each with a linear predictor of its own."""
    return not one_predictor(result)


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes
    ----------
    name : str
        In snake_case.
    summary : str
        For listings: one line.
    names : tuple of str
        Names of the findings it makes.
    of_record : callable or None
        ``result -> findings`` for a check of what the fit itself has noted, inference withheld or not.
    without_rows : callable or None
        ``case -> findings`` for a check of the columns alone. The case is a `Case`, or a `ClassCase` of more than two classes.
    prepare : callable or None
        ``case -> RowCheck``, or the reason why there is nothing to check, for one that reads rows.
    applies : callable
        Whether a fit makes the assumption at all; of one that does not, nothing is said.
    """

    name: str
    summary: str
    names: tuple[str, ...]
    of_record: Callable[[FitResult], Iterable[Finding]] | None = None
    without_rows: Callable[[Any], Iterable[Finding]] | None = None
    prepare: Callable[[Any], RowCheck[Any] | str] | None = None
    applies: Callable[[FitResult], bool] = always


def not_checked(name: str, reason: str, response: str = "", **more: Any) -> Finding:
    """Return the finding that nothing could be found, and why."""
    return Finding(name=name, severity=Severity.NOT_CHECKED, response=response, reason=reason, **more)
