"""Files named by the caller to a `FileSource`."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError
from mathlearn.data.arrow_types import named_types, pandas_categories
from mathlearn.data.csv_part import CsvPart
from mathlearn.data.csv_text import MISSING_VALUES, CsvDialect
from mathlearn.data.file_names import is_address, shown_path
from mathlearn.data.files import FileSource
from mathlearn.data.ipc_part import IpcPart
from mathlearn.data.parquet_part import ParquetPart
from mathlearn.data.paths import find, missing_file
from mathlearn.data.schema import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mathlearn.data.file_names import Found
    from mathlearn.data.part import Part

_INFERRED = 8 << 20
"""Bytes of CSV text, over all files together, from which column types are inferred."""

_INFERRED_A_FILE = 1 << 20
"""Bytes of CSV text to infer from in each file, however many there are."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What the caller said about the files, see `scan`."""

    format: str | None = None
    types: Mapping[str, Any] | None = None
    delimiter: str | None = None
    decimal: str = "."
    missing_values: tuple[str, ...] = MISSING_VALUES
    storage_options: Mapping[str, Any] | None = field(default=None, repr=False)

    def dialect(self, *, tabbed: bool) -> CsvDialect:
        """Return how CSV files are written."""
        return CsvDialect(self.delimiter or ("\t" if tabbed else ","), self.decimal, self.missing_values)


def open_files(what: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], options: FileOptions) -> FileSource:
    """Find the files, look into each, and agree on column types."""
    found = find(what, options.format, options.storage_options)
    types = named_types(options.types)
    prefix = max(_INFERRED_A_FILE, _INFERRED // len(found))

    def csv(file: Found) -> Part:
        return CsvPart(file.place, options.dialect(tabbed=file.tabbed), types, prefix)

    openers: dict[str, Callable[[Found], Part]] = {
        "csv": csv,
        "parquet": lambda file: ParquetPart(file.place),
        "ipc": lambda file: IpcPart(file.place),
    }
    first = found[0].place.label
    label = shown_path(what) if isinstance(what, str | os.PathLike) else f"{first} and {len(found) - 1} more"
    source = FileSource([openers[file.format](file) for file in found], label, types)
    _tell_of_categories(source, types)
    return source


def _tell_of_categories(source: FileSource, types: Mapping[str, Any]) -> None:
    """Warn of categories made of numbers, of which a file keeps the numbers alone."""
    were = frozenset().union(*(pandas_categories(part.schema) for part in source.parts))
    numbers = [
        field.name for field in source.schema if field.name in were and field.numeric and field.name not in types
    ]
    if numbers:
        warnings.warn(
            f"{listing(numbers)} {'was' if len(numbers) == 1 else 'were'} categorical in the data frame that {source.label} was written from; the "
            f"file holds numbers, and as such they are read. For categories pass types={{{numbers[0]!r}: 'string'}}, or write C({numbers[0]}) in a "
            f"formula; to read numbers without this warning, types={{{numbers[0]!r}: 'float64'}}.",
            stacklevel=4,
        )


def existing_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file that exists, or say what is near.

    Raises
    ------
    FileNotFoundError
    SchemaError
        If it is an address.
    """
    if is_address(path):
        raise SchemaError(
            f"a database must be on this machine, and {shown_path(path)!r} is an address. Download it first."
        )
    place = Path(path).expanduser()
    if not place.is_file():
        raise FileNotFoundError(missing_file(place, os.fspath(path)))
    return place
