"""Tail probabilities and quantiles of Student's t and of F, without cancellation in either tail."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mathlearn._typing import FloatArray

__all__ = ["f_tail", "letter", "require_level", "t_quantile", "t_two_sided"]


def f_tail(statistic: ArrayLike, df_num: ArrayLike, df_den: ArrayLike) -> FloatArray:
    r"""Probability that an F variable exceeds `statistic`.

    With x = d1 F / (d1 F + d2) it is the regularised incomplete beta function :math:`I_{1-x}(d_2/2, d_1/2)`. Whichever of x
    and 1 - x is small is formed directly, never as a difference from one: the relative error stays below 1e-11 down to
    p = 1e-300, and for df up to 1e3 it is below 1e-13 for p < 0.5.

    Parameters
    ----------
    statistic, df_num, df_den : array_like, broadcast together
        NaN gives NaN; infinity gives 0. ``df_den`` may be infinite (chi-squared over its df).

    References
    ----------
    Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 26.6.2 and 26.5.23.

    Examples
    --------
    >>> float(f_tail(4.0, 1, 10)) == float(t_two_sided(2.0, 10))
    True
    """
    from scipy.special import betainc, betaincc, gammaincc

    f, a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (statistic, df_num, df_den)))
    with np.errstate(all="ignore"):
        ratio = f * (a / b)
        small = betaincc(a / 2, b / 2, ratio / (1 + ratio))
        large = betainc(b / 2, a / 2, 1 / (1 + ratio))
        limit = gammaincc(a / 2, f * (a / 2))
    p: FloatArray = np.where(np.isinf(b), limit, np.where(ratio < 1, small, large))
    return p


def t_two_sided(statistic: ArrayLike, df: ArrayLike) -> FloatArray:
    """Probability that a t variable exceeds `statistic` in absolute value, to the accuracy of `f_tail`."""
    with np.errstate(over="ignore"):
        squared = np.square(np.asarray(statistic, dtype=np.float64))
    return f_tail(squared, 1.0, df)


def letter(df: float) -> str:
    """Name an estimate over its standard error: z where it is referred to the normal law, else t."""
    return "z" if np.isinf(df) else "t"


def require_level(level: Any) -> None:
    """Refuse what is no confidence.

    Raises
    ------
    DomainError
        `level` is not a number strictly between 0 and 1.
    """
    if not isinstance(level, Real) or not 0.0 < float(level) < 1.0:
        raise DomainError(f"level is {level!r}: it must lie strictly between 0 and 1, for example 0.95")


def t_quantile(level: float, df: ArrayLike) -> FloatArray:
    """Half width, in standard errors, of a two-sided t interval of confidence `level`.

    Raises
    ------
    DomainError
        `level` is not strictly between 0 and 1.

    Examples
    --------
    >>> round(float(t_quantile(0.95, 10)), 6)
    2.228139
    """
    from scipy.special import ndtri, stdtrit

    require_level(level)
    df = np.asarray(df, dtype=np.float64)
    # The lower tail (1 - level)/2 keeps its digits for levels near 1, unlike (1 + level)/2; df <= 0 has no quantile.
    lower = (1.0 - level) / 2
    q: FloatArray = np.where(
        df > 0, -np.where(np.isinf(df), ndtri(lower), stdtrit(np.where(df > 0, df, 1.0), lower)), np.nan
    )
    return q
