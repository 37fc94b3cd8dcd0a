r"""Negative binomial: counts with the variance :math:`\mu + \mu^2/\vartheta`; a Poisson whose rate has a gamma law of shape ϑ.

References
----------
Lawless (1987), "Negative binomial and mixed Poisson regression", Canadian Journal of Statistics 15(3).
Venables and Ripley (2002), "Modern Applied Statistics with S", section 7.4.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.probability.distribution import Distribution
from mathlearn.probability.families.poisson import NONNEGATIVE
from mathlearn.probability.family import Family, Formula, Kernels, Maker
from mathlearn.probability.link import Link, Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity, sqrt
from mathlearn.probability.positive import barred, monomial_of, plain_kernels, relative
from mathlearn.probability.special import LOG_2PI, gap, stirling_error

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["FAMILIES", "Profile", "negative_binomial", "profile_of_theta"]

_HUGE = 1e290
_PLAIN = Span(1e-40, 1e40)  # so that mu / theta, with a plain mean, is far from the ends of the range of doubles
_NOTHING = 1e-20  # log(1 + x) is x


def _kernels(theta: float, y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Kernels:
    """Return the kernels; ``1 + mu / theta`` is divided by as it stands, or as ``(mu / theta)(1 + theta / mu)`` if that is large."""
    term = monomial_of(link)
    beside = relative(y, eta, link, refine)
    share, inverse = term(1.0 / theta, 1.0, 0, eta), term(theta, -1.0, 0, eta)
    small = share <= 1.0
    divisor = np.where(small, 1.0 + share, 1.0 + inverse)
    capped = np.where(beside.above, 1.0, y)
    size = np.where(
        beside.above,
        np.where(small, term(1.0, 1.0, 1, eta), term(theta, 0.0, 1, eta)),
        np.where(small, term(capped, 0.0, 1, eta), theta * term(capped, -1.0, 1, eta)),
    )
    gradient = np.where(beside.bracket == 0.0, 0.0, beside.bracket * (size / divisor))
    curvature = np.where(small, term(1.0, 1.0, 2, eta), term(theta, 0.0, 2, eta)) / divisor
    return barred(Kernels(_loss(theta, y, eta, link, (share, inverse)), gradient, curvature), eta, link)


def _loss(theta: float, y: FloatArray, eta: FloatArray, link: Link, parts: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return ``y log(1 + theta / mu) + theta log(1 + mu / theta)``, two terms that are not negative."""
    share, inverse = parts
    above, below = np.log1p(share), np.log1p(inverse)
    extreme = (share > _HUGE) | (inverse > _HUGE)
    if extreme.any():
        log_share = link.log_mean_of(eta) - np.log(theta)
        above = np.where(share > _HUGE, log_share, above)
        below = np.where(inverse > _HUGE, -log_share, below)
    above = np.where(share < _NOTHING, monomial_of(link)(1.0, 1.0, 0, eta), theta * above)
    return np.asarray(np.where(y > 0.0, y * below, 0.0) + above)


def _plain_loss(
    theta: float, y: FloatArray, _eta: FloatArray, _link: Link, mu: FloatArray, _share: FloatArray
) -> FloatArray:
    below = np.divide(theta, mu)
    np.log1p(below, out=below)
    below *= y
    above = mu * (1.0 / theta)
    np.log1p(above, out=above)
    above *= theta
    above += below
    return above


def _least(theta: float, y: FloatArray) -> FloatArray:
    """Return ``y log(1 + theta / y) + theta log(1 + y / theta)``, the loss at ``mu = y``; 0 where that is 0."""
    safe = np.where(y > 0.0, y, 1.0)
    return np.where(y > 0.0, safe * np.log1p(theta / safe) + theta * np.log1p(safe / theta), 0.0)


def _share(theta: float, mu: FloatArray) -> FloatArray:
    return np.asarray(theta / (theta + mu))


def _plain(theta: float, y: FloatArray, eta: FloatArray, link: Link) -> Kernels:
    return plain_kernels(y, eta, link, partial(_share, theta), partial(_plain_loss, theta))


