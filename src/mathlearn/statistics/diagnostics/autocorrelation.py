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

from mathlearn.statistics.cells import number
from mathlearn.statistics.covariance.hac import default_lags
from mathlearn.statistics.diagnostics.check import Check, RowCheck, least_squares, not_checked
from mathlearn.statistics.diagnostics.durbin_watson import Differences, Tails, beta_tails, exact_tails, moments
from mathlearn.statistics.diagnostics.grade import Scale, milder, worst
from mathlearn.statistics.diagnostics.measures import saturated
from mathlearn.statistics.diagnostics.partial import gain
from mathlearn.statistics.diagnostics.phrases import interval
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.diagnostics.simulated import Kept, tail_share
from mathlearn.statistics.functional import parameter_directions
from mathlearn.statistics.tails import f_tail
from mathlearn.statistics.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "Autocorrelation", "Lagged"]

MOST_EXACT = 500
MOST_LAGS = 10
CORRELATION = Scale(look=0.1, serious=0.3)
LEVERAGE = 0.05  # rows above are few, and take more of a coefficient than can be left out of account
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
    """Lagged products; differences of the basis, or the rows where they are few; what large leverages do.

    Attributes
    ----------
    short : (m, m)
        Sum of ``h b b'`` over rows of leverage h above `LEVERAGE`.
    alone : float
        Rows of leverage one, whose residuals are zero whatever the errors.
    """

    lagged: Lagged
    differences: Differences | None
    kept: tuple[Kept, ...]
    short: FloatArray
    alone: int


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
        exact = self.case.result.n <= MOST_EXACT
        high = block.hat > LEVERAGE
        return Sums(
            lagged,
            None if exact else Differences.of(block.basis),
            (Kept.of(block),) if exact or Kept.wanted(self.case) else (),
            block.basis[high].T @ (block.basis[high] * block.hat[high, None]),
            int(saturated(block.hat).sum()),
        )

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over two adjacent blocks."""
        both = first.differences is not None and second.differences is not None
        differences = first.differences.merge(second.differences) if both else None  # type: ignore[union-attr, arg-type]
        return Sums(
            first.lagged.merge(second.lagged),
            differences,
            first.kept + second.kept,
            first.short + second.short,
            first.alone + second.alone,
        )

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Read the tests off the sums."""
        statistic = total.lagged.durbin_watson()
        kept = Kept.joined(total.kept)
        for i, response in enumerate(self.case.result.responses):
            reason = self.case.silent(i)
            if reason is not None:
                yield not_checked("autocorrelation", reason, response)
                continue
            d = float(statistic[i])
            if total.differences is None:
                assert kept is not None
                tails, how = exact_tails(d, kept.basis), "exact"
            else:
                tails, how = beta_tails(d, *moments(self.case.result.n, total.differences)), "beta approximation"
            tests = (Test(f"Durbin-Watson, two-sided, {how}", d, (), tails.two_sided), *self._godfrey(total.lagged, i))
            yield self._finding(i, total, kept, tests, tails)

    def _godfrey(self, lagged: Lagged, i: int) -> Iterator[Test]:
        gram, cross = lagged.gram(i), lagged.cross[i]
        added = gain(gram - cross.T @ cross, lagged.products[1:, i], gram.diagonal())
        if added.rank:
            statistic = self.case.result.n * added.explained / float(lagged.products[0, i])
            p = float(f_tail(statistic / added.rank, added.rank, np.inf))
            yield Test(f"Breusch-Godfrey, {self.lags} lag{'s' * (self.lags > 1)}", statistic, (float(added.rank),), p)

    def _finding(self, i: int, total: Sums, kept: Kept | None, tests: tuple[Test, ...], tails: Tails) -> Finding:
        result, products = self.case.result, total.lagged.products[:, i]
        correlation = products[1:] / products[0]
        first, most = float(correlation[0]), int(np.abs(correlation).argmax())
        largest = float(correlation[most])
        if kept is not None and self.lags > 1 and CORRELATION.grade(abs(largest)) is not Severity.FINE:
            tests += (_simulated(kept.samples(i), correlation),)
        # With one lag both tests ask the same.
        tried = 1 + (self.lags > 1)
        severity = CORRELATION.grade(abs(first), min(1.0, tried * tails.two_sided))
        if tried > 1:
            severity = worst(severity, CORRELATION.grade(abs(largest), min(1.0, tried * tests[-1].p_value)))
        kind = "" if result.covariance is None else result.covariance.kind
        change, remedy = self._remedy(i, kind, first, total.short) if severity is not Severity.FINE else (1.0, "")
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
                f"{_zeros(total.alone)}{CORRELATION.chance(abs(first), severity)}",
                CORRELATION.strength(max(abs(first), abs(largest) if severity is not Severity.FINE else 0.0)),
            ),
            tests=tests,
            details=tuple((f"lag {lag + 1}", float(value)) for lag, value in enumerate(correlation)),
            matters=MATTERS,
            remedy=remedy,
        )

    def _remedy(self, i: int, kind: str, first: float, short: FloatArray) -> tuple[float, str]:
        """Return the largest ratio of HAC to classical standard error, and what to do."""
        cause = (
            "a trend or a season"
            if first > 0
            else "kinds of rows that take turns, whose column is missing, or a season"
        )
        model = f"model what the order stands for: {cause}"
        if kind == "HAC":
            return 1.0, "this fit's covariance='HAC' allows for it in tests and intervals of coefficients"
        robust = self.case.robust("HAC")
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.log(self.case.standard_errors(robust) / self.case.standard_errors(self.case.classical))[i]
        change[~np.isfinite(change) | self._too_short(short)] = -np.inf
        if self.case.result.fit_intercept and len(change) > 1:
            change[0] = -np.inf
        if not np.isfinite(change).any():
            return 1.0, f"if the order of the rows means something, {model}"
        term = int(change.argmax())
        before, after = self.case.interval(self.case.classical, i, term), self.case.interval(robust, i, term)
        name, bounds, ratio = (
            quoted(self.case.names[term]),
            f"from {interval(before)} to {interval(after)}",
            float(np.exp(change[term])),
        )
        return ratio, f"if the order of the rows means something, {_hac(name, bounds, ratio)}; or {model}"

    def _too_short(self, short: FloatArray) -> BoolArray:
        """Whether HAC errors (k,) come out too short even for independent errors: coefficients that few rows determine.

        The expected squared residual of a row is ``(1 - h) sigma**2``. With a_i the weight of row i in a coefficient, of length
        one over the rows, its HC0 variance is ``sum of a_i**2 (1 - h_i)`` of what it should be.
        """
        unit = parameter_directions(self.case.result)
        missing: BoolArray = np.einsum("ki,ij,kj->k", unit, short, unit) > 1 - HARMLESS**-2
        return missing


