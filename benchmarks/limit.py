"""The limit: the fastest bare ``X.T @ X``, as one product or as chunks in a thread pool with BLAS held to one thread.

No least-squares fit by normal equations can be faster than its Gram matrix, and this one has no mean, no weights and no check.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

CONTROLLER = ThreadpoolController()
CHUNK_ENTRIES = (50_000, 100_000, 200_000, 400_000, 800_000, 1_600_000)


def variants(n: int, p: int) -> dict[str, Callable[[Any], object]]:
    """Return the ways to form ``X.T @ X`` that compete for the limit, by name."""
    sizes = sorted({min(n, max(1, entries // p)) for entries in CHUNK_ENTRIES})
    chunked = {f"chunks of {rows} rows": partial(_chunked, rows=rows) for rows in sizes}
    return {"whole": _whole, "whole, one thread": _whole_single, **chunked}


def _whole(X: NDArray[np.float64]) -> NDArray[np.float64]:
    return X.T @ X


def _whole_single(X: NDArray[np.float64]) -> NDArray[np.float64]:
    with CONTROLLER.limit(limits=1, user_api="blas"):
        return X.T @ X


def _chunked(X: NDArray[np.float64], *, rows: int) -> NDArray[np.float64]:
    def gram(start: int) -> NDArray[np.float64]:
        block = X[start : start + rows]
        return block.T @ block

    threads = os.process_cpu_count() if hasattr(os, "process_cpu_count") else len(os.sched_getaffinity(0))
    with CONTROLLER.limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        grams = pool.map(gram, range(0, len(X), rows))
        total = next(grams)
        for part in grams:
            total += part
        return total
