"""The covariance that a fit was asked for, from the rows it has just been made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mathlearn.data.progress import expect
from mathlearn.linalg.ladder import block_rows

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.results.fit_result import FitResult

__all__ = ["with_own_covariance"]


def with_own_covariance(result: FitResult, rows: Rows, spec: LinearSpec | LikelihoodSpec, threads: int) -> FitResult:
    """Return the fit with the covariance that `spec` names; as it is where inference is withheld.

    Parameters
    ----------
    result : FitResult
    rows : Rows
        As they were given: y of a binomial may be successes and failures.
    spec
    threads : int
    """
    if spec.covariance == "classical" or result.withheld is not None:
        return result
    from mathlearn.statistics.covariance import estimate

    expect(1)
    covariance = estimate(
        spec.covariance,
        result,
        rows,
        max_rows=block_rows(len(result.terms)),
        threads=threads,
        own=True,
        **spec.options,
    )
    return replace(result, covariance=covariance)
