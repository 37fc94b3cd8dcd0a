"""Likelihood fits of more columns than a curvature has room for: L-BFGS, evidence by the gradient, no inference."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.first_order import FirstOrder
from mathlearn.calculus.objective import Objective, block_rows
from mathlearn.calculus.start import constant
from mathlearn.certify.first_order_rows import FirstOrderRows, FirstOrderShown, first_order_certificate
from mathlearn.data.reduce import found_again
from mathlearn.fitting.defects import likelihood_defects
from mathlearn.fitting.likelihood_totals import log_likelihoods, null_predictor
from mathlearn.fitting.origin import intercept_at_zero
from mathlearn.fitting.survey import surveyed
from mathlearn.results.fit_result import FitResult, Status
from mathlearn.results.likelihood import Likelihood

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec

__all__ = ["MOST_COLUMNS", "fit_many"]

MOST_COLUMNS = 3000
"""Up to so many columns Newton's method is used, where its curvature fits into memory."""

_ITERATIONS = 10  # of L-BFGS that count as one of Newton's: they cost less, and more are needed
_REASON = "so many columns are fitted without a curvature, from which standard errors would come"


def fit_many(rows: Rows, spec: LikelihoodSpec, threads: int) -> FitResult:
    """Fit by L-BFGS; sparse rows stay sparse."""
    size = block_rows(min(len(rows.terms), 512))
    survey = surveyed(rows, spec.family, threads)
    penalty = spec.penalty * (survey.full if spec.per_weight else 1.0)
    first, p = int(spec.fit_intercept), len(rows.terms)
    problem = FirstOrder(rows, spec.family, spec.link, spec.fit_intercept, penalty, size, threads)
    alone = Objective(spec.family, spec.link, Coordinates(np.zeros(0), np.ones(0), intercept=spec.fit_intercept))
    start = np.concatenate([constant(alone, survey.mean), np.zeros(p)])
    found = problem.minimise(start, _ITERATIONS * spec.max_iter)
    if not np.isfinite(found.theta).all():
        rows.diagnose_nonfinite()
    coef, intercept = found.theta[first:], float(found.theta[0]) if first else 0.0
    null_eta = null_predictor(rows, spec, survey, threads)
    of = partial(FirstOrderRows.of, shown=FirstOrderShown(spec.family, spec.link, coef, intercept, null_eta))
    seen = found_again(rows.reduce(of, FirstOrderRows.merge, max_rows=size, threads=threads))
    certificate = first_order_certificate(seen, coef, penalty, intercept=spec.fit_intercept, ended=found.ended)
    n = spec.count(survey.n, survey.weight)
    df, fixed = n - min(p, n) - first, spec.family.fixed_dispersion
    top, null_top = log_likelihoods(rows, spec, (seen.deviance, seen.null_deviance), n, threads)
    return FitResult(
        terms=rows.terms,
        responses=rows.responses[:1],
        fit_intercept=spec.fit_intercept,
        offset=spec.offset,
        weights_type=spec.weights_type,
        n=n,
        n_dropped=survey.dropped,
        weight_sum=seen.weight,
        log_weight_sum=survey.log_weight,
        rank=min(p, n),
        df_model=min(p, n),
        df_resid=df,
        coef=coef[None],
        intercept=intercept_at_zero(np.array([intercept]), coef[None], spec.origin),
        centre=np.array([intercept]),
        deviance=np.array([seen.deviance]),
        null_deviance=np.array([seen.null_deviance]),
        exact=np.array([False]),
        curvature=None,
        statistic=None,
        estimable=np.ones(p + first, np.bool_),
        aliases=(),
        covariance=None,
        withheld=_REASON,
        rung="lbfgs",
        condition_raw=math.nan,
        condition_scaled=math.nan,
        digits=np.full((1, p), np.nan),
        status=Status.OPTIMAL if certificate.ok else Status.STALLED if found.ended else Status.MAX_ITER,
        defects=likelihood_defects(
            rows, (), certificate, None, "L-BFGS stopped", max(df, 1), n, intercept=spec.fit_intercept
        ),
        certificate=certificate,
        likelihood=Likelihood(
            family=spec.family.name,
            link=spec.link.name,
            parameters=spec.family.parameters,
            penalty=penalty,
            dispersion=1.0 if fixed else seen.pearson / df if df > 0 else math.nan,
            dispersion_from="fixed" if fixed else "pearson",
            pearson=seen.pearson,
            log_likelihood=top,
            null_log_likelihood=null_top,
            response=spec.response,
            trials=survey.trials,
            iterations=found.iterations,
            passes=len(found.iterations) + 2,
            classes=spec.classes,
        ),
    )
