r"""Quasi-Poisson: the variance is :math:`\phi\mu` with :math:`\phi` estimated; there is no density, so no log-likelihood."""

from __future__ import annotations

from mathlearn.probability.families import poisson
from mathlearn.probability.family import Family, Formula, Maker
from mathlearn.probability.link import Span
from mathlearn.probability.links.log import log
from mathlearn.probability.links.powers import identity, sqrt

__all__ = ["FAMILIES", "quasipoisson"]


def quasipoisson() -> Family:
    """Make the quasi-Poisson family: estimates as the Poisson's, standard errors that allow for overdispersion.

    References
    ----------
    Wedderburn (1974), "Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method", Biometrika 61(3).
    """
    return Family(
        name="quasipoisson",
        title="quasi-Poisson",
        formula=Formula("score", r"\frac{y-\mu}{\phi\mu}"),
        variance_latex=r"\mu",
        constant_latex="",
        support="counts",
        domain=poisson.NONNEGATIVE,
        mean_span=Span(0.0),
        links=(log, identity, sqrt),
        fixed_dispersion=False,
        canonical="log",
        kernels_of=poisson.kernels,
        plain_of=poisson.plain,
        least_of=poisson.least,
        observed_of=poisson.observed,
        variance_of=poisson.variance,
        deviance_of=poisson.deviance,
        start_of=poisson.start,
    )


FAMILIES = (Maker("quasipoisson", quasipoisson),)
