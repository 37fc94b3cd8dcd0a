"""A Parquet file: page checksums verified where the writer left them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._errors import CorruptFileError
from mathlearn.data.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class ParquetPart(Part):
    """One Parquet file.

    Raises
    ------
    CorruptFileError
        If the file is cut, is no Parquet, or a page fails its checksum.
    SchemaError
        If a column name occurs twice.
    """

    def __init__(self, path: Path, label: str) -> None:
        super().__init__(path, label)
        with self._open() as file:
            self.schema = file.schema_arrow
            self.n_rows = file.metadata.num_rows
        self.check_names(self.schema.names)

    def read(self, names: Sequence[str], target: Any) -> Iterator[Any]:  # noqa: ARG002 -- typed by the file itself
        """Yield record batches, page by page: memory does not grow with the row groups."""
        seen = 0
        with self._open() as file:
            for batch in file.iter_batches(self.rows_at_once(), columns=list(names), use_threads=True):
                seen += batch.num_rows
                yield batch.select(list(names))
        if seen != self.n_rows:
            raise CorruptFileError(f"{self.label} announces {self.n_rows} rows and holds {seen}. Write it again.")

    def dataset_format(self) -> Any:
        """Return the Parquet format, with page checksums verified."""
        return _engines.load("pyarrow.dataset").ParquetFileFormat(page_checksum_verification=True)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        pa = _engines.load("pyarrow")
        try:
            with _engines.load("pyarrow.parquet").ParquetFile(self.path, page_checksum_verification=True) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            raise CorruptFileError(
                f"{self.label} cannot be read as Parquet: {error}. It may be cut, damaged or of another format; "
                "write or copy it again, or name its format with format=."
            ) from error
