"""`Link`: how the mean of y hangs on the linear predictor, as one frozen record of functions that are right in both tails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.probability.kernels import Kernels

__all__ = [
    "DOUBLE_DOUBLE",
    "EXACT",
    "Bound",
    "Function",
    "Link",
    "Monomial",
    "Odds",
    "Residual",
    "Scaled",
    "Span",
    "Terms",
]

Function: TypeAlias = "Callable[[FloatArray], FloatArray]"
"""One number for each number."""


class Residual(Protocol):
    """``(eta, y) -> mu(eta) - y``."""

    def __call__(self, eta: FloatArray, y: FloatArray, /) -> FloatArray:
        """Take the difference."""


class Monomial(Protocol):
    """``(scale, mean_power, slope_power, eta) -> scale * mu**mean_power * (d log mu / d eta)**slope_power``."""

    def __call__(
        self, scale: FloatArray | float, mean_power: float, slope_power: int, eta: FloatArray, /
    ) -> FloatArray:
        """Evaluate the product without leaving the range of doubles on the way."""


@dataclass(frozen=True, slots=True)
class Span:
    """An open interval of numbers, either end of which may be infinite."""

    lower: float = -np.inf
    upper: float = np.inf

    def holds(self, x: FloatArray) -> BoolArray:
        """Whether each number lies inside."""
        inside: BoolArray = (x > self.lower) & (x < self.upper)
        return inside


DOUBLE_DOUBLE = 2.0**-101
"""Relative error of a mean that is computed in double-double."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How accurate the kernels are: largest errors, in units in the last place of the true value.

    Where `mu` is a neighbour of y, as doubles go, even double-double has few digits left of ``mu - y``: the error of the gradient may
    exceed its bound by `DOUBLE_DOUBLE` times what cancels in it.

    Attributes
    ----------
    loss, gradient, curvature : float
    of : "value" or "terms"
        Whether the last place of the gradient is that of its value, or, for 0 < y < 1, that of the larger of the two terms whose
        difference it is.
    why : str
        What stands in the way of four units of the value; empty where nothing does.
    """

    loss: float = 4.0
    gradient: float = 4.0
    curvature: float = 4.0
    of: Literal["value", "terms"] = "value"
    why: str = ""


EXACT = Bound()
"""Four units in the last place of the true value."""


class Scaled(Protocol):
    """``(eta, scale) -> scale * value``, which is finite where the product is."""

    def __call__(self, eta: FloatArray, scale: FloatArray | float, /) -> FloatArray:
        """Evaluate the product."""


class Terms(NamedTuple):
    """What a row with a mean between 0 and 1 needs; `scale` is the share of failures, ``1 - y``.

    Attributes
    ----------
    log_mu : ``log(mu)``
    log_complement : ``-scale log(1 - mu)``
    rise : ``d log(mu) / d eta``
    fall : ``-scale d log(1 - mu) / d eta``
    information : ``(d mu / d eta)**2 / (mu (1 - mu))``
    """

    log_mu: FloatArray
    log_complement: FloatArray
    rise: FloatArray
    fall: FloatArray
    information: FloatArray


@dataclass(frozen=True, slots=True)
class Odds:
    """What a family on 0 to 1 needs of its link besides: both tails, each computed by itself.

    Attributes
    ----------
    complement : ``1 - mu``
    terms : callable
        ``(eta, scale) -> Terms``, what they share computed once.
    plain : callable
        ``(y, eta) -> Kernels`` of one trial, for y from 0 to 1 and predictors inside `Link.plain_span`, without refinement.
    rise_drop : ``-d rise / d eta``, the observed curvature at y = 1
    fall_growth : scale times ``d fall / d eta``, the observed curvature at y = 0
    """

    complement: Function
    terms: Callable[[FloatArray, FloatArray], Terms]
    plain: Callable[[FloatArray, FloatArray], Kernels]
    rise_drop: Function
    fall_growth: Scaled


@dataclass(frozen=True, slots=True)
class Link:
    r"""A link ``g``, with ``eta = g(mu)``.

    Attributes
    ----------
    name : str
    latex : str
        ``g(mu)``, in the letters of docs/notation.md.
    mean_latex : str
        Its inverse, ``mu`` in terms of ``eta``.
    mean_span, eta_span : Span
        Where the mean and the linear predictor lie. A mean of zero or one, and a predictor at the end of its span, have their
        limits.
    plain_span : Span
        Predictors for which the kernels may be computed plainly: neither the mean nor its powers come near the ends of the range of
        doubles.
    mean_of, predictor_of, slope_of : callable
        The mean of the predictor, the predictor of the mean, and ``d mu / d eta``.
    log_mean_of : callable
        ``log(mu)`` of the predictor, where the mean is positive.
    residual_of : callable
        ``(eta, y) -> mu(eta) - y``, right where the two nearly cancel, within `bound`.
    excess_of : callable or None
        ``(eta, y) -> mu(eta) / y - 1``, where the two are close, of a link with a `monomial`: it never underflows.
    bound : Bound
    monomial : callable or None
        Of a link whose mean is an exponential or a power of the predictor: `Monomial`.
    inverse_power : float or None
        ``1 / a`` where ``mu = eta**a``, and 0 for the logarithm.
    odds : Odds or None
        Of a link onto 0 to 1.

    References
    ----------
    McCullagh and Nelder (1989), "Generalized Linear Models", 2nd edition, sections 2.2.3 and 4.3.1.

    Examples
    --------
    >>> from mathlearn.probability import link_named
    >>> logit = link_named("logit")
    >>> logit.latex
    '\\log\\frac{\\mu}{1-\\mu}'
    >>> print(logit.mu([-740.0, 0.0, 40.0]))
    [4.2e-322 5.0e-001 1.0e+000]
    """

    name: str
    latex: str
    mean_latex: str
    mean_span: Span
    eta_span: Span
    mean_of: Function = field(repr=False, compare=False)
    predictor_of: Function = field(repr=False, compare=False)
    slope_of: Function = field(repr=False, compare=False)
    log_mean_of: Function = field(repr=False, compare=False)
    residual_of: Residual = field(repr=False, compare=False)
    plain_span: Span = field(repr=False)
    bound: Bound = EXACT
    excess_of: Residual | None = field(default=None, repr=False, compare=False)
    monomial: Monomial | None = field(default=None, repr=False, compare=False)
    inverse_power: float | None = None
    odds: Odds | None = field(default=None, repr=False, compare=False)

    def mu(self, eta: FloatArray) -> FloatArray:
        """Return the mean."""
        return _quiet(self.mean_of, eta)

    def eta(self, mu: FloatArray) -> FloatArray:
        """Return the linear predictor of a mean."""
        return _quiet(self.predictor_of, mu)

    def dmu(self, eta: FloatArray) -> FloatArray:
        """Return ``d mu / d eta``."""
        return _quiet(self.slope_of, eta)

    def log_mu(self, eta: FloatArray) -> FloatArray:
        """Return the logarithm of the mean."""
        return _quiet(self.log_mean_of, eta)

    def residual(self, eta: FloatArray, y: FloatArray) -> FloatArray:
        """Return ``mu(eta) - y``, at least one-dimensional, with its digits where the two nearly cancel."""
        eta, y = np.broadcast_arrays(np.atleast_1d(eta).astype(np.float64), np.atleast_1d(y).astype(np.float64))
        with np.errstate(all="ignore"):
            return self.residual_of(eta, y)


def _quiet(function: Function, x: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        given = np.asarray(x, dtype=np.float64)
        return np.asarray(function(np.atleast_1d(given))).reshape(given.shape)


def close(mu: FloatArray, y: FloatArray) -> BoolArray:
    """Where ``mu - y`` would magnify the rounding of `mu`, and needs a mean of more digits than a double's."""
    return np.asarray(np.abs(mu - y) < 0.75 * np.maximum(np.abs(mu), np.abs(y)))


def refined(eta: FloatArray, y: FloatArray, mean_of: Function, difference: Residual) -> FloatArray:
    """Return ``mu - y``, taken by `difference` where it cancels and as it stands elsewhere."""
    mu = mean_of(eta)
    value = np.asarray(mu - y)
    rows = close(mu, y)
    if rows.any():
        value[rows] = difference(eta[rows], y[rows])
    return value
