r"""Zeros: whether as many counts are zero as the family expects.

Observed zeros less the sum of their probabilities; its variance is that at known means, less what the estimates take up, which is its
regression on the scores: the covariance of the indicator of a zero with the score of its row is :math:`p_0` times the score at zero.

References
----------
Newey (1985), "Maximum likelihood specification testing and conditional moment tests", Econometrica 53.
van den Broek (1995), "A score test for zero inflation in a Poisson distribution", Biometrics 51.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics.check import Check, RowCheck, likelihood, not_checked
from mathlearn.statistics.diagnostics.grade import Scale
from mathlearn.statistics.diagnostics.phrases import share
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.tails import t_two_sided
from mathlearn.statistics.working import law_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "Zeros"]

EXCESS = Scale(look=0.02, serious=0.1)  # of all rows
FEWEST = 1.0  # zeros expected or seen


@dataclass(frozen=True, slots=True)
class Sums:
    """What rows sum to.

    Attributes
    ----------
    seen, expected, variance : float
        Zeros, the sum of their probabilities, and the variance of their number at known means.
    cross : (m,)
        Covariance of their number with the scores, in the whitened basis.
    """

    seen: float
    expected: float
    variance: float
    cross: FloatArray


@dataclass(frozen=True, slots=True)
class Zeros(RowCheck[Sums]):
    """Zeros seen against zeros expected."""

    case: Case

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        rows = block.white.seen
        assert rows is not None
        none = np.zeros_like(rows.mu)
        p = np.exp(rows.family.log_density(none, rows.mu, weight=rows.weight))
        score = -rows.weight * rows.family.kernels(none, rows.eta, rows.link, refine=False).gradient
        return Sums(
            seen=float(block.counted((rows.y == 0.0).astype(np.float64)).sum()),
            expected=float(block.counted(p).sum()),
            variance=float(block.counted(-p * np.expm1(np.log(np.maximum(p, np.finfo(np.float64).tiny)))).sum()),
            cross=block.white.basis.T @ block.counted(p * score),
        )

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over both blocks."""
        return Sums(
            first.seen + second.seen,
            first.expected + second.expected,
            first.variance + second.variance,
            first.cross + second.cross,
        )

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Compare."""
        result = self.case.result
        response = result.responses[0]
        left = total.variance - float(total.cross @ total.cross)
        if max(total.seen, total.expected) < FEWEST or not left > 0.0:
            yield not_checked("zero_inflation", "no count is zero, and none is expected to be", response)
        else:
            yield self._finding(total, (total.seen - total.expected) / float(np.sqrt(left)))

    def _finding(self, total: Sums, z: float) -> Finding:
        result = self.case.result
        excess, p = (total.seen - total.expected) / result.n, float(t_two_sided(z, np.inf))
        severity = EXCESS.grade(abs(excess), p)
        more = excess > 0.0
        return Finding(
            name="zero_inflation",
            response=result.responses[0],
            severity=severity,
            effect=Effect(
                excess,
                "share of the rows that are zero beyond what the family expects",
                f"{total.seen:.0f} of {result.n} counts are zero where the {law_of(result)[0].title} family expects "
                f"{number(total.expected, 4)}: {share(abs(excess))} of the rows too {'many' if more else 'few'}."
                f"{EXCESS.chance(abs(excess), severity)}",
                EXCESS.strength(abs(excess)),
            ),
            tests=(Test("zeros, standardised", z, (), p),),
            details=(("zeros", total.seen), ("expected", total.expected)),
            matters="probabilities of counts, and the mean where the zeros have causes of their own",
            remedy="" if severity is Severity.FINE else _remedy(result, more=more),
        )


def _remedy(result: FitResult, *, more: bool) -> str:
    if not more:
        return "ask whether rows without a count were recorded at all"
    apart = "model zeros apart: a LogisticRegression of whether anything was counted, and counts where something was"
    if law_of(result)[0].name == "negative_binomial":
        return apart
    return f"family='negative_binomial' where the spread is too large as well (see dispersion); otherwise {apart}"


def _counts(result: FitResult) -> bool:
    """Whether a fit gives each count a probability."""
    if not likelihood(result):
        return False
    family = law_of(result)[0]
    return family.support == "counts" and family.saturated_of is not None


CHECKS = (Check("zero_inflation", "zeros seen and expected", ("zero_inflation",), prepare=Zeros, applies=_counts),)