def _hac(name: str, bounds: str, ratio: float) -> str:
    """Say what the HAC covariance would do to the interval that it widens most."""
    if ratio >= HARMLESS:
        return f"use covariance='HAC': the interval of {name} widens {bounds}"
    if ratio >= 1 / HARMLESS:
        change = f"{100 * abs(ratio - 1):.0f} % {'wider' if ratio >= 1 else 'narrower'}"
        return f"use covariance='HAC', which hardly matters here: the interval of {name} gets {change}"
    return (
        f"intervals are on the safe side as they are: with covariance='HAC' that of {name} would narrow {bounds}, which gains "
        "something only if the correlation is real"
    )


def _zeros(alone: int) -> str:
    if not alone:
        return ""
    which = "1 has leverage one and a residual" if alone == 1 else f"{alone} have leverage one and residuals"
    return f" Of the rows, {which} of zero whatever the errors; the tests allow for that."


def _simulated(samples: FloatArray, correlation: FloatArray) -> Test:
    """Compare the lag that stands out most with that of independent normal errors, whose residuals correlate a little too."""
    lags, n = len(correlation), samples.shape[1]
    size = np.einsum("sn,sn->s", samples, samples)
    each = np.stack(
        [np.einsum("sn,sn->s", samples[:, lag:], samples[:, : n - lag]) for lag in range(1, lags + 1)], axis=1
    )
    each /= size[:, None]
    mean, spread = each.mean(axis=0), each.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    seen, drawn = np.abs(correlation - mean) / spread, np.abs(each - mean) / spread
    most = int(seen.argmax())
    return Test(
        f"lag {most + 1} of {lags}, simulated",
        float(correlation[most]),
        (),
        tail_share(float(seen[most]), drawn.max(axis=1)),
    )


CHECKS = (
    Check(
        "autocorrelation",
        "Durbin-Watson and Breusch-Godfrey, in the order of the rows",
        ("autocorrelation",),
        prepare=Autocorrelation.prepare,
        applies=least_squares,
    ),
)
