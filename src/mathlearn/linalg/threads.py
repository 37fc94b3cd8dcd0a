"""BLAS held to one thread while chunks run in a pool of our own."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_SMALL = 200_000  # below this many numbers, threads cost more than they give
_TINY = 10_000  # below this many, so does telling BLAS


@cache
def _controller() -> Any:
    # Making a controller walks the loaded libraries (3 ms); a cached one costs 0.03 ms.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def single_threaded_blas(size: int) -> AbstractContextManager[Any]:
    """Hold BLAS to one thread inside the context; does nothing for fewer than 10 000 numbers."""
    if size <= _TINY:
        return nullcontext()
    return _controller().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


def pool_size(size: int, limit: int) -> int:
    """Threads worth using on `size` numbers."""
    return 1 if size <= _SMALL else max(1, limit)
