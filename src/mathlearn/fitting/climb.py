"""Which rung of the ladder a problem needs, decided by the certificate's own bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.least_squares import (
    LEAST_DIGITS,
    MOST_ERROR_IN_SE,
    MOST_SE_ERROR,
    digits,
    error_in_se,
    parameters,
    standard_errors,
)
from mathlearn.certify.rows_grade import from_rows
from mathlearn.certify.statistic_grade import from_statistic
from mathlearn.linalg import ladder

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.certify.evidence import Evidence
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.moments import Moments
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.linalg.start import Start

SMALL = 1e8
"""Up to n p^2 = 1e8 the last rung is always affordable, and every digit is asked for."""

_EXACT = (8 * 2.0**-53) ** 2


@dataclass(frozen=True, slots=True)
class Climber:
    """One problem on the ladder.

    Attributes
    ----------
    rows : Rows
    moments : the statistic of the first pass
    count : number of observations (the sum of frequency weights)
    centred : whether there is an intercept
    tol : relative rank tolerance in the scaled space, None for automatic
    threads : int
    """

    rows: Rows
    moments: Moments
    count: int
    centred: bool
    tol: float | None
    threads: int

    @property
    def terms(self) -> int:
        """Number of columns p."""
        return len(self.rows.terms)

    @property
    def small(self) -> bool:
        """Whether exact digits are affordable."""
        return self.moments.n * max(self.terms, 1) ** 2 <= SMALL

    def solve(self) -> tuple[LeastSquares, Evidence]:
        """Climb until the certified error is small enough; return the solution and the evidence for it.

        For small problems the error that rounding can leave in the statistic always exceeds 4 units in the last place, so
        the climb goes straight to the last rung.
        """
        start = self._first_rung()
        if start is not None and not self.small:
            solution = ladder.plain(start, self.moments, centred=self.centred)
            evidence = from_statistic(solution, centred=self.centred)
            if self._enough(solution, evidence):
                return solution, self._second_grade(solution, evidence)
        return self._last_rung(start)

    def _first_rung(self) -> Start | None:
        # Without an intercept nothing is centred away, and with a tolerance the rank is decided on a triangular factor.
        usable = self.centred and self.tol is None
        return ladder.cholesky(self.moments, self.terms) if usable else None

    def _last_rung(self, start: Start | None) -> tuple[LeastSquares, Evidence]:
        for first in (start, None):
            chosen = first if first is not None else self._householder()
            solution = ladder.precise(self.rows, chosen, self.moments, centred=self.centred, threads=self.threads)
            if solution is not None:
                return solution, self._from_rows(solution)
        # Rows too ill-conditioned even for their own reflections to whiten them: the certificate will say so.
        solution = ladder.plain(self._householder(), self.moments, centred=self.centred)
        return solution, self._from_rows(solution)

    def _householder(self) -> Start:
        return ladder.householder(self.rows, self.moments, tol=self.tol, centred=self.centred, threads=self.threads)

    def _second_grade(self, solution: LeastSquares, evidence: Evidence) -> Evidence:
        """Arrays in memory are checked against their rows; streams that pass the first grade are not read again."""
        if not self.rows.in_memory:
            return evidence
        return self._from_rows(solution, evidence)

    def _from_rows(self, solution: LeastSquares, statistic: Evidence | None = None) -> Evidence:
        return from_rows(
            self.rows,
            solution,
            centred=self.centred,
            statistic=statistic,
            max_rows=ladder.block_rows(self.terms),
            threads=self.threads,
        )

    def _enough(self, solution: LeastSquares, evidence: Evidence) -> bool:
        """Whether the certified error is below 1e-6 SE, leaves 8 digits, and standard errors have 6."""
        sigma = residual_scale(solution, self.count, centred=self.centred)
        theta = parameters(solution, centred=self.centred)
        se = standard_errors(solution, sigma, centred=self.centred)
        spread = float((evidence.rss_error / np.maximum(2 * solution.rss, 1e-300)).max())
        return bool(
            (error_in_se(evidence, theta, se) <= MOST_ERROR_IN_SE).all()
            and (digits(evidence, theta, se) >= LEAST_DIGITS).all()
            and spread + evidence.se_error.max(initial=0.0) <= MOST_SE_ERROR
        )


def residual_scale(solution: LeastSquares, count: int, *, centred: bool) -> FloatArray:
    """Residual standard error (q,), NaN without degrees of freedom."""
    df = count - solution.rank - centred
    if df <= 0:
        return np.full(solution.rss.shape, np.nan)
    scale: FloatArray = np.sqrt(solution.rss / df)
    return scale


def exact_fit(solution: LeastSquares, *, centred: bool) -> BoolArray:
    """Whether residuals (q,) are no larger than 8 roundings of y, in the root mean square."""
    size = solution.tss + (solution.moments.weight * solution.mean_y**2 if centred else 0.0)
    tiny: BoolArray = solution.rss <= _EXACT * size
    return tiny
