"""Loss and gradient alone, and L-BFGS on them: for more columns than a curvature has room for, sparse ones included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.calculus.objective import observations
from mathlearn.calculus.trace import Iteration
from mathlearn.data.reduce import found_again

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

__all__ = ["FirstOrder", "Minimum"]

_MEMORY = 20  # pairs of steps and gradients that L-BFGS keeps
_AT_LIMIT = 1  # SciPy's status where the limit of iterations was reached
_SLOPE = 1e-9  # of the gradient in units in which the curvature at the start is one


class _Sums(NamedTuple):
    n: int
    loss: float
    gradient: FloatArray
    square: FloatArray

    def merge(self, other: _Sums) -> _Sums:
        return _Sums(
            self.n + other.n, self.loss + other.loss, self.gradient + other.gradient, self.square + other.square
        )


class Minimum(NamedTuple):
    """Where L-BFGS ended: parameters (k,) in the user's units, intercept first, whether it may go no further, and the iterations."""

    theta: FloatArray
    ended: bool
    iterations: tuple[Iteration, ...]


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
        """Run L-BFGS from `start`, in units in which the diagonal of the curvature there is one.

        References
        ----------
        Nocedal and Wright (2006), "Numerical Optimization", section 7.2.
        """
        from scipy.optimize import minimize

        unit = np.sqrt(self._at(start, curvature=True).square)
        unit[unit == 0.0] = 1.0
        size = np.sqrt(unit.size)
        seen: list[Iteration] = []

        def scaled(u: FloatArray) -> tuple[float, FloatArray]:
            sums = self._at(u / unit)
            slope = sums.gradient / unit
            seen.append(Iteration(sums.n, sums.loss, float(np.linalg.norm(slope)), 1.0))
            return sums.loss / size, slope / size

        options: dict[str, Any] = {
            "maxcor": _MEMORY,
            "maxiter": max_iter,
            "maxfun": 2 * max_iter,
            "ftol": 0.0,
            "gtol": _SLOPE,
        }
        found: Any = minimize(scaled, start * unit, jac=True, method="L-BFGS-B", options=options)  # type: ignore[call-overload]
        return Minimum(np.asarray(found.x) / unit, int(found.status) != _AT_LIMIT, tuple(seen))

    def _at(self, theta: FloatArray, *, curvature: bool = False) -> _Sums:
        of = partial(self._of, theta=theta, curvature=curvature)
        sums = found_again(self.rows.reduce(of, _Sums.merge, max_rows=self.max_rows, threads=self.threads))
        slopes = theta.copy()
        slopes[: int(self.intercept)] = 0.0
        if curvature:
            sums.square[int(self.intercept) :] += self.penalty
        return sums._replace(
            loss=sums.loss + 0.5 * self.penalty * float(slopes @ slopes),
            gradient=sums.gradient + self.penalty * slopes,
        )

    def _of(self, chunk: Chunk, *, theta: FloatArray, curvature: bool) -> _Sums:
        seen, first = observations(chunk), int(self.intercept)
        x: Any = chunk.X
        eta = np.asarray(x @ theta[first:]) + (theta[0] if first else 0.0)
        if chunk.offset is not None:
            eta += chunk.offset
        kernels = self.family.kernels(seen.y, eta, self.link, refine=False)
        loss, pull, curve = kernels
        if seen.weight is not None:
            loss, pull, curve = seen.weight * loss, seen.weight * pull, seen.weight * curve
        square = np.zeros(0)
        if curvature:
            squares = x.multiply(x) if hasattr(x, "multiply") else x * x
            square = _bordered(curve.sum(), np.asarray(squares.T @ curve), first)
        return _Sums(eta.size, float(loss.sum()), _bordered(pull.sum(), np.asarray(x.T @ pull), first), square)


def _bordered(level: float, slopes: FloatArray, first: int) -> FloatArray:
    return np.concatenate([[level], slopes]) if first else slopes
