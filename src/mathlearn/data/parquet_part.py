"""A Parquet file: page checksums verified where the writer left them."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from contextlib import contextmanager
from copy import copy
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from mathlearn import _engines
from mathlearn._errors import CorruptFileError
from mathlearn.data.parquet_spans import spans
from mathlearn.data.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn.data.place import Place

_BUFFER = 1 << 16
"""Bytes read at a time of each column of a file on this machine."""

_LAST = 8
"""Bytes after the footer: its length, and a mark."""

_MARKS = (b"PAR1", b"PARE")
"""The mark, and that of a footer that is encrypted."""


class RowGroup(NamedTuple):
    """A row group: its number, its first row and how many it has."""

    group: int
    start: int
    n: int


def _row_groups(metadata: Any) -> list[RowGroup]:
    """Return the row groups of a file."""
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    starts = accumulate(sizes, initial=0)
    return [RowGroup(group, start, n) for group, (start, n) in enumerate(zip(starts, sizes, strict=False))]


class ParquetPart(Part):
    """One Parquet file.

    Attributes
    ----------
    row_groups : tuple of RowGroup or None
        The row groups that are read; None for all.

    Raises
    ------
    CorruptFileError
        If the file is cut, is no Parquet, or a page fails its checksum.
    SchemaError
        If a column name occurs twice.
    """

    row_groups: tuple[RowGroup, ...] | None = None

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        with self._open() as file:
            self.schema = file.schema_arrow
            self.n_rows = file.metadata.num_rows
        self.check_names(self.schema.names)

    def within(self, condition: Any) -> ParquetPart:
        """Return this file without the row groups in none of which an Arrow expression can hold, by their statistics."""
        with self._open() as file, self.place.open() as again:
            blocks = _row_groups(file.metadata)
            whole = self.dataset_format().make_fragment(again)
            able = whole.subset(filter=condition, schema=self.schema)
        return self._narrowed([blocks[group.id] for group in able.row_groups])

    def after(self, row: int) -> tuple[ParquetPart, int]:
        """Return this file without the first row groups, if all their rows lie before `row`, and how many rows these have."""
        if self.row_groups is None:
            with self._open() as file:
                blocks = _row_groups(file.metadata)
        else:
            blocks = list(self.row_groups)
        ends = list(accumulate(block.n for block in blocks))
        first = bisect_right(ends, row)
        return self._narrowed(blocks[first:]), ends[first - 1] if first else 0

    def _narrowed(self, blocks: Sequence[RowGroup]) -> ParquetPart:
        narrowed = copy(self)
        narrowed.row_groups = tuple(blocks)
        narrowed.n_rows = sum(block.n for block in blocks)
        return narrowed

    def locate(self, row: int) -> str:
        """Say where row `row` (0-based, of those read) of this file is."""
        for block in self.row_groups or ():
            if row < block.n:
                return super().locate(block.start + row)
            row -= block.n
        return super().locate(row)

    def read(self, names: Sequence[str], target: Any) -> Iterator[Any]:  # noqa: ARG002 -- typed by the file itself
        """Yield record batches, large row groups page by page: memory does not grow with them."""
        seen, columns = 0, list(names)
        with self._open() as file:
            known = file.metadata
            blocks = (
                range(known.num_row_groups) if self.row_groups is None else [block.group for block in self.row_groups]
            )
            for groups, whole in spans(known, blocks, columns):
                if whole:
                    batches = file.read_row_groups(groups, columns=columns).to_batches()
                else:
                    batches = file.iter_batches(self.rows_at_once(), groups, columns=columns)
                for batch in batches:
                    seen += batch.num_rows
                    yield batch.select(columns)
        if seen != self.n_rows:
            raise CorruptFileError(f"{self.label} announces {self.n_rows} rows and holds {seen}. Write it again.")

    def footer(self) -> int:
        """Return a checksum of the footer, which names sizes and extremes of all blocks of rows."""
        with self.place.open() as file:
            size = file.size()
            file.seek(max(0, size - _LAST))
            last = file.read(_LAST)
            length = int.from_bytes(last[:4], "little")
            if not last.endswith(_MARKS) or length > size:
                return 0  # it has none: it was cut, or is no Parquet
            file.seek(max(0, size - _LAST - length))
            return zlib.crc32(file.read(length))

    def dataset_format(self) -> Any:
        """Return the Parquet format, with page checksums verified."""
        return _engines.load("pyarrow.dataset").ParquetFileFormat(page_checksum_verification=True)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        pa = _engines.load("pyarrow")
        try:
            # Read ahead, row groups would all be held until the last batch: the whole file. Without a buffer, whole columns of a
            # row group are read before the first is decoded, which pays only where each request takes long.
            buffer = _BUFFER if self.place.native else 0
            options = {"page_checksum_verification": True, "pre_buffer": False, "buffer_size": buffer}
            with self.place.open() as raw, _engines.load("pyarrow.parquet").ParquetFile(raw, **options) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            raise CorruptFileError(
                f"{self.label} cannot be read as Parquet: {error}. It may be cut, damaged or of another format; "
                "write or copy it again, or name its format with format=."
            ) from error
