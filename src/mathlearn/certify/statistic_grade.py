"""Evidence from the merged centred statistic and its rounding bound: it costs no pass over the rows.

With the moments G of ``[X y]`` about their mean, the residual of the normal equations ``G_xy - G_xx b`` is formed in
double-double; what the statistic itself may be off, entry by entry ``gamma * |z_i| |z_j|``, is added to every bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.evidence import Evidence, FactorEvidence, centring
from mathlearn.linalg.errorfree import ROUNDOFF, dd_dot, gamma
from mathlearn.results.certificate import Certificate, Check

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.linalg.solution import LeastSquares


def from_statistic(solution: LeastSquares, *, centred: bool) -> Evidence:
    """Return the evidence that the first pass's statistic gives about a solution."""
    moments, p = solution.moments, solution.coef.shape[1]
    gram = moments.centred() if centred else moments.gram
    unit = moments.frame.scale
    size = np.sqrt(np.diag(moments.gram))
    coef = solution.coef.T * unit[:p, None] / unit[p:]
    residual = _residual(gram, coef, p)
    reach = size[p:] + size[:p] @ np.abs(coef)  # (q,) norms that cancelled in each residual
    relative = moments.relative_error
    white = solution.whitener * unit[:p, None]
    slack = relative * (size[:p] @ np.abs(white))
    error = np.abs(white @ (white.T @ residual))
    row = np.sqrt(np.einsum("ij,ij->i", white, white))
    error += row[:, None] * (float(np.linalg.norm(slack)) * reach)
    whiteness = white.T @ gram[:p, :p] @ white
    whiteness[np.diag_indices_from(whiteness)] -= 1.0
    limit = float(4 * relative * (size[:p] @ np.abs(white)).max(initial=0.0) ** 2)
    slopes = error * unit[p:] / unit[:p, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.abs(residual) / (size[:p, None] * reach * ROUNDOFF)
    return Evidence(
        grade="statistic",
        residual=float(np.nan_to_num(level).max(initial=0.0)),
        residual_limit=max(relative / ROUNDOFF, 4.0),
        error=np.vstack([_intercept_error(solution, slopes, reach * unit[p:]), slopes]).T if centred else slopes.T,
        rss=_rss(gram, coef, residual, p) * unit[p:] ** 2,
        rss_error=relative * reach**2 * unit[p:] ** 2,
        factor=FactorEvidence.of(
            solution,
            whiteness,
            np.zeros(p) if centred else None,
            far_error=limit,
            limit=limit,
            centring=_centring(solution) if centred else 0.0,
        ),
        dependence=0.0,
    )


def unsolved(share: float, least: float) -> Certificate:
    """Return the certificate of a statistic that gives no solution, since it knows too little of a column.

    Parameters
    ----------
    share : what is left of the column
    least : what would have to be left
    """
    most, reached = 1.0 / least, 1.0 / share if share > 0 else float("inf")
    return Certificate(
        checks=(Check("digits_of_statistic", reached, most, _MEANING),),
        grade="statistic",
        unique=False,
        digits=float("nan"),
        error_in_se=float("nan"),
        statistical_digits=float("nan"),
    )


_MEANING = "by how much a column exceeds what its mean and the others leave of it: sums of squares hold half the digits of the rows"


def _residual(gram: FloatArray, coef: FloatArray, p: int) -> FloatArray:
    """``G_xy - G_xx b`` with the products and sums in double-double."""
    q = coef.shape[1]
    both = np.vstack([-coef, np.eye(q)])
    residual = np.empty((p, q))
    step = max(1, 2_000_000 // max(1, both.size))  # a few columns of G at a time bound the memory of the products
    for at in range(0, p, step):
        part = slice(at, min(at + step, p))
        high, low = dd_dot(gram[:, part], (both, np.zeros_like(both)))
        residual[part] = high + low
    return residual


def _rss(gram: FloatArray, coef: FloatArray, residual: FloatArray, p: int) -> FloatArray:
    """``y'y - b' X'y - b' g``: the quadratic form at the solution shown."""
    total = np.diag(gram)[p:]
    left = total - np.einsum("ij,ij->j", coef, gram[:p, p:]) - np.einsum("ij,ij->j", coef, residual)
    rss: FloatArray = np.maximum(left, 0.0)
    return rss


def _intercept_error(solution: LeastSquares, slopes: FloatArray, reach: FloatArray) -> FloatArray:
    """Error of ``my - m b``: of the slopes, of the means and of the final rounding."""
    moments = solution.moments
    products = np.abs(solution.mean) @ np.abs(solution.coef.T)
    rounding = (gamma(solution.mean.size) + 2 * ROUNDOFF) * (np.abs(solution.mean_y) + products)
    means = moments.relative_error * reach / np.sqrt(moments.weight)
    wrong = np.abs(solution.intercept - (solution.centre - solution.mean @ solution.coef.T))
    moved = np.abs(solution.centre - moments.mean[solution.mean.size :])
    bound: FloatArray = wrong + moved + rounding + means + np.abs(solution.mean) @ slopes
    return bound


def _centring(solution: LeastSquares) -> float:
    moments, p = solution.moments, solution.mean.size
    return centring(solution.mean - moments.mean[:p], solution, moments.norms(centred=True)[:p])
