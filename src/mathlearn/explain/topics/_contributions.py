"""What each column contributes to a prediction: shared by fits of every kind."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.again import Found
from mathlearn.explain.derivation import StepCheck
from mathlearn.explain.numbers import in_sum
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.cells import Cells, number

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.explain.setting import RowSetting

__all__ = ["contributions", "from_means", "from_zero", "from_zero_check", "predicted"]

_TOLD = 12


def from_means(setting: RowSetting) -> bool:
    """Whether contributions are counted from the means of the columns."""
    return setting.result.curvature is not None and setting.centred


def _base(setting: RowSetting) -> tuple[str, float, FloatArray]:
    """Where contributions start: its name, its fitted value, and the columns there."""
    curvature = setting.result.curvature
    if curvature is not None and from_means(setting):
        return "at the means", setting.centre, curvature.mean
    return "intercept", setting.intercept, np.zeros(setting.p)


def predicted(setting: RowSetting) -> float:
    """Prediction at the row."""
    _, start, mean = _base(setting)
    return start + fsum((setting.beta * (setting.x - mean)).tolist()) + setting.offset


def contributions(setting: RowSetting, value: float, name: str = "prediction") -> Cells:
    """Lay out what is added up to a value of that name."""
    base, start, mean = _base(setting)
    curvature = setting.result.curvature
    origin = np.zeros(setting.p) if curvature is None else curvature.origin
    parts = setting.beta * (setting.x - mean)
    law, slopes = setting.fitted_law, setting.result.estimable[int(setting.centred) :]
    known = slopes if law is not None and law.record.separation is not None else np.ones(setting.p, np.bool_)
    told = np.sort(np.argsort(-np.abs(parts), kind="stable")[:_TOLD])
    rows, added = ([(base, "", "", "", "")], [start]) if setting.centred else ([], [])
    for j in told.tolist():
        there = number(float(mean[j] + origin[j])) if mean.any() else ""
        rows.append(
            (
                setting.terms[j],
                number(float(setting.x[j] + origin[j])),
                there,
                number(float(setting.beta[j]) if known[j] else float("nan")),
                "",
            )
        )
        added.append(float(parts[j]))
    if told.size < setting.p:
        others = setting.p - told.size
        rows.append((f"{others} other column{'s' if others > 1 else ''}", "", "", "", ""))
        added.append(fsum(np.delete(parts, told).tolist()))
    if setting.offset or setting.result.offset is not None:
        given = setting.result.offset
        rows.append((f"offset {given}" if given not in {None, "offset"} else "offset", "", "", "", ""))
        added.append(setting.offset)
    shown, total, holds = in_sum(added, value)
    if not holds:  # numbers of many sizes: each with its own digits
        shown, total = [number(x) for x in added], number(value)
    body = tuple((*row[:-1], contribution) for row, contribution in zip(rows, shown, strict=True))
    header = ("column", "value", "its mean", "coefficient", "contribution")
    return Cells(header, (*body, (name, "", "", "", total)))


def from_zero(setting: RowSetting) -> Found:
    """Add up the intercept and the coefficients times the row itself; the bound is absolute."""
    curvature = setting.result.curvature
    origin = np.zeros(setting.p) if curvature is None else curvature.origin
    parts = [setting.intercept, *(setting.beta * setting.x).tolist(), *(setting.beta * origin).tolist(), setting.offset]
    size = fsum(map(abs, parts)) + abs(setting.centre)
    if curvature is not None:
        size += float(np.abs(setting.beta) @ np.abs(curvature.mean))
        if setting.deficient:
            null = np.abs(curvature.null)
            size += float((np.abs(curvature.mean) + np.abs(curvature.origin)) @ null @ (null.T @ np.abs(setting.beta)))
    return Found(fsum(parts), 8 * ROUNDOFF * size)


def from_zero_check(setting: RowSetting) -> StepCheck:
    """Compare the sum from zero with that from the means."""
    found = from_zero(setting)
    size = max(found.bound / (8 * ROUNDOFF), TINY)
    says = "intercept and coefficients times the row itself, relative to what is added up"
    return StepCheck(abs(found.value - predicted(setting)) / size, 8 * ROUNDOFF, says)
