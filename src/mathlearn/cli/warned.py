"""Warnings as a command line shows them: one line each on standard error, without a place in the source."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mathlearn.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["as_lines", "said_elsewhere"]


@contextmanager
def as_lines() -> Iterator[None]:
    """Show what concerns the user's data as ``mathlearn: warning: ...``; warnings for programmers stay as they are."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **rest: Any) -> None:
            if issubclass(category, UserWarning):
                say(f"mathlearn: warning: {' '.join(str(message).split())}")
            else:
                usual(message, category, *place, **rest)

        warnings.showwarning = show
        yield


@contextmanager
def said_elsewhere(*categories: type[Warning], when: bool) -> Iterator[None]:
    """Leave these warnings out when what is shown on the screen says the same."""
    with warnings.catch_warnings():
        for category in categories if when else ():
            warnings.simplefilter("ignore", category)
        yield
