r"""Kernels of families with a positive mean and the variance :math:`V(\mu) = \mu^\xi`, for links whose mean is a power or an exponential.

With ``s = d log(mu) / d eta`` the gradient is ``(mu - y) mu**(1 - xi) s`` and the curvature ``mu**(2 - xi) s**2``. Either factor of the
gradient may leave the range of doubles where the product does not. So it is taken as ``(1 - y / mu) mu**(2 - xi) s`` where the mean
is the larger and as ``(mu / y - 1) y mu**(1 - xi) s`` where y is, with a bracket between -1 and 1, and each product of powers is
evaluated as one `Monomial`. Where the mean is far from both ends of the range, none of this is needed: `plain_kernels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mathlearn.probability.kernels import Kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.probability.link import Link, Monomial, Residual

__all__ = [
    "Relative",
    "barred",
    "log_ratio",
    "monomial_of",
    "plain_kernels",
    "plain_log_ratio",
    "power_kernels",
    "power_observed",
    "relative",
]

_TINY, _HUGE = 1e-290, 1e290
_SMALLEST = float(np.finfo(np.float64).smallest_normal)


@dataclass(frozen=True, slots=True)
class Relative:
    """Observations beside their means.

    Attributes
    ----------
    ratio : ``y / mu``
    above : whether ``mu >= y``
    bracket : ``(mu - y) / max(mu, y)``
    near : whether the two are close, and `excess` was computed without cancellation
    excess : ``mu / y - 1`` where they are near, else 0
    """

    ratio: FloatArray
    above: BoolArray
    bracket: FloatArray
    near: BoolArray
    excess: FloatArray


LossRule: TypeAlias = "Callable[[FloatArray, FloatArray, Link, Relative], FloatArray]"
PlainLoss: TypeAlias = "Callable[[FloatArray, FloatArray, Link, FloatArray, FloatArray], FloatArray]"
"""``(y, eta, link, mu, mu / V(mu)) -> loss``; it may not write to them."""


def monomial_of(link: Link) -> Monomial:
    """Return the `Monomial` of a link that has one."""
    if link.monomial is None:
        raise TypeError(f"the mean of the link {link.name!r} is no power or exponential of the predictor")
    return link.monomial


def _excess_of(link: Link) -> Residual:
    if link.excess_of is None:
        raise TypeError(f"the mean of the link {link.name!r} is no power or exponential of the predictor")
    return link.excess_of


def relative(y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Relative:
    """Compare each y with its mean, without cancellation if `refine`."""
    ratio = np.where(y > 0.0, monomial_of(link)(y, -1.0, 0, eta), 0.0)
    above = ratio <= 1.0
    bracket = np.where(above, 1.0 - ratio, 1.0 / ratio - 1.0)
    near = (np.abs(bracket) < 0.75) & refine
    excess = np.zeros_like(bracket)
    if near.any():
        excess[near] = _excess_of(link)(eta[near], y[near])
        bracket = np.where(near, excess / np.maximum(1.0, 1.0 + excess), bracket)
        above = np.where(near, bracket >= 0.0, above)
    return Relative(ratio, above, bracket, near, excess)


def log_ratio(ratio: FloatArray, y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    """Return ``log(y / mu)``, from the logarithms where the ratio has left the range of doubles; 0 where y is 0."""
    inside = (ratio > _TINY) & (ratio < _HUGE)
    value = np.log(np.where(inside, ratio, 1.0))
    if not inside.all():
        rows = ~inside & (y > 0.0)
        value[rows] = np.log(y[rows]) - link.log_mean_of(eta[rows])
    return value


def barred(kernels: Kernels, eta: FloatArray, link: Link) -> Kernels:
    """Put up the barrier: no mean belongs to a negative predictor, unless the link is the logarithm."""
    if link.inverse_power == 0.0 or not (eta < 0.0).any():
        return kernels
    out = eta < 0.0
    return Kernels(*(np.where(out, limit, part) for limit, part in zip((np.inf, 0.0, 0.0), kernels, strict=True)))


def power_kernels(y: FloatArray, eta: FloatArray, link: Link, refine: bool, power: float, loss: LossRule) -> Kernels:
    """Return the kernels for the variance ``mu**power``; `loss` takes ``(y, eta, link, relative)``."""
    term = monomial_of(link)
    beside = relative(y, eta, link, refine)
    gradient = beside.bracket * np.where(
        beside.above, term(1.0, 2.0 - power, 1, eta), term(np.where(beside.above, 1.0, y), 1.0 - power, 1, eta)
    )
    gradient = np.where(beside.bracket == 0.0, 0.0, gradient)
    kernels = Kernels(loss(y, eta, link, beside), gradient, term(1.0, 2.0 - power, 2, eta))
    return barred(kernels, eta, link)


def power_observed(y: FloatArray, eta: FloatArray, link: Link, power: float) -> FloatArray:
    """Return ``(b mu - c y) mu**(1 - xi) s**2`` with ``b = 2 - xi - 1/a`` and ``c = b - 1``; 1/a is 0 for the logarithm."""
    term = monomial_of(link)
    first = 2.0 - power - (link.inverse_power or 0.0)
    second = 1.0 - power - (link.inverse_power or 0.0)
    beside = relative(y, eta, link, refine=False)
    bracket = np.where(beside.above, first - second * beside.ratio, first / beside.ratio - second)
    size = np.where(
        beside.above, term(1.0, 2.0 - power, 2, eta), term(np.where(beside.above, 1.0, y), 1.0 - power, 2, eta)
    )
    value = np.where(bracket == 0.0, 0.0, bracket * size)
    return value if link.inverse_power == 0.0 else np.where(eta < 0.0, 0.0, value)


def plain_log_ratio(y: FloatArray, eta: FloatArray, link: Link, mu: FloatArray) -> FloatArray:
    """Return ``log(y / mu)``, and any finite number where y is 0."""
    value = np.maximum(y, _SMALLEST)
    np.log(value, out=value)
    value -= eta if link.inverse_power == 0.0 else np.log(mu)
    return value


def plain_kernels(
    y: FloatArray,
    eta: FloatArray,
    link: Link,
    share_of: Callable[[FloatArray], FloatArray] | None,
    loss: PlainLoss,
) -> Kernels:
    """Return the kernels for predictors inside the link's `plain_span`, without refinement.

    `share_of` gives ``mu / V(mu)``, and is None where that is 1.
    """
    mu = link.mean_of(eta)
    gradient = mu - y
    if share_of is None:
        total = loss(y, eta, link, mu, mu)
    else:
        share = share_of(mu)
        total = loss(y, eta, link, mu, share)
        gradient *= share
        mu *= share
    if link.inverse_power:
        slope = 1.0 / (link.inverse_power * eta)
        gradient *= slope
        mu *= slope
        mu *= slope
    return Kernels(total, gradient, mu)
