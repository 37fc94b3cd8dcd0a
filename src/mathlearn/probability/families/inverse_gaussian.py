r"""Inverse Gaussian: positive numbers whose variance is :math:`\phi\mu^3`; first passage times of a drifting Brownian motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.families.gamma import POSITIVE
from mathlearn.probability.family import Family, Formula, Kernels, Maker
from mathlearn.probability.link import Bound, Link, Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity, inverse, inverse_squared
from mathlearn.probability.positive import Relative, monomial_of, power_kernels, power_observed
from mathlearn.probability.special import LOG_2PI

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


def _observed(y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    return power_observed(y, eta, link, 3.0)


def _variance(mu: FloatArray) -> FloatArray:
    return np.asarray(mu**3)


def _deviance(y: FloatArray, mu: FloatArray) -> FloatArray:
    x = (y - mu) / mu
    return np.asarray((x / y) * x)


def _saturated(y: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (LOG_2PI + np.log(phi)) - 1.5 * np.log(y))


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
        observed_of=_observed,
        variance_of=_variance,
        deviance_of=_deviance,
        start_of=_start,
        saturated_of=_saturated,
        own_bound=Bound(
            loss=12.0, why="the loss is the square of a difference over a product of three: twice its rounding errors"
        ),
    )


FAMILIES = (Maker("inverse_gaussian", inverse_gaussian),)
