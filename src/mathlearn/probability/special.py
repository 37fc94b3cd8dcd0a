r"""Special functions that the families need to full accuracy, where NumPy and SciPy lose digits or leave the range of doubles.

References
----------
Loader (2000), "Fast and accurate computation of binomial probabilities": the saddle-point form of a probability.
Lee (1992), "On Laplace continued fraction for the normal integral", Ann. Inst. Statist. Math. 44: Mills' ratio.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import two_prod

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = [
    "TABLED",
    "gap",
    "mills",
    "mills_drop",
    "normal_density",
    "normal_tail",
    "scaled_exp",
    "scaled_power",
    "stirling_error",
]

LOG_2PI = math.log(2.0 * math.pi)
_SAFE = 690.0  # exp of no more than this is a normal double, and so is its inverse
_TINY, _HUGE = 1e-290, 1e290


def scaled_exp(scale: FloatArray | float, exponent: FloatArray, low: FloatArray | float = 0.0) -> FloatArray:
    """Return ``scale * exp(exponent + low)``, which is finite where the product is, whatever its factors are.

    Examples
    --------
    >>> import numpy as np
    >>> print(scaled_exp(1e300, np.array([-745.2, -800.0])))
    [2.31074534e-24 3.66787458e-48]
    """
    value: FloatArray = scale * np.exp(exponent)
    size = np.abs(exponent)
    if not np.maximum.reduce(size, axis=None, initial=0.0) <= _SAFE:
        extreme = size > _SAFE
        half = np.exp(0.5 * exponent)
        careful = (scale * half) * half
        value = np.where(extreme, np.where(np.equal(scale, 0.0), 0.0, careful), value)
    return value if isinstance(low, float) else np.where(np.isfinite(value), value + value * low, value)


def scaled_power(scale: FloatArray | float, base: FloatArray, power: float) -> FloatArray:
    """Return ``scale * base**power`` for base >= 0 (any base if the power is whole), finite where the product is."""
    if power == 0.0:
        return np.broadcast_to(np.asarray(scale, dtype=np.float64), np.broadcast(scale, base).shape).copy()
    if power == 1.0:
        return np.asarray(scale * base)
    if power == -1.0:
        return np.asarray(scale / base)
    factor = _raise(base, power)
    value: FloatArray = scale * factor
    size = np.abs(factor)
    lowest, highest = np.minimum.reduce(size, axis=None, initial=1.0), np.maximum.reduce(size, axis=None, initial=1.0)
    if not (lowest >= _TINY and highest <= _HUGE):
        extreme = (size < _TINY) | (size > _HUGE)
        half = _raise(np.abs(base), 0.5 * power)
        careful = np.copysign((scale * half) * half, np.where(np.equal(scale, 0.0), 0.0, np.copysign(scale, value)))
        value = np.where(extreme, np.where(np.equal(scale, 0.0) & (base > 0.0), 0.0, careful), value)
    return value


def _raise(base: FloatArray, power: float) -> FloatArray:
    """Raise to a power, by square roots and products where these are exact or better than `power` itself."""
    if power in {0.5, -0.5}:
        root = np.sqrt(base)
        return root if power > 0.0 else 1.0 / root
    if power in {2.0, -2.0}:
        square = base * base
        return square if power > 0.0 else 1.0 / square
    result: FloatArray = np.power(base, power)
    return result


_TERMS = [1.0 / (2 * k + 3) for k in range(19)]


def gap(x: FloatArray) -> FloatArray:
    """Return ``x - log(1 + x)``, which is never negative, for ``x >= -1``, without cancellation near zero.

    With ``r = x / (2 + x)``, ``log(1 + x) = 2 artanh(r)`` and ``x - 2 r = r x``, so the gap is ``r x - 2 r**3 (1/3 + r**2 / 5 + ...)``.

    Examples
    --------
    >>> import numpy as np
    >>> print(gap(np.array([1e-20, 0.0, -1.0])))
    [5.e-41 0.e+00    inf]
    """
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        far = x - np.log1p(x)
    far = np.where(np.isinf(x), np.inf, far)
    near = (x > -0.6) & (x < 1.2)
    if not near.any():
        return far
    safe = np.where(near, x, 0.0)
    r = safe / (2.0 + safe)
    square = r * r
    series = np.full_like(square, _TERMS[-1])
    for term in reversed(_TERMS[:-1]):
        series *= square
        series += term
    return np.where(near, r * (safe - 2.0 * square * series), far)


_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)
_LARGE = 12.0


def stirling_error(z: FloatArray) -> FloatArray:
    r"""Return what Stirling's formula leaves, :math:`\log\Gamma(z+1) - (z+\tfrac12)\log z + z - \tfrac12\log 2\pi`, for z > 0.

    Examples
    --------
    >>> import numpy as np
    >>> print(stirling_error(np.array([1.0, 1e8])))
    [8.10614668e-02 8.33333333e-10]
    """
    from scipy.special import gammaln

    z = np.asarray(z, dtype=np.float64)
    small = np.where(z < _LARGE, z, 1.0)
    exact = gammaln(small + 1.0) - (small + 0.5) * np.log(small) + small - 0.5 * LOG_2PI
    inverse = 1.0 / np.maximum(z, _LARGE)
    square = inverse * inverse
    series = np.full_like(inverse, _STIRLING[-1])
    for term in reversed(_STIRLING[:-1]):
        series = series * square + term
    return np.where(z < _LARGE, exact, series * inverse)


_STEP = 8  # grid points to a unit
_FAR = 12.0
_DEGREE = 13
_FINE = 128  # points to a unit of the finer table
_FINE_DEGREE = 6
TABLED = _FAR
"""How far out `normal_tail` is tabled."""
_PI = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651"


@cache
def _mills_table() -> FloatArray:
    """Taylor coefficients of Mills' ratio about ``0, 1/8, 2/8, ...``: ``M' = x M - 1`` gives each from the two before it.

    Shape (degree + 1, points). The equation amplifies an error by exp(x**2 / 2): it is solved with 100 digits.
    """
    columns = []
    with localcontext() as context:
        context.prec = 100
        ratio = (Decimal(_PI) / 2).sqrt()
        for j in range(int(_FAR) * _STEP + 1):
            c = Decimal(j) / _STEP
            coefficients = [ratio, c * ratio - 1]
            for n in range(1, 70):
                coefficients.append((c * coefficients[n] + coefficients[n - 1]) / (n + 1))
            columns.append([float(value) for value in coefficients[: _DEGREE + 1]])
            ratio = sum((value / _STEP**n for n, value in enumerate(coefficients)), Decimal(0))
    table: FloatArray = np.array(columns).T.copy()
    return table


@cache
def _fine_table() -> FloatArray:
    """Taylor coefficients of Mills' ratio about ``0, 1/128, 2/128, ...``, from the ones above: fewer are needed.

    Shape (degree + 1, points).
    """
    points = np.arange(int(_FAR) * _FINE + 1) / _FINE
    index = np.rint(points * _STEP).astype(np.int64)
    h = points - index / _STEP
    rows = []
    for k in range(_FINE_DEGREE + 1):
        value = np.zeros_like(h)
        for n in range(_DEGREE, k - 1, -1):
            value = value * h + math.comb(n, k) * _mills_table()[n][index]
        rows.append(value)
    return np.array(rows)


def _mills_series(x: FloatArray, *, derivative: bool) -> FloatArray:
    table = _mills_table()
    inside = np.minimum(x, _FAR)
    index = np.rint(inside * _STEP).astype(np.int64)
    h = inside - index / _STEP
    lowest = int(derivative)
    value: FloatArray = np.zeros_like(h)
    for n in range(_DEGREE, lowest - 1, -1):
        value = np.asarray(value * h + (n if derivative else 1) * table[n][index])
    return value


def _far_series(x: FloatArray, *, derivative: bool) -> FloatArray:
    """Sum ``1 - 1/x**2 + 3/x**4 - 15/x**6 ...`` or, for minus the derivative times x**2, ``1 - 3/x**2 + 15/x**4 ...``."""
    square = (1.0 / np.maximum(x, _FAR)) ** 2
    value: FloatArray = np.ones_like(square)
    for k in range(16, 0, -1):
        value = 1.0 - (2 * k - 1 + 2 * int(derivative)) * square * value
    return np.asarray(value)


def mills(x: FloatArray) -> FloatArray:
    r"""Return Mills' ratio :math:`M(x) = (1 - \Phi(x)) / \varphi(x)` of the normal distribution, for x >= 0.

    Examples
    --------
    >>> import numpy as np
    >>> print(mills(np.array([0.0, 1.0, 1e300])))
    [1.25331414e+000 6.55679542e-001 1.00000000e-300]
    """
    x = np.asarray(x, dtype=np.float64)
    near = _mills_series(x, derivative=False)
    far = x > _FAR
    return np.where(far, _far_series(x, derivative=False) / np.maximum(x, _FAR), near) if far.any() else near


def mills_drop(x: FloatArray) -> FloatArray:
    """Return minus the derivative of `mills`, ``1 - x M(x)``, without its cancellation, for x >= 0."""
    x = np.asarray(x, dtype=np.float64)
    near = -_mills_series(x, derivative=True)
    far = x > _FAR
    wide = np.maximum(x, _FAR)
    return np.where(far, _far_series(x, derivative=True) / wide / wide, near) if far.any() else near


_ROOT, _ROOT_LOW = (
    0.3989422804014327,
    -6.247337834861335e-17,
)  # 1 / sqrt(2 pi), and what rounding took from it, relative


def normal_density(x: FloatArray, scale: FloatArray | float = 1.0) -> FloatArray:
    r"""Return `scale` times :math:`\varphi(x) = e^{-x^2/2} / \sqrt{2\pi}`, with the square taken exactly: right in the tail too."""
    square, low = two_prod(np.minimum(np.abs(x), 60.0), np.minimum(np.abs(x), 60.0))
    return scaled_exp(_ROOT * scale, -0.5 * square, _ROOT_LOW - 0.5 * low)


def normal_tail(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Return :math:`1 - \Phi(x)` and :math:`\varphi(x)` for ``0 <= x < TABLED``, to what rounding the square of x leaves.

    Examples
    --------
    >>> import numpy as np
    >>> tail, density = normal_tail(np.array([0.0, 1.0]))
    >>> print(tail, density)
    [0.5        0.15865525] [0.39894228 0.24197072]
    """
    table = _fine_table()
    index = np.minimum(x, _FAR)
    index *= _FINE
    np.rint(index, out=index)
    places = index.astype(np.int64)
    index *= -1.0 / _FINE
    h = np.add(index, x, out=index)
    tail = table[_FINE_DEGREE][places]
    for row in table[_FINE_DEGREE - 1 :: -1]:
        tail *= h
        tail += row[places]
    density = x * x
    density *= -0.5
    np.exp(density, out=density)
    density *= _ROOT
    tail *= density
    return tail, density
