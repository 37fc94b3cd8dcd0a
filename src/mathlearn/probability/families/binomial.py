r"""Binomial: 0 or 1, or the proportion of successes among :math:`\tau` trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.distribution import Distribution
from mathlearn.probability.family import Domain, Family, Formula, Kernels, Maker
from mathlearn.probability.link import EXACT, Link, Odds, Span
from mathlearn.probability.links.cauchit import cauchit
from mathlearn.probability.links.cloglog import cloglog
from mathlearn.probability.links.logit import logit
from mathlearn.probability.links.probit import probit
from mathlearn.probability.special import LOG_2PI, gap, stirling_error

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray

__all__ = ["FAMILIES", "binomial", "deviance", "kernels", "least", "observed", "plain", "start", "variance"]


def kernels(y: FloatArray, eta: FloatArray, link: Link, refine: bool) -> Kernels:
    """Return the kernels of one trial, y being 0, 1 or a proportion.

    The loss ``-y log(mu) - (1 - y) log(1 - mu)`` has no terms that cancel. At 0 and 1 the gradient has one term, too.
    """
    between = (y > 0.0) & (y < 1.0)
    careful = between if refine and between.any() else None
    if link.name == "logit":
        return _logit_kernels(y, eta, link, careful)
    odds = odds_of(link)
    terms = odds.terms(eta, 1.0 - y)
    ones, zeros = y == 1.0, y == 0.0
    loss = np.where(zeros, 0.0, -y * terms.log_mu) + np.where(ones, 0.0, terms.log_complement)
    gradient = np.where(ones, -terms.rise, terms.fall - np.where(zeros, 0.0, y * terms.rise))
    if careful is not None and link.bound is EXACT:
        residual = link.residual_of(eta[careful], y[careful])
        near = odds.terms(eta[careful], residual)
        gradient[careful] = residual * near.rise + near.fall
    return Kernels(loss, gradient, terms.information)


def _logit_kernels(y: FloatArray, eta: FloatArray, link: Link, careful: BoolArray | None) -> Kernels:
    kernels = plain(y, eta, link)  # no extremes are too much for it
    if careful is not None:
        kernels.gradient[careful] = link.residual_of(eta[careful], y[careful])
    return kernels


def plain(y: FloatArray, eta: FloatArray, link: Link) -> Kernels:
    """Return the kernels of one trial without refinement."""
    return odds_of(link).plain(y, eta)


def least(y: FloatArray) -> FloatArray:
    """Return the loss at ``mu = y``, the entropy of a trial: 0 where y is 0 or 1."""
    between = (y > 0.0) & (y < 1.0)
    if not between.any():
        return np.zeros_like(y)
    share = np.where(between, y, 0.5)
    return np.where(between, -share * np.log(share) - (1.0 - share) * np.log1p(-share), 0.0)


def odds_of(link: Link) -> Odds:
    """Return the `Odds` of a link onto 0 to 1."""
    if link.odds is None:
        raise TypeError(f"the mean of the link {link.name!r} does not lie between 0 and 1")
    return link.odds


def observed(y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
    """Return the second derivative of the loss."""
    odds = odds_of(link)
    at_zero = np.where(y == 1.0, 0.0, odds.fall_growth(eta, 1.0 - y))
    return at_zero + np.where(y == 0.0, 0.0, y * odds.rise_drop(eta))


def variance(mu: FloatArray) -> FloatArray:
    """Return ``mu (1 - mu)``."""
    return np.asarray(mu * (1.0 - mu))


def _half(y: FloatArray, mu: FloatArray, apart: FloatArray) -> FloatArray:
    """Return ``y log(y / mu) + (mu - y)``, which is never negative, given ``mu - y`` from where it is known best."""
    safe = np.where(y > 0.0, y, 1.0)
    x = apart / safe
    extreme = ~np.isfinite(x) | (x < -0.9)
    plain = apart + y * (np.log(safe) - np.log(mu))
    return np.where(y > 0.0, np.where(extreme, plain, y * gap(np.where(extreme, 0.0, x))), 0.0)


def deviance(y: FloatArray, mu: FloatArray) -> FloatArray:
    """Return ``2 (y log(y / mu) + (1 - y) log((1 - y) / (1 - mu)))`` of one trial, as two terms that are not negative."""
    success = y == 1.0
    if np.all(success | (y == 0.0)):
        log_share = np.log1p(-mu)
        np.log(mu, out=log_share, where=success)
        return np.asarray(-2.0 * log_share)
    value = 2.0 * (_half(y, mu, mu - y) + _half(1.0 - y, 1.0 - mu, y - mu))
    return np.where(y == 0.0, -2.0 * np.log1p(-mu), np.where(y == 1.0, -2.0 * np.log(mu), value))


def _saturated(y: FloatArray, _phi: FloatArray, trials: FloatArray) -> FloatArray:
    """Return the log-probability at ``mu = y`` by Loader's form; 0 where all or none succeed."""
    between = (y > 0.0) & (y < 1.0)
    if not between.any():
        return np.zeros_like(y)
    successes = np.where(between, trials * y, 1.0)
    failures = np.where(between, trials - successes, 1.0)
    root = 0.5 * (np.log(trials) - LOG_2PI - np.log(successes) - np.log(failures))
    value = root + stirling_error(trials) - stirling_error(successes) - stirling_error(failures)
    return np.where(between, value, 0.0)


