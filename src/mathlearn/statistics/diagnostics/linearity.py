"""Linearity: Ramsey's RESET with powers 2 and 3 of the fitted values, and the square of each column by itself.

Added columns A are summed as products with the basis, the residuals and themselves; what they explain follows without a
second fit. Fitted values and columns are standardised before powers are taken, which changes no span when there is an
intercept. A fit without one keeps its zero: powers are then those of values divided by their size only.

References
----------
Ramsey (1969), "Tests for specification errors in classical linear least-squares regression analysis", J. Royal Statistical
Society B 31.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics.check import Check, RowCheck, least_squares, not_checked
from mathlearn.statistics.diagnostics.grade import CHANCE, Scale, worst
from mathlearn.statistics.diagnostics.partial import DEPENDENT, Gain, gain
from mathlearn.statistics.diagnostics.phrases import share
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.functional import require_curvature
from mathlearn.statistics.tails import f_tail
from mathlearn.statistics.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["CHECKS", "Linearity"]

SHARE = Scale(look=0.01, serious=0.05)
BEND = Scale(look=1.0, serious=3.0)  # in sigma, at the ends of the fitted values, which few rows may reach
MATTERS = (
    "where the mean is not linear the coefficients are slopes of the best line, not of the truth, and predictions at the "
    "ends are biased; no other covariance mends that"
)


@dataclass(frozen=True, slots=True)
class Ends:
    """The rows of lowest and highest fitted value: f (2, q), and their basis (2, q, m)."""

    fitted: FloatArray
    basis: FloatArray

    @classmethod
    def of(cls, block: Block) -> Ends:
        """Look through one block."""
        at = np.stack([block.fitted.argmin(axis=0), block.fitted.argmax(axis=0)])
        return cls(np.take_along_axis(block.fitted, at, axis=0), block.white.basis[at])

    def merge(self, other: Ends) -> Ends:
        """Keep the lower low and the higher high."""
        further = np.stack([other.fitted[0] < self.fitted[0], other.fitted[1] > self.fitted[1]])
        return Ends(np.where(further, other.fitted, self.fitted), np.where(further[..., None], other.basis, self.basis))


@dataclass(frozen=True, slots=True)
class Sums:
    """Products of the added columns: the squares of the p columns of X (none when it is sparse), then f**2 and f**3 of each response.

    Attributes
    ----------
    basis : (m, p + 2q) with the basis
    error : (p + 2q, q) with the residuals
    square : (p + 2q,) with themselves
    between : (q,) of f**2 with f**3
    ends : Ends
    """

    basis: FloatArray
    error: FloatArray
    square: FloatArray
    between: FloatArray
    ends: Ends


@dataclass(frozen=True, slots=True)
class Linearity(RowCheck[Sums]):
    """RESET of each response, and the column whose square explains most."""

    case: Case
    mean: FloatArray
    size: FloatArray

    @classmethod
    def prepare(cls, case: Case) -> Linearity | str:
        """Choose the units in which columns are squared."""
        if case.result.rank == 0:
            return "no column varies"
        likelihood = case.result.likelihood
        if likelihood is not None and not np.isfinite(likelihood.pearson):
            return "Pearson's statistic is beyond all numbers: to some row the fit gives hardly any chance"
        return cls(case, require_curvature(case.result).mean, np.where(case.size > 0, case.size, 1.0))

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        added = self._added(block)
        counted = block.counted(added)
        q = block.fitted.shape[1]
        squares, cubes = added[:, -2 * q :: 2], counted[:, 1 - 2 * q :: 2]
        return Sums(
            basis=block.basis.T @ counted,
            error=counted.T @ block.residual,
            square=np.einsum("nj,nj->j", added, counted),
            between=np.einsum("ni,ni->i", squares, cubes),
            ends=Ends.of(block),
        )

    def _added(self, block: Block) -> FloatArray:
        p = block.X.shape[1] if isinstance(block.X, np.ndarray) else 0
        n, q = block.fitted.shape
        added = np.empty((n, p + 2 * q))
        if isinstance(block.X, np.ndarray):
            np.subtract(block.X, self.mean, out=added[:, :p])
            added[:, :p] /= self.size
            added[:, :p] *= added[:, :p]
        np.multiply(block.fitted, block.fitted, out=added[:, p::2])
        np.multiply(added[:, p::2], block.fitted, out=added[:, p + 1 :: 2])
        if block.root is not None:
            added *= block.root
        return added

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over both blocks."""
        return Sums(
            first.basis + second.basis,
            first.error + second.error,
            first.square + second.square,
            first.between + second.between,
            first.ends.merge(second.ends),
        )

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Read the tests off the sums."""
        for i, response in enumerate(self.case.result.responses):
            reason, powers = self.case.silent(i), self._powers(total, i)
            reason = reason or self._too_little(powers)
            if reason is not None:
                yield not_checked("linearity", reason, response)
            else:
                yield self._finding(i, powers, self._bend(total, i, powers), self.explained_by_squares(total, i))

    def _pair(self, i: int) -> slice:
        """Where the powers of one response stand, counted from the end."""
        start = 2 * (i - len(self.case.result.responses))
        return slice(start, start + 2 or None)

    def _powers(self, total: Sums, i: int) -> Gain:
        pair = self._pair(i)
        gram = np.diag(total.square[pair])
        gram[0, 1] = gram[1, 0] = total.between[i]
        cross = total.basis[:, pair]
        return gain(gram - cross.T @ cross, total.error[pair, i], total.square[pair])

    def _too_little(self, powers: Gain) -> str | None:
        if powers.rank == 0:
            return "the fitted values take too few distinct values for their powers to add anything"
        if self.case.result.df_resid <= powers.rank:
            return f"{self.case.result.df_resid} residual degrees of freedom are too few to add {powers.rank} terms"
        return None

    def _bend(self, total: Sums, i: int, powers: Gain) -> FloatArray:
        """Change of the fitted value, in sigma, at the lowest and at the highest (2,)."""
        added = np.stack([total.ends.fitted[:, i] ** power for power in (2, 3)], axis=1)
        bend: FloatArray = (added - total.ends.basis[:, i] @ total.basis[:, self._pair(i)]) @ powers.coefficients
        return bend

    def explained_by_squares(self, total: Sums, i: int) -> FloatArray:
        """Share of the sum of squared residuals (p,) that the square of each column explains by itself."""
        p = len(total.square) - 2 * len(self.case.result.responses)
        before, cross = total.square[:p], total.basis[:, :p]
        left = before - np.einsum("mj,mj->j", cross, cross)
        new = left > DEPENDENT * before
        return np.where(new, total.error[:p, i] ** 2 / np.where(new, left, 1.0), 0.0) / self.case.squares

    def _finding(self, i: int, powers: Gain, bend: FloatArray, squares: FloatArray) -> Finding:
        result, df = self.case.result, self.case.result.df_resid
        part = min(powers.explained / df, 1.0)
        tests = [_f_test("RESET (powers 2 and 3)", part, powers.rank, df)]
        telling = None
        if squares.size and squares.max() > 0 and df > 1:
            column, tried = int(squares.argmax()), int((squares > 0).sum())
            name = f"square of {quoted(result.terms[column])}" + (f", of {tried} tried" if tried > 1 else "")
            tests.append(_f_test(name, float(squares[column]), 1, df, tried))
            telling = column if squares[column] >= SHARE.look and tests[1].p_value < CHANCE else None
        chance = min(1.0, len(tests) * min(test.p_value for test in tests))
        largest = part if telling is None else max(part, float(squares[telling]))
        most = float(np.abs(bend).max())
        severity = worst(SHARE.grade(largest, chance), BEND.grade(most, min(1.0, len(tests) * tests[0].p_value)))
        sentence = (
            f"A curve in the fitted values explains {share(part)} of the residual variance; it runs {_side(bend[0])} the "
            f"fit at its lowest value and {_side(bend[1])} it at its highest."
        )
        if telling is not None:
            sentence += (
                f" The square of {quoted(result.terms[telling])} alone explains {share(float(squares[telling]))}."
            )
        sentence += SHARE.chance(largest, severity)
        measure = "share of the residual variance that a curve explains"
        return Finding(
            name="linearity",
            subject=() if telling is None else (result.terms[telling],),
            response=result.responses[i],
            severity=severity,
            effect=Effect(largest, measure, sentence, max(SHARE.strength(largest), BEND.strength(most))),
            tests=tuple(tests),
            details=tuple(zip(result.terms, squares.tolist(), strict=False)),
            matters=MATTERS,
            remedy="" if severity is Severity.FINE else self._remedy(i, telling, squares),
        )

    def _remedy(self, i: int, column: int | None, squares: FloatArray) -> str:
        if column is None:
            return (
                "no single column's square stands out: plot the residuals against each column, and try a logarithm of "
                f"{quoted(self.case.result.responses[i])} or a product of two columns"
            )
        name, part = self.case.result.terms[column], float(squares[column])
        df, s = self.case.result.df_resid, float(self.case.sigma[i])
        after = s * float(np.sqrt(max(1 - part, 0.0) * df / (df - 1)))
        return (
            f"let {quoted(name)} bend, for example poly({name}, 2) in a formula or its square as a column: the square alone "
            f"explains {share(part)} of the residual variance, and sigma goes from {number(s, 4)} to {number(after, 4)}"
        )


def _f_test(method: str, part: float, rank: int, df: int, tried: int = 1) -> Test:
    """Test a share of the residual variance with df degrees of freedom; Bonferroni for the best of several tried."""
    left = df - rank
    f = (part / rank) / ((1 - part) / left) if part < 1 else float("inf")
    return Test(method, f, (float(rank), float(left)), min(1.0, tried * float(f_tail(f, rank, left))))


def _side(bend: float) -> str:
    return f"{number(abs(float(bend)), 2)} sigma {'below' if bend < 0 else 'above'}"


CHECKS = (
    Check(
        "linearity",
        "RESET, and the square of each column",
        ("linearity",),
        prepare=Linearity.prepare,
        applies=least_squares,
    ),
)
