"""What a separated fit says: which estimates are infinite, and where predictions lie at the end of their range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.data.chunk import dense_rows
from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.results.stack import predictors_of
from mathlearn.statistics.functional import fitted_values

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Separation
    from mathlearn.results.stack import Predictors, Stack

__all__ = ["infinite_signs", "moves", "predictors", "readable", "shown_coefficients", "with_ends"]

_ROUNDINGS = 16.0  # of a predictor, within which it counts as zero: the rule by which the directions were verified


def infinite_signs(result: FitResult) -> FloatArray:
    """Sign (k,) of each infinite estimate, intercept first; NaN where the rows leave it open, 0 where the estimate is finite."""
    separation = None if result.likelihood is None else result.likelihood.separation
    if separation is None or separation.ends is None:
        return np.zeros(len(result.terms) + result.fit_intercept)
    return separation.ends


def readable(direction: FloatArray) -> FloatArray:
    """Return a direction (k,), which has no length of its own, at the length that is the simplest to read: its least part being one."""
    parts = np.abs(direction[direction != 0.0])
    return direction / parts.min() if parts.size else direction


def moves(separation: Separation, X: FloatArray, *, intercept: bool) -> FloatArray:
    """Say, for each row of X (n, p), to which end the first direction that is not zero there moves its predictor; 0 for none."""
    moved = np.zeros(len(X))
    for direction in separation.directions.T:
        level, slopes = (direction[0], direction[1:]) if intercept else (0.0, direction)
        push = X @ slopes + level
        noise = _ROUNDINGS * ROUNDOFF * (np.abs(X) @ np.abs(slopes) + abs(level))
        moved = np.where((moved == 0.0) & (np.abs(push) > noise), np.sign(push), moved)
    return moved


def predictors(result: FitResult, chunk: Chunk) -> FloatArray:
    """Return the linear predictors (n,) at the rows of a chunk, offset included; infinite where a direction of separation moves them."""
    eta = fitted_values(result, chunk)[:, 0]
    separation = None if result.likelihood is None else result.likelihood.separation
    if separation is None:
        return eta
    X = dense_rows(chunk.X)
    moved = moves(separation, X, intercept=result.fit_intercept)
    return np.where(moved != 0.0, np.copysign(np.inf, moved), eta)


def shown_coefficients(result: FitResult) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients (q, p) and the intercept (q,) with infinities where the estimates are infinite."""
    signs, known = infinite_signs(result), predictors_of(result)
    separation = None if result.likelihood is None else result.likelihood.separation
    if separation is None:
        return known.coef, known.intercept
    if result.stack is not None:
        return _shown_scores(result.stack, separation, known)
    first = int(result.fit_intercept)
    coef = with_ends(result.coef, signs[first:])
    return coef, with_ends(result.intercept, signs[:first]) if first else result.intercept


def with_ends(values: FloatArray, signs: FloatArray) -> FloatArray:
    """Put infinities of these signs in the place of values; NaN where the sign is NaN."""
    with np.errstate(invalid="ignore"):
        return np.where(signs == 0.0, values, signs * np.inf)


def _shown_scores(stack: Stack, separation: Separation, known: Predictors) -> tuple[FloatArray, FloatArray]:
    """Return coefficients (K, p) and intercepts (K,) of the symmetric form, with infinities where they are infinite."""
    if separation.score_ends is None:
        return known.coef, known.intercept
    signs, first = separation.score_ends.reshape(len(stack.classes), -1), int(stack.intercept)
    coef = with_ends(known.coef, signs[:, first:])
    return coef, with_ends(known.intercept, signs[:, 0]) if first else known.intercept
