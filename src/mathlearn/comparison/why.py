"""Why two fits of the same rows differ: what the evidence says, and nothing beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isnan, log10
from typing import TYPE_CHECKING, Literal

import numpy as np

from mathlearn.results.certificate_text import digest
from mathlearn.statistics.cells import number
from mathlearn.statistics.words import first_of, rough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["Cause", "CauseKind", "Evidence", "causes"]

CauseKind = Literal[
    "failed", "not certified", "rounding", "rank", "null space", "precision", "iterations", "cancellation", "conditioning",
    "unexplained",
]  # fmt: skip

SAME_DIGITS = 8.0  # what half the digits of a double agree in differs by rounding
NEGLIGIBLE_SE = 0.01
SAME_PREDICTIONS = 1e-7  # in standard deviations of y
ORTHOGONAL = 1e-6
UNIT = float(np.finfo(np.float64).eps) / 2
SAFETY = 10.0
NAMED = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a difference, or for there being none.

    Attributes
    ----------
    kind : CauseKind
        Stable: machine-readable.
    sentence : str
    """

    kind: CauseKind
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of the two fits; k parameters, intercept first.

    Attributes
    ----------
    result : FitResult
    names : (k,)
    ours, theirs, std_error, digits : (q, k)
    r_squared : pair of (q,)
    gap : (q,) distance of the predictions, in standard deviations of y
    correlation : (q, p) of scikit-learn's residuals with the columns
    means : (p,)
    float32, sparse : bool
    rounded : columns of integers beyond what a double holds
    tol : scikit-learn's parameter, NaN where it has none
    rank, singular : of scikit-learn's fit, None where it has none
    error : why scikit-learn's fit failed
    """

    result: FitResult
    names: tuple[str, ...]
    ours: FloatArray
    theirs: FloatArray
    std_error: FloatArray
    digits: FloatArray
    r_squared: tuple[FloatArray, FloatArray]
    gap: FloatArray
    correlation: FloatArray
    means: FloatArray
    float32: bool
    sparse: bool
    rounded: tuple[str, ...]
    tol: float
    rank: int | None
    singular: FloatArray | None
    error: str

    @property
    def in_se(self) -> FloatArray:
        """Distances in standard errors (q, k), NaN where there is none."""
        away = np.abs(self.ours - self.theirs)
        return np.divide(away, self.std_error, out=np.full_like(away, np.nan), where=self.std_error > 0)

    @property
    def determined(self) -> BoolArray:
        """Which parameters (k,) the data determine."""
        return self.result.estimable

    @property
    def least_digits(self) -> float:
        """Digits in which the least alike of the determined coefficients agree."""
        return float(self.digits[:, self.determined].min(initial=np.inf))

    @property
    def most_gap(self) -> float:
        """Largest distance of the predictions, in standard deviations of y."""
        return float(np.nanmax(self.gap, initial=0.0))

    @property
    def most_se(self) -> float:
        """Largest distance in standard errors, NaN without any."""
        known = self.in_se[:, self.determined]
        return float(np.nanmax(known)) if np.isfinite(known).any() else float("nan")

    @property
    def same(self) -> bool:
        """Whether all that the data determine agrees up to rounding."""
        if self.error:
            return False
        return self.least_digits >= SAME_DIGITS if self.determined.any() else self.most_gap <= SAME_PREDICTIONS

    @property
    def alike(self) -> bool:
        """Whether the difference is of no consequence."""
        return self.same or (not self.error and self.most_se < NEGLIGIBLE_SE)

    @property
    def farthest(self) -> tuple[int, int]:
        """Response and parameter that differ most."""
        measure = np.where(np.isfinite(self.in_se), self.in_se, -self.digits)
        measure = np.where(self.determined, measure, -np.inf)
        i, j = np.unravel_index(int(np.nanargmax(measure)), measure.shape)
        return int(i), int(j)

    @property
    def verdict(self) -> str:
        """The comparison in a line."""
        if self.error:
            return "scikit-learn's fit failed"
        if not self.determined.any():
            alike = "the same predictions" if self.same else "DIFFERENT predictions"
            return f"{alike}; no coefficient is determined by the data"
        if self.same:
            return f"the same to {floor(self.least_digits)} digits"
        most = self.most_se
        name = self.names[self.farthest[1]]
        if isnan(most):
            return f"DIFFERENT: {name} agrees in {floor(self.digits[self.farthest])} digits"
        apart = f"up to {number(most, 2)} standard errors apart ({name})"
        return apart if self.alike else f"DIFFERENT: {apart}"


def causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield the reasons for the difference, the weightiest first."""
    if evidence.error:
        yield Cause("failed", f"scikit-learn's fit raised {evidence.error}")
        return
    if not evidence.result.certificate.ok:
        yield Cause("not certified", "mathlearn's own fit is not certified: the difference may be its error")
    found = [] if evidence.same else [*_differences(evidence)]
    yield from found
    yield from _null_space(evidence)
    if evidence.same and np.isfinite(evidence.least_digits):
        yield Cause("rounding", _rounding(evidence))
    elif not evidence.same and not found:
        yield Cause("unexplained", f"no cause was found among rank, precision and rounding{_ours(evidence)}")


