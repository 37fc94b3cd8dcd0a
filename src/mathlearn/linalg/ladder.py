"""The ladder: Cholesky, Householder QR, double-double; each rung returns the same record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.reduce import found_again
from mathlearn.linalg.dependence import Dependence
from mathlearn.linalg.errorfree import DoubleDouble, minus_dot
from mathlearn.linalg.moments import Frame, Looking, Moments, power_of_two
from mathlearn.linalg.precise import at_once as precise_at_once
from mathlearn.linalg.precise import refine
from mathlearn.linalg.solution import LeastSquares
from mathlearn.linalg.start import Start, from_gram, from_qr
from mathlearn.linalg.tsqr import RFactor

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.precise import Refined
    from mathlearn.results.fit_result import Rung

_NUMBERS = 400_000  # numbers in a block: a few megabytes, which stay in the cache of one core
_MOST_ROWS, _FEWEST_ROWS = 8192, 256
_MOST_SIZE = 1e145  # squares of such sizes, and their inverses, are within the range of doubles


class Solved(NamedTuple):
    """What a rung found for the kept columns, in the user's units.

    Attributes
    ----------
    basic : (r, q) double-double coefficients
    centre : (q,) double-double fitted value at the mean
    white, mean_white : (r, r), (r,) curvature factor, and its image of the mean
    rss, tss : (q,)
    """

    rung: Rung
    basic: DoubleDouble
    centre: DoubleDouble
    white: FloatArray
    mean_white: FloatArray
    rss: FloatArray
    tss: FloatArray


def block_rows(p: int) -> int:
    """Rows in a block; depends on the number of columns alone, so that results do too."""
    return min(_MOST_ROWS, max(_FEWEST_ROWS, _NUMBERS // max(p, 1)))


def accumulate(rows: Rows, *, centred: bool, threads: int) -> Moments:
    """First pass: the centred moments.

    Raises
    ------
    SchemaError
        There are no rows.
    NonFiniteInputError
        Some number is NaN or infinite.
    DomainError
        A column is too large or too small to be squared.
    """
    size = block_rows(len(rows.terms))
    look = rows.first(Looking(centred), max_rows=size)
    if look is None:
        msg = "there are no rows"
        raise SchemaError(msg)
    frame = look.frame
    moments = _moments(rows, frame, size, threads)
    if not np.isfinite(moments.gram).all():
        rows.diagnose_nonfinite()
        # All numbers are finite, so their squares overflowed: the first block was no guide to the size of the others.
        moments = _moments(rows, _largest_frame(rows, frame, size, threads), size, threads)
    _require_range(moments, rows)
    return moments


def _require_range(moments: Moments, rows: Rows) -> None:
    """Refuse columns whose squares leave the range of doubles."""
    with np.errstate(over="ignore", invalid="ignore"):
        size = moments.norms(centred=False)
    outside = np.flatnonzero(~((size == 0) | ((size > 1 / _MOST_SIZE) & (size < _MOST_SIZE))))
    if outside.size:
        names = [*rows.terms, *rows.responses]
        msg = (
            f"column {names[outside[0]]!r} is of size {size[outside[0]]:.3g} (the root of its weighted sum of squares); "
            f"sizes from {1 / _MOST_SIZE:.0e} to {_MOST_SIZE:.0e} can be squared. Change its unit, or that of the weights."
        )
        raise DomainError(msg)


def cholesky(moments: Moments, p: int) -> Start | None:
    """First rung: from the statistic alone; None when its condition is too high for it."""
    return from_gram(moments, p) if p else None


def householder(rows: Rows, moments: Moments, *, tol: float | None, centred: bool, threads: int) -> Start:
    """Second rung: a pass of Householder reflections; decides the rank."""
    qr = triangular_factor(rows, moments, centred=centred, threads=threads)
    return from_qr(qr, len(rows.terms), tol, centred=centred)


def triangular_factor(rows: Rows, moments: Moments, *, centred: bool, threads: int) -> RFactor:
    """Pass of Householder reflections over the (centred, scaled) rows of [X y]."""
    p = len(rows.terms)
    frame = _centred_frame(moments) if centred else moments.frame
    of = partial(RFactor.of, frame=frame, centre=centred)
    return found_again(rows.reduce(of, RFactor.merge, max_rows=block_rows(p), threads=threads))


def plain(start: Start, moments: Moments, *, centred: bool) -> LeastSquares:
    """Return the solution of a first rung as it is."""
    scale, scale_y = start.scale, start.scale_y
    kept = start.dependence.kept
    white = start.factor / scale[kept][:, None]
    basic = start.solution * scale_y / scale[kept][:, None]
    centre = start.mean_y, np.zeros(scale_y.shape)
    solved = Solved(
        start.rung, (basic, np.zeros(basic.shape)), centre, white, white.T @ start.mean[kept], start.rss, start.tss
    )
    return _assemble(start, moments, solved, centred=centred)


def precise(rows: Rows, start: Start, moments: Moments, *, centred: bool, threads: int) -> LeastSquares | None:
    """Third rung: right to the last bits; None when the start's factor is too poor to whiten the rows."""
    refined = refine(rows, start, centred=centred, threads=threads)
    return None if refined is None else _from_refined(refined, start, moments, centred=centred)


