"""Heteroscedasticity: Breusch-Pagan (Koenker's and the original), White, and what it does to the standard errors.

Squared standardised residuals g are regressed on the columns (Breusch-Pagan), and on columns, squares and products (White), or on fitted
values and their squares where there would be more than 100 of the former. The effect is the ratio of HC3 to classical standard
errors.

References
----------
Breusch and Pagan (1979), "A simple test for heteroscedasticity and random coefficient variation", Econometrica 47.
Koenker (1981), "A note on studentizing a test for heteroscedasticity", J. Econometrics 17.
White (1980), "A heteroskedasticity-consistent covariance matrix estimator and a direct test for heteroskedasticity",
Econometrica 48; the form on fitted values: Wooldridge, "Introductory Econometrics", section 8.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.covariance.hc import HeteroscedasticityConsistent, Meat
from mathlearn.statistics.diagnostics.check import Check, RowCheck, least_squares, not_checked
from mathlearn.statistics.diagnostics.grade import Scale, milder
from mathlearn.statistics.diagnostics.partial import regress
from mathlearn.statistics.diagnostics.phrases import interval
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.diagnostics.simulated import Kept, tail_share
from mathlearn.statistics.tails import f_tail
from mathlearn.statistics.words import listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import CovarianceEstimate
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "Heteroscedasticity"]

FULL_FORM = 100  # regressors of White's test beyond which it is made on the fitted values
RATIO = Scale(look=float(np.log(1.1)), serious=float(np.log(1.3)))
FEWEST = 5  # rows whose spread is told
APART = 0.5  # fitted values this many spreads from their mean count as high or low
KOENKER, ORIGINAL = "Breusch-Pagan, studentised", "Breusch-Pagan, original"
MATTERS = "standard errors, tests and prediction intervals; not the estimates, which stay unbiased"


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of products of the regressors A, constant first, and of g.

    Attributes
    ----------
    gram : (a, a) or None where it is known to be n times the identity
    cross : (a, q) of A with g
    squares : (q,) of g with itself
    fitted : (q, 3, 3) of (1, f, f**2); fitted_cross : (q, 3) of these with g
    apart : (2, 3, q) rows, and sum of g, where the fitted values are low, in the middle, and high
    hc3 : Meat
    kept, regressors : the rows and A, if few
    """

    gram: FloatArray | None
    cross: FloatArray
    squares: FloatArray
    fitted: FloatArray
    fitted_cross: FloatArray
    apart: FloatArray
    hc3: Meat
    kept: tuple[Kept, ...]
    regressors: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class Heteroscedasticity(RowCheck[Sums]):
    """The tests and the ratio of standard errors of each response."""

    case: Case
    hc3: HeteroscedasticityConsistent
    full: bool

    @classmethod
    def prepare(cls, case: Case) -> Heteroscedasticity | str:
        """Choose the form of White's test."""
        r = case.result.rank
        if r == 0:
            return "no column varies"
        n, m = case.result.n, r + int(case.result.fit_intercept)
        if n < FEWEST * m and not Kept.wanted(case):
            return f"{n} rows for {m} parameters: what residuals are left says too little of the spread of the errors"
        columns = r * (r + 3) // 2
        full = columns <= FULL_FORM and case.result.n > columns + 1
        return cls(case, HeteroscedasticityConsistent("HC3", case.result), full)

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        g = block.residual**2
        A = self._regressors(block)
        counted = block.counted(A)
        known = not self.full and self.case.result.fit_intercept and block.root is None
        powers = np.stack([np.ones_like(block.fitted), block.fitted, block.fitted**2], axis=2)
        weighted, few = block.counted(powers), Kept.wanted(self.case)
        low, high = block.fitted < -APART, block.fitted > APART
        where = np.stack([low, ~(low | high), high]).astype(np.float64)
        ones, squares = block.counted(np.ones_like(g)), block.counted(g)
        return Sums(
            gram=None if known else A.T @ counted,
            cross=counted.T @ g,
            squares=np.einsum("ni,ni->i", g, squares),
            fitted=np.einsum("nia,nib->iab", powers, weighted),
            fitted_cross=np.einsum("nia,ni->ia", weighted, g),
            apart=np.stack([np.einsum("kni,ni->ki", where, ones), np.einsum("kni,ni->ki", where, squares)]),
            hc3=self.hc3.of(block.white),
            kept=(Kept.of(block),) if few else (),
            regressors=(A if block.count is None else np.repeat(A, np.round(block.count).astype(np.int64), axis=0),)
            if few
            else (),
        )

    def _regressors(self, block: Block) -> FloatArray:
        """Constant, columns, and for the full form their squares and products; all of size one."""
        first, r = int(self.case.result.fit_intercept), self.case.result.rank
        more = r * (r + 1) // 2 if self.full else 0
        A = np.empty((block.basis.shape[0], 1 + r + more))
        A[:, 0] = 1.0
        np.multiply(block.white.basis[:, first:], np.sqrt(self.case.result.weight_sum), out=A[:, 1 : r + 1])
        at = 1 + r
        for j in range(r if self.full else 0):
            np.multiply(A[:, 1 + j : 1 + r], A[:, 1 + j, None], out=A[:, at : at + r - j])
            at += r - j
        return A

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over both blocks."""
        return Sums(
            None if first.gram is None or second.gram is None else first.gram + second.gram,
            first.cross + second.cross,
            first.squares + second.squares,
            first.fitted + second.fitted,
            first.fitted_cross + second.fitted_cross,
            first.apart + second.apart,
            self.hc3.merge(first.hc3, second.hc3),
            first.kept + second.kept,
            first.regressors + second.regressors,
        )

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Read tests and ratios off the sums."""
        result = self.case.result
        robust = self.hc3.finish(total.hc3)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.case.standard_errors(robust) / self.case.standard_errors(self.case.classical)
        for i, response in enumerate(result.responses):
            reason = self.case.silent(i) or self._undefined(robust, ratio[i])
            if reason is not None:
                tests = () if self.case.silent(i) else tuple(self._tests(total, i))
                yield not_checked("heteroscedasticity", reason, response, tests=tests)
            else:
                yield self._finding(i, ratio[i], robust, tuple(self._tests(total, i)), total)

    def _undefined(self, robust: CovarianceEstimate, ratio: FloatArray) -> str | None:
        if robust.notes:
            return robust.notes[0]
        slopes = ratio[int(self.case.result.fit_intercept) :]  # of the intercept nobody asks
        return None if np.isfinite(slopes).any() else "no coefficient is determined by the data"

    def _tests(self, total: Sums, i: int) -> Iterator[Test]:
        n, r = float(self.case.result.n), self.case.result.rank
        size = 1 + r
        gram = n * np.eye(size) if total.gram is None else total.gram
        linear = regress(gram[:size, :size], total.cross[:size, i])
        about_mean = float(total.squares[i] - total.cross[0, i] ** 2 / n)
        if about_mean <= 0 or linear.rank == 0:
            return
        mean = float(total.cross[0, i]) / n
        yield _chi_squared(KOENKER, n * linear.explained / about_mean, linear.rank)
        yield _chi_squared(ORIGINAL, linear.explained / (2 * mean**2), linear.rank)
        if self.full:
            white, name = regress(gram, total.cross[:, i]), "White"
        else:
            white, name = regress(total.fitted[i], total.fitted_cross[i]), "White, on fitted values"
        if white.rank:
            yield _chi_squared(name, n * white.explained / about_mean, white.rank)

    def _simulated(self, i: int, kept: Kept, A: FloatArray, tests: tuple[Test, ...]) -> Iterator[Test]:
        """Compare the tests with those of normal errors of one variance."""
        g = np.square(kept.samples(i))
        g -= g.mean(axis=1, keepdims=True)
        about_mean = np.einsum("sn,sn->s", g, g)
        for test in tests:
            if test.method == KOENKER:
                columns = A[:, 1 : 1 + self.case.result.rank]
            else:
                columns = A[:, 1:] if self.full else kept.fitted[:, i, None] ** [1.0, 2.0]
            along = g @ _span(columns, int(test.df[0]))
            values = self.case.result.n * np.einsum("sr,sr->s", along, along) / about_mean
            yield Test(f"{test.method}, simulated", test.statistic, (), tail_share(test.statistic, values))

    def _finding(
        self, i: int, ratio: FloatArray, robust: CovarianceEstimate, tests: tuple[Test, ...], total: Sums
    ) -> Finding:
        result = self.case.result
        size = np.nan_to_num(np.abs(np.log(ratio)), nan=-1.0, posinf=-1.0, neginf=-1.0)
        if result.fit_intercept:
            size[0] = -1.0
        order = np.argsort(-size, kind="stable")
        j = int(order[0])
        told = [int(k) for k in order if size[k] >= RATIO.look] or [j]
        kept = Kept.joined(total.kept)
        judged = tuple(test for test in tests if test.method != ORIGINAL)
        if kept is not None and RATIO.grade(float(size[j])) is not Severity.FINE:
            judged = tuple(self._simulated(i, kept, np.concatenate(total.regressors), judged))
            tests += judged
        chance = min(1.0, len(judged) * min((test.p_value for test in judged), default=1.0))
        severity = RATIO.grade(float(size[j]), chance)
        kind = "" if result.covariance is None else result.covariance.kind
        allowed = kind not in {"", "classical"}
        if allowed and severity is Severity.SERIOUS:
            severity = milder(severity)
        return Finding(
            name="heteroscedasticity",
            subject=tuple(self.case.names[k] for k in told),
            response=result.responses[i],
            severity=severity,
            effect=Effect(
                float(ratio[j]),
                "ratio of HC3 to classical standard error",
                f"The HC3 standard error of {quoted(self.case.names[j])} is {number(float(ratio[j]), 3)} times the "
                f"classical one{_others(self.case.names, told, ratio)}.{_spread(total.apart[:, :, i])}{RATIO.chance(float(size[j]), severity)}",
                RATIO.strength(float(size[j])),
            ),
            tests=tests,
            details=tuple(zip(self.case.names, ratio.tolist(), strict=True)),
            matters=MATTERS,
            remedy="" if severity is Severity.FINE else self._remedy(i, j, robust, kind if allowed else ""),
        )

    def _remedy(self, i: int, j: int, robust: CovarianceEstimate, allowed: str) -> str:
        if allowed:
            return (
                f"this fit's covariance={allowed!r} allows for it in tests and intervals of coefficients; intervals of "
                "predictions still take the variance to be constant"
            )
        before = self.case.interval(self.case.classical, i, j)
        after = self.case.interval(robust, i, j)
        verb = "widens" if after[1] - after[0] >= before[1] - before[0] else "narrows"
        return f"use covariance='HC3': the interval of {quoted(self.case.names[j])} {verb} from {interval(before)} to {interval(after)}"


