"""The double-double rung: a second pass in nearly orthonormal coordinates."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.data.reduce import found_again
from mathlearn.linalg import slicing
from mathlearn.linalg.condition import condition
from mathlearn.linalg.errorfree import (
    EXACT_ROUNDINGS,
    ROUNDOFF,
    DoubleDouble,
    dd_add,
    dd_dot,
    dd_left,
    fast_two_sum,
    two_sum,
)
from mathlearn.linalg.small import column_sums, every, row_sums
from mathlearn.linalg.triangular import cholesky_upper, inverse_upper, solve_upper
from mathlearn.linalg.whitened import Basis, Product, Whitened, standardised

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.start import Start

_PASSES = 4
_COARSE_BITS = 24  # enough for a factor whose errors the pass itself corrects
_NEARLY_ORTHOGONAL = 3.0  # condition up to which the scaled columns serve as they are
_SUM_ERROR = 2.0**-72  # error of an entry of the Gram matrix, relative to the norms of its columns, with a margin
_EXACT = (EXACT_ROUNDINGS * ROUNDOFF) ** 2  # share of y that residuals of rounding leave


class Refined(NamedTuple):
    """A solution right to the last bits, in the scaled units of its start.

    Attributes
    ----------
    solution : (r, q) double-double
    centre : (q,) double-double, the fitted value at the start's mean in the user's units; zeros without intercept
    white : (r, r) ``white @ white.T`` inverts the scaled centred Gram matrix
    triangle : (r, r) upper triangular factor of the Gram matrix in the coordinates of the pass
    mean_white : (r,)
    rss, tss : (q,) in units of ``scale_y**2``
    """

    solution: DoubleDouble
    centre: DoubleDouble
    white: FloatArray
    triangle: FloatArray
    mean_white: FloatArray
    rss: FloatArray
    tss: FloatArray


def refine(rows: Rows, start: Start, *, centred: bool, threads: int) -> Refined | None:
    """Correct a first solution and its curvature; None when the start is too poor (its factor does not whiten)."""
    refined = None
    for attempt in range(_PASSES):
        basis = _basis(start, _product(start, attempt), centred=centred)
        of = partial(Whitened.of, basis=basis)
        sums = found_again(rows.reduce(of, Whitened.merge, max_rows=slicing.ROWS, threads=threads))
        refined, settled = _correct(sums.gram, start.weight, basis)
        if refined is None or settled:
            return refined
        start = start._replace(solution=refined.solution[0])
    return refined


def at_once(chunk: Chunk) -> tuple[Basis, DoubleDouble, Refined] | None:
    """Solve from one block of unweighted rows about their mean, if its scaled columns are nearly orthogonal; else None.

    Returns
    -------
    basis : Basis
        The mean of each column of [X y], and a power of two near its standard deviation.
    gram : (1 + p + q, 1 + p + q) double-double, of [1 X y] in these coordinates
    refined : Refined
    """
    found = standardised(chunk)
    if found is None:
        return None
    z, basis = found
    gram = slicing.gram(slicing.slices(z, slicing.slice_bits(chunk.n), columns=True))
    refined, settled = _correct(gram, chunk.n, basis)
    if refined is None or not settled or condition(refined.triangle, refined.white) > _NEARLY_ORTHOGONAL:
        return None
    return basis, gram, refined


def _product(start: Start, attempt: int) -> Product | None:
    """Choose S and B: none where columns are nearly orthogonal, cut to few bits at first where that is harmless."""
    if attempt == 0 and condition(start.triangle, start.inverse) <= _NEARLY_ORTHOGONAL:
        return None
    factor = start.factor
    if attempt == 0:
        cut = slicing.truncate(factor, _COARSE_BITS)
        # Harmless when it leaves Z^T Z near the identity.
        if np.abs(cut - factor).sum(axis=0).max() * np.sqrt(start.weight) < 1e-2:
            factor = cut
    return Product(factor, start.solution)


def _basis(start: Start, product: Product | None, *, centred: bool) -> Basis:
    kept = start.dependence.kept
    everything = kept.size == start.scale.size
    mean, scale = (start.mean, start.scale) if everything else (start.mean[kept], start.scale[kept])
    return Basis(
        columns=None if everything else kept,
        r=kept.size,
        q=start.scale_y.size,
        shift=np.concatenate([mean, start.mean_y]),
        scale=np.concatenate([scale, start.scale_y]),
        product=product,
        centred=centred,
    )


def _correct(raw: DoubleDouble, weight: float, basis: Basis) -> tuple[Refined | None, bool]:
    """Solve the small well-conditioned system and go back to scaled units."""
    r, q, first = basis.r, basis.q, int(basis.centred)
    high, low = raw[0][first:, first:], raw[1][first:, first:]
    mean, shift = np.zeros(high.shape[0]), basis.shift[:r] / basis.scale[:r]
    if first:
        # The shift is the mean but for rounding, so what its square takes away needs no more than double.
        sums = raw[0][0, first:] + raw[1][0, first:]
        mean = sums / weight
        high, low = fast_two_sum(high, low - sums[:, None] * mean)
    triangle = cholesky_upper(high[:r, :r]) if r else np.zeros((0, 0))
    if triangle is None:
        return None, True
    step, rss = _solve(high[: r + q, : r + q], low[: r + q, : r + q], triangle)
    white = inverse_upper(triangle)
    solution = step if basis.product is None else _combine(basis.product, step)
    if basis.product is not None:
        white = basis.product.factor @ white
    refined = Refined(
        solution=solution,
        centre=_centre(mean, basis, step[0]) if first else (np.zeros(q), np.zeros(q)),
        white=white,
        triangle=triangle,
        mean_white=_mean_white(mean[:r], shift, basis.product, triangle) if first else np.zeros(r),
        rss=np.maximum(rss, 0.0),
        tss=high.diagonal()[-q:] + low.diagonal()[-q:],
    )
    return refined, _settled(refined, basis, shift, high.diagonal()[r : r + q])


def _solve(high: FloatArray, low: FloatArray, triangle: FloatArray) -> tuple[DoubleDouble, FloatArray]:
    """Solve ``H c = g`` for the leading block H of the Gram matrix ``[[H, g], [g^T, t]]``; return c and ``t - g^T c``.

    One step of refinement, with residuals rounded once, makes c a double-double.
    """
    r = triangle.shape[0]
    right = high[:, r:]
    step = _back(triangle, right[:r])
    left = dd_left((right, low[:, r:] - low[:r].T.dot(step)), high[:r], (step, np.zeros(step.shape)))
    more = _back(triangle, left[:r])
    return fast_two_sum(step, more), left[r:].diagonal() - column_sums(more * right[:r])


def _back(triangle: FloatArray, right: FloatArray) -> FloatArray:
    return solve_upper(triangle, solve_upper(triangle, right, transposed=True))


def _combine(product: Product, step: DoubleDouble) -> DoubleDouble:
    """``B + S c`` in double-double."""
    return dd_add((product.solution, np.zeros_like(product.solution)), dd_dot(product.factor.T, step))


def _settled(refined: Refined, basis: Basis, shift: FloatArray, target: FloatArray) -> bool:
    """Whether the errors that the sums can leave are below a half unit of each number shown."""
    row = np.sqrt(row_sums(refined.white * refined.white))
    error = row[:, None] * (_SUM_ERROR * np.sqrt(np.maximum(target, 0.0)))
    solution = refined.solution[0]
    if not every(error <= ROUNDOFF / 2 * np.abs(solution)):
        return False
    known = refined.rss * (2 * ROUNDOFF) >= _SUM_ERROR * target
    if not (every(known) or every(known | (refined.rss <= _EXACT * refined.tss))):
        return False
    if not basis.centred:
        return True
    intercept = refined.centre[0] / basis.scale[basis.r :] - shift.dot(solution)
    return every(np.abs(shift).dot(error) <= ROUNDOFF / 2 * np.abs(intercept))


def _centre(mean: FloatArray, basis: Basis, step: FloatArray) -> DoubleDouble:
    """Fitted value at the shift: its own ``my`` and the mean that the residuals have left."""
    r, q = basis.r, basis.q
    rest = (mean[r : r + q] - mean[:r].dot(step)) * basis.scale[r:]
    return two_sum(basis.shift[r:], rest)


def _mean_white(mean: FloatArray, shift: FloatArray, product: Product | None, triangle: FloatArray) -> FloatArray:
    """``white^T mean / scale`` without the cancellation of forming it from the finished factor."""
    if product is None:
        return solve_upper(triangle, (shift + mean)[:, None], transposed=True)[:, 0]
    high, low = dd_dot(product.factor, (shift[:, None], np.zeros((shift.size, 1))))
    return solve_upper(triangle, high + (low + mean[:, None]), transposed=True)[:, 0]
