"""Reductions with little overhead on small arrays: the ufuncs' own, without the wrappers of the array methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray


def every(flags: BoolArray) -> bool:
    """Whether all entries are true."""
    return int(np.count_nonzero(flags)) == flags.size


def largest(x: FloatArray) -> float:
    """Largest entry, at least 0; NaN where there is one."""
    return float(np.maximum.reduce(x, axis=None, initial=0.0))


def column_sums(x: FloatArray) -> FloatArray:
    """Sum over the first axis."""
    total: FloatArray = np.add.reduce(x)
    return total


def row_sums(x: FloatArray) -> FloatArray:
    """Sum over the second axis."""
    total: FloatArray = np.add.reduce(x, axis=1)
    return total
