"""From where the solver ended to the numbers shown, in the user's units."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.calculus.quadratic import Quadratic
from mathlearn.certify.likelihood import Factor, of_white_columns
from mathlearn.certify.likelihood_rows import Shown
from mathlearn.linalg.errorfree import ROUNDOFF, minus_dot
from mathlearn.linalg.moments import power_of_two
from mathlearn.results.fit_result import Curvature
from mathlearn.statistics.functional import row_lengths

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.newton_fit import Solved
    from mathlearn.linalg.dependence import Dependence

_DEPENDENT = 1e3  # condition from which products of the columns keep too few digits to judge standard errors by

__all__ = ["Numbers", "factor_of", "numbers_of", "sharpened", "shown_of"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the solver found, in the coordinates of the rows; user units.

    Attributes
    ----------
    coef : (p,)
    intercept : float
        Where the columns, as the rows count them, are zero.
    centre : float
        Linear predictor at the mean.
    weight : float
        Sum of the working weights.
    curvature : Curvature
    rank : int
    condition : float
    """

    coef: FloatArray
    intercept: float
    centre: float
    weight: float
    curvature: Curvature
    rank: int
    condition: float


def numbers_of(solved: Solved, spec: LikelihoodSpec) -> Numbers:
    """Read the user's numbers off a solution.

    Raises
    ------
    DomainError
        The objective is not finite wherever it was tried.
    """
    last = solved.optimum.last
    if last is None:
        raise DomainError(
            "the likelihood, or its curvature, is beyond the range of floating-point numbers wherever it was tried: the numbers in y, in "
            "the columns, in the offset, in the weights or the penalty are too large or too small. Change their units."
        )
    c, theta, model, first = solved.objective.coordinates, solved.optimum.theta, last.model, int(spec.fit_intercept)
    white = model.factor if c.basis is None else c.basis @ model.factor
    whitener = np.zeros((c.shift.size, white.shape[1]))
    whitener[c.columns] = white / c.scale[c.columns][:, None]
    mean = _mean(solved, model.mean) if first else np.zeros(c.shift.size)
    coef = solved.dependence.minimum_norm(c.slopes(theta)[None])[0]
    # At the very mean that is shown: far from zero it is rounded by much of a standard error.
    centre = float(theta[0] + c.of(mean[None])[0] @ theta[1:]) if first else 0.0
    intercept = (
        float(minus_dot((np.array([centre]), np.zeros(1)), mean, (coef[:, None], np.zeros((coef.size, 1))))[0])
        if first
        else 0.0
    )
    origin = np.array(spec.origin, np.float64) if spec.origin else np.zeros(mean.shape)
    curvature = Curvature(
        mean=mean,
        origin=origin,
        whitener=whitener,
        mean_white=whitener.T @ (mean + origin),
        null=solved.dependence.null,
        scale=power_of_two(_spread(whitener)),
    )
    kappa = model.condition if c.basis is None else _condition(whitener * curvature.scale[:, None])
    return Numbers(coef, intercept, centre, model.weight, curvature, whitener.shape[1], kappa)


def _condition(whitener: FloatArray) -> float:
    """Condition number of columns of one length whose whitener (p, r) this is; dependent ones have no row in it."""
    kept = whitener[whitener.any(axis=1)]
    return float(np.linalg.cond(kept)) if kept.size else 1.0


