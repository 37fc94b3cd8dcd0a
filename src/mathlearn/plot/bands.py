"""A simultaneous band for the ordered residuals of a fit with normal errors.

Each ordered residual gets an interval of the same local level, by the beta distribution of uniform order statistics; the local
level is the one at which all of them hold together with the level asked for.

For independent uniform numbers that local level can be computed exactly, but residuals are not such: they are divided by their
own standard deviation and sum to zero, which keeps their ordered values far closer to the line. A "95 %" band made for
independent numbers holds residuals of normal errors in 99.6 % of fits, and so overlooks much. The levels here are calibrated
for externally studentised residuals instead. They depend on n, and hardly on the number of columns: with n = 50, the level for
0, 1, 3 and 15 columns is 0.027, 0.026, 0.030 and 0.028.

References
----------
Aldor-Noiman, Brown, Buja, Rolke and Stine (2013), "The power to see: a new graphical test of normality", Amer. Statist. 67(4).

Weine, McPeek and Abney (2023), "Application of equal local levels to improve Q-Q plot testing bands with R package qqconf",
J. Stat. Software 106(10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray

__all__ = [
    "band",
    "drawn_ranks",
    "expected",
    "local_level",
    "smallest_independent_levels",
    "smallest_local_levels",
]

EVERY = 200
"""Ranks from either end that are all drawn."""

BETWEEN = 400
"""Ranks drawn between an end and the middle."""

_LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)

# Rows: n, then the local level for each of _LEVELS, made by `smallest_local_levels(n, samples, seed=0)` with 100 000 samples for
# n <= 10, falling to 4 000 for n = 10**6. From n = 1 000 they are smoothed by a parabola in log n (fitted from n = 500), which
# they follow within their sampling errors, at the level 0.95 from 2 % to 7 %. The last row is read off it; 300 samples agree.
_TABLE = np.array(
    [
        (4, 0.437, 0.195, 0.0989, 0.0496, 0.0102),
        (5, 0.386, 0.193, 0.0987, 0.0503, 0.0103),
        (7, 0.327, 0.181, 0.0993, 0.0509, 0.0105),
        (10, 0.28, 0.155, 0.0923, 0.0496, 0.0101),
        (15, 0.24, 0.13, 0.0795, 0.0461, 0.0109),
        (20, 0.215, 0.115, 0.0712, 0.0412, 0.00968),
        (30, 0.188, 0.0992, 0.0604, 0.035, 0.00891),
        (50, 0.16, 0.08, 0.0486, 0.0283, 0.00752),
        (100, 0.128, 0.0617, 0.0362, 0.0206, 0.00512),
        (200, 0.104, 0.0462, 0.0259, 0.0146, 0.00349),
        (500, 0.0781, 0.0327, 0.0175, 0.0096, 0.00235),
        (1000, 0.0644, 0.0252, 0.0131, 0.00694, 0.00164),
        (2000, 0.0533, 0.0198, 0.00993, 0.00517, 0.00117),
        (5000, 0.0423, 0.0148, 0.00713, 0.00361, 0.000779),
        (10000, 0.0359, 0.012, 0.00568, 0.00281, 0.000585),
        (30000, 0.0284, 0.00899, 0.00413, 0.00198, 0.000388),
        (100000, 0.0228, 0.00682, 0.00309, 0.00143, 0.000263),
        (300000, 0.0191, 0.00553, 0.0025, 0.00111, 0.000195),
        (1000000, 0.0164, 0.00459, 0.0021, 0.000902, 0.00015),
        (10000000, 0.0134, 0.00366, 0.00178, 0.000714, 0.000107),
    ]
)

# The same for independent numbers of a known law, made by `smallest_independent_levels(n, samples, seed=0)` with 100 000 samples for
# n <= 10, falling to 10 000 from n = 1 000.
_INDEPENDENT = np.array(
    [
        (4, 0.198, 0.0666, 0.0306, 0.0145, 0.0028),
        (5, 0.174, 0.0567, 0.0259, 0.0123, 0.00223),
        (7, 0.141, 0.0451, 0.0202, 0.00936, 0.00165),
        (10, 0.115, 0.0355, 0.016, 0.00747, 0.00137),
        (15, 0.0934, 0.0282, 0.0123, 0.00565, 0.001),
        (20, 0.0817, 0.024, 0.0105, 0.00464, 0.000808),
        (30, 0.0671, 0.0195, 0.00842, 0.00385, 0.000689),
        (50, 0.055, 0.0157, 0.00681, 0.00312, 0.000531),
        (100, 0.0424, 0.0116, 0.00489, 0.00217, 0.000371),
        (200, 0.0346, 0.00919, 0.00383, 0.00169, 0.000309),
        (500, 0.0263, 0.0074, 0.00311, 0.00135, 0.000209),
        (1000, 0.022, 0.00585, 0.0025, 0.000996, 0.000137),
        (2000, 0.0195, 0.0051, 0.0021, 0.000916, 0.000136),
        (5000, 0.0171, 0.00438, 0.00185, 0.000816, 0.000134),
        (10000, 0.0155, 0.0039, 0.00165, 0.000758, 0.000136),
        (30000, 0.0133, 0.00349, 0.00143, 0.000619, 0.000121),
        (100000, 0.012, 0.00319, 0.00135, 0.000552, 9.26e-05),
        (300000, 0.0103, 0.00283, 0.00121, 0.00055, 9.59e-05),
        (1000000, 0.00957, 0.0026, 0.00108, 0.000496, 8.36e-05),
    ]
)


def local_level(n: int, level: float, *, independent: bool = False) -> float:
    """Return the probability with which a single ordered residual leaves its interval, of n.

    Parameters
    ----------
    n : int
        Number of residuals.
    level : float
        Probability, in (0, 1), with which none leaves its interval.
    independent : bool
        For independent numbers of a known law, not for residuals of a fit.

    Raises
    ------
    DomainError
        `level` is outside (0, 1).

    Examples
    --------
    >>> round(local_level(100, 0.95), 4)
    0.0206
    """
    require_level(level)
    # Linear in log n; beyond the table, where the local level hardly falls any more, its last row.
    table = _INDEPENDENT if independent else _TABLE
    size, step = np.log(table[:, 0]), min(max(np.log(n), np.log(table[0, 0])), np.log(table[-1, 0]))
    known = np.array([np.interp(step, size, np.log(column)) for column in table[:, 1:].T])
    outside = np.log1p(-np.asarray(_LEVELS))[::-1]
    wanted = float(np.log1p(-level))
    if wanted < outside[0]:  # rare enough that the chances of leaving add up
        return float(np.exp(known[-1] + wanted - outside[0]))
    if wanted > outside[-1]:  # levels below a half: the last two of the table, drawn on
        return float(np.exp(known[0] + (wanted - outside[-1]) * (known[0] - known[1]) / (outside[-1] - outside[-2])))
    return float(np.exp(np.interp(wanted, outside, known[::-1])))


def drawn_ranks(n: int) -> IntArray:
    """Return the ranks that are drawn: all, or the ends and evenly spaced ones (on a log scale) towards the middle.

    Examples
    --------
    >>> len(drawn_ranks(300)), len(drawn_ranks(10_000_000)) < 1300
    (300, True)
    """
    if n <= 2 * EVERY:
        return np.arange(1, n + 1)
    inner = np.round(np.geomspace(EVERY, (n + 1) // 2, BETWEEN)).astype(np.int64)
    low = np.unique(np.concatenate([np.arange(1, EVERY + 1), inner]))
    return np.unique(np.concatenate([low, n + 1 - low]))


def expected(ranks: IntArray, n: int, df: float) -> FloatArray:
    """Return the median of each ordered residual: Student's t with `df` degrees of freedom at the median of a beta variable."""
    from scipy.special import betaincinv, stdtrit

    ranks = np.asarray(ranks, dtype=np.float64)
    low = np.minimum(ranks, n + 1 - ranks)
    tail = np.asarray(stdtrit(df, betaincinv(low, n + 1 - low, 0.5)), dtype=np.float64)
    return np.where(ranks <= n + 1 - ranks, tail, -tail)


