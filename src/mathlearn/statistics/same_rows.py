"""Whether two fits are of the same rows, as far as their moments tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.linalg.moments import Moments
    from mathlearn.results.fit_result import FitResult

__all__ = ["differing_column"]

SAFETY = 8.0
"""Errors of both fits, of the sums taken out of the products, and of values rounded before they were summed."""


class _Shared(NamedTuple):
    """Moments of the m columns that two fits share, those of X before the q of y, with what rounding may have done to them.

    Attributes
    ----------
    mean, square : (m,)
        Means, and sums of squares about them.
    product : (m, q)
        Products with y, about the means.
    mean_error, square_error, product_error : of the same shapes
    """

    mean: FloatArray
    square: FloatArray
    product: FloatArray
    mean_error: FloatArray
    square_error: FloatArray
    product_error: FloatArray


def differing_column(a: FitResult, b: FitResult) -> str | None:
    """Name a column that the two fits share and that is not the same, row by row, in both; None where all agree.

    Means, sums of squares and products with y, which fits of the same rows have in common up to rounding, are compared: a column whose
    rows stand in another order has other products with y.

    Parameters
    ----------
    a, b : FitResult
        With the same responses. Without the moments of both nothing is compared.
    """
    if a.statistic is None or b.statistic is None:
        return None
    place = {term: j for j, term in enumerate(b.terms)}
    shared = [j for j, term in enumerate(a.terms) if term in place]
    theirs = [place[a.terms[j]] for j in shared]
    q = len(a.responses)
    scale = a.statistic.frame.scale[[*shared, *range(-q, 0)]]
    found, other = _shared(a, a.statistic, shared, scale), _shared(b, b.statistic, theirs, scale)
    names = [*(a.terms[j] for j in shared), *a.responses]
    alone = _differs(found.mean, other.mean, found.mean_error + other.mean_error)
    alone |= _differs(found.square, other.square, found.square_error + other.square_error)
    with_y = _differs(found.product, other.product, found.product_error + other.product_error).any(axis=1)
    for differs in (alone, with_y):
        if differs.any():
            return names[int(differs.argmax())]
    return None


def _shared(result: FitResult, moments: Moments, slopes: list[int], scale: FloatArray) -> _Shared:
    """Return the moments of these columns of X and of all of y, in units of `scale`."""
    q = len(result.responses)
    columns = [*slopes, *range(len(result.terms), len(result.terms) + q)]
    ratio = moments.frame.scale[columns] / scale  # of powers of two
    shift = moments.frame.shift[columns] / scale
    sums = moments.sums[columns] * ratio
    square = moments.gram.diagonal()[columns] * ratio**2
    product = moments.gram[np.ix_(columns, columns[-q:])] * np.outer(ratio, ratio[-q:])
    origin = np.zeros_like(scale)
    if result.curvature is not None:
        origin[:-q] = result.curvature.origin[slopes] / scale[:-q]
    root = np.sqrt(square)
    noise = moments.relative_error * root + ROUNDOFF * (np.abs(shift) + np.abs(origin)) * np.sqrt(moments.weight)
    return _Shared(
        mean=shift + sums / moments.weight + origin,
        square=square - sums * (sums / moments.weight),
        product=product - np.outer(sums, sums[-q:] / moments.weight),
        mean_error=noise / np.sqrt(moments.weight),
        square_error=2 * noise * root,
        product_error=np.outer(noise, root[-q:]) + np.outer(root, noise[-q:]),
    )


def _differs(a: FloatArray, b: FloatArray, error: FloatArray) -> BoolArray:
    differs: BoolArray = np.abs(a - b) > SAFETY * error
    return differs
