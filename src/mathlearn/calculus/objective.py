r"""`Objective`: minus the log-likelihood of a generalised linear model, with gradient and curvature in one pass.

With :math:`\eta_i = o_i + z_i^\top \theta`, weights w (times the trials of a binomial) and the family's loss :math:`\ell`,

.. math:: f(\theta) = \sum_i w_i \ell(y_i, \eta_i) + \tfrac12 \theta^\top \Lambda \theta, \qquad
   g = \sum_i w_i \ell'_i z_i + \Lambda \theta, \qquad H = \sum_i w_i c_i z_i z_i^\top + \Lambda,

where c is the expected curvature of a row, so that H is never indefinite. A block of rows passes through the cache once: predictor,
kernels, gradient and curvature are formed from it before the next is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.data.reduce import found_again
from mathlearn.linalg.product import product, sums
from mathlearn.linalg.scratch import scratch

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.calculus.coordinates import Coordinates
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family, Kernels
    from mathlearn.probability.link import Link

__all__ = ["Objective", "Sums", "block_rows", "observations", "pass_rows"]

_NUMBERS = 262_144  # numbers in a block: the products of its columns are formed in the cache of one core
_MOST_ROWS, _FEWEST_ROWS = 8192, 256
_BLOCKS = 4  # blocks that a pass takes at a time: predictors and kernels in few and long steps, between which threads wait little


def block_rows(p: int) -> int:
    """Rows in a block; depends on the number of columns alone, so that results do too."""
    return min(_MOST_ROWS, max(_FEWEST_ROWS, _NUMBERS // max(p, 1)))


def pass_rows(p: int) -> int:
    """Rows that a pass over the columns as they are takes at a time: several blocks."""
    return _BLOCKS * block_rows(p)


class Observations(NamedTuple):
    """What is observed in a block.

    Attributes
    ----------
    y : (n,)
        Of a binomial with trials the proportion of successes.
    weight : (n,) or None
        Weight times trials: what multiplies the kernels.
    trials : (n,) or None
    """

    y: FloatArray
    weight: FloatArray | None
    trials: FloatArray | None


def observations(chunk: Chunk) -> Observations:
    """Take the observations out of a block, whose second response, where there is one, is the number of trials."""
    response = np.asarray(chunk.y)
    if response.shape[1] == 1:
        return Observations(response[:, 0], chunk.weight, None)
    trials = response[:, 1]
    return Observations(response[:, 0], trials if chunk.weight is None else trials * chunk.weight, trials)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a pass finds; a monoid under `merge`.

    Attributes
    ----------
    n : int
    loss : float
    gradient : (k,)
    curvature : (k, k)
        Empty where it was not asked for.
    pearson : float
        Sum of ``weight * gradient**2 / curvature`` of the rows, which is Pearson's statistic.
    farthest : float
        How far predictors go towards the ends of `Objective.ends`: 1 there.
    """

    n: int
    loss: float
    gradient: FloatArray
    curvature: FloatArray
    pearson: float
    farthest: float

    def merge(self, other: Sums) -> Sums:
        """Return the sums over both sets of rows."""
        return Sums(
            self.n + other.n,
            self.loss + other.loss,
            self.gradient + other.gradient,
            self.curvature + other.curvature,
            self.pearson + other.pearson,
            max(self.farthest, other.farthest),
        )


