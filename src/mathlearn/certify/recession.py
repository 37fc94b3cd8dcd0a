"""Independent evidence that directions separate: every sign checked in one pass, with predictors formed without error."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, two_prod, two_sum

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["RecessionEvidence", "verify_separation"]

ROUNDING_LIMIT = 16.0
"""A predictor of at most so many roundings, ``u (|d_0| + sum_j |x_ij| |d_j|)``, counts as zero."""


class RecessionEvidence(NamedTuple):
    """What a pass over the rows says about directions of recession, each judged on the rows that those before it leave at zero.

    Attributes
    ----------
    each : (k,) rows that each direction moves the right way
    n_strict : rows that some direction moves the right way
    n_zero : rows that all directions leave at zero
    worst : float
        Largest move the wrong way, in roundings of the predictor; at most `ROUNDING_LIMIT` is rounding.
    """

    each: FloatArray
    n_strict: int
    n_zero: int
    worst: float

    @property
    def ok(self) -> bool:
        """Whether each direction separates some row and none moves a row the wrong way."""
        return bool(self.worst <= ROUNDING_LIMIT and self.each.size and (self.each > 0).all())

    def merge(self, other: RecessionEvidence) -> RecessionEvidence:
        """Return the evidence of both sets of rows."""
        return RecessionEvidence(
            self.each + other.each,
            self.n_strict + other.n_strict,
            self.n_zero + other.n_zero,
            float(np.maximum(self.worst, other.worst)),
        )


def verify_separation(
    rows: Rows,
    signs: Callable[[Chunk], FloatArray],
    directions: FloatArray,
    *,
    fit_intercept: bool,
    max_rows: int,
    threads: int,
) -> RecessionEvidence:
    """Check directions of recession against every row, in one pass.

    Parameters
    ----------
    rows : Rows
    signs : callable
        ``chunk -> (n,)`` of +1, -1 and 0: which way a row's predictor may go without its loss rising.
    directions : (m, k) array
        In the user's units, intercept first if any; direction j is held against the rows that directions 0 to j - 1 leave at zero.
    fit_intercept : bool
    max_rows, threads : int
        Of the pass.

    Returns
    -------
    evidence : RecessionEvidence
        With NaN as the worst move where a number is not finite, which is not ok.
    """
    of = partial(_evidence, signs=signs, directions=np.asarray(directions, np.float64), lead=int(fit_intercept))
    found = rows.reduce(of, RecessionEvidence.merge, max_rows=max_rows, threads=threads)
    return RecessionEvidence(np.zeros(directions.shape[1]), 0, 0, 0.0) if found is None else found


def _evidence(
    chunk: Chunk, signs: Callable[[Chunk], FloatArray], directions: FloatArray, lead: int
) -> RecessionEvidence:
    sign = signs(chunk)
    at_zero = np.arange(chunk.n)
    each, worst = np.zeros(directions.shape[1]), 0.0
    for k, direction in enumerate(directions.T):
        with np.errstate(over="ignore", invalid="ignore"):
            roundings = _roundings(chunk, at_zero, float(direction[0]) if lead else 0.0, direction[lead:])
        own = sign[at_zero]
        wrong = np.where(own == 0, np.abs(roundings), -own * roundings)
        worst = float(np.maximum(worst, wrong.max(initial=0.0)))
        each[k] = np.count_nonzero(wrong < -ROUNDING_LIMIT)
        at_zero = at_zero[np.abs(roundings) <= ROUNDING_LIMIT]
    return RecessionEvidence(each, int(each.sum()), at_zero.size, worst)


def _roundings(chunk: Chunk, at: IntArray, constant: float, slopes: FloatArray) -> FloatArray:
    """Return the predictors of some rows in units of their rounding, each formed in double-double."""
    used = np.flatnonzero(slopes)
    block = chunk.X[:, used]
    part = np.asarray(block.toarray() if hasattr(block, "toarray") else block)[at]
    high, low = np.full(len(part), constant), np.zeros(len(part))
    size = np.full(len(part), abs(constant))
    for column, slope in zip(part.T, slopes[used], strict=True):
        product, rest = two_prod(column, np.full(1, slope))
        high, error = two_sum(high, product)
        low += error + rest
        size += np.abs(product)
    return np.asarray((high + low) / np.where(size > 0, ROUNDOFF * size, 1.0))
