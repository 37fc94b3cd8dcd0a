"""Work space that a thread uses again for every block: memory fresh from the system costs more than the arithmetic on it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray

__all__ = ["order_of", "scratch"]

_MOST = 1 << 22
"""Numbers above which work space is not kept."""

_held = threading.local()


def scratch(shape: tuple[int, int], dtype: Any = np.float64, *, like: AnyArray | None = None) -> AnyArray:
    """Return an array (n, p) of this thread's work space, holding anything; it is the caller's until the thread asks again.

    Its order in memory is that of `like`, by default row by row.
    """
    size = shape[0] * shape[1]
    order: Literal["C", "F"] = "C" if like is None else order_of(like)
    if size > _MOST:
        return np.empty(shape, dtype, order)
    held: dict[Any, AnyArray] = _held.__dict__.setdefault("spaces", {})
    space = held.get(dtype)
    if space is None or space.size < size:
        space = held[dtype] = np.empty(size, dtype)
    return space[:size].reshape(shape, order=order)


def order_of(x: AnyArray) -> Literal["C", "F"]:
    """Return the order in which a block is best copied: column by column where it lies so, or nearly."""
    return "F" if x.ndim == 2 and x.strides[0] < x.strides[1] else "C"
