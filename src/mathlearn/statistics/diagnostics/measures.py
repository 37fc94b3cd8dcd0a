"""What one row does to a fit: one place for each formula.

Letters: e the residual (times the root of a precision weight), h the leverage, s the residual standard error, k the number of parameters. Shapes: rows (n,),
responses q.

References
----------
Belsley, Kuh and Welsch (1980), "Regression Diagnostics", section 2.1.
Cook and Weisberg (1982), "Residuals and Influence in Regression", chapters 2 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.covariance.hc import LEVERAGE_GAP
from mathlearn.statistics.functional import sigma

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.white import WhiteRows

__all__ = [
    "RowMeasures",
    "cooks_distance",
    "dfbetas",
    "dffits",
    "externally_studentised",
    "gap_of",
    "internally_studentised",
    "leave_one_out_sigma",
    "saturated",
]


def saturated(hat: FloatArray) -> BoolArray:
    """Whether the fit passes through a row whatever its y: leverage one, to rounding."""
    full: BoolArray = hat >= 1 - LEVERAGE_GAP
    return full


def gap_of(hat: FloatArray) -> FloatArray:
    """Return ``1 - h`` as (n, 1), NaN for leverage one, where the measures do not exist."""
    gap: FloatArray = np.where(saturated(hat), np.nan, 1 - hat)[:, None]
    return gap


def internally_studentised(e: FloatArray, gap: FloatArray, s: FloatArray) -> FloatArray:
    """``e / (s sqrt(1 - h))`` (n, q); NaN for an exact fit."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value: FloatArray = np.where(s > 0, e / (s * np.sqrt(gap)), np.nan)
    return value


def leave_one_out_sigma(e: FloatArray, gap: FloatArray, rss: FloatArray, df: float) -> FloatArray:
    """Residual standard error (n, q) without the row: ``(rss - e**2 / (1 - h)) / (df - 1)``, rooted."""
    if df <= 1:
        return np.full_like(e, np.nan)
    left: FloatArray = np.maximum(rss - e**2 / gap, 0.0)
    return np.sqrt(left / (df - 1))


def externally_studentised(e: FloatArray, gap: FloatArray, without: FloatArray) -> FloatArray:
    """Studentise ``e`` (n, q) by the standard error that does not know the row; infinite if the fit is exact without it."""
    with np.errstate(all="ignore"):
        value: FloatArray = e / (without * np.sqrt(gap))
    return value


def cooks_distance(standard: FloatArray, hat: FloatArray, gap: FloatArray, k: int) -> FloatArray:
    """``r**2 h / ((1 - h) k)`` (n, q) of the internally studentised residual r; NaN for a fit without parameters."""
    if k == 0:
        return np.full_like(standard, np.nan)
    return standard**2 * hat[:, None] / (gap * k)


def dffits(student: FloatArray, hat: FloatArray, gap: FloatArray) -> FloatArray:
    """``t sqrt(h / (1 - h))`` (n, q): change of the row's own fitted value, in its standard errors without the row.

    No coefficient changes by more, in its own standard errors: |DFBETAS| <= |DFFITS| by Cauchy and Schwarz.
    """
    with np.errstate(invalid="ignore"):
        value: FloatArray = student * np.sqrt(hat[:, None] / gap)
    return value


def dfbetas(b: FloatArray, unit: FloatArray, student: FloatArray, gap: FloatArray) -> FloatArray:
    """Change of each coefficient when the row leaves, in its standard errors without the row: (n, k) of one response.

    Parameters
    ----------
    b : (n, m)
        Rows of an orthonormal basis of the model.
    unit : (k, m)
        Coordinates of the coefficients in that basis, of length one.
    student : (n,)
        Externally studentised residuals.
    gap : (n, 1)
        One minus leverage.
    """
    with np.errstate(all="ignore"):  # a row without which the fit is exact
        change: FloatArray = (b @ unit.T) * (student[:, None] / np.sqrt(gap))
    return change


@dataclass(frozen=True, slots=True)
class RowMeasures:
    """What each row does to a fit, of all responses; with frequency weights, what one of its copies does.

    Attributes
    ----------
    hat : (n,)
    gap : (n, 1) one minus leverage; NaN where that is one
    standard : (n, q) internally studentised residuals; NaN for an exact fit
    without : (n, q) residual standard error without the row
    student : (n, q) externally studentised residuals; NaN for an exact fit
    cooks : (n, q)
    """

    hat: FloatArray
    gap: FloatArray
    standard: FloatArray
    without: FloatArray
    student: FloatArray
    cooks: FloatArray

    @classmethod
    def of(cls, result: FitResult, white: WhiteRows) -> RowMeasures:
        """Measure the rows of a chunk."""
        root, hat = white.root, white.leverage
        e = white.residual if root is None else white.residual * root
        gap = gap_of(hat)
        standard = internally_studentised(e, gap, sigma(result))
        without = leave_one_out_sigma(e, gap, result.rss, result.df_resid)
        return cls(
            hat=hat,
            gap=gap,
            standard=standard,
            without=np.where(result.exact, 0.0, without),
            student=np.where(result.exact, np.nan, externally_studentised(e, gap, without)),
            cooks=cooks_distance(standard, hat, gap, result.rank + result.fit_intercept),
        )
