"""What a figure of a fitted curve shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.plot.cloud import Cloud

__all__ = ["Curve", "Regression"]


@dataclass(frozen=True, slots=True)
class Curve:
    """A fitted curve and its bands.

    Attributes
    ----------
    level : str or None
        Of the category that has a curve for each level.
    code : int
        Its index.
    x, mean : (m,)
        NaN where the data do not determine the prediction.
    low, high : (m,) or None
        Confidence band of the mean; None where inference is withheld.
    one_low, one_high : (m,) or None
        Prediction band of one observation.
    """

    level: str | None
    code: int
    x: FloatArray
    mean: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None
    one_low: FloatArray | None = None
    one_high: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A fitted curve among the rows.

    Attributes
    ----------
    feature, response : str
    several : bool
        Whether the fit has other responses too.
    level : float
        Of the bands.
    cloud : Cloud
        Columns x, y and the index of the level; its only pair is (x, y).
    curves : tuple of Curve
    by : str or None
        The category with curves of its own.
    equation : str or None
        The fitted equation, or the formula where that is too long.
    r_squared : float
    held : dict
        What other columns are held at.
    withheld : str or None
        Why there are no bands.
    weighted : bool
        Whether rows have precision weights: the observation of the prediction band then has weight 1.
    exact : bool
        Whether the fit is exact: bands have no width.
    same_rows : bool
        Whether the rows, with their weights, may be those of the fit.
    left_out : int
        Rows that lack a value in a column that is used.
    """

    feature: str
    response: str
    several: bool
    level: float
    cloud: Cloud
    curves: tuple[Curve, ...]
    by: str | None
    equation: str | None
    r_squared: float
    held: dict[str, float | str]
    withheld: str | None
    weighted: bool
    exact: bool
    same_rows: bool
    left_out: int
