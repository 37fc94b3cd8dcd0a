"""The log-density at ``mu = y``, the largest that a row can have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["Saturated", "saturated_counts"]

_MANY = 1024  # rows from which a table of counts saves time


class Saturated(Protocol):
    """``(y, phi, trials) -> log-density at mu = y``."""

    def __call__(self, y: FloatArray, phi: FloatArray, trials: FloatArray, /) -> FloatArray:
        """Compute it for arrays of one shape; phi is the dispersion over the weight."""


def saturated_counts(of: Saturated, y: FloatArray, trials: FloatArray, *, whole: bool) -> FloatArray:
    """Return it for a dispersion of 1; counts without trials (`whole`), of which many rows have the same, from a table."""
    one = np.ones(1)
    if not whole or y.size < _MANY or not y.max() < y.size / 4:
        return of(y, one, trials)
    counts = y.astype(np.intp)
    if (counts != y).any() or (counts < 0).any():
        return of(y, one, trials)
    table: FloatArray = of(np.arange(counts.max() + 1.0), one, one)
    return table[counts]
