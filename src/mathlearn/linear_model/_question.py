"""Which row is meant where one prediction is explained: the question checked, the row encoded."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.chunk import dense_rows

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows

__all__ = ["as_row", "one_row", "require_question"]

_BLOCK = 1 << 13


def require_question(of_row: bool, row: Any, term: str | None, offset: Any) -> None:
    """Refuse what does not go together.

    Raises
    ------
    DomainError
        A row or an offset is given without `x`, the row is no place of one, or a term is asked for with `x`.
    """
    if offset is not None and not of_row:
        raise DomainError("offset= is that of the row whose prediction is derived, and there is no x: pass the row")
    if row is not None and not of_row:
        raise DomainError(
            f"row={row!r} says which row of x is meant, and there is no x: pass the rows, as in explain(X, row=0)"
        )
    if row is not None and (isinstance(row, bool) or not isinstance(row, Integral) or row < 0):
        raise DomainError(f"row is {row!r}: it must be a whole number, counted from 0, which is the first row of x")
    if of_row and term is not None:
        raise DomainError(f"term={term!r} is worked where the fit is derived: leave out x, or leave out the term")


def as_row(x: Any) -> Any:
    """Make a table of one row of a list or vector of numbers, or a mapping to numbers; tables stay what they are."""
    if isinstance(x, Mapping) and all(np.ndim(value) == 0 for value in x.values()):
        from pandas import DataFrame

        return DataFrame({name: [value] for name, value in x.items()})
    if isinstance(x, list | tuple | np.ndarray) and np.ndim(x) == 1:
        return np.asarray(x).reshape(1, -1)
    return x.to_frame().T if type(x).__name__ == "Series" and hasattr(x, "to_frame") else x


def one_row(rows: BoundRows, row: int | None) -> tuple[FloatArray, float]:
    """Encode the row (p,) that is meant, and its offset.

    Raises
    ------
    SchemaError
        There is no such row, it lacks a value, or there are several and none was named.
    """
    wanted, seen = 0 if row is None else row, 0
    for chunk in rows.blocks(_BLOCK):
        seen = chunk.start + chunk.n + chunk.dropped
        if row is None and seen > 1:
            raise SchemaError(
                "explain derives the prediction of one row, and x has several: say which by row=, as in row=0"
            )
        place = np.flatnonzero(chunk.index == wanted)
        if place.size:
            dense = dense_rows(chunk.X)
            return dense[place[0]], 0.0 if chunk.offset is None else float(chunk.offset[place[0]])
        if wanted < seen:
            raise SchemaError(f"row {wanted} lacks a value in a column that is used: there is no prediction to explain")
    raise SchemaError(f"there is no row {wanted}: x has {seen} row{'s' * (seen != 1)}, counted from 0")
