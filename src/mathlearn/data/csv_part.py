"""A CSV file, plain or compressed: parsed by Arrow in blocks, its flaws found and named by `csv_text`."""

from __future__ import annotations

import re
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn._errors import CorruptFileError, SchemaError
from mathlearn._text import is_number
from mathlearn.data import csv_text
from mathlearn.data.integers import EXACT
from mathlearn.data.part import LateDecimalError, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from mathlearn.data.csv_text import CsvDialect
    from mathlearn.data.place import Place, Text

_BLOCK = 1 << 20
"""Bytes of text parsed at a time; also the longest record."""

_LONG_INTEGER = r"^\s*[+-]?\d{16,}\s*$"
"""Whole numbers that may lose digits as float64."""

_BAD_CELL = re.compile(r"CSV column #(\d+):.*?conversion error to ([^:]+): invalid value '(.*)'", re.DOTALL)


class CsvPart(Part):
    """One CSV file.

    Parameters
    ----------
    place : Place
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
        If a column name occurs twice, a cell does not fit the type of its column, or a whole number would lose digits.
    """

    costly = True

    def __init__(self, place: Place, dialect: CsvDialect, types: Mapping[str, Any], prefix: int) -> None:
        super().__init__(place)
        self._dialect = dialect
        self._prefix = prefix
        self._demanded = types
        self._sifted: set[str] = set()  # columns of floats whose long whole numbers are known to be exact
        self._closed = False  # until a pass has seen that the last quote is
        head = csv_text.header(place, dialect)
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
        with self.place.at_hand() as file:
            with self._open(file, wanted, include=list(names), block=_BLOCK) as reader:
                for batch in reader:
                    self._refuse_rounded_integers(batch)
                    yield batch
            self._refuse_unclosed(file)

    def widen(self, name: str, others: AbstractSet[str]) -> None:
        """Read such columns once more, as text, to find all that hold anything else than integers of 64 bits."""
        pa, compute = _engines.load("pyarrow"), _engines.load("pyarrow.compute")
        if pa.types.is_floating(self.schema.field(name).type):  # since a pass that runs at the same time
            return
        wide, texts = {name}, dict.fromkeys(others | {name}, pa.string())
        with self.place.at_hand() as file, self._open(file, texts, include=list(texts), block=_BLOCK) as reader:
            for batch in reader:
                for column in texts.keys() - wide:
                    try:
                        compute.utf8_trim_whitespace(batch[column]).cast(pa.int64())
                    except pa.ArrowInvalid:
                        wide.add(column)
        for column in wide:
            place = self.schema.get_field_index(column)
            self.schema = self.schema.set(place, pa.field(column, pa.float64()))

    def identity(self) -> str:
        """Say what this file must be like, and how it is read."""
        return f"{super().identity()}, read as {self._dialect}"

    def locate(self, row: int) -> str:
        """Say on which line row `row` starts."""
        line = csv_text.line_of_row(self.place, self._dialect, row)
        return f"{self.label}, line {line}" if line else super().locate(row)

    def _infer(self, types: Mapping[str, Any]) -> Any:
        """Infer types from the first block, as large as the prefix; a column empty so far will be read as float."""
        pa = _engines.load("pyarrow")
        beginning = self.place.beginning(2 * self._prefix)  # Arrow sees where the first block ends by the second one
        with self._open(beginning, types, include=None, block=self._prefix) as reader:
            schema = reader.schema
        binary = [field.name for field in schema if pa.types.is_binary(field.type)]
        if binary:
            raise CorruptFileError(csv_text.not_utf8(self.label, f"column {binary[0]!r} holds other bytes"))
        return schema

    def _refuse_unclosed(self, file: Text) -> None:
        """Refuse a file that ends inside a quoted cell, which Arrow takes for a long cell; looked for in the first pass."""
        if not self._closed and csv_text.is_unclosed(file, self._dialect, longest=2 * _BLOCK):
            raise CorruptFileError(csv_text.flaw(file, self._dialect))
        self._closed = True

    def _refuse_rounded_integers(self, batch: Any) -> None:
        """Refuse whole numbers, as of accounts, that lose digits in a column of floats, unless the caller asked for it."""
        pa, compute = _engines.load("pyarrow"), _engines.load("pyarrow.compute")
        for field in batch.schema:
            if not pa.types.is_floating(field.type) or field.name in self._sifted or field.name in self._demanded:
                continue
            numbers = batch[field.name].to_numpy(zero_copy_only=False)
            with np.errstate(over="ignore"):
                if numbers @ numbers < EXACT**2:  # then all are smaller; it is no number where one is missing
                    continue
            low, high = compute.min_max(batch[field.name]).as_py().values()
            if low is not None and max(-low, high) >= EXACT:
                self._sift(field.name)

    def _sift(self, name: str) -> None:
        """Look at the text of a column of floats that are so large."""
        pa, compute = _engines.load("pyarrow"), _engines.load("pyarrow.compute")
        start = 0
        texts = {name: pa.string()}
        with self.place.at_hand() as file, self._open(file, texts, include=[name], block=_BLOCK) as reader:
            for batch in reader:
                cells = batch.column(0)
                for i in compute.indices_nonzero(compute.match_substring_regex(cells, _LONG_INTEGER)).to_pylist():
                    cell = cells[i].as_py().strip()
                    if Decimal(cell) != Decimal(float(cell)):
                        raise SchemaError(
                            f"{self.locate(start + i)}: column {name!r} holds the whole number {cell}, which loses digits "
                            f"as float64, and not all its cells are integers of 64 bits. Pass types={{{name!r}: 'string'}} "
                            "if it is a label, or 'float64' to round it."
                        )
                start += batch.num_rows
        self._sifted.add(name)

    @contextmanager
    def _open(self, file: Text, types: Mapping[str, Any], *, include: list[str] | None, block: int) -> Iterator[Any]:
        """Open a reader over a native stream: a thread of Arrow's reads ahead, and must not need Python at its end."""
        pa, csv = _engines.load("pyarrow"), _engines.load("pyarrow.csv")
        try:
            with csv.open_csv(
                file.text(),
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
            ) as reader:
                yield reader
        except (pa.ArrowException, OSError) as error:
            raise self._explained(error, file) from error

    def _explained(self, error: Exception, file: Text) -> Exception:
        """Turn Arrow's refusal into file, line, column and remedy, or into a `LateDecimalError`."""
        bad_cell = _BAD_CELL.search(str(error))
        if bad_cell is None:
            flaw = csv_text.flaw(file, self._dialect)
            return CorruptFileError(flaw or f"{self.label} cannot be read as CSV: {error}")
        name, cell = self._names[int(bad_cell[1])], bad_cell[3]
        if bad_cell[2].startswith("int") and name not in self._demanded and self._is_number(cell):
            return LateDecimalError(name)
        line = csv_text.line_of_cell(file, self._dialect, int(bad_cell[1]), cell)
        where = f"{self.label}, line {line}" if line else self.label
        return SchemaError(
            f"{where}: column {name!r} holds {cell!r}, which is no {bad_cell[2]}, as {self._typed_by(name)}. "
            f"{_remedies(name, cell)}"
        )

    def _is_number(self, cell: str) -> bool:
        mark = self._dialect.decimal
        return is_number(cell.strip().translate(str.maketrans(mark + ".", "." + mark)))

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
