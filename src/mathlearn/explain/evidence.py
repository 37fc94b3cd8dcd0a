"""Checks of steps: comparisons with a tolerance that is their own rounding bound."""

from __future__ import annotations

from functools import lru_cache
from math import exp, hypot, inf, lgamma, log, log1p, sqrt
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import StepCheck
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.explain.books import Books
    from mathlearn.results.fit_result import FitResult

__all__ = ["agree", "certified", "counted", "flat", "joint_tail", "joint_tail_check", "resolved", "tail", "tail_check"]

RESOLVED = 1e-3
"""A rounding bound above this leaves nothing to compare."""

_FAR = 1e9  # beyond this, one more than a square is the square
_NOTHING_LEFT = 700.0  # further on the integrand is below 1e-300 of what it was
_TAIL_ACCURACY = 1e-11  # of `statistics.tails.f_tail`, relative


def agree(says: str, one: float, other: float, tolerance: float) -> StepCheck:
    """Compare two routes to one number, relative to its size."""
    size = max(abs(one), abs(other), TINY)
    return StepCheck(abs(one - other) / size, tolerance, says)


def counted(says: str, *pairs: tuple[float, float]) -> StepCheck:
    """Compare what must agree to the last digit: the number of disagreements."""
    return StepCheck(float(sum(one != other for one, other in pairs)), 0.0, says)


def flat(books: Books, beta: FloatArray, rss: float) -> StepCheck:
    """Compare the gradient with what rounding can make of it, where it comes nearest to that."""
    share, bound = np.abs(books.gradient(beta)), books.gradient_bound(beta, rss)
    says = "the gradient, relative to the products that cancel in it"
    if not share.size:
        return StepCheck(0.0, books.relative, says)
    worst = int(np.argmax(share / bound))
    return StepCheck(float(share[worst]), float(bound[worst]), says)


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
    r"""Two-sided tail probability of Student's t by integrating its density, and a bound on its relative error.

    The density need not be normalised: the tail is divided by the whole. With :math:`x = \sqrt{\nu} \sinh u` it becomes
    :math:`\cosh^{-\nu} u`, whose tail falls exponentially however far out it begins. Both integrals run over a half line that
    is mapped to (0, 1), by Gauss's rule of 160 points; the rule of 80 tells how far to trust it.
    """
    t = abs(t)
    (near, near_coarse), (far, far_coarse) = _integrals(0.0, df), _integrals(t, df)
    depth = _log_fall(t, df)
    value = float(np.exp(depth)) * far / near
    error = abs(far - far_coarse) / far + abs(near - near_coarse) / near + 8 * ROUNDOFF * (abs(depth) + 10)
    return value, float(error)


def _log_fall(t: float, df: float) -> float:
    """Logarithm of the integrand at t over that at zero."""
    if np.isinf(df):
        return -0.5 * t * t
    ratio = t / sqrt(df)
    return -df * (log(ratio) if ratio > _FAR else 0.5 * log1p(ratio * ratio))


def _integrals(t: float, df: float) -> tuple[float, float]:
    """Integral from t on, over the integrand there, by the fine rule and by the coarse one."""
    slope = t if np.isinf(df) else df * (t / hypot(t, sqrt(df)))
    unit = 1.0 / (slope + 0.5 * (1.0 if np.isinf(df) else sqrt(df)))
    found = []
    for points in (160, 80):
        z, weight = _rule(points)
        step = unit * z / (1 - z)
        if np.isinf(df):
            fall = -step * (t + 0.5 * step)
        else:  # log(cosh(u + step) / cosh(u)), in which nothing cancels
            up = np.minimum(step, _NOTHING_LEFT)
            fall = -df * np.log1p(2 * np.sinh(up / 2) ** 2 + slope / df * np.sinh(up))
        found.append(float(weight @ (np.exp(fall) * unit / (1 - z) ** 2)))
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


def joint_tail(f: float, df_num: int, df_den: float) -> tuple[float, float]:
    r"""Probability that an F variable exceeds f, and a bound on its relative error, by adding to a tail of one or two degrees.

    With :math:`a = d_1/2`, :math:`b = d_2/2` and :math:`x = d_1 f / (d_1 f + d_2)`, two more degrees of freedom of the numerator add
    :math:`x^a (1-x)^b \Gamma(a+b) / (\Gamma(a+1) \Gamma(b))`, all terms being positive; for infinite :math:`d_2`, chi-squared over its
    degrees of freedom, it is :math:`X^a e^{-X} / \Gamma(a+1)` with :math:`X = d_1 f / 2`.

    References
    ----------
    Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 26.4.4, 26.4.5 and 26.5.16.
    """
    if not 0 < f < inf:
        return float(f <= 0), 8 * ROUNDOFF
    total = df_num * f
    b, fall = (df_den / 2, df_den / 2 * log1p(total / df_den)) if df_den < inf else (inf, total / 2)
    power = log(total / 2) if df_den == inf else -log1p(df_den / total)
    value, error = tail(sqrt(total), df_den) if df_num % 2 else (exp(-fall), 4 * ROUNDOFF * (1 + fall))
    lost = error * value
    for k in range(df_num % 2 or 2, df_num, 2):
        a = k / 2
        sizes = [a * power, -fall, -lgamma(a + 1), *([] if b == inf else [lgamma(a + b), -lgamma(b)])]
        term = exp(sum(sizes))
        value += term
        lost += term * 8 * ROUNDOFF * (1 + sum(map(abs, sizes)))
    return value, lost / max(value, TINY)


def joint_tail_check(says: str, f: float, df_num: int, df_den: float, shown: float) -> StepCheck:
    """Compare the p-value of a joint test with the tail found again."""
    value, error = joint_tail(f, df_num, df_den)
    if max(shown, value) < TINY:
        return StepCheck(0.0, error, says)
    return agree(says, value, shown, _TAIL_ACCURACY + error)
