"""Checks of steps: comparisons with a tolerance that is their own rounding bound."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import StepCheck
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["agree", "certified", "counted", "resolved", "tail", "tail_check"]

RESOLVED = 1e-3
"""A rounding bound above this leaves nothing to compare."""

_TAIL_ACCURACY = 1e-11  # of `statistics.tails.f_tail`, relative


def agree(says: str, one: float, other: float, tolerance: float) -> StepCheck:
    """Compare two routes to one number, relative to its size."""
    size = max(abs(one), abs(other), TINY)
    return StepCheck(abs(one - other) / size, tolerance, says)


def counted(says: str, *pairs: tuple[float, float]) -> StepCheck:
    """Compare what must agree to the last digit: the number of disagreements."""
    return StepCheck(float(sum(one != other for one, other in pairs)), 0.0, says)


def certified(result: FitResult, name: str) -> StepCheck | None:
    """Return what the certificate found, where it looked."""
    for check in result.certificate.checks:
        if check.name == name:
            return StepCheck(check.value, check.threshold, f"the certificate: {check.meaning}")
    return None


def resolved(result: FitResult, check: StepCheck, name: str) -> StepCheck:
    """Return a check, or the certificate's where sums of products in double precision cannot tell.

    The certificate may have looked at the rows, in twice the precision.
    """
    if check.tolerance <= RESOLVED:
        return check
    found = certified(result, name)
    return check if found is None else found


def tail(t: float, df: float) -> tuple[float, float]:
    """Two-sided tail probability of Student's t by integrating its density, and a bound on its relative error.

    The density need not be normalised: the tail is divided by the whole. Both integrals run over a half line that is
    mapped to (0, 1), by Gauss's rule of 160 points; the rule of 80 tells how far to trust it.
    """
    t = abs(t)
    (near, near_coarse), (far, far_coarse) = _integrals(0.0, df), _integrals(t, df)
    depth = _log_density(np.array([t]), df)[0]
    value = float(np.exp(depth)) * far / near
    error = abs(far - far_coarse) / far + abs(near - near_coarse) / near + 8 * ROUNDOFF * (abs(depth) + 10)
    return value, float(error)


def _log_density(x: FloatArray, df: float) -> FloatArray:
    if np.isinf(df):
        normal: FloatArray = -0.5 * x * x
        return normal
    student: FloatArray = -0.5 * (df + 1) * np.log1p(x * x / df)
    return student


def _integrals(t: float, df: float) -> tuple[float, float]:
    """Integral of the density from t on, over the density at t, by the fine rule and by the coarse one."""
    slope = t if np.isinf(df) else t * (df + 1) / (df + t * t)
    unit = 1.0 / (slope + 0.5)
    at_t = _log_density(np.array([t]), df)[0]
    found = []
    for points in (160, 80):
        z, weight = _rule(points)
        x = t + unit * z / (1 - z)
        found.append(float(weight @ (np.exp(_log_density(x, df) - at_t) * unit / (1 - z) ** 2)))
    return found[0], found[1]


@lru_cache
def _rule(points: int) -> tuple[FloatArray, FloatArray]:
    z, weight = np.polynomial.legendre.leggauss(points)
    return (z + 1) / 2, weight / 2


def tail_check(says: str, t: float, df: float, shown: float) -> StepCheck:
    """Compare a tail probability shown with the area under the density."""
    value, error = tail(t, df)
    if max(shown, value) < TINY:
        return StepCheck(0.0, error, says)
    return agree(says, value, shown, _TAIL_ACCURACY + error)
