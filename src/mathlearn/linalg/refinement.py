"""One step of iterative refinement, its residuals formed by error-free products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.data.reduce import found_again
from mathlearn.linalg import slicing
from mathlearn.linalg.errorfree import dd_add, minus_dot, two_sum

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.solution import LeastSquares


@dataclass(frozen=True, slots=True)
class Correction:
    """Sums over rows with residuals ``e = (y - centre) - (x - m) b``: ``sum w e``, ``sum w (x - m) e``, ``sum w e^2``."""

    residual: FloatArray
    gradient: FloatArray
    rss: FloatArray

    @classmethod
    def of(cls, chunk: Chunk, solution: LeastSquares) -> Correction:
        """Return the sums of one block of rows."""
        about, low = two_sum(np.asarray(chunk.X) / solution.scale, -solution.mean / solution.scale)
        target = two_sum(np.asarray(chunk.y), -solution.centre)
        bits = slicing.slice_bits(solution.scale.size)
        pieces = slicing.slices((about, low), bits, columns=False)
        coef = slicing.slices((-solution.coef.T * solution.scale[:, None], np.zeros(1)), bits, columns=True)
        e = dd_add(target, slicing.multiply(pieces, coef))[0]
        weighted = e if chunk.weight is None else e * chunk.weight[:, None]
        gradient = (about.T @ weighted) * solution.scale[:, None]
        return cls(weighted.sum(axis=0), gradient, np.einsum("ij,ij->j", e, weighted))

    def merge(self, other: Correction) -> Correction:
        """Return the sums over both sets of rows."""
        return Correction(self.residual + other.residual, self.gradient + other.gradient, self.rss + other.rss)


def refined(rows: Rows, solution: LeastSquares, *, max_rows: int, threads: int) -> LeastSquares:
    """Take one Newton step from residuals that are right to the last bit.

    Its error no longer depends on how much larger y is than its residuals, only on the rounding of sums of residuals.

    References
    ----------
    Demmel, Hida, Li, Riedy (2009), "Extra-precise iterative refinement for overdetermined least squares problems",
    ACM TOMS 35(4).
    """
    of = partial(Correction.of, solution=solution)
    sums = found_again(rows.reduce(of, Correction.merge, max_rows=max_rows, threads=threads))
    white = solution.whitener.T @ sums.gradient
    coef = solution.coef.T + solution.whitener @ white
    offset = sums.residual / solution.moments.weight
    centre = solution.centre + offset
    return replace(
        solution,
        rung="refinement",
        coef=coef.T,
        centre=centre,
        intercept=minus_dot((centre, np.zeros_like(centre)), solution.mean, (coef, np.zeros_like(coef))),
        rss=np.maximum(sums.rss - np.einsum("ij,ij->j", white, white) - sums.residual * offset, 0.0),
    )
