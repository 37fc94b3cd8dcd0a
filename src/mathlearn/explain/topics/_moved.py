"""Whether a row is moved by a direction in which the likelihood rises for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.statistics.separation import moves

if TYPE_CHECKING:
    from mathlearn.explain.setting import RowSetting

__all__ = ["held", "moved"]


def moved(setting: RowSetting) -> float:
    """To which end the first direction that moves the row takes its linear predictor, as a sign; zero where none does."""
    separation = setting.law.record.separation
    return 0.0 if separation is None else float(moves(separation, setting.x[None], intercept=setting.centred)[0])


def held(setting: RowSetting) -> bool:
    """Whether the row has a prediction: the fit has one for every row that no direction moves, if any is left."""
    return moved(setting) == 0.0 and (setting.law.record.separation is None or setting.result.curvature is not None)
