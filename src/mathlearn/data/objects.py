"""Object arrays: accepted when every value is a real number."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.integers import EXACT
from mathlearn.data.validate import NEEDS_FORMULA

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import AnyArray

_REAL = (Real, Decimal, np.bool_)


class NotANumberError(SchemaError, TypeError):
    """An object that is no number where one is needed; a `TypeError` too, as scikit-learn's callers expect."""


def numbers_of(array: AnyArray, name: Callable[[tuple[int, ...]], str]) -> AnyArray:
    """Convert an object array to int64 where every value is an integer that fits, else to float64; None becomes NaN.

    Parameters
    ----------
    array : object array of any shape
    name : callable
        From the index of an element to how to call its place, for messages.

    Raises
    ------
    NotANumberError
        For the first value that is not a real number.
    DomainError
        For the first whole number that is too large for a float64 to hold, where they do not all fit into 64 bits.
    """
    flat = array.ravel()

    def place(position: int) -> str:
        return name(tuple(int(i) for i in np.unravel_index(position, array.shape)))

    for position, value in enumerate(flat):
        if not isinstance(value, _REAL) and not is_missing(value):
            raise NotANumberError(_refusal(value, place(position)))
    exact = _as_integers(flat)
    if exact is None:
        exact = np.array([_as_float(value) for value in flat], dtype=np.float64)
        for position in np.flatnonzero(np.abs(exact) > EXACT).tolist():
            if _is_cut(flat[position], float(exact[position])):
                raise DomainError(_CUT.format(where=place(position), value=flat[position]))
    return exact.reshape(array.shape)


_CUT = (
    "{where} is {value}, a whole number beyond 2**53 of which float64 would lose digits. Subtract an origin first, or divide by "
    "a unit; if it is an identifier, leave it out."
)


def _is_cut(value: Any, held: float) -> bool:
    """Whether a float64 loses digits of a whole number; infinities are found and named elsewhere."""
    return bool(np.isfinite(held) and isinstance(value, int | Decimal) and int(held) != value and value == int(value))


def _as_integers(flat: AnyArray) -> AnyArray | None:
    """Return int64 (or uint64) where this loses nothing: integers beyond 2**53 are then kept exact."""
    if not all(isinstance(value, int | np.integer) for value in flat):
        return None
    low, high = min(flat, default=0), max(flat, default=0)
    for dtype in (np.int64, np.uint64):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return flat.astype(dtype)
    return None


def _as_float(value: Any) -> float:
    if is_missing(value):
        return np.nan
    try:
        return float(value)
    except OverflowError:  # an integer above 1.8e308: infinity is found and named
        return np.inf if value > 0 else -np.inf


def is_missing(value: Any) -> bool:
    """Whether an object says that there is no number: None, NA, NaT, or a NaN of any kind."""
    if isinstance(value, Decimal):
        return value.is_nan()  # a signalling NaN may not even be compared
    if isinstance(value, Real):
        return bool(value != value)  # noqa: PLR0124 -- NaN alone differs from itself
    return value is None or type(value).__name__ in {"NAType", "NaTType"}


def _refusal(value: Any, where: str) -> str:
    kind = type(value).__name__
    remedy = NEEDS_FORMULA if isinstance(value, str | bytes) else "Convert the column to numbers first."
    if isinstance(value, complex):
        remedy = "Complex data not supported: fit the real and imaginary parts as two columns."
    return f"{where} is a {kind}: each argument must be neither a string nor another object but a real number. {remedy}"
