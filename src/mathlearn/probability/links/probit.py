r"""The probit: a normal latent variable. Everything is said by Mills' ratio, so no tail is ever one minus a distribution function."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.link import Bound, Link, Odds, Span, Terms
from mathlearn.probability.shares import symmetric
from mathlearn.probability.special import TABLED, mills, mills_drop, normal_density, normal_tail

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.probability.kernels import Kernels

__all__ = ["LINKS", "probit"]

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def _tail(x: FloatArray) -> FloatArray:
    """Return the probability beyond ``x >= 0``."""
    return normal_density(x, mills(x))


def _mu(eta: FloatArray) -> FloatArray:
    tail = _tail(np.abs(eta))
    return np.where(eta > 0.0, 1.0 - tail, tail)


def _complement(eta: FloatArray) -> FloatArray:
    return _mu(-eta)


def _log_mu(eta: FloatArray) -> FloatArray:
    size = np.abs(eta)
    return _logarithms(size, mills(size), eta > 0.0)[0]


def _logarithms(size: FloatArray, ratio: FloatArray, up: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return ``log(mu)`` and ``log(1 - mu)``: one is that of a tail, the other that of one minus a tail."""
    small = np.log(ratio) - 0.5 * size * size - _HALF_LOG_2PI
    large = np.log1p(-normal_density(size, ratio))
    return np.where(up, large, small), np.where(up, small, large)


def _terms(eta: FloatArray, scale: FloatArray) -> Terms:
    """Return them from Mills' ratio M and the density at ``|eta|``: the smaller tail has the hazard ``1 / M``."""
    size, up = np.abs(eta), eta > 0.0
    ratio = mills(size)
    log_mu, log_complement = _logarithms(size, ratio, up)
    rest = 1.0 - normal_density(size, ratio)
    hazard, other = 1.0 / ratio, normal_density(size) / rest
    rise, fall = np.where(up, other, hazard), np.where(up, hazard, other)
    return Terms(log_mu, -scale * log_complement, rise, scale * fall, normal_density(size, hazard) / rest)


def _plain(y: FloatArray, eta: FloatArray) -> Kernels:
    return symmetric(y, eta, *normal_tail(np.abs(eta)))


def _rise(eta: FloatArray) -> FloatArray:
    return _terms(eta, np.ones_like(eta)).rise


def _rise_drop(eta: FloatArray) -> FloatArray:
    """Return ``r (r + eta)`` with r the rise; for negative eta, ``r + eta = -M' / M``, which does not cancel."""
    size = np.abs(eta)
    ratio = mills(size)
    up = _rise(eta)
    with_low = mills_drop(size) / ratio / ratio
    return np.where(eta > 0.0, up * (up + eta), with_low)


def _fall_growth(eta: FloatArray, scale: FloatArray | float) -> FloatArray:
    return np.asarray(scale * _rise_drop(-eta))


def _predictor(mu: FloatArray) -> FloatArray:
    from scipy.special import ndtri

    upper = mu > 0.5
    tail = np.where(upper, 1.0 - mu, mu)
    eta = np.asarray(ndtri(tail))
    step = (normal_density(eta) * mills(-np.minimum(eta, 0.0)) - tail) / normal_density(eta)
    eta = np.where(np.isfinite(step), eta - step, eta)
    return np.where(upper, -eta, eta)


def _residual(eta: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``(1 - y) mu - y (1 - mu)``."""
    return np.asarray((1.0 - y) * _mu(eta) - y * _complement(eta))


probit = Link(
    "probit",
    latex=r"\Phi^{-1}(\mu)",
    mean_latex=r"\Phi(\eta)",
    mean_span=Span(0.0, 1.0),
    eta_span=Span(),
    mean_of=_mu,
    predictor_of=_predictor,
    slope_of=normal_density,
    log_mean_of=_log_mu,
    residual_of=_residual,
    plain_span=Span(-TABLED, TABLED),
    bound=Bound(
        gradient=8.0,
        of="terms",
        why="for 0 < y < 1 the terms (1 - y) mu and y (1 - mu) of the gradient cancel where mu is near y, and the normal distribution function is "
        "known to double precision only",
    ),
    odds=Odds(complement=_complement, terms=_terms, plain=_plain, rise_drop=_rise_drop, fall_growth=_fall_growth),
)

LINKS = (probit,)
