"""Why two least-squares fits of the same rows differ: what the evidence says, and nothing beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, log10
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.comparison.apart import SAME_DIGITS, Apart, Cause, causes_of, our_evidence
from mathlearn.statistics.cells import number
from mathlearn.statistics.words import first_of, rough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray

__all__ = ["Evidence", "causes"]

ORTHOGONAL = 1e-6
UNIT = float(np.finfo(np.float64).eps) / 2
SAFETY = 10.0
NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Apart):
    """What is known of two least-squares fits, beside how far they are apart.

    Attributes
    ----------
    correlation : (q, p) of scikit-learn's residuals with the columns
    means : (p,)
    sparse : bool
    rounded : columns of integers beyond what a double holds
    tol : scikit-learn's parameter, NaN where it has none
    rank, singular : of scikit-learn's fit, None where it has none
    """

    correlation: FloatArray
    means: FloatArray
    sparse: bool
    rounded: tuple[str, ...]
    tol: float
    rank: int | None
    singular: FloatArray | None


def causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield the reasons for the difference, the weightiest first."""
    return causes_of(evidence, _differences)


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
            f"mathlearn scales the columns first and finds rank {ours}{our_evidence(evidence)}",
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


# ------------------------------------------------------------------------------------------------------------ rounding


def _iterations(evidence: Evidence) -> Iterator[Cause]:
    most = float(evidence.correlation.max(initial=0.0))
    stop = "" if isnan(evidence.tol) else f" at tol = {evidence.tol:g}"
    left = f": its residuals still correlate {number(most, 2)} with a column" if most > UNIT else ""
    yield Cause(
        "iterations", f"X is sparse, where scikit-learn iterates (LSQR) and stops{stop}{left}{our_evidence(evidence)}"
    )


def _conditioning(evidence: Evidence) -> Iterator[Cause]:
    """Tell of rounding that the condition number of the raw columns magnifies, if that bounds the difference.

    Wedin's bound for a backward stable solution of least squares; Higham (2002), theorem 20.1.
    """
    kappa = _raw_condition(evidence)
    slopes = slice(int(evidence.result.fit_intercept), None)
    b, away = evidence.ours[:, slopes], (evidence.ours - evidence.theirs)[:, slopes]
    size = np.linalg.norm(b, axis=1)
    explained = np.sqrt(np.maximum(evidence.result.null_deviance - evidence.result.deviance, 0.0))
    tangent = np.divide(np.sqrt(evidence.result.deviance), explained, out=np.zeros_like(size), where=explained > 0)
    bound = SAFETY * b.shape[1] * UNIT * kappa * (2 + (1 + kappa) * tangent) * size
    if isnan(kappa) or (np.linalg.norm(away, axis=1) > bound).any() or evidence.digits[:, slopes].min() >= SAME_DIGITS:
        return
    scaled = evidence.result.condition_scaled
    after = "" if isnan(scaled) else f", {rough(scaled)} after mathlearn's scaling"
    yield Cause(
        "conditioning",
        f"rounding, magnified by the condition number of the columns in your units ({rough(kappa)}{after}){our_evidence(evidence)}",
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
