"""Fits whose inference is withheld: the estimates, the evidence, and the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.least_squares import EXACT_ROUNDINGS
from mathlearn.fitting.defects import least_squares_defects
from mathlearn.fitting.origin import intercept_at_zero
from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.results.fit_result import FitResult, Status

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import Alias, Defect, Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a special algorithm found, user units.

    Attributes
    ----------
    rung : the algorithm
    n, dropped : rows used and dropped
    weight_sum, log_weight_sum : of the weights
    coef, intercept, mean_y, rss, tss : (q, p), (q,), (q,), (q,), (q,)
    rank : of the centred columns
    estimable : (k,) which parameters the data determine
    aliases : the dependences that make others not so
    condition_raw, condition_scaled : NaN if unknown
    """

    rung: Rung
    n: int
    dropped: int
    weight_sum: float
    log_weight_sum: float
    coef: FloatArray
    intercept: FloatArray
    mean_y: FloatArray
    rss: FloatArray
    tss: FloatArray
    rank: int
    estimable: BoolArray
    aliases: tuple[Alias, ...] = ()
    condition_raw: float = float("nan")
    condition_scaled: float = float("nan")


def without_inference(
    rows: Rows,
    spec: LinearSpec,
    found: Found,
    certificate: Certificate,
    reason: str,
    defects: tuple[Defect, ...] = (),
) -> FitResult:
    """Assemble the record of a fit without standard errors."""
    centred = spec.fit_intercept
    count = spec.count(found.n, found.weight_sum)
    df = count - found.rank - centred
    exact = exact_fit(found.rss, found.tss, found.weight_sum, found.mean_y)
    general = least_squares_defects(found.aliases, rows.responses, exact, found.tss, max(df, 1), count)
    return FitResult(
        terms=rows.terms,
        responses=rows.responses,
        fit_intercept=centred,
        weights_type=spec.weights_type,
        n=count,
        n_dropped=found.dropped,
        weight_sum=found.weight_sum,
        log_weight_sum=found.log_weight_sum,
        rank=found.rank,
        df_model=found.rank,
        df_resid=df,
        coef=found.coef,
        intercept=intercept_at_zero(found.intercept, found.coef, spec.origin),
        centre=found.mean_y,
        rss=found.rss,
        tss=found.tss,
        exact=exact,
        curvature=None,
        estimable=found.estimable,
        aliases=found.aliases,
        covariance=None,
        withheld=reason,
        rung=found.rung,
        condition_raw=found.condition_raw,
        condition_scaled=found.condition_scaled,
        digits=np.full(found.coef.shape, np.nan),
        status=Status.OPTIMAL if certificate.ok else Status.STALLED,
        defects=(*defects, *general),
        certificate=certificate,
    )


def exact_fit(rss: FloatArray, tss: FloatArray, weight: float, mean_y: FloatArray) -> BoolArray:
    """Whether residuals (q,) are no larger than 8 roundings of y, in the root mean square."""
    tiny: BoolArray = rss <= (EXACT_ROUNDINGS * ROUNDOFF) ** 2 * (tss + weight * mean_y**2)
    return tiny
