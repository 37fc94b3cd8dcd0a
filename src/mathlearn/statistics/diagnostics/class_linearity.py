r"""Linearity of more than two classes: the square of each column as one more column of every log odds.

With :math:`u_i` the square of a column about a point amid the rows, the score of its K - 1 coefficients at zero is
:math:`S_k = \sum_i w_i u_i ([y_i = k] - \pi_{ik})`, and S' J^{-1} S, with J the information that the model leaves of theirs, is the score statistic.
All sums come from one pass, in the whitened basis, in which the information of the model is the identity.

References
----------
Pregibon (1982), "Score tests in GLIM with applications", in Gilchrist (ed.), "GLIM 82", section 3.
Böhning (1992), "Multinomial logistic regression algorithm", Annals of the Institute of Statistical Mathematics 44(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.diagnostics.check import Check, RowCheck, classes, not_checked
from mathlearn.statistics.diagnostics.link import MATTERS, MEASURE, NO_SQUARES, SHARE
from mathlearn.statistics.diagnostics.partial import gain
from mathlearn.statistics.diagnostics.phrases import share
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.functional import require_curvature
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.statistics.covariance.class_white import ClassWhite
    from mathlearn.statistics.diagnostics.class_case import ClassCase
    from mathlearn.statistics.diagnostics.partial import Gain

__all__ = ["CHECKS", "ClassLinearity", "Squares"]


@dataclass(frozen=True, slots=True)
class Squares:
    """Sums of the p squares u, of every class but the first.

    Attributes
    ----------
    score : (p, K - 1)
    inside : (p, K - 1, r)
        Information shared with the model.
    own : (p, K - 1, K - 1)
        Their own information.
    """

    score: FloatArray
    inside: FloatArray
    own: FloatArray


@dataclass(frozen=True, slots=True)
class ClassLinearity(RowCheck[Squares]):
    """Score tests of the squares."""

    case: ClassCase
    scale: FloatArray

    @classmethod
    def prepare(cls, case: ClassCase) -> ClassLinearity | str:
        """Choose the units in which columns are squared."""
        if not case.stack.columns:
            return "there is no column"
        first = int(case.stack.intercept)
        each = require_curvature(case.result).scale.reshape(len(case.stack.predictors), -1)
        return cls(case, each[0, first:])

    def of(self, block: ClassWhite) -> Squares:
        """Sum over one block."""
        u = np.square((block.x - self.case.stack.mean) / self.scale)
        chance, w = block.seen.probability, block.weight * block.copies
        basis = block.basis.at(block.x)
        bent = chance[:, :, None] * (basis - np.einsum("nk,nkr->nr", chance, basis)[:, None])
        pair = -chance[:, 1:, None] * chance[:, None, 1:]
        k = np.arange(chance.shape[1] - 1)
        pair[:, k, k] = chance[:, 1:] * block.seen.complement[:, 1:]
        wu = w[:, None] * u
        return Squares(
            score=wu.T @ block.seen.residuals(block.codes)[:, 1:],
            inside=np.einsum("np,nkr->pkr", wu, bent[:, 1:], optimize=True),
            own=np.einsum("np,nkl->pkl", wu * u, pair, optimize=True),
        )

    def merge(self, first: Squares, second: Squares) -> Squares:
        """Sum over both blocks."""
        return Squares(first.score + second.score, first.inside + second.inside, first.own + second.own)

    def finish(self, total: Squares) -> Iterator[Finding]:
        """Read the tests off the sums."""
        gains = [_gain(total, j) for j in range(len(total.score))]
        tried = sum(found.rank > 0 for found in gains)
        if not tried or not self.case.pearson > 0.0:
            yield not_checked("linearity", NO_SQUARES, self.case.result.responses[0])
            return
        yield self._finding(gains, tried)

    def _finding(self, gains: list[Gain], tried: int) -> Finding:
        parts = np.array([min(found.explained / self.case.pearson, 1.0) if found.rank else 0.0 for found in gains])
        j = int(parts.argmax())
        part, column = float(parts[j]), self.case.stack.columns[j]
        law = JointLaw(float(gains[j].rank), float("inf"))
        p = min(1.0, tried * float(law.tail(gains[j].explained)))
        severity = SHARE.grade(part, p)
        fine = severity is Severity.FINE
        return Finding(
            name="linearity",
            subject=() if fine else (column,),
            response=self.case.result.responses[0],
            severity=severity,
            effect=Effect(
                part,
                MEASURE,
                f"The square of {quoted(column)}, in the log odds of every class, explains {share(part)} of Pearson's statistic, more than that of "
                f"any other column.{SHARE.chance(part, severity)}",
                SHARE.strength(part),
            ),
            tests=(
                Test(
                    f"square of {quoted(column)}, score{f', of {tried} tried' if tried > 1 else ''}",
                    gains[j].explained,
                    (law.df_num,),
                    p,
                ),
            ),
            details=tuple(zip(self.case.stack.columns, parts.tolist(), strict=True)),
            matters=MATTERS,
            remedy=""
            if fine
            else f"let {quoted(column)} bend, for example poly({column}, 2) in a formula or its square as a column",
        )


def _gain(total: Squares, j: int) -> Gain:
    """Return what the square of column j explains beyond the model."""
    own, inside = total.own[j], total.inside[j]
    return gain(own - inside @ inside.T, total.score[j], own.diagonal())


CHECKS = (
    Check(
        "class_linearity",
        "score tests of the square of each column in every log odds",
        ("linearity",),
        prepare=ClassLinearity.prepare,
        applies=classes,
    ),
)
