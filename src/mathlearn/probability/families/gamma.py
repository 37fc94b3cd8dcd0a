r"""Gamma: positive numbers with a constant coefficient of variation; the shape is :math:`1/\phi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.distribution import Distribution
from mathlearn.probability.family import Domain, Family, Formula, Kernels, Maker
from mathlearn.probability.link import Link, Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity, inverse
from mathlearn.probability.positive import (
    Relative,
    log_ratio,
    plain_kernels,
    plain_log_ratio,
    power_kernels,
    power_observed,
    relative,
)
from mathlearn.probability.special import LOG_2PI, gap, stirling_error

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["FAMILIES", "POSITIVE", "gamma"]


def _loss(y: FloatArray, eta: FloatArray, link: Link, beside: Relative) -> FloatArray:
    """Return ``x - log(x)`` with ``x = y / mu``, which is at least 1: its terms cancel to no less than a third of them."""
    return np.where(np.isinf(beside.ratio), np.inf, beside.ratio - log_ratio(beside.ratio, y, eta, link))


def _kernels(y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Kernels:
    if link.name != "log":
        return power_kernels(y, eta, link, refine, 2.0, _loss)
    beside = relative(y, eta, link, refine)  # the gradient is 1 - y / mu, and the curvature 1
    gradient = np.where(beside.above, beside.bracket, beside.bracket * beside.ratio)
    gradient = np.where(np.isinf(beside.ratio), -np.inf, gradient)
    return Kernels(_loss(y, eta, link, beside), gradient, np.ones_like(eta))


def _plain_loss(y: FloatArray, eta: FloatArray, link: Link, mu: FloatArray, share: FloatArray) -> FloatArray:
    return np.asarray(y * share - plain_log_ratio(y, eta, link, mu))


def _plain(y: FloatArray, eta: FloatArray, link: Link) -> Kernels:
    return plain_kernels(y, eta, link, np.reciprocal, _plain_loss)


def _least(y: FloatArray) -> FloatArray:
    return np.ones_like(y)


def _observed(y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    return power_observed(y, eta, link, 2.0)


def _variance(mu: FloatArray) -> FloatArray:
    return np.asarray(mu * mu)


def _deviance(y: FloatArray, mu: FloatArray) -> FloatArray:
    """Return ``2 (x - log(1 + x))`` with ``x = (y - mu) / mu``."""
    x = (y - mu) / mu
    low = x < -0.5
    return np.where(low, 2.0 * (x + (np.log(mu) - np.log(y))), 2.0 * gap(np.where(low, 0.0, x)))


def _saturated(y: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (LOG_2PI + np.log(phi)) - stirling_error(1.0 / phi) - np.log(y))


def _below(y: FloatArray, mu: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    from scipy.special import gammainc

    return np.asarray(gammainc(1.0 / phi, y / mu / phi))


def _above(y: FloatArray, mu: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    from scipy.special import gammaincc

    return np.asarray(gammaincc(1.0 / phi, y / mu / phi))


def _start(y: FloatArray, _weight: FloatArray) -> FloatArray:
    return y.copy()


def _inside(y: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.isfinite(y) & (y > 0.0))


POSITIVE = Domain(
    _inside,
    "numbers above 0",
    "Repair these rows; for data with zeros use the Tweedie family with a power between 1 and 2, for negative values the Gaussian.",
)


def gamma() -> Family:
    """Make the gamma family."""
    return Family(
        name="gamma",
        title="gamma",
        formula=Formula(
            "log-density",
            r"-\frac{1}{\phi}\left(\frac{y}{\mu}+\log\mu\right)+\left(\frac{1}{\phi}-1\right)\log y"
            r"-\frac{\log\phi}{\phi}-\log\Gamma\left(\frac{1}{\phi}\right)",
        ),
        variance_latex=r"\mu^{2}",
        constant_latex=r"-\log y",
        support="positive",
        domain=POSITIVE,
        mean_span=Span(0.0),
        links=(log, inverse, identity),
        fixed_dispersion=False,
        canonical="inverse",
        kernels_of=_kernels,
        plain_of=_plain,
        least_of=_least,
        observed_of=_observed,
        variance_of=_variance,
        deviance_of=_deviance,
        start_of=_start,
        saturated_of=_saturated,
        distribution=Distribution(_below, _above, least=0.0, whole=False),
    )


FAMILIES = (Maker("gamma", gamma),)
