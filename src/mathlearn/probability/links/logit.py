"""The logit: log odds, the canonical link of the binomial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import dd_add, two_prod, two_sum
from mathlearn.probability.double import dd_exp
from mathlearn.probability.kernels import Kernels
from mathlearn.probability.link import Link, Odds, Span, Terms, close

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["LINKS", "logit", "plain", "tails"]


def tails(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``(mu, 1 - mu)``, each to full accuracy, subnormal numbers included."""
    e = np.exp(-np.abs(eta))
    large = 1.0 / (1.0 + e)
    small = e * large
    up = eta > 0.0
    return np.where(up, large, small), np.where(up, small, large)


def _mu(eta: FloatArray) -> FloatArray:
    return tails(eta)[0]


def _complement(eta: FloatArray) -> FloatArray:
    return tails(eta)[1]


def _slope(eta: FloatArray) -> FloatArray:
    e = np.exp(-np.abs(eta))
    large = 1.0 / (1.0 + e)
    return np.asarray(e * large * large)


def _log_mu(eta: FloatArray) -> FloatArray:
    return np.asarray(np.minimum(eta, 0.0) - np.log1p(np.exp(-np.abs(eta))))


def _terms(eta: FloatArray, scale: FloatArray) -> Terms:
    mu, complement = tails(eta)
    return Terms(_log_mu(eta), -scale * _log_mu(-eta), complement, scale * mu, mu * complement)


def plain(y: FloatArray, eta: FloatArray) -> Kernels:
    """Return the kernels of one trial, from one exponential and one logarithm, for any predictor.

    With ``e = exp(-|eta|)`` the smaller of the mean and one minus it is ``e / (1 + e)``. With ``d = 1 - y`` where eta is not negative and
    ``d = -y`` where it is, the loss is ``d eta + log(1 + e)``, and the gradient is d less that smaller one with the sign of eta.
    """
    e = np.abs(eta)
    np.negative(e, out=e)
    np.exp(e, out=e)
    loss = np.log1p(e)
    large = e + 1.0
    np.divide(1.0, large, out=large)
    e *= large
    large *= e
    d = np.greater_equal(eta, 0.0, out=np.empty_like(e))
    d -= y
    loss += d * eta
    gradient = np.copysign(e, eta, out=e)
    gradient -= d
    return Kernels(loss, np.negative(gradient, out=gradient), large)  # a zero has its sign


def _fall_growth(eta: FloatArray, scale: FloatArray | float) -> FloatArray:
    return np.asarray(scale * _slope(eta))


def _predictor(mu: FloatArray) -> FloatArray:
    middle = np.abs(mu - 0.5) < 0.25
    odd = np.log1p((2.0 * mu - 1.0) / (1.0 - mu))
    return np.where(middle, odd, np.log(mu) - np.log1p(-mu))


def _difference(eta: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``mu - y`` over the common denominator ``1 + exp(-|eta|)``, the numerator in double-double."""
    e, e_low = dd_exp(-np.abs(eta))
    product, product_low = two_prod(y, e)
    up = eta > 0.0
    first = two_sum(np.where(up, 1.0, e), -y)
    first = (first[0], first[1] + np.where(up, 0.0, e_low))
    top = dd_add(first, (-product, -(product_low + y * e_low)))
    return np.asarray((top[0] + top[1]) / (1.0 + e))


def _residual(eta: FloatArray, y: FloatArray) -> FloatArray:
    mu, complement = tails(eta)
    value = np.where(y > 0.5, (1.0 - y) - complement, mu - y)
    rows = close(mu, y) & (y > 0.0) & (y < 1.0) & (np.abs(eta) < _FAR)
    if rows.any():
        value[rows] = _difference(eta[rows], y[rows])
    return value


_FAR = 700.0  # beyond, exp(-|eta|) is no normal double, and adds nothing to what is near 1

logit = Link(
    "logit",
    latex=r"\log\frac{\mu}{1-\mu}",
    mean_latex=r"\frac{1}{1+e^{-\eta}}",
    mean_span=Span(0.0, 1.0),
    eta_span=Span(),
    mean_of=_mu,
    predictor_of=_predictor,
    slope_of=_slope,
    log_mean_of=_log_mu,
    residual_of=_residual,
    plain_span=Span(),
    odds=Odds(complement=_complement, terms=_terms, plain=plain, rise_drop=_slope, fall_growth=_fall_growth),
)

LINKS = (logit,)
