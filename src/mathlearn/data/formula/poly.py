"""Orthogonal polynomials on the data, from one streamed pass.

The three-term recurrence of the polynomials orthonormal on the observed values depends on the data only through the
moments up to twice the degree. A Gauss quadrature rule of degree + 1 nodes has the same moments and positive weights, so
it stands in for any number of rows: batches are compressed to such rules, rules are merged by putting their nodes
together and compressing again, and memory is bounded. Compression is the Lanczos process with full
re-orthogonalisation, whose error is a few units of rounding relative to the range of the values; merging adds them up.
Up to 4096 distinct values nothing is compressed.

References
----------
W. Gautschi, *Orthogonal Polynomials: Computation and Approximation*, Oxford 2004, section 2.2.
G. H. Golub and J. H. Welsch, Calculation of Gauss quadrature rules, *Math. Comp.* 23 (1969) 221-230.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray

MAX_DEGREE = 25
"""Highest degree of ``poly()``."""

_BUFFER = 4096
"""Distinct values held before they are compressed."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Polynomials p_0 .. p_d, orthonormal on the data, in the variable ``u = (x - centre) / scale``.

    ``spread[k + 1] * p_{k+1}(u) = (u - shift[k]) * p_k(u) - spread[k] * p_{k-1}(u)``, and ``p_0 = 1 / spread[0]``.

    Attributes
    ----------
    centre, scale : float
        Near the mean; a power of two.
    shift : (d,) array
    spread : (d + 1,) array
        All positive, so that every polynomial has a positive leading coefficient.
    """

    centre: float
    scale: float
    shift: FloatArray
    spread: FloatArray

    @property
    def degree(self) -> int:
        """Degree d of the last polynomial."""
        return len(self.shift)

    def check(self) -> None:
        """Raise `DomainError` unless the coefficients can be those of orthogonal polynomials."""
        d = self.degree
        numbers = np.concatenate([self.shift, self.spread, [self.centre, self.scale]])
        sound = 1 <= d <= MAX_DEGREE and self.shift.shape == (d,) and self.spread.shape == (d + 1,)
        if not (sound and np.isfinite(numbers).all() and self.scale > 0 and (self.spread > 0).all()):
            raise DomainError("these are not the coefficients of a three-term recurrence.")

    def evaluate(self, x: FloatArray) -> FloatArray:
        """Return the (n, d) values of p_1 .. p_d; overflow far outside the data gives infinity."""
        out = np.empty((len(x), self.degree))
        with np.errstate(over="ignore", invalid="ignore"):
            u = (x - self.centre) / self.scale
            before, current = np.zeros_like(u), np.full_like(u, 1 / self.spread[0])
            for k in range(self.degree):
                following = ((u - self.shift[k]) * current - self.spread[k] * (before if k else 0.0)) / self.spread[
                    k + 1
                ]
                before, current = current, following
                out[:, k] = current
        return out

    def slopes(self, x: FloatArray) -> FloatArray:
        """Return the (n, d) derivatives of p_1 .. p_d: those of both sides of the recurrence."""
        values = np.concatenate([np.full((len(x), 1), 1 / self.spread[0]), self.evaluate(x)], axis=1)
        out = np.zeros((len(x), self.degree + 1))
        with np.errstate(over="ignore", invalid="ignore"):
            u = (x - self.centre) / self.scale
            for k in range(self.degree):
                before = self.spread[k] * out[:, k - 1] if k else 0.0
                out[:, k + 1] = (values[:, k] / self.scale + (u - self.shift[k]) * out[:, k] - before) / self.spread[
                    k + 1
                ]
        return out[:, 1:]


class Measure:
    """The observed values as a discrete measure, mergeable and of bounded size.

    Parameters
    ----------
    degree : int
        Moments are kept up to twice this degree.
    origin : float
        Any value of the order of the data; differences from it are what is stored.
    """

    __slots__ = ("_nodes", "_weights", "degree", "origin")

    def __init__(self, degree: int, origin: float) -> None:
        self.degree = degree
        self.origin = origin
        self._nodes: FloatArray = np.empty(0)
        self._weights: FloatArray = np.empty(0)

    def add(self, x: FloatArray) -> None:
        """Take more values in."""
        self._add(*np.unique(x - self.origin, return_counts=True))

    def merge(self, other: Measure) -> None:
        """Take the values in that another holds."""
        self._add(other._nodes + (other.origin - self.origin), other._weights)

    def _add(self, nodes: FloatArray, counts: AnyArray) -> None:
        both, where = np.unique(np.concatenate([self._nodes, nodes]), return_inverse=True)
        self._weights = np.bincount(where, np.concatenate([self._weights, counts]), len(both)).astype(np.float64)
        self._nodes = both
        if len(both) > _BUFFER:
            self._nodes, self._weights = _gauss_rule(both, self._weights, self.degree + 1)

    def recurrence(self, what: str) -> Recurrence:
        """Return the recurrence of the orthonormal polynomials.

        Raises
        ------
        DomainError
            There are not more distinct values than the degree.
        """
        if len(self._nodes) <= self.degree:
            raise DomainError(
                f"{what} needs more than {self.degree} distinct values, and there are {len(self._nodes)}: "
                "lower the degree, or leave the term out."
            )
        centre, scale, u = _standardise(self._nodes, self._weights, self.origin)
        shift, spread = _lanczos(u, self._weights, self.degree)
        return Recurrence(centre, scale, shift, spread)


def _standardise(nodes: FloatArray, weights: FloatArray, origin: float) -> tuple[float, float, FloatArray]:
    """Return a centre, a power-of-two scale and the nodes in these units, |u| <= 1."""
    centre = float(origin + np.average(nodes, weights=weights))
    local = nodes - (centre - origin)  # the rounded centre, so that evaluation from x sees the same points
    _, exponent = np.frexp(np.abs(local).max())
    scale = float(np.ldexp(1.0, int(exponent)))
    return centre, scale, local / scale


def _gauss_rule(nodes: FloatArray, weights: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Return the Gauss rule of `size` nodes that has the moments of the measure up to degree ``2*size - 1``."""
    centre, scale, u = _standardise(nodes, weights, 0.0)
    shift, spread = _lanczos(u, weights, size)
    off = spread[1:size]
    jacobi = np.diag(shift) + np.diag(off, 1) + np.diag(off, -1)
    values, vectors = np.linalg.eigh(jacobi)
    return centre + scale * values, weights.sum() * vectors[0] ** 2


def _lanczos(u: FloatArray, weights: FloatArray, steps: int) -> tuple[FloatArray, FloatArray]:
    """Return the recurrence coefficients: `steps` of shift and ``steps + 1`` of spread.

    Sums are einsum's: the vectors are short, and waking the threads of BLAS takes longer than the work.
    """
    total = weights.sum()
    basis = np.empty((steps + 1, len(u)))
    basis[0] = np.sqrt(weights / total)
    shift, spread = np.empty(steps), np.empty(steps + 1)
    spread[0] = np.sqrt(total)
    for k in range(steps):
        step = u * basis[k]
        shift[k] = np.einsum("n,n", basis[k], step)
        for _ in range(2):  # twice is enough: W. Kahan's remark in B. Parlett, The Symmetric Eigenvalue Problem, 6.9
            step -= np.einsum("k,kn->n", np.einsum("kn,n->k", basis[: k + 1], step), basis[: k + 1])
        spread[k + 1] = np.sqrt(np.einsum("n,n", step, step))
        basis[k + 1] = step / spread[k + 1] if spread[k + 1] > 0 else 0.0
    return shift, spread
