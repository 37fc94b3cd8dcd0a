"""Log odds of more than two classes, found again: at the point near the rows from which they are counted, and at a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.statistics.class_rows import class_scores, closed_at

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.explain.setting import RowSetting, Setting

__all__ = [
    "NAMED",
    "FoundOdds",
    "at_row",
    "centred_whitener",
    "closed",
    "levels_again",
    "most_probable",
    "row_again",
    "scores",
]

NAMED = 8
"""Classes that are named in a sentence."""

_SHOWN = 12  # that have a row of a table


class FoundOdds(NamedTuple):
    """Log odds against the first class, found again.

    Attributes
    ----------
    value : (K - 1,)
    size : (K - 1,)
        Sum of the sizes of what is added up.
    bound : float
        On the error, relative to that.
    """

    value: FloatArray
    size: FloatArray
    bound: float


def levels_again(setting: Setting) -> FoundOdds:
    """Find the log odds at the point near the rows from intercepts and slopes."""
    return _from_zero(setting, setting.stack.mean)


def row_again(setting: RowSetting) -> FoundOdds:
    """Find the log odds at the row from intercepts and slopes."""
    return _from_zero(setting, setting.x)


def _from_zero(setting: Setting, x: FloatArray) -> FoundOdds:
    stack = setting.stack
    slopes, intercept = stack.apart(setting.beta)
    value = intercept + slopes @ x + slopes @ stack.origin
    size = (
        np.abs(intercept)
        + np.abs(slopes) @ (np.abs(x) + np.abs(stack.origin) + np.abs(stack.mean))
        + np.abs(stack.level)
    )
    return FoundOdds(value, size, 4 * (len(x) + 8) * ROUNDOFF)


def at_row(setting: RowSetting) -> FloatArray:
    """Log odds (K - 1,) at the row, from those at the point near the rows."""
    slopes, _ = setting.stack.apart(setting.beta)
    return np.asarray(setting.stack.level + slopes @ (setting.x - setting.stack.mean))


def centred_whitener(setting: Setting) -> FloatArray:
    """Return the whitener (m, r) with the intercepts at the point near the rows: far from there they are all but made of the slopes."""
    curvature, stack = setting.result.curvature, setting.stack
    assert curvature is not None
    if not stack.intercept:
        return curvature.whitener
    rows = curvature.whitener.reshape(setting.predictors, len(stack.terms), -1).copy()
    rows[:, 0] += np.einsum("j,kjr->kr", stack.mean + stack.origin, rows[:, 1:])
    return rows.reshape(curvature.whitener.shape)


def closed(setting: RowSetting) -> BoolArray:
    """Which classes (K,) have the probability zero at the row, in the limit of a separated fit."""
    found = closed_at(setting.result, setting.x[None])
    return np.zeros(len(setting.stack.classes), np.bool_) if found is None else found[0]


def scores(setting: RowSetting) -> FloatArray:
    """Scores (K,) at the row, as predictions have them."""
    found: FloatArray = class_scores(setting.result, setting.x[None])[0]
    return found


def most_probable(setting: RowSetting) -> list[int]:
    """Codes of the classes that are shown one by one: all, or the most probable of many."""
    order = np.argsort(-scores(setting), kind="stable")[:_SHOWN]
    return [int(k) for k in np.sort(order)]
