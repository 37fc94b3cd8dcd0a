"""Least squares from the moments of rows alone: no row is read, and all evidence is of the grade "from the statistic".

Sums of squares and products hold half the digits that their rows do. What they do not hold is withheld: the variance of the errors where the
residual sum of squares drowns in rounding, and all numbers where the coefficients do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.certify.least_squares import MOST_SE_ERROR, certificate, effects, exact_fit, scale_errors
from mathlearn.certify.statistic_grade import from_statistic, unsolved
from mathlearn.data.adapt import densified, without_offset
from mathlearn.fitting import resources
from mathlearn.fitting.climb import residual_scale
from mathlearn.fitting.defects import listed
from mathlearn.fitting.dense import SQUARES, found_of
from mathlearn.fitting.record import Found, recorded
from mathlearn.linalg import ladder
from mathlearn.linalg.small import largest
from mathlearn.linalg.start import SMALLEST_PIVOT, from_gram, weakest
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.results.fit_result import Defect, DefectKind

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray
    from mathlearn.certify.evidence import Evidence
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.record import Named
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.linalg.moments import Moments
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.linalg.start import Start
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import FitResult

__all__ = ["fit_statistic", "statistic_of"]

_TOGETHER = "Fit the rows together, by fit(), which reads them again where digits are missing."
_MORE = "They come with more rows."


def statistic_of(rows: Rows, spec: LinearSpec) -> Moments:
    """Return the moments of the rows, by one pass.

    Raises
    ------
    SchemaError, NonFiniteInputError, DomainError, ResourceError
        As a fit of these rows would.
    """
    if spec.offset is not None:
        rows = without_offset(rows)
    if rows.sparse:
        rows = densified(rows)
    width = len(rows.terms) + len(rows.responses)
    resources.require(SQUARES * width * width, f"the moments of {width} columns")
    size = resources.numbers(rows)
    with single_threaded_blas(size):
        threads = pool_size(size, resources.threads(spec.n_jobs))
        return ladder.accumulate(rows, centred=spec.fit_intercept, threads=threads)


def fit_statistic(moments: Moments, spec: LinearSpec, names: Named) -> FitResult:
    """Fit least squares to rows of which only the moments are known.

    Parameters
    ----------
    moments : Moments
        Of [X y]; without intercept about zero.
    spec : LinearSpec
        With a classical covariance.
    names : Named
        Of the columns of X and y.

    Returns
    -------
    FitResult
        Certified from the statistic. What that has too few digits for is NaN; ``withheld`` and a defect say why.
    """
    p, centred = len(names.terms), spec.fit_intercept
    with single_threaded_blas(p * p):
        start = None if moments.n < p + centred else from_gram(moments, p, centred=centred)
        if start is None:
            return _withheld(moments, spec, names, _doubt(moments, names, centred=centred))
        share = _least_share(start)
        if spec.tol is not None and share <= spec.tol:
            reason = _few_digits(f"to tell which columns are dependent at tol={spec.tol!r}")
            return _withheld(moments, spec, names, _Doubt(reason, p, unsolved(share, spec.tol)))
        return _judged(moments, spec, names, ladder.plain(start, moments, centred=centred))


def _judged(moments: Moments, spec: LinearSpec, names: Named, solution: LeastSquares) -> FitResult:
    """Show what the evidence for a solution bears out."""
    centred, count = spec.fit_intercept, spec.count(moments.n, moments.weight)
    if moments.n == solution.rank + centred:  # as many parameters as rows: there is no residual
        solution = replace(solution, rss=np.zeros_like(solution.rss))
    evidence = from_statistic(solution, centred=centred)
    exact, unknown = _variances(evidence, solution, centred=centred)
    bare = exact | unknown
    effect = np.where(bare[:, None], effects(solution, centred=centred), 0.0) if bare.any() else None
    sigma = residual_scale(solution, count, centred=centred)
    found = found_of(names.terms, spec, count, solution)
    verdict, digits = certificate(evidence, solution, sigma, bare, found.estimable, effect, centred=centred)
    if not verdict.ok:
        return _withheld(moments, spec, names, _Doubt(_few_digits("for these coefficients"), solution.rank, verdict))
    digits = digits[:, int(centred) :]
    if not unknown.any():
        return recorded(names, spec, found, verdict, exact=exact, digits=digits)
    which = [name for name, lost in zip(names.responses, unknown, strict=True) if lost]
    reason = _few_digits(f"for the residual variance of {listed(which)}")
    bared = found._replace(rss=np.where(unknown, np.nan, found.rss), curvature=None, covariance=None)
    told = (
        Defect(DefectKind.FEW_DIGITS, f"{reason}: coefficients are right, standard errors are withheld. {_TOGETHER}"),
    )
    return recorded(names, spec, bared, verdict, exact=exact, digits=digits, withheld=reason, defects=told)


def _variances(evidence: Evidence, solution: LeastSquares, *, centred: bool) -> tuple[BoolArray, BoolArray]:
    """Return which responses (q,) are known to be fitted exactly, and of which others the residual variance is not known."""
    n, most = solution.moments.n, solution.rss + evidence.rss_error
    exact = exact_fit(most, solution.tss, solution.moments.weight, solution.centre)
    exact |= n == solution.rank + centred
    known = scale_errors(evidence, solution) + largest(evidence.factor.se_error) <= MOST_SE_ERROR
    return exact, ~exact & ~known


def _least_share(start: Start) -> float:
    """Return the least share of a column that the others leave of it; one without columns."""
    left = 1.0 / (np.linalg.norm(start.inverse, axis=1) * np.linalg.norm(start.triangle, axis=0))
    return float(left.min(initial=1.0))


class _Doubt(NamedTuple):
    """Why there are no coefficients: in words, with the rank that is certain, and in numbers."""

    reason: str
    rank: int
    verdict: Certificate


def _doubt(moments: Moments, names: Named, *, centred: bool) -> _Doubt:
    """Say which column the moments cannot tell from what, or that the rows are too few."""
    p = len(names.terms)
    found = weakest(moments, p, centred=centred)
    if moments.n < p + centred:
        reason = f"{moments.n} row{'s do' if moments.n != 1 else ' does'} not determine {p + centred} parameters"
    else:
        other = "a combination of the others" if not found.alone else "a constant" if centred else "zero"
        reason = _few_digits(f"to tell the column {names.terms[found.column]!r} from {other}")
    return _Doubt(reason, found.rank, unsolved(found.share, SMALLEST_PIVOT))


def _few_digits(what_for: str) -> str:
    return f"the sums of squares and products of the rows hold too few digits {what_for}"


def _withheld(moments: Moments, spec: LinearSpec, names: Named, doubt: _Doubt) -> FitResult:
    """Return a record without coefficients, which can take in more rows."""
    p, q, centred = len(names.terms), len(names.responses), spec.fit_intercept
    few = moments.n < p + centred
    kind, advice = (DefectKind.TOO_FEW_ROWS, _MORE) if few else (DefectKind.FEW_DIGITS, _TOGETHER)
    found = Found(
        rung="cholesky",
        n=moments.n,
        dropped=moments.dropped,
        weight_sum=moments.weight,
        log_weight_sum=moments.log_weight,
        coef=np.full((q, p), np.nan),
        intercept=np.full(q, np.nan if centred else 0.0),
        centre=moments.mean[p:] if centred else np.zeros(q),
        rss=np.full(q, np.nan),
        tss=moments.norms(centred=centred)[p:] ** 2,
        rank=doubt.rank,
        estimable=np.zeros(p + centred, np.bool_),
        statistic=moments,
    )
    exact, defects = np.zeros(q, np.bool_), (Defect(kind, f"{doubt.reason}: all numbers are withheld. {advice}"),)
    return recorded(names, spec, found, doubt.verdict, exact=exact, withheld=doubt.reason, defects=defects)
