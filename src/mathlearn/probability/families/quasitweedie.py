r"""Quasi-Tweedie: positive numbers with the variance :math:`\phi\mu^\xi` of a power above 2, given by that variance alone.

The positive stable laws have this variance, and densities without a closed form.

References
----------
Jørgensen (1997), "The Theory of Dispersion Models", section 4.2.
Wedderburn (1974), "Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method", Biometrika 61(3).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.probability.families.gamma import POSITIVE
from mathlearn.probability.families.tweedie import deviance, observed, share, variance
from mathlearn.probability.family import Family, Formula, Kernels, Maker
from mathlearn.probability.link import Link, Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity
from mathlearn.probability.links.powers import power as power_link
from mathlearn.probability.positive import Relative, monomial_of, plain_kernels, power_kernels

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["FAMILIES", "quasitweedie"]


def _loss(xi: float, y: FloatArray, eta: FloatArray, link: Link, beside: Relative) -> FloatArray:
    """Return half the deviance: ``mu**(2 - xi) (r / (xi - 1) - 1 / (xi - 2)) + y**(2 - xi) / (xi - 1) / (xi - 2)`` with ``r = y / mu``."""
    bracket, least = beside.ratio / (xi - 1.0) - 1.0 / (xi - 2.0), _least(xi, y)
    return np.where(np.isinf(least), np.inf, monomial_of(link)(bracket, 2.0 - xi, 0, eta) + least)


def _least(xi: float, y: FloatArray) -> FloatArray:
    return np.asarray(y ** (2.0 - xi) / ((xi - 1.0) * (xi - 2.0)))


def _kernels(xi: float, y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Kernels:
    return power_kernels(y, eta, link, refine, xi, partial(_loss, xi))


def _plain_loss(
    xi: float, y: FloatArray, _eta: FloatArray, _link: Link, mu: FloatArray, part: FloatArray
) -> FloatArray:
    value = y / (xi - 1.0)
    value -= mu / (xi - 2.0)
    value *= part
    value += _least(xi, y)
    return value


def _plain(xi: float, y: FloatArray, eta: FloatArray, link: Link) -> Kernels:
    return plain_kernels(y, eta, link, partial(share, xi), partial(_plain_loss, xi))


def _start(y: FloatArray, _weight: FloatArray) -> FloatArray:
    return y.copy()


def quasitweedie(power: float) -> Family:
    r"""Make the quasi-Tweedie family of a known power.

    Parameters
    ----------
    power : float
        :math:`\xi` in the variance :math:`\phi\mu^\xi`, above 2; at 3 the estimates are those of the inverse Gaussian, which has a
        density.

    Raises
    ------
    DomainError
        The power is not a finite number above 2.
    """
    xi = float(power)
    if not 2.0 < xi < np.inf:
        raise DomainError(
            f"power is {power!r}: it must be a finite number above 2; use 'gamma' for 2, 'tweedie' between 1 and 2, 'poisson' for 1 and "
            f"'gaussian' for 0"
        )
    return Family(
        name="quasitweedie",
        title="quasi-Tweedie",
        formula=Formula("score", r"\frac{y-\mu}{\phi\mu^{\xi}}"),
        variance_latex=r"\mu^{\xi}",
        constant_latex="",
        support="positive",
        domain=POSITIVE,
        mean_span=Span(0.0),
        links=(log, identity, power_link(1.0 - xi)),
        fixed_dispersion=False,
        canonical=power_link(1.0 - xi).name,
        kernels_of=partial(_kernels, xi),
        plain_of=partial(_plain, xi),
        observed_of=partial(observed, xi),
        variance_of=partial(variance, xi),
        deviance_of=partial(deviance, xi),
        start_of=_start,
        parameters=(("power", xi),),
    )


FAMILIES = (Maker("quasitweedie", quasitweedie, ((("power", 2.3),), (("power", 3.5),))),)
