r"""Calibration of more than two classes: whether each comes true as often as was predicted.

One pass. For each class rows are sorted by its probability into narrow bins, and these into ten groups of equal weight: the distance of
observed from predicted shares is classwise reliability. The test of all classes together sorts rows by the probability of the first class
and sums over groups and classes

.. math:: C = \sum_{g=1}^{G} \sum_{k=1}^{K} \frac{(O_{gk} - E_{gk})^2}{E_{gk}} ,

which for many rows follows about a chi-squared law of (G - 2)(K - 1) degrees of freedom if the model holds.

References
----------
Fagerland, Hosmer and Bofin (2008), "Multinomial goodness-of-fit tests for logistic regression models", Statistics in Medicine 27(21).
Hosmer and Lemeshow (1980), "Goodness of fit tests for the multiple logistic regression model", Communications in Statistics A9.
Kull et al. (2019), "Beyond temperature scaling: obtaining well-calibrated multi-class probabilities", NeurIPS 32, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics.calibration import FARTHEST, FEWEST, GROUPS, MISS, grouped, joined
from mathlearn.statistics.diagnostics.check import Check, RowCheck, classes, not_checked
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.joint_law import JointLaw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.statistics.covariance.class_white import ClassWhite
    from mathlearn.statistics.diagnostics.calibration import Groups
    from mathlearn.statistics.diagnostics.class_case import ClassCase

__all__ = ["CHECKS", "ClassCalibration", "ClassSums"]

BINS = 1 << 17
FEWEST_BINS = 1 << 10
WIDE = 3.0  # log odds about zero within which bins are narrowest
EXPECTED = 1.0  # rows that a cell of the test should expect
SPARSE = 0.2  # share of its cells that may expect fewer (Cochran's rule)
TOLD = 4


@dataclass(frozen=True, slots=True)
class ClassSums:
    """What rows sum to.

    Attributes
    ----------
    each : (K, bins, 3)
        By the probability of each class: rows, those of the class, and those predicted.
    first : (bins, 1 + 2 K)
        By the probability of the first class: rows, those of every class, and those predicted.
    brier : float
        Squared differences of outcomes and probabilities, over all classes.
    """

    each: FloatArray
    first: FloatArray
    brier: float


class Miss(NamedTuple):
    """How far one class is from its probabilities: the groups, the mean distance, and the test."""

    groups: Groups
    mean: float
    statistic: float
    df: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ClassCalibration(RowCheck[ClassSums]):
    """Classes seen against classes predicted."""

    case: ClassCase

    def of(self, block: ClassWhite) -> ClassSums:
        """Sum over one block."""
        chance, n, K = block.seen.probability, *block.seen.probability.shape
        bins, copies = bins_of(K), block.copies * block.weight
        came = (block.codes[:, None] == np.arange(K)).astype(np.float64)
        places = place_of(block, bins)
        each = np.zeros((K, bins, 3))
        for k in range(K):
            for j, column in enumerate((copies, copies * came[:, k], copies * chance[:, k])):
                each[k, :, j] = np.bincount(places[:, k], weights=column, minlength=bins)
        columns = np.column_stack([np.ones(n), came, chance]) * copies[:, None]
        first: FloatArray = np.stack(
            [np.bincount(places[:, 0], weights=column, minlength=bins) for column in columns.T], axis=1
        )
        return ClassSums(each, first, float(copies @ np.square(block.seen.residuals(block.codes)).sum(axis=1)))

    def merge(self, first: ClassSums, second: ClassSums) -> ClassSums:
        """Sum over both blocks."""
        return ClassSums(first.each + second.each, first.first + second.first, first.brier + second.brier)

    def finish(self, total: ClassSums) -> Iterator[Finding]:
        """Sort the bins into groups, and compare."""
        response = self.case.result.responses[0]
        misses = [_miss(bins) for bins in total.each]
        known = [k for k, miss in enumerate(misses) if len(miss.groups.trials) >= FEWEST]
        if not known:
            reason = f"the predicted probabilities take too few values for {FEWEST} groups"
            yield not_checked("calibration", reason, response)
            return
        yield self._finding(total, misses, known)

    def _finding(self, total: ClassSums, misses: list[Miss], known: list[int]) -> Finding:
        labels, weight = self.case.labels, float(total.first[:, 0].sum())
        worst = max(known, key=lambda k: misses[k].mean)
        miss = misses[worst]
        p = min(1.0, len(known) * miss.p_value)
        severity = MISS.grade(miss.mean, p)
        most = int(np.abs(miss.groups.misses).argmax())
        predicted, seen = (
            float(part[most] / miss.groups.trials[most]) for part in (miss.groups.predicted, miss.groups.successes)
        )
        others = [f"{labels[k]} {number(misses[k].mean, 2)}" for k in known if k != worst]
        also = f" Of the others: {', '.join(others[:TOLD])}{', ...' if len(others) > TOLD else ''}." if others else ""
        brier = total.brier / weight
        return Finding(
            name="calibration",
            subject=(labels[worst],),
            response=self.case.result.responses[0],
            severity=severity,
            effect=Effect(
                miss.mean,
                "mean distance of observed from predicted shares of the class with the largest, in groups by its prediction",
                f"In {len(miss.groups.trials)} groups of rows by their probability of {labels[worst]} the share that came true is "
                f"{number(miss.mean, 2)} away from the predicted one on average, most where {number(predicted, 3)} was predicted and "
                f"{number(seen, 3)} came true.{MISS.chance(miss.mean, severity)}{also} Brier score {number(brier, 3)}.",
                MISS.strength(miss.mean),
            ),
            tests=(
                Test(f"Hosmer-Lemeshow of {labels[worst]}, of {len(known)} classes", miss.statistic, (miss.df,), p),
                *_together(total.first),
            ),
            details=(*((labels[k], misses[k].mean) for k in known), ("Brier score", brier)),
            matters="predicted probabilities; which class is the most probable is another question",
            remedy=""
            if severity is Severity.FINE
            else "let columns bend or interact: the probabilities are not those of these log odds",
        )


def bins_of(classes: int) -> int:
    """Return the number of bins for each of so many classes: together about as many as for one probability."""
    return max(FEWEST_BINS, BINS // classes)


def place_of(block: ClassWhite, bins: int) -> IntArray:
    """Return the bins (n, K) of each probability: narrow where log odds are near zero, and none is left out however far away it is."""
    with np.errstate(divide="ignore"):
        u = (np.log(block.seen.probability) - np.log(block.seen.complement)) / WIDE
    u = np.clip(u, -FARTHEST, FARTHEST)
    part = 0.5 + 0.5 * u / (1.0 + np.abs(u))
    return np.asarray(np.minimum((part * bins).astype(np.int64), bins - 1))


def _miss(bins: FloatArray) -> Miss:
    groups = grouped(bins)
    df = len(groups.trials) - 2.0
    weight = float(groups.trials.sum())
    mean = float(groups.trials @ np.abs(groups.misses)) / weight if weight else 0.0
    if df < 1.0:
        return Miss(groups, mean, float("nan"), df, 1.0)
    return Miss(groups, mean, groups.statistic, df, float(JointLaw(df, float("inf")).tail(groups.statistic)))


def _together(bins: FloatArray) -> Iterator[Test]:
    """Test all classes at once, where the cells expect rows enough for it."""
    sums = joined(bins, GROUPS)
    K = (sums.shape[1] - 1) // 2
    sums = sums[(sums[:, 1 + K :] > 0.0).all(axis=1)]  # where separation rules a class out, nothing is left to test
    came, expected = sums[:, 1 : 1 + K], sums[:, 1 + K :]
    if len(sums) < FEWEST or float((expected < EXPECTED).mean()) > SPARSE:
        return
    statistic = float(((came - expected) ** 2 / expected).sum())
    df = (len(sums) - 2.0) * (K - 1)
    yield Test(
        "Fagerland-Hosmer-Bofin, all classes", statistic, (df,), float(JointLaw(df, float("inf")).tail(statistic))
    )


CHECKS = (
    Check(
        "class_calibration",
        "observed and predicted shares of each class in ten groups; Brier score",
        ("calibration",),
        prepare=ClassCalibration,
        applies=classes,
    ),
)
