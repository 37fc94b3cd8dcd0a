"""Extreme eigenvalues of symmetric matrices: all of them up to order 200, by Lanczos iteration above."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["largest", "least"]

_DIRECT = 200


def largest(a: FloatArray) -> float:
    """Largest eigenvalue of a positive semi-definite matrix.

    References
    ----------
    Golub and Van Loan (2013), "Matrix Computations", 4th ed., section 10.1.
    """
    unit = float(np.abs(a).max(initial=0.0))
    if unit == 0 or not np.isfinite(unit):
        return unit
    if a.shape[0] <= _DIRECT:
        return unit * float(np.linalg.eigvalsh(a / unit)[-1])
    from scipy.sparse.linalg import eigsh

    start = np.ones(a.shape[0]) + np.arange(a.shape[0]) / a.shape[0]
    return unit * float(eigsh(a / unit, k=1, which="LA", v0=start, return_eigenvectors=False)[0])


def least(lower: FloatArray) -> float:
    """Least eigenvalue of ``L L^T``, given its Cholesky factor: the reciprocal of the largest of the inverse."""
    if lower.shape[0] <= _DIRECT:
        return float(np.linalg.eigvalsh(lower @ lower.T)[0])
    from scipy.linalg import solve_triangular

    inverse = solve_triangular(lower, np.eye(lower.shape[0]), lower=True)
    return 1.0 / largest(inverse.T @ inverse)
