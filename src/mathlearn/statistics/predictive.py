r"""`Predictive`: the law of a new observation of a generalised linear model, and its quantiles.

An observation varies about its mean by the family's law; the mean is known up to the error of its linear predictor, and the dispersion, where
it was estimated, up to that of a variance with its degrees of freedom:

.. math:: P(Y \le y) = \mathrm{E}\, F\bigl(y;\, g^{-1}(\hat\eta + s_\varphi Z),\, \varphi\bigr), \qquad
   Z \sim N(0, 1), \quad \varphi = \hat\varphi\, \nu / \chi^2_\nu, \quad s_\varphi = s \sqrt{\varphi / \hat\varphi} .

For the Gaussian family with the identity link this is Student's t. Where the mean is known far better than an observation, the expectation over
Z is a Gauss-Hermite sum. Elsewhere it is a Gauss-Legendre sum over the predictors at which the law neither is sure to lie below y nor above
it; beyond them it is a normal tail, so that it is accurate also where the mean is known far worse.

References
----------
Aitchison and Dunsmore (1975), "Statistical Prediction Analysis", chapter 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.probability.distribution import Distribution
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

    Tail = Callable[..., FloatArray]

__all__ = ["Predictive", "distribution_of"]

_SPAN = 7.5  # standard errors of the predictor beyond which nothing counts
_REACH = 12.0  # standard deviations of the observation, on the scale of the predictor
_NODES = 72  # of Legendre
_FIRM = 0.3  # error of the predictor, in standard deviations of the observation, up to which a Hermite sum serves
_HERMITE = 11
_DISPERSIONS = (
    (6.5, 81),
    (15.0, 21),
    (60.0, 9),
    (1e6, 5),
)  # nodes for up to so many degrees of freedom; beyond, the dispersion is known
_ROUNDS = 200
_DOUBLINGS = 60  # of a bracket: further than any double counts by ones
_CLOSE = 1e-10
_FEWEST = 1e-300


def distribution_of(family: Family) -> Distribution:
    """Return the distribution function of a family.

    Raises
    ------
    DomainError
        It has none, or none that is known to be accurate.
    """
    if family.distribution is not None:
        return family.distribution
    why = "is given by its variance alone" if family.saturated_of is None else "has no distribution function here"
    raise DomainError(
        f"the {family.title} family {why}, so there is no interval for an observation: use kind='confidence', or a family with a law"
    )


@dataclass(frozen=True, slots=True)
class Predictive:
    """Laws of new observations of weight one.

    Attributes
    ----------
    family, link
    eta, error : (n,)
        Linear predictors and their standard errors.
    dispersion : float
    df : float
        Degrees of freedom of the dispersion; infinite where it is known.
    pooled : bool
        Whether `error` is made from the dispersion, and is uncertain with it.
    trials : (n,)
        Of a binomial, whose observations are proportions of them; 1 of any other law.
    """

    family: Family
    link: Link
    eta: FloatArray
    error: FloatArray
    dispersion: float
    df: float
    pooled: bool
    trials: FloatArray

    def below(self, y: FloatArray) -> FloatArray:
        """Return ``P(Y <= y)`` (n,)."""
        return self._mixed(y, distribution_of(self.family).below, below=True)

    def above(self, y: FloatArray) -> FloatArray:
        """Return ``P(Y > y)`` (n,)."""
        return self._mixed(y, distribution_of(self.family).above, below=False)

    def interval(self, tail: float) -> tuple[FloatArray, FloatArray]:
        """Return the ends (n,) beyond each of which an observation lies with no more than this probability.

        Of counts they are the nearest whole numbers of which that is true, of proportions these over the trials; of numbers they are
        quantiles.
        """
        if distribution_of(self.family).whole:
            low = self._first(lambda k: self.below(k / self.trials) > tail)
            high = self._first(lambda k: self.above(k / self.trials) <= tail)
            return low / self.trials, high / self.trials
        return self._quantile(tail, self.below, -1.0), self._quantile(tail, self.above, 1.0)

    # ------------------------------------------------------------------------------------------------------------- mixing
    def _mixed(self, y: FloatArray, of: Tail, *, below: bool) -> FloatArray:
        ratios, shares = _dispersions(self.df)
        phi = self.dispersion * ratios[:, None]
        s = self.error * (np.sqrt(ratios)[:, None] if self.pooled else np.ones((ratios.size, 1)))
        average, firm = np.empty(s.shape), self._firm
        if firm.any():
            average[:, firm] = _by_hermite(self._only(firm), y[firm], of, phi, s[:, firm])
        if not firm.all():
            average[:, ~firm] = _by_legendre(self._only(~firm), y[~firm], of, phi, s[:, ~firm], below=below)
        return np.asarray(shares @ average)

    @property
    def _firm(self) -> BoolArray:
        """Where the mean is known far better than an observation (n,)."""
        eta = self.reachable(self.eta)
        with np.errstate(all="ignore"):
            variance = self.dispersion * self.family.variance(self.link.mu(eta)) / self.trials
            spread = np.sqrt(variance) / np.abs(self.link.dmu(eta))
            firm: BoolArray = self.error <= _FIRM * spread
        return firm

    def _only(self, rows: BoolArray) -> Predictive:
        return replace(self, eta=self.eta[rows], error=self.error[rows], trials=self.trials[rows])

    def reachable(self, eta: FloatArray) -> FloatArray:
        """Predictors that belong to a mean of the family; what lies beyond counts at the end of the range."""
        return np.clip(eta, self.link.eta_span.lower, self.link.eta_span.upper)

    # ---------------------------------------------------------------------------------------------------------- quantiles
    def _first(self, reached: Callable[[FloatArray], BoolArray]) -> FloatArray:
        """Return the smallest whole number (n,) from 0 on at which a condition holds, that holds from there on."""
        low, high = np.full_like(self.eta, -1.0), np.zeros_like(self.eta)
        for _ in range(_DOUBLINGS):
            there = reached(high)
            if there.all():
                break
            low, high = np.where(there, low, high), np.where(there, high, 2.0 * high + 1.0)
        while (wide := high - low > 1.0).any():
            middle = np.where(wide, np.floor(0.5 * (low + high)), high)
            there = reached(middle)
            low, high = np.where(there, low, middle), np.where(there, middle, high)
        return high

    def _quantile(self, tail: float, of: Callable[[FloatArray], FloatArray], side: float) -> FloatArray:
        """Solve ``of(y) = tail`` for y (n,), on the side of the mean given by the sign.

        The normal score of the tail is nearly a straight line in y, or in its logarithm where y is positive: secants, kept within
        a bracket, find it in a few steps.
        """
        from scipy.special import ndtri

        positive = distribution_of(self.family).least == 0.0
        mean = self.link.mu(self.reachable(self.eta))
        error = self.error * np.abs(self.link.dmu(self.reachable(self.eta)))
        size = np.hypot(np.sqrt(self.dispersion * self.family.variance(mean)), error)

        def score(t: FloatArray) -> FloatArray:
            y = mean * np.exp(t) if positive else mean + size * t
            return np.asarray(side * (ndtri(tail) - ndtri(np.clip(of(y), _FEWEST, 1.0 - 1e-16))))

        step = side * (np.log1p(size / mean) if positive else np.ones_like(mean))
        t = _bracketed_root(score, step)
        return np.asarray(mean * np.exp(t) if positive else mean + size * t)


def _by_hermite(law: Predictive, y: FloatArray, of: Tail, phi: FloatArray, s: FloatArray) -> FloatArray:
    """Average over the predictor (d, n), for dispersions (d, 1) and its standard errors (d, n) with each."""
    nodes, shares = _hermite(_HERMITE)
    mean = law.link.mu(law.reachable(law.eta[:, None] + s[:, :, None] * nodes))
    return np.asarray(of(y[:, None], mean, phi[:, :, None], law.trials[:, None]) @ shares)


def _by_legendre(
    law: Predictive, y: FloatArray, of: Tail, phi: FloatArray, s: FloatArray, *, below: bool
) -> FloatArray:
    """Average over the predictor, as `_by_hermite`, where the law may change within a part of its standard error."""
    from scipy.special import ndtr

    s = np.maximum(s, np.finfo(np.float64).tiny)
    low, high = _window(law, y, phi, s)
    nodes, shares = _gauss(_NODES)
    z = 0.5 * (low + high)[:, :, None] + 0.5 * (high - low)[:, :, None] * nodes
    mean = law.link.mu(law.reachable(law.eta[:, None] + s[:, :, None] * z))
    weight = 0.5 * (high - low)[:, :, None] * shares * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    inside = np.einsum("kij,kij->ki", weight, of(y[:, None], mean, phi[:, :, None], law.trials[:, None]))
    # The law lies below y where the mean is small: at low predictors, or with a falling link at high ones.
    rising = law.link.dmu(law.reachable(law.eta)) >= 0.0
    outside = np.where(rising == below, ndtr(low), ndtr(-high))
    return np.asarray(inside + outside)


def _window(law: Predictive, y: FloatArray, phi: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ranges (d, n) of standardised predictors at which an observation may lie on either side of y."""
    centre = law.link.eta(_middle(law, y))
    with np.errstate(all="ignore"):
        slope = law.link.dmu(centre)
        spread = _REACH * np.sqrt(phi * law.family.variance(law.link.mu(centre)) / law.trials) / np.abs(slope)
        low, high = (centre - spread - law.eta) / s, (centre + spread - law.eta) / s
    known = np.isfinite(low) & np.isfinite(high)
    first, last = (np.clip(np.where(known, end, side), -_SPAN, _SPAN) for end, side in ((low, -_SPAN), (high, _SPAN)))
    return first, last


