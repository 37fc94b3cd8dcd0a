"""Single rows: how far one moves the coefficients, how far one lies from the fit, how much one is fitted by itself.

One pass, and of each block only a few rows are kept. |DFBETAS| <= |DFFITS| for every coefficient, so that the largest DFBETAS of a
block are found among the rows of largest DFFITS, without forming them for all rows.

References
----------
Belsley, Kuh and Welsch (1980), "Regression Diagnostics", chapter 2.
Huber (1981), "Robust Statistics", section 7.2: leverages above 0.5.
Cook and Weisberg (1982), "Residuals and Influence in Regression", section 2.2: the outlier test.
Pregibon (1981), "Logistic regression diagnostics", Annals of Statistics 9: what a row moves in a fit by likelihood, after one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics import measures
from mathlearn.statistics.diagnostics.check import Check, RowCheck, not_checked, one_predictor
from mathlearn.statistics.diagnostics.far_out import FarOut
from mathlearn.statistics.diagnostics.grade import Scale
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.functional import dispersion_known, parameters
from mathlearn.statistics.tails import f_tail, t_two_sided
from mathlearn.statistics.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["ABOVE_MEAN", "CHANGE", "CHECKS", "DISTANCE", "KEPT", "LEVERAGE", "Influence", "Row", "largest"]

KEPT = 5
ROUNDING = 1e-9  # allowed between DFBETAS and the DFFITS that bound them
SAMPLE = 64  # rows of a block whose DFBETAS give a bound for the others
CHANGE = Scale(look=1.0, serious=2.0)  # of a coefficient, in its standard errors
LEVERAGE = Scale(look=0.5, serious=0.9)
REACH = 0.125  # change of a coefficient, in standard errors, per unit of the studentised residual: below, only a wild row moves it
REACHING = REACH**2 / (1 + REACH**2)  # the leverage from which on a row may have as much
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
class Reach:
    """How far each row could move a coefficient: what chance would give depends on it.

    Attributes
    ----------
    each : (r,)
        The largest DFBETAS per unit of the studentised residual, of rows of some leverage. They are 65 a parameter at most, as
        the leverages sum to the number of parameters.
    copies : (r,) how often the row occurs
    rest : float
        Number of other rows, which reach less than `REACH`.
    high, alone : float
        Number of rows of high leverage, and of leverage one.
    """

    each: FloatArray
    copies: FloatArray
    rest: float
    high: float
    alone: float

    @classmethod
    def of(cls, block: Block, unit: FloatArray, gap: FloatArray) -> Reach:
        """Look through one block."""
        copies = block.counted(np.ones(len(block.hat)))
        able, alone = block.hat >= REACHING, measures.saturated(block.hat)
        each = np.abs(block.basis[able] @ unit.T).max(axis=1, initial=0.0) / np.sqrt(gap[able, 0])
        high = block.hat >= LEVERAGE.look
        return cls(_zero_for_nan(each), copies[able], *(float(copies[rows].sum()) for rows in (~able, high, alone)))

    def merge(self, other: Reach) -> Reach:
        """Join both."""
        return Reach(
            np.concatenate([self.each, other.each]),
            np.concatenate([self.copies, other.copies]),
            self.rest + other.rest,
            self.high + other.high,
            self.alone + other.alone,
        )

    def chance(self, change: float, df: float) -> float:
        """Bound the probability that normal errors let one row move a coefficient as much: the sum over the rows."""
        if change == 0:
            return 1.0
        with np.errstate(divide="ignore"):
            likely = float(self.copies @ t_two_sided(change / self.each, df))
        return min(1.0, likely + self.rest * float(t_two_sided(change / REACH, df)))


@dataclass(frozen=True, slots=True)
class Tops:
    """The first few rows of one response by DFBETAS, by studentised residual, by leverage; how many are far out."""

    change: tuple[Row, ...]
    distance: tuple[Row, ...]
    leverage: tuple[Row, ...]
    far: float
    reach: Reach

    def merge(self, other: Tops) -> Tops:
        """Keep the first few of both; of equal ones those that come first."""
        return Tops(
            _first(self.change + other.change, [abs(row.dfbetas) for row in self.change + other.change]),
            _first(self.distance + other.distance, [abs(row.student_resid) for row in self.distance + other.distance]),
            _first(self.leverage + other.leverage, [row.hat for row in self.leverage + other.leverage]),
            self.far + other.far,
            self.reach.merge(other.reach),
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
        """Choose the parameters whose change is looked at."""
        if case.result.df_resid < 2 and not dispersion_known(case.result):
            return f"{case.result.df_resid} residual degrees of freedom: none would be left without a row"
        unit = measures.movable(case.result)
        return cls(case, unit) if unit.any() else measures.NOTHING_MOVES

    @property
    def _df(self) -> float:
        """Degrees of freedom of a studentised residual."""
        return inf if dispersion_known(self.case.result) else self.case.result.df_resid - 1.0

    @property
    def _copies(self) -> bool:
        """Whether a row stands for several, of which one leaves."""
        return self.case.result.weights_type == "frequency"

    @property
    def _stepped(self) -> bool:
        """Whether the fit without a row is known to one step only."""
        return self.case.result.likelihood is not None

    @property
    def _it(self) -> str:
        return "one of its copies" if self._copies else "it"

    def of(self, block: Block) -> tuple[Tops, ...]:
        """Find the few of one block."""
        found = measures.RowMeasures.of(self.case.result, block.white)
        reach = Reach.of(block, self.unit, found.gap)
        return tuple(self._tops(block, found, reach, i) for i in range(found.student.shape[1]))

    def _tops(self, block: Block, found: measures.RowMeasures, reach: Reach, i: int) -> Tops:
        gap, student, moving = found.gap, _zero_for_nan(found.student[:, i]), _zero_for_nan(found.moving[:, i])
        fits = _zero_for_nan(measures.dffits(moving[:, None], block.hat, gap)[:, 0])

        def changes(at: IntArray) -> FloatArray:
            return _zero_for_nan(measures.dfbetas(block.basis[at], self.unit, moving[at], gap[at]))

        def made(at: IntArray) -> tuple[Row, ...]:
            each = changes(at)
            return tuple(self._row(block, r, student[r], fits[r], b, i) for r, b in zip(at, each, strict=True))

        size = np.abs(fits)
        sample = largest(size, SAMPLE)
        bound = np.sort(np.abs(changes(sample)).max(axis=1))[-KEPT:][0]
        # What is not among these changes no coefficient by more than `bound`, and the sample holds enough rows that do.
        able = np.flatnonzero(size >= bound * (1 - ROUNDING))
        change = able[largest(np.abs(changes(able)).max(axis=1))]
        far = float(block.counted((np.abs(student) > FarOut.of(self.case.result).bound).astype(np.float64)).sum())
        return Tops(made(change), made(largest(np.abs(student))), made(largest(block.hat)), far, reach)

    def _row(self, block: Block, r: int, student: float, fits: float, each: FloatArray, i: int) -> Row:
        hat = float(block.hat[r])
        gap = 1 - hat if not measures.saturated(block.hat[r : r + 1])[0] else np.nan
        term = int(np.abs(each).argmax())
        standard = block.residual[r : r + 1, i : i + 1] / np.sqrt(gap)
        cooks = float(
            measures.cooks_distance(standard, block.hat[r : r + 1], np.array([[gap]]), self.unit.shape[1])[0, 0]
        )
        # The same change in the unit of the coefficient, without the standard error that may be zero.
        weight = float(block.residual[r, i]) * float(self.case.sigma[i]) / gap
        pull = float(self.case.parameters[term] @ block.basis[r])
        # A residual beyond all numbers belongs to a row without leverage, whose pull is nothing to rounding.
        dropped = float(parameters(self.case.result)[i, term]) - (pull * weight if pull else 0.0)
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
        severity = CHANGE.grade(size, tops.reach.chance(size, self._df))
        estimate = float(parameters(self.case.result)[i, top.term])
        others = [
            row.row for row in tops.change[1:] if abs(row.dfbetas) >= CHANGE.look and severity is not Severity.FINE
        ]
        also = f" Next: row{'s' * (len(others) > 1)} {', '.join(map(str, others))}." if others else ""
        return Finding(
            name="influence",
            subject=(name,),
            response=self.case.result.responses[i],
            severity=severity,
            effect=Effect(
                size,
                "largest change of a coefficient when one row leaves, in standard errors (DFBETAS)",
                f"Without {'one copy of ' * self._copies}row {top.row} the coefficient of {quoted(name)} moves by {number(size, 2)} standard errors, "
                f"more than without any other row (Cook's distance {number(top.cooks_d, 2)}).{also}{CHANGE.chance(size, severity)}",
                CHANGE.strength(size),
            ),
            details=tuple((f"row {row.row}", row.dfbetas) for row in tops.change),
            matters="conclusions that rest on one row; a row is not wrong because it matters",
            remedy=""
            if severity is Severity.FINE
            else f"look at row {top.row}; the fit without {self._it} has {'about ' * self._stepped}{quoted(name)} = {number(top.dropped, 4)} instead of {number(estimate, 4)}",
        )

    def _outliers(self, i: int, tops: Tops) -> Finding:
        top, result = tops.distance[0], self.case.result
        t, law = abs(top.student_resid), FarOut.of(result)
        p = law.chance(t)
        severity = DISTANCE.grade(t, p)
        far = [row.row for row in tops.distance if abs(row.student_resid) > law.bound]
        more = f"; {tops.far:.0f} rows are farther out than chance would put one" if tops.far > 1 else ""
        excluded = result.fit_intercept and not self.unit[0].any()
        move = f"moves no {'slope' if excluded else 'coefficient'} by more than {number(abs(top.dfbetas), 2)} standard errors"
        return Finding(
            name="outliers",
            response=result.responses[i],
            severity=severity,
            effect=Effect(
                t,
                law.measure,
                f"Row {top.row} lies {number(t, 3)} {law.unit} {'above' if top.student_resid > 0 else 'below'} the fit made "
                f"without {self._it}, and {move}{more}.",
                DISTANCE.strength(t),
            ),
            tests=(Test(law.method, top.student_resid, () if law.df is None else (law.df,), p),),
            details=tuple((f"row {row.row}", row.student_resid) for row in tops.distance),
            matters="a row far out may be an error of recording, or news; with many of them the errors are not normal",
            remedy="" if severity is Severity.FINE else _far_out(far or [top.row], tops.far),
        )

    def _leverage(self, tops: Tops) -> Finding:
        result, top = self.case.result, tops.leverage[0]
        high = [row.row for row in tops.leverage if row.hat >= LEVERAGE.look]
        mean = (result.rank + result.fit_intercept) / result.n
        apart = top.hat >= min(ABOVE_MEAN * mean, LEVERAGE.serious)
        severity = LEVERAGE.grade(top.hat, _chance_of_leverage(top.hat, result)) if apart else Severity.FINE
        own = ""
        if tops.reach.alone:
            own = " The fit passes through it whatever its y: nothing checks it."
            others = tops.reach.alone - 1
            own += f" So it is with {others:.0f} other{'s' * (others > 1)}." if others else ""
        return Finding(
            name="leverage",
            severity=severity,
            effect=Effect(
                top.hat,
                "largest leverage",
                f"Row {top.row} has leverage {number(top.hat, 3)}, the largest; the mean is {number(mean, 2)}.{own}"
                f"{LEVERAGE.chance(top.hat, severity)}",
                LEVERAGE.strength(top.hat),
            ),
            details=tuple((f"row {row.row}", row.hat) for row in tops.leverage),
            matters="a fit that rests on one row in some direction; no residual can show an error there",
            remedy=""
            if severity is Severity.FINE
            else f"check X and y of {_rows(high, tops.reach.high)} by other means, or drop what only they determine",
        )


def _rows(named: list[int], count: float) -> str:
    """Name the first few rows, and count the others."""
    others = round(count) - len(named)
    told = f"{', '.join(map(str, named))}" + (f" and {others} more" if others > 0 else "")
    return f"row{'s' * (len(named) > 1 or others > 0)} {told}"


def _far_out(named: list[int], count: float) -> str:
    """Say what to do about rows far from the fit: a few may be mistakes, many are the tails of the errors."""
    if count <= KEPT:
        return f"look at {_rows(named, count)}: correct what is wrong, keep what is true"
    return (
        f"look at {_rows(named, count)}: so many are less likely mistakes than errors with heavy tails, or a column that is missing; "
        "prediction intervals of high confidence are too short for them"
    )


def _chance_of_leverage(h: float, result: FitResult) -> float:
    """Bound the probability that some row has a leverage as large, if the columns are normal.

    References
    ----------
    Belsley, Kuh and Welsch (1980), "Regression Diagnostics", equation 2.16.
    """
    centred = result.fit_intercept and result.weights_type != "precision"
    r, taken = (result.rank, 1 / result.n) if centred else (result.rank + result.fit_intercept, 0.0)
    df = result.n - r - centred
    if r == 0:
        return 1.0
    with np.errstate(divide="ignore"):
        f = np.float64(max(h - taken, 0.0) / r) / (max(1 - h, 0.0) / df)
    return min(1.0, result.n * float(f_tail(f, r, df)))


def _zero_for_nan(values: FloatArray) -> FloatArray:
    """Let rows of leverage one, which have no measure, be no extreme."""
    shown: FloatArray = np.where(np.isnan(values), 0.0, values)
    return shown


def largest(values: FloatArray, count: int = KEPT) -> IntArray:
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
        applies=one_predictor,
    ),
)
