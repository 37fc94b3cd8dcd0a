"""The shape of a negative binomial, estimated with its coefficients: a maximum over theta of fits at known theta."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.calculus.objective import block_rows, observations
from mathlearn.data.reduce import found_again
from mathlearn.probability import family_named
from mathlearn.probability.families.negative_binomial import profile_of_theta
from mathlearn.results.certificate import Check
from mathlearn.results.fit_result import Status
from mathlearn.statistics.functional import fitted_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult

__all__ = ["theta_check", "with_theta"]

_MOST = 50
_ENOUGH, _CLOSEST = 1e-8, 1e-12  # standard errors of theta: within the first, go on while a step still leads nearer
_LARGEST = 1e8  # beyond, the negative binomial is a Poisson in all its digits
_LONGEST = 2.0  # step of log(theta)


class _Slope(NamedTuple):
    """Derivatives of the log-likelihood in theta at the fitted means."""

    slope: float
    bend: float

    @property
    def error(self) -> float:
        """Standard error of theta, the coefficients held: they and theta are orthogonal."""
        return 1.0 / math.sqrt(-self.bend) if self.bend < 0.0 else math.inf


def with_theta(
    rows: Rows, spec: LikelihoodSpec, fit: Callable[[Rows, LikelihoodSpec], FitResult], threads: int
) -> FitResult:
    """Fit coefficients and theta together.

    The derivative in theta of the log-likelihood at its maximum over the coefficients is the partial one, those in the coefficients
    being zero there; Newton's method on log(theta) finds its zero.

    Parameters
    ----------
    rows : Rows
    spec : LikelihoodSpec
    fit : callable
        Fits at a known theta.

    Raises
    ------
    DomainError
        The likelihood rises for ever with theta: the counts vary no more than a Poisson's.

    References
    ----------
    Lawless (1987), "Negative binomial and mixed Poisson regression", Canadian Journal of Statistics 15(3), section 3.
    """
    theta, before = _first(rows, spec, fit, threads), math.inf
    for _ in range(_MOST):
        known = replace(spec, family=family_named("negative_binomial", theta=theta), estimate=())
        result = fit(rows, known)
        at = _slope_at(rows, result, known.link, theta, threads)
        away = abs(at.slope) * at.error
        if away <= _CLOSEST or 0.5 * before <= away <= _ENOUGH:
            return _recorded(result, at, reached=True)
        before = away
        theta *= math.exp(_step(at, theta))
        if theta > _LARGEST:
            raise DomainError(
                f"{rows.responses[0]} varies no more than a Poisson: theta of the negative binomial grows for ever. "
                "Use family='poisson', or 'quasipoisson' for less variation."
            )
    return _recorded(result, at, reached=False)


def theta_check(rows: Rows, result: FitResult, link: Link, theta: float, threads: int) -> Check:
    """Say how far an estimated theta is from the maximum of the likelihood of the rows."""
    return _check(_slope_at(rows, result, link, theta, threads))


def _check(at: _Slope) -> Check:
    says = "distance of theta from the maximum of the likelihood, in its standard error"
    return Check("theta", abs(at.slope) * at.error, 1e-6, says)


def _first(rows: Rows, spec: LikelihoodSpec, fit: Callable[[Rows, LikelihoodSpec], FitResult], threads: int) -> float:
    """Estimate theta by moments from a Poisson fit: ``sum (mu^2) / sum ((y - mu)^2 - mu)``."""
    family = family_named("poisson")
    result = fit(
        rows, replace(spec, family=family, link=family.link(spec.link.name), estimate=(), bias_reduction="none")
    )
    of = partial(_moments, result, spec.link)
    square, excess = found_again(rows.reduce(of, np.add, max_rows=block_rows(len(rows.terms)), threads=threads))
    return float(min(max(square / excess, 1e-3), 1e3)) if excess > 0.0 else 10.0


def _moments(result: FitResult, link: Link, chunk: Chunk) -> FloatArray:
    seen = observations(chunk)
    mu = link.mu(fitted_values(result, chunk)[:, 0])
    weight = np.ones_like(mu) if seen.weight is None else seen.weight
    return np.array([weight @ mu**2, weight @ ((seen.y - mu) ** 2 - mu)])


def _slope_at(rows: Rows, result: FitResult, link: Link, theta: float, threads: int) -> _Slope:
    of = partial(_slopes, result, link, theta)
    slope, bend = found_again(rows.reduce(of, np.add, max_rows=block_rows(len(rows.terms)), threads=threads))
    return _Slope(float(slope), float(bend))


def _slopes(result: FitResult, link: Link, theta: float, chunk: Chunk) -> FloatArray:
    seen = observations(chunk)
    mu = link.mu(fitted_values(result, chunk)[:, 0])
    profile = profile_of_theta(seen.y, mu, theta, 1.0 if seen.weight is None else seen.weight)
    return np.array([profile.slope.sum(), profile.bend.sum()])


def _step(at: _Slope, theta: float) -> float:
    """Newton step of log(theta); uphill by a fixed length where the likelihood is not concave in it."""
    slope, bend = theta * at.slope, theta**2 * at.bend + theta * at.slope
    step = -slope / bend if bend < 0.0 else math.copysign(1.0, slope)
    return max(min(step, _LONGEST), -_LONGEST)


def _recorded(result: FitResult, at: _Slope, *, reached: bool) -> FitResult:
    """Add what is known of theta to the record of the fit at it."""
    assert result.likelihood is not None
    certificate = replace(result.certificate, checks=(*result.certificate.checks, _check(at)))
    return replace(
        result,
        certificate=certificate,
        status=result.status if reached else Status.MAX_ITER,
        likelihood=replace(result.likelihood, estimated=("theta",), estimated_errors=(at.error,)),
    )
