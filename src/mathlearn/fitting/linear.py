"""Least squares, once: rows → statistic → solution → certificate → inference → `FitResult`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.data.adapt import densified, held, without_offset
from mathlearn.data.progress import expect
from mathlearn.fitting import resources
from mathlearn.fitting.dense import fit_dense
from mathlearn.fitting.robust import with_own_covariance
from mathlearn.fitting.shape import is_wide, stays_sparse
from mathlearn.linalg.ladder import block_rows
from mathlearn.linalg.threads import pool_size, single_threaded_blas

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.data.rows import Rows
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.results.fit_result import FitResult

_OF_CLIMB = 4
"""The moments, a triangular factor of the rows themselves, the solution by it, and the evidence."""


def fit_linear(rows: Rows, spec: LinearSpec) -> FitResult:
    """Fit ordinary or weighted least squares, with its evidence and inference.

    Parameters
    ----------
    rows : Rows
    spec : LinearSpec
    """
    if spec.offset is not None:
        rows = without_offset(rows)
    size = resources.numbers(rows)
    threads = pool_size(size, resources.threads(spec.n_jobs))
    expect(usual_passes(spec))
    with single_threaded_blas(size):
        rows = held(rows, block_rows(len(rows.terms)))
        return with_own_covariance(_route(rows, spec)(rows, spec, threads), rows, spec, threads)


def usual_passes(spec: LinearSpec) -> int:
    """Return about how many passes over a stream a fit makes: one, unless something is asked for that its statistic does not give."""
    climbs = spec.positive or not spec.fit_intercept or spec.tol is not None
    return (_OF_CLIMB if climbs else 1) + (spec.covariance != "classical")


def _route(rows: Rows, spec: LinearSpec) -> Callable[[Rows, LinearSpec, int], FitResult]:
    """Choose the algorithm by the shape of the problem; the rarer ones are imported when they are needed."""
    if spec.positive:
        from mathlearn.fitting.nonnegative import fit_nonnegative

        return _dense_first(fit_nonnegative)
    if is_wide(rows, centred=spec.fit_intercept):
        from mathlearn.fitting.wide import fit_wide

        return fit_wide
    if stays_sparse(rows):
        from mathlearn.fitting.sparse import fit_sparse

        return fit_sparse
    return _dense_first(fit_dense)


def _dense_first(fit: Callable[[Rows, LinearSpec, int], FitResult]) -> Callable[[Rows, LinearSpec, int], FitResult]:
    """Make blocks of sparse rows dense as they are read."""
    return lambda rows, spec, threads: fit(densified(rows) if rows.sparse else rows, spec, threads)
