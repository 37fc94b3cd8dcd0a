"""Calibration: whether as many succeed as was predicted, in ten groups of rows by their predicted probability.

One pass: rows are sorted into narrow bins of the linear predictor, whose sums merge, and the bins into ten groups of equal weight. The
area under the ROC curve takes rows of one bin as tied. Slope and intercept of a calibration line say nothing here: in the rows of the fit the
score equations make them one and zero.

References
----------
Hosmer and Lemeshow (1980), "Goodness of fit tests for the multiple logistic regression model", Communications in Statistics A9.
Hosmer, Lemeshow and Sturdivant (2013), "Applied Logistic Regression", 3rd edition, section 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics.check import Check, RowCheck, likelihood, not_checked
from mathlearn.statistics.diagnostics.grade import Scale
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.working import law_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "FARTHEST", "FEWEST", "GROUPS", "MISS", "Calibration", "Groups", "grouped", "joined"]

BINS = 1 << 17  # so many that a border between groups seldom runs through one
FARTHEST = 1e300
GROUPS = 10
FEWEST = 3  # groups, of which two are taken up by the estimates
MISS = Scale(look=0.02, serious=0.05)  # of a probability


@dataclass(frozen=True, slots=True)
class Sums:
    """What rows sum to.

    Attributes
    ----------
    bins : (BINS, 3)
        Trials, successes and predicted successes.
    brier : float
        Squared differences of outcomes and probabilities, a trial at a time.
    """

    bins: FloatArray
    brier: float


class Groups(NamedTuple):
    """Trials, successes and predicted successes (g,) of each group."""

    trials: FloatArray
    successes: FloatArray
    predicted: FloatArray

    @property
    def statistic(self) -> float:
        """Hosmer and Lemeshow's: squared differences over their variances in each group."""
        variance = self.predicted * (self.trials - self.predicted) / self.trials
        return float(((self.successes - self.predicted) ** 2 / variance).sum())

    @property
    def misses(self) -> FloatArray:
        """Observed less predicted share (g,)."""
        return np.asarray((self.successes - self.predicted) / self.trials)


@dataclass(frozen=True, slots=True)
class Calibration(RowCheck[Sums]):
    """Successes seen against successes predicted."""

    case: Case

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        rows = block.white.seen
        assert rows is not None
        trials = block.counted(rows.weight)
        place = self._place(rows.eta)
        columns = (trials, trials * rows.y, trials * rows.mu)
        bins: FloatArray = np.stack([np.bincount(place, weights=each, minlength=BINS) for each in columns], axis=1)
        failure = rows.link.odds.complement(rows.eta) if rows.link.odds is not None else 1.0 - rows.mu
        brier = trials @ (rows.y * failure**2 + (1.0 - rows.y) * rows.mu**2)
        return Sums(bins, float(brier))

    def _place(self, eta: FloatArray) -> IntArray:
        """Bin of each predictor: narrow where most are, and none is left out however far away it is."""
        u = (eta - self.case.result.centre[0]) / self.case.spread[0]
        u = np.clip(u, -FARTHEST, FARTHEST)
        part = 0.5 + 0.5 * u / (1.0 + np.abs(u))
        place: IntArray = np.minimum((part * BINS).astype(np.int64), BINS - 1)
        return place

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over both blocks."""
        return Sums(first.bins + second.bins, first.brier + second.brier)

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Sort the bins into groups, and compare."""
        response, groups = self.case.result.responses[0], grouped(total.bins)
        if len(groups.trials) < FEWEST:
            reason = f"the predicted probabilities take too few values for {FEWEST} groups"
            yield not_checked("calibration", reason, response)
        else:
            yield self._finding(total, groups)

    def _finding(self, total: Sums, groups: Groups) -> Finding:
        result, weight = self.case.result, float(groups.trials.sum())
        miss = float(groups.trials @ np.abs(groups.misses)) / weight
        law = JointLaw(len(groups.trials) - 2.0, float("inf"))
        test = Test("Hosmer-Lemeshow", groups.statistic, (law.df_num,), float(law.tail(groups.statistic)))
        severity = MISS.grade(miss, test.p_value)
        most = int(np.abs(groups.misses).argmax())
        predicted = float(groups.predicted[most] / groups.trials[most])
        seen = float(groups.successes[most] / groups.trials[most])
        area, brier = roc_area(total.bins), total.brier / weight
        worst = f"most where {number(predicted, 3)} was predicted and {number(seen, 3)} came true"
        return Finding(
            name="calibration",
            response=result.responses[0],
            severity=severity,
            effect=Effect(
                miss,
                "mean distance of observed from predicted shares, in groups by prediction",
                f"In {len(groups.trials)} groups of rows by their prediction the share that came true is {number(miss, 2)} away from the predicted "
                f"one on average, {worst}.{MISS.chance(miss, severity)} Area under the ROC curve {number(area, 3)}, Brier score "
                f"{number(brier, 3)}.",
                MISS.strength(miss),
            ),
            tests=(test,),
            details=(("area under the ROC curve", area), ("Brier score", brier)),
            matters="predicted probabilities; the order in which rows are ranked is another question, which the area answers",
            remedy=""
            if severity is Severity.FINE
            else "let columns bend or interact, or try another link: the probabilities are not those of this predictor",
        )


def grouped(bins: FloatArray) -> Groups:
    """Join bins (b, 3) to groups of equal weight, as far as they can be parted."""
    sums = joined(bins, GROUPS).T
    kept = (sums[2] > 0.0) & (sums[2] < sums[0])
    return Groups(*sums[:, kept])


def joined(bins: FloatArray, most: int) -> FloatArray:
    """Join bins (b, c), the first column of which is a weight, to at most so many groups (g, c) of about equal weight."""
    filled = bins[bins[:, 0] > 0.0]
    if not len(filled):
        return filled
    before = np.cumsum(filled[:, 0]) - 0.5 * filled[:, 0]
    group = np.minimum((most * before / filled[:, 0].sum()).astype(np.int64), most - 1)
    sums = np.stack([np.bincount(group, weights=each, minlength=most) for each in filled.T], axis=1)
    return np.asarray(sums[sums[:, 0] > 0.0])


def roc_area(bins: FloatArray) -> float:
    """Probability that a success is in a higher bin than a failure, one half where they share it; NaN without both."""
    successes, failures = bins[:, 1], bins[:, 0] - bins[:, 1]
    pairs = float(successes.sum() * failures.sum())
    below = np.cumsum(failures) - 0.5 * failures
    return float(successes @ below) / pairs if pairs > 0.0 else float("nan")


def _binary(result: FitResult) -> bool:
    """Whether a fit gives probabilities of two outcomes."""
    if not likelihood(result):
        return False
    family = law_of(result)[0]
    return family.support == "binary" and family.saturated_of is not None


CHECKS = (
    Check(
        "calibration",
        "observed and predicted shares in ten groups; area under the ROC curve, Brier score",
        ("calibration",),
        prepare=Calibration,
        applies=_binary,
    ),
)
