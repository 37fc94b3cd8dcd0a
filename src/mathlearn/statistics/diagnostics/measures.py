"""What one row does to a fit: one place for each formula.

Letters: e the residual (times the root of a precision weight), h the leverage, s the residual standard error, k the number of parameters. Shapes: rows (n,),
responses q.

Of a likelihood e is Pearson's residual, h the leverage under the working weights and s the root of the dispersion: each change is that of one
Newton step from the estimates without the row. Residuals that are compared with a law are deviance residuals d, which are nearer to normal.

References
----------
Belsley, Kuh and Welsch (1980), "Regression Diagnostics", section 2.1.
Cook and Weisberg (1982), "Residuals and Influence in Regression", chapters 2 and 3.
Pregibon (1981), "Logistic regression diagnostics", Annals of Statistics 9: the one-step changes.
Williams (1987), "Generalized linear model diagnostics using the deviance and single case deletions", Applied Statistics 36: the
likelihood residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.covariance.hc import LEVERAGE_GAP
from mathlearn.statistics.functional import dispersion_known, intercepts, parameter_directions, sigma, without_error

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.white import WhiteRows

__all__ = [
    "NOTHING_MOVES",
    "RowMeasures",
    "cooks_distance",
    "dfbetas",
    "dffits",
    "externally_studentised",
    "gap_of",
    "internally_studentised",
    "leave_one_out_sigma",
    "likelihood_residual",
    "movable",
    "saturated",
]

NOTHING_MOVES = "no coefficient is determined by the data"


def movable(result: FitResult) -> FloatArray:
    """Return the directions (k, r + intercept) of the parameters by whose change rows are ranked, zeros for all others.

    They are the slopes that the data determine, else the intercepts: how far an intercept moves depends on where the columns have their
    origin.
    """
    unit = np.nan_to_num(parameter_directions(result))
    known: BoolArray = (unit != 0.0).any(axis=1)
    slopes = known & ~intercepts(result)
    return np.where((slopes if slopes.any() else known)[:, None], unit, 0.0)


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


def likelihood_residual(
    d: FloatArray, e: FloatArray, hat: FloatArray, gap: FloatArray, without: FloatArray
) -> FloatArray:
    """``sign(d) sqrt(d**2 + h e**2 / (1 - h))`` over the standard error without the row: the fall of the deviance when it leaves.

    It is `externally_studentised` where d = e.
    """
    with np.errstate(all="ignore"):
        share = np.where(
            hat[:, None] > 0.0, hat[:, None] * e**2 / gap, 0.0
        )  # e may be beyond all numbers where h is nothing
        value: FloatArray = np.sign(d) * np.sqrt(d**2 + share) / without
    return value


def cooks_distance(standard: FloatArray, hat: FloatArray, gap: FloatArray, k: int) -> FloatArray:
    """``r**2 h / ((1 - h) k)`` (n, q) of the internally studentised residual r; NaN for a fit without parameters."""
    if k == 0:
        return np.full_like(standard, np.nan)
    with np.errstate(invalid="ignore"):  # a residual beyond all numbers times a leverage of nothing is unknown
        return np.asarray(standard**2 * hat[:, None] / (gap * k))


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
    standard : (n, q) internally studentised residuals (of deviance); NaN for an exact fit
    without : (n, q) residual standard error without the row (of deviances); one where the dispersion is known
    student : (n, q) externally studentised residuals, of a likelihood Williams's; NaN for an exact fit
    moving : (n, q) those that move coefficients: of a likelihood externally studentised residuals of Pearson, in the direction of the
        linear predictor; else `student`
    cooks : (n, q)
    """

    hat: FloatArray
    gap: FloatArray
    standard: FloatArray
    without: FloatArray
    student: FloatArray
    moving: FloatArray
    cooks: FloatArray

    @classmethod
    def of(cls, result: FitResult, white: WhiteRows) -> RowMeasures:
        """Measure the rows of a chunk."""
        hat, e, s = white.leverage, white.scaled, sigma(result)
        d = e if white.seen is None else white.seen.signed_root[:, None]
        gap = gap_of(hat)
        without, exact = _without(result, d, gap), without_error(result)
        moving = np.where(exact, np.nan, externally_studentised(e, gap, without))
        student = moving if white.seen is None else likelihood_residual(d, e, hat, gap, without)
        return cls(
            hat=hat,
            gap=gap,
            standard=internally_studentised(d, gap, s),
            without=np.where(exact, 0.0, without),
            student=np.where(exact, np.nan, student),
            moving=moving,
            cooks=cooks_distance(internally_studentised(e, gap, s), hat, gap, result.rank + result.fit_intercept),
        )


def _without(result: FitResult, d: FloatArray, gap: FloatArray) -> FloatArray:
    """Residual standard error (n, q) without each row."""
    if dispersion_known(result):
        return np.ones_like(d)
    return leave_one_out_sigma(d, gap, result.deviance, result.df_resid)
