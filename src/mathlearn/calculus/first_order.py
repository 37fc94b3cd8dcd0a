"""Loss, gradient and curvature along a direction: for more columns than a curvature has room for, sparse ones included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.calculus.gradients import Minimum, minimised
from mathlearn.calculus.objective import observations
from mathlearn.data.reduce import found_again

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

__all__ = ["FirstOrder"]


class _Sums(NamedTuple):
    n: int
    loss: float
    gradient: FloatArray

    def merge(self, other: _Sums) -> _Sums:
        return _Sums(self.n + other.n, self.loss + other.loss, self.gradient + other.gradient)


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """An objective of which loss and gradient are formed, in the user's units.

    Attributes
    ----------
    rows : Rows
        Dense or sparse.
    family, link
    intercept : bool
    penalty : float
        On half the squared coefficients.
    max_rows, threads : int
        Of each pass.
    """

    rows: Rows
    family: Family
    link: Link
    intercept: bool
    penalty: float
    max_rows: int
    threads: int

    def minimise(self, start: FloatArray, max_iter: int) -> Minimum:
        """Run from `start` (k,), in units in which the diagonal of the curvature there is one."""
        unit = np.sqrt(self._sum(partial(self._squares, theta=start)) + self._held)
        unit[unit == 0.0] = 1.0
        size = np.sqrt(unit.size)

        def evaluate(u: FloatArray) -> tuple[int, float, FloatArray]:
            sums = self._at(u / unit)
            return sums.n, sums.loss / size, sums.gradient / unit / size

        def along(u: FloatArray, v: FloatArray) -> FloatArray:
            direction = v / unit
            curved = self._sum(partial(self._along, theta=u / unit, direction=direction))
            product: FloatArray = (curved + self._held * direction) / unit / size
            return product

        found = minimised(evaluate, along, start * unit, max_iter=max_iter)
        return found._replace(theta=found.theta / unit)

    @property
    def _held(self) -> FloatArray:
        held = np.full(len(self.rows.terms) + self.intercept, self.penalty)
        held[: int(self.intercept)] = 0.0
        return held

    def _at(self, theta: FloatArray) -> _Sums:
        of = partial(self._of, theta=theta)
        sums = found_again(self.rows.reduce(of, _Sums.merge, max_rows=self.max_rows, threads=self.threads))
        pull = self._held * theta
        return sums._replace(loss=sums.loss + 0.5 * float(theta @ pull), gradient=sums.gradient + pull)

    def _sum(self, of: Any) -> FloatArray:
        return np.asarray(found_again(self.rows.reduce(of, np.add, max_rows=self.max_rows, threads=self.threads)))

    def _of(self, chunk: Chunk, *, theta: FloatArray) -> _Sums:
        loss, pull, _ = self._kernels(chunk, theta)
        return _Sums(chunk.n, float(loss.sum()), self._times(chunk, pull))

    def _along(self, chunk: Chunk, *, theta: FloatArray, direction: FloatArray) -> FloatArray:
        curve = self._kernels(chunk, theta)[2]
        return self._times(chunk, curve * self._predictor(chunk, direction))

    def _squares(self, chunk: Chunk, *, theta: FloatArray) -> FloatArray:
        curve, x = self._kernels(chunk, theta)[2], chunk.X
        squares = x.multiply(x) if hasattr(x, "multiply") else np.square(x)
        return self._bordered(curve, squares)

    def _kernels(self, chunk: Chunk, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        seen, eta = observations(chunk), self._predictor(chunk, theta)
        if chunk.offset is not None:
            eta += chunk.offset
        loss, pull, curve = self.family.kernels(seen.y, eta, self.link, refine=False)
        w = seen.weight
        return (loss, pull, curve) if w is None else (w * loss, w * pull, w * curve)

    def _predictor(self, chunk: Chunk, theta: FloatArray) -> FloatArray:
        first = int(self.intercept)
        eta: FloatArray = np.asarray(chunk.X @ theta[first:])
        return eta + theta[0] if first else eta

    def _times(self, chunk: Chunk, values: FloatArray) -> FloatArray:
        return self._bordered(values, chunk.X)

    def _bordered(self, values: FloatArray, columns: Any) -> FloatArray:
        """Return the products of values (n,) with the constant, if there is one, and with columns."""
        slopes = np.asarray(columns.T @ values)
        return np.concatenate([[values.sum()], slopes]) if self.intercept else slopes
