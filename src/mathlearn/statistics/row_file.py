"""Tables of rows as a Parquet file, written while the rows are read: no more of them is in memory than a block."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mathlearn.data.parquet_writer import require_parquet, write_parquet
from mathlearn.statistics.row_table import Ledger, columns_of, whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from mathlearn.data.rows import Rows
    from mathlearn.statistics.frame import Reasons
    from mathlearn.statistics.row_table import RowBlock, RowTable

__all__ = ["TOLD", "RowFile", "row_file"]

TOLD = 1000
"""Cells of which a file says why they are NaN, beside those of columns that are NaN for all rows."""

# The second is where pandas looks for the attributes of a frame.
_KEYS = ("mathlearn", "PANDAS_ATTRS")


@dataclass(frozen=True, slots=True)
class RowFile:
    """A table of rows that was written to a Parquet file.

    Attributes
    ----------
    path : Path
    rows : int
        Lines of the file: one a row, and a response where there are several.
    size : int
        Bytes.
    reasons : dict
        Why cells are NaN, as ``.attrs["reasons"]`` of the frame has it: of all rows, and of the first 1000 single cells.
    untold : int
        Single cells beyond these.

    Examples
    --------
    >>> import tempfile
    >>> from mathlearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = LinearRegression().fit(X, y).augment(X, y, to=f"{folder}/rows.parquet")
    >>> written.path.name, written.rows, written.reasons
    ('rows.parquet', 4, {})
    """

    path: Path
    rows: int
    size: int
    reasons: Reasons
    untold: int


def row_file(table: RowTable, rows: Rows, path: str | os.PathLike[str]) -> RowFile:
    """Write the table as Parquet, row by row; the responses of a row follow one another.

    Raises
    ------
    DomainError
        The name of the file promises another format.
    OSError
        The file cannot be written; what was there before is untouched.
    """
    require_parquet(path)

    def make(table: RowTable, blocks: Iterator[RowBlock]) -> RowFile:
        ledger = Ledger(table, TOLD)
        lines = (columns_of(table.result, block.index, block.columns, "C") for block in ledger.passing(blocks))
        written = write_parquet(path, lines, notes=lambda: dict.fromkeys(_KEYS, _text(table, ledger)))
        return RowFile(Path(path), written.rows, written.size, ledger.reasons(), ledger.untold)

    return whole(table, rows, make)


def _text(table: RowTable, ledger: Ledger) -> str:
    """Spell the reasons as JSON, which has no keys of several parts."""
    parts = ("response", "row", "column") if len(table.result.responses) > 1 else ("row", "column")
    reasons = [dict(zip(parts, key, strict=True)) | {"reason": reason} for key, reason in ledger.reasons().items()]
    return json.dumps({"reasons": reasons, "untold": ledger.untold}, ensure_ascii=False)