def band(
    ranks: IntArray, n: int, df: float, level: float, *, independent: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper limits of the ordered residuals of these ranks.

    Parameters
    ----------
    ranks : (m,)
        From 1 to n.
    n : int
    df : float
        Of the t distribution of a studentised residual: one less than the fit's. Infinite for the normal law.
    level : float
        Probability that all n hold together.
    independent : bool
        For independent numbers of the law. Residuals of a fit, which keep closer to it, hold with a larger probability then.
    """
    half = local_level(n, level, independent=independent) / 2
    at: FloatArray = np.asarray(ranks, dtype=np.float64)
    return _lower(at, n, df, half), -_lower(n + 1 - at, n, df, half)


def _lower(ranks: FloatArray, n: int, df: float, tail: float) -> FloatArray:
    """Quantiles of ordered residuals at a small probability; of the upper half by the complement, where digits are."""
    from scipy.special import betainccinv, betaincinv, stdtrit

    other = n + 1 - ranks
    upper = ranks > other
    out: FloatArray = np.empty_like(ranks)
    out[~upper] = stdtrit(df, betaincinv(ranks[~upper], other[~upper], tail))
    out[upper] = -stdtrit(df, betainccinv(other[upper], ranks[upper], tail))
    return out


def smallest_local_levels(n: int, samples: int, seed: int = 0) -> FloatArray:
    """Simulate how far the farthest ordered residual of a fit of n rows by a constant lies out.

    Parameters
    ----------
    n : int
    samples : int
    seed : int

    Returns
    -------
    (samples,)
        In each sample, twice the smallest tail probability of an ordered, externally studentised residual of those drawn. Its
        quantile at 1 - level is `local_level`.
    """
    from scipy.special import stdtr

    rng = np.random.default_rng(seed)
    ranks, df = drawn_ranks(n), n - 1
    out = np.empty(samples)
    size = max(1, 2_000_000 // n)
    for start in range(0, samples, size):
        e = rng.normal(size=(min(size, samples - start), n))
        e -= e.mean(axis=1, keepdims=True)
        scale = np.sqrt((e**2).sum(axis=1, keepdims=True) / df * (1 - 1 / n))
        std = np.sort(e, axis=1)[:, ranks - 1] / scale
        t = std * np.sqrt((df - 1) / (df - std**2))
        out[start : start + size] = _smallest(ranks, n, stdtr(df - 1, t), stdtr(df - 1, -t))
    return out


def smallest_independent_levels(n: int, samples: int, seed: int = 0) -> FloatArray:
    """Simulate how far the farthest of n ordered independent numbers of a known law lies out.

    Order statistics of uniform numbers are made from the sums of exponential ones between the ranks that are drawn.

    Parameters
    ----------
    n : int
    samples : int
    seed : int

    Returns
    -------
    (samples,)
        As of `smallest_local_levels`.
    """
    rng = np.random.default_rng(seed)
    ranks = drawn_ranks(n)
    gaps = np.diff(np.concatenate([[0], ranks, [n + 1]]))
    out = np.empty(samples)
    size = max(1, 400_000 // len(ranks))
    for start in range(0, samples, size):
        part = rng.gamma(gaps, size=(min(size, samples - start), len(gaps)))
        up, down = np.cumsum(part, axis=1), np.cumsum(part[:, ::-1], axis=1)[:, ::-1]
        out[start : start + size] = _smallest(ranks, n, up[:, :-1] / up[:, -1:], down[:, 1:] / up[:, -1:])
    return out


def _smallest(ranks: IntArray, n: int, below: FloatArray, above: FloatArray) -> FloatArray:
    """Twice the smallest tail of each row of ordered numbers; tails of the upper half by the complement, where digits are."""
    from scipy.special import betainc, betaincc

    low = below < above
    a, b = np.where(low, ranks, n + 1 - ranks), np.where(low, n + 1 - ranks, ranks)
    x = np.where(low, below, above)
    smallest: FloatArray = 2 * np.minimum(betainc(a, b, x), betaincc(a, b, x)).min(axis=1)
    return smallest
