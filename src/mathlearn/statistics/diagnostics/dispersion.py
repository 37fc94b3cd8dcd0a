r"""Dispersion: whether counts and proportions vary about their means as their family says.

Pearson's statistic over its degrees of freedom estimates the factor on the variance. Its own variance under the family follows from the
cumulants: where V is quadratic in the mean, as it is for the binomial, the Poisson and the negative binomial, the third and fourth of an
observation of weight w are :math:`V V' / w^2` and :math:`V (V V'' + V'^2) / w^3`. What the estimates take up of the statistic is its
regression on the scores.

References
----------
McCullagh (1985), "On the asymptotic distribution of Pearson's statistic in linear exponential-family models", International
Statistical Review 53.
Morris (1982), "Natural exponential families with quadratic variance functions", Annals of Statistics 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics.check import Check, RowCheck, likelihood, not_checked
from mathlearn.statistics.diagnostics.grade import Scale, milder
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity, Test
from mathlearn.statistics.functional import dispersion_known
from mathlearn.statistics.tails import t_two_sided
from mathlearn.statistics.working import law_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.probability.family import Family
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.diagnostics.case import Block, Case
    from mathlearn.statistics.working import Working

__all__ = ["CHECKS", "Dispersion"]

RATIO = Scale(look=float(np.log(1.1)), serious=float(np.log(1.3)))  # of standard errors, as for unequal variances
MATTERS = "standard errors, tests and intervals; not the estimates"
ELSE = "covariance='HC1', which takes standard errors from the rows"
_QUASI = (
    "family='quasi{family}' multiplies standard errors by {{factor}}, and covariance='HC1' takes them from the rows"
)
TOO_MUCH = {
    "poisson": "family='quasipoisson' multiplies standard errors by {factor}, family='negative_binomial' gives the counts a law with more "
    "spread, and covariance='HC1' takes standard errors from the rows",
    "binomial": _QUASI.format(family="binomial"),
    "negative_binomial": f"leave theta out, which estimates it, or {ELSE}",
}
TOO_LITTLE = {
    "poisson": _QUASI.format(family="poisson"),
    "binomial": _QUASI.format(family="binomial"),
    "negative_binomial": f"family='poisson' or, for less variation still, 'quasipoisson'; a larger theta; or {ELSE}",
}


@dataclass(frozen=True, slots=True)
class Sums:
    """What rows sum to.

    Attributes
    ----------
    pearson, variance : float
        Pearson's statistic, and its variance at known means.
    cross : (m,)
        Its covariance with the scores, in the whitened basis.
    several : float
        Rows with more than one trial; all, where there are none.
    """

    pearson: float
    variance: float
    cross: FloatArray
    several: float


@dataclass(frozen=True, slots=True)
class Dispersion(RowCheck[Sums]):
    """Pearson's statistic against what the family lets it be."""

    case: Case
    family: Family
    bend: float

    @classmethod
    def prepare(cls, case: Case) -> Dispersion:
        """Find the curvature of the variance function, which is ``V = a mu**2 + b mu``."""
        family = law_of(case.result)[0]
        one, two = family.variance(np.array([1.0, 2.0])).tolist()
        return cls(case, family, two / 2.0 - one)

    def of(self, block: Block) -> Sums:
        """Sum over one block."""
        seen = _seen(block)
        z = block.residual[:, 0]
        variance, slope = self.family.variance(seen.mu), self._slope(seen.mu)
        with np.errstate(all="ignore"):  # rows whose mean has reached the end of its range tell nothing
            excess = (2.0 * self.bend + slope * slope / variance) / seen.weight
            skew = seen.link.dmu(seen.eta) / variance * slope
        excess, skew = (np.where(np.isfinite(x), x, 0.0) for x in (excess, skew))
        several = seen.weight > 1.0 if self.family.takes_trials else np.ones(z.size, dtype=np.bool_)
        return Sums(
            pearson=float(block.counted(z * z).sum()),
            variance=float(block.counted(2.0 + excess).sum()),
            cross=block.white.basis.T @ block.counted(skew),
            several=float(block.counted(several.astype(np.float64)).sum()),
        )

    def _slope(self, mu: FloatArray) -> FloatArray:
        """Return V' of the quadratic V."""
        at_one = float(self.family.variance(np.array([1.0]))[0])
        slope: FloatArray = 2.0 * self.bend * mu + (at_one - self.bend)
        return slope

    def merge(self, first: Sums, second: Sums) -> Sums:
        """Sum over both blocks."""
        return Sums(
            first.pearson + second.pearson,
            first.variance + second.variance,
            first.cross + second.cross,
            first.several + second.several,
        )

    def finish(self, total: Sums) -> Iterator[Finding]:
        """Compare."""
        result = self.case.result
        response = result.responses[0]
        left = total.variance - float(total.cross @ total.cross)
        if result.likelihood is not None and result.likelihood.separation is not None:
            yield not_checked("dispersion", "rows that are told apart with certainty do not vary", response)
        elif total.several == 0.0:
            reason = "with one trial a row the variance follows from the mean: no rows can contradict it"
            yield not_checked("dispersion", reason, response)
        elif not left > 0.0:
            yield not_checked("dispersion", "the estimates take up all that the rows say of their variance", response)
        else:
            yield self._finding(total, (total.pearson - result.df_resid) / float(np.sqrt(left)))

    def _finding(self, total: Sums, z: float) -> Finding:
        result = self.case.result
        phi = total.pearson / result.df_resid
        size = abs(float(np.log(phi))) / 2.0
        p = float(t_two_sided(z, np.inf))
        severity = RATIO.grade(size, p)
        kind = "classical" if result.covariance is None else result.covariance.kind
        if severity is Severity.SERIOUS and (phi < 1.0 or kind != "classical"):
            severity = milder(severity)
        factor = float(np.sqrt(phi))
        told = "small" if phi > 1.0 else "large"
        how = number(max(factor, 1.0 / factor), 3)
        return Finding(
            name="dispersion",
            response=result.responses[0],
            severity=severity,
            effect=Effect(
                phi,
                "variance of the rows over that of the family",
                f"The rows vary {number(phi, 3)} times as much about their means as a {self.family.title} family lets them: its standard errors "
                f"are {how} times too {told}.{RATIO.chance(size, severity)}",
                RATIO.strength(size),
            ),
            tests=(Test("Pearson's statistic, standardised", z, (), p),),
            details=(("Pearson's statistic", total.pearson), ("degrees of freedom", float(result.df_resid))),
            matters=MATTERS,
            remedy="" if severity is Severity.FINE else self._remedy(phi, kind),
        )

    def _remedy(self, phi: float, kind: str) -> str:
        if kind != "classical":
            return f"this fit's covariance={kind!r} allows for it in tests and intervals of coefficients"
        law = self.case.result.likelihood
        remedies = TOO_MUCH if phi > 1.0 else TOO_LITTLE
        given = ELSE if law is None or law.estimated else remedies.get(self.family.name, ELSE)
        return given.format(factor=number(float(np.sqrt(phi)), 3))


def _assumed(result: FitResult) -> bool:
    """Whether the variance of a row is known once its mean is, and is more than what one trial must have."""
    if result.likelihood is None or not likelihood(result) or not dispersion_known(result):
        return False
    return not (law_of(result)[0].takes_trials and result.likelihood.trials == result.n)


def _seen(block: Block) -> Working:
    seen = block.white.seen
    assert seen is not None
    return seen


CHECKS = (
    Check(
        "dispersion",
        "Pearson's statistic over its degrees of freedom",
        ("dispersion",),
        prepare=Dispersion.prepare,
        applies=_assumed,
    ),
)
