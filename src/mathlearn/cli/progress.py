"""Progress of long work, on standard error and only when somebody is looking."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mathlearn._config import config_context
from mathlearn.data.progress_line import LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.cli.output import Sink

__all__ = ["shown"]


@contextmanager
def shown(*, beside: Sink | None = None) -> Iterator[None]:
    """Show how far rows were read while the block runs; nothing at all when standard error is no terminal.

    Parameters
    ----------
    beside : Sink, optional
        Where the block writes meanwhile: nothing is shown when that is the screen.
    """
    if beside is not None and beside.path is None and sys.stdout.isatty():
        yield
        return
    try:
        with config_context(progress="stderr"):
            yield
    finally:
        LINE.clear()
