"""What is known of every row for the figures of residuals: names of the measures, in which columns they stand, what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mathlearn.plot.cloud import Cloud, Extremes, Order
    from mathlearn.plot.shares import Sums

__all__ = ["COLUMNS", "PAIRS", "Called", "MeasuredRows", "Withheld", "column"]

COLUMNS = ("fitted", "resid", "hat", "std_resid", "root", "studentised", "cooks_d", "copies", "y", "mean")
"""What is known of a row: as `augment` calls it, with ``root = sqrt(abs(std_resid))``, the externally studentised residual, and how
many rows it stands for.

Of a fit by likelihood "fitted" is the linear predictor, "resid" and "studentised" the quantile residual (of deviance where the family has
no distribution function), "root" the root of its size, and "std_resid" Pearson's, standardised. The last two columns are of such
fits only: the observation and its mean."""

Residual = Literal["studentised", "quantile", "deviance"]


def column(name: str) -> int:
    """Return the position of a measure in the values of a cloud."""
    return COLUMNS.index(name)


PAIRS = ((column("fitted"), column("resid")), (column("fitted"), column("root")), (column("hat"), column("std_resid")))


@dataclass(frozen=True, slots=True)
class Called:
    """What the measures of rows are called, not escaped.

    Attributes
    ----------
    across : str
        What residuals are drawn against.
    residual : str
        The residual of the pictures against it.
    standard : str
        That of the picture of leverage.
    ordered : {"studentised", "quantile", "deviance"}
        That of the Q-Q plot.
    drawn : bool
        Whether it is drawn at random within a step of the distribution function.
    """

    across: str
    residual: str
    standard: str
    ordered: Residual
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why there is no picture of leverage, no Q-Q plot, and none of the size of residuals; None where there is."""

    leverage: str | None
    quantiles: str | None
    size: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRows:
    """The rows of a fit as its diagnostics see them.

    Attributes
    ----------
    response : str
    several : bool
        Whether the fit has other responses too.
    called : Called
    cloud : Cloud
        With the columns of `COLUMNS`; its pairs are residual and root against fitted, and std_resid against hat.
    worst, influential : Extremes
        The rows with the largest standardised residual in size (raw, where there is none) and the largest Cook's distance.
    order : Order
        The externally studentised residuals in order.
    n : int
    lacking : int
        Rows that the fit left out because a value is missing.
    df : float
        Residual degrees of freedom; infinite where residuals are not divided by an estimate.
    parameters : int
        k, by which Cook's distance is divided.
    saturated : int
        Rows of leverage 1, through which the fit passes: they have no standardised residual.
    withheld : Withheld
    exact : bool
        Whether residuals are rounding errors.
    support : str
        Where the observations of a fit by likelihood lie, see `Family`; empty of least squares.
    sums : Sums or None
        Of a fit to trials: along the predictor trials, and of these the fitted and the observed successes and the variance of the
        latter.
    """

    response: str
    several: bool
    called: Called
    cloud: Cloud
    worst: Extremes
    influential: Extremes
    order: Order
    n: int
    lacking: int
    df: float
    parameters: int
    saturated: int
    withheld: Withheld
    exact: bool
    support: str = ""
    sums: Sums | None = None