def _chi_squared(method: str, statistic: float, df: int) -> Test:
    return Test(method, statistic, (float(df),), float(f_tail(statistic / df, df, np.inf)))


def _others(names: tuple[str, ...], told: list[int], ratio: FloatArray) -> str:
    if len(told) < 2:
        return ""
    others = np.sort(ratio[told[1:]])
    low, high = number(float(others[0]), 3), number(float(others[-1]), 3)
    return f"; that of {listed([names[k] for k in told[1:]])} {low if low == high else f'{low} to {high}'} times"


def _span(columns: FloatArray, rank: int) -> FloatArray:
    """Orthonormal basis (n, rank) of columns about their means."""
    about = columns - columns.mean(axis=0)
    length = np.linalg.norm(about, axis=0)
    left: FloatArray = np.linalg.svd(about / np.where(length > 0, length, 1.0), full_matrices=False)[0]
    return left[:, :rank]


def _spread(apart: FloatArray) -> str:
    """Compare residuals at high fitted values with those at low ones, and where both ends are alike, with the middle."""
    rows, squares = apart
    if min(rows[0], rows[2]) < FEWEST or min(squares[0], squares[2]) <= 0:
        return ""
    low, high = np.sqrt(squares[[0, 2]] / rows[[0, 2]])
    told = f" Residuals spread {number(float(high / low), 2)} times as wide at high fitted values as at low ones"
    if rows[1] < FEWEST or squares[1] <= 0:
        return f"{told}."
    ends = np.sqrt((squares[0] + squares[2]) / (rows[0] + rows[2]) / (squares[1] / rows[1]))
    return f"{told}, and {number(float(ends), 2)} times as wide at both ends as between them."


CHECKS = (
    Check(
        "heteroscedasticity",
        "Breusch-Pagan and White; HC3 against classical standard errors",
        ("heteroscedasticity",),
        prepare=Heteroscedasticity.prepare,
        applies=least_squares,
    ),
)
