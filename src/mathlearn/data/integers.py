"""Integers beyond 2**53: shifted exactly, in integer arithmetic, before they become float64."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import PrecisionWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mathlearn._typing import AnyArray, FloatArray

EXACT = 2**53
"""Every integer up to this size is a float64."""

_WRAP = 2**62
"""Differences below this size do not wrap around in int64 arithmetic."""


def is_wide(array: AnyArray) -> bool:
    """Whether the integer type can hold numbers that float64 cannot."""
    return array.dtype.kind in "iu" and array.dtype.itemsize == 8


def bounds(values: AnyArray) -> tuple[int, int]:
    """Return the smallest and the largest value as exact integers."""
    return (int(values.min()), int(values.max())) if values.size else (0, 0)


def shift_for(low: int, high: int) -> int:
    """Return the shift that brings ``low..high`` nearest to zero, or 0 when all are exact in float64 as they are."""
    return 0 if max(-low, high) <= EXACT else (low + high) // 2


def to_float(values: AnyArray, shift: int = 0) -> tuple[FloatArray, bool]:
    """Return ``values - shift`` as float64, subtracted in integers, and whether every result is exact.

    Parameters
    ----------
    values : (n,) integer array
    shift : int
        Any integer within int64 or uint64.
    """
    if not is_wide(values):
        return values.astype(np.float64) - shift, True
    low, high = bounds(values)
    if max(abs(low - shift), abs(high - shift)) >= _WRAP:
        difference = np.array([int(v) - shift for v in values], dtype=object)
        shifted = difference.astype(np.float64)
        return shifted, all(int(f) == d for f, d in zip(shifted, difference, strict=True))
    modular = values.astype(np.uint64) - np.uint64(shift % 2**64)  # wraps around; the small difference is exact
    whole = modular.view(np.int64)
    shifted = whole.astype(np.float64)
    exact = max(abs(low - shift), abs(high - shift)) <= EXACT or bool((shifted.astype(np.int64) == whole).all())
    return shifted, exact


def warn_inexact(names: Iterable[str]) -> None:
    """Warn, once, of the columns whose integers lose digits."""
    names = list(names)
    if names:
        warnings.warn(
            f"integers beyond 2**53 in {', '.join(map(repr, names))} are not representable in float64, even after an "
            "exact shift: their last digits are lost. Subtract an origin, or divide by a unit, before fitting.",
            PrecisionWarning,
            stacklevel=2,
        )
