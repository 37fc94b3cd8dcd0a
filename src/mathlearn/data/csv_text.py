"""CSV as text, exactly and slowly: the header, the line of a record, and what is wrong with a refused file."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from mathlearn._errors import CorruptFileError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.place import Text

MISSING_VALUES = ("", "NA", "N/A", "n/a", "<NA>", "NaN", "nan", "NULL", "null", "#N/A")
"""Cells read as missing unless the caller says otherwise."""

_LONG_CELL = "field larger than field limit"
"""How the csv module says that it gives up, which is no flaw of the file."""

_COUNTED = 1 << 20
"""Bytes read at a time where quotes are counted."""

_OTHER_DELIMITERS = (";", "\t", "|")


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """How a CSV file is written.

    Attributes
    ----------
    delimiter : str
    decimal : str
        The decimal mark, "." or ",".
    missing_values : tuple of str
        Cells that mean "missing", quoted or not.
    """

    delimiter: str = ","
    decimal: str = "."
    missing_values: tuple[str, ...] = MISSING_VALUES

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n' or not self.delimiter.isascii():
            raise SchemaError(
                f"delimiter must be one ASCII character other than a quote or line end, got {self.delimiter!r}"
            )
        if self.decimal not in {".", ","}:
            raise SchemaError(f"decimal must be '.' or ',', got {self.decimal!r}")
        if self.decimal == self.delimiter:
            raise SchemaError(
                "decimal and delimiter are both ','. Files with decimal commas usually have delimiter=';'."
            )


@dataclass(frozen=True, slots=True)
class Record:
    """One CSV record: its cells, and the (1-based) line it starts on."""

    line: int
    cells: list[str]


def records(file: Text, dialect: CsvDialect) -> Iterator[Record]:
    """Yield the records of a file, blank lines left out.

    Raises
    ------
    csv.Error
        If quotes are not closed, or a closing quote is followed by something else than a delimiter.
    UnicodeDecodeError
        If the text is not UTF-8.
    OSError
        If the file cannot be decompressed.
    """
    with file.text() as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
        line = 1
        for cells in reader:
            if cells:
                yield Record(line, cells)
            line = reader.line_num + 1


def header(file: Text, dialect: CsvDialect) -> Record:
    """Read the header of a file.

    Raises
    ------
    CorruptFileError
        If there is none, or it is not UTF-8 text.
    SchemaError
        If the delimiter looks wrong.
    """
    label = file.label
    try:
        first = next(records(file, dialect), None)
    except UnicodeDecodeError as error:
        raise CorruptFileError(not_utf8(label, error)) from None
    except (csv.Error, OSError) as error:
        raise CorruptFileError(f"{label}: the header cannot be read: {error}. Is this a CSV file?") from None
    if first is None:
        raise CorruptFileError(
            f"{label} holds only blank lines: it has not even a header. Write it again, or leave it out."
        )
    if len(first.cells) == 1:
        _check_delimiter(first.cells[0], label, dialect)
    return first


def _check_delimiter(only: str, label: str, dialect: CsvDialect) -> None:
    other = next((mark for mark in _OTHER_DELIMITERS if mark in only and mark != dialect.delimiter), None)
    if other is not None:
        raise SchemaError(
            f"{label} has a single column named {only!r} when read with delimiter {dialect.delimiter!r}. "
            f"Pass delimiter={other!r} if that is what separates its columns."
        )


def not_utf8(label: str, why: object) -> str:
    """Say that a file is not UTF-8, and what to do."""
    remedy = "Save it as UTF-8, for example with: iconv -f LATIN1 -t UTF-8 in.csv > out.csv"
    return f"{label} is not UTF-8 text ({why}). {remedy}"


def line_of_row(file: Text, dialect: CsvDialect, row: int) -> int | None:
    """Return the line on which data row `row` (0-based) starts, None when the text cannot be followed that far."""
    try:
        found = next(islice(records(file, dialect), row + 1, None), None)
    except (csv.Error, UnicodeDecodeError, OSError):
        return None
    return found.line if found else None


def line_of_cell(file: Text, dialect: CsvDialect, position: int, wanted: str) -> int | None:
    """Return the line of the first such cell in column `position`, None when it is not found."""
    with suppress(csv.Error, UnicodeDecodeError, OSError):
        for record in islice(records(file, dialect), 1, None):
            if len(record.cells) > position and record.cells[position].strip() == wanted:
                return record.line
    return None


def flaw(file: Text, dialect: CsvDialect) -> str | None:
    """Read the whole file strictly and describe its first flaw, if any: a ragged or cut row, an unclosed quote."""
    label, last, width = file.label, Record(1, []), None
    try:
        for last in records(file, dialect):
            width = len(last.cells) if width is None else width
            if len(last.cells) != width:
                return (
                    f"{label}, line {last.line}: the row has {len(last.cells)} cells, the header {width}. The row is "
                    "cut, or a cell holds an unquoted delimiter: mend the line, or write the file again."
                )
    except UnicodeDecodeError as error:
        return not_utf8(label, error)
    except csv.Error as error:
        return (
            f"{label}: the record after line {last.line} is malformed: {error}. A quote is not closed (the file may "
            "be cut) or is followed by something else than a delimiter: mend it, or write the file again."
        )
    except OSError as error:
        return damaged(label, error)
    return None


def is_unclosed(file: Text, dialect: CsvDialect, longest: int) -> bool:
    """Whether the file ends inside a quoted cell; no when a cell is too long for this reader to tell.

    Such a cell belongs to the last record, so quotes are counted only where the last `longest` bytes hold one, and the
    records are followed only where the count is odd.
    """
    if not _odd_quotes(file, longest):
        return False
    try:
        for _ in records(file, dialect):
            pass
    except csv.Error as error:
        return _LONG_CELL not in str(error)
    return False


def _odd_quotes(file: Text, longest: int) -> bool:
    with file.text() as stream:
        if stream.seekable():
            stream.seek(max(stream.size() - longest, 0))
            if b'"' not in stream.read():
                return False
            stream.seek(0)
        blocks = iter(lambda: stream.read(_COUNTED), b"")
        return bool(sum(block.count(b'"') for block in blocks) % 2)


def damaged(label: str, error: object) -> str:
    """Say that a compressed file cannot be decompressed."""
    return f"{label} cannot be read after its first part: {error}. The file is cut or damaged: copy or write it again."
