"""What a map of the most probable class shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.plot.class_means import ClassSubject

__all__ = ["ClassMap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMap:
    """The most probable class over two columns.

    Attributes
    ----------
    features : (str, str)
    subject : ClassSubject
    level : float
        Of the interval.
    x, y : (m,)
        The places along each side.
    top : (m, m) int
        At ``[j, i]`` the code of the most probable class at ``x[i], y[j]``.
    lead : (s, m, m)
        Log odds of each class shown against the most probable of all others, no further than 50 from zero: the borders are where they vanish.
    mean, width : (m, m)
        Its probability, and the width of its interval; NaN where it is not known.
    values : (n, 2)
        Both columns at the rows that are kept.
    codes : (n,) int
        Their classes.
    n : int
        Rows in all.
    held : dict
        What other columns are held at.
    withheld : str or None
        Why there are no intervals.
    same_rows : bool
    left_out : int
        Rows that lack a value in a column that is used.
    """

    features: tuple[str, str]
    subject: ClassSubject
    level: float
    x: FloatArray
    y: FloatArray
    top: IntArray
    lead: FloatArray
    mean: FloatArray
    width: FloatArray
    values: FloatArray
    codes: IntArray
    n: int
    held: dict[str, float | str]
    withheld: str | None
    same_rows: bool
    left_out: int
