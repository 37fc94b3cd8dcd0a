"""Single rows: how far one moves the coefficients, how far one lies from the fit, how much one is fitted by itself.

One pass, and of each block only a few rows are kept. |DFBETAS| <= |DFFITS| for every coefficient, so that the largest DFBETAS of a
block are found among the rows of largest DFFITS, without forming them for all rows.

References
----------
Belsley, Kuh and Welsch (1980), "Regression Diagnostics", chapter 2.
Huber (1981), "Robust Statistics", section 7.2: leverages above 0.5.
Cook and Weisberg (1982), "Residuals and Influence in Regression", section 2.2: the outlier test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics import measures
from mathlearn.statistics.diagnostics.check import Check, RowCheck, not_checked
from mathlearn.statistics.diagnostics.grade import CHANCE, Scale
from mathlearn.statistics.diagnostics.phrases import quoted
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.functional import parameters
from mathlearn.statistics.tails import t_two_sided

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "Influence", "Row"]

KEPT = 5
ROUNDING = 1e-9  # allowed between DFBETAS and the DFFITS that bound them
SAMPLE = 64  # rows of a block whose DFBETAS give a bound for the others
CHANGE = Scale(look=1.0, serious=2.0)  # of a coefficient, in its standard errors
LEVERAGE = Scale(look=0.5, serious=0.9)
ABOVE_MEAN = 2.5  # below so many times the mean, a large leverage says that the rows are few, not that one stands apart
DISTANCE = Scale(look=4.0, serious=8.0)  # from the fit, in standard errors


@dataclass(frozen=True, slots=True)
class Row:
    """What one row does to the fit of one response.

    Attributes
    ----------
    row : int
        Its number in the source.
    hat, student_resid, cooks_d, dffits : float
    dfbetas : float
        The largest in size; NaN where it was not needed.
    term : int
        The parameter of which it is.
    dropped : float
        The estimate of that parameter without the row.
    """

    row: int
    hat: float
    student_resid: float
    cooks_d: float
    dffits: float
    dfbetas: float
    term: int
    dropped: float


@dataclass(frozen=True, slots=True)
class Tops:
    """The first few rows of one response by DFBETAS, by studentised residual, by leverage."""

    change: tuple[Row, ...]
    distance: tuple[Row, ...]
    leverage: tuple[Row, ...]

    def merge(self, other: Tops) -> Tops:
        """Keep the first few of both; of equal ones those that come first."""
        return Tops(
            _first(self.change + other.change, [abs(row.dfbetas) for row in self.change + other.change]),
            _first(self.distance + other.distance, [abs(row.student_resid) for row in self.distance + other.distance]),
            _first(self.leverage + other.leverage, [row.hat for row in self.leverage + other.leverage]),
        )


def _first(rows: tuple[Row, ...], keys: list[float]) -> tuple[Row, ...]:
    order = sorted(range(len(rows)), key=lambda i: -keys[i])
    return tuple(rows[i] for i in order[:KEPT])


@dataclass(frozen=True, slots=True)
class Influence(RowCheck[tuple[Tops, ...]]):
    """The few rows that matter most for each response."""

    case: Case
    unit: FloatArray

    @classmethod
    def prepare(cls, case: Case) -> Influence | str:
        """Choose the parameters whose change is looked at: slopes that the data determine, else the intercept.

        How far an intercept moves depends on where the columns have their origin.
        """
        if case.result.df_resid < 2:
            return f"{case.result.df_resid} residual degrees of freedom: none would be left without a row"
        length = np.linalg.norm(case.parameters, axis=1)
        known = case.result.estimable & (length > 0)
        if case.result.fit_intercept and known[1:].any():
            known[0] = False
        if not known.any():
            return "no coefficient is determined by the data"
        return cls(case, np.where(known[:, None], case.parameters / np.where(known, length, 1.0)[:, None], 0.0))

    def of(self, block: Block) -> tuple[Tops, ...]:
        """Find the few of one block."""
        gap = measures.gap_of(block.hat)
        df = float(self.case.result.df_resid)
        rss = np.full(block.residual.shape[1], df)
        without = measures.leave_one_out_sigma(block.residual, gap, rss, df)
        student = _zero_for_nan(measures.externally_studentised(block.residual, gap, without))
        by_hat = _largest(block.hat)
        return tuple(self._tops(block, gap, student[:, i], by_hat, i) for i in range(student.shape[1]))

    def _tops(self, block: Block, gap: FloatArray, student: FloatArray, by_hat: IntArray, i: int) -> Tops:
        fits = _zero_for_nan(measures.dffits(student[:, None], block.hat, gap)[:, 0])

        def changes(at: IntArray) -> FloatArray:
            return _zero_for_nan(measures.dfbetas(block.basis[at], self.unit, student[at], gap[at]))

        def made(at: IntArray) -> tuple[Row, ...]:
            each = changes(at)
            return tuple(self._row(block, r, student[r], fits[r], b, i) for r, b in zip(at, each, strict=True))

        size = np.abs(fits)
        sample = _largest(size, SAMPLE)
        bound = np.sort(np.abs(changes(sample)).max(axis=1))[-KEPT:][0]
        # What is not among these changes no coefficient by more than `bound`, and the sample holds enough rows that do.
        able = np.flatnonzero(size >= bound * (1 - ROUNDING))
        change = able[_largest(np.abs(changes(able)).max(axis=1))]
        return Tops(made(change), made(_largest(np.abs(student))), made(by_hat))

    def _row(self, block: Block, r: int, student: float, fits: float, each: FloatArray, i: int) -> Row:
        hat = float(block.hat[r])
        gap = 1 - hat if not measures.saturated(block.hat[r : r + 1])[0] else np.nan
        term = int(np.abs(each).argmax())
        cooks = float(block.residual[r, i]) ** 2 * hat / (gap * gap * self.unit.shape[1])
        # The same change in the unit of the coefficient, without the standard error that may be zero.
        weight = float(block.residual[r, i]) * float(self.case.sigma[i]) / gap
        dropped = float(parameters(self.case.result)[i, term] - self.case.parameters[term] @ block.basis[r] * weight)
        return Row(int(block.white.index[r]), hat, float(student), cooks, float(fits), float(each[term]), term, dropped)

    def merge(self, first: tuple[Tops, ...], second: tuple[Tops, ...]) -> tuple[Tops, ...]:
        """Keep the few of both blocks."""
        return tuple(a.merge(b) for a, b in zip(first, second, strict=True))

    def finish(self, total: tuple[Tops, ...]) -> Iterator[Finding]:
        """Put the rows in words."""
        for i, response in enumerate(self.case.result.responses):
            reason = self.case.silent(i)
            if reason is not None:
                yield from (not_checked(name, reason, response) for name in ("influence", "outliers"))
            else:
                yield self._influence(i, total[i])
                yield self._outliers(i, total[i])
        if total:
            yield self._leverage(total[0])

    def _influence(self, i: int, tops: Tops) -> Finding:
        top = tops.change[0]
        name, size = self.case.names[top.term], abs(top.dfbetas)
        severity = CHANGE.grade(size)
        estimate = float(parameters(self.case.result)[i, top.term])
        others = [row.row for row in tops.change[1:] if abs(row.dfbetas) >= CHANGE.look]
        also = f" Next: row{'s' * (len(others) > 1)} {', '.join(map(str, others))}." if others else ""
        return Finding(
            name="influence",
            subject=(name,),
            response=self.case.result.responses[i],
            severity=severity,
            effect=Effect(
                size,
                "largest change of a coefficient when one row leaves, in standard errors (DFBETAS)",
                f"Without row {top.row} the coefficient of {quoted(name)} moves by {number(size, 2)} standard errors, more than "
                f"without any other row (Cook's distance {number(top.cooks_d, 2)}).{also}",
                CHANGE.strength(size),
            ),
            details=tuple((f"row {row.row}", row.dfbetas) for row in tops.change),
            matters="conclusions that rest on one row; a row is not wrong because it matters",
            remedy=""
            if severity is Severity.FINE
            else f"look at row {top.row}; the fit without it has {quoted(name)} = {number(top.dropped, 4)} instead of {number(estimate, 4)}",
        )

    def _outliers(self, i: int, tops: Tops) -> Finding:
        top, result = tops.distance[0], self.case.result
        t, df = abs(top.student_resid), result.df_resid - 1.0
        p = min(1.0, result.n * float(t_two_sided(t, df)))
        severity = DISTANCE.grade(t, p)
        far = [row for row in tops.distance if min(1.0, result.n * float(t_two_sided(row.student_resid, df))) < CHANCE]
        more = (
            f"; {len(far)}{' or more' * (len(far) == KEPT)} rows are farther out than chance would put one"
            if far[1:]
            else ""
        )
        move = f"moves no coefficient by more than {number(abs(top.dfbetas), 2)} standard errors"
        return Finding(
            name="outliers",
            response=result.responses[i],
            severity=severity,
            effect=Effect(
                t,
                "largest distance of a row from the fit made without it, in standard errors",
                f"Row {top.row} lies {number(t, 3)} standard errors {'above' if top.student_resid > 0 else 'below'} the fit made "
                f"without it, and {move}{more}.",
                DISTANCE.strength(t),
            ),
            tests=(Test("largest studentised residual, Bonferroni", top.student_resid, (df,), p),),
            details=tuple((f"row {row.row}", row.student_resid) for row in tops.distance),
            matters="a row far out may be an error of recording, or news; with many of them the errors are not normal",
            remedy=""
            if severity is Severity.FINE
            else f"look at row{'s' * (len(far) > 1)} {', '.join(str(row.row) for row in far) or top.row}: correct what is wrong, keep "
            "what is true",
        )

    def _leverage(self, tops: Tops) -> Finding:
        result, top = self.case.result, tops.leverage[0]
        high = [row for row in tops.leverage if row.hat >= LEVERAGE.look]
        alone = measures.saturated(np.array([row.hat for row in tops.leverage]))
        mean = (result.rank + result.fit_intercept) / result.n
        apart = top.hat >= min(ABOVE_MEAN * mean, LEVERAGE.serious)
        severity = LEVERAGE.grade(top.hat) if apart else Severity.FINE
        own = " The fit passes through it whatever its y: nothing checks it." if alone[0] else ""
        return Finding(
            name="leverage",
            severity=severity,
            effect=Effect(
                top.hat,
                "largest leverage",
                f"Row {top.row} has leverage {number(top.hat, 3)}, the largest; the mean is {number(mean, 2)}.{own}",
                LEVERAGE.strength(top.hat),
            ),
            details=tuple((f"row {row.row}", row.hat) for row in tops.leverage),
            matters="a fit that rests on one row in some direction; no residual can show an error there",
            remedy=""
            if severity is Severity.FINE
            else f"check X and y of row{'s' * (len(high) > 1)} {', '.join(str(row.row) for row in high)} by other means, or drop what "
            "only they determine",
        )


def _zero_for_nan(values: FloatArray) -> FloatArray:
    """Let rows of leverage one, which have no measure, be no extreme."""
    shown: FloatArray = np.where(np.isnan(values), 0.0, values)
    return shown


def _largest(values: FloatArray, count: int = KEPT) -> IntArray:
    """Positions of the largest, largest first, of equal ones the first."""
    if len(values) <= count:
        at = np.arange(len(values))
    else:
        least = np.partition(values, len(values) - count)[len(values) - count]
        above = np.flatnonzero(values > least)
        at = np.sort(np.concatenate([above, np.flatnonzero(values == least)[: count - len(above)]]))
    order: IntArray = at[np.argsort(-values[at], kind="stable")]
    return order


CHECKS = (
    Check(
        "influence",
        "leverage, studentised residuals, Cook's distance, DFFITS and DFBETAS of single rows",
        ("influence", "outliers", "leverage"),
        prepare=Influence.prepare,
    ),
)
