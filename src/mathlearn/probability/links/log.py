"""The logarithm: effects multiply the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import two_prod
from mathlearn.probability.double import dd_difference, dd_excess
from mathlearn.probability.link import Link, Span, refined
from mathlearn.probability.special import scaled_exp

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["LINKS", "log"]


def _identity(eta: FloatArray) -> FloatArray:
    return eta


def _excess(eta: FloatArray, y: FloatArray) -> FloatArray:
    return dd_excess(eta, 0.0, y)


def _difference(eta: FloatArray, y: FloatArray) -> FloatArray:
    return dd_difference(eta, 0.0, y)


def _residual(eta: FloatArray, y: FloatArray) -> FloatArray:
    return refined(eta, y, np.exp, _difference)


def _monomial(scale: FloatArray | float, mean_power: float, _slope_power: int, eta: FloatArray) -> FloatArray:
    if mean_power == 0.0:
        return np.asarray(scale + np.zeros_like(eta))
    if abs(mean_power) in {1.0, 2.0, 0.5}:
        return scaled_exp(scale, mean_power * eta)
    high, low = two_prod(eta, np.full_like(eta, mean_power))
    return scaled_exp(scale, high, low)


log = Link(
    "log",
    latex=r"\log\mu",
    mean_latex=r"e^{\eta}",
    mean_span=Span(0.0),
    eta_span=Span(),
    mean_of=np.exp,
    predictor_of=np.log,
    slope_of=np.exp,
    log_mean_of=_identity,
    residual_of=_residual,
    plain_span=Span(-92.0, 92.0),
    excess_of=_excess,
    monomial=_monomial,
    inverse_power=0.0,
)

LINKS = (log,)
