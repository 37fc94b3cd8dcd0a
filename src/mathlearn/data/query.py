"""`QuerySource`: the rows of one SQL SELECT, run by DuckDB."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError
from mathlearn.data.arrow_source import ArrowSource
from mathlearn.data.arrow_types import duplicate_free, schema_of
from mathlearn.data.sql_guard import Room, keeps_order, one_select, quoted

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mathlearn.data.files import FileSource

_ROWS_AT_ONCE = 65536


class QuerySource(ArrowSource):
    """The rows of one SELECT over databases attached read-only and over files.

    Rows come in the same order on every pass: a plan that could mix them up runs on one thread. A query whose rows
    differ from one pass to the next (``random()``, ``now()``, a sample without a seed) is found out and refused.

    Parameters
    ----------
    sql : str
        Exactly one SELECT.
    databases : mapping of alias to path of a DuckDB file
    tables : mapping of table name to FileSource
    default : str or None
        Alias of the database whose tables need no prefix.

    Raises
    ------
    SchemaError
        If the text is not one SELECT, refers to unknown tables or columns, or reaches for anything that was not named.
    """

    n_rows = None
    costly = True
    label = "the SQL query"

    def __init__(
        self, sql: str, databases: Mapping[str, Path], tables: Mapping[str, FileSource], default: str | None = None
    ) -> None:
        self._sql = one_select(sql)
        self._room = Room(dict(databases), dict(tables), default)
        self._passes: dict[tuple[str, ...], tuple[int, int]] = {}
        with self._room.opened() as connection:
            if not keeps_order(connection, self._sql):
                self._room = replace(self._room, threads=1)
            relation = connection.sql(self._sql)
            duplicate_free(relation.columns, self.label)
            self.schema = schema_of(relation.limit(0).to_arrow_table().schema)

    def reads(self, path: str | os.PathLike[str]) -> bool:
        """Whether a file is behind one of the tables."""
        return any(table.reads(path) for table in self._room.tables.values())

    def locate(self, row: int) -> str:
        """Say which row of the result it is."""
        return f"row {row} of the query's result"

    def record_batches(self, names: Sequence[str]) -> Iterator[Any]:
        """Yield record batches of these columns, running the query anew."""
        columns = ", ".join(quoted(name) for name in names)
        rows, digest = 0, 0
        with self._room.opened() as connection:
            # DuckDB hashes each row: bytes that Arrow leaves undefined, as under nulls, must not count.
            relation = connection.sql(self._sql).project(f"{columns}, hash({columns}) AS digest")
            for batch in relation.to_arrow_reader(_ROWS_AT_ONCE):
                rows += batch.num_rows
                digest = zlib.crc32(batch.column(len(names)).to_numpy(), digest)
                yield batch.select(range(len(names)))
        self._room.require_unchanged()
        first = self._passes.setdefault(tuple(names), (rows, digest))
        if first != (rows, digest):
            raise SchemaError(
                f"the query gave other rows on a second pass ({rows} rows now, {first[0]} at first): it is not "
                "repeatable. Give samples a seed (USING SAMPLE ... REPEATABLE (1)), avoid random() and now(), keep "
                "its tables still; or store its result in a table or a Parquet file and scan that."
            )
