r"""Tweedie with a power between 1 and 2: a Poisson number of gamma amounts, with a mass at zero and the variance :math:`\phi\mu^\xi`.

References
----------
Jørgensen (1997), "The Theory of Dispersion Models", chapter 4.
Dunn and Smyth (2005), "Series evaluation of Tweedie exponential dispersion model densities", Statistics and Computing 15.
Dunn and Smyth (2008), "Evaluation of Tweedie exponential dispersion model densities by Fourier inversion", ibid. 18.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.probability.families.poisson import NONNEGATIVE
from mathlearn.probability.family import Family, Formula, Kernels, Maker
from mathlearn.probability.link import Link, Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity
from mathlearn.probability.links.powers import power as power_link
from mathlearn.probability.positive import Relative, monomial_of, plain_kernels, power_kernels, power_observed
from mathlearn.probability.special import gap, stirling_error

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["FAMILIES", "deviance", "observed", "share", "tweedie", "variance"]


def _loss(xi: float, y: FloatArray, eta: FloatArray, link: Link, _beside: Relative) -> FloatArray:
    """Return ``y mu**(1 - xi) / (xi - 1) + mu**(2 - xi) / (2 - xi)``, two terms that are not negative."""
    term = monomial_of(link)
    first = np.where(y > 0.0, term(y, 1.0 - xi, 0, eta), 0.0) / (xi - 1.0)
    return np.asarray(first + term(1.0, 2.0 - xi, 0, eta) / (2.0 - xi))


def _kernels(xi: float, y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Kernels:
    return power_kernels(y, eta, link, refine, xi, partial(_loss, xi))


def _plain_loss(
    xi: float, y: FloatArray, _eta: FloatArray, _link: Link, mu: FloatArray, share: FloatArray
) -> FloatArray:
    value = y / (xi - 1.0)
    value += mu / (2.0 - xi)
    value *= share
    return value


def _least(xi: float, y: FloatArray) -> FloatArray:
    """Return ``y**(2 - xi) / ((xi - 1) (2 - xi))``, the loss at ``mu = y``."""
    return np.asarray(y ** (2.0 - xi) / ((xi - 1.0) * (2.0 - xi)))


def share(xi: float, mu: FloatArray) -> FloatArray:
    """Return ``mu / V(mu)``."""
    return np.asarray(np.power(mu, 1.0 - xi))


def _plain(xi: float, y: FloatArray, eta: FloatArray, link: Link) -> Kernels:
    return plain_kernels(y, eta, link, partial(share, xi), partial(_plain_loss, xi))


def observed(xi: float, y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    """Return the second derivative of the loss in the predictor."""
    return power_observed(y, eta, link, xi)


def variance(xi: float, mu: FloatArray) -> FloatArray:
    """Return the variance at dispersion 1."""
    return np.asarray(mu**xi)


_NEAR = 0.5
_ORDER = 20


def deviance(xi: float, y: FloatArray, mu: FloatArray) -> FloatArray:
    """Return twice ``y**(2 - xi)`` times the difference of two means of an exponential, by its series where they are close."""
    a, b = 1.0 - xi, 2.0 - xi
    safe = np.where(y > 0.0, y, 1.0)
    x = (mu - safe) / safe
    ratio = np.where(np.isfinite(x) & (x > -0.9), np.log1p(x), np.log(mu) - np.log(safe))
    near = np.abs(ratio) < _NEAR
    s = np.where(near, ratio, 0.0)
    series, factorial = np.zeros_like(s), 1.0
    coefficients = []
    for k in range(2, _ORDER):
        factorial *= k
        coefficients.append((b ** (k - 1) - a ** (k - 1)) / factorial)
    for coefficient in reversed(coefficients):
        series = series * s + coefficient
    value = np.where(near, safe**b * (s * s * series), _far(a, b, safe, mu))
    return np.where(y > 0.0, 2.0 * value, 2.0 * mu**b / b)


def _far(a: float, b: float, y: FloatArray, mu: FloatArray) -> FloatArray:
    """Return the difference itself, in an order that stays in the range of doubles: for powers below 2, and above."""
    if b > 0.0:
        return np.where(np.isposinf(mu), np.inf, y * (mu**a - y**a) / -a + (mu**b - y**b) / b)
    ratio = mu / y
    return np.asarray(y**b * (ratio**b * (1.0 / b - 1.0 / (a * ratio)) + 1.0 / (a * b)))


_SPREAD = 1.5  # standard deviations of the number of amounts to one step of the sum
_STEPS = 40


def _saturated(xi: float, y: FloatArray, phi: FloatArray, _trials: FloatArray) -> FloatArray:
    r"""Return the log-density at ``mu = y``, as a sum over the number j of amounts.

    With ``m = y**(2 - xi) / ((2 - xi) phi)``, the mean of j at ``mu = y``, and ``alpha = (2 - xi) / (xi - 1)``, the Poisson probability
    of j times the gamma density of their sum is, both in Loader's form,

    .. math:: \frac{\sqrt\alpha}{2\pi y} \exp\bigl(-\delta(j) - \delta(\alpha j) - (1 + \alpha) j g(m/j - 1)\bigr)

    with :math:`\delta` what Stirling's formula leaves and ``g(x) = x - log(1 + x)``: no large numbers cancel. It is analytic in j, so
    by Poisson's summation formula the sum over every h-th j, times h, differs from the sum by exp(-2 pi**2 (s / h)**2), s being
    the standard deviation of j: 81 terms give every digit whatever m is.
    """
    alpha = (2.0 - xi) / (xi - 1.0)
    safe = np.where(y > 0.0, y, 1.0)
    log_mean = (2.0 - xi) * np.log(safe) - np.log((2.0 - xi) * phi)
    mean = np.exp(log_mean)
    step = np.maximum(1.0, np.floor(np.sqrt(mean / (1.0 + alpha)) / _SPREAD))
    centre = np.maximum(1.0, np.rint(mean))
    # Next to a power of 1 the amounts are so alike that one j has next to all of the sum, and not always that nearest to the mean.
    top = np.maximum.reduce([_amounts(np.maximum(centre + k, 1.0), mean, log_mean, alpha) for k in (-1.0, 0.0, 1.0)])
    total = np.zeros_like(mean)
    for k in range(-_STEPS, _STEPS + 1):
        j = centre + k * step
        inside = j >= 1.0
        total += np.where(inside, np.exp(_amounts(np.where(inside, j, 1.0), mean, log_mean, alpha) - top), 0.0)
    value = 0.5 * np.log(alpha) - np.log(2.0 * np.pi) - np.log(safe) + top + np.log(step * total)
    return np.where(y > 0.0, value, 0.0)


def _amounts(j: FloatArray, mean: FloatArray, log_mean: FloatArray, alpha: float) -> FloatArray:
    """Return the exponent above."""
    x = (mean - j) / j
    low = x < -0.5
    divergence = np.where(low, x + np.log(j) - log_mean, gap(np.where(low, 0.0, x)))
    return np.asarray(-stirling_error(j) - stirling_error(alpha * j) - (1.0 + alpha) * j * divergence)


def _start(y: FloatArray, _weight: FloatArray) -> FloatArray:
    return np.where(y > 0.0, y, 0.1)


def tweedie(power: float) -> Family:
    r"""Make the Tweedie family of a known power.

    Parameters
    ----------
    power : float
        :math:`\xi` in the variance :math:`\phi\mu^\xi`, with ``1 < power < 2``. The families at 0, 1, 2 and 3 are the Gaussian, the
        Poisson, the gamma and the inverse Gaussian.

    Raises
    ------
    DomainError
        The power does not lie between 1 and 2.
    """
    xi = float(power)
    if not 1.0 < xi < 2.0:
        raise DomainError(
            f"power is {power!r}: it must lie strictly between 1 and 2; use 'gaussian' for 0, 'poisson' for 1, 'gamma' for 2, "
            f"'inverse_gaussian' for 3 and 'quasitweedie' for others above 2"
        )
    return Family(
        name="tweedie",
        title="Tweedie",
        formula=Formula(
            "log-density up to a constant",
            r"\frac{1}{\phi}\left(y\frac{\mu^{1-\xi}}{1-\xi}-\frac{\mu^{2-\xi}}{2-\xi}\right)",
        ),
        variance_latex=r"\mu^{\xi}",
        constant_latex="0",
        support="mixed",
        domain=NONNEGATIVE,
        mean_span=Span(0.0),
        links=(log, identity, power_link(1.0 - xi)),
        fixed_dispersion=False,
        canonical=power_link(1.0 - xi).name,
        kernels_of=partial(_kernels, xi),
        plain_of=partial(_plain, xi),
        least_of=partial(_least, xi),
        observed_of=partial(observed, xi),
        variance_of=partial(variance, xi),
        deviance_of=partial(deviance, xi),
        start_of=_start,
        saturated_of=partial(_saturated, xi),
        parameters=(("power", xi),),
    )


FAMILIES = (Maker("tweedie", tweedie, ((("power", 1.5),), (("power", 1.1),), (("power", 1.83),))),)
