"""Autocorrelation of the errors, in the order of the rows: Durbin-Watson and Breusch-Godfrey.

Sums of lagged products merge exactly: a summary keeps its first and last rows, from which the products across the border are added. Rows that were
dropped leave no gap.

References
----------
Durbin and Watson: see `durbin_watson`.
Breusch (1978), "Testing for autocorrelation in dynamic linear models", Australian Economic Papers 17; Godfrey (1978), Econometrica
46. Residuals before the first are taken as zero, as in R's lmtest and in statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.results.fit_result import CovarianceEstimate
from mathlearn.statistics.cells import number
from mathlearn.statistics.covariance.hac import default_lags
from mathlearn.statistics.diagnostics.check import Check, RowCheck, not_checked
from mathlearn.statistics.diagnostics.durbin_watson import Differences, Tails, beta_tails, exact_tails, moments
from mathlearn.statistics.diagnostics.grade import Scale, milder, worst
from mathlearn.statistics.diagnostics.partial import gain
from mathlearn.statistics.diagnostics.phrases import interval, quoted
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.tails import f_tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "Autocorrelation", "Lagged"]

MOST_EXACT = 500
MOST_LAGS = 10
CORRELATION = Scale(look=0.1, serious=0.3)
HARMLESS = 1.1  # while no standard error grows by more than this factor, no correlation is serious
MATTERS = (
    "standard errors, tests and intervals if the rows are in the order of time or place; nothing if their order is arbitrary; not the "
    "estimates"
)


@dataclass(frozen=True, slots=True)
class Lagged:
    """Sums over consecutive rows.

    Attributes
    ----------
    products : (L + 1, q)
        Sum of ``z_t z_{t-l}``.
    cross : (q, m, L)
        Sum of ``b_t z_{t-l}``.
    head_basis : (<= L, m); head, tail : (<= L, q)
        First rows, and first and last residuals.
    """

    products: FloatArray
    cross: FloatArray
    head_basis: FloatArray
    head: FloatArray
    tail: FloatArray

    @classmethod
    def of(cls, b: FloatArray, z: FloatArray, lags: int) -> Lagged:
        """Sum over one block."""
        n, q = z.shape
        past = np.zeros((q, n, lags))
        for lag in range(1, min(lags, n - 1) + 1):
            past[:, lag:, lag - 1] = z[:-lag].T
        products = np.concatenate([np.einsum("ni,ni->i", z, z)[None], np.einsum("inl,ni->li", past, z)])
        return cls(products, b.T @ past, b[:lags].copy(), z[:lags].copy(), z[max(n - lags, 0) :].copy())

    def merge(self, other: Lagged) -> Lagged:
        """Sum over two adjacent blocks: their own sums, and the products across the border."""
        lags = self.cross.shape[2]
        products, cross = self.products + other.products, self.cross + other.cross
        before, n, after = self.tail, self.tail.shape[0], other.head.shape[0]
        for lag in range(1, lags + 1):
            # Row s of the second block meets row n + s - lag of the tail, where both exist.
            start, stop = max(lag - n, 0), min(lag, after)
            if start < stop:
                reached = before[n + start - lag : n + stop - lag]
                products[lag] += np.einsum("ni,ni->i", other.head[start:stop], reached)
                cross[:, :, lag - 1] += (other.head_basis[start:stop].T @ reached).T
        tail = np.concatenate([self.tail, other.tail])
        return Lagged(
            products,
            cross,
            np.concatenate([self.head_basis, other.head_basis])[:lags],
            np.concatenate([self.head, other.head])[:lags],
            tail[max(tail.shape[0] - lags, 0) :],
        )

    def gram(self, response: int) -> FloatArray:
        """Products of the lagged residuals (L, L), zeros before the first: lagged sums less what the last rows add to them."""
        lags, z = self.cross.shape[2], self.tail[:, response]
        out = np.empty((lags, lags))
        for i in range(1, lags + 1):
            for j in range(i, lags + 1):
                # Of sum over s of z_s z_{s + j - i}, the terms with s > n - j.
                apart = j - i
                last = z[max(len(z) - j, 0) :]
                more = last[: len(last) - apart] @ last[apart:] if len(last) > apart else 0.0
                out[i - 1, j - 1] = out[j - 1, i - 1] = self.products[apart, response] - more
        return out

    def durbin_watson(self) -> FloatArray:
        """Sum of squared differences of the residuals over the sum of their squares (q,)."""
        ends = self.head[0] ** 2 + self.tail[-1] ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            d: FloatArray = (2 * self.products[0] - ends - 2 * self.products[1]) / self.products[0]
        return d


@dataclass(frozen=True, slots=True)
class Sums:
    """Lagged products; differences of the basis, or the whole basis where it is small."""

    lagged: Lagged
    differences: Differences | None
    kept: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class Autocorrelation(RowCheck[Sums]):
    """The tests of each response."""

    case: Case
    lags: int

    @classmethod
    def prepare(cls, case: Case) -> Autocorrelation | str:
        """Choose the number of lags: that of the HAC covariance, at most 10."""
        result = case.result
        if result.weights_type == "frequency":
            return "frequency weights say how often a row occurs, not when"
        if result.df_resid < 3:
            return f"{result.df_resid} residual degrees of freedom are too few"
        return cls(case, max(1, min(default_lags(result.n), MOST_LAGS, result.df_resid // 5)))

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        lagged = Lagged.of(block.basis, block.residual, self.lags)
        if self.case.result.n <= MOST_EXACT:
            return Sums(lagged, None, (block.basis,))
        return Sums(lagged, Differences.of(block.basis), ())

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over two adjacent blocks."""
        both = first.differences is not None and second.differences is not None
        differences = first.differences.merge(second.differences) if both else None  # type: ignore[union-attr, arg-type]
        return Sums(first.lagged.merge(second.lagged), differences, first.kept + second.kept)

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Read the tests off the sums."""
        statistic = total.lagged.durbin_watson()
        basis = np.concatenate(total.kept) if total.kept else None
        for i, response in enumerate(self.case.result.responses):
            reason = self.case.silent(i)
            if reason is not None:
                yield not_checked("autocorrelation", reason, response)
                continue
            d = float(statistic[i])
            if basis is not None:
                tails, how = exact_tails(d, basis), "exact"
            else:
                assert total.differences is not None
                tails, how = beta_tails(d, *moments(self.case.result.n, total.differences)), "beta approximation"
            tests = (Test(f"Durbin-Watson, two-sided, {how}", d, (), tails.two_sided), *self._godfrey(total.lagged, i))
            yield self._finding(i, total.lagged.products[:, i], tests, tails)

    def _godfrey(self, lagged: Lagged, i: int) -> Iterator[Test]:
        gram, cross = lagged.gram(i), lagged.cross[i]
        added = gain(gram - cross.T @ cross, lagged.products[1:, i], gram.diagonal())
        if added.rank:
            statistic = self.case.result.n * added.explained / float(lagged.products[0, i])
            p = float(f_tail(statistic / added.rank, added.rank, np.inf))
            yield Test(f"Breusch-Godfrey, {self.lags} lag{'s' * (self.lags > 1)}", statistic, (float(added.rank),), p)

    def _finding(self, i: int, products: FloatArray, tests: tuple[Test, ...], tails: Tails) -> Finding:
        result = self.case.result
        correlation = products[1:] / products[0]
        first, most = float(correlation[0]), int(np.abs(correlation).argmax())
        largest = float(correlation[most])
        severity = worst(
            CORRELATION.grade(abs(first), tails.two_sided),
            CORRELATION.grade(abs(largest), tests[-1].p_value),
        )
        kind = "" if result.covariance is None else result.covariance.kind
        change, remedy = self._remedy(i, kind) if severity is not Severity.FINE else (1.0, "")
        if severity is Severity.SERIOUS and change < HARMLESS:
            severity = milder(severity)
        also = f"; the largest of {self.lags} lags is {number(largest, 2)}, at lag {most + 1}" if most else ""
        return Finding(
            name="autocorrelation",
            response=result.responses[i],
            severity=severity,
            effect=Effect(
                first,
                "correlation of neighbouring residuals",
                f"In the order of the rows, neighbouring residuals correlate by {number(first, 2)}{also}."
                f"{CORRELATION.chance(abs(first), severity)}",
                CORRELATION.strength(max(abs(first), abs(largest) if severity is not Severity.FINE else 0.0)),
            ),
            tests=tests,
            details=tuple((f"lag {lag + 1}", float(value)) for lag, value in enumerate(correlation)),
            matters=MATTERS,
            remedy=remedy,
        )

    def _remedy(self, i: int, kind: str) -> tuple[float, str]:
        """Return the largest ratio of HAC to classical standard error, and what to do."""
        if kind == "HAC":
            return 1.0, "this fit's covariance='HAC' allows for it in tests and intervals of coefficients"
        result = self.case.result
        robust = self.case.robust("HAC")
        classical = CovarianceEstimate.classical(float(result.df_resid), result.weights_type)
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.log(self.case.standard_errors(robust) / self.case.standard_errors(classical))[i]
        if result.fit_intercept and len(change) > 1:
            change = change[1:]
        known = np.isfinite(change)
        if not known.any():
            return 1.0, "if the order of the rows means something, use covariance='HAC'"
        wider = np.where(known, change, -np.inf)
        j = int(wider.argmax()) if wider.max() > 0 else int(np.where(known, change, np.inf).argmin())
        term = j + len(self.case.names) - len(change)
        before, after = self.case.interval(classical, i, term), self.case.interval(robust, i, term)
        return float(np.exp(wider.max())), (
            f"if the order of the rows means something, use covariance='HAC': the interval of {quoted(self.case.names[term])} "
            f"{'widens' if change[j] >= 0 else 'narrows'} from {interval(before)} to {interval(after)}; or model what the order "
            "stands for, as a trend or a season"
        )


CHECKS = (
    Check(
        "autocorrelation",
        "Durbin-Watson and Breusch-Godfrey, in the order of the rows",
        ("autocorrelation",),
        prepare=Autocorrelation.prepare,
    ),
)
