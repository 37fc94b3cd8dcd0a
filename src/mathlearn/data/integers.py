"""Integers beyond 2**53: shifted exactly, in integer arithmetic, before they become float64."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError, PrecisionWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mathlearn._typing import AnyArray, FloatArray

EXACT = 2**53
"""Every integer up to this size is a float64."""

_FINE = 1 << 10
"""Rounding to this many steps within a column's range changes its variance by less than a millionth."""

_WRAP = 2**62
"""Differences below this size do not wrap around in int64 arithmetic."""

_told: ContextVar[set[str] | None] = ContextVar("told", default=None)
_heard: ContextVar[list[Heard] | None] = ContextVar("heard", default=None)
_telling = Lock()


def is_wide(array: AnyArray) -> bool:
    """Whether the integer type can hold numbers that float64 cannot."""
    return array.dtype.kind in "iu" and array.dtype.itemsize == 8


def bounds(values: AnyArray) -> tuple[int, int]:
    """Return the smallest and the largest value as exact integers."""
    return (int(values.min()), int(values.max())) if values.size else (0, 0)


def shift_for(low: int, high: int) -> int:
    """Return the shift that brings ``low..high`` near to zero, or 0 when all are exact in float64 as they are.

    The shift is itself a float64, so that other arithmetic than that of integers can undo it without loss.
    """
    return 0 if max(-low, high) <= EXACT else int(float((low + high) // 2))


def to_float(values: AnyArray, shift: int = 0) -> tuple[FloatArray, bool]:
    """Return ``values - shift`` as float64, and whether every result is exact.

    Integers are subtracted in integers. Floats are exact doubles less a double: rounded once, and not at all near the shift.

    Parameters
    ----------
    values : (n,) array of real numbers
    shift : int
        As `shift_for` gives it; for 64-bit integers, any integer within int64 or uint64.
    """
    if not is_wide(values):
        return values.astype(np.float64) - float(shift), True
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


def rounding_step(low: int, high: int) -> int:
    """Return the multiples to which float64 may round integers in ``low..high``, if few of them lie in there; else 0."""
    top = max(-low, high)
    step = int(np.spacing(float(top))) if top > EXACT else 0
    return step if high - low < step * _FINE else 0


def require_differences(values: AnyArray, name: str) -> None:
    """Refuse a response whose integers float64 would round so coarsely that little of how they differ is left.

    Raises
    ------
    DomainError
    """
    if not is_wide(values):
        return
    low, high = bounds(values)
    step = rounding_step(low, high)
    if step and low < high and not to_float(values)[1]:
        raise DomainError(lost_differences(name, low, high, step))


def lost_differences(name: str, low: int, high: int, step: int) -> str:
    """Say why a response cannot be fitted, and what to do."""
    return (
        f"the response {name!r} holds integers beyond 2**53 from {low} to {high}, which float64 would round to multiples of {step}: "
        f"subtract an origin first, in integers (such as {low}), and fit the difference."
    )


class Heard(NamedTuple):
    """A warning that was made where nobody sees it, to be passed on."""

    names: tuple[str, ...]
    text: str


class telling_once:  # noqa: N801 - a context, used as a function is; it takes a fraction of a generator's time
    """Let nothing within warn of a column that was `told` of, also in another chunk, pass or thread."""

    __slots__ = ("_before", "_told")

    def __init__(self, told: set[str]) -> None:
        self._told = told

    def __enter__(self) -> None:
        self._before = _told.set(self._told)

    def __exit__(self, *_: object) -> None:
        _told.reset(self._before)


def untold(names: Iterable[str]) -> list[str]:
    """Return the columns to warn of now; they count as told."""
    told = _told.get()
    if told is None:
        return list(names)
    with _telling:
        new = [name for name in names if name not in told]
        told.update(new)
    return new


@contextmanager
def hearing() -> Iterator[list[Heard]]:
    """Collect warnings of lost digits instead of showing them: for work that is done in another process."""
    heard: list[Heard] = []
    before = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(before)


def pass_on(heard: Iterable[Heard]) -> None:
    """Show the warnings that were collected, each once."""
    for each in dict.fromkeys(heard):
        untold(each.names)
        warnings.warn(each.text, PrecisionWarning, stacklevel=2)


def warn_of(names: Iterable[str], text: Callable[[list[str]], str]) -> None:
    """Warn of columns that lose digits, but for those told of."""
    new = untold(names)
    if not new:
        return
    heard = _heard.get()
    if heard is not None:
        heard.append(Heard(tuple(new), text(new)))
    else:
        warnings.warn(text(new), PrecisionWarning, stacklevel=3)


def warn_inexact(names: Iterable[str], *, shifted: bool) -> None:
    """Warn of the columns whose integers lose digits, although an exact shift was tried if `shifted`."""
    tried = ", even after an exact shift" if shifted else ""
    warn_of(
        names,
        lambda new: (
            f"integers beyond 2**53 in {', '.join(map(repr, new))} are not representable in float64{tried}: "
            "their last digits are lost. Subtract an origin, or divide by a unit, before fitting."
        ),
    )
