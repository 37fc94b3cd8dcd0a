"""Where no finite estimate exists: the directions, verified, and the fit of the rows that they leave."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.endless import endless_signs
from mathlearn.calculus.newton import Stop
from mathlearn.calculus.objective import block_rows, observations
from mathlearn.calculus.separation import find_separation, stays
from mathlearn.certify.likelihood import separated_certificate
from mathlearn.certify.recession import verify_separation
from mathlearn.data.adapt import held
from mathlearn.data.filtered import Filtered
from mathlearn.fitting.defects import aliases, likelihood_defects
from mathlearn.fitting.likelihood_conclusion import Conclusion
from mathlearn.fitting.likelihood_fields import fit_fields, law_fields
from mathlearn.fitting.likelihood_totals import null_deviance, null_predictor, saturated_log_likelihood
from mathlearn.fitting.multinomial_record import stacked_null
from mathlearn.fitting.newton_fit import Solver
from mathlearn.fitting.survey import surveyed
from mathlearn.probability.recession import recession_sign
from mathlearn.results.fit_result import FitResult, Status
from mathlearn.results.likelihood import Likelihood, Separation

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.newton_fit import Solved

__all__ = ["directions_hold", "fit_separated", "remaining", "separation_of", "suspected"]

_LEAP = 0.1
_UNPROVEN = {Stop.RUNAWAY, Stop.STALLED, Stop.MAX_ITER, Stop.STIFF}


def suspected(solved: Solved) -> bool:
    """Whether the estimate may not exist.

    A solver whose distance to the optimum shrinks to nothing in a last leap has proved that it does. Where it shrinks by a constant
    factor while means come to the ends of their span, what vanishes may be the curvature.
    """
    optimum = solved.optimum
    if optimum.last is None or optimum.stop in _UNPROVEN:
        return optimum.last is not None
    *_, before, last = (math.inf, *(iteration.gradient for iteration in optimum.iterations))
    return optimum.last.sums.farthest > 1.0 and last > _LEAP * before


def separation_of(rows: Rows, spec: LikelihoodSpec, solved: Solved, threads: int) -> Separation | None:
    """Decide whether the rows are separated, and have the directions verified by other code."""
    found = find_separation(
        rows,
        partial(_signs, spec),
        fit_intercept=spec.fit_intercept,
        kept=solved.dependence.kept if solved.dependence.dropped.size else None,
        hint=_parameters(solved, spec),
        max_rows=block_rows(len(rows.terms)),
        threads=threads,
    )
    if found is None:
        return None
    claimed = Separation(found.directions, found.complete, found.separated, verified=False)
    ends = endless_signs(
        rows,
        partial(_signs, spec),
        np.column_stack([found.directions, found.undetermined]),
        null=stacked_null(solved.dependence, 1, intercept=spec.fit_intercept),
        fit_intercept=spec.fit_intercept,
        max_rows=block_rows(len(rows.terms)),
        threads=threads,
    )
    return replace(claimed, verified=directions_hold(rows, spec, claimed, threads), ends=ends)


def directions_hold(rows: Rows, spec: LikelihoodSpec, separation: Separation, threads: int) -> bool:
    """Whether a pass over the rows, by other code, confirms each direction and the number of rows that they part."""
    evidence = verify_separation(
        rows,
        partial(_signs, spec),
        separation.directions,
        fit_intercept=spec.fit_intercept,
        max_rows=block_rows(len(rows.terms)),
        threads=threads,
    )
    return evidence.ok and evidence.n_strict == separation.separated


def remaining(rows: Rows, separation: Separation, *, intercept: bool) -> Rows:
    """Return the rows that no direction moves."""

    def passes(chunk: Chunk) -> BoolArray:
        return stays(chunk, separation.directions, fit_intercept=intercept)

    return Filtered(rows, passes)


def fit_separated(solver: Solver, solved: Solved, separation: Separation) -> FitResult:
    """Fit what the remaining rows determine; what they do not is infinite or unknown, and withheld."""
    spec = solver.spec
    if separation.complete:
        return _nothing_left(solver, solved, separation)
    rows = remaining(solver.rows, separation, intercept=spec.fit_intercept)
    rows = held(rows, block_rows(len(rows.terms)))
    inner = Solver(rows, spec, surveyed(rows, spec.family, threads=solver.threads), 0.0, solver.threads)
    found = inner.solve()
    if found.optimum.last is None:
        return _nothing_left(solver, solved, separation)
    conclusion = Conclusion(
        solver.rows, spec, solver.survey, 0.0, solver.threads, rows, separation, known=solved.dependence
    )
    found = replace(
        found, optimum=replace(found.optimum, iterations=(*solved.optimum.iterations, *found.optimum.iterations))
    )
    return conclusion.of(inner, replace(found, passes=found.passes + solved.passes))


def _nothing_left(solver: Solver, solved: Solved, separation: Separation) -> FitResult:
    """Record a fit in which every row is fitted perfectly in the limit: only the directions are known."""
    rows, spec, survey, threads = solver.rows, solver.spec, solver.survey, solver.threads
    p, n = len(rows.terms), spec.count(survey.n, survey.weight)
    null_eta = null_predictor(rows, spec, survey, threads)
    null = null_deviance(rows, spec, null_eta, threads)
    top = float(saturated_log_likelihood(rows, spec, (1.0,), threads)[0])
    rank = int(solved.dependence.kept.size)
    df = n - rank - spec.fit_intercept
    certificate = separated_certificate(separation.separated, separation.verified)
    dependences = aliases(solved.dependence, rows.terms)
    return FitResult(
        **fit_fields(rows, spec, survey, rank),
        weight_sum=0.0,
        coef=np.zeros((1, p)),
        intercept=np.zeros(1),
        centre=np.zeros(1),
        deviance=np.zeros(1),
        null_deviance=np.array([null]),
        exact=np.array([True]),
        curvature=None,
        estimable=np.zeros(p + spec.fit_intercept, np.bool_),
        aliases=dependences,
        covariance=None,
        withheld="the responses are separated completely: no coefficient has a finite estimate",
        rung="newton",
        condition_scaled=math.nan,
        digits=np.full((1, p), np.nan),
        status=Status.UNBOUNDED,
        defects=likelihood_defects(rows, dependences, certificate, separation, "", df, n, spec),
        certificate=certificate,
        likelihood=Likelihood(
            **law_fields(spec, survey, 0.0),
            dispersion=1.0,
            pearson=0.0,
            log_likelihood=top,
            null_log_likelihood=top - 0.5 * null,
            iterations=solved.optimum.iterations,
            passes=solved.passes,
            separation=separation,
        ),
    )


def _signs(spec: LikelihoodSpec, chunk: Chunk) -> FloatArray:
    return recession_sign(spec.family, spec.link, observations(chunk).y)


def _parameters(solved: Solved, spec: LikelihoodSpec) -> FloatArray:
    """Where the solver stopped (k,), in the units and from the origin of the rows."""
    c, theta = solved.objective.coordinates, solved.optimum.theta
    slopes = c.slopes(theta)
    return np.concatenate([[theta[0] - c.shift @ slopes], slopes]) if spec.fit_intercept else slopes
