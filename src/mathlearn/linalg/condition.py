"""Condition numbers of triangular factors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray

_EXACT = 64  # up to this order by singular values, above by power iteration
_STEPS = 30
_PAIR = 2


def condition(r: FloatArray, inverse: FloatArray) -> float:
    """Return ``norm(r, 2) * norm(inverse, 2)``; above order 64 from 30 power iterations (a lower bound, close).

    The two norms are taken apart because the smallest singular value of a badly scaled `r` itself would drown in
    rounding, while its triangular inverse is accurate entry by entry.
    """
    if r.shape[0] <= 1:
        return 1.0
    if r.shape[0] == _PAIR:
        return _condition_of_pair(r, inverse)
    with np.errstate(over="ignore"):
        return float(_norm(r) * _norm(inverse))


def _condition_of_pair(r: FloatArray, inverse: FloatArray) -> float:
    """Return the condition number k of a 2 by 2 matrix, which solves ``k + 1/k = |r|_F |r^-1|_F``."""
    t = math.sqrt(np.vdot(r, r)) * math.sqrt(np.vdot(inverse, inverse))
    return (t + math.sqrt(max(t * t - 4.0, 0.0))) / 2.0


def _norm(a: FloatArray) -> float:
    unit = float(np.abs(a).max())
    if unit == 0 or not np.isfinite(unit):
        return unit
    scaled = a / unit
    if a.shape[0] <= _EXACT:
        return unit * float(np.linalg.svd(scaled, compute_uv=False)[0])
    return unit * _power(lambda x: scaled.T @ (scaled @ x), a.shape[0])


def _power(apply: Callable[[FloatArray], FloatArray], order: int) -> float:
    x = np.ones(order) + np.arange(order) / order
    size = 0.0
    for _ in range(_STEPS):
        x = apply(x / np.linalg.norm(x))
        size = float(np.linalg.norm(x))
    return math.sqrt(size)
