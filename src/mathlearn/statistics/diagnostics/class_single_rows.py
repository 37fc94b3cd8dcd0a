r"""Single rows of a fit of more than two classes: how far one moves the coefficients, how improbable its class was, how much leverage it has.

Under the model the class of a row has a probability of at most t with probability at most :math:`(K - 1)\,t`, since no more than K - 1 classes are as
improbable: times the number of rows, this bounds how likely the most improbable class among all rows is.

References
----------
Lesaffre and Albert (1989), "Multiple-group logistic regression diagnostics", Applied Statistics 38(3).
Pregibon (1981), "Logistic regression diagnostics", Annals of Statistics 9: what a row moves, after one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics.check import Check, RowCheck, classes, not_checked
from mathlearn.statistics.diagnostics.class_measures import ClassMeasures
from mathlearn.statistics.diagnostics.influential_rows import ABOVE_MEAN, CHANGE, DISTANCE, KEPT, LEVERAGE, largest
from mathlearn.statistics.diagnostics.measures import NOTHING_MOVES, movable
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.statistics.covariance.class_white import ClassWhite
    from mathlearn.statistics.diagnostics.class_case import ClassCase

__all__ = ["CHECKS", "ClassRows", "Top", "Tops"]


@dataclass(frozen=True, slots=True)
class Top:
    """The few rows with the largest value, largest first.

    Attributes
    ----------
    row : (t,) int
        Their numbers in the source.
    value : (t,)
    more : (t, c)
        What is told beside it.
    """

    row: IntArray
    value: FloatArray
    more: FloatArray

    @classmethod
    def of(cls, row: IntArray, value: FloatArray, more: FloatArray) -> Top:
        """Choose among rows; NaN is never chosen before a number."""
        at = largest(np.where(np.isnan(value), -1.0, value), KEPT)
        return cls(row[at], value[at], more[at])

    def merge(self, other: Top) -> Top:
        """Choose among both."""
        return Top.of(
            np.concatenate([self.row, other.row]),
            np.concatenate([self.value, other.value]),
            np.concatenate([self.more, other.more]),
        )


@dataclass(frozen=True, slots=True)
class Tops:
    """The rows that stand out.

    Attributes
    ----------
    change : Top
        By the change of a coefficient; beside it the parameter, its estimate without the row, and Cook's distance.
    loss : Top
        By how improbable their class was; beside it its code.
    leverage : Top
    """

    change: Top
    loss: Top
    leverage: Top


@dataclass(frozen=True, slots=True)
class ClassRows(RowCheck[Tops]):
    """The rows of a fit that stand out."""

    case: ClassCase
    unit: FloatArray

    @classmethod
    def prepare(cls, case: ClassCase) -> ClassRows:
        """Choose the parameters whose change is looked at."""
        return cls(case, movable(case.result))

    def of(self, block: ClassWhite) -> Tops:
        """Choose among the rows of one block."""
        case, found = self.case, ClassMeasures.of(self.case.result, block)
        moved = np.nan_to_num(found.change @ self.unit.T)
        term = np.abs(moved).argmax(axis=1) if moved.size else np.zeros(len(moved), np.int64)
        rows = np.arange(len(moved))
        size = np.abs(moved)[rows, term] if moved.size else np.zeros(len(moved))
        without = case.result.coef[0, term] - np.einsum("nr,nr->n", np.nan_to_num(found.change), case.parameters[term])
        return Tops(
            Top.of(block.index, size, np.column_stack([term, without, found.cooks_d])),
            Top.of(block.index, block.seen.loss, block.codes[:, None].astype(np.float64)),
            Top.of(block.index, found.hat, np.zeros((len(moved), 0))),
        )

    def merge(self, first: Tops, second: Tops) -> Tops:
        """Choose among the rows of both blocks."""
        return Tops(
            first.change.merge(second.change), first.loss.merge(second.loss), first.leverage.merge(second.leverage)
        )

    def finish(self, total: Tops) -> Iterator[Finding]:
        """Put the rows in words."""
        if self.unit.any():
            yield self._influence(total.change)
        else:
            yield not_checked("influence", NOTHING_MOVES, self.case.result.responses[0])
        yield self._outliers(total.loss)
        if self.case.result.rank:
            yield self._leverage(total.leverage)

    def _influence(self, top: Top) -> Finding:
        result, size, row = self.case.result, float(top.value[0]), int(top.row[0])
        term, without, cooks = int(top.more[0, 0]), float(top.more[0, 1]), float(top.more[0, 2])
        severity, name = CHANGE.grade(size), result.terms[term]
        fine = severity is Severity.FINE
        others = [] if fine else [str(r) for r, v in zip(top.row[1:], top.value[1:], strict=True) if v >= CHANGE.look]
        also = f" Next: row{'s' * (len(others) > 1)} {', '.join(others)}." if others else ""
        copies = "one copy of " if result.weights_type == "frequency" else ""
        return Finding(
            name="influence",
            subject=(name,),
            response=result.responses[0],
            severity=severity,
            effect=Effect(
                size,
                "largest change of a coefficient when one row leaves, in standard errors (DFBETAS, after one step)",
                f"Without {copies}row {row} the coefficient of {quoted(name)} moves by about {number(size, 2)} standard errors, more than without "
                f"any other row (Cook's distance {number(cooks, 2)}).{also}",
                CHANGE.strength(size),
            ),
            details=tuple((f"row {r}", v) for r, v in zip(top.row.tolist(), top.value.tolist(), strict=True)),
            matters="conclusions that rest on one row; a row is not wrong because it matters",
            remedy=""
            if fine
            else f"look at row {row}; the fit without it has about {quoted(name)} = {number(without, 4)} instead of "
            f"{number(float(result.coef[0, term]), 4)}",
        )

    def _outliers(self, top: Top) -> Finding:
        result, loss, row = self.case.result, float(top.value[0]), int(top.row[0])
        label, chance = self.case.labels[int(top.more[0, 0])], float(np.exp(-loss))
        distance = float(np.sqrt(2.0 * loss))
        p = min(1.0, result.n * (len(self.case.labels) - 1) * chance)
        severity = DISTANCE.grade(distance, p)
        return Finding(
            name="outliers",
            response=result.responses[0],
            severity=severity,
            effect=Effect(
                distance,
                "largest root of minus twice the log-probability of the class observed",
                f"Row {row} is {label}, to which the fit gives the probability {number(chance, 3)}: less than to the class of any other row.",
                DISTANCE.strength(distance),
            ),
            tests=(Test("least probability of a class observed, Bonferroni", chance, (), p),),
            details=tuple(
                (f"row {r}", float(np.exp(-v))) for r, v in zip(top.row.tolist(), top.value.tolist(), strict=True)
            ),
            matters="a row far out may be an error of recording, or news",
            remedy="" if severity is Severity.FINE else f"look at row {row}: correct what is wrong, keep what is true",
        )

    def _leverage(self, top: Top) -> Finding:
        result, others = self.case.result, len(self.case.stack.predictors)
        row, hat = int(top.row[0]), float(top.value[0]) / others
        mean = result.rank / (others * result.n)
        apart = hat >= min(ABOVE_MEAN * mean, LEVERAGE.serious)
        severity = LEVERAGE.grade(hat) if apart else Severity.FINE
        return Finding(
            name="leverage",
            severity=severity,
            effect=Effect(
                hat,
                "largest leverage of a row, for one log odds",
                f"Row {row} has leverage {number(hat * others, 3)} over its {others} log odds, {number(hat, 3)} each, the largest; the mean is "
                f"{number(mean, 2)} each.",
                LEVERAGE.strength(hat),
            ),
            details=tuple((f"row {r}", v / others) for r, v in zip(top.row.tolist(), top.value.tolist(), strict=True)),
            matters="a fit that rests on one row in some direction; no residual can show an error there",
            remedy=""
            if severity is Severity.FINE
            else f"check X and y of row {row} by other means, or drop what only it determines",
        )


CHECKS = (
    Check(
        "class_rows",
        "one-step DFBETAS, leverage, and the least probability of a class observed",
        ("influence", "outliers", "leverage"),
        prepare=ClassRows.prepare,
        applies=classes,
    ),
)
