r"""Poisson: counts whose variance is their mean.

Any ``y >= 0`` is taken, not only whole numbers: a rate, count / exposure with the exposure as its weight, has the same estimate as the
count with the logarithm of the exposure as its offset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.distribution import Distribution
from mathlearn.probability.family import Domain, Family, Formula, Kernels, Maker
from mathlearn.probability.link import Link, Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity, sqrt
from mathlearn.probability.positive import (
    Relative,
    log_ratio,
    plain_kernels,
    plain_log_ratio,
    power_kernels,
    power_observed,
)
from mathlearn.probability.special import LOG_2PI, gap, scaled_exp, stirling_error

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = [
    "FAMILIES",
    "NONNEGATIVE",
    "deviance",
    "kernels",
    "least",
    "observed",
    "plain",
    "poisson",
    "saturated",
    "start",
    "variance",
]

_TINY = 1e-290


def loss(y: FloatArray, eta: FloatArray, link: Link, beside: Relative) -> FloatArray:
    """Return ``mu + y log(y / mu)``, which is at least y: its terms cancel to no less than a third of them."""
    mu = link.mean_of(eta)
    return np.where(np.isinf(mu), np.inf, mu + y * log_ratio(beside.ratio, y, eta, link))


def kernels(y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Kernels:
    """Return the kernels; for the logarithm the gradient is ``mu - y`` and the curvature the mean."""
    if link.name != "log":
        return power_kernels(y, eta, link, refine, 1.0, loss)
    mu = np.exp(eta)
    gradient = link.residual_of(eta, y) if refine else np.asarray(mu - y)
    ratio = np.ones_like(mu)
    np.divide(y, mu, out=ratio, where=y > 0.0)
    tiny = (mu < _TINY) & (y > 0.0)
    if tiny.any():
        ratio[tiny] = scaled_exp(y[tiny], -eta[tiny])
    value = log_ratio(ratio, y, eta, link)
    value *= y
    value += mu
    return Kernels(np.where(np.isinf(mu), np.inf, value), gradient, mu)


def plain_loss(y: FloatArray, eta: FloatArray, link: Link, mu: FloatArray, _share: FloatArray) -> FloatArray:
    """Return ``mu + y log(y / mu)``."""
    value = plain_log_ratio(y, eta, link, mu)
    value *= y
    value += mu
    return value


def plain(y: FloatArray, eta: FloatArray, link: Link) -> Kernels:
    """Return the kernels for means far from the ends of the range of doubles."""
    return plain_kernels(y, eta, link, None, plain_loss)


def least(y: FloatArray) -> FloatArray:
    """Return the loss at ``mu = y``, which is y."""
    return y


def observed(y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    """Return the second derivative of the loss."""
    return power_observed(y, eta, link, 1.0)


def variance(mu: FloatArray) -> FloatArray:
    """Return the mean."""
    return mu


def deviance(y: FloatArray, mu: FloatArray) -> FloatArray:
    """Return ``2 (y log(y / mu) - (y - mu))`` as ``2 y gap((mu - y) / y)``."""
    x = (mu - y) / np.where(y > 0.0, y, 1.0)
    plain = 2.0 * (mu - y + y * (np.log(np.where(y > 0.0, y, 1.0)) - np.log(mu)))
    extreme = ~np.isfinite(x) | (x < -0.9)
    return np.where(y > 0.0, np.where(extreme, plain, 2.0 * y * gap(np.where(extreme, 0.0, x))), 2.0 * mu)


def saturated(y: FloatArray, _phi: FloatArray, _trials: FloatArray) -> FloatArray:
    """Return ``y log(y) - y - log(Gamma(y + 1))`` by Loader's form."""
    safe = np.where(y > 0.0, y, 1.0)
    return np.where(y > 0.0, -0.5 * (LOG_2PI + np.log(safe)) - stirling_error(safe), 0.0)


def start(y: FloatArray, _weight: FloatArray) -> FloatArray:
    """Return a positive mean near y, as R's glm does."""
    return np.asarray(y + 0.1)


def _below(y: FloatArray, mu: FloatArray, _phi: FloatArray, _trials: FloatArray) -> FloatArray:
    from scipy.special import gammaincc

    return np.asarray(gammaincc(np.floor(y) + 1.0, mu))


def _above(y: FloatArray, mu: FloatArray, _phi: FloatArray, _trials: FloatArray) -> FloatArray:
    from scipy.special import gammainc

    return np.asarray(gammainc(np.floor(y) + 1.0, mu))


def _inside(y: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.isfinite(y) & (y >= 0.0))


NONNEGATIVE = Domain(
    _inside,
    "numbers of at least 0",
    "Repair these rows; for data with negative values use the Gaussian family.",
)


def poisson() -> Family:
    """Make the Poisson family."""
    return Family(
        name="poisson",
        title="Poisson",
        formula=Formula("log-density", r"y\log\mu-\mu-\log\Gamma(y+1)"),
        variance_latex=r"\mu",
        constant_latex=r"y\log y-\log\Gamma(y+1)",
        support="counts",
        domain=NONNEGATIVE,
        mean_span=Span(0.0),
        links=(log, identity, sqrt),
        fixed_dispersion=True,
        canonical="log",
        kernels_of=kernels,
        plain_of=plain,
        least_of=least,
        observed_of=observed,
        variance_of=variance,
        deviance_of=deviance,
        start_of=start,
        saturated_of=saturated,
        distribution=Distribution(_below, _above, least=0.0, whole=True),
    )


FAMILIES = (Maker("poisson", poisson),)
