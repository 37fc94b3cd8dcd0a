"""Work space that a thread uses again for every block: memory fresh from the system costs more than the arithmetic on it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray

__all__ = ["scratch"]

_MOST = 1 << 22
"""Numbers above which work space is not kept."""

_held = threading.local()


def scratch(shape: tuple[int, int], dtype: Any = np.float64) -> AnyArray:
    """Return an array (n, p) of this thread's work space, holding anything; it is the caller's until the thread asks again."""
    size = shape[0] * shape[1]
    if size > _MOST:
        return np.empty(shape, dtype)
    held: dict[Any, AnyArray] = _held.__dict__.setdefault("spaces", {})
    space = held.get(dtype)
    if space is None or space.size < size:
        space = held[dtype] = np.empty(size, dtype)
    return space[:size].reshape(shape)
