"""Link and linearity of a fit by likelihood: the square of its linear predictor, and of each column, as one more column.

The sums are those of `Linearity`, in the metric of the working weights: what an added column explains of the Pearson residuals is the score
statistic of its coefficient. The predictor is taken without its offset.

References
----------
Pregibon (1980), "Goodness of link tests for generalized linear models", Applied Statistics 29.
Pregibon (1982), "Score tests in GLIM with applications", in Gilchrist (ed.), "GLIM 82", section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics.check import Check, RowCheck, likelihood, not_checked
from mathlearn.statistics.diagnostics.grade import Scale
from mathlearn.statistics.diagnostics.linearity import Linearity, Sums
from mathlearn.statistics.diagnostics.partial import gain
from mathlearn.statistics.diagnostics.phrases import share
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.functional import dispersion_known
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.words import quoted
from mathlearn.statistics.working import law_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.statistics.diagnostics.case import Block, Case
    from mathlearn.statistics.diagnostics.partial import Gain

__all__ = ["CHECKS", "MATTERS", "MEASURE", "NO_SQUARES", "SHARE", "LinkTest"]

SHARE = Scale(look=0.01, serious=0.05)  # of Pearson's statistic, as of the residual variance of least squares
MEASURE = "share of Pearson's statistic that a curve explains"
NO_SQUARES = "no column is dense, or none takes enough values for its square to add anything"
MATTERS = (
    "where the predictor bends, means at its ends are biased and coefficients are slopes of the best line, not of the truth; no other "
    "covariance mends that"
)


@dataclass(frozen=True, slots=True)
class LinkTest(RowCheck[Sums]):
    """Score tests of the squares."""

    case: Case
    squares: Linearity

    @classmethod
    def prepare(cls, case: Case) -> LinkTest | str:
        """Take over the sums of `Linearity`."""
        made = Linearity.prepare(case)
        return made if isinstance(made, str) else cls(case, made)

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        return self.squares.of(block)

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over both blocks."""
        return self.squares.merge(first, second)

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Read the tests off the sums."""
        response = self.case.result.responses[0]
        reason = self.case.silent(0)
        if reason is not None:
            yield from (not_checked(name, reason, response) for name in ("link", "linearity"))
            return
        cross = total.basis[:, -2:-1]
        square = gain(np.diag(total.square[-2:-1]) - cross.T @ cross, total.error[-2:-1, 0], total.square[-2:-1])
        if square.rank:
            yield self._link(total, square)
        else:
            yield not_checked(
                "link", "the predictor takes too few distinct values for its square to add anything", response
            )
        explained = self.squares.explained_by_squares(total, 0)
        if explained.any():
            yield self._linearity(explained)
        else:
            yield not_checked("linearity", NO_SQUARES, response)

    def _test(self, method: str, part: float, tried: int = 1) -> Test:
        """Test what one column explains, as a share of the sum of squares; Bonferroni for the best of several tried."""
        known, left = dispersion_known(self.case.result), self.case.result.df_resid - 1.0
        total = self.case.squares
        unit = 1.0 if known else (1.0 - part) * total / left
        statistic = part * total / unit if unit > 0.0 else inf
        law = JointLaw(1.0, inf if known else left)
        return Test(method, statistic, (1.0,) if known else (1.0, left), min(1.0, tried * float(law.tail(statistic))))

    def _link(self, total: Sums, square: Gain) -> Finding:
        result, part = self.case.result, min(square.explained / self.case.squares, 1.0)
        test = self._test("Pregibon's link test, score", part)
        severity = SHARE.grade(part, test.p_value)
        name = law_of(result)[1].name
        return Finding(
            name="link",
            response=result.responses[0],
            severity=severity,
            effect=Effect(
                part,
                MEASURE,
                f"The square of the predictor explains {share(part)} of Pearson's statistic: with it {self._ends(total, square)}."
                f"{SHARE.chance(part, severity)}",
                SHARE.strength(part),
            ),
            tests=(test,),
            matters=MATTERS,
            remedy=""
            if severity is Severity.FINE
            else f"try another link than {name!r}, let a column bend, or look for one that is missing",
        )

    def _ends(self, total: Sums, square: Gain) -> str:
        """Say what the curve would do to the means at both ends of the predictor."""
        link = law_of(self.case.result)[1]
        ends = total.ends.fitted[:, 0]
        bend = (ends**2 - total.ends.basis[:, 0] @ total.basis[:, -2]) * square.coefficients[0] * self.case.sigma[0]
        eta = float(self.case.result.centre[0]) + ends * float(self.case.spread[0])
        before, after = (link.mu(np.clip(x, link.eta_span.lower, link.eta_span.upper)) for x in (eta, eta + bend))
        low, high = (
            f"{number(float(after[i]), 3)} instead of {number(float(before[i]), 3)} at its {end}"
            for i, end in enumerate(("lowest", "highest"))
        )
        return f"the mean would be {low} and {high}"

    def _linearity(self, explained: FloatArray) -> Finding:
        result, column, tried = self.case.result, int(explained.argmax()), int((explained > 0).sum())
        part, name = min(float(explained[column]), 1.0), quoted(result.terms[column])
        test = self._test(f"square of {name}" + (f", of {tried} tried" if tried > 1 else ""), part, tried)
        severity = SHARE.grade(part, test.p_value)
        fine = severity is Severity.FINE
        return Finding(
            name="linearity",
            subject=() if fine else (result.terms[column],),
            response=result.responses[0],
            severity=severity,
            effect=Effect(
                part,
                MEASURE,
                f"The square of {name} explains {share(part)} of Pearson's statistic, more than that of any other column."
                f"{SHARE.chance(part, severity)}",
                SHARE.strength(part),
            ),
            tests=(test,),
            details=tuple(zip(result.terms, explained.tolist(), strict=False)),
            matters=MATTERS,
            remedy=""
            if fine
            else f"let {name} bend, for example poly({result.terms[column]}, 2) in a formula or its square as a column",
        )


CHECKS = (
    Check(
        "link",
        "score tests of the squares of the linear predictor and of each column",
        ("link", "linearity"),
        prepare=LinkTest.prepare,
        applies=likelihood,
    ),
)
