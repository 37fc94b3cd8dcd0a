"""The record of a fit, from what an algorithm found and the evidence for it: written once, for all algorithms."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from mathlearn.certify.least_squares import exact_fit
from mathlearn.fitting.defects import least_squares_defects
from mathlearn.fitting.origin import intercept_at_zero
from mathlearn.results.fit_result import FitResult, Status

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.linalg.moments import Moments
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import Alias, CovarianceEstimate, Curvature, Defect, Rung


class Named(Protocol):
    """What has names for the columns of X and y: rows, or the design that was learned from them."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the p columns of X."""

    @property
    def responses(self) -> tuple[str, ...]:
        """Names of the q columns of y."""


class Found(NamedTuple):
    """What an algorithm found, user units.

    Attributes
    ----------
    rung : the algorithm
    n, dropped : rows used and dropped
    weight_sum, log_weight_sum : of the weights
    coef, intercept, centre, rss, tss : (q, p), (q,), (q,), (q,), (q,)
    rank : of the centred columns
    estimable : (k,) which parameters the data determine
    aliases : the dependences that make others not so
    condition_raw, condition_scaled : NaN if unknown
    curvature, covariance : None where inference is withheld
    statistic : the moments, where there are any
    """

    rung: Rung
    n: int
    dropped: int
    weight_sum: float
    log_weight_sum: float
    coef: FloatArray
    intercept: FloatArray
    centre: FloatArray
    rss: FloatArray
    tss: FloatArray
    rank: int
    estimable: BoolArray
    aliases: tuple[Alias, ...] = ()
    condition_raw: float = float("nan")
    condition_scaled: float = float("nan")
    curvature: Curvature | None = None
    statistic: Moments | None = None
    covariance: CovarianceEstimate | None = None

    @property
    def exact(self) -> BoolArray:
        """Whether the residuals (q,) are at the rounding level of y."""
        return exact_fit(self.rss, self.tss, self.weight_sum, self.centre)


def recorded(
    names: Named,
    spec: LinearSpec,
    found: Found,
    certificate: Certificate,
    *,
    exact: BoolArray | None = None,
    digits: FloatArray | None = None,
    withheld: str | None = None,
    defects: tuple[Defect, ...] = (),
) -> FitResult:
    """Assemble the record of a fit.

    Parameters
    ----------
    names : Named
    exact : (q,), optional
        As ``found.exact``, where that is known already.
    digits : (q, p), optional
        Certified digits of the coefficients; NaN when not given.
    withheld : str, optional
        Why there is no inference.
    defects : tuple of Defect
        What the algorithm has to say, beside what is found here.
    """
    count = spec.count(found.n, found.weight_sum)
    df = count - found.rank - spec.fit_intercept
    exact = found.exact if exact is None else exact
    few = df if withheld is None else max(df, 1)  # where inference is withheld anyway, why is in its reason
    general = least_squares_defects(found.aliases, names.responses, exact, found.tss, few, count)
    return FitResult(
        terms=names.terms,
        responses=names.responses,
        fit_intercept=spec.fit_intercept,
        offset=spec.offset,
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
        centre=found.centre,
        deviance=found.rss,
        null_deviance=found.tss,
        exact=exact,
        curvature=found.curvature,
        statistic=found.statistic,
        estimable=found.estimable,
        aliases=found.aliases,
        covariance=found.covariance,
        withheld=withheld,
        rung=found.rung,
        condition_raw=found.condition_raw,
        condition_scaled=found.condition_scaled,
        digits=np.full(found.coef.shape, np.nan) if digits is None else digits,
        status=Status.OPTIMAL if certificate.ok else Status.STALLED,
        defects=(*defects, *general),
        certificate=certificate,
    )
