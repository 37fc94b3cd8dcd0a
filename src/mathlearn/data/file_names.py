"""What names say of files: their format, and whether they belong to the bookkeeping of other programs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from mathlearn._errors import SchemaError
from mathlearn.data.credentials import redacted
from mathlearn.data.schema import listing

if TYPE_CHECKING:
    from mathlearn.data.place import Place

FORMATS: dict[str, tuple[str, ...]] = {
    "csv": (".csv", ".tsv"),
    "parquet": (".parquet", ".pq"),
    "ipc": (".arrow", ".feather", ".ipc"),
}
"""Formats, and the endings by which they are known."""

COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")
"""Endings of compressed files."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was found: where it is, its name, its format."""

    place: Place
    file_name: str
    format: str

    @property
    def tabbed(self) -> bool:
        """Whether the name says that tabs separate the columns."""
        return _ending(self.file_name) == ".tsv"


def is_address(name: str | os.PathLike[str]) -> bool:
    """Whether a name is an address (``s3://...``), and no path.

    Examples
    --------
    >>> is_address("s3://bucket/a.csv"), is_address("a.csv")
    (True, False)
    """
    return "://" in os.fspath(name)


def shown_path(name: str | os.PathLike[str]) -> str:
    """Return a path as it is, an address without credentials.

    Examples
    --------
    >>> shown_path("s3://me:secret@bucket/sales.parquet"), shown_path("token=1.csv")
    ('s3://[redacted]@bucket/sales.parquet', 'token=1.csv')
    """
    return redacted(os.fspath(name)) if is_address(name) else os.fspath(name)


def table_names(name: str | os.PathLike[str]) -> set[str]:
    """Return what a file is called in a query: by its text, and by its stem.

    Examples
    --------
    >>> sorted(table_names("shop/sales.csv.gz"))
    ['sales', 'shop/sales.csv.gz']
    """
    return {shown_path(name), PurePath(name).name.partition(".")[0]}


def found(place: Place, file_name: str, fmt: str | None) -> Found:
    """Return a file with its format.

    Raises
    ------
    SchemaError
        If `fmt` is None, and its name says nothing.
    """
    known = fmt or format_of(file_name)
    if known is None:
        raise SchemaError(
            f"the format of {place.label} is unknown: its name ends in none of {endings()}. Pass format= ({listing(FORMATS)})."
        )
    return Found(place, file_name, known)


def endings() -> str:
    """Return the endings that are known, for messages."""
    return ", ".join(ending for known in FORMATS.values() for ending in known)


def format_of(file_name: str) -> str | None:
    """Return the format that the ending of a name stands for, None when it stands for none.

    Examples
    --------
    >>> format_of("sales.CSV.gz"), format_of("sales.txt")
    ('csv', None)
    """
    ending = _ending(file_name)
    return next((known for known, endings in FORMATS.items() if ending in endings), None)


def _ending(file_name: str) -> str:
    path = PurePath(file_name)
    inner = path.with_suffix("") if path.suffix.lower() in COMPRESSED else path
    return inner.suffix.lower()


def is_hidden(name: str) -> bool:
    """Whether a file or folder is bookkeeping of other programs (``.x``, ``_x``)."""
    return name.startswith((".", "_"))


def wanted(folder: str, relative: PurePath, fmt: str | None) -> bool:
    """Whether a file at a place under a folder holds rows of it.

    Raises
    ------
    SchemaError
        If a name on the way is the value of a column.
    """
    if any(map(is_hidden, relative.parts)) or not (fmt or format_of(relative.name)):
        return False
    key = next((part.partition("=")[0] for part in relative.parts[:-1] if "=" in part), None)
    if key is not None:
        raise SchemaError(
            f"{folder!r} is partitioned: the column {key!r} stands in folder names ({str(relative)!r}) and not "
            f"in the files, and would be lost. Scan the folder of one partition, or read it with pyarrow.dataset and "
            "scan the table."
        )
    return True


def managed(folder: str) -> SchemaError:
    """Return what to say of a Delta table."""
    return SchemaError(
        f"{folder!r} is a Delta table: its files also hold deleted rows. Export the table to Parquet, or "
        "read it to an Arrow table with the package deltalake, and scan that."
    )


def empty(folder: str) -> FileNotFoundError:
    """Return what to say of a folder without data files."""
    return FileNotFoundError(f"the folder {folder!r} holds no file that ends in {endings()}")
