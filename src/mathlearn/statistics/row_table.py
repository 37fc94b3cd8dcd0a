"""Tables with one line a row and response, made block by block: as a frame, or, see `row_file`, as a file.

A `RowTable` says how `augment` or `influence` makes a block; everything else about such tables is written here once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.progress_line import LINE
from mathlearn.statistics.frame import FrameKind, Reasons, to_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.white import Tally

__all__ = ["Ledger", "RowBlock", "RowTable", "columns_of", "nothing", "row_frame", "whole"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RowBlock:
    """What is kept of a chunk: O(n) numbers, never its X.

    Attributes
    ----------
    index : (n,)
        Numbers of the rows in the source.
    columns : dict of name to (n, q)
    why : dict
        Why single cells are NaN, by (index of the response, row, column).
    tally : Tally or None
        The proof of the rows, where measures were made of them.
    """

    index: IntArray
    columns: Mapping[str, AnyArray]
    why: Reasons = field(default_factory=dict)
    tally: Tally | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTable:
    """How a table of rows is made.

    Attributes
    ----------
    result : FitResult
    of : callable
        ``(chunk, measured) -> RowBlock``; its columns of measures are NaN where it is not measured, and absent without y.
    why : callable
        ``refusal -> Reasons``: why columns are NaN for all rows, by (index of the response, "all rows", column).
    measures : tuple of str
        Columns that exist only for the rows of the fit.
    max_rows : int
        Rows read at a time.
    purpose : str
        What the rows are read for.
    refusal : str or None
        Why there are no measures, whatever the rows.
    strict : bool
        Whether other rows than those of the fit are an error.
    """

    result: FitResult
    of: Callable[[Chunk, bool], RowBlock]
    why: Callable[[str | None], Reasons]
    measures: tuple[str, ...]
    max_rows: int
    purpose: str
    refusal: str | None = None
    strict: bool = False


class _ForeignRowsError(Exception):
    """The rows that were measured are not those of the fit."""


def nothing(names: tuple[str, ...], n: int, q: int) -> dict[str, FloatArray]:
    """Columns (n, q) of measures that do not exist."""
    return dict.fromkeys(names, np.full((n, q), np.nan))


def whole(table: RowTable, rows: Rows, make: Callable[[RowTable, Iterator[RowBlock]], T]) -> T:
    """Make something of all blocks; once more, without measures, where the rows turn out not to be those of the fit.

    Raises
    ------
    SchemaError
        There are no rows, or they are not those of the fit and had to be.
    """
    with LINE.cleared():
        try:
            return make(table, _blocks(table, rows))
        except _ForeignRowsError as error:
            known = replace(table, refusal=str(error))
        return make(known, _blocks(known, rows))


def _blocks(table: RowTable, rows: Rows) -> Iterator[RowBlock]:
    """Yield the blocks in order, and judge the rows when all were read."""
    tally: Tally | None = None
    block: RowBlock | None = None
    for chunk in rows.chunks(table.max_rows):
        block = table.of(chunk, table.refusal is None)
        if block.tally is not None:
            tally = block.tally if tally is None else tally.merge(block.tally)
        yield block
    if block is None:
        raise SchemaError(f"there are no rows to {table.purpose}")
    if tally is None:
        return
    if table.strict:
        tally.require_same_rows(table.result)
    foreign = tally.foreign(table.result)
    if foreign is not None:
        raise _ForeignRowsError(foreign)


class Ledger:
    """Why cells are NaN, gathered while blocks go by.

    Parameters
    ----------
    table : RowTable
    most : int, optional
        Single cells to remember, the first ones; None for all.

    Attributes
    ----------
    untold : int
        Single cells beyond these.
    """

    def __init__(self, table: RowTable, most: int | None = None) -> None:
        self._table = table
        self._most = most
        self._measured = False
        self._cells: Reasons = {}
        self.untold = 0

    def passing(self, blocks: Iterator[RowBlock]) -> Iterator[RowBlock]:
        """Yield the blocks as they are, having noted what is NaN in them."""
        for block in blocks:
            self._measured = self._table.measures[0] in block.columns
            room = None if self._most is None else self._most - len(self._cells)
            self._cells.update(islice(block.why.items(), room))
            self.untold += 0 if room is None else max(0, len(block.why) - room)
            yield block

    def reasons(self) -> Reasons:
        """Return what was gathered, by (response, if there are several, row or "all rows", column)."""
        table = self._table
        why = self._cells | (table.why(table.refusal) if self._measured else {})
        names, several = table.result.responses, len(table.result.responses) > 1
        return {(names[i], *key) if several else tuple(key): text for (i, *key), text in why.items()}


def columns_of(
    result: FitResult, index: IntArray, columns: Mapping[str, AnyArray], order: Literal["F", "C"]
) -> dict[str, Any]:
    """Lay columns (n, q) out as lines, named by response where there are several.

    Parameters
    ----------
    result : FitResult
    index : (n,)
    columns : mapping of name to (n, q)
    order : {"F", "C"}
        Response after response, or, as blocks can follow one another, row after row.
    """
    shape = len(index), len(result.responses)
    out: dict[str, Any] = {}
    if shape[1] > 1:
        out["response"] = np.broadcast_to(np.asarray(result.responses, dtype=object), shape).ravel(order=order)
    out["row"] = np.broadcast_to(index[:, None], shape).ravel(order=order)
    return out | {name: values.ravel(order=order) for name, values in columns.items()}


def row_frame(table: RowTable, rows: Rows, as_: FrameKind) -> Any:
    """Return the table as a frame, response after response; ``.attrs["reasons"]`` of pandas says why cells are NaN."""

    def make(table: RowTable, blocks: Iterator[RowBlock]) -> Any:
        ledger = Ledger(table)
        found = list(ledger.passing(blocks))
        index = np.concatenate([block.index for block in found])
        columns = {name: np.concatenate([block.columns[name] for block in found]) for name in found[0].columns}
        return to_frame(columns_of(table.result, index, columns, "F"), as_, ledger.reasons())

    return whole(table, rows, make)