def sharpened(numbers: Numbers, expected: FloatArray, penalty: float, kept: IntArray, *, intercept: bool) -> Numbers:
    """Take the curvature that the evidence found at the solution itself: the solver's is that of the point before its last step.

    Parameters
    ----------
    expected : (k, k)
        About the mean shown and in units of the scales.
    kept : (r,)
        Columns that are not made of others.
    """
    first, c = int(intercept), numbers.curvature
    used, scale = np.concatenate([np.arange(first), first + kept]), c.scale[kept]
    curvature = expected[np.ix_(used, used)]
    curvature.reshape(-1)[:: used.size + 1][first:] += penalty / scale**2
    model = Quadratic.of(np.zeros(used.size), curvature, intercept=intercept)
    if model is None or model.stiff:
        return numbers
    whitener = np.zeros((c.scale.size, model.factor.shape[1]))
    whitener[kept] = model.factor / scale[:, None]
    if not intercept:
        return replace(
            numbers,
            curvature=replace(c, whitener=whitener, mean_white=whitener.T @ c.origin),
            condition=model.condition,
        )
    everywhere = expected[0, 1:] / expected[0, 0]
    mean = c.mean + c.scale * everywhere
    moved = mean - c.mean  # as it was rounded
    return replace(
        numbers,
        centre=numbers.centre + float(moved @ numbers.coef),
        weight=model.weight,
        curvature=replace(c, mean=mean, whitener=whitener, mean_white=whitener.T @ (mean + c.origin)),
        condition=model.condition,
    )


def _mean(solved: Solved, mean: FloatArray) -> FloatArray:
    """Mean of the columns (p,) under the working weights, from that (r,) in the solver's coordinates."""
    c, dependence = solved.objective.coordinates, solved.dependence
    away = mean if c.basis is None else np.linalg.solve(c.basis.T, mean)
    full = c.shift.copy()
    full[c.columns] += away * c.scale[c.columns]
    if dependence.dropped.size:
        full[dependence.dropped] = full[dependence.kept] @ dependence.weights + dependence.constant
    return full


def _spread(whitener: FloatArray) -> FloatArray:
    """Size (p,) of each column about its mean: at least the inverse of the standard error that it alone would leave."""
    length = row_lengths(whitener)
    return np.where(length > 0.0, 1.0 / np.where(length > 0.0, length, 1.0), 1.0)


def shown_of(
    numbers: Numbers, spec: LikelihoodSpec, dependence: Dependence, null_eta: float, *, careful: bool
) -> Shown:
    """Return the numbers that are put to the test; dependent columns carry nothing there."""
    coef, _ = dependence.basic(numbers.coef[None], np.array([numbers.intercept]))
    dependent = numbers.condition > _DEPENDENT and spec.bias_reduction == "none"
    c = numbers.curvature
    near = not spec.fit_intercept or bool((c.mean**2 * numbers.weight <= c.scale**2).all())
    return Shown(
        family=spec.family,
        link=spec.link,
        coef=coef[0],
        mean=numbers.curvature.mean,
        centre=numbers.centre,
        intercept=spec.fit_intercept,
        null_eta=null_eta,
        scale=numbers.curvature.scale,
        careful=careful,
        basis=numbers.curvature.whitener * numbers.curvature.scale[:, None] if dependent else None,
        near=near,
    )


def factor_of(numbers: Numbers, shown: Shown, penalty: float) -> Factor:
    """Return the factor that is put to the test, for the level at the mean of `shown` and the slopes in units of its scales."""
    scale, first = shown.scale, int(shown.intercept)
    white = numbers.curvature.whitener * scale[:, None]
    slopes, each = shown.coef * scale, penalty / scale**2
    if not first:
        factor = Factor(white, white, each, slopes, np.abs(slopes))
        return factor if shown.basis is None else of_white_columns(factor, intercept=False)
    root = np.zeros((white.shape[0] + 1, white.shape[1] + 1))
    root[0, 0], root[1:, 1:] = 1.0 / math.sqrt(numbers.weight), white
    root[0, 1:] = (shown.mean - numbers.curvature.mean) @ numbers.curvature.whitener
    mean_white = numbers.curvature.whitener.T @ numbers.curvature.mean
    row = np.concatenate([root[0, :1], -mean_white])
    beta = np.concatenate([[shown.centre], slopes])
    sizes = np.abs(np.concatenate([[numbers.intercept], slopes]))
    rounding = 8.0 * ROUNDOFF * np.abs(numbers.curvature.mean) @ np.abs(numbers.curvature.whitener)
    factor = Factor(
        root,
        np.concatenate([row[None], root[1:]]),
        np.concatenate([[0.0], each]),
        beta,
        sizes,
        loose=math.sqrt(numbers.weight) * rounding,
    )
    return factor if shown.basis is None else of_white_columns(factor, intercept=True)