def _middle(law: Predictive, y: FloatArray) -> FloatArray:
    """Means (n,) of which an observation lies about as often above y as not: of counts by the medians of gamma and beta laws."""
    if law.family.takes_trials:
        return np.asarray((law.trials * y + 2.0 / 3.0) / (law.trials + 1.0 / 3.0))
    return y + 2.0 / 3.0 if distribution_of(law.family).whole else y


def _bracketed_root(score: Callable[[FloatArray], FloatArray], step: FloatArray) -> FloatArray:
    """Find the zero of a rising function by steps that double until it is bracketed, then by regula falsi with halving (Illinois)."""
    low, high = -np.abs(step), np.abs(step)
    below, above = score(low), score(high)
    for _ in range(_DOUBLINGS):
        early, late = below > 0.0, above < 0.0
        if not (early.any() or late.any()):
            break
        low, high = np.where(early, 2.0 * low, low), np.where(late, 2.0 * high, high)
        below, above = (score(low) if early.any() else below), (score(high) if late.any() else above)
    for _ in range(_ROUNDS):
        middle = _between(low, high, below, above)
        value = score(middle)
        left = value < 0.0
        # The end that stays counts half: it would otherwise stay for ever.
        above = np.where(left, 0.5 * above, value)
        below = np.where(left, value, 0.5 * below)
        low, high = np.where(left, middle, low), np.where(left, high, middle)
        if (np.abs(value) < _CLOSE).all() or (high - low <= _CLOSE * (np.abs(low) + np.abs(high))).all():
            break
    return middle


