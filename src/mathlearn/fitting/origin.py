"""Columns of huge integers are fitted from an origin of their own; the intercept is where they are zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import dd_add, dd_dot

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray


def intercept_at_zero(intercept: FloatArray, coef: FloatArray, origin: tuple[int, ...]) -> FloatArray:
    """Move the intercept (q,) from the columns' origin to zero: ``intercept - coef @ origin``, in double-double."""
    if not any(origin):
        return intercept
    high = np.array([float(shift) for shift in origin])
    low = np.array([float(shift - int(value)) for shift, value in zip(origin, high, strict=True)])
    slopes = coef.T, np.zeros_like(coef.T)
    total = (intercept, np.zeros_like(intercept))
    for part in (high, low):
        carried = dd_dot(part[:, None], slopes)
        total = dd_add(total, (-carried[0][0], -carried[1][0]))
    return total[0]