def _below(y: FloatArray, mu: FloatArray, _phi: FloatArray, trials: FloatArray) -> FloatArray:
    from scipy.special import betaincc

    successes = _successes(y, trials)
    left = trials - successes
    return np.where(left > 0.0, betaincc(successes + 1.0, np.maximum(left, 1.0), mu), 1.0)


def _above(y: FloatArray, mu: FloatArray, _phi: FloatArray, trials: FloatArray) -> FloatArray:
    from scipy.special import betainc

    successes = _successes(y, trials)
    left = trials - successes
    return np.where(left > 0.0, betainc(successes + 1.0, np.maximum(left, 1.0), mu), 0.0)


def _successes(y: FloatArray, trials: FloatArray) -> FloatArray:
    """Return the whole number of successes in a proportion, which is rounded: 3 / 7 times 7 may fall short of 3."""
    return np.asarray(np.floor(y * trials * (1.0 + 4.0 * np.finfo(np.float64).eps)))


def start(y: FloatArray, weight: FloatArray) -> FloatArray:
    """Return ``(w y + 1/2) / (w + 1)``, as R's glm does."""
    return np.asarray((weight * y + 0.5) / (weight + 1.0))


def _inside(y: FloatArray) -> BoolArray:
    return np.asarray((y == 0.0) | (y == 1.0))


def binomial() -> Family:
    """Make the binomial family.

    Without trials y is 0 or 1. With trials it is a proportion of them: ``check`` wants both, ``log_density`` too, and the kernels
    and deviance are those of one trial, to be multiplied by their number.
    """
    return Family(
        name="binomial",
        title="binomial",
        formula=Formula(
            "log-density",
            r"\tau\left(y\log\mu+(1-y)\log(1-\mu)\right)"
            r"+\log\Gamma(\tau+1)-\log\Gamma(\tau y+1)-\log\Gamma(\tau(1-y)+1)",
        ),
        variance_latex=r"\mu(1-\mu)",
        constant_latex=r"-\log\Gamma(y+1)-\log\Gamma(2-y)",
        support="binary",
        domain=Domain(
            _inside,
            "0 and 1",
            "Encode two classes as 0 and 1; of proportions give the trials too (trials=), or give successes and failures.",
        ),
        mean_span=Span(0.0, 1.0),
        links=(logit, probit, cloglog, cauchit),
        fixed_dispersion=True,
        canonical="logit",
        kernels_of=kernels,
        plain_of=plain,
        least_of=least,
        observed_of=observed,
        variance_of=variance,
        deviance_of=deviance,
        start_of=start,
        saturated_of=_saturated,
        distribution=Distribution(_below, _above, least=0.0, whole=True),
        takes_trials=True,
    )


FAMILIES = (Maker("binomial", binomial),)
