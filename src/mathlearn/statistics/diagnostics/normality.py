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
from mathlearn.statistics.diagnostics.check import Check, RowCheck, least_squares, not_checked
from mathlearn.statistics.diagnostics.grade import Scale, milder, worst
from mathlearn.statistics.diagnostics.measures import saturated
from mathlearn.statistics.diagnostics.phrases import left_out
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.diagnostics.simulated import Kept, tail_share
from mathlearn.statistics.spread import Spread
from mathlearn.statistics.tails import f_tail, t_quantile
from mathlearn.statistics.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "CentralMoments", "Normality"]

MOST_KEPT = 5000  # residuals for Shapiro-Wilk, whose p-value is not known beyond
FEWEST = 8
FEWEST_DF = 5
SKEWNESS = Scale(look=0.5, serious=2.0)
KURTOSIS = Scale(look=1.0, serious=7.0)
MISSED = Scale(
    look=0.01, serious=0.025
)  # share of the rows beyond one end of the interval, more or less than it should be
LARGE = 200  # observations beyond which the coefficients are near normal whatever the errors, if not far out


@dataclass(frozen=True, slots=True)
class CentralMoments:
    """Number, mean and sums of powers 2 to 4 about the mean, each (q,)."""

    spread: Spread
    third: FloatArray
    fourth: FloatArray

    @classmethod
    def of(cls, z: FloatArray, count: FloatArray | None) -> CentralMoments:
        """Take the moments of one block (n, q), row i occurring ``count[i]`` times."""
        spread = Spread.of(z, count)
        d = z - spread.mean if spread.weight else z
        squares = d * d
        weighted = squares if count is None else squares * count[:, None]
        third, fourth = (np.einsum("ni,ni->i", weighted, factor) for factor in (d, squares))
        return cls(spread, third, fourth)

    @property
    def n(self) -> float:
        """Number of observations."""
        return self.spread.weight

    @property
    def second(self) -> FloatArray:
        """Sums of squares about the mean."""
        return self.spread.squares

    def shape(self, i: int) -> tuple[float, float]:
        """Return skewness and excess kurtosis of one column."""
        variance = float(self.second[i]) / self.n
        return float(self.third[i]) / self.n / variance**1.5, float(self.fourth[i]) / self.n / variance**2 - 3

    def merge(self, other: CentralMoments) -> CentralMoments:
        """Take the moments of both blocks (Pébay 2008, equations 3.1)."""
        if self.n == 0 or other.n == 0:
            return self if other.n == 0 else other
        n = self.n + other.n
        a, b = self.n / n, other.n / n
        d = self.spread.distance(other.spread)
        first, last = self, other
        return CentralMoments(
            first.spread.merge(last.spread),
            first.third + last.third + d**3 * (n * a * b * (a - b)) + 3 * d * (a * last.second - b * first.second),
            first.fourth
            + last.fourth
            + d**4 * (n * a * b * (a * a - a * b + b * b))
            + 6 * d**2 * (a * a * last.second + b * b * first.second)
            + 4 * d * (a * last.third - b * first.third),
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """Moments; observations below and above the interval (2, q); smallest y (q,); residuals, if few; rows, if very few.

    Rows of leverage one, whose residuals are zero whatever the errors, are in none of the sums but counted in `alone`.
    """

    moments: CentralMoments
    missed: FloatArray
    least: FloatArray
    residuals: tuple[FloatArray, ...]
    kept: tuple[Kept, ...]
    alone: float


@dataclass(frozen=True, slots=True)
class Normality(RowCheck[Sums]):
    """Moments and tests of each response."""

    case: Case
    bound: float

    @classmethod
    def prepare(cls, case: Case) -> Normality | str:
        """Choose the interval that is held against the rows."""
        n, df = case.result.n, case.result.df_resid
        if n < FEWEST:
            return f"{n} observations are too few to tell (at least {FEWEST} are needed)"
        if df < FEWEST_DF:
            return f"{df} residual degrees of freedom are too few to tell (at least {FEWEST_DF} are needed)"
        # A residual over its own standard error has no t-distribution, as both know the row: it is t / sqrt(df - 1 + t**2) sqrt(df).
        t = float(t_quantile(case.level, df - 1))
        return cls(case, t * float(np.sqrt(df / (df - 1 + t * t))))

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        free = ~saturated(block.hat)
        residual, count = block.residual[free], None if block.count is None else block.count[free]
        standard = residual / np.sqrt(1 - block.hat[free])[:, None]
        outside = np.stack([standard < -self.bound, standard > self.bound]).astype(np.float64)
        ones = np.ones_like(residual) if count is None else np.repeat(count[:, None], residual.shape[1], axis=1)
        few = self.case.result.n <= MOST_KEPT
        copies = 1 if count is None else np.round(count).astype(np.int64)
        moments = CentralMoments.of(residual, count)
        return Sums(
            moments=moments,
            missed=np.einsum("kni,ni->ki", outside, ones),
            least=block.y.min(axis=0),
            residuals=(np.repeat(residual, copies, axis=0),) if few else (),
            kept=(Kept.of(block),) if Kept.wanted(self.case) else (),
            alone=block.n - moments.n,
        )

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over both blocks."""
        return Sums(
            first.moments.merge(second.moments),
            first.missed + second.missed,
            np.minimum(first.least, second.least),
            first.residuals + second.residuals,
            first.kept + second.kept,
            first.alone + second.alone,
        )

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Read moments, tests and tails off the sums."""
        residuals = np.concatenate(total.residuals) if total.residuals else None
        kept = Kept.joined(total.kept)
        for i, response in enumerate(self.case.result.responses):
            reason = self.case.silent(i)
            if reason is None and total.moments.second[i] <= 0:
                reason = "all residuals are equal"
            if reason is not None:
                yield not_checked("normality", reason, response)
            else:
                yield self._finding(total, i, None if residuals is None else residuals[:, i], kept)

    def _finding(self, total: Sums, i: int, residuals: FloatArray | None, kept: Kept | None) -> Finding:
        n = total.moments.n
        skewness, kurtosis = total.moments.shape(i)
        below, above = (total.missed[:, i] / n).tolist()
        tests = tuple(_tests(skewness, kurtosis, n, residuals))
        tail = (1 - self.case.level) / 2
        missed = max(abs(below - tail), abs(above - tail))
        sizes = abs(skewness), abs(kurtosis), missed
        scales = SKEWNESS, KURTOSIS, MISSED
        chances = [min(1.0, len(tests) * min(test.p_value for test in tests))] * 3
        if kept is not None and any(
            scale.grade(size) is not Severity.FINE for scale, size in zip(scales, sizes, strict=True)
        ):
            simulated = self._simulated(kept, i, (abs(skewness), kurtosis, missed), tail)
            chances = [min(1.0, 3 * test.p_value) for test in simulated]
            tests += simulated
        grades = [scale.grade(*seen) for scale, *seen in zip(scales, sizes, chances, strict=True)]
        severity = worst(*grades)
        if n >= LARGE and grades[2] is not Severity.SERIOUS:
            severity = milder(severity) if severity is Severity.SERIOUS else severity
        level = percent(self.case.level)
        return Finding(
            name="normality",
            response=self.case.result.responses[i],
            severity=severity,
            effect=Effect(
                skewness,
                "skewness of the residuals",
                f"Skewness {number(skewness, 3)}, excess kurtosis {number(kurtosis, 3)}. Of the rows, {_rows(below)} lie below a "
                f"{level} band and {_rows(above)} above it; each should be {percent(tail)}.{left_out(total.alone)}"
                f"{max(scale.chance(size, severity) for scale, size in zip(scales, sizes, strict=True))}",
                max(scale.strength(size) for scale, size in zip(scales, sizes, strict=True)),
            ),
            tests=tests,
            matters=self._matters(),
            remedy=""
            if severity is Severity.FINE
            else self._remedy(i, skewness, float(total.least[i]), covered=grades[2] is Severity.FINE),
        )

    def _simulated(self, kept: Kept, i: int, seen: tuple[float, float, float], tail: float) -> tuple[Test, ...]:
        """Compare skewness, kurtosis and rows beyond the band with those of normal errors."""
        z = kept.samples(i)[:, kept.free]
        standard = z / np.sqrt(1 - kept.hat[kept.free])
        shares = np.stack([(standard < -self.bound).mean(axis=1), (standard > self.bound).mean(axis=1)])
        z -= z.mean(axis=1, keepdims=True)
        variance = np.square(z).mean(axis=1)
        skewness, kurtosis = (z**3).mean(axis=1) / variance**1.5, (z**4).mean(axis=1) / variance**2 - 3
        return (
            Test("skewness, simulated", seen[0], (), tail_share(seen[0], np.abs(skewness))),
            Test(
                "excess kurtosis, simulated",
                seen[1],
                (),
                min(1.0, 2 * min(tail_share(seen[1], kurtosis), tail_share(-seen[1], -kurtosis))),
            ),
            Test(
                "rows beyond the band, simulated", seen[2], (), tail_share(seen[2], np.abs(shares - tail).max(axis=0))
            ),
        )

    def _matters(self) -> str:
        many = self.case.result.n >= LARGE
        size = "are near normal by the number of rows" if many else "rest on it in a sample this small"
        return f"prediction intervals, whatever the number of rows; not the estimates; tests and intervals of coefficients {size}"

    def _remedy(self, i: int, skewness: float, least: float, *, covered: bool) -> str:
        name, level = quoted(self.case.result.responses[i]), percent(self.case.level)
        if skewness > SKEWNESS.look and least > 0:
            return f"the long tail is above and {name} is positive: try its logarithm"
        held = "do not rely on prediction intervals of observations"
        if covered:
            held = f"prediction intervals of observations hold what they should at {level}; do not rely on them at much higher levels"
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
    Check(
        "normality",
        "skewness, kurtosis, Jarque-Bera, Shapiro-Wilk",
        ("normality",),
        prepare=Normality.prepare,
        applies=least_squares,
    ),
)
