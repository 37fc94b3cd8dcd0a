"""How much is added up in a gradient, of which rounding hides a share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.probability.family import Family, Kernels
    from mathlearn.probability.link import Link

__all__ = ["GradientTerms", "far_out", "pearson_shares"]

_FAR = 1e6  # squared Pearson residual, over the median one where that is above 1, beyond which a row's terms are added as they are
_SMALLEST, _LARGEST, _ROOT = 1e-290, 1e290, 1e145


class GradientTerms(NamedTuple):
    r"""What bounds the sizes of the terms of a gradient, :math:`\sum_i |w_i \ell'_i z_{ij}|`; a monoid under `merge`.

    By Cauchy and Schwarz that is at most the root of Pearson's statistic times the length of the column under the working weights. A row
    far out, such as a success whose fitted probability is 1e-100, makes that a bound of no use: the terms of such rows are added instead.

    Attributes
    ----------
    usual : float
        Pearson's statistic of the rows that are not far out.
    far : (k,)
        Sum of the terms of those that are; about the mean shown and in units of the scales.
    """

    usual: float
    far: FloatArray

    def merge(self, other: GradientTerms) -> GradientTerms:
        """Return the bound over both sets of rows."""
        return GradientTerms(self.usual + other.usual, self.far + other.far)

    def bound(self, lengths: FloatArray) -> FloatArray:
        """Bound the terms (k,), given the lengths (k,) of the columns under the working weights."""
        return math.sqrt(self.usual) * lengths + self.far


def far_out(share: FloatArray) -> BoolArray:
    """Say of each row whether its squared Pearson residual `share` (n,) is of another order than those of the others."""
    if not share.size or share.max() <= _FAR:
        return np.zeros(share.shape, np.bool_)
    return np.asarray(share > _FAR * max(1.0, float(np.median(share))))


def pearson_shares(y: FloatArray, eta: FloatArray, family: Family, link: Link, rows: Kernels) -> FloatArray:
    """Return the squared Pearson residuals (n,); a row whose mean is its observation at the end of the range has none.

    ``gradient**2 / curvature`` is ``(y - mu)**2 / V(mu)``; where the curvature leaves the range of doubles, the variance may not. It is
    infinite where both do.
    """
    g, c = rows.gradient, rows.curvature
    share = np.divide(g, c, out=np.zeros_like(g), where=(c > 0.0) | (g != 0.0))
    share *= g
    inside = (c > _SMALLEST) & (c < _LARGEST)
    if inside.all():
        return share
    mean = link.mu(eta)
    variance, residual = family.variance(mean), y - mean
    better = ~inside & (variance > _SMALLEST) & (variance < _LARGEST) & (np.abs(residual) < _ROOT)
    share[better] = residual[better] * residual[better] / variance[better]
    return share
