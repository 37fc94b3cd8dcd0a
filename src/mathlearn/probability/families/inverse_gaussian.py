r"""Inverse Gaussian: positive numbers whose variance is :math:`\phi\mu^3`; first passage times of a drifting Brownian motion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.distribution import Distribution
from mathlearn.probability.families.gamma import POSITIVE
from mathlearn.probability.family import Family, Formula, Kernels, Maker
from mathlearn.probability.link import Bound, Link, Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity, inverse, inverse_squared
from mathlearn.probability.positive import Relative, monomial_of, plain_kernels, power_kernels, power_observed
from mathlearn.probability.special import LOG_2PI, mills_drop, normal_density

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["FAMILIES", "inverse_gaussian"]


def _loss(y: FloatArray, eta: FloatArray, link: Link, beside: Relative) -> FloatArray:
    """Return ``(y / mu - 1)**2 / (2 y)``, multiplied out in an order that stays in range; with ``mu / y - 1`` where that is known."""
    far = beside.ratio - 1.0
    far = 0.5 * (far / y) * far
    term = monomial_of(link)
    factor = term(beside.excess, -1.0, 0, eta)
    return np.where(beside.near, 0.5 * factor * (beside.excess * beside.ratio), far)


def _kernels(y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Kernels:
    return power_kernels(y, eta, link, refine, 3.0, _loss)


def _plain_loss(y: FloatArray, _eta: FloatArray, _link: Link, mu: FloatArray, share: FloatArray) -> FloatArray:
    apart = mu - y
    return np.asarray((apart * share) * (apart * (0.5 / y)))


def _share(mu: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (mu * mu))


def _plain(y: FloatArray, eta: FloatArray, link: Link) -> Kernels:
    return plain_kernels(y, eta, link, _share, _plain_loss)


def _observed(y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    return power_observed(y, eta, link, 3.0)


def _variance(mu: FloatArray) -> FloatArray:
    return np.asarray(mu**3)


def _deviance(y: FloatArray, mu: FloatArray) -> FloatArray:
    x = (y - mu) / mu
    return np.asarray((x / y) * x)


def _saturated(y: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (LOG_2PI + np.log(phi)) - 1.5 * np.log(y))


def _below(y: FloatArray, mu: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    r"""Return :math:`\Phi(a) + e^{2 / \phi\mu} \Phi(-b)` with a and b as in `_ends`, in the form :math:`\varphi(a) (M(-a) + M(b))`."""
    a, b = _ends(y, mu, phi)
    low = normal_density(a) * (_mills(np.abs(a)) + _mills(b))
    return np.where(y > 0.0, np.where(a < 0.0, low, _normal(a) + normal_density(a) * _mills(b)), 0.0)


def _above(y: FloatArray, mu: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    r"""Return :math:`\varphi(a) (M(a) - M(b))`; where a and b are close, the integral of :math:`-M'` between them, which is positive."""
    a, b = _ends(y, mu, phi)
    far = _normal(-a) - normal_density(a) * _mills(b)
    value = np.where(a < 0.0, far, normal_density(a) * (_mills(np.maximum(a, 0.0)) - _mills(b)))
    near = b - a < _CLOSE
    if near.any():
        width = 2.0 / np.sqrt(phi[near] * y[near])  # not b - a, which has lost digits
        value[near] = normal_density(a[near]) * _fallen(a[near], width)
    return np.where(y > 0.0, value, 1.0)


def _fallen(a: FloatArray, width: FloatArray) -> FloatArray:
    """Return ``M(a) - M(a + width)`` of a small width, by Gauss and Legendre."""
    slope = np.zeros_like(a)
    for node, share in zip(_NODES, _SHARES, strict=True):
        slope += share * _mills_fall(a + 0.5 * width * (1.0 + node))
    return np.asarray(0.5 * width * slope)


_CLOSE = (
    0.05  # below this, the difference would lose more than three digits, and so few nodes integrate to the last one
)
_NODES, _SHARES = (each.tolist() for each in np.polynomial.legendre.leggauss(4))


def _ends(y: FloatArray, mu: FloatArray, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Return :math:`a = (y / \mu - 1) / \sqrt{\phi y}` and :math:`b = (y / \mu + 1) / \sqrt{\phi y}`."""
    root = np.sqrt(phi * y)
    return np.asarray((y - mu) / mu / root), np.asarray((y + mu) / mu / root)


def _mills(x: FloatArray) -> FloatArray:
    """Return Mills' ratio ``(1 - Phi(x)) / phi(x)``, for x of either sign."""
    from scipy.special import erfcx

    return np.asarray(math.sqrt(0.5 * math.pi) * erfcx(x * math.sqrt(0.5)))


def _mills_fall(x: FloatArray) -> FloatArray:
    """Return minus the slope of Mills' ratio, ``1 - x M(x)``, without its cancellation."""
    return np.where(x < 0.0, 1.0 - x * _mills(x), mills_drop(np.maximum(x, 0.0)))


def _normal(x: FloatArray) -> FloatArray:
    """Return the normal distribution function."""
    from scipy.special import ndtr

    return np.asarray(ndtr(x))


def _start(y: FloatArray, _weight: FloatArray) -> FloatArray:
    return y.copy()


def inverse_gaussian() -> Family:
    """Make the inverse Gaussian family."""
    return Family(
        name="inverse_gaussian",
        title="inverse Gaussian",
        formula=Formula("log-density", r"-\frac{(y-\mu)^{2}}{2\phi\mu^{2}y}-\frac{1}{2}\log(2\pi\phi y^{3})"),
        variance_latex=r"\mu^{3}",
        constant_latex=r"-\frac{1}{2}\log(2\pi y^{3})",
        support="positive",
        domain=POSITIVE,
        mean_span=Span(0.0),
        links=(log, inverse_squared, inverse, identity),
        fixed_dispersion=False,
        canonical="inverse_squared",
        kernels_of=_kernels,
        plain_of=_plain,
        observed_of=_observed,
        variance_of=_variance,
        deviance_of=_deviance,
        start_of=_start,
        saturated_of=_saturated,
        distribution=Distribution(_below, _above, least=0.0, whole=False),
        own_bound=Bound(
            loss=12.0, why="the loss is the square of a difference over a product of three: twice its rounding errors"
        ),
    )


FAMILIES = (Maker("inverse_gaussian", inverse_gaussian),)
