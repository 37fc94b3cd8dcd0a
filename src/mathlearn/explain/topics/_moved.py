"""Whether a row is moved by a direction in which the likelihood rises for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF

if TYPE_CHECKING:
    from mathlearn.explain.setting import RowSetting

__all__ = ["held", "moved"]


def moved(setting: RowSetting) -> float:
    """How far one step along the first direction that moves the row at all takes its linear predictor; zero where none does."""
    separation = setting.law.record.separation
    if separation is None:
        return 0.0
    row = np.concatenate([np.ones(int(setting.centred)), setting.x])
    for direction in separation.directions.T:
        parts = row * direction
        far = float(parts.sum())
        if abs(far) > 8 * (row.size + 1) * ROUNDOFF * float(np.abs(parts).sum()):
            return far
    return 0.0


def held(setting: RowSetting) -> bool:
    """Whether the row has a prediction: the fit has one for every row that no direction moves, if any is left."""
    return moved(setting) == 0.0 and (setting.law.record.separation is None or setting.result.curvature is not None)
