"""The shape of a negative binomial, estimated with its coefficients: a maximum over theta of fits at known theta."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.calculus.objective import block_rows, observations
from mathlearn.data.derived import Counted
from mathlearn.data.reduce import found_again
from mathlearn.fitting.likelihood_totals import null_deviance, null_predictor, saturated_log_likelihood
from mathlearn.fitting.survey import surveyed
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
    from mathlearn.fitting.survey import Survey
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult

__all__ = ["NullModel", "null_model", "theta_check", "with_theta"]

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


class _Top(NamedTuple):
    """Where a climb over theta ended: what was fitted there, the slope, and whether it is the top; theta is infinite if there is none."""

    theta: float
    fitted: Any
    slope: _Slope
    reached: bool


class NullModel(NamedTuple):
    """The model without columns, with a theta of its own."""

    theta: float
    log_likelihood: float


def with_theta(
    rows: Rows, spec: LikelihoodSpec, fit: Callable[[Rows, LikelihoodSpec], FitResult], threads: int
) -> FitResult:
    """Fit coefficients and theta together, and the theta of the model without columns.

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
    read = Counted(rows)

    def at(theta: float) -> tuple[FitResult, _Slope]:
        result = fit(read, _known(spec, theta))
        return result, _slope_at(read, partial(_fitted, result), spec.link, theta, threads)

    top = _climbed(_first(read, spec, fit, threads), at)
    if math.isinf(top.theta):
        raise DomainError(
            f"{rows.responses[0]} varies no more than a Poisson: theta of the negative binomial grows for ever. "
            "Use family='poisson', or 'quasipoisson' for less variation."
        )
    null = null_model(read, spec, surveyed(read, spec.family, threads=threads), top.theta, threads)
    return _recorded(top, null, read.passes)


def null_model(rows: Rows, spec: LikelihoodSpec, survey: Survey, theta: float, threads: int) -> NullModel:
    """Estimate theta of the model without columns, from one that is near; NaN where that model has no finite mean.

    Where its theta grows for ever it is a Poisson: theta is infinite, and the log-likelihood that of the largest one tried.
    """

    def at(theta: float) -> tuple[tuple[LikelihoodSpec, float], _Slope]:
        known = _known(spec, theta)
        eta = null_predictor(rows, known, survey, threads)
        return (known, eta), _slope_at(rows, partial(_constant, eta), known.link, theta, threads)

    top = _climbed(theta, at)
    known, eta = top.fitted
    saturated = float(saturated_log_likelihood(rows, known, (1.0,), threads)[0])
    value = saturated - 0.5 * null_deviance(rows, known, eta, threads)
    return NullModel(top.theta, value) if math.isfinite(value) else NullModel(math.nan, math.nan)


def theta_check(rows: Rows, result: FitResult, link: Link, theta: float, threads: int) -> Check:
    """Say how far an estimated theta is from the maximum of the likelihood of the rows."""
    return _check(_slope_at(rows, partial(_fitted, result), link, theta, threads))


def _known(spec: LikelihoodSpec, theta: float) -> LikelihoodSpec:
    return replace(spec, family=family_named("negative_binomial", theta=theta), estimate=())


def _climbed(theta: float, at: Callable[[float], tuple[Any, _Slope]]) -> _Top:
    """Climb the likelihood over theta, by what is fitted at each, and its slope there."""
    before = math.inf
    for _ in range(_MOST):
        fitted, slope = at(theta)
        away = abs(slope.slope) * slope.error
        if away <= _CLOSEST or 0.5 * before <= away <= _ENOUGH:
            return _Top(theta, fitted, slope, reached=True)
        if not math.isfinite(slope.slope):
            break
        before = away
        farther = theta * math.exp(_step(slope, theta))
        if farther > _LARGEST:
            return _Top(math.inf, fitted, slope, reached=False)
        theta = farther
    return _Top(theta, fitted, slope, reached=False)


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
    mu = link.mu(_fitted(result, chunk))
    weight = np.ones_like(mu) if seen.weight is None else seen.weight
    return np.array([weight @ mu**2, weight @ ((seen.y - mu) ** 2 - mu)])


def _fitted(result: FitResult, chunk: Chunk) -> FloatArray:
    return fitted_values(result, chunk)[:, 0]


def _constant(eta: float, chunk: Chunk) -> FloatArray:
    return np.full(chunk.n, eta) if chunk.offset is None else eta + chunk.offset


def _slope_at(rows: Rows, predictor: Callable[[Chunk], FloatArray], link: Link, theta: float, threads: int) -> _Slope:
    of = partial(_slopes, predictor, link, theta)
    slope, bend = found_again(rows.reduce(of, np.add, max_rows=block_rows(len(rows.terms)), threads=threads))
    return _Slope(float(slope), float(bend))


def _slopes(predictor: Callable[[Chunk], FloatArray], link: Link, theta: float, chunk: Chunk) -> FloatArray:
    seen = observations(chunk)
    mu = link.mu(predictor(chunk))
    profile = profile_of_theta(seen.y, mu, theta, 1.0 if seen.weight is None else seen.weight)
    return np.array([profile.slope.sum(), profile.bend.sum()])


def _step(at: _Slope, theta: float) -> float:
    """Newton step of log(theta); uphill by a fixed length where the likelihood is not concave in it."""
    slope, bend = theta * at.slope, theta**2 * at.bend + theta * at.slope
    step = -slope / bend if bend < 0.0 else math.copysign(1.0, slope)
    return max(min(step, _LONGEST), -_LONGEST)


def _recorded(top: _Top, null: NullModel, passes: int) -> FitResult:
    """Add what is known of theta, and the passes that it took, to the record of the fit at it."""
    result: FitResult = top.fitted
    assert result.likelihood is not None
    certificate = replace(result.certificate, checks=(*result.certificate.checks, _check(top.slope)))
    likelihood = replace(
        result.likelihood,
        estimated=("theta",),
        estimated_errors=(top.slope.error,),
        null_parameters=(("theta", null.theta),),
        null_log_likelihood=null.log_likelihood,
        passes=passes,
    )
    return replace(
        result,
        certificate=certificate,
        status=result.status if top.reached else Status.MAX_ITER,
        likelihood=likelihood,
    )
