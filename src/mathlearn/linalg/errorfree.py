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
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from mathlearn.linalg.small import column_sums

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@lru_cache(maxsize=64)
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


def terms_for(error: float) -> int:
    """Return the fewest terms whose `gamma` is at least `error`."""
    roundings = error / ROUNDOFF
    return math.ceil(max(roundings, (roundings / _DEVIATIONS) ** 2 if roundings > _DEVIATIONS**2 else 0.0))


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
    return fast_two_sum(np.array(high).reshape(shape), np.array(low).reshape(shape) + column_sums(lo))


def dd_dot(a: FloatArray, b: DoubleDouble) -> DoubleDouble:
    """Return ``a.T @ b`` for ``a`` (n, m) doubles and ``b`` (n, k) double-double, as an (m, k) double-double."""
    if a.size * b[0].shape[1] <= _FEW_PRODUCTS:
        return _scalar_dot(a, b)
    left, right, right_low = a[:, :, None], b[0][:, None, :], b[1][:, None, :]
    high, low = two_prod(left, right)
    return dd_sum((high, low + left * right_low))


def dd_left(start: DoubleDouble, a: FloatArray, b: DoubleDouble) -> FloatArray:
    """Return ``start - a.T @ b`` (m, k), rounded once, for `start` (m, k), `a` (n, m) and `b` (n, k)."""
    if a.size * b[0].shape[1] <= _FEW_PRODUCTS:
        return _scalar_left(start, a, b)
    left, right, right_low = -a[:, :, None], b[0][:, None, :], b[1][:, None, :]
    product, error = two_prod(left, right)
    high, low = dd_sum(
        (np.concatenate([start[0][None], product]), np.concatenate([start[1][None], error + left * right_low]))
    )
    return high + low


def minus_dot(start: DoubleDouble, a: FloatArray, b: DoubleDouble) -> FloatArray:
    """Return ``start - a @ b`` (q,), which may cancel to the last digits: products without error, added and rounded once.

    Parameters
    ----------
    start, a, b : (q,), (n,) and (n, q)
    """
    if b[0].size <= _FEW_PRODUCTS:
        left: FloatArray = _scalar_left((start[0][None], start[1][None]), a[:, None], b)[0]
        return left
    product, error = two_prod(a[:, None], b[0])
    parts = np.concatenate([start[0][None], start[1][None], -product, -error, -a[:, None] * b[1]])
    return np.array([math.fsum(column) for column in parts.T.tolist()])


def _scalar_left(start: DoubleDouble, a: FloatArray, b: DoubleDouble) -> FloatArray:
    """`dd_left`, number by number: each is the exact sum of its parts, rounded once."""
    starts = zip(start[0].ravel().tolist(), start[1].ravel().tolist(), strict=True)
    parts = zip(starts, _scalar_products(-a, b), strict=True)
    return np.array([math.fsum((*first, *products)) for first, products in parts]).reshape(start[0].shape)


def _scalar_dot(a: FloatArray, b: DoubleDouble) -> DoubleDouble:
    """`dd_dot`, number by number."""
    shape = a.shape[1], b[0].shape[1]
    parts = list(_scalar_products(a, b))
    high = [math.fsum(terms) for terms in parts]
    low = [math.fsum([*terms, -value]) for terms, value in zip(parts, high, strict=True)]
    return np.array(high).reshape(shape), np.array(low).reshape(shape)


def _scalar_products(a: FloatArray, b: DoubleDouble) -> Iterator[list[float]]:
    """Yield the parts whose sum is each entry of ``a.T @ b``, row by row."""
    rights: list[list[Any]] = [
        [(*split(high), low) for high, low in zip(highs, lows, strict=True)]
        for highs, lows in zip(b[0].T.tolist(), b[1].T.tolist(), strict=True)
    ]
    for column in a.T.tolist():
        halves: list[Any] = [split(x) for x in column]
        for right in rights:
            parts: list[float] = []
            for (xh, xl), (yh, yl, low) in zip(halves, right, strict=True):
                parts += (xh * yh, xh * yl, xl * yh, xl * yl, (xh + xl) * low)
            yield parts
