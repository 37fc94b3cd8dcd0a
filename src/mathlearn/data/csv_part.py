"""A CSV file, plain or compressed: parsed by Arrow in blocks, its flaws found and named by `csv_text`."""

from __future__ import annotations

import re
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._errors import CorruptFileError, SchemaError
from mathlearn._text import is_number
from mathlearn.data import csv_text
from mathlearn.data.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mathlearn.data.csv_text import CsvDialect

_BLOCK = 1 << 20
"""Bytes of text parsed at a time; also the longest record."""

_LONG_INTEGER = re.compile(r"[+-]?\d{19,}")

_BAD_CELL = re.compile(r"CSV column #(\d+):.*?conversion error to ([^:]+): invalid value '(.*)'", re.DOTALL)


class CsvPart(Part):
    """One CSV file.

    Parameters
    ----------
    path, label
        As for `Part`.
    dialect : CsvDialect
    types : mapping of str to pyarrow.DataType
        Types that the caller demands.
    prefix : int
        Bytes of text from which the other types are inferred.

    Raises
    ------
    CorruptFileError
        If a row is ragged or cut, or the text is not UTF-8.
    SchemaError
        If a column name occurs twice, or a cell does not fit the type of its column.
    """

    def __init__(self, path: Path, label: str, dialect: CsvDialect, types: Mapping[str, Any], prefix: int) -> None:
        super().__init__(path, label)
        self._dialect = dialect
        self._prefix = prefix
        self._demanded = types
        head = csv_text.header(path, label, dialect)
        self._names = [name or f"column{i}" for i, name in enumerate(head.cells, 1)]
        self._skip = head.line - 1
        self.check_names(self._names)
        self.schema = self._infer({name: types[name] for name in self._names if name in types})

    def read(self, names: Sequence[str], target: Any) -> Iterator[Any]:
        """Yield record batches, parsed straight into `target` unless integers are to become floats, with a check."""
        types = _engines.load("pyarrow.types")
        own = {name: self.schema.field(name).type for name in names}
        wanted = {
            name: own[name] if types.is_integer(own[name]) and types.is_floating(target.field(name).type)
            else target.field(name).type
            for name in names
        }  # fmt: skip
        with self._open(wanted, include=list(names), block=_BLOCK) as (reader, counter):
            yield from reader
            if counter.quotes % 2 and csv_text.is_unclosed(self.path, self._dialect):
                raise CorruptFileError(csv_text.flaw(self.path, self.label, self._dialect))

    def locate(self, row: int) -> str:
        """Say on which line row `row` starts."""
        line = csv_text.line_of_row(self.path, self._dialect, row)
        return f"{self.label}, line {line}" if line else super().locate(row)

    def _infer(self, types: Mapping[str, Any]) -> Any:
        """Infer types from the first block, as large as the prefix; a column empty so far will be read as float."""
        pa = _engines.load("pyarrow")
        with self._open(types, include=None, block=self._prefix) as (reader, _):
            first = next(iter(reader), None)
        schema = reader.schema
        binary = [field.name for field in schema if pa.types.is_binary(field.type)]
        if binary:
            raise CorruptFileError(csv_text.not_utf8(self.label, f"column {binary[0]!r} holds other bytes"))
        if first is not None:
            self._refuse_rounded_integers(first, types)
        return schema

    def _refuse_rounded_integers(self, first: Any, types: Mapping[str, Any]) -> None:
        """Refuse whole numbers too long for 64 bits, as of accounts: Arrow makes floats of them and drops digits."""
        pa, compute = _engines.load("pyarrow"), _engines.load("pyarrow.compute")
        for position, field in enumerate(first.schema):
            if not pa.types.is_floating(field.type) or field.name in types:
                continue
            largest = compute.max(compute.abs(first.column(position))).as_py()
            if largest is None or largest < 2**63:
                continue
            wanted = _LONG_INTEGER.fullmatch
            line, cell = csv_text.find_cell(self.path, self._dialect, position, wanted, rows=first.num_rows)
            if line is not None:
                raise SchemaError(
                    f"{self.label}, line {line}: column {field.name!r} holds the whole number {cell}, which has more "
                    f"digits than 64 bits hold. Pass types={{{field.name!r}: 'string'}} if it is a label, or "
                    "'float64' to round it."
                )

    @contextmanager
    def _open(self, types: Mapping[str, Any], *, include: list[str] | None, block: int) -> Iterator[tuple[Any, Any]]:
        pa, csv = _engines.load("pyarrow"), _engines.load("pyarrow.csv")
        counter = csv_text.QuoteCounter(csv_text.open_bytes(self.path))
        try:
            with (
                counter,
                csv.open_csv(
                    counter,
                    csv.ReadOptions(
                        block_size=block, column_names=self._names, skip_rows=self._skip, skip_rows_after_names=1
                    ),
                    csv.ParseOptions(delimiter=self._dialect.delimiter, newlines_in_values=True),
                    csv.ConvertOptions(
                        column_types=dict(types),
                        include_columns=include,
                        null_values=list(self._dialect.missing_values),
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=True,
                        decimal_point=self._dialect.decimal,
                    ),
                ) as reader,
            ):
                try:
                    yield reader, counter
                finally:
                    # A thread of Arrow's reads ahead through Python: let it come to an end before anything is torn down.
                    counter.stop()
                    with suppress(pa.ArrowException, OSError):
                        deque(reader, maxlen=0)
        except (pa.ArrowException, OSError) as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> CorruptFileError | SchemaError:
        """Turn Arrow's refusal into file, line, column and remedy."""
        bad_cell = _BAD_CELL.search(str(error))
        if bad_cell is None:
            flaw = csv_text.flaw(self.path, self.label, self._dialect)
            return CorruptFileError(flaw or f"{self.label} cannot be read as CSV: {error}")
        name = self._names[int(bad_cell[1])]
        line, _ = csv_text.find_cell(self.path, self._dialect, int(bad_cell[1]), bad_cell[3].__eq__)
        where = f"{self.label}, line {line}" if line else self.label
        return SchemaError(
            f"{where}: column {name!r} holds {bad_cell[3]!r}, which is no {bad_cell[2]}, as {self._typed_by(name)}. "
            f"{_remedies(name, bad_cell[3])}"
        )

    def _typed_by(self, name: str) -> str:
        if name in self._demanded:
            return "types= demands"
        return f"the first {self._prefix >> 20} MiB of the file made the column"


def _remedies(name: str, cell: str) -> str:
    """Say what can be done about a cell that does not fit its column: a wider type helps only where it is a number."""
    if is_number(cell):
        return f"Pass types={{{name!r}: 'float64'}}, or mend the cell."
    return (
        "Mend the cell, add it to missing_values= if it means that the value is missing, "
        f"or pass types={{{name!r}: 'string'}} if the column holds categories."
    )
