"""BLAS held to one thread while chunks run in a pool of our own."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from mathlearn.data.blas import ONE_THREAD

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_SMALL = 200_000  # below this many numbers, threads cost more than they give
_TINY = 10_000  # below this many, so does telling BLAS


def single_threaded_blas(size: int) -> AbstractContextManager[Any]:
    """Hold BLAS to one thread inside the context; does nothing for fewer than 10 000 numbers."""
    return nullcontext() if size <= _TINY else ONE_THREAD


def pool_size(size: int, limit: int) -> int:
    """Threads worth using on `size` numbers."""
    return 1 if size <= _SMALL else max(1, limit)
