"""Error-free transformations and double-double arithmetic on arrays.

A double-double is a pair ``(hi, lo)`` of arrays with ``hi = fl(hi + lo)``: about 106 significant bits.

References
----------
Ogita, Rump, Oishi (2005), "Accurate sum and dot product", SIAM J. Sci. Comput. 26(6), sections 2 and 3.
Joldes, Muller, Popescu (2017), "Tight and rigorous error bounds for basic building blocks of double-word arithmetic",
ACM TOMS 44(2), algorithm 6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

DoubleDouble: TypeAlias = "tuple[FloatArray, FloatArray]"

ROUNDOFF = 2.0**-53
"""Unit roundoff u of binary64, round to nearest."""

EXACT_ROUNDINGS = 8.0
"""Residuals of so many roundings of y, in the root mean square, are an exact fit."""

TINY = 1e-300
"""Stands in for a divisor of zero; squares of the sizes met in a fit are larger."""

_DEVIATIONS = 6.0

_SPLITTER = 2.0**27 + 1.0
_FEW_PRODUCTS = 32  # up to this many, scalars are faster than arrays
_FEW_ROWS = 128  # below this, adding exactly one number after the other is faster than folding arrays


def gamma(terms: float) -> float:
    """Bound on the relative error of an inner product or sum of so many terms, in any order.

    To first order in u, ``terms * u`` always holds. With rounding errors taken as independent and of mean zero, a chain of
    so many roundings exceeds ``6 sqrt(terms) u`` with probability below 4e-8, and an inner product with at most `terms` times
    that, one chain for each of its terms. The smaller of the two bounds is given.

    References
    ----------
    Higham and Mary (2019), "A new approach to probabilistic rounding error analysis", SIAM J. Sci. Comput. 41(5), theorem 3.1.
    """
    return min(terms, _DEVIATIONS * math.sqrt(terms)) * ROUNDOFF


def two_sum(a: FloatArray, b: FloatArray) -> DoubleDouble:
    """Return ``(s, e)`` with ``s = fl(a + b)`` and ``s + e = a + b`` exactly (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def fast_two_sum(a: FloatArray, b: FloatArray) -> DoubleDouble:
    """Like `two_sum` where ``|a| >= |b|`` or ``a == 0`` (Dekker)."""
    s = a + b
    return s, b - (s - a)


def split(a: FloatArray) -> DoubleDouble:
    """Cut each number into two of at most 26 bits with ``high + low = a`` (Veltkamp); ``|a| < 2**996``."""
    c = _SPLITTER * a
    high = c - (c - a)
    return high, a - high


def two_prod(a: FloatArray, b: FloatArray) -> DoubleDouble:
    """Return ``(p, e)`` with ``p = fl(a * b)`` and ``p + e = a * b`` exactly, barring underflow (Dekker)."""
    p = a * b
    ah, al = split(a)
    bh, bl = split(b)
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)


def dd_add(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble:
    """Add two double-doubles (accurate version, relative error 3u²)."""
    sh, sl = two_sum(x[0], y[0])
    th, tl = two_sum(x[1], y[1])
    vh, vl = fast_two_sum(sh, sl + th)
    return fast_two_sum(vh, tl + vl)


def dd_sum(x: DoubleDouble) -> DoubleDouble:
    """Sum a double-double array over its first axis, to about 2**-100 of the sum of magnitudes.

    Halves are folded onto each other with `two_sum`, so the error grows with log2(n); the last rows are added exactly.
    """
    hi, lo = x
    while hi.shape[0] > _FEW_ROWS:
        half = hi.shape[0] // 2
        if hi.shape[0] % 2:
            first, first_low = two_sum(hi[:1], hi[-1:])
            hi = np.concatenate([first, hi[1:-1]])
            lo = np.concatenate([lo[:1] + lo[-1:] + first_low, lo[1:-1]])
        total, error = two_sum(hi[:half], hi[half:])
        hi, lo = total, lo[:half] + lo[half:] + error
    return _exact_column_sums(hi, lo)


def _exact_column_sums(hi: FloatArray, lo: FloatArray) -> DoubleDouble:
    """Sum over the first axis with one rounding for ``hi`` and one for what is left."""
    shape = hi.shape[1:]
    high, low = [], []
    for column in hi.reshape(hi.shape[0], -1).T.tolist():
        total = math.fsum(column)
        column.append(-total)
        high.append(total)
        low.append(math.fsum(column))
    return fast_two_sum(np.array(high).reshape(shape), np.array(low).reshape(shape) + lo.sum(axis=0))


def dd_dot(a: FloatArray, b: DoubleDouble) -> DoubleDouble:
    """Return ``a.T @ b`` for ``a`` (n, m) doubles and ``b`` (n, k) double-double, as an (m, k) double-double."""
    if a.size * b[0].shape[1] <= _FEW_PRODUCTS:
        return _scalar_dot(a, b)
    left, right, right_low = a[:, :, None], b[0][:, None, :], b[1][:, None, :]
    high, low = two_prod(left, right)
    return dd_sum((high, low + left * right_low))


def minus_dot(start: DoubleDouble, a: FloatArray, b: DoubleDouble) -> FloatArray:
    """Return ``start - a @ b`` (q,), which may cancel to the last digits: products without error, added and rounded once.

    Parameters
    ----------
    start, a, b : (q,), (n,) and (n, q)
    """
    product, error = two_prod(a[:, None], b[0])
    parts = np.concatenate([start[0][None], start[1][None], -product, -error, -a[:, None] * b[1]])
    return np.array([math.fsum(column) for column in parts.T.tolist()])


def _scalar_dot(a: FloatArray, b: DoubleDouble) -> DoubleDouble:
    """`dd_dot`, number by number."""
    columns, highs, lows = a.T.tolist(), b[0].T.tolist(), b[1].T.tolist()
    total = np.empty((2, len(columns), len(highs)))
    for i, column in enumerate(columns):
        for k, (high, low) in enumerate(zip(highs, lows, strict=True)):
            parts = [part for x, y in zip(column, high, strict=True) for part in two_prod(x, y)]
            parts += [x * y for x, y in zip(column, low, strict=True)]
            total[0, i, k] = value = math.fsum(parts)
            total[1, i, k] = math.fsum([*parts, -value])
    return total[0], total[1]
