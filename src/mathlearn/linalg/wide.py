"""More columns than rows: the minimum-norm solution by QR of the transposed rows; no p-by-p matrix is formed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.linalg.moments import power_of_two
from mathlearn.linalg.solution import Estimate

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class WideSolution(Estimate):
    """Minimum-norm least-squares solution.

    Attributes
    ----------
    rank : of the centred rows
    condition : of the equilibrated centred rows
    """

    rank: int
    condition: float


def minimum_norm(
    x: FloatArray, y: FloatArray, weight: FloatArray | None, *, centred: bool, tol: float | None
) -> WideSolution:
    """Return the shortest coefficients among those of least squares.

    With ``A = sqrt(W) (X - mean)`` and the pivoted factorisation ``A^T P = Q R``, the solution is ``Q z`` where z solves
    the triangular (or, for dependent rows, least-squares) problem ``R^T z = P^T sqrt(W) (y - mean)``. Rows are
    equilibrated by powers of two, which leaves consistent equations as they are.

    Parameters
    ----------
    x : (n, p) array, n <= p
    y : (n, q) array
    weight : (n,) array or None
    centred : bool
    tol : float or None
        Rank tolerance relative to the largest pivot; None decides from rounding.

    References
    ----------
    Golub and Van Loan (2013), "Matrix Computations", 4th ed., sections 5.5 and 5.6.
    """
    w = np.ones(x.shape[0]) if weight is None else weight
    mean = w @ x / w.sum() if centred else np.zeros(x.shape[1])
    mean_y = w @ y / w.sum() if centred else np.zeros(y.shape[1])
    root = np.sqrt(w)[:, None]
    a, b = (x - mean) * root, (y - mean_y) * root
    # Centring leaves rounding of the size of the largest entry in rows that were equal, or that carry all the weight.
    noise = 8 * ROUNDOFF * np.sqrt(x.shape[1]) * float(np.abs(x).max(initial=0.0)) * root[:, 0]
    a[np.sqrt(np.einsum("ij,ij->i", a, a)) <= 2 * noise] = 0.0
    coef, rank, condition = _solve(a, b, noise, tol)
    coef = coef + _solve(a, b - a @ coef, noise, tol)[0]
    left = b - a @ coef
    return WideSolution(
        coef=coef.T,
        intercept=mean_y - mean @ coef,
        mean=mean,
        mean_y=mean_y,
        rss=np.einsum("ij,ij->j", left, left),
        tss=np.einsum("ij,ij->j", b, b),
        rank=rank,
        condition=condition,
    )


def _solve(a: FloatArray, b: FloatArray, rounding: FloatArray, tol: float | None) -> tuple[FloatArray, int, float]:
    from scipy.linalg import qr

    size = np.sqrt(np.einsum("ij,ij->i", a, a))
    unit = power_of_two(size)[:, None]
    q, r, pivots = qr((a / unit).T, mode="economic", pivoting=True, check_finite=False)
    diagonal = np.abs(np.diag(r))
    noise = max(tol or 0.0, 8 * ROUNDOFF * np.sqrt(max(a.shape))) * diagonal[:1].max(initial=0.0)
    noise = max(noise, float((rounding * (size > 0) / unit[:, 0]).max(initial=0.0)))
    rank = int((diagonal > noise).sum())
    if not rank:
        return np.zeros((a.shape[1], b.shape[1])), 0, 1.0
    z = np.linalg.lstsq(r[:rank].T * unit[pivots], b[pivots], rcond=None)[0]
    return q[:, :rank] @ z, rank, float(diagonal[0] / diagonal[rank - 1])
