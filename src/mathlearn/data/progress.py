"""Telling how far a stream has been read."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from mathlearn._config import get_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mathlearn.data.batch import Batch

_SECONDS = 0.25
"""Least time between two calls."""


def reporting(batches: Iterable[Batch], total: int | None) -> Iterator[Batch]:
    """Pass the batches on, calling the configured ``progress(done_rows, total_rows)`` a few times a second, and at the end."""
    tell = get_config().progress
    if tell is None:
        yield from batches
        return
    done, last = 0, monotonic()
    for batch in batches:
        yield batch
        done += batch.n
        if monotonic() - last >= _SECONDS:
            tell(done, total)
            last = monotonic()
    tell(done, done)
