"""Ordered parallel reduction: the same bits for any number of threads."""

from __future__ import annotations

from collections import deque
from contextvars import copy_context
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

T = TypeVar("T")
S = TypeVar("S")

_WINDOW = 2
"""Items in flight beyond one a thread: enough to keep threads fed while the results are merged."""


def ordered_reduce(
    items: Iterable[T],
    of: Callable[[T], S],
    merge: Callable[[S, S], S],
    *,
    threads: int,
    begun: S | None = None,
) -> S | None:
    """Merge ``of(item)`` over all items, left to right in the order of `items`.

    Items are drawn and results merged in the calling thread; only `of` runs in the pool. At most ``threads + 2`` items
    are in flight, so memory is bounded. The order of merging does not depend on which thread finishes first: the result
    is the same to the last bit for any `threads`.

    Parameters
    ----------
    items : iterable
        Drawn one at a time.
    of : callable
        Must be safe to call from several threads. It sees the caller's context variables (NumPy's error state among them).
    merge : callable
        Associative; ``merge(left, right)``.
    threads : int
        With 1, and for a single item, no thread is started.
    begun : S, optional
        What earlier items were merged to; the result is then that of all.

    Returns
    -------
    merged : S or None
        None when there is no item.

    Raises
    ------
    BaseException
        The first failure in the order of `items`, once the calls under way have ended; no further item is started.
        The same holds for an interrupt from the keyboard.

    Examples
    --------
    >>> ordered_reduce("abc", str.upper, lambda left, right: left + right, threads=2)
    'ABC'
    """
    stream = iter(items)
    head = list(islice(stream, 2))
    if threads <= 1 or len(head) < 2:
        return _serial(chain(head, stream), of, merge, begun)
    return _parallel(chain(head, stream), of, merge, threads, begun)


def found_again(found: S | None) -> S:
    """Return what a later pass over the rows found, where an earlier one has found rows.

    Raises
    ------
    RuntimeError
        There was none: the source is not re-iterable.
    """
    if found is None:
        raise RuntimeError("the source gave rows at first reading and none at the second; it must be re-iterable")
    return found


def _serial(items: Iterable[T], of: Callable[[T], S], merge: Callable[[S, S], S], begun: S | None) -> S | None:
    merged = begun
    for item in items:
        value = of(item)
        merged = value if merged is None else merge(merged, value)
    return merged


def _parallel(
    items: Iterable[T], of: Callable[[T], S], merge: Callable[[S, S], S], threads: int, begun: S | None
) -> S | None:
    from concurrent.futures import ThreadPoolExecutor

    flying: deque[Future[S]] = deque()
    merged = begun
    pool = ThreadPoolExecutor(threads, thread_name_prefix="mathlearn")
    try:
        for item in items:
            flying.append(pool.submit(copy_context().run, of, item))
            if len(flying) >= threads + _WINDOW:
                value = flying.popleft().result()
                merged = value if merged is None else merge(merged, value)
        while flying:
            value = flying.popleft().result()
            merged = value if merged is None else merge(merged, value)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return merged