def _rounding(evidence: Evidence) -> str:
    most = evidence.most_se
    if (evidence.ours == evidence.theirs)[:, evidence.determined].all():
        return "both found the same minimum, to the last bit"
    apart = "" if isnan(most) else f" (at most {number(most, 2)} standard errors)"
    return f"what is left of a difference{apart} is rounding: both found the same minimum"


def _differences(evidence: Evidence) -> Iterator[Cause]:
    rank = list(_rank(evidence))
    yield from rank
    if evidence.float32:
        yield Cause(
            "precision",
            "X is float32, in which scikit-learn computes (24 bits, 7 digits); it rounds y to it too. mathlearn computes in float64",
        )
    if evidence.sparse and not rank:
        yield from _iterations(evidence)
    if evidence.rounded:
        yield Cause(
            "precision",
            f"scikit-learn rounds integers beyond 2**53 when it makes them doubles ({first_of(evidence.rounded, NAMED)}); mathlearn subtracts an "
            "origin first, exactly",
        )
    if rank:
        return
    if not evidence.float32 and not evidence.rounded and not evidence.sparse:
        yield from _conditioning(evidence)
    if evidence.result.fit_intercept:
        yield from _cancellation(evidence)


# ---------------------------------------------------------------------------------------------------------------- rank


def _rank(evidence: Evidence) -> Iterator[Cause]:
    ours, theirs = evidence.result.rank, evidence.rank
    if theirs is None or theirs == ours:
        return
    if theirs < ours:
        yield Cause(
            "rank",
            f"scikit-learn took only {theirs} of {ours} directions for real: {_cut_off(evidence, theirs)}{_left(evidence)}. "
            f"mathlearn scales the columns first and finds rank {ours}{_ours(evidence)}",
        )
        return
    yield Cause(
        "rank",
        f"scikit-learn took {theirs} directions for real, but {theirs - ours} of them {'is' if theirs - ours == 1 else 'are'} "
        f"rounding: after scaling, the columns have rank {ours}. Its coefficients along there are noise",
    )


def _cut_off(evidence: Evidence, kept: int) -> str:
    """Say where the singular values were cut, if they tell."""
    s = evidence.singular
    if s is None or kept >= len(s) or s[0] <= 0:
        return "it cuts small singular values of the columns in your units"
    ratio = float(s[kept] / s[0])
    limit = f" at tol = {evidence.tol:g} times the largest" if ratio <= evidence.tol else ""
    return (
        f"it cuts the singular values of the columns in your units{limit}, and here the next is {number(ratio, 2)} times the largest"
        f"{_units(evidence)}"
    )


def _units(evidence: Evidence) -> str:
    """Tell units from collinearity."""
    scaled = evidence.result.condition_scaled
    if isnan(scaled):
        return ""
    if scaled * evidence.tol < 1:
        return f", for the units alone: after scaling the condition number is {rough(scaled)}, far from any such cut"
    return f"; the columns are collinear: after scaling the condition number is still {rough(scaled)}"


def _left(evidence: Evidence) -> str:
    """Say with which columns scikit-learn's residuals still go along."""
    i, j = np.unravel_index(int(evidence.correlation.argmax()), evidence.correlation.shape)
    most = float(evidence.correlation[i, j])
    if not most > ORTHOGONAL:
        return ""
    return f". Its residuals still correlate {number(most, 2)} with {evidence.result.terms[j]}, which no least-squares solution leaves"


