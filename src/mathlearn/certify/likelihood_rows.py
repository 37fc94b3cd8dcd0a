"""Evidence about a likelihood fit from the rows: one independent pass, about the mean of the columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg.scratch import scratch

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.probability.family import Family, Kernels
    from mathlearn.probability.link import Link

__all__ = ["LikelihoodRows", "Shown"]


_SAFE = 1e12  # sizes whose squares, summed, are in the range of single precision too


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


_SMALLEST, _LARGEST = 1e-290, 1e290


class LikelihoodRows(NamedTuple):
    """What the rows say about the numbers shown; a monoid under `merge`. Columns are ``[1, (x - mean) / scale @ basis]``.

    Attributes
    ----------
    n : int
    gradient : (k,)
        Sum of ``w l'`` times each column.
    expected, observed : (k, k)
        Sums of products of the columns, weighted by the expected and by the observed second derivative.
    noise : float
        Sum of ``w c`` times the squares of the offsets.
    deviance, null_deviance, pearson : float
    weight : float
        Sum of the weights times trials.
    farthest : float
        Largest absolute linear predictor.
    """

    n: int
    gradient: FloatArray
    expected: FloatArray
    observed: FloatArray
    noise: float
    deviance: float
    null_deviance: float
    pearson: float
    weight: float
    farthest: float

    @property
    def exact(self) -> bool:
        """Whether the means are the observations, to rounding."""
        return bool(self.deviance <= 64.0 * float(np.finfo(np.float64).eps) ** 2 * self.weight)

    def merge(self, other: LikelihoodRows) -> LikelihoodRows:
        """Return the sums over both sets of rows."""
        return LikelihoodRows(
            n=self.n + other.n,
            gradient=self.gradient + other.gradient,
            expected=self.expected + other.expected,
            observed=self.observed + other.observed,
            noise=self.noise + other.noise,
            deviance=self.deviance + other.deviance,
            null_deviance=self.null_deviance + other.null_deviance,
            pearson=self.pearson + other.pearson,
            weight=self.weight + other.weight,
            farthest=max(self.farthest, other.farthest),
        )

    def less(self, slope: FloatArray, curvature: FloatArray) -> LikelihoodRows:
        """Take the derivatives of a penalty that is subtracted from gradient and observed curvature."""
        return self._replace(gradient=self.gradient - slope, observed=self.observed - curvature)

    @classmethod
    @np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite fails the checks
    def of(cls, chunk: Chunk, shown: Shown) -> LikelihoodRows:
        """Look at one block of dense rows."""
        response = np.asarray(chunk.y)
        y, weight = response[:, 0], chunk.weight
        if response.shape[1] > 1:
            weight = response[:, 1] if weight is None else weight * response[:, 1]
        unit = _unit(shown)
        columns = _columns(chunk, shown, unit)
        eta = columns @ (shown.coef * unit)
        if shown.intercept:
            eta += shown.centre
        if chunk.offset is not None:
            eta += chunk.offset
        if shown.basis is not None:
            columns = columns @ shown.basis
        family, link = shown.family, shown.link
        rows = family.kernels(y, eta, link, refine=shown.careful)
        pull, curve = _times(rows.gradient, weight), _times(rows.curvature, weight)
        mean = link.mu(eta)
        slope = pull @ columns
        gradient = np.concatenate([[pull.sum()], slope]) if shown.intercept else slope
        exact = family.canonical == link.name
        bent = None if exact else _times(family.observed(y, eta, link), weight)
        expected, observed = _curvatures(columns, curve, bent, intercept=shown.intercept)
        if shown.basis is None and unit is not shown.scale:
            step = np.concatenate(
                [np.ones(int(shown.intercept)), unit / shown.scale]
            )  # powers of two: nothing is rounded
            around = step[:, None] * step
            gradient, expected, observed = gradient * step, expected * around, observed * around
        null = shown.null_eta if chunk.offset is None else shown.null_eta + chunk.offset
        return cls(
            n=y.size,
            gradient=gradient,
            expected=expected,
            observed=observed,
            noise=0.0 if chunk.offset is None else float(curve @ chunk.offset**2),
            deviance=_total(family.deviance_at(y, eta, link, rows.loss), weight),
            null_deviance=_total(family.deviance_at(y, np.asarray(null), link), weight),
            pearson=_total(_pearson(y - mean, family.variance(mean), rows), weight),
            weight=float(y.size) if weight is None else float(weight.sum()),
            farthest=float(max(eta.max(), -eta.min())),
        )


def _unit(shown: Shown) -> FloatArray:
    """Units (p,) in which columns are taken: ones where their squares are safe, else the scales."""
    safe = shown.basis is None and bool(((shown.scale > 1.0 / _SAFE) & (shown.scale < _SAFE)).all())
    return np.ones_like(shown.scale) if safe else shown.scale


def _columns(chunk: Chunk, shown: Shown, unit: FloatArray) -> FloatArray:
    """Return the columns (n, p) about the mean, in this thread's work space."""
    x = np.asarray(chunk.X)
    columns: FloatArray = np.subtract(x, shown.mean, out=scratch(x.shape))
    if (unit != 1.0).any():
        columns /= unit
    return columns


def _curvatures(
    columns: FloatArray, curve: FloatArray, bent: FloatArray | None, *, intercept: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the products of the columns, which are used up, under both weights; the second may be negative.

    The second says how far a gradient is from its zero, and whether the point is a minimum: single precision is enough for that.
    """
    observed = (
        None if bent is None else _product(columns.astype(np.float32), bent.astype(np.float32), intercept=intercept)
    )
    root = np.sqrt(curve)
    columns *= root[:, None]
    square = columns.T @ columns
    expected = _bordered(square, root @ columns, float(curve.sum())) if intercept else square
    return expected, expected if observed is None else observed


def _product(columns: AnyArray, weight: AnyArray, *, intercept: bool) -> FloatArray:
    weighted = columns * weight[:, None]
    square = np.asarray(columns.T @ weighted, dtype=np.float64)
    square = (square + square.T) / 2.0
    return _bordered(square, np.asarray(weight @ columns), float(weight.sum())) if intercept else square


def _bordered(square: FloatArray, edge: FloatArray, corner: float) -> FloatArray:
    """Put the products with the constant before those of the columns."""
    k = edge.size + 1
    whole = np.empty((k, k))
    whole[0, 0], whole[1:, 1:] = corner, square
    whole[0, 1:] = whole[1:, 0] = edge
    return whole


def _times(x: FloatArray, weight: FloatArray | None) -> FloatArray:
    return x if weight is None else x * weight


def _total(x: FloatArray, weight: FloatArray | None) -> float:
    return float(x.sum() if weight is None else x @ weight)


def _pearson(residual: FloatArray, variance: FloatArray, rows: Kernels) -> FloatArray:
    """Return the squared Pearson residuals; a row whose mean is its observation at the end of the range has none.

    Where the variance leaves the range of doubles, ``gradient**2 / curvature``, which is the same, does not.
    """
    share = np.divide(residual * residual, variance, out=np.zeros_like(residual), where=variance > 0.0)
    out = ~((variance > _SMALLEST) & (variance < _LARGEST) & (residual * residual < _LARGEST)) & (rows.curvature > 0.0)
    if out.any():
        share[out] = rows.gradient[out] / rows.curvature[out] * rows.gradient[out]
    return share
