"""BLAS held to one thread while chunks run in threads of our own."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

__all__ = ["ONE_THREAD"]


class _OneThread:
    """A context in which BLAS has one thread; several threads may be inside, and the last to leave undoes it."""

    __slots__ = ("_inside", "_limit", "_lock")

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._limit = _controller().limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()


@cache
def _controller() -> Any:
    # Making a controller walks the loaded libraries (3 ms); a cached one costs 0.03 ms.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


ONE_THREAD = _OneThread()
"""The context: its limit is the process's, as BLAS's is."""