@dataclass(frozen=True, slots=True)
class Objective:
    """The objective in given coordinates.

    Attributes
    ----------
    family, link
    coordinates : Coordinates
    penalty : (k,) or (k, k) or None
        Λ, or its diagonal; zero for the intercept.
    single : bool
        Whether the products of columns are formed in single precision within a block: enough for a search direction where columns are
        of moderate size and not too dependent. Loss and gradient, and with them the optimum, are not touched by it.
    observed : bool
        Whether the curvature of a row is its own second derivative, which may be negative, and not what is expected of it. Near the
        optimum a step by it squares the error, where one by the expected curvature divides it.
    ends : (float, float)
        Predictors at which a mean is hardly distinct from the end of its span; infinite where there is no such end.
    """

    family: Family
    link: Link
    coordinates: Coordinates
    penalty: FloatArray | None = None
    single: bool = False
    observed: bool = False
    ends: tuple[float, float] = (-math.inf, math.inf)

    def at(self, rows: Rows, theta: FloatArray, *, max_rows: int, threads: int, curved: bool = True) -> Sums:
        """Evaluate loss, gradient and, if `curved`, curvature at theta (k,) in one pass."""
        of = partial(self.of_block, theta=theta, curved=curved)
        return self.penalised(found_again(rows.reduce(of, Sums.merge, max_rows=max_rows, threads=threads)), theta)

    def penalised(self, sums: Sums, theta: FloatArray) -> Sums:
        """Add the penalty, once, to what the rows give."""
        if self.penalty is None:
            return sums
        square = np.diag(self.penalty) if self.penalty.ndim == 1 else self.penalty
        slope = square @ theta
        return replace(
            sums,
            loss=sums.loss + 0.5 * float(theta @ slope),
            gradient=sums.gradient + slope,
            curvature=sums.curvature + square if sums.curvature.size else sums.curvature,
        )

    def scaled_up(self, curvature: FloatArray, times: float) -> FloatArray:
        """Take the curvature (k, k) that a sample gave for that of `times` as many rows: the penalty enters once."""
        if self.penalty is None:
            return curvature * times
        square = np.diag(self.penalty) if self.penalty.ndim == 1 else self.penalty
        return (curvature - square) * times + square

    @np.errstate(
        over="ignore", invalid="ignore", divide="ignore"
    )  # sums that are not finite are found and named afterwards
    def of_block(self, chunk: Chunk, theta: FloatArray, *, curved: bool = True) -> Sums:
        """Evaluate the part of one block of dense rows."""
        seen, z = observations(chunk), self._columns(chunk)
        eta = self._predictor(z, chunk, theta)
        rows = self.family.kernels(seen.y, eta, self.link, refine=False)
        return (self._sums if curved else self._slope)(z, seen, eta, rows)

    def seen_from(self, chunk: Chunk, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the columns (n, r), the predictors (n,) and the weighted curvatures (n,) of a block."""
        seen, z = observations(chunk), self._columns(chunk)
        if self.coordinates.plain and (self.coordinates.scale != 1.0).any():
            z = z / self.coordinates.scale
            eta = self._predictor(z * self.coordinates.scale, chunk, theta)
        else:
            eta = self._predictor(z, chunk, theta)
        curve = self.family.kernels(seen.y, eta, self.link, refine=False).curvature
        return z, eta, curve if seen.weight is None else curve * seen.weight

    def _predictor(self, z: FloatArray, chunk: Chunk, theta: FloatArray) -> FloatArray:
        c = self.coordinates
        slopes = theta[int(c.intercept) :]
        eta: FloatArray = z @ (slopes / c.scale if c.plain else slopes)
        if c.intercept:
            eta += theta[0]
        if chunk.offset is not None:
            eta += chunk.offset
        return eta

    def sums_of(self, chunk: Chunk, eta: FloatArray, rows: Kernels) -> Sums:
        """Sum up given kernels (n,) of a block whose predictors are eta (n,)."""
        return self._sums(self._columns(chunk), observations(chunk), eta, rows)

    def _columns(self, chunk: Chunk) -> FloatArray:
        x = np.asarray(chunk.X)
        return x if self.coordinates.plain else self.coordinates.of(x)

    def _sums(self, z: FloatArray, seen: Observations, eta: FloatArray, rows: Kernels) -> Sums:
        c, w = self.coordinates, seen.weight
        loss, g, curve = rows.loss, rows.gradient, rows.curvature
        pearson = 0.0 if self.family.fixed_dispersion else _pearson(g, curve, w)
        if self.observed:
            curve = self.family.observed(seen.y, eta, self.link)
        if w is not None:
            loss, g, curve = w * loss, w * g, w * curve
        root = np.sqrt(np.abs(curve)) if self.observed else np.sqrt(curve)
        gradient, curvature = _products(z, g, root, intercept=c.intercept, single=self.single)
        if self.observed and (below := curve < 0.0).any():  # these were added, and are to be subtracted
            _, added = _products(z[below], g[below], root[below], intercept=c.intercept, single=self.single)
            curvature -= 2.0 * added
        unit = self._unit
        if unit is not None:
            gradient, curvature = gradient / unit, curvature / unit / unit[:, None]
        return Sums(eta.size, float(loss.sum()), gradient, curvature, pearson, _towards(eta, self.ends))

    def _slope(self, z: FloatArray, seen: Observations, eta: FloatArray, rows: Kernels) -> Sums:
        """Sum up without the curvature, which is most of the work."""
        w, unit = seen.weight, self._unit
        loss, g = (rows.loss, rows.gradient) if w is None else (w * rows.loss, w * rows.gradient)
        pearson = 0.0 if self.family.fixed_dispersion else _pearson(rows.gradient, rows.curvature, w)
        gradient = sums(g, z)
        if self.coordinates.intercept:
            gradient = np.concatenate([[g.sum()], gradient])
        if unit is not None:
            gradient /= unit
        return Sums(eta.size, float(loss.sum()), gradient, np.zeros((0, 0)), pearson, _towards(eta, self.ends))

    @property
    def _unit(self) -> FloatArray | None:
        """Units (k,) in which coefficients of columns taken as they are count; None where they are 1."""
        c = self.coordinates
        if not c.plain or (c.scale == 1.0).all():
            return None
        return np.concatenate([np.ones(int(c.intercept)), c.scale])


def _towards(eta: FloatArray, ends: tuple[float, float]) -> float:
    """Largest share of the way to either end that a predictor goes."""
    return float(max(eta.min() / ends[0], eta.max() / ends[1], 0.0))


def _pearson(gradient: FloatArray, curvature: FloatArray, weight: FloatArray | None) -> float:
    square = np.divide(gradient, curvature, out=np.zeros_like(gradient), where=curvature > 0.0)
    square *= gradient
    return float(square.sum() if weight is None else square @ weight)


def _products(
    z: FloatArray, g: FloatArray, root: FloatArray, *, intercept: bool, single: bool
) -> tuple[FloatArray, FloatArray]:
    """Return ``[1 z]' g`` and ``[1 z]' root**2 [1 z]``, the latter by symmetric products of scaled copies, block by block.

    Copies in single precision halve the work. The constant is kept apart: one more column would put rows out of line.
    """
    slope = sums(g, z)
    k, step = slope.size + intercept, block_rows(slope.size)
    curvature = np.zeros((k, k))
    for at in range(0, g.size, step):
        _add_products(curvature, z[at : at + step], root[at : at + step], intercept=intercept, single=single)
    if not intercept:
        return slope, curvature
    curvature[1:, 0] = curvature[0, 1:]
    return np.concatenate([[g.sum()], slope]), curvature


def _add_products(curvature: FloatArray, z: FloatArray, root: FloatArray, *, intercept: bool, single: bool) -> None:
    scaled = scratch(z.shape, np.float32 if single else np.float64, like=z)
    if single:
        scaled[...] = z
        root = root.astype(np.float32)
        scaled *= root[:, None]
    else:
        np.multiply(z, root[:, None], out=scaled)
    first = int(intercept)
    curvature[first:, first:] += product(scaled.T, scaled)
    if intercept:
        curvature[0, 0] += root @ root
        curvature[0, 1:] += sums(root, scaled)
