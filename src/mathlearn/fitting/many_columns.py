"""Likelihood fits of more columns than a curvature has room for: L-BFGS, evidence by the gradient, no inference."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.first_order import FirstOrder
from mathlearn.calculus.newton import Stop
from mathlearn.calculus.objective import Objective, block_rows
from mathlearn.calculus.start import constant
from mathlearn.certify.first_order import FirstOrderShown, first_order_certificate, first_order_rows
from mathlearn.certify.likelihood_rows import LikelihoodRows
from mathlearn.data.reduce import found_again
from mathlearn.fitting.defects import likelihood_defects
from mathlearn.fitting.likelihood_fields import fit_fields, law_fields
from mathlearn.fitting.likelihood_totals import log_likelihoods, null_predictor
from mathlearn.fitting.origin import intercept_at_zero
from mathlearn.fitting.survey import surveyed
from mathlearn.results.fit_result import FitResult, Status
from mathlearn.results.likelihood import Likelihood

if TYPE_CHECKING:
    from mathlearn.calculus.gradients import Minimum
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.survey import Survey

__all__ = ["MOST_COLUMNS", "fit_many"]

MOST_COLUMNS = 3000
"""Up to so many columns Newton's method is used, where its curvature fits into memory."""

_BLOCK_COLUMNS = 512  # by which blocks of sparse rows are cut, of which most entries are nothing
_REASON = "so many columns are fitted without a curvature, from which standard errors would come"


def fit_many(rows: Rows, spec: LikelihoodSpec, threads: int) -> FitResult:
    """Fit by L-BFGS; sparse rows stay sparse."""
    size = block_rows(min(len(rows.terms), _BLOCK_COLUMNS))
    survey = surveyed(rows, spec.family, threads=threads)
    penalty = spec.penalty * (survey.full if spec.per_weight else 1.0)
    problem = FirstOrder(rows, spec.family, spec.link, spec.fit_intercept, penalty, size, threads)
    alone = Objective(spec.family, spec.link, Coordinates(np.zeros(0), np.ones(0), intercept=spec.fit_intercept))
    start = np.concatenate([constant(alone, survey.mean), np.zeros(len(rows.terms))])
    found = problem.minimise(start, spec.max_iter)
    if not np.isfinite(found.theta).all():
        rows.diagnose_nonfinite()
    first = int(spec.fit_intercept)
    level = float(found.theta[0]) if first else None
    null_eta = null_predictor(rows, spec, survey, threads)
    shown = FirstOrderShown(spec.family, spec.link, found.theta[first:], level, null_eta)
    seen = found_again(
        rows.reduce(partial(first_order_rows, shown=shown), LikelihoodRows.merge, max_rows=size, threads=threads)
    )
    return _recorded(problem, spec, survey, found, shown, seen)


def _recorded(
    problem: FirstOrder,
    spec: LikelihoodSpec,
    survey: Survey,
    found: Minimum,
    shown: FirstOrderShown,
    seen: LikelihoodRows,
) -> FitResult:
    rows, penalty, p = problem.rows, problem.penalty, shown.coef.size
    first, intercept = int(spec.fit_intercept), np.array([shown.level or 0.0])
    n = spec.count(survey.n, survey.weight)
    df, fixed = n - min(p, n) - first, spec.family.fixed_dispersion
    pull = np.concatenate([np.zeros(first), penalty * shown.coef])
    certificate = first_order_certificate(seen, pull, stopped=None if found.ended else Stop.MAX_ITER.value)
    top, null_top = log_likelihoods(rows, spec, (seen.deviance, seen.null_deviance), n, problem.threads)
    return FitResult(
        **fit_fields(rows, spec, survey, min(p, n)),
        weight_sum=float(seen.expected[0]) if first else 1.0,
        coef=shown.coef[None],
        intercept=intercept_at_zero(intercept, shown.coef[None], spec.origin),
        centre=intercept,
        deviance=np.array([seen.deviance]),
        null_deviance=np.array([seen.null_deviance]),
        exact=np.array([False]),
        curvature=None,
        estimable=np.ones(p + first, np.bool_),
        aliases=(),
        covariance=None,
        withheld=_REASON,
        rung="lbfgs",
        condition_scaled=math.nan,
        digits=np.full((1, p), np.nan),
        status=Status.OPTIMAL if certificate.ok else Status.STALLED if found.ended else Status.MAX_ITER,
        defects=likelihood_defects(rows, (), certificate, None, "L-BFGS stopped", max(df, 1), n, spec),
        certificate=certificate,
        likelihood=Likelihood(
            **law_fields(spec, survey, penalty),
            dispersion=1.0 if fixed else seen.pearson / df if df > 0 else math.nan,
            pearson=seen.pearson,
            log_likelihood=top,
            null_log_likelihood=null_top,
            iterations=found.iterations,
            passes=found.passes + 2,
        ),
    )
