"""Heteroscedasticity- and autocorrelation-consistent covariance for rows in time order (Newey-West, Bartlett kernel).

The meat is ``G_0 + sum over l of k_l (G_l + G_l')`` with ``G_l = sum over t of u_t u_{t-l}'`` and ``k_l = 1 - l/(L + 1)``. Blocks of
rows merge exactly: each summary keeps its first and last L score rows, from which the products across the border are added.
Rows that were dropped or have weight zero leave no gap: their neighbours count as adjacent.

References
----------
Newey and West (1987), "A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance
matrix", Econometrica 55. Default number of lags: Newey and West (1994), Review of Economic Studies 61, in the
simplified form ``floor(4 (n/100)^(2/9))``.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.results.fit_result import CovarianceEstimate
from mathlearn.statistics.covariance.kind import Kind, RowStatistic
from mathlearn.statistics.covariance.reference import Reference, rows_left

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.kind import ScoredRows

__all__ = ["KINDS", "NeweyWest", "default_lags"]


def default_lags(n: int) -> int:
    """Return the number of lags taken when none is asked for: ``floor(4 (n/100)^(2/9))``, fewer than n."""
    return min(int(4 * (n / 100) ** (2 / 9)), n - 1)


@dataclass(frozen=True, slots=True)
class Series:
    """Summary of consecutive rows.

    Attributes
    ----------
    sums : (q, m, m)
        Kernel-weighted sum of products, symmetrised at the end: ``G_0/2 + sum of k_l G_l``.
    head, tail : (q, <= L, m)
        First and last score rows.
    """

    sums: FloatArray
    head: FloatArray
    tail: FloatArray


@dataclass(frozen=True, slots=True)
class NeweyWest(RowStatistic[Series]):
    """Newey-West covariance of a fit with a given number of lags."""

    result: FitResult
    lags: int
    small_sample: bool

    def of(self, white: ScoredRows) -> Series:
        """Sum over one block."""
        u = np.stack([white.scores(j) for j in range(white.responses)])
        past = u / 2
        for lag in range(1, min(self.lags, u.shape[1] - 1) + 1):
            past[:, lag:] += self._kernel(lag) * u[:, :-lag]
        keep = min(self.lags, u.shape[1])
        # Copies, so that a summary does not hold its whole block alive.
        return Series(u.transpose(0, 2, 1) @ past, u[:, :keep].copy(), u[:, u.shape[1] - keep :].copy())

    def _kernel(self, lag: int) -> float:
        return 1 - lag / (self.lags + 1)

    def merge(self, first: Series, second: Series) -> Series:
        """Sum over two adjacent blocks: their own sums, and the products across the border."""
        before, after = first.tail, second.head
        n = before.shape[1]
        past = np.zeros_like(after)
        for lag in range(1, self.lags + 1):
            # Row s of the second block meets row n + s - lag of the tail, where both exist.
            start, stop = max(lag - n, 0), min(lag, after.shape[1])
            if start < stop:
                past[:, start:stop] += self._kernel(lag) * before[:, n + start - lag : n + stop - lag]
        sums = first.sums + second.sums + after.transpose(0, 2, 1) @ past
        # A block shorter than L is its own head and tail: only then does the neighbour reach into them.
        head = np.concatenate([first.head, second.head], axis=1)[:, : self.lags]
        tail = np.concatenate([first.tail, second.tail], axis=1)
        return Series(sums, head, tail[:, max(tail.shape[1] - self.lags, 0) :])

    def finish(self, total: Series) -> CovarianceEstimate:
        """Symmetrise, and correct for small samples if asked."""
        meat = total.sums + total.sums.transpose(0, 2, 1)
        correction = ""
        left = rows_left(self.result)
        if self.small_sample and left > 0:
            meat = meat * (self.result.n / left)
            correction = ", times n/(n - k)"
        plural, law = "" if self.lags == 1 else "s", Reference.of(self.result)
        return CovarianceEstimate(
            kind="HAC",
            meat=meat,
            df=law.df,
            description=f"HAC: Newey-West, Bartlett kernel, {self.lags} lag{plural}{correction}; rows taken in the order given; "
            f"{law.name}",
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        if not self.result.n_dropped:
            return ()
        return (
            f"{self.result.n_dropped} rows were dropped for missing values: rows on both sides of a gap count as neighbours",
        )


def newey_west(result: FitResult, *, lags: int | None = None, small_sample: bool = False) -> NeweyWest:
    """Prepare the statistic.

    Parameters
    ----------
    result : FitResult
    lags : int, optional
        Autocorrelations up to this lag are allowed for; `default_lags` when None.
    small_sample : bool, default False
        Multiply by n/(n - k), as Stata does; R's sandwich and statsmodels do not unless asked.

    Raises
    ------
    DomainError
        `lags` is not an integer from 0 to n - 1, or the weights are frequencies.
    """
    if result.weights_type == "frequency":
        raise DomainError(
            "HAC needs rows in time order and frequency weights say how often a row is repeated, not when: repeat the rows "
            'at their times, or use covariance="HC1"'
        )
    try:
        chosen = default_lags(result.n) if lags is None else operator.index(lags)
    except TypeError:
        chosen = -1
    if not 0 <= chosen < result.n:
        raise DomainError(f"lags is {lags!r}: it must be an integer from 0 to n - 1 = {result.n - 1}")
    return NeweyWest(result, chosen, small_sample)


KINDS = (
    Kind(
        "HAC",
        "errors may differ in variance and be autocorrelated; rows in time order",
        options=frozenset({"lags", "small_sample"}),
        prepare=newey_west,
    ),
)
