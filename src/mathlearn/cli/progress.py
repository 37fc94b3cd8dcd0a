"""Progress of long work, on standard error and only when somebody is looking."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mathlearn import _engines
from mathlearn._config import config_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.cli.output import Sink

__all__ = ["shown"]


@contextmanager
def shown(what: str, *, beside: Sink | None = None) -> Iterator[None]:
    """Show how many rows were read while the block runs; nothing at all when standard error is no terminal.

    Parameters
    ----------
    what : str
    beside : Sink, optional
        Where the block writes meanwhile: nothing is shown when that is the screen.
    """
    if not sys.stderr.isatty() or (beside is not None and beside.path is None and sys.stdout.isatty()):
        yield
        return
    rich_progress = _engines.load("rich.progress")
    console = _engines.load("rich.console").Console(stderr=True)
    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.TextColumn("{task.completed:,.0f} rows"),
        rich_progress.TimeElapsedColumn(),
    )
    with rich_progress.Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(what, total=None)

        def update(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        with config_context(progress=update):
            yield
