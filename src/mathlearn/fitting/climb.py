"""Which rung of the ladder a problem needs, decided by the certificate's own bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.least_squares import MOST_SE_ERROR, enough
from mathlearn.certify.rows_grade import from_rows
from mathlearn.certify.statistic_grade import from_statistic
from mathlearn.data.progress import expect
from mathlearn.linalg import ladder
from mathlearn.linalg.small import largest

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.certify.evidence import Evidence
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.moments import Moments
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.linalg.start import Start

SMALL = 1e8
"""Up to n p^2 = 1e8 the last rung is always affordable, and every digit is asked for."""

_SMALL_STREAM = 1e7
"""The same of a stream, which is read anew for each rung."""


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
    def p(self) -> int:
        """Number of columns."""
        return len(self.rows.terms)

    @property
    def small(self) -> bool:
        """Whether exact digits are affordable."""
        return self.moments.n * max(self.p, 1) ** 2 <= (SMALL if self.rows.in_memory else _SMALL_STREAM)

    def solve(self) -> tuple[LeastSquares, Evidence]:
        """Climb until the certified error is small enough; return the solution and the evidence for it.

        For small problems the error that rounding can leave in the statistic always exceeds 4 units in the last place, so
        the climb goes straight to the last rung.
        """
        start = self._first_rung()
        found = None if self.small else self._plain(start)
        return found or self._last_rung(start)

    def from_statistic_alone(self) -> tuple[LeastSquares, Evidence] | None:
        """Return what the first rung gives if that is enough: for sparse rows, which climb no further."""
        return self._plain(self._first_rung())

    def _plain(self, start: Start | None) -> tuple[LeastSquares, Evidence] | None:
        """Return the solution of the first rung if its certified error is small enough.

        Arrays in memory are judged by their rows; streams by the statistic, and by their rows when that does not do.
        """
        if start is None:
            return None
        solution = ladder.plain(start, self.moments, centred=self.centred)
        statistic = evidence = from_statistic(solution, centred=self.centred)
        if self.rows.in_memory or not self._enough(solution, evidence):
            expect(1)
            evidence = self._from_rows(solution, statistic)
        if self._enough(solution, evidence):
            return solution, evidence
        return self._refined(solution, statistic)

    def _refined(self, solution: LeastSquares, statistic: Evidence) -> tuple[LeastSquares, Evidence] | None:
        """Second rung: where the factor gives good standard errors, a refined solution may be all that is missing."""
        if self.rows.sparse or largest(statistic.factor.se_error) > MOST_SE_ERROR:
            return None
        from mathlearn.linalg.refinement import refined

        expect(2)
        size = ladder.block_rows(self.p)
        solution = refined(self.rows, solution, max_rows=size, threads=self.threads)
        evidence = self._from_rows(solution, statistic, residuals=True)
        return (solution, evidence) if self._enough(solution, evidence) else None

    def _first_rung(self) -> Start | None:
        # Without an intercept nothing is centred away, and with a tolerance the rank is decided on a triangular factor.
        usable = self.centred and self.tol is None
        return ladder.cholesky(self.moments, self.p) if usable else None

    def _last_rung(self, start: Start | None) -> tuple[LeastSquares, Evidence]:
        for first in (start, None):
            expect(2 if first is not None else 3)
            chosen = first if first is not None else self._householder()
            solution = ladder.precise(self.rows, chosen, self.moments, centred=self.centred, threads=self.threads)
            if solution is not None:
                return solution, self._from_rows(solution)
        # Rows too ill-conditioned even for their own reflections to whiten them: the certificate will say so.
        solution = ladder.plain(self._householder(), self.moments, centred=self.centred)
        return solution, self._from_rows(solution)

    def _householder(self) -> Start:
        return ladder.householder(self.rows, self.moments, tol=self.tol, centred=self.centred, threads=self.threads)

    def _from_rows(
        self, solution: LeastSquares, statistic: Evidence | None = None, *, residuals: bool = False
    ) -> Evidence:
        return checked(self.rows, solution, statistic, centred=self.centred, residuals=residuals, threads=self.threads)

    def _enough(self, solution: LeastSquares, evidence: Evidence) -> bool:
        """Whether the certified error is small enough to stop here."""
        sigma = residual_scale(solution, self.count, centred=self.centred)
        return enough(evidence, solution, sigma, centred=self.centred)


def residual_scale(solution: LeastSquares, count: int, *, centred: bool) -> FloatArray:
    """Residual standard error (q,), NaN without degrees of freedom."""
    df = count - solution.rank - centred
    if df <= 0:
        return np.full(solution.rss.shape, np.nan)
    scale: FloatArray = np.sqrt(solution.rss / df)
    return scale


def checked(
    rows: Rows,
    solution: LeastSquares,
    statistic: Evidence | None = None,
    *,
    centred: bool,
    residuals: bool = False,
    threads: int,
) -> Evidence:
    """Evidence of the second grade, in blocks of the usual size."""
    return from_rows(
        rows,
        solution,
        centred=centred,
        statistic=statistic,
        residuals=residuals,
        max_rows=ladder.block_rows(len(rows.terms)),
        threads=threads,
    )
