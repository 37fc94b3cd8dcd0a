"""What a fit may use: threads, memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mathlearn._config import get_config
from mathlearn._errors import ResourceError

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows

_BYTES = 8
_UNCOUNTED = 1 << 30


def threads(n_jobs: int | None) -> int:
    """Threads for ``n_jobs``: None takes the configured number, -1 all processors, -2 all but one, and so on."""
    if n_jobs is None:
        return get_config().threads
    if n_jobs < 0:
        return max(1, (os.cpu_count() or 1) + 1 + n_jobs)
    return max(1, n_jobs)


def numbers(rows: Rows) -> int:
    """Entries of X, by which the worth of threads is judged; very many when the rows are not counted yet."""
    return (rows.n_rows or _UNCOUNTED) * len(rows.terms)


def fits(doubles: int) -> bool:
    """Whether so many doubles may be allocated."""
    return doubles * _BYTES <= get_config().max_memory


def require(doubles: int, what: str) -> None:
    """Refuse an allocation above the limit before it is made.

    Raises
    ------
    ResourceError
        With the size asked for, the limit, and how to raise it.
    """
    if not fits(doubles):
        limit = get_config().max_memory
        msg = (
            f"{what} would take {doubles * _BYTES / 2**30:.1f} GiB; at most {limit / 2**30:.1f} GiB may be used. "
            "Use fewer columns, or raise the limit with mathlearn.set_config(max_memory=...)."
        )
        raise ResourceError(msg)
