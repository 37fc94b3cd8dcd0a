r"""The complementary log-log: :math:`-\log(1 - \mu)` is a rate, :math:`e^\eta`; proportional hazards in grouped time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.double import dd_exp, dd_expm1
from mathlearn.probability.kernels import Kernels
from mathlearn.probability.link import Link, Odds, Span, Terms, close
from mathlearn.probability.special import scaled_exp

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["LINKS", "cloglog"]

_SMALL = 0.0  # above, what decays is computed first; below, what is small
_FIRST, _LAST = 0.7, 6.7  # between them the digits of exp(-exp(eta)) depend on those of exp(eta) beyond a double's

_PLAIN = 6.5  # below, rounding the rate to a double costs exp(-exp(eta)) three digits at most, and 1 - mu is small


def _rate(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``exp(eta)`` and what rounding took from it, where that matters."""
    rate = np.exp(eta)
    low = np.zeros_like(rate)
    rows = (eta > _FIRST) & (eta < _LAST)
    if rows.any():
        rate[rows], low[rows] = dd_exp(eta[rows])
    return rate, low


def _decay(rate: FloatArray, low: FloatArray, scale: FloatArray | float = 1.0) -> FloatArray:
    """Return ``scale * exp(-rate)``."""
    value = scaled_exp(scale, -rate, -low)
    return np.where(np.isfinite(rate), value, 0.0)


def _mu(eta: FloatArray) -> FloatArray:
    return np.asarray(-np.expm1(-np.exp(eta)))


def _complement(eta: FloatArray) -> FloatArray:
    return _decay(*_rate(eta))


def _slope(eta: FloatArray) -> FloatArray:
    rate, low = _rate(eta)
    return _decay(rate, low, rate)


def _log_mu(eta: FloatArray) -> FloatArray:
    return _terms(eta, np.ones_like(eta)).log_mu


def _rise(eta: FloatArray) -> FloatArray:
    return _terms(eta, np.ones_like(eta)).rise


def _terms(eta: FloatArray, scale: FloatArray) -> Terms:
    """Return them from the rate t: for a small one from ``t / (1 - exp(-t))`` and ``t / (exp(t) - 1)``, else from ``exp(-t)``.

    The logarithm of the mean is ``eta - log(t / (1 - exp(-t)))``, the rise ``t / (exp(t) - 1)``, and the information t times it.
    """
    rate, low = _rate(eta)
    up, some = eta > _SMALL, rate > 1e-18
    decay = _decay(rate, low)
    rest = 1.0 - decay
    small = np.where(some, rate / np.expm1(rate), 1.0)
    below = eta - np.log(np.where(some, rate / -np.expm1(-rate), 1.0))
    fall = scaled_exp(scale, eta)
    capped = np.minimum(rate, 1e4)  # exp(-1e4) is 0
    return Terms(
        log_mu=np.where(up, np.log1p(-decay), below),
        log_complement=fall,
        rise=np.where(up, _decay(rate, low, rate) / rest, small),
        fall=fall,
        information=np.where(up, _decay(capped, low, capped * capped) / rest, small * rate),
    )


def _plain(y: FloatArray, eta: FloatArray) -> Kernels:
    """Return the kernels from the rate t and ``h = 1 / (exp(t) - 1)``: the log of the mean is ``-log(1 + h)``, the rise ``h t``."""
    rate = np.exp(eta)
    rise = np.expm1(rate)
    np.divide(1.0, rise, out=rise)
    loss = np.log1p(rise)
    rise *= rate
    curvature = rate * rise
    loss *= y
    rate *= 1.0 - y
    loss += rate
    rise *= y
    rate -= rise
    return Kernels(loss, rate, curvature)


def _fall_growth(eta: FloatArray, scale: FloatArray | float) -> FloatArray:
    """Return the rate, which is minus ``log(1 - mu)`` and all its derivatives."""
    return scaled_exp(scale, eta)


_FACTORIALS = [1 / 2, -1 / 6, 1 / 24, -1 / 120, 1 / 720, -1 / 5040, 1 / 40320, -1 / 362880, 1 / 3628800, -1 / 39916800]
_FACTORIALS += [1 / 479001600, -1 / 6227020800, 1 / 87178291200, -1 / 1307674368000, 1 / 20922789888000]


def _rise_drop(eta: FloatArray) -> FloatArray:
    """Return ``r (t / (1 - exp(-t)) - 1)``; the bracket is ``(t - 1 + exp(-t)) / (1 - exp(-t))``, by its series for small t."""
    rate, low = _rate(eta)
    safe = np.minimum(rate, 1.0)
    series = np.zeros_like(safe)
    for term in reversed(_FACTORIALS):
        series = series * safe + term
    decay = _decay(rate, low)
    large = (rate - (1.0 - decay)) / (1.0 - decay)
    small = np.where(rate > 1e-18, series * safe * (safe / -np.expm1(-safe)), 0.5 * rate)
    product = _rise(eta) * np.where(rate < 1.0, small, large)
    return np.where(np.isfinite(rate), product, 0.0)


def _predictor(mu: FloatArray) -> FloatArray:
    return np.asarray(np.log(-np.log1p(-mu)))


def _difference(eta: FloatArray, y: FloatArray) -> FloatArray:
    """Return ``mu - y`` with ``mu = -expm1(-exp(eta))`` in double-double."""
    rate, low = dd_exp(eta)
    high, high_low = dd_expm1(-rate, -low)
    return np.asarray((-high - y) - high_low)


def _residual(eta: FloatArray, y: FloatArray) -> FloatArray:
    mu = _mu(eta)
    value = np.where(y > 0.5, (1.0 - y) - _complement(eta), mu - y)
    rows = close(mu, y) & (y > 0.0) & (y < 1.0) & (np.abs(eta + 346.0) < 352.0)
    if rows.any():
        value[rows] = _difference(eta[rows], y[rows])
    return value


cloglog = Link(
    "cloglog",
    latex=r"\log\left(-\log(1-\mu)\right)",
    mean_latex=r"1-e^{-e^{\eta}}",
    mean_span=Span(0.0, 1.0),
    eta_span=Span(),
    mean_of=_mu,
    predictor_of=_predictor,
    slope_of=_slope,
    log_mean_of=_log_mu,
    residual_of=_residual,
    plain_span=Span(-300.0, _PLAIN),
    odds=Odds(complement=_complement, terms=_terms, plain=_plain, rise_drop=_rise_drop, fall_growth=_fall_growth),
)

LINKS = (cloglog,)
