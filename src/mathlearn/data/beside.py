"""What the caller gives: X recognised, and collections that go with it put beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mathlearn.data.inputs import as_source, is_dask

if TYPE_CHECKING:
    from mathlearn.data.arguments import Arguments
    from mathlearn.data.inputs import Intake

__all__ = ["Beside", "recognised"]


@dataclass(frozen=True, slots=True)
class Beside:
    """An argument whose values lie beside X, part by part: columns that the source has for it.

    Attributes
    ----------
    columns : tuple of str
        In the source.
    names : tuple of str
        As the user calls them.
    ndim : int
        1 or 2, as given.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    ndim: int


def recognised(X: Any, given: Arguments) -> tuple[Intake, Arguments]:
    """Make a source of X, and of what else lies in parts as X does.

    Raises
    ------
    SchemaError
        X is no table, or what goes with it is cut in another way.
    """
    intake = as_source(X)
    if not intake.source.apart or not any(map(is_dask, given)):
        return intake, given
    from mathlearn.data.dask_inputs import joined

    return joined(intake, given)
