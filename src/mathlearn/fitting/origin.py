"""Columns of huge integers are fitted from an origin of their own; the intercept is where they are zero."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import minus_dot

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult


def intercept_at_zero(intercept: FloatArray, coef: FloatArray, origin: tuple[int, ...]) -> FloatArray:
    """Move the intercept (q,) from the columns' origin to zero: ``intercept - coef @ origin``, rounded once."""
    if not any(origin):
        return intercept
    high = np.array([float(shift) for shift in origin])
    low = np.array([float(shift - int(value)) for shift, value in zip(origin, high, strict=True)])
    slopes = np.concatenate([coef.T, coef.T])
    start = intercept, np.zeros_like(intercept)
    return minus_dot(start, np.concatenate([high, low]), (slopes, np.zeros_like(slopes)))


def counted_from(result: FitResult, origin: tuple[int, ...]) -> FitResult:
    """Return the fit with its intercept at the columns' origin, where rows count from, if fitted values are made from it.

    With a curvature, or of several classes, they are made from the means, which count from there already.
    """
    if result.curvature is not None or result.stack is not None or not any(origin):
        return result
    back = tuple(-shift for shift in origin)
    return replace(result, intercept=intercept_at_zero(result.intercept, result.coef, back))
