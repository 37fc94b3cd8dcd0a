"""Evidence about a likelihood fit of many columns: the gradient at the numbers shown, from an independent pass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.linalg.errorfree import TINY
from mathlearn.results.certificate import Certificate, Check

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

__all__ = ["FirstOrderRows", "FirstOrderShown", "first_order_certificate"]

_MOST_GRADIENT = 1e-6


class FirstOrderShown(NamedTuple):
    """The numbers that are put to the test, in the coordinates of the rows.

    Attributes
    ----------
    family, link
    coef : (p,)
    intercept : float
    null_eta : float
        Linear predictor of the model without columns, the offset apart.
    """

    family: Family
    link: Link
    coef: FloatArray
    intercept: float
    null_eta: float


class FirstOrderRows(NamedTuple):
    """What the rows say; a monoid under `merge`.

    Attributes
    ----------
    level : float
        Sum of ``w l'``.
    gradient : (p,)
        Sum of ``w l'`` times each column.
    square : (p,)
        Sum of ``w c`` times the square of each column.
    weight : float
        Sum of the working weights ``w c``.
    deviance, null_deviance, pearson : float
    """

    level: float
    gradient: FloatArray
    square: FloatArray
    weight: float
    deviance: float
    null_deviance: float
    pearson: float

    def merge(self, other: FirstOrderRows) -> FirstOrderRows:
        """Return the sums over both sets of rows."""
        return FirstOrderRows(
            self.level + other.level,
            self.gradient + other.gradient,
            self.square + other.square,
            self.weight + other.weight,
            self.deviance + other.deviance,
            self.null_deviance + other.null_deviance,
            self.pearson + other.pearson,
        )

    @classmethod
    def of(cls, chunk: Chunk, shown: FirstOrderShown) -> FirstOrderRows:
        """Look at one block of rows, dense or sparse."""
        response = np.asarray(chunk.y)
        y = response[:, 0]
        weight = np.ones(y.size) if chunk.weight is None else chunk.weight
        if response.shape[1] > 1:
            weight = weight * response[:, 1]
        x: Any = chunk.X
        offset = 0.0 if chunk.offset is None else chunk.offset
        eta = np.asarray(x @ shown.coef) + shown.intercept + offset
        kernels = shown.family.kernels(y, eta, shown.link)
        pull, curve = weight * kernels.gradient, weight * kernels.curvature
        squares = x.multiply(x) if hasattr(x, "multiply") else np.square(x)
        mean = shown.link.mu(eta)
        null = np.broadcast_to(shown.null_eta + offset, y.shape)
        variance = shown.family.variance(mean)
        share = np.divide((y - mean) ** 2, variance, out=np.zeros_like(y), where=variance > 0.0)
        return cls(
            level=float(pull.sum()),
            gradient=np.asarray(x.T @ pull),
            square=np.asarray(squares.T @ curve),
            weight=float(curve.sum()),
            deviance=float(weight @ shown.family.deviance_at(y, eta, shown.link)),
            null_deviance=float(weight @ shown.family.deviance_at(y, null, shown.link)),
            pearson=float(weight @ share),
        )


def first_order_certificate(
    rows: FirstOrderRows, coef: FloatArray, penalty: float, *, intercept: bool, ended: bool
) -> Certificate:
    """Judge by the gradient alone: no curvature is at hand that would say how far the optimum is."""
    reach = math.sqrt(rows.pearson)
    slope = np.abs(rows.gradient + penalty * coef)
    size = reach * np.sqrt(rows.square) + np.abs(penalty * coef)
    worst = float((slope / np.maximum(size, TINY)).max(initial=0.0))
    if intercept:
        worst = max(worst, abs(rows.level) / max(reach * math.sqrt(rows.weight), TINY))
    checks = (
        Check(
            "gradient",
            worst,
            _MOST_GRADIENT,
            "the gradient at the solution, relative to the size of its terms: the cosine between a column and the residuals",
        ),
        Check("convergence", 0.0 if ended else 1.0, 0.0, "the solver ended before its limit of iterations"),
    )
    note = "no curvature was formed for so many columns: the distance to the optimum in standard errors is not known"
    return Certificate(checks, "rows", penalty > 0.0, math.nan, math.nan, math.nan, (note,))
