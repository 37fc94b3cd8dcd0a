"""Settings of the process, and of a block of code."""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mathlearn.data.progress import Progress

__all__ = ["Config", "config_context", "get_config", "set_config"]

_FALLBACK_MEMORY = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Config:
    """The settings in force.

    Attributes
    ----------
    max_memory : int
        Largest allocation in bytes that a fit may plan; above it, `ResourceError`. Default: half of the memory this process
        may use, 4 GiB where that is unknown.
    threads : int
        Chunks of rows worked on at the same time. Default: the processors this process may use. Results do not depend on it.
    progress : callable, "stderr" or None
        Called as ``progress(p)`` a few times a second while a stream is read, and at the end of each pass; ``p`` has the attributes
        ``pass_number``, ``passes_expected``, ``rows``, ``total_rows``, ``seconds``, ``rows_per_second`` and ``remaining``, and is
        one line as text. "stderr" shows that line on standard error, where it is a terminal. Default: None.
    """

    max_memory: int
    threads: int
    progress: Callable[[Progress], None] | Literal["stderr"] | None = None

    def __post_init__(self) -> None:
        for name in ("max_memory", "threads"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise DomainError(f"{name} must be a positive whole number, got {value!r}")
        if not (callable(self.progress) or self.progress is None or self.progress == "stderr"):
            raise DomainError(f"progress must be 'stderr', callable as progress(p), or None, got {self.progress!r}")


# One process-wide record, replaced as a whole under the lock; blocks lay their own values over it, each in its context,
# so that neither threads nor tasks see each other's.
_lock = Lock()
_process: Config | None = None
_block: ContextVar[Mapping[str, Any] | None] = ContextVar("mathlearn_config", default=None)


def get_config() -> Config:
    """Return the settings in force here.

    Examples
    --------
    >>> import mathlearn
    >>> mathlearn.get_config().threads >= 1
    True
    """
    base = _process or _defaults()
    block = _block.get()
    return replace(base, **block) if block else base


def set_config(**settings: Any) -> None:
    """Change settings for the whole process.

    Parameters
    ----------
    **settings
        Fields of `Config` to change.

    Raises
    ------
    DomainError
        If a name or a value is not allowed; nothing is changed then.

    Examples
    --------
    >>> import mathlearn
    >>> before = mathlearn.get_config().threads
    >>> mathlearn.set_config(threads=2)
    >>> mathlearn.get_config().threads
    2
    >>> mathlearn.set_config(threads=before)
    """
    global _process  # noqa: PLW0603 - the one place where the process-wide record is replaced
    with _lock:
        _process = _changed(_process or _defaults(), settings)


@contextmanager
def config_context(**settings: Any) -> Iterator[None]:
    """Change settings inside a ``with`` block, for this thread or task only.

    Parameters
    ----------
    **settings
        Fields of `Config` to change.

    Raises
    ------
    DomainError
        If a name or a value is not allowed.

    Examples
    --------
    >>> import mathlearn
    >>> with mathlearn.config_context(threads=1):
    ...     mathlearn.get_config().threads
    1
    """
    _changed(get_config(), settings)
    token = _block.set({**(_block.get() or {}), **settings})
    try:
        yield
    finally:
        _block.reset(token)


def _changed(config: Config, settings: Mapping[str, Any]) -> Config:
    unknown = sorted(set(settings) - set(Config.__slots__))
    if unknown:
        raise DomainError(f"unknown setting {unknown[0]!r}; the settings are {', '.join(Config.__slots__)}")
    return replace(config, **settings)


@cache
def _defaults() -> Config:
    return Config(max_memory=_half_of_memory(), threads=_processors())


def _half_of_memory() -> int:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return _FALLBACK_MEMORY
    return max(1, min(total, _container_limit() or total) // 2)


def _container_limit() -> int | None:
    # Inside a container the machine's memory is not ours to use.
    try:
        text = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")
    except OSError:
        return None
    return int(text) if text.strip().isdigit() else None


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