def _observed(theta: float, y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    """Return ``s**2 / v (mu (1/v - 1/a) + y (1/a + m / v))``, with ``m = mu / theta``, ``v = 1 + m`` and s the slope of log(mu)."""
    term = monomial_of(link)
    ends = link.inverse_power or 0.0
    share, inverse = term(1.0 / theta, 1.0, 0, eta), term(theta, -1.0, 0, eta)
    small = share <= 1.0
    divisor = np.where(small, 1.0 + share, 1.0 + inverse)
    part = np.where(small, share, 1.0) / divisor
    rest = np.where(small, 1.0, inverse) / divisor
    mean = np.where(small, term(1.0, 1.0, 2, eta), term(theta, 0.0, 2, eta)) / divisor
    if ends == 1.0:  # 1/v - 1 is -m / v
        mean = -np.where(small, term(1.0 / theta, 2.0, 2, eta), term(theta, 0.0, 2, eta)) / divisor / divisor
    else:
        mean = mean * (rest - ends)
    count = np.where(small, term(y, 0.0, 2, eta), theta * term(y, -1.0, 2, eta)) / divisor
    value = mean + np.where(y > 0.0, count * (ends + part), 0.0)
    return value if link.inverse_power == 0.0 else np.where(eta < 0.0, 0.0, value)


def _variance(theta: float, mu: FloatArray) -> FloatArray:
    return np.asarray(mu * (1.0 + mu / theta))


def _deviance(theta: float, y: FloatArray, mu: FloatArray) -> FloatArray:
    """Return ``2 (y gap(x) + theta gap(z))`` with ``x = theta (mu - y) / ((theta + mu) y)`` and ``z = (y - mu) / (theta + mu)``.

    It is ``2 (y + theta)`` times the divergence between two Bernoulli laws, of ``y / (y + theta)`` and ``mu / (mu + theta)``.
    """
    safe = np.where(y > 0.0, y, 1.0)
    z = (y - mu) / (theta + mu)
    x = -theta * (z / safe)
    extreme = ~np.isfinite(x) | (x < -0.9)
    logs = np.log(mu) - np.log(safe) + np.log((safe + theta) / (mu + theta))
    first = y * np.where(extreme, x - logs, gap(np.where(extreme, 0.0, x)))
    low = z < -0.9
    second = theta * np.where(low, z + np.log1p(mu / theta) - np.log1p(y / theta), gap(np.where(low, 0.0, z)))
    return np.where(y > 0.0, 2.0 * (first + second), 2.0 * theta * np.log1p(mu / theta))


def _saturated(theta: float, y: FloatArray, _phi: FloatArray, _trials: FloatArray) -> FloatArray:
    """Return the log-probability at ``mu = y`` by Loader's form."""
    safe = np.where(y > 0.0, y, 1.0)
    shape = np.asarray(theta)
    root = 0.5 * (np.log(shape) - LOG_2PI - np.log(safe) - np.log(safe + theta))
    value = root + stirling_error(safe + theta) - stirling_error(shape) - stirling_error(safe)
    return np.where(y > 0.0, value, 0.0)


def _below(theta: float, y: FloatArray, mu: FloatArray, _phi: FloatArray, _trials: FloatArray) -> FloatArray:
    """Return the chance of no more than y failures before theta successes, from the smaller of the two probabilities."""
    from scipy.special import betainc, betaincc

    k = np.floor(y) + 1.0
    return np.where(mu < theta, betaincc(k, theta, mu / (theta + mu)), betainc(theta, k, theta / (theta + mu)))


def _above(theta: float, y: FloatArray, mu: FloatArray, _phi: FloatArray, _trials: FloatArray) -> FloatArray:
    from scipy.special import betainc, betaincc

    k = np.floor(y) + 1.0
    return np.where(mu < theta, betainc(k, theta, mu / (theta + mu)), betaincc(theta, k, theta / (theta + mu)))


def _start(y: FloatArray, _weight: FloatArray) -> FloatArray:
    return np.where(y > 0.0, y, 1.0 / 6.0)


class Profile(NamedTuple):
    """What rows add to the log-likelihood as a function of theta, the means held.

    Attributes
    ----------
    value : (n,) float64
    slope, bend : (n,) float64
        First and second derivative in theta.
    """

    value: FloatArray
    slope: FloatArray
    bend: FloatArray


def profile_of_theta(y: FloatArray, mu: FloatArray, theta: float, weight: FloatArray | float = 1.0) -> Profile:
    r"""Return the log-likelihood of theta with its derivatives, row by row.

    At the fitted means of each theta it is the profile likelihood, whose derivative in theta is this slope: that in the means is 0.
    The slope :math:`\psi(y+\vartheta) - \psi(\vartheta) - \log(1 + \mu/\vartheta) + (\mu - y)/(\mu + \vartheta)` is of the size of
    :math:`1/\vartheta^2` where its terms are of order one; here these are taken together before they cancel.

    Parameters
    ----------
    y, mu : (n,) arrays
    theta : float
        Above 0.
    weight : (n,) array or float

    Raises
    ------
    DomainError
        theta is not a positive number.

    Examples
    --------
    >>> import numpy as np
    >>> rows = profile_of_theta(np.array([0.0, 2.0, 9.0]), np.array([1.0, 2.0, 4.0]), 1.5)
    >>> print(rows.slope)
    [-0.11082562  0.21936881  0.05813717]
    """
    family = negative_binomial(theta)
    y, mu, weight = (np.asarray(each, dtype=np.float64) for each in (y, mu, weight))
    z = (y - mu) / (mu + theta)
    with np.errstate(all="ignore"):
        slope = _digamma_rise(y, theta) - gap(z)
        bend = _trigamma_fall(y, theta) + z * ((y - mu) / (y + theta)) / (mu + theta)
        return Profile(family.log_density(y, mu, weight=weight), weight * slope, weight * bend)


_LARGE = 20.0
_BERNOULLI = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def _digamma_rise(y: FloatArray, theta: float) -> FloatArray:
    """Return ``psi(y + theta) - psi(theta) - log(1 + y / theta)``; for large theta by the series of ``psi(z) - log(z)``."""
    from scipy.special import digamma

    if theta < _LARGE:
        return np.asarray(digamma(y + theta) - digamma(theta) - np.log1p(y / theta))
    value = 0.5 * y / (theta * (theta + y))
    for n, term in enumerate(_BERNOULLI, start=1):
        value = value + term * theta ** (-2 * n) * -np.expm1(-2 * n * np.log1p(y / theta))
    return np.asarray(value)


def _trigamma_fall(y: FloatArray, theta: float) -> FloatArray:
    """Return ``psi'(y + theta) - psi'(theta) + y / (theta (y + theta))``, the derivative of `_digamma_rise`."""
    from scipy.special import polygamma

    if theta < _LARGE:
        return np.asarray(polygamma(1, y + theta) - polygamma(1, theta) + y / theta / (theta + y))
    value = -0.5 * y * (2.0 * theta + y) / (theta * (theta + y)) ** 2
    for n, term in enumerate(_BERNOULLI, start=1):
        value = value + 2 * n * term * theta ** (-2 * n - 1) * np.expm1((-2 * n - 1) * np.log1p(y / theta))
    return np.asarray(value)


def negative_binomial(theta: float) -> Family:
    r"""Make the negative binomial family of a known shape.

    Parameters
    ----------
    theta : float
        :math:`\vartheta > 0`; the larger, the nearer to a Poisson. Called alpha = 1 / theta elsewhere.

    Raises
    ------
    DomainError
        theta is not a positive number.
    """
    if not (np.isfinite(theta) and theta > 0.0):
        raise DomainError(
            f"theta is {theta!r}: it must be a positive number (towards infinity the family becomes Poisson's)"
        )
    return Family(
        name="negative_binomial",
        title="negative binomial",
        formula=Formula(
            "log-density",
            r"y\log\mu-(y+\vartheta)\log(\mu+\vartheta)+\vartheta\log\vartheta"
            r"+\log\Gamma(y+\vartheta)-\log\Gamma(\vartheta)-\log\Gamma(y+1)",
        ),
        variance_latex=r"\mu+\frac{\mu^{2}}{\vartheta}",
        constant_latex=r"\log\Gamma(y+\vartheta)-\log\Gamma(\vartheta)-\log\Gamma(y+1)",
        support="counts",
        domain=NONNEGATIVE,
        mean_span=Span(0.0),
        links=(log, identity, sqrt),
        fixed_dispersion=True,
        canonical="",
        kernels_of=partial(_kernels, theta),
        plain_of=partial(_plain, theta) if _PLAIN.holds(np.asarray(theta)) else None,
        least_of=partial(_least, theta),
        observed_of=partial(_observed, theta),
        variance_of=partial(_variance, theta),
        deviance_of=partial(_deviance, theta),
        start_of=_start,
        saturated_of=partial(_saturated, theta),
        distribution=Distribution(partial(_below, theta), partial(_above, theta), least=0.0, whole=True),
        parameters=(("theta", theta),),
    )


FAMILIES = (Maker("negative_binomial", negative_binomial, ((("theta", 0.7),), (("theta", 25.0),))),)
