"""Cholesky factors and triangular solves, with little overhead for small matrices."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray, IntArray

_SMALL = 64


@cache
def _lapack(name: str) -> Any:
    from scipy.linalg import lapack

    return getattr(lapack, name)


@cache
def _blas(name: str) -> Any:
    from scipy.linalg import blas

    return getattr(blas, name)


def _upper(a: FloatArray) -> FloatArray:
    """Return the upper triangle of a square matrix, as `numpy.triu` does at several times the cost for a small one."""
    return np.where(_above(a.shape[0]), a, 0.0) if a.shape[0] <= _SMALL else np.triu(a)


@cache
def _above(order: int) -> BoolArray:
    return np.triu(np.ones((order, order), dtype=bool))


def inverse_upper(r: FloatArray) -> FloatArray:
    """Inverse of an upper triangular matrix with nonzero diagonal (LAPACK trtri)."""
    if r.shape[0] <= 1:
        return 1.0 / r
    inverse, _ = _lapack("dtrtri")(r, lower=0)
    return _upper(inverse)


def cholesky_upper(a: FloatArray) -> FloatArray | None:
    """Upper triangular R with ``R^T R = a``, or None when `a` is not numerically positive definite (LAPACK potrf)."""
    if a.shape[0] == 1:
        return np.sqrt(a) if a[0, 0] > 0 else None
    r, info = _lapack("dpotrf")(a, lower=0, clean=1)
    return None if info else r


def pivoted_cholesky(a: FloatArray) -> tuple[FloatArray, IntArray]:
    """Upper triangular R and pivots P with ``R^T R = a[P][:, P]``; rows from the numerical rank on are zero (LAPACK pstrf)."""
    if a.shape[0] <= 1:
        return np.sqrt(np.maximum(a, 0.0)), np.zeros(a.shape[0], np.int64)
    r, pivots, rank, _ = _lapack("dpstrf")(a, lower=0, tol=-1.0)
    r = _upper(r)
    r[rank:] = 0.0
    return r, np.asarray(pivots, np.int64) - 1


def solve_upper(r: FloatArray, b: FloatArray, *, transposed: bool = False) -> FloatArray:
    """Solve ``r x = b`` or ``r^T x = b``."""
    if r.shape[0] <= 1:
        return b / r if r.size else b
    if b.shape[-1] == 1:
        x, _ = _lapack("dtrtrs")(r, b, lower=0, trans=int(transposed))
    else:  # with several columns, OpenBLAS's trtrs starts threads for the smallest systems
        x = _blas("dtrsm")(1.0, r, b, trans_a=int(transposed))
    return np.asarray(x)