def _ours(evidence: Evidence) -> str:
    return f". Ours: {evidence.result.certificate.verdict}, {digest(evidence.result.certificate)}"


def _null_space(evidence: Evidence) -> Iterator[Cause]:
    """Tell of coefficients that the data do not determine."""
    loose = [name for name, fixed in zip(evidence.names, evidence.determined, strict=True) if not fixed]
    if not loose:
        return
    gap = evidence.most_gap
    least = float(evidence.digits[:, ~evidence.determined].min())
    choice = f"the data do not determine {first_of(loose, NAMED)}"
    if gap > SAME_PREDICTIONS:
        yield Cause("null space", f"{choice}; the predictions differ too, by {number(gap, 2)} standard deviations of y")
    elif least >= SAME_DIGITS:
        yield Cause(
            "null space", f"{choice}: both show the solution of minimum norm, the same to {floor(least)} digits"
        )
    else:
        yield Cause(
            "null space",
            f"{choice}: there the two choose differently, and predict the same (to {number(gap, 2)} standard deviations of y). "
            "The difference lies in the null space of the columns",
        )


# ------------------------------------------------------------------------------------------------------------ rounding


def _iterations(evidence: Evidence) -> Iterator[Cause]:
    most = float(evidence.correlation.max(initial=0.0))
    stop = "" if isnan(evidence.tol) else f" at tol = {evidence.tol:g}"
    left = f": its residuals still correlate {number(most, 2)} with a column" if most > UNIT else ""
    yield Cause("iterations", f"X is sparse, where scikit-learn iterates (LSQR) and stops{stop}{left}{_ours(evidence)}")


def _conditioning(evidence: Evidence) -> Iterator[Cause]:
    """Tell of rounding that the condition number of the raw columns magnifies, if that bounds the difference.

    Wedin's bound for a backward stable solution of least squares; Higham (2002), theorem 20.1.
    """
    kappa = _raw_condition(evidence)
    slopes = slice(int(evidence.result.fit_intercept), None)
    b, away = evidence.ours[:, slopes], (evidence.ours - evidence.theirs)[:, slopes]
    size = np.linalg.norm(b, axis=1)
    explained = np.sqrt(np.maximum(evidence.result.tss - evidence.result.rss, 0.0))
    tangent = np.divide(np.sqrt(evidence.result.rss), explained, out=np.zeros_like(size), where=explained > 0)
    bound = SAFETY * b.shape[1] * UNIT * kappa * (2 + (1 + kappa) * tangent) * size
    if isnan(kappa) or (np.linalg.norm(away, axis=1) > bound).any() or evidence.digits[:, slopes].min() >= SAME_DIGITS:
        return
    scaled = evidence.result.condition_scaled
    after = "" if isnan(scaled) else f", {rough(scaled)} after mathlearn's scaling"
    yield Cause(
        "conditioning",
        f"rounding, magnified by the condition number of the columns in your units ({rough(kappa)}{after}){_ours(evidence)}",
    )


def _raw_condition(evidence: Evidence) -> float:
    """Condition number of what scikit-learn factored."""
    s, rank = evidence.singular, evidence.rank
    if s is None or not rank or s[rank - 1] <= 0:
        return float("nan")
    return float(s[0] / s[rank - 1])


def _cancellation(evidence: Evidence) -> Iterator[Cause]:
    """Tell of an intercept that is a small difference of large numbers: ``mean(y) - sum(mean(x) * b)``."""
    parts = np.abs(evidence.means * evidence.ours[:, 1:])
    scale = np.fmax(np.abs(evidence.ours[:, 0]), evidence.std_error[:, 0])
    lost = np.divide(parts.max(axis=1, initial=0.0), scale, out=np.ones(len(scale)), where=scale > 0)
    i = int(lost.argmax())
    if lost[i] < 10 or evidence.digits[i, 0] >= SAME_DIGITS or not evidence.determined[0]:
        return
    j = int(parts[i].argmax())
    yield Cause(
        "cancellation",
        f"the intercept is the mean of y less the means of the columns times their coefficients; the part of {evidence.result.terms[j]} "
        f"is {number(float(lost[i]), 2)} times what remains, which costs the intercept {log10(lost[i]):.0f} digits more than it costs "
        "the coefficients",
    )
