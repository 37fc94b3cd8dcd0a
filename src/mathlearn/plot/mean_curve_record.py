"""What a figure of the mean of a fit by likelihood shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.plot.cloud import Cloud
    from mathlearn.plot.means import Subject
    from mathlearn.plot.regression_record import Curve

__all__ = ["MeanCurve", "Moved", "Shares"]

Moved = Literal["", "ratios", "residuals"]
"""What the points keep where others are held: nothing (they are as observed), their ratios to the mean, or their residuals."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares observed in groups of rows along the feature.

    Attributes
    ----------
    x, share, low, high : (g,)
        Mean of the feature, observed share, and its interval (Wilson's).
    trials : (g,)
    """

    x: FloatArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    trials: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanCurve:
    """The fitted mean over one column, among the rows.

    Attributes
    ----------
    feature : str
    subject : Subject
    level : float
        Of the band, and of the intervals of shares.
    cloud : Cloud
        Columns x, y and the index of the level; its only pair is (x, y).
    curves : tuple of Curve
        With the band of the mean.
    by : str or None
        The category with curves of its own.
    shares : Shares or None
        None where they would not be comparable with the curve, or the rows are too few.
    equation : str or None
        The fitted equation, or the formula where that is too long.
    explained : float
        Share of the null deviance.
    held : dict
        What other columns, and an offset, are held at.
    moved : Moved
    withheld : str or None
        Why there is no band.
    same_rows : bool
        Whether the rows, with their weights, may be those of the fit.
    left_out : int
        Rows that lack a value in a column that is used.
    """

    feature: str
    subject: Subject
    level: float
    cloud: Cloud
    curves: tuple[Curve, ...]
    by: str | None
    shares: Shares | None
    equation: str | None
    explained: float
    held: dict[str, float | str]
    moved: Moved
    withheld: str | None
    same_rows: bool
    left_out: int
