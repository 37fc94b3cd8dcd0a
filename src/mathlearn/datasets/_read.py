"""A shipped CSV file as a frame of the kind asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _engines
from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["FrameKind", "read"]

FrameKind = Literal["pandas", "polars", "arrow"]


def read(path: Path, as_: FrameKind) -> Any:
    """Read a CSV file whose missing cells are "NA".

    Raises
    ------
    DomainError
        If `as_` is no kind of frame.
    ImportError
        If the package for that kind of frame is not installed.
    """
    if as_ not in _READERS:
        raise DomainError(f"as_ must be one of {', '.join(map(repr, _READERS))}, got {as_!r}")
    return _READERS[as_](path)


def _pandas(path: Path) -> Any:
    import pandas as pd

    return pd.read_csv(path)


def _polars(path: Path) -> Any:
    return _engines.load("polars").read_csv(path, null_values="NA")


def _arrow(path: Path) -> Any:
    csv = _engines.load("pyarrow.csv")
    return csv.read_csv(path, convert_options=csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True))


_READERS: dict[str, Callable[[Path], Any]] = {"pandas": _pandas, "polars": _polars, "arrow": _arrow}
