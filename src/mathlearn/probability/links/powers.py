r"""Powers: identity, square root, inverse, inverse squared, and :math:`\eta = \mu^\lambda` for any other exponent.

The inverse is :math:`\mu = \eta^a` with :math:`a = 1/\lambda`, which is kept as a fraction: what rounding it would do to the mean at
the ends of the range of doubles is hundreds of units in the last place.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.linalg.errorfree import dd_add, two_prod, two_sum
from mathlearn.probability.double import LN2, about_one, dd_log, dd_multiply
from mathlearn.probability.link import Link, Residual, Span, close, refined
from mathlearn.probability.special import scaled_power

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.linalg.errorfree import DoubleDouble

__all__ = ["LINKS", "identity", "inverse", "inverse_squared", "power", "sqrt"]


@cache
def _exponent(exponent: float, mean_power: float, slope_power: int) -> tuple[float, float, float]:
    """Return ``a**k``, and ``a c - k`` in two doubles, for ``a = 1 / exponent``, c the power of the mean and k of the slope."""
    a = 1 / Fraction(exponent)
    total = a * Fraction(mean_power) - slope_power
    high = float(total)
    return float(a**slope_power), high, float(total - Fraction(high))


def _monomial(
    exponent: float, scale: FloatArray | float, mean_power: float, slope_power: int, eta: FloatArray
) -> FloatArray:
    factor, high, low = _exponent(exponent, mean_power, slope_power)
    value = scaled_power(scale * factor if factor != 1.0 else scale, eta, high)
    if low == 0.0:
        return value
    return np.where(np.isfinite(value) & (eta > 0.0), value + value * (low * np.log(eta)), value)


def _mean(exponent: float, eta: FloatArray) -> FloatArray:
    return _monomial(exponent, 1.0, 1.0, 0, eta)


def _slope(exponent: float, eta: FloatArray) -> FloatArray:
    return _monomial(exponent, 1.0, 1.0, 1, eta)


def _log_mean(exponent: float, eta: FloatArray) -> FloatArray:
    return np.asarray(np.log(eta) / exponent)


def _predictor(exponent: float, mu: FloatArray) -> FloatArray:
    return scaled_power(1.0, mu, exponent)


def _general_excess(exponent: float, eta: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``expm1(a log(eta) - log(y))``, powers of two apart: what is left of these cancels exactly."""
    _, a, a_low = _exponent(exponent, 1.0, 0)
    inverse = (np.full_like(eta, a), np.full_like(eta, a_low))
    (m, e), (n, c) = about_one(eta), about_one(y)
    product, low = two_prod(c.astype(np.float64), np.full_like(n, exponent))
    twos = two_sum(e.astype(np.float64), -product)  # e - c / a: times a, the power of two of mu / y
    twos = dd_multiply(two_sum(twos[0], twos[1] - low), inverse)
    logs = dd_multiply(dd_log(m), inverse), dd_log(n)
    z = dd_add(dd_add(logs[0], (-logs[1][0], -logs[1][1])), dd_multiply(twos, _ln2(m)))
    return np.asarray(np.expm1(z[0]) + z[1] * np.exp(z[0]))


def _ln2(like: FloatArray) -> DoubleDouble:
    return np.full_like(like, LN2[0]), np.full_like(like, LN2[1])


def _identity_excess(eta: FloatArray, y: FloatArray) -> FloatArray:
    return np.asarray((eta - y) / y)


def _inverse_excess(eta: FloatArray, y: FloatArray) -> FloatArray:
    (m, b), (n, c) = np.frexp(y), np.frexp(eta)
    product, low = (np.ldexp(part, b + c) for part in two_prod(m, n))
    return np.asarray(((1.0 - product) - low) / product)


def _sqrt_excess(eta: FloatArray, y: FloatArray) -> FloatArray:
    m, e = np.frexp(eta)
    square, low = two_prod(m, m)
    scaled = np.ldexp(y, -2 * e)
    return np.asarray(((square - scaled) + low) / scaled)


