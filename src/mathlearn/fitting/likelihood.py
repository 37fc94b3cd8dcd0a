"""Likelihood fits, once: rows → survey → Newton → certificate → inference → `FitResult`."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError, ResourceError
from mathlearn.calculus.newton import Stop
from mathlearn.calculus.objective import block_rows
from mathlearn.data.adapt import as_proportions, densified, held
from mathlearn.data.progress import expect
from mathlearn.fitting import resources
from mathlearn.fitting.likelihood_conclusion import Conclusion
from mathlearn.fitting.many_columns import MOST_COLUMNS, fit_many
from mathlearn.fitting.newton_fit import Solver
from mathlearn.fitting.robust import with_own_covariance
from mathlearn.fitting.separated import fit_separated, separation_of, suspected
from mathlearn.fitting.survey import surveyed, usual_passes
from mathlearn.fitting.theta import with_theta
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.statistics.law import reducible

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.survey import Survey
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import ResponseForm

_SQUARES = 4  # k-by-k matrices held at a time


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite is found and named
def fit_likelihood(rows: Rows, spec: LikelihoodSpec) -> FitResult:
    """Fit a generalised linear model, with its evidence and inference.

    Parameters
    ----------
    rows : Rows
        With one response; with a second one, the trials of a binomial whose proportions are the first.
    spec : LikelihoodSpec

    Raises
    ------
    DomainError
        Observations lie outside the family's domain, or do not vary.
    """
    size = resources.numbers(rows)
    threads = pool_size(size, resources.threads(spec.n_jobs))
    k = len(rows.terms) + spec.fit_intercept
    with single_threaded_blas(size):
        if k > MOST_COLUMNS or not resources.fits(_SQUARES * k * k):
            _require_few(rows, spec)
            return fit_many(as_given(rows, spec.response), spec, threads)
        ready = prepared(rows, spec.response)
        if not spec.estimate:
            expect(usual_passes(ready, len(ready.terms)))
        fit = partial(_at_known_law, threads=threads)
        result = with_theta(ready, spec, fit, threads) if "theta" in spec.estimate else fit(ready, spec)
        return with_own_covariance(result, rows, spec, threads)


def _at_known_law(rows: Rows, spec: LikelihoodSpec, threads: int) -> FitResult:
    """Fit prepared rows by a family whose parameters are known."""
    survey = surveyed(rows, spec.family, threads=threads)
    _require_reducible(spec)
    _require_variation(rows, spec, survey)
    penalty = spec.penalty * (survey.full if spec.per_weight else 1.0)
    if not math.isfinite(penalty):
        raise DomainError(
            f"the penalty, {spec.penalty:g} for each unit of weight, is beyond the range of floating-point numbers: choose a smaller one."
        )
    return _fitted(Solver(rows, spec, survey, penalty, threads))


def _fitted(solver: Solver) -> FitResult:
    """Solve; where the solver does not prove by converging that an estimate exists, find out whether it does."""
    rows, spec, survey, penalty, threads = solver.rows, solver.spec, solver.survey, solver.penalty, solver.threads
    solved = solver.solve()
    if penalty == 0.0 and spec.bias_reduction == "none" and suspected(solved):
        separation = separation_of(rows, spec, solved, threads)
        if separation is not None:
            return fit_separated(solver, solved, separation)
    if solved.optimum.stop is Stop.RUNAWAY:
        solved = solver.again(solved, watch=False)
    return Conclusion(rows, spec, survey, penalty, threads, rows).of(solver, solved)


def as_given(rows: Rows, response: ResponseForm) -> Rows:
    """Put y into the form that the mathematics takes: numbers, or proportions beside trials."""
    return as_proportions(rows) if response == "successes and failures" else rows


def prepared(rows: Rows, response: ResponseForm) -> Rows:
    """Put rows into the form that the mathematics takes: dense, one block read once."""
    rows = as_given(rows, response)
    return held(densified(rows) if rows.sparse else rows, block_rows(len(rows.terms)))


def _require_reducible(spec: LikelihoodSpec) -> None:
    """Refuse bias reduction where Jeffreys' prior is not what reduces the bias.

    Raises
    ------
    DomainError
    """
    family, link = spec.family, spec.link
    if spec.bias_reduction == "none":
        return
    if not reducible(family, link.name):
        raise DomainError(
            f"bias_reduction='firth' with the {family.title} family and the {link.name} link: it is offered for the binomial with logit and "
            "the Poisson with log, whose links are canonical. Use one of these, or bias_reduction='none'."
        )
    if spec.penalty:
        raise DomainError(
            "bias_reduction='firth' is a penalty of its own: use it without another (alpha=0, C=numpy.inf)."
        )


def _require_few(rows: Rows, spec: LikelihoodSpec) -> None:
    """Refuse bias reduction where there is no room for the information, whose determinant it needs.

    Raises
    ------
    ResourceError
    """
    if spec.bias_reduction != "none":
        raise ResourceError(
            f"bias_reduction='firth' needs the information matrix, and {len(rows.terms)} columns are fitted without one: take fewer (at most "
            f"{MOST_COLUMNS}), or a penalty instead."
        )


def _require_variation(rows: Rows, spec: LikelihoodSpec, survey: Survey) -> None:
    """Refuse responses for which no model of the family has a finite estimate.

    Raises
    ------
    DomainError
    """
    name = rows.responses[0]
    if spec.family.support in {"counts", "mixed"} and survey.most == 0.0:
        raise DomainError(
            f"{name} is zero in all {survey.n} rows: the mean of a {spec.family.title} family would be zero, whose logarithm is not "
            "finite. Check that this is the right column, or take rows in which something was counted."
        )
    if spec.family.support == "binary" and survey.least == survey.most and survey.most in {0.0, 1.0}:
        raise DomainError(
            f"{name} is {survey.most:g} in all {survey.n} rows: with one class there is nothing to tell apart. Take rows of both classes."
        )
