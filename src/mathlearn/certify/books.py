"""What a record says about its rows, beside the estimates, compared with the rows at hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.least_squares import exact_fit
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.results.certificate import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.results.fit_result import FitResult

SAME = 1e-8
"""Relative disagreement of sums over the rows that rounding may leave."""

_ROUNDINGS = 64.0  # of a mean, which do not count as disagreement


def books(result: FitResult, solution: LeastSquares) -> Check:
    """Compare counts, sums and flags of a record with the statistic of the rows."""
    meaning = (
        "largest relative disagreement of counts, sums of squares, means and flags in the record with those of the rows"
    )
    return Check("books", max(_disagreements(result, solution)), SAME, meaning)


def differences(pairs: Iterable[tuple[float, float, float]]) -> Iterator[float]:
    """Yield how far numbers shown are from what is there, relative to it or to the least that counts; two infinities agree."""
    for shown, there, least in pairs:
        if math.isfinite(shown) or math.isfinite(there):
            yield abs(shown - there) / max(abs(there), least) if math.isfinite(there - shown) else math.inf


def likelihood_books(disagreements: Iterable[float]) -> Check:
    """Judge how far each number of the record of a likelihood fit is from that of the rows, relative to it."""
    meaning = "largest relative disagreement of counts, deviances and likelihoods in the record with those of the rows"
    return Check("books", max(disagreements), SAME, meaning)


def _disagreements(result: FitResult, solution: LeastSquares) -> Iterator[float]:
    moments, centred = solution.moments, result.fit_intercept
    p = len(result.terms)
    count = round(moments.weight) if result.weights_type == "frequency" else moments.n
    yield float(result.n != count)
    yield float(result.df_resid != count - result.rank - centred)
    yield abs(result.weight_sum - moments.weight) / moments.weight
    total = moments.norms(centred=centred)[p:] ** 2
    mean = moments.mean[p:] if centred else np.zeros_like(total)
    spread = np.sqrt(total / moments.weight)
    rounding = _ROUNDINGS * ROUNDOFF * mean**2 * moments.weight
    yield _largest(np.maximum(np.abs(result.null_deviance - total) - rounding, 0.0), total)
    if centred:
        yield _largest(np.maximum(np.abs(result.centre - mean) - _ROUNDINGS * ROUNDOFF * np.abs(mean), 0.0), spread)
    yield float((result.exact != exact_fit(result.deviance, total, moments.weight, mean)).any())
    yield float((result.estimable != solution.dependence.estimable(intercept=centred)).any())
    yield _along_null(result, solution)


def _along_null(result: FitResult, solution: LeastSquares) -> float:
    """How far the coefficients are from the shortest."""
    shortest = solution.dependence.minimum_norm(result.coef)
    return _largest(np.linalg.norm(result.coef - shortest, axis=1), np.linalg.norm(result.coef, axis=1))


def _largest(difference: FloatArray, size: FloatArray) -> float:
    return float(np.where(difference == 0, 0.0, difference / np.maximum(size, TINY)).max(initial=0.0))