def _inverse_squared_excess(eta: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``(1 - y**2 eta) / (q (1 + q))`` with ``q = y sqrt(eta)``."""
    (m, b), (n, c) = np.frexp(y), np.frexp(eta)
    product, low = (np.ldexp(part, 2 * b + c) for part in dd_multiply(two_prod(m, n), (m, np.zeros_like(m))))
    root = np.sqrt(product)
    return np.asarray(((1.0 - product) - low) / (root * (1.0 + root)))


def _residual(exponent: float, excess: Residual, eta: FloatArray, y: FloatArray) -> FloatArray:
    return refined(eta, y, partial(_mean, exponent), lambda near, value: np.asarray(value * excess(near, value)))


def _identity_residual(eta: FloatArray, y: FloatArray) -> FloatArray:
    return np.asarray(eta - y)


def _inverse_residual(eta: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``(1 - y eta) / eta``, with the product in two parts where it is close to one."""
    mu = 1.0 / eta
    value = np.asarray(mu - y)
    rows = close(mu, y)
    (m, b), (n, c) = np.frexp(y[rows]), np.frexp(eta[rows])
    product, low = (np.ldexp(part, b + c) for part in two_prod(m, n))
    value[rows] = ((1.0 - product) - low) / eta[rows]
    return value


_FAR = 1e40  # a mean between it and its inverse is plain


def _plain_span(exponent: float) -> Span:
    far = _FAR ** min(abs(exponent), 2.0)
    return Span(1.0 / far, far)


def _link(name: str, exponent: float, latex: str, mean_latex: str, excess: Residual, *, signed: bool = False) -> Link:
    return Link(
        name,
        latex=latex,
        mean_latex=mean_latex,
        mean_span=Span() if signed else Span(0.0),
        eta_span=Span() if signed else Span(0.0),
        mean_of=partial(_mean, exponent),
        predictor_of=partial(_predictor, exponent),
        slope_of=partial(_slope, exponent),
        log_mean_of=partial(_log_mean, exponent),
        residual_of=_RESIDUALS.get(exponent, partial(_residual, exponent, excess)),
        plain_span=_plain_span(exponent),
        excess_of=excess,
        monomial=partial(_monomial, exponent),
        inverse_power=exponent,
    )


def power(exponent: float) -> Link:
    r"""Make the link :math:`\eta = \mu^\lambda`.

    Parameters
    ----------
    exponent : float
        :math:`\lambda`, which is not zero (use "log").

    Raises
    ------
    DomainError
        The exponent is zero or not finite.

    Examples
    --------
    >>> print(power(-0.5).mu([4.0]))
    [0.0625]
    """
    if not np.isfinite(exponent) or exponent == 0.0:
        raise DomainError(
            f"the exponent of a power link is {exponent!r}: it must be a finite number other than 0; for 0 use 'log'"
        )
    known = {link.inverse_power: link for link in LINKS}
    if exponent in known:
        return known[exponent]
    return _link(
        f"power({exponent:.12g})",
        exponent,
        rf"\mu^{{{exponent!r}}}",
        rf"\eta^{{1/({exponent!r})}}",
        partial(_general_excess, exponent),
    )


_RESIDUALS: dict[float, Residual] = {1.0: _identity_residual, -1.0: _inverse_residual}

identity = _link("identity", 1.0, r"\mu", r"\eta", _identity_excess, signed=True)
inverse = _link("inverse", -1.0, r"\frac{1}{\mu}", r"\frac{1}{\eta}", _inverse_excess, signed=True)
inverse_squared = _link(
    "inverse_squared", -2.0, r"\frac{1}{\mu^{2}}", r"\frac{1}{\sqrt{\eta}}", _inverse_squared_excess
)
sqrt = _link("sqrt", 0.5, r"\sqrt{\mu}", r"\eta^{2}", _sqrt_excess)

LINKS = (identity, inverse, inverse_squared, sqrt)
