"""The double-double rung: a second pass in nearly orthonormal coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg import slicing
from mathlearn.linalg.errorfree import ROUNDOFF, DoubleDouble, dd_add, dd_div_by, dd_dot, two_sum
from mathlearn.linalg.triangular import cholesky_upper, inverse_upper, solve_upper
from mathlearn.linalg.whitened import Basis, Whitened

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.start import Start

_PASSES = 4
_COARSE_BITS = 24  # enough for a factor whose errors the pass itself corrects


@dataclass(frozen=True, slots=True, kw_only=True)
class Refined:
    """A solution right to the last bits, in the scaled units of its start.

    Attributes
    ----------
    solution : (r, q) double-double
    centre : (q,) double-double, the fitted value at the start's mean in the user's units; zeros without intercept
    white : (r, r) ``white @ white.T`` inverts the scaled centred Gram matrix
    mean_white : (r,)
    rss, tss : (q,) in units of ``scale_y**2``
    """

    solution: DoubleDouble
    centre: DoubleDouble
    white: FloatArray
    mean_white: FloatArray
    rss: FloatArray
    tss: FloatArray


def refine(rows: Rows, start: Start, *, centred: bool, threads: int) -> Refined | None:
    """Correct a first solution and its curvature; None when the start is too poor (its factor does not whiten)."""
    coarse = _coarse(start)
    for attempt in range(_PASSES):
        basis = _basis(start, coarse if attempt == 0 else start.factor, centred=centred)
        sums = rows.reduce(
            lambda chunk, b=basis: Whitened.of(chunk, b), Whitened.merge, max_rows=slicing.ROWS, threads=threads
        )
        if sums is None:
            return None
        refined, settled = _correct(sums, start, basis, centred=centred)
        if refined is None or settled:
            return refined
        start = replace(start, solution=refined.solution[0])
    return refined


def _coarse(start: Start) -> FloatArray:
    """Cut the factor to few bits when the errors this makes still leave ``Z^T Z`` near the identity."""
    cut = slicing.truncate(start.factor, _COARSE_BITS) if start.factor.size else start.factor
    harmless = np.abs(cut - start.factor).sum(axis=0).max(initial=0.0) * np.sqrt(start.weight) < 1e-2
    return cut if harmless else start.factor


def _basis(start: Start, factor: FloatArray, *, centred: bool) -> Basis:
    kept = start.dependence.kept
    everything = kept.size == start.scale.size
    shift = np.concatenate([start.mean[kept], start.mean_y])
    return Basis(
        columns=None if everything else kept,
        shift=shift if centred else np.zeros_like(shift),
        scale=np.concatenate([start.scale[kept], start.scale_y]),
        factor=factor,
        solution=start.solution,
    )


def _correct(sums: Whitened, start: Start, basis: Basis, *, centred: bool) -> tuple[Refined | None, bool]:
    """Solve the small well-conditioned system and go back to scaled units."""
    r, q = basis.solution.shape
    gram = sums.centred() if centred else sums.gram
    white, step = basis.factor, np.zeros((0, q))
    if r:
        triangle = cholesky_upper(gram[0][:r, :r])
        if triangle is None:
            return None, True
        step = solve_upper(triangle, solve_upper(triangle, gram[0][:r, r : r + q], transposed=True))
        step += solve_upper(triangle, solve_upper(triangle, _left(gram, step, r, q), transposed=True))
        white = basis.factor @ inverse_upper(triangle)
    solution = two_sum(basis.solution, basis.factor @ step)
    diagonal = gram[0].diagonal() + gram[1].diagonal()
    rss = diagonal[r : r + q] - np.einsum("ij,ij->j", step, gram[0][:r, r : r + q])
    centre, mean_white = (np.zeros(q), np.zeros(q)), np.zeros(r)
    if centred:
        centre = _centre(sums, basis, step)
        mean_white = _mean_white(sums, basis, triangle) if r else mean_white
    refined = Refined(
        solution=solution,
        centre=centre,
        white=white,
        mean_white=mean_white,
        rss=np.maximum(rss, 0.0),
        tss=diagonal[r + q :],
    )
    return refined, _settled(solution, basis.factor, step)


def _left(gram: DoubleDouble, step: FloatArray, r: int, q: int) -> FloatArray:
    """What the first solve of the small system leaves over."""
    left = gram[0][:r, r : r + q] - gram[0][:r, :r] @ step
    rest: FloatArray = left + (gram[1][:r, r : r + q] - gram[1][:r, :r] @ step)
    return rest


def _settled(solution: DoubleDouble, factor: FloatArray, step: FloatArray) -> bool:
    """Whether the error of the correction, a few roundings of its parts, is below a half unit of each coefficient."""
    error = 4 * ROUNDOFF * (np.abs(factor) @ np.abs(step))
    return bool((error <= ROUNDOFF / 2 * np.abs(solution[0])).all())


def _centre(sums: Whitened, basis: Basis, step: FloatArray) -> DoubleDouble:
    """Fitted value at the shift: its own ``my`` and the mean that the residuals have left."""
    r, q = step.shape
    high, low = dd_div_by(sums.sums, sums.weight)
    unit = basis.scale[r:][:q]
    rest = high[r : r + q], low[r : r + q] - high[:r] @ step
    return dd_add((basis.shift[r:], np.zeros(q)), (rest[0] * unit, rest[1] * unit))


def _mean_white(sums: Whitened, basis: Basis, triangle: FloatArray) -> FloatArray:
    """``white^T mean / scale`` without the cancellation of forming it from the finished factor."""
    r = triangle.shape[0]
    carried = dd_dot(basis.factor, ((basis.shift[:r] / basis.scale[:r])[:, None], np.zeros((r, 1))))
    mean = carried[0] + (carried[1] + (sums.sums[0][:r] / sums.weight)[:, None])
    return solve_upper(triangle, mean, transposed=True)[:, 0]
