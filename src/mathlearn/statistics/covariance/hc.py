"""Heteroscedasticity-consistent covariance, HC0 to HC3.

The meat is ``sum of omega_i b_i b_i'`` in the whitened basis, with omega_i the squared score of a row in its linear predictor (of least
squares the squared residual, times its weight), over (1 - h_i) for HC2 and over (1 - h_i)**2 for HC3; HC1 is HC0 times n/(n - k).

Of more than two classes the score of a row is a vector, ``sum_k ([y = k] - pi_k) b_k``, and k counts the parameters
of all classes; there is no HC2 and no HC3.

Of a likelihood the bread is the inverse of the expected information, as in R's sandwich for `glm`. statsmodels takes the observed one, which
is the same for the canonical link.

References
----------
White (1980), "A heteroskedasticity-consistent covariance matrix estimator", Econometrica 48.
MacKinnon and White (1985), "Some heteroskedasticity-consistent covariance matrix estimators", J. Econometrics 29.
Zeileis (2006), "Object-oriented computation of sandwich estimators", J. Statistical Software 16(9): weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.results.fit_result import CovarianceEstimate
from mathlearn.statistics.covariance.kind import Kind, RowStatistic
from mathlearn.statistics.covariance.reference import Reference, rows_left

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.kind import ScoredRows

__all__ = ["KINDS", "LEVERAGE_GAP", "HeteroscedasticityConsistent"]

HCName = Literal["HC0", "HC1", "HC2", "HC3"]

# A leverage is right to about 1e-14; when it is nearer to one than this, 1/(1 - h) has fewer than four digits left.
LEVERAGE_GAP = 1e-10
NAMED_ROWS = 5

_POWER: dict[HCName, int] = {"HC0": 0, "HC1": 0, "HC2": 1, "HC3": 2}
_TEXT: dict[HCName, str] = {
    "HC0": "as they are",
    "HC1": "times n/(n - k)",
    "HC2": "over 1 - leverage",
    "HC3": "over (1 - leverage)²",
}


@dataclass(frozen=True, slots=True)
class Meat:
    """Running sum.

    Attributes
    ----------
    sums : (q, m, m)
    saturated : int
        Number of rows of leverage one.
    named : tuple of int
        The first few of them.
    """

    sums: FloatArray
    saturated: int = 0
    named: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HeteroscedasticityConsistent(RowStatistic[Meat]):
    """HC0, HC1, HC2 or HC3 of a fit."""

    name: HCName
    result: FitResult

    def of(self, white: ScoredRows) -> Meat:
        """Sum over one block."""
        factor, saturated = self._factor(white)
        scores = (white.scored(j, factor) for j in range(white.responses))
        return Meat(np.stack([u.T @ u for u in scores]), len(saturated), tuple(saturated[:NAMED_ROWS].tolist()))

    def _factor(self, white: ScoredRows) -> tuple[FloatArray, IntArray]:
        """Return what a score is multiplied by before it is squared (n,), and the rows of leverage one."""
        factor = np.sqrt(white.copies)
        power = _POWER[self.name]
        if power == 0:
            return factor, white.index[:0]
        gap = 1.0 - white.leverage
        full = gap <= LEVERAGE_GAP
        # A row of leverage one makes the estimate undefined whatever is put here; `finish` says so.
        return factor / np.where(full, 1.0, gap) ** (power / 2), white.index[full]

    def merge(self, first: Meat, second: Meat) -> Meat:
        """Sum over both blocks."""
        named = (*first.named, *second.named)[:NAMED_ROWS]
        return Meat(first.sums + second.sums, first.saturated + second.saturated, named)

    def finish(self, total: Meat) -> CovarianceEstimate:
        """Scale, and withhold the estimate if some row has leverage one."""
        meat, law = total.sums, Reference.of(self.result)
        left = rows_left(self.result)
        if self.name == "HC1" and left > 0:
            meat = meat * (self.result.n / left)
        if total.saturated:
            meat = np.full_like(meat, np.nan)
        return CovarianceEstimate(
            kind=self.name,
            meat=meat,
            df=law.df,
            description=f"{self.name}: {law.variances}; {law.squared} {_TEXT[self.name]}; {law.name}",
            notes=(_saturated(self.name, total),) if total.saturated else (),
        )


def _saturated(name: HCName, total: Meat) -> str:
    rows = ", ".join(map(str, total.named)) + (", ..." if total.saturated > len(total.named) else "")
    which = f"row {rows} has" if total.saturated == 1 else f"rows {rows} have"
    return f"{which} leverage 1 (its own parameter): {name} divides by zero; use HC1, or drop what only that row determines"


def _prepare(name: HCName, result: FitResult) -> HeteroscedasticityConsistent:
    """Prepare the statistic.

    Raises
    ------
    DomainError
        HC2 or HC3 of more than two classes.
    """
    if _POWER[name] and result.stack is not None:
        raise DomainError(
            f"covariance={name!r} divides the score of a row by one minus its leverage, and of {len(result.stack.classes)} classes a row has a "
            "matrix of leverages, for which no such rule is agreed on: use covariance='HC1', or 'HC0'"
        )
    return HeteroscedasticityConsistent(name, result)


_SUMMARY = "errors may differ in variance: squared residuals "
KINDS = tuple(Kind(name, _SUMMARY + _TEXT[name], prepare=partial(_prepare, name)) for name in _POWER)