def _between(low: FloatArray, high: FloatArray, below: FloatArray, above: FloatArray) -> FloatArray:
    """Where the chord is zero; the middle where it has no slope."""
    rise = above - below
    share = np.where(rise > 0.0, -below / np.where(rise > 0.0, rise, 1.0), 0.5)
    return np.asarray(low + np.clip(share, 0.0, 1.0) * (high - low))


@cache
def _gauss(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights on -1 to 1."""
    return np.polynomial.legendre.leggauss(nodes)


@cache
def _hermite(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes and probabilities that stand for a standard normal variable."""
    z, weight = np.polynomial.hermite_e.hermegauss(nodes)
    return z, weight / weight.sum()


@cache
def _dispersions(df: float) -> tuple[FloatArray, FloatArray]:
    """Return factors on the dispersion and their probabilities: quantiles of df over chi-squared at the nodes of a normal variable."""
    from scipy.special import gammainccinv, gammaincinv, ndtr

    count = next((nodes for most, nodes in _DISPERSIONS if df <= most), 1)
    if count == 1:
        return np.ones(1), np.ones(1)
    z, weight = _hermite(count)
    half = np.where(z < 0.0, gammaincinv(0.5 * df, ndtr(z)), gammainccinv(0.5 * df, ndtr(-z)))
    return np.asarray(0.5 * df / half), weight
