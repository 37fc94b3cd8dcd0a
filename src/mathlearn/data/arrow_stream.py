"""A `FileSource` as a table that DuckDB can scan as often as it likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn import _engines

if TYPE_CHECKING:
    from mathlearn.data.files import FileSource


def duckdb_table(source: FileSource) -> Any:
    """Return what to register with DuckDB for a source.

    A pyarrow dataset where Arrow can read the files just as we do, since DuckDB then asks it for the needed columns
    and rows only; otherwise a stream of our own.
    """
    dataset = source.dataset()
    return _Stream(source) if dataset is None else dataset


class _Stream:
    """The Arrow stream protocol over a source; DuckDB asks for a new stream for every scan."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self.schema = source.arrow_schema

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        rows = self._source.record_batches(self.schema.names, fixed=True)
        return (
            _engines.load("pyarrow")
            .RecordBatchReader.from_batches(self.schema, rows)
            .__arrow_c_stream__(requested_schema)
        )
