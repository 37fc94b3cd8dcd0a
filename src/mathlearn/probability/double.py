"""Exponential and logarithm in double-double, for the one place that needs them: a mean that nearly equals its observation.

``mu - y`` loses the digits that `mu` and `y` share. Where they are close, `mu` is computed as an unevaluated sum of two doubles,
with a relative error of about 2**-103, and the difference keeps its digits.

References
----------
Tang (1989), "Table-driven implementation of the exponential function in IEEE floating-point arithmetic", ACM TOMS 15(2).
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import dd_add, fast_two_sum, two_prod, two_sum

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.linalg.errorfree import DoubleDouble

__all__ = ["LN2", "about_one", "dd_difference", "dd_excess", "dd_exp", "dd_expm1", "dd_log", "dd_multiply", "two_parts"]

_SHIFT = 12
_STEPS = 1 << _SHIFT  # entries of the table of 2**(j / 4096): the fourth power of what is left weighs 2**-58
_DIGITS = 60
_LN2 = "0.693147180559945309417232121458176568075500134360255254120680009493393621969694716"
_SIXTH = 1.0 / 6.0
_SIXTH_LOW = float(1.0 / 6.0) * 2.0**-54  # 1/6 - fl(1/6): the bits of 1/6 repeat with period two
_BITS = 2.0**30  # parts of so many bits, times an index of the table (22 bits), are exact


def two_parts(value: Decimal) -> tuple[float, float]:
    """Return the double next to a decimal number, and the double next to what is left."""
    with localcontext() as context:
        context.prec = _DIGITS
        high = float(value)
        return high, float(value - Decimal(high))


LN2 = two_parts(Decimal(_LN2))
"""The logarithm of 2, in two doubles."""


@cache
def _table() -> tuple[FloatArray, FloatArray]:
    """Powers ``2**(j / 4096)`` as double-doubles."""
    with localcontext() as context:
        context.prec = _DIGITS
        step = (Decimal(_LN2) / _STEPS).exp()
        power, parts = Decimal(1), []
        for _ in range(_STEPS):
            parts.append(two_parts(power))
            power *= step
    high, low = np.array(parts).T
    return np.ascontiguousarray(high), np.ascontiguousarray(low)


@cache
def _steps() -> tuple[float, float, float, float]:
    """Return ``4096 / ln 2``, and ``ln 2 / 4096`` in three parts, the first two of 30 bits or fewer."""
    with localcontext() as context:
        context.prec = _DIGITS
        rest = Decimal(_LN2) / _STEPS
        inverse = float(1 / rest)
        parts = []
        for scale in (_BITS * _STEPS, _BITS * _STEPS * 2.0**30):
            part = float(int(rest * Decimal(scale))) / scale
            parts.append(part)
            rest -= Decimal(part)
        return inverse, parts[0], parts[1], float(rest)


def _reduce(high: FloatArray, low: FloatArray | float) -> tuple[FloatArray, DoubleDouble]:
    """Return ``(k, expm1(r))`` with ``x = k ln2 / 4096 + r`` and r at most half a step."""
    inverse, first, second, third = _steps()
    k = np.rint(high * inverse)
    s, e = two_sum(high - k * first, -k * second)
    r, rl = fast_two_sum(s, e + (low - k * third))
    square, square_low = two_prod(r, r)
    square_low += 2.0 * r * rl
    cube, cube_low = two_prod(square, r)
    cube_low += square_low * r + square * rl
    third_power, third_low = two_prod(cube, np.full_like(cube, _SIXTH))
    third_low += cube * _SIXTH_LOW + cube_low * _SIXTH
    rest = square * square * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r / 5040.0)))
    tail = dd_add((0.5 * square, 0.5 * square_low), fast_two_sum(third_power, third_low + rest))
    return k, dd_add((r, rl), tail)


def _assemble(k: FloatArray, s: DoubleDouble) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return ``(m, ml, e)`` with ``exp(x) = (m + ml) 2**e``."""
    index = k.astype(np.int64)
    high, low = (table[index & (_STEPS - 1)] for table in _table())
    product = dd_multiply((high, low), s)
    m, ml = dd_add((high, low), product)
    return m, ml, (index >> _SHIFT).astype(np.int32)


def dd_multiply(x: DoubleDouble, y: DoubleDouble) -> DoubleDouble:
    """Multiply two double-doubles, with a relative error of a few 2**-106."""
    high, low = two_prod(x[0], y[0])
    return fast_two_sum(high, low + (x[0] * y[1] + x[1] * y[0]))


def dd_exp(high: FloatArray, low: FloatArray | float = 0.0) -> DoubleDouble:
    """Return ``exp(high + low)`` as a double-double, for ``-700 < high < 709``.

    Examples
    --------
    >>> import numpy as np
    >>> high, low = dd_exp(np.array([1.0]))
    >>> print(high[0], low[0])
    2.718281828459045 1.4456468917292502e-16
    """
    k, s = _reduce(high, low)
    m, ml, e = _assemble(k, s)
    return np.ldexp(m, e), np.ldexp(ml, e)


def dd_difference(high: FloatArray, low: FloatArray | float, y: FloatArray) -> FloatArray:
    """Return ``exp(high + low) - y`` for positive y, without cancellation where the two are close."""
    k, s = _reduce(high, low)
    m, ml, e = _assemble(k, s)
    return np.ldexp((m - np.ldexp(y, -e)) + ml, e)


def dd_excess(high: FloatArray, low: FloatArray | float, y: FloatArray) -> FloatArray:
    """Return ``exp(high + low) / y - 1`` for positive y, without cancellation where the two are close."""
    k, s = _reduce(high, low)
    m, ml, e = _assemble(k, s)
    scaled = np.ldexp(y, -e)
    return np.asarray(((m - scaled) + ml) / scaled)


def dd_expm1(high: FloatArray, low: FloatArray | float = 0.0) -> DoubleDouble:
    """Return ``exp(high + low) - 1`` as a double-double, for ``-700 < high < 709``, right near zero too."""
    k, s = _reduce(high, low)
    m, ml, e = _assemble(k, s)
    shifted = dd_add((np.ldexp(m, e), np.ldexp(ml, e)), (np.full_like(m, -1.0), np.zeros_like(m)))
    near = k == 0.0
    return np.where(near, s[0], shifted[0]), np.where(near, s[1], shifted[1])


def about_one(x: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return ``(m, e)`` with ``x = m 2**e`` and m between the square roots of 1/2 and of 2; x is positive."""
    m, e = np.frexp(x)
    low = m < math.sqrt(0.5)
    return np.where(low, 2.0 * m, m), e.astype(np.int64) - low


def dd_log(x: FloatArray) -> DoubleDouble:
    """Return ``log(x)`` as a double-double, for positive normal x: one Newton step on `dd_exp`."""
    mantissa, e = about_one(x)
    first = np.log(mantissa)
    near, near_low = dd_exp(-first)
    product, product_low = two_prod(mantissa, near)
    off = (product - 1.0) + (product_low + mantissa * near_low)
    high, low = fast_two_sum(first, off - 0.5 * off * off)
    whole = two_prod(e.astype(np.float64), np.full_like(mantissa, LN2[0]))
    return dd_add((whole[0], whole[1] + e * LN2[1]), (high, low))
