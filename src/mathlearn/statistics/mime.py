"""What Jupyter asks a record for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["mime_bundle"]


def mime_bundle(forms: Mapping[str, Callable[[], str]], include: Any, exclude: Any) -> dict[str, str]:
    """Make the forms that are wanted, of those that there are.

    Parameters
    ----------
    forms : mapping of MIME type to callable
        A form whose optional package is absent is left out.
    include, exclude : collections of MIME types, or None
        As Jupyter passes them.
    """
    wanted = set(include or forms) - set(exclude or ())
    bundle = {}
    for mime, make in forms.items():
        if mime in wanted:
            try:
                bundle[mime] = make()
            except ImportError:
                continue
    return bundle
