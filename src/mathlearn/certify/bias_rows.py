"""What bias reduction takes from gradient and curvature, recomputed from the rows with the factor shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.calculus.objective import observations
from mathlearn.certify.shown_columns import about_mean
from mathlearn.data.reduce import found_again

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.certify.likelihood import Factor
    from mathlearn.certify.likelihood_rows import Shown
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["Bias", "bias_of"]

_STEP = 3e-3  # of the predictor: differences of the fourth order are then right to 1e-11


class Bias(NamedTuple):
    """Derivatives of half the log-determinant of the information, in the columns of `Shown`; a monoid under `merge`.

    Attributes
    ----------
    slope : (k,)
    square : (k, k)
        The part of the second derivative with the second derivatives of the rows' curvatures.
    cross : (k, r, r)
        Sums of ``w c' z_j b b^T``.
    """

    slope: FloatArray
    square: FloatArray
    cross: FloatArray

    def merge(self, other: Bias) -> Bias:
        """Return the sums over both sets of rows."""
        return Bias(self.slope + other.slope, self.square + other.square, self.cross + other.cross)

    @property
    def curvature(self) -> FloatArray:
        """Second derivative (k, k)."""
        flat = self.cross.reshape(len(self.cross), -1)
        return self.square - 0.5 * flat @ flat.T


def bias_of(rows: Rows, shown: Shown, factor: Factor, *, max_rows: int, threads: int) -> Bias:
    """Return what bias reduction takes from the gradient and the curvature; derivatives by differences of the kernels.

    References
    ----------
    Firth (1993), "Bias reduction of maximum likelihood estimates", Biometrika 80(1), section 3.
    """
    of = partial(_of, shown=shown, root=factor.root)
    return found_again(rows.reduce(of, Bias.merge, max_rows=max_rows, threads=threads))


def _of(chunk: Chunk, shown: Shown, root: FloatArray) -> Bias:
    seen = observations(chunk)
    y, weight = seen.y, np.ones(chunk.n) if seen.weight is None else seen.weight
    x = about_mean(np.asarray(chunk.X), shown)
    eta = x @ (shown.coef * shown.scale) + (shown.centre if shown.intercept else 0.0)
    x = x if shown.basis is None else x @ shown.basis
    columns = np.concatenate([np.ones((y.size, 1)), x], axis=1) if shown.intercept else x
    if chunk.offset is not None:
        eta = eta + chunk.offset
    far_below, below, here, above, far_above = (
        shown.family.kernels(y, eta + i * _STEP, shown.link).curvature for i in range(-2, 3)
    )
    first = weight * (8.0 * (above - below) - (far_above - far_below)) / (12.0 * _STEP)
    second = weight * (16.0 * (above + below) - (far_above + far_below) - 30.0 * here) / (12.0 * _STEP**2)
    away = columns @ root
    square = np.einsum("ij,ij->i", away, away)
    cross = np.einsum("ij,ik,il->jkl", columns * first[:, None], away, away, optimize=True)
    return Bias(0.5 * (first * square) @ columns, 0.5 * (columns * (second * square)[:, None]).T @ columns, cross)
