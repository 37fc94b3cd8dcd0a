r"""Quasi-binomial: proportions with the variance :math:`\phi\mu(1-\mu)`, :math:`\phi` estimated; no density, so no log-likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.families import binomial
from mathlearn.probability.family import Domain, Family, Formula, Maker
from mathlearn.probability.link import Span
from mathlearn.probability.links.cauchit import cauchit
from mathlearn.probability.links.cloglog import cloglog
from mathlearn.probability.links.logit import logit
from mathlearn.probability.links.probit import probit

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray

__all__ = ["FAMILIES", "quasibinomial"]


def _inside(y: FloatArray) -> BoolArray:
    return np.asarray((y >= 0.0) & (y <= 1.0))


def quasibinomial() -> Family:
    """Make the quasi-binomial family: proportions of given numbers of trials, or any numbers from 0 to 1.

    Trials multiply the kernels as they do for the binomial, so that the estimates are the same; the dispersion is one more.

    References
    ----------
    Wedderburn (1974), "Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method", Biometrika 61(3).
    """
    return Family(
        name="quasibinomial",
        title="quasi-binomial",
        formula=Formula("score", r"\frac{y-\mu}{\phi\mu(1-\mu)}"),
        variance_latex=r"\mu(1-\mu)",
        constant_latex="",
        support="binary",
        domain=Domain(_inside, "numbers from 0 to 1", "Give successes over trials, and the trials too (trials=)."),
        mean_span=Span(0.0, 1.0),
        links=(logit, probit, cloglog, cauchit),
        fixed_dispersion=False,
        canonical="logit",
        kernels_of=binomial.kernels,
        plain_of=binomial.plain,
        least_of=binomial.least,
        observed_of=binomial.observed,
        variance_of=binomial.variance,
        deviance_of=binomial.deviance,
        start_of=binomial.start,
        takes_trials=True,
    )


FAMILIES = (Maker("quasibinomial", quasibinomial),)
