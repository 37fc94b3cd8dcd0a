"""The columns of a block of rows, and sums of their products about the mean that a fit shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.moments import power_of_two
from mathlearn.linalg.product import product, sums
from mathlearn.linalg.scratch import scratch

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

__all__ = ["Shown", "ShownColumns", "about_mean"]

_SAFE = 1e12  # sizes whose squares, summed, are in the range of single precision too
_PRODUCT = 262_144  # numbers of which products are formed at a time: they fit the cache of one core


@dataclass(frozen=True, slots=True)
class Shown:
    """The numbers of a fit that are put to the test; user units, in the coordinates of the rows.

    Attributes
    ----------
    family, link
    coef, mean : (p,)
        Slopes, and the point about which columns are centred (zeros without intercept).
    centre : float
        Linear predictor at the mean, the offset apart.
    intercept : bool
    null_eta : float
        Linear predictor of the model without columns, the offset apart.
    scale : (p,)
        Powers of two of the size of the centred columns.
    careful : bool
        Whether kernels are formed with more digits than a double's where they cancel: for few rows.
    basis : (p, r) or None
        By which the centred, scaled columns are multiplied before sums are formed, where they are too dependent for their own products.
    near : bool
        Whether every column lies so near zero, for its spread, that sums about the mean follow from those about zero without loss.
    """

    family: Family
    link: Link
    coef: FloatArray
    mean: FloatArray
    centre: float
    intercept: bool
    null_eta: float
    scale: FloatArray
    careful: bool
    basis: FloatArray | None = None
    near: bool = False


@dataclass(frozen=True, slots=True)
class ShownColumns:
    """The columns of a block with their predictors, as sums are formed of them.

    Attributes
    ----------
    shown : Shown
    columns : (n, k)
    own : bool
        Whether they are in this thread's work space, to be overwritten.
    eta : (n,)
    scaled : bool
        Whether they are in the scales shown; otherwise as they are.
    """

    shown: Shown
    columns: FloatArray
    own: bool
    eta: FloatArray
    scaled: bool

    @classmethod
    def of(cls, chunk: Chunk, shown: Shown) -> ShownColumns:
        """Take the columns as they are where they lie near zero, else about the mean shown."""
        x, slopes, centre = np.asarray(chunk.X), shown.coef, shown.centre
        scaled = shown.basis is not None or not _safe(shown.scale)
        near = shown.near and not scaled
        if near:
            columns, centre = x, centre - float(shown.mean @ slopes)
        else:
            columns = np.subtract(x, shown.mean, out=scratch(x.shape, like=x))
            if scaled:
                columns /= shown.scale
                slopes = slopes * shown.scale
        eta = columns @ slopes
        if shown.intercept:
            eta += centre
        if chunk.offset is not None:
            eta += chunk.offset
        if shown.basis is not None:
            return cls(shown, columns @ shown.basis, False, eta, scaled)
        return cls(shown, columns, not near, eta, scaled)

    def sums(
        self, pull: FloatArray, curve: FloatArray, bent: FloatArray | None
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sum up ``pull`` times the columns, and their products weighted by ``curve`` and by ``bent``; the columns are used up.

        All three are about the mean and in the scales shown, with the constant first. The last product says how far a gradient is from
        its zero, and whether the point is a minimum: single precision is enough for that.
        """
        slope = sums(pull, self.columns)
        gradient = np.concatenate([[pull.sum()], slope]) if self.shown.intercept else slope
        observed = None if bent is None else self._signed(bent)
        expected = self._products(curve, np.float64)
        if self._about_zero:
            gradient[1:] -= self.shown.mean * gradient[0]
        step = self._step
        if step is not None:
            gradient = gradient * step
        expected = self._moved(expected, step)
        return gradient, expected, expected if observed is None else self._moved(observed, step)

    @property
    def _about_zero(self) -> bool:
        return self.shown.intercept and not self.own and self.shown.basis is None

    @property
    def _step(self) -> FloatArray | None:
        """Powers of two, by which nothing is rounded, from the columns to the scales shown."""
        if self.scaled:
            return None
        return np.concatenate([np.ones(int(self.shown.intercept)), 1.0 / self.shown.scale])

    def _moved(self, square: FloatArray, step: FloatArray | None) -> FloatArray:
        """Move products with the constant first to the mean, and into the scales shown."""
        if self._about_zero:
            mean, edge = self.shown.mean, square[0, 1:].copy()
            away = edge - square[0, 0] * mean
            square[1:, 1:] -= np.outer(mean, edge) + np.outer(away, mean)
            square[0, 1:] = square[1:, 0] = away
        return square if step is None else square * (step[:, None] * step)

    def _signed(self, weight: FloatArray) -> FloatArray:
        """Form the products under weights that may be negative."""
        below = weight < 0.0
        square = self._products(np.where(below, 0.0, weight), np.float32)
        if below.any():
            part = ShownColumns(self.shown, self.columns[below], False, self.eta[below], self.scaled)
            square -= part._products(-weight[below], np.float32)
        return square

    def _products(self, weight: FloatArray, dtype: type[np.floating]) -> FloatArray:
        """Form the products under weights that are not negative, block by block.

        The roots of the weights may lie outside the range of single precision, their products with the columns do not.
        """
        first, root = int(self.shown.intercept), np.sqrt(weight)
        unit = power_of_two(root.max(initial=0.0, keepdims=True))
        edge = (root / unit).astype(dtype, copy=False)
        k = self.columns.shape[1] + first
        square, step = np.zeros((k, k)), max(1, _PRODUCT // max(k, 1))
        for at in range(0, root.size, step):
            part, by = self.columns[at : at + step], root[at : at + step]
            own = self.own and part.dtype == dtype
            scaled = part if own else scratch(part.shape, dtype, like=part)
            np.multiply(part, by[:, None], out=scaled, casting="same_kind")
            square[first:, first:] += product(scaled.T, scaled)
            if first:
                square[0, 1:] += sums(edge[at : at + step], scaled)
        if first:
            square[0, 1:] *= unit
            square[0, 0] = weight.sum()
            square[1:, 0] = square[0, 1:]
        return square


def about_mean(x: FloatArray, shown: Shown) -> FloatArray:
    """Return columns (n, p) about the mean and in the scales shown."""
    return np.asarray((x - shown.mean) / shown.scale)


def _safe(scale: FloatArray) -> bool:
    """Whether the squares of columns of these sizes, summed, are in the range of single precision too."""
    return bool(((scale > 1.0 / _SAFE) & (scale < _SAFE)).all())
