"""Certificates for solutions without a curvature factor: the gradient at the numbers shown, from the rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.row_sums import RowSums, plain_claim
from mathlearn.data.reduce import found_again
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.results.certificate import Certificate, Check

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.rows import Rows

_ROUNDINGS = 32.0  # allowed for in each row of a sum
_MOST_DISTANCE = 1e-8  # of the shortest coefficients from the row space, relative to their length


@dataclass(frozen=True, slots=True)
class Shown:
    """A solution as shown.

    Attributes
    ----------
    coef, intercept : (q, p), (q,)
    mean : (p,) about which the gradient is taken
    weight : sum of the weights
    centred : whether there is an intercept
    """

    coef: FloatArray
    intercept: FloatArray
    mean: FloatArray
    weight: float
    centred: bool


@dataclass(frozen=True, slots=True)
class Gradient:
    """What a pass over the rows finds.

    Attributes
    ----------
    level : (p, q) gradient in units of what rounding can leave in it
    mean : (q,) mean residual likewise; zero without intercept
    rss : (q,)
    """

    level: FloatArray
    mean: FloatArray
    rss: FloatArray


def gradient(rows: Rows, shown: Shown, size: FloatArray, reach: FloatArray, *, max_rows: int, threads: int) -> Gradient:
    """Form the gradient from the rows.

    Parameters
    ----------
    size : (p,) norms of the (centred) columns
    reach : (q,) norms that cancel in the residuals, ``|y| + sum |b_j| |x_j|``
    """
    claim = plain_claim(shown.coef, shown.intercept, shown.mean, shifted=not rows.sparse)
    of = partial(RowSums.of, claim=claim)
    sums = found_again(rows.reduce(of, RowSums.merge, max_rows=max_rows, threads=threads))
    found = sums.gradient[0] + sums.gradient[1]
    rounding = _ROUNDINGS * np.sqrt(sums.n) * ROUNDOFF * np.outer(size, reach)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(found == 0, 0.0, found / rounding)
    total = np.abs(sums.residual[0] + sums.residual[1])
    if not shown.centred:
        return Gradient(level, np.zeros_like(total), sums.rss)
    far = np.abs(shown.intercept) + np.abs(shown.mean) @ np.abs(shown.coef.T)
    limit = _ROUNDINGS * ROUNDOFF * (np.sqrt(shown.weight) * reach + shown.weight * far)
    return Gradient(level, np.where(total == 0, 0.0, total / np.maximum(limit, TINY)), sums.rss)


def free_certificate(found: Gradient, *, distance: float | None, unique: bool, condition: float = 1.0) -> Certificate:
    """Judge an unconstrained solution: the gradient vanishes and, of many solutions, it is the shortest.

    Parameters
    ----------
    distance : relative distance of the coefficients from the row space, where they are said to be the shortest
    unique : whether the coefficients are determined by the data
    condition : of the rows, by which rounding moves the space they span
    """
    checks = [_stationary(np.abs(found.level)), _balanced(found)]
    if distance is not None:
        meaning = (
            "relative distance of the coefficients from the space spanned by the rows: zero for the shortest solution"
        )
        checks.append(Check("minimum_norm", distance, max(_MOST_DISTANCE, _ROUNDINGS * ROUNDOFF * condition), meaning))
    return _certificate(checks, unique=unique)


def nonnegative_certificate(found: Gradient, coef: FloatArray, *, unique: bool) -> Certificate:
    """Judge a solution under ``coef >= 0`` by the Karush-Kuhn-Tucker conditions.

    ``found.level`` is ``sum w (x - m) e``, minus half the gradient of the loss: it must vanish where a coefficient is
    positive and be at most zero where it is held at zero.
    """
    held = coef.T == 0
    checks = [
        Check("feasibility", float(max(0.0, -coef.min(initial=0.0))), 0.0, "no coefficient is negative"),
        _stationary(np.where(held, 0.0, np.abs(found.level))),
        _balanced(found),
        Check(
            "dual_feasibility",
            float(np.where(held, found.level, 0.0).max(initial=0.0)),
            1.0,
            "no coefficient held at zero would lower the loss by becoming positive",
        ),
    ]
    return _certificate(checks, unique=unique)


def row_space_distance(coef: FloatArray, rows: FloatArray) -> float:
    """Relative distance of coefficients (q, p) from the space spanned by the (n, p) rows, by singular values."""
    nearest = rows.T @ np.linalg.lstsq(rows.T, coef.T, rcond=None)[0]
    size = np.linalg.norm(coef, axis=1)
    far = np.linalg.norm(coef.T - nearest, axis=0)
    return float(np.divide(far, size, out=np.zeros_like(far), where=size > 0).max(initial=0.0))


def _stationary(level: FloatArray) -> Check:
    return Check(
        "normal_equations",
        float(level.max(initial=0.0)),
        1.0,
        "the gradient of the loss at the solution, relative to what rounding can leave in it",
    )


def _balanced(found: Gradient) -> Check:
    return Check(
        "mean_residual",
        float(found.mean.max(initial=0.0)),
        1.0,
        "the mean of the residuals, which an intercept makes zero, relative to what rounding can leave in it",
    )


def _certificate(checks: list[Check], *, unique: bool) -> Certificate:
    nan = float("nan")
    return Certificate(tuple(checks), "rows", unique, nan, nan, nan)
