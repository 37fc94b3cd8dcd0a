r"""Jeffreys' prior as a penalty: :math:`f^*(\theta) = f(\theta) - \tfrac12 \log|H(\theta)|`, which keeps every estimate finite.

For a canonical link its minimum removes the first-order bias of the maximum likelihood estimate. With ``b_i = T^T z_i``, ``T T^T = H^-1``,
the leverages :math:`h_i = w_i c_i |b_i|^2` and :math:`M_j = \sum_i w_i c'_i z_{ij} b_i b_i^\top`, primes being derivatives in the
predictor,

.. math:: \nabla f^* = \nabla f - \tfrac12 \sum_i h_i \frac{c'_i}{c_i} z_i, \qquad
   \nabla^2 f^*_{jk} = H_{jk} - \tfrac12 \sum_i h_i \frac{c''_i}{c_i} z_{ij} z_{ik} + \tfrac12 \langle M_j, M_k \rangle .

H must be known before the leverages: an evaluation takes two passes.

References
----------
Firth (1993), "Bias reduction of maximum likelihood estimates", Biometrika 80(1), section 3.
Kosmidis and Firth (2021), "Jeffreys-prior penalty, finiteness and shrinkage in binomial-response generalized linear models",
Biometrika 108(1).
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.calculus.quadratic import Quadratic
from mathlearn.data.reduce import found_again
from mathlearn.linalg.triangular import cholesky_upper

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray
    from mathlearn.calculus.objective import Objective, Sums
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["LINKS", "jeffreys_at"]

_NUMBERS = 1 << 20  # numbers of the products of whitened rows held at a time


def _logit(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    slope = -np.tanh(eta / 2.0)
    return slope, 1.0 - 1.5 * (1.0 - slope) * (1.0 + slope)


def _log(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.ones_like(eta), np.ones_like(eta)


LINKS: dict[str, Callable[[FloatArray], tuple[FloatArray, FloatArray]]] = {"logit": _logit, "log": _log}
"""For each canonical link of a family without dispersion: ``c' / c`` and ``c'' / c`` of the curvature of a row."""


class _Part(NamedTuple):
    """Sums over rows: the gradient of the log-determinant, the first part of its curvature, and M as (k, r, r)."""

    slope: FloatArray
    square: FloatArray
    cross: FloatArray

    def merge(self, other: _Part) -> _Part:
        return _Part(self.slope + other.slope, self.square + other.square, self.cross + other.cross)


def jeffreys_at(
    objective: Objective,
    rows: Rows,
    theta: FloatArray,
    *,
    max_rows: int,
    threads: int,
    independent: bool = False,
    along: FloatArray | None = None,
) -> Sums:
    """Evaluate the penalised objective at theta (k,): value, gradient, and curvature (that of f where its own is not positive).

    Parameters
    ----------
    independent : bool
        Whether the columns of the coordinates are known to be independent. If so, a determinant that is lost to rounding is small
        because the working weights are: the penalty is a wall there, and the value infinite.
    along : (k, m), optional
        Directions in which theta may move, so that the curvature need be positive in them alone.
    """
    sums = objective.at(rows, theta, max_rows=max_rows, threads=threads)
    intercept = objective.coordinates.intercept
    model = Quadratic.of(sums.gradient, sums.curvature, intercept=intercept)
    if model is None or model.stiff:
        # Else the columns may be what is dependent: the loop stops there, or takes other coordinates.
        return replace(sums, loss=math.inf) if independent else sums
    of = partial(_part, objective, theta, model)
    few = max(1, min(max_rows, _NUMBERS // max(sums.gradient.size**2, 1)))
    part = found_again(rows.reduce(of, _Part.merge, max_rows=few, threads=threads))
    level = math.log(model.weight) if intercept else 0.0
    log_determinant = level - 2.0 * float(np.linalg.slogdet(model.factor)[1])
    flat = part.cross.reshape(len(part.cross), -1)
    curvature = sums.curvature - 0.5 * part.square + 0.5 * flat @ flat.T
    return replace(
        sums,
        loss=sums.loss - 0.5 * log_determinant,
        gradient=sums.gradient - 0.5 * part.slope,
        curvature=curvature if _is_positive(curvature, along) else sums.curvature,
    )


def _is_positive(curvature: FloatArray, along: FloatArray | None) -> bool:
    curvature = curvature if along is None else along.T @ curvature @ along
    size = np.sqrt(np.abs(curvature.diagonal()))
    return bool((curvature.diagonal() > 0.0).all()) and cholesky_upper(curvature / size / size[:, None]) is not None


def _part(objective: Objective, theta: FloatArray, model: Quadratic, chunk: Chunk) -> _Part:
    z, eta, weighted = objective.seen_from(chunk, theta)
    white = (z - model.mean) @ model.factor
    if objective.coordinates.intercept:
        white = np.concatenate([np.full((len(white), 1), 1.0 / math.sqrt(model.weight)), white], axis=1)
        z = np.concatenate([np.ones((len(z), 1)), z], axis=1)
    first, second = LINKS[objective.link.name](eta)
    leverage = weighted * np.einsum("ij,ij->i", white, white)
    pairs = (white[:, :, None] * white[:, None, :]).reshape(len(white), -1)
    cross = (z * (weighted * first)[:, None]).T @ pairs
    r = white.shape[1]
    return _Part((leverage * first) @ z, (z * (leverage * second)[:, None]).T @ z, cross.reshape(z.shape[1], r, r))
