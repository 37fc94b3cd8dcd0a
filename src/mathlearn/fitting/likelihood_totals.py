"""Numbers about a likelihood fit as a whole that the certificate's pass does not give: the null model, the log-likelihood."""

from __future__ import annotations

import math
import operator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.newton import Newton, Stop
from mathlearn.calculus.objective import Objective, block_rows, observations
from mathlearn.calculus.start import starts
from mathlearn.data.adapt import without_columns
from mathlearn.data.reduce import found_again
from mathlearn.fitting.likelihood_spec import LikelihoodSpec
from mathlearn.fitting.newton_fit import first_finite
from mathlearn.fitting.survey import surveyed

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_record import Numbers
    from mathlearn.fitting.survey import Survey
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

__all__ = [
    "constant_beside_offset",
    "log_likelihoods",
    "null_deviance",
    "null_predictor",
    "penalised_log_likelihood",
    "saturated_log_likelihood",
]


def null_predictor(rows: Rows, spec: LikelihoodSpec, survey: Survey, threads: int) -> float:
    """Linear predictor of the model without columns, the offset apart: in closed form without one, else by Newton's method."""
    if not spec.fit_intercept:
        return 0.0
    if not survey.offset:
        return float(spec.link.eta(np.array([survey.mean]))[0])
    alone = without_columns(rows)
    objective = Objective(spec.family, spec.link, Coordinates(np.zeros(0), np.ones(0), intercept=True))
    size = block_rows(len(rows.terms))
    newton = Newton(
        evaluate=lambda theta: objective.at(alone, theta, max_rows=size, threads=threads),
        intercept=True,
        dispersion=lambda sums: 1.0 if spec.family.fixed_dispersion else sums.pearson / max(sums.n - 1, 1),
        quadratic=spec.family.canonical == spec.link.name,
        watch=False,
    )
    optimum, _ = first_finite(newton, starts(objective, alone, survey.mean, max_rows=size, threads=threads))
    return float(optimum.theta[0]) if optimum.stop is Stop.REACHED else math.nan


def constant_beside_offset(rows: Rows, family: Family, link: Link) -> float:
    """Linear predictor of the best constant, the offset of the rows apart; NaN where none is found."""
    return null_predictor(rows, LikelihoodSpec(family=family, link=link), surveyed(rows, family), threads=1)


def null_deviance(rows: Rows, spec: LikelihoodSpec, null_eta: float, threads: int) -> float:
    """Deviance of the model without columns, by a pass of its own."""
    of = partial(_null_deviance, spec=spec, null_eta=null_eta)
    total: float | None = rows.reduce(of, operator.add, max_rows=block_rows(len(rows.terms)), threads=threads)
    return found_again(total)


def _null_deviance(chunk: Chunk, spec: LikelihoodSpec, null_eta: float) -> float:
    seen = observations(chunk)
    eta = np.broadcast_to(null_eta if chunk.offset is None else null_eta + chunk.offset, seen.y.shape)
    each = spec.family.deviance_at(seen.y, eta, spec.link)
    return float(each.sum() if seen.weight is None else each @ seen.weight)


def log_likelihoods(
    rows: Rows, spec: LikelihoodSpec, deviances: tuple[float, float], n: int, threads: int
) -> tuple[float, float]:
    """Log-likelihood of the fit and of the model without columns, given their deviances.

    An estimated dispersion enters each as its deviance over n, as in R.
    """
    fixed = spec.family.fixed_dispersion
    at = (1.0, 1.0) if fixed else (deviances[0] / n, deviances[1] / n)
    top = saturated_log_likelihood(rows, spec, at[:1] if fixed else at, threads)
    with np.errstate(divide="ignore", invalid="ignore"):
        fit, null = (float(np.float64(d) / phi) for d, phi in zip(deviances, at, strict=True))
    return float(top[0]) - 0.5 * fit, float(top[-1]) - 0.5 * null


def penalised_log_likelihood(log_likelihood: float, numbers: Numbers, spec: LikelihoodSpec) -> float:
    r"""Add what bias reduction maximises beside the likelihood, :math:`\tfrac12 \log|H|`, with H about all parameters in the user's units.

    The level at the mean of the columns and the slopes have independent estimates, and the intercept differs from that level by a shear:
    :math:`|H|` is the sum of the working weights over the squared determinant of the whitener. NaN without bias reduction, and where
    dependent columns leave the information singular.

    References
    ----------
    Firth (1993), "Bias reduction of maximum likelihood estimates", Biometrika 80(1), section 3.
    """
    white = numbers.curvature.whitener
    if spec.bias_reduction != "firth" or white.shape[0] != white.shape[1]:
        return math.nan
    level = math.log(numbers.weight) if spec.fit_intercept and numbers.weight > 0.0 else 0.0
    return log_likelihood + 0.5 * level - float(np.linalg.slogdet(white)[1])


def saturated_log_likelihood(
    rows: Rows, spec: LikelihoodSpec, dispersion: tuple[float, ...], threads: int
) -> FloatArray:
    """Sum the log-density at ``mu = y`` over the rows, for each of some dispersions; NaN for a quasi-likelihood."""
    if spec.family.saturated_of is None:
        return np.full(len(dispersion), np.nan)
    if spec.family.of_events and len(rows.responses) == 1:
        return np.zeros(len(dispersion))  # without trials an event or none is certain at its own mean
    of = partial(_saturated, spec=spec, dispersion=dispersion)
    return found_again(rows.reduce(of, np.add, max_rows=block_rows(len(rows.terms)), threads=threads))


def _saturated(chunk: Chunk, spec: LikelihoodSpec, dispersion: tuple[float, ...]) -> FloatArray:
    """Sum over a block: a frequency repeats the density of a row, a precision divides its dispersion."""
    seen, w = observations(chunk), chunk.weight
    copies, precision = (w, None) if spec.weights_type == "frequency" else (None, w)
    trials = 1.0 if seen.trials is None else seen.trials
    each = (spec.family.saturated(seen.y, phi, 1.0 if precision is None else precision, trials) for phi in dispersion)
    return np.array([top.sum() if copies is None else copies @ top for top in each])
