"""Large sparse least squares by LSMR, the centring done in the operator so that X stays sparse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import gamma
from mathlearn.linalg.moments import power_of_two
from mathlearn.linalg.solution import Estimate

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._typing import FloatArray, IntArray

_TOLERANCE = 1e-14
_STEPS_PER_COLUMN = 4
_FOUND_AGAIN = 1e-6  # error of a scaled coefficient up to which it counts as recovered


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseSolution(Estimate):
    """Least-squares solution of a sparse problem.

    Attributes
    ----------
    condition : LSMR's estimate for the scaled, centred operator
    doubtful : (u,) indices of columns whose coefficients are not determined, or not by iteration
    """

    condition: float
    doubtful: IntArray


def solve(x: csr_array, y: FloatArray, weight: FloatArray | None, *, centred: bool) -> SparseSolution:
    """Return the least-squares solution (of least norm in scaled units where columns are dependent).

    Whether the iteration came close enough is for the certificate to say, from the gradient at the solution.

    Parameters
    ----------
    x : (n, p) CSR
    y : (n, q) array
    weight : (n,) array or None
    centred : bool

    References
    ----------
    Fong and Saunders (2011), "LSMR: an iterative algorithm for sparse least-squares problems", SIAM J. Sci. Comput. 33(5).
    """
    from scipy.sparse.linalg import LinearOperator, lsmr

    n, p = x.shape
    w = np.ones(n) if weight is None else weight
    root, total = np.sqrt(w), float(w.sum())
    mean = np.asarray(x.T @ w) / total if centred else np.zeros(p)
    mean_y = w @ y / total if centred else np.zeros(y.shape[1])
    scale = _scale(np.asarray(x.multiply(x).T @ w), total * mean**2, n)
    b = (y - mean_y) * root[:, None]

    def forward(v: FloatArray) -> FloatArray:
        u = v.reshape(-1) / scale
        return root * (np.asarray(x @ u) - mean @ u)

    def backward(u: FloatArray) -> FloatArray:
        z = root * u.reshape(-1)
        slope: FloatArray = (np.asarray(x.T @ z) - mean * z.sum()) / scale
        return slope

    operator = LinearOperator((n, p), matvec=forward, rmatvec=backward, dtype=np.float64)
    run = partial(lsmr, operator, atol=_TOLERANCE, btol=_TOLERANCE, conlim=0.0, maxiter=_STEPS_PER_COLUMN * max(n, p))
    coef, condition = np.empty((y.shape[1], p)), 1.0
    for k in range(y.shape[1]):
        found = run(b[:, k])
        coef[k] = found[0] / scale
        condition = max(condition, float(found[6]))
    # Of random coefficients just those that the rows determine are found again from what the rows make of them.
    probe = np.random.default_rng(0).uniform(0.5, 1.5, p) * np.where(np.arange(p) % 2, 1.0, -1.0)
    found_again = np.abs(run(operator.matvec(probe))[0] - probe) <= _FOUND_AGAIN
    left = b - np.stack([forward(row * scale) for row in coef], axis=1)
    return SparseSolution(
        coef=coef,
        intercept=mean_y - coef @ mean,
        mean=mean,
        mean_y=mean_y,
        rss=np.einsum("ij,ij->j", left, left),
        tss=np.einsum("ij,ij->j", b, b),
        condition=condition,
        doubtful=np.flatnonzero(~found_again),
    )


def _scale(raw: FloatArray, taken: FloatArray, n: int) -> FloatArray:
    """Powers of two near the norms about the mean; of a column that is constant but for rounding, the norm about zero.

    Parameters
    ----------
    raw, taken : (p,) sums of squares, and what the mean takes away from them
    """
    squares = raw - taken
    return power_of_two(np.sqrt(np.where(squares > 4 * gamma(n) * raw, squares, raw)))
