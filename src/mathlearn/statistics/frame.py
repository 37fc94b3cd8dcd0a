"""Columns to a data frame of the user's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _engines
from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FrameKind", "Reasons", "to_frame"]

FrameKind = Literal["pandas", "polars", "arrow"]
Reasons = dict[Any, str]


def to_frame(
    columns: Mapping[str, Any],
    as_: FrameKind = "pandas",
    reasons: Reasons | None = None,
    notes: Mapping[str, Any] | None = None,
) -> Any:
    """Make a data frame of named columns.

    Parameters
    ----------
    columns : mapping of name to array or sequence, all of one length
    as_ : {"pandas", "polars", "arrow"}
        Only pandas carries reasons and notes.
    reasons : dict, optional
        Why cells are NaN: ``.attrs["reasons"]``.
    notes : mapping, optional
        More for ``.attrs``: what the columns mean.

    Raises
    ------
    DomainError
        Another `as_`.
    """
    if as_ not in _MAKERS:
        raise DomainError(f"as_ is {as_!r}: it must be one of {', '.join(map(repr, _MAKERS))}")
    return _MAKERS[as_](columns, {**(notes or {}), "reasons": reasons or {}})


def _pandas(columns: Mapping[str, Any], attrs: Mapping[str, Any]) -> Any:
    import pandas as pd

    frame = pd.DataFrame(dict(columns))
    frame.attrs.update(attrs)
    return frame


def _polars(columns: Mapping[str, Any], _: Mapping[str, Any]) -> Any:
    return _engines.load("polars").DataFrame(dict(columns))


def _arrow(columns: Mapping[str, Any], _: Mapping[str, Any]) -> Any:
    return _engines.load("pyarrow").table(dict(columns))


_MAKERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Any]] = {
    "pandas": _pandas,
    "polars": _polars,
    "arrow": _arrow,
}
