"""Normality of the errors: moments of the residuals, Jarque-Bera, Shapiro-Wilk for small n, and what intervals hold.

References
----------
Jarque and Bera (1987), "A test for normality of observations and regression residuals", International Statistical Review 55.
Shapiro and Wilk (1965), "An analysis of variance test for normality (complete samples)", Biometrika 52; by Royston's (1995)
algorithm AS R94, as in SciPy and R.
Pébay (2008), "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments",
Sandia report SAND2008-6212: merging moments about their means.
West, Finch and Curran (1995), in "Structural Equation Modeling" (ed. Hoyle), chapter 4: sizes of skewness and kurtosis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number, percent
from mathlearn.statistics.diagnostics.check import Check, RowCheck, not_checked
from mathlearn.statistics.diagnostics.grade import Scale, worst
from mathlearn.statistics.diagnostics.measures import gap_of
from mathlearn.statistics.diagnostics.phrases import quoted
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.tails import f_tail, t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "CentralMoments", "Normality"]

MOST_KEPT = 5000  # residuals for Shapiro-Wilk, whose p-value is not known beyond
FEWEST = 8
SKEWNESS = Scale(look=0.5, serious=2.0)
KURTOSIS = Scale(look=1.0, serious=7.0)
MISSED = Scale(
    look=0.01, serious=0.025
)  # share of the rows beyond one end of the interval, more or less than it should be
LARGE = 200  # observations beyond which the coefficients are near normal whatever the errors, if not far out


@dataclass(frozen=True, slots=True)
class CentralMoments:
    """Number, mean and sums of powers 2 to 4 about the mean, each (q,)."""

    n: float
    mean: FloatArray
    second: FloatArray
    third: FloatArray
    fourth: FloatArray

    @classmethod
    def of(cls, z: FloatArray, count: FloatArray | None) -> CentralMoments:
        """Take the moments of one block (n, q), row i occurring ``count[i]`` times."""
        n = float(z.shape[0] if count is None else count.sum())
        mean = (z.sum(axis=0) if count is None else count @ z) / n
        d = z - mean
        squares = d * d
        weighted = squares if count is None else squares * count[:, None]
        second, third, fourth = (np.einsum("ni,ni->i", weighted, factor) for factor in (np.ones_like(d), d, squares))
        return cls(n, mean, second, third, fourth)

    def merge(self, other: CentralMoments) -> CentralMoments:
        """Take the moments of both blocks (Pébay 2008, equations 3.1)."""
        n = self.n + other.n
        a, b = self.n / n, other.n / n
        d = other.mean - self.mean
        first, last = self, other
        return CentralMoments(
            n,
            self.mean + d * b,
            first.second + last.second + d**2 * (n * a * b),
            first.third + last.third + d**3 * (n * a * b * (a - b)) + 3 * d * (a * last.second - b * first.second),
            first.fourth
            + last.fourth
            + d**4 * (n * a * b * (a * a - a * b + b * b))
            + 6 * d**2 * (a * a * last.second + b * b * first.second)
            + 4 * d * (a * last.third - b * first.third),
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """Moments; observations below and above the interval (2, q); smallest y (q,); residuals, if few."""

    moments: CentralMoments
    missed: FloatArray
    least: FloatArray
    kept: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class Normality(RowCheck[Sums]):
    """Moments and tests of each response."""

    case: Case
    bound: float

    @classmethod
    def prepare(cls, case: Case) -> Normality | str:
        """Choose the interval that is held against the rows."""
        if case.result.n < FEWEST:
            return f"{case.result.n} observations are too few to tell (at least {FEWEST} are needed)"
        return cls(case, float(t_quantile(case.level, np.inf)))

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        gap = gap_of(block.hat)
        with np.errstate(invalid="ignore"):
            standard = block.residual / np.sqrt(gap)  # a row of leverage one is in neither tail
            outside = np.stack([standard < -self.bound, standard > self.bound]).astype(np.float64)
        ones = block.counted(np.ones_like(block.residual))
        few = self.case.result.n <= MOST_KEPT
        copies = 1 if block.count is None else np.round(block.count).astype(np.int64)
        return Sums(
            moments=CentralMoments.of(block.residual, block.count),
            missed=np.einsum("kni,ni->ki", outside, ones),
            least=block.y.min(axis=0),
            kept=(np.repeat(block.residual, copies, axis=0),) if few else (),
        )

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over both blocks."""
        return Sums(
            first.moments.merge(second.moments),
            first.missed + second.missed,
            np.minimum(first.least, second.least),
            first.kept + second.kept,
        )

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Read moments, tests and tails off the sums."""
        kept = np.concatenate(total.kept) if total.kept else None
        for i, response in enumerate(self.case.result.responses):
            reason = self.case.silent(i)
            if reason is None and total.moments.second[i] <= 0:
                reason = "all residuals are equal"
            if reason is not None:
                yield not_checked("normality", reason, response)
            else:
                yield self._finding(total, i, None if kept is None else kept[:, i])

    def _finding(self, total: Sums, i: int, kept: FloatArray | None) -> Finding:
        m, n = total.moments, total.moments.n
        variance = float(m.second[i]) / n
        skewness = float(m.third[i]) / n / variance**1.5
        kurtosis = float(m.fourth[i]) / n / variance**2 - 3
        below, above = (total.missed[:, i] / n).tolist()
        tests = tuple(_tests(skewness, kurtosis, n, kept))
        chance = min(1.0, len(tests) * min(test.p_value for test in tests))
        tail = (1 - self.case.level) / 2
        missed = max(abs(below - tail), abs(above - tail))
        scales = ((SKEWNESS, abs(skewness)), (KURTOSIS, abs(kurtosis)), (MISSED, missed))
        severity = worst(*(scale.grade(value, chance) for scale, value in scales))
        level = percent(self.case.level)
        return Finding(
            name="normality",
            response=self.case.result.responses[i],
            severity=severity,
            effect=Effect(
                skewness,
                "skewness of the residuals",
                f"Skewness {number(skewness, 3)}, excess kurtosis {number(kurtosis, 3)}. Of the rows, {_rows(below)} lie below a "
                f"{level} band and {_rows(above)} above it; each should be {percent(tail)}."
                f"{max(scale.chance(value, severity) for scale, value in scales)}",
                max(scale.strength(value) for scale, value in scales),
            ),
            tests=tests,
            matters=self._matters(),
            remedy="" if severity is Severity.FINE else self._remedy(i, skewness, float(total.least[i])),
        )

    def _matters(self) -> str:
        many = self.case.result.n >= LARGE
        size = "are near normal by the number of rows" if many else "rest on it in a sample this small"
        return f"prediction intervals, whatever the number of rows; not the estimates; tests and intervals of coefficients {size}"

    def _remedy(self, i: int, skewness: float, least: float) -> str:
        name = quoted(self.case.result.responses[i])
        if skewness > SKEWNESS.look and least > 0:
            return f"the long tail is above and {name} is positive: try its logarithm"
        held = "do not rely on prediction intervals of observations"
        return (
            f"{held}; those of the mean stand" if self.case.result.n >= LARGE else f"{held}; bootstrap the coefficients"
        )


def _rows(part: float) -> str:
    return f"{100 * part:.1f} %"


def _tests(skewness: float, kurtosis: float, n: float, kept: FloatArray | None) -> Iterator[Test]:
    statistic = n / 6 * (skewness**2 + kurtosis**2 / 4)
    yield Test("Jarque-Bera", statistic, (2.0,), float(f_tail(statistic / 2, 2.0, np.inf)))
    if kept is not None and np.ptp(kept) > 0:
        from scipy.stats import shapiro

        w, p = shapiro(kept)
        yield Test("Shapiro-Wilk", float(w), (), float(p))


CHECKS = (
    Check("normality", "skewness, kurtosis, Jarque-Bera, Shapiro-Wilk", ("normality",), prepare=Normality.prepare),
)
