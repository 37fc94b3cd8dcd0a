"""What a figure of the probabilities of several classes over one column shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.plot.class_means import ClassSubject
    from mathlearn.plot.mean_curve_record import Shares
    from mathlearn.plot.regression_record import Curve

__all__ = ["ClassCurves"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCurves:
    """The probability of each class over one column, and the rows.

    Attributes
    ----------
    feature : str
    subject : ClassSubject
    level : float
        Of the bands, and of the intervals of shares.
    x : (m,)
        The column at the rows that are kept: all, or a random sample.
    codes : (m,) int
        Their classes.
    rows : (m,) int
        Their numbers in the source.
    n : int
        Rows in all.
    curves : tuple of Curve
        Of the classes shown; the code of each is that of its class.
    shares : tuple of Shares
        Of the classes shown; empty where they would not be comparable with the curves, or the rows are too few.
    formula : str or None
    explained : float
        Share of the null deviance.
    held : dict
        What other columns are held at.
    withheld : str or None
        Why there are no bands.
    same_rows : bool
        Whether the rows, with their weights, may be those of the fit.
    left_out : int
        Rows that lack a value in a column that is used.
    """

    feature: str
    subject: ClassSubject
    level: float
    x: FloatArray
    codes: IntArray
    rows: IntArray
    n: int
    curves: tuple[Curve, ...]
    shares: tuple[Shares, ...]
    formula: str | None
    explained: float
    held: dict[str, float | str]
    withheld: str | None
    same_rows: bool
    left_out: int
