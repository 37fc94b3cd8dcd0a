"""The cauchit: a latent variable with heavy tails, so that a few rows may contradict the rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import two_prod, two_sum
from mathlearn.probability.link import Bound, Link, Odds, Span, Terms
from mathlearn.probability.shares import symmetric

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.probability.kernels import Kernels

__all__ = ["LINKS", "cauchit"]

_HUGE = 1e150


def _mu(eta: FloatArray) -> FloatArray:
    """Return the angle of the point ``(-eta, 1)`` over pi: either tail is a small angle."""
    return np.asarray(np.arctan2(1.0, -eta) / math.pi)


def _complement(eta: FloatArray) -> FloatArray:
    return _mu(-eta)


def _square(eta: FloatArray) -> FloatArray:
    """Return ``1 + eta**2``, rounded once; eta is cut off where the square would leave the range of doubles."""
    size = np.minimum(np.abs(eta), _HUGE)
    high, low = two_prod(size, size)
    total, error = two_sum(np.ones_like(high), high)
    return np.asarray(total + (error + low))


def _slope(eta: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (math.pi * _square(eta)))


def _log_mu(eta: FloatArray) -> FloatArray:
    return np.where(eta > 0.0, np.log1p(-_complement(eta)), np.log(_mu(eta)))


def _rise(eta: FloatArray) -> FloatArray:
    """Return the slope over the mean, from the angle itself: pi cancels."""
    low = eta < -_HUGE
    return np.where(low, -1.0 / np.minimum(eta, -1.0), 1.0 / (_square(eta) * np.arctan2(1.0, np.where(low, 0.0, -eta))))


def _terms(eta: FloatArray, scale: FloatArray) -> Terms:
    rise, fall = _rise(eta), _rise(-eta)
    return Terms(_log_mu(eta), -scale * _log_mu(-eta), rise, scale * fall, rise * fall)


def _plain(y: FloatArray, eta: FloatArray) -> Kernels:
    """Return the kernels from the tail, an angle over pi, and the density."""
    tail = np.arctan2(1.0, np.abs(eta))
    tail *= 1.0 / math.pi
    density = eta * eta
    density += 1.0
    density *= math.pi
    return symmetric(y, eta, tail, np.divide(1.0, density, out=density))


def _rise_drop(eta: FloatArray) -> FloatArray:
    up = _rise(eta)
    return np.asarray(up * (up + 2.0 * eta / _square(eta)))


def _fall_growth(eta: FloatArray, scale: FloatArray | float) -> FloatArray:
    return np.asarray(scale * _rise_drop(-eta))


def _predictor(mu: FloatArray) -> FloatArray:
    tail = np.where(mu > 0.5, 1.0 - mu, mu)
    size = np.where(tail < 0.25, 1.0 / np.tan(math.pi * tail), np.tan(math.pi * (0.5 - tail)))
    return np.where(mu > 0.5, size, -size)


def _residual(eta: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``(1 - y) mu - y (1 - mu)``."""
    return np.asarray((1.0 - y) * _mu(eta) - y * _complement(eta))


cauchit = Link(
    "cauchit",
    latex=r"\tan\left(\pi\left(\mu-\frac{1}{2}\right)\right)",
    mean_latex=r"\frac{1}{2}+\frac{1}{\pi}\arctan(\eta)",
    mean_span=Span(0.0, 1.0),
    eta_span=Span(),
    mean_of=_mu,
    predictor_of=_predictor,
    slope_of=_slope,
    log_mean_of=_log_mu,
    residual_of=_residual,
    plain_span=Span(-1e100, 1e100),
    bound=Bound(
        gradient=8.0,
        curvature=6.0,
        of="terms",
        why="the curvature is a product of two angles and two squares; for 0 < y < 1 the terms (1 - y) mu and y (1 - mu) of the "
        "gradient cancel where mu is near y, and the arc tangent is known to double precision only",
    ),
    odds=Odds(complement=_complement, terms=_terms, plain=_plain, rise_drop=_rise_drop, fall_growth=_fall_growth),
)

LINKS = (cauchit,)
