"""Non-negative least squares on a triangular factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg import rank
from mathlearn.linalg.dependence import Dependence
from mathlearn.linalg.solution import Estimate
from mathlearn.linalg.tsqr import equilibrated

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.linalg.tsqr import RFactor


@dataclass(frozen=True, slots=True, kw_only=True)
class NonnegativeSolution(Estimate):
    """Solution of ``min |y - b0 - X b|`` with ``b >= 0``.

    Attributes
    ----------
    size : (p,) norms of the (centred) columns
    dependence : which columns depend on others
    """

    size: FloatArray
    dependence: Dependence


def solve(qr: RFactor, p: int, *, centred: bool) -> NonnegativeSolution:
    """Solve by the active-set method on the factor, which has the same normal equations as the rows.

    References
    ----------
    Lawson and Hanson (1995), "Solving Least Squares Problems", chapter 23.
    """
    from scipy.optimize import nnls

    found = equilibrated(qr, centred=centred)
    r, scale, mean = found.r, found.scale, found.mean
    scaled = np.zeros((r.shape[1] - p, p))
    if r.shape[0] and p:  # nothing is left of a single row, once centred; and nnls is not made for no columns
        for k, row in enumerate(scaled):
            row[:] = nnls(r[:, :p], r[:, p + k], maxiter=max(30 * p, 1))[0]
    left = r[:, p:] - r[:, :p] @ scaled.T
    coef = scaled * scale[p:, None] / scale[:p]
    return NonnegativeSolution(
        coef=coef,
        intercept=mean[p:] - coef @ mean[:p],
        mean=mean[:p],
        mean_y=mean[p:],
        rss=np.einsum("ij,ij->j", left, left) * scale[p:] ** 2,
        tss=found.size[p:] ** 2,
        size=found.size[:p],
        dependence=Dependence.of(rank.verdict(r, found.raw[:p], p, None), scale[:p], mean[:p]),
    )
