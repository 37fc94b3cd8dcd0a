r"""Gaussian: :math:`y \sim N(\mu, \phi)`, with constant variance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.distribution import Distribution
from mathlearn.probability.family import Domain, Family, Formula, Kernels, Maker
from mathlearn.probability.link import Link, Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity, inverse
from mathlearn.probability.positive import monomial_of
from mathlearn.probability.special import LOG_2PI

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["FAMILIES", "gaussian"]


def _kernels(y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Kernels:
    if link.name == "identity":
        residual = np.asarray(eta - y)
        return Kernels(0.5 * residual * residual, residual, np.ones_like(residual))
    term = monomial_of(link)
    residual = link.residual_of(eta, y) if refine else np.asarray(link.mean_of(eta) - y)
    gradient = np.where(residual == 0.0, 0.0, term(residual, 1.0, 1, eta))
    return Kernels(0.5 * residual * residual, gradient, term(1.0, 2.0, 2, eta))


def _observed(y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    """Return ``mu'**2 + (mu - y) mu''``, with ``mu'' = (1 - 1/a) mu s**2``."""
    if link.name == "identity":
        return np.ones_like(eta)
    term = monomial_of(link)
    bend = 1.0 - (link.inverse_power or 0.0)
    ratio = term(y, -1.0, 0, eta)
    above = np.abs(ratio) <= 1.0
    bracket = np.where(above, 1.0 + bend - bend * ratio, (1.0 + bend) / ratio - bend)
    size = np.where(above, term(1.0, 2.0, 2, eta), term(y, 1.0, 2, eta))
    return np.where((bracket == 0.0) | (ratio == 0.0) & (size == 0.0), 0.0, bracket * size)


def _variance(mu: FloatArray) -> FloatArray:
    return np.ones_like(mu)


def _deviance(y: FloatArray, mu: FloatArray) -> FloatArray:
    return np.asarray((y - mu) ** 2)


def _saturated(_y: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (LOG_2PI + np.log(phi)))


def _below(y: FloatArray, mu: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(ndtr((y - mu) / np.sqrt(phi)))


def _above(y: FloatArray, mu: FloatArray, phi: FloatArray, trials: FloatArray) -> FloatArray:
    return _below(mu, y, phi, trials)


def _start(y: FloatArray, _weight: FloatArray) -> FloatArray:
    return y.copy()


def gaussian() -> Family:
    """Make the Gaussian family.

    With the log link a start needs positive means: the caller may start from the mean of y.
    """
    return Family(
        name="gaussian",
        title="Gaussian",
        formula=Formula("log-density", r"-\frac{(y-\mu)^{2}}{2\phi}-\frac{1}{2}\log(2\pi\phi)"),
        variance_latex="1",
        constant_latex=r"-\frac{1}{2}\log(2\pi)",
        support="real",
        domain=Domain(np.isfinite, "finite numbers", "Remove or repair these rows."),
        mean_span=Span(),
        links=(identity, log, inverse),
        fixed_dispersion=False,
        canonical="identity",
        kernels_of=_kernels,
        observed_of=_observed,
        variance_of=_variance,
        deviance_of=_deviance,
        start_of=_start,
        saturated_of=_saturated,
        distribution=Distribution(_below, _above, least=-np.inf, whole=False),
    )


FAMILIES = (Maker("gaussian", gaussian),)