def at_once(chunk: Chunk) -> LeastSquares | None:
    """Third rung straight away, for a block that is all rows, unweighted, with an intercept; None where it needs a start."""
    if not isinstance(chunk.X, np.ndarray) or chunk.weight is not None:
        return None
    found = precise_at_once(chunk)
    if found is None:
        return None
    basis, (high, _), refined = found
    p, n = basis.r, chunk.n
    frame, dependence = Frame(basis.shift, basis.scale), Dependence.none(p)
    moments = Moments(frame, n, chunk.dropped, 1, float(n), 0.0, high[0, 1:], high[1:, 1:], n)
    start = Start(
        rung="double-double",
        mean=basis.shift[:p],
        mean_y=basis.shift[p:],
        scale=basis.scale[:p],
        scale_y=basis.scale[p:],
        dependence=dependence,
        factor=refined.white,
        triangle=refined.triangle,
        inverse=refined.white,
        order=dependence.kept,
        solution=refined.solution[0],
        rss=refined.rss,
        tss=refined.tss,
        weight=float(n),
    )
    return _from_refined(refined, start, moments, centred=True)


def _from_refined(refined: Refined, start: Start, moments: Moments, *, centred: bool) -> LeastSquares:
    kept = start.dependence.kept
    scale = (start.scale if kept.size == start.scale.size else start.scale[kept])[:, None]
    unit = start.scale_y**2
    ratio = start.scale_y / scale
    solved = Solved(
        "double-double",
        (refined.solution[0] * ratio, refined.solution[1] * ratio),
        refined.centre,
        refined.white / scale,
        refined.mean_white,
        refined.rss * unit,
        refined.tss * unit,
    )
    return _assemble(start, moments, solved, centred=centred)


def _moments(rows: Rows, frame: Frame, size: int, threads: int) -> Moments:
    with np.errstate(over="ignore", invalid="ignore"):
        return found_again(rows.reduce(partial(Moments.of, frame=frame), Moments.merge, max_rows=size, threads=threads))


def _largest_frame(rows: Rows, frame: Frame, size: int, threads: int) -> Frame:
    """Units from the largest entry of each column, by a pass over all rows."""

    def top(chunk: Chunk) -> FloatArray:
        return np.concatenate([np.abs(np.asarray(chunk.X)).max(axis=0), np.abs(np.asarray(chunk.y)).max(axis=0)])

    largest = found_again(rows.reduce(top, np.maximum, max_rows=size, threads=threads))
    return Frame(frame.shift, np.maximum(frame.scale, power_of_two(largest)))


def _centred_frame(moments: Moments) -> Frame:
    """Mean and root mean square of all rows, for the reflections."""
    gram = moments.centred()
    spread = np.sqrt(np.maximum(np.diag(gram), 0.0) / moments.weight) * moments.frame.scale
    mean = moments.mean
    return Frame(mean, power_of_two(np.where(spread > 0, spread, np.abs(mean))))


def _assemble(
    start: Start,
    moments: Moments,
    solved: Solved,
    *,
    centred: bool,
) -> LeastSquares:
    """Put zeros for dropped columns, take the minimum norm, and keep the books."""
    dependence = start.dependence
    kept, p = dependence.kept, start.scale.size
    if dependence.dropped.size:
        coef, whitener = np.zeros((solved.basic[0].shape[1], p)), np.zeros((p, kept.size))
        coef[:, kept], whitener[kept] = solved.basic[0].T, solved.white
        shortest = dependence.minimum_norm(coef)
    else:
        shortest, whitener = np.ascontiguousarray(solved.basic[0].T), solved.white
    raw, scaled = start.conditions(centred=centred)
    return LeastSquares(
        rung="minimum-norm" if dependence.dropped.size else solved.rung,
        moments=moments,
        coef=shortest,
        intercept=_intercept(start, shortest, solved) if centred else np.zeros(shortest.shape[0]),
        centre=solved.centre[0],
        scale=start.scale,
        mean=start.mean,
        mean_y=start.mean_y,
        rss=solved.rss,
        tss=solved.tss,
        whitener=whitener,
        mean_white=solved.mean_white,
        dependence=dependence,
        condition_raw=raw,
        condition_scaled=scaled,
    )


def _intercept(start: Start, shortest: FloatArray, solved: Solved) -> FloatArray:
    """``centre - mean @ coef`` (q,), which may cancel to the last digits, added exactly from error-free products.

    Where no dependence has a constant, the intercept is that of the kept columns alone, whose coefficients are known to
    twice the digits shown.
    """
    dependence = start.dependence
    alone = not np.count_nonzero(dependence.constant)
    mean = start.mean[dependence.kept] if alone else start.mean
    high, low = solved.basic if alone else (shortest.T, np.zeros((mean.size, shortest.shape[0])))
    return minus_dot(solved.centre, mean, (high, low))
