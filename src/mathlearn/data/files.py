"""`FileSource`: one table in one file or many."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from copy import copy
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._errors import SchemaError
from mathlearn.data.arrow_batches import without_first
from mathlearn.data.arrow_source import ArrowSource
from mathlearn.data.arrow_types import common_type, pandas_index, schema_of
from mathlearn.data.part import LateDecimalError
from mathlearn.data.schema import did_you_mean, listing, unknown_column

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from mathlearn.data.part import Part


class FileSource(ArrowSource):
    """The rows of one or several files, in file order, read with bounded memory.

    A column that is the index of a pandas frame in every file that has it is left out, unless `types` names it.

    Parameters
    ----------
    parts : sequence of Part
    label : str
    types : mapping of str to pyarrow.DataType
        Types that the caller demands; the other columns get the type that holds all files' values without loss.

    Raises
    ------
    SchemaError
        If the files do not have the same columns, or a column's types have nothing in common.
    """

    def __init__(self, parts: Sequence[Part], label: str, types: Mapping[str, Any]) -> None:
        self.parts = tuple(parts)
        self.label = label
        self.costly = any(part.costly for part in self.parts)
        self._types = types
        self._forced = frozenset(types)
        self._indices = _indices(self.parts) - self._forced
        self._agree()
        counts = [part.n_rows for part in self.parts]
        self.n_rows = None if None in counts else sum(count for count in counts if count is not None)
        self._starts: list[int] = [0]  # rows before each part, as far as they are known
        if self.n_rows == 0:
            raise SchemaError(f"{label} holds no rows, only column names. A fit needs rows.")

    def _agree(self) -> None:
        self.arrow_schema = _agreed(self.parts, self._types, self._indices)
        self.schema = schema_of(self.arrow_schema, {name: _left_out(name) for name in self._indices})

    def within(self, condition: Any) -> FileSource:
        """Return these rows without blocks of which none matches an Arrow expression, as far as the files say it without being read."""
        if condition is None:
            return self
        parts = [part.within(condition) for part in self.parts]
        if all(part.n_rows == 0 for part in parts):
            return self
        return FileSource(parts, self.label, self._types)

    def record_batches_from(self, first_row: int, names: Sequence[str]) -> Iterator[Any]:
        """Yield what `record_batches` does from a row on; files and blocks of Parquet rows before it are not read."""
        if self.n_rows is None or not first_row:
            return super().record_batches_from(first_row, names)
        later, before = self._after(first_row)
        return without_first(later.record_batches(names), before)

    def _after(self, row: int) -> tuple[FileSource, int]:
        """Return these rows without such as lie before `row` and need not be read, and how many before it are left."""
        ends = list(accumulate(part.n_rows or 0 for part in self.parts))
        first = min(bisect_right(ends, row), len(ends) - 1)
        before = row - (ends[first - 1] if first else 0)
        part, left_out = self.parts[first].after(before)
        later = copy(self)
        later.parts = (part, *self.parts[first + 1 :])
        later._starts = [0]  # noqa: SLF001 -- of the copy, which learns them by itself
        return later, before - left_out

    def record_batches(self, names: Sequence[str], *, fixed: bool = False) -> Iterator[Any]:
        """Yield Arrow record batches of these columns in the agreed types.

        An integer column may go on as float64, unless the types are `fixed`: then it is a SchemaError.
        """
        rows, types = 0, self.arrow_schema
        for i in range(len(self.parts)):
            for batch in self._part_batches(i, names):
                if fixed:
                    self._require(types, batch.schema)
                rows += batch.num_rows
                yield batch
            if len(self._starts) == i + 1:
                self._starts.append(rows)

    def _part_batches(self, i: int, names: Sequence[str]) -> Iterator[Any]:
        """Yield the rows of one file; when a column has to be widened, they are read again and those known passed over."""
        seen = 0
        while True:
            known = seen
            try:
                for batch in self.parts[i].batches(names, self.arrow_schema, self._forced):
                    fresh = batch.slice(min(known, batch.num_rows))
                    known -= batch.num_rows - fresh.num_rows
                    seen += fresh.num_rows
                    if fresh.num_rows:
                        yield fresh
            except LateDecimalError as late:
                self._widen(i, late.name, names)
            else:
                return

    def _widen(self, i: int, name: str, names: Sequence[str]) -> None:
        """Make a column float64, after a look whether the files read before lose digits by that.

        Types are inferred at the beginning of a file, for a whole reading would double the time of a fit from disk. What has
        been yielded as integers is equal to what would have been yielded as floats.
        """
        is_integer = _engines.load("pyarrow.types").is_integer
        before = self.arrow_schema
        integers = {field.name for field in before if is_integer(field.type)} - self._forced
        self.parts[i].widen(name, integers)
        self._agree()
        changed = [name for name in names if self.arrow_schema.field(name) != before.field(name)]
        for earlier in range(i if changed else 0):
            deque(self._part_batches(earlier, changed), maxlen=0)

    def _require(self, types: Any, found: Any) -> None:
        for field in found:
            if field.type != types.field(field.name).type:
                raise SchemaError(
                    f"{self.label}: column {field.name!r} begins with integers and goes on with other numbers, but a query "
                    f"knows its types from the start. Pass files={{...: scan(..., types={{{field.name!r}: 'float64'}})}}."
                )

    def check(self, types: Any) -> None:
        """Read every row of every file and raise whatever is wrong with them, or with the schema `types` for them."""
        deque(self.record_batches(self.schema.names), maxlen=0)
        self._require(types, self.arrow_schema)

    def dataset(self) -> Any | None:
        """Return a pyarrow dataset that reads the same rows, or None where only this class reads them right."""
        formats = [part.dataset_format() for part in self.parts]
        paths = [part.place.native for part in self.parts]
        names, types = self.arrow_schema.names, self.arrow_schema.types
        if any(known is None for known in (*formats, *paths)) or any(
            [part.schema.field(name).type for name in names] != types for part in self.parts
        ):
            return None
        self.require_unchanged()
        return _engines.load("pyarrow.dataset").dataset(paths, schema=self.arrow_schema, format=formats[0])

    def reads(self, path: str | os.PathLike[str]) -> bool:
        """Whether a file is one of these."""
        target = Path(path).resolve()
        return any(part.place.native is not None and Path(part.place.native).resolve() == target for part in self.parts)

    def require_unchanged(self) -> None:
        """Refuse to go on when a file is not the one that was scanned.

        Raises
        ------
        CorruptFileError
        """
        for part in self.parts:
            part.require_unchanged()

    def identity(self) -> dict[str, str]:
        """Return the files, in their order, and the types that they are read in."""
        files = {f"file {i}, {part.place.name}": part.identity() for i, part in enumerate(self.parts, 1)}
        types = ", ".join(f"{field.name} {field.type}" for field in self.arrow_schema)
        return {**files, "the types of the columns": types}

    def locate(self, row: int) -> str:
        """Say in which file and on which line (or row) row `row` is."""
        i = bisect_right(self._starts, row) - 1
        while i + 1 == len(self._starts) and i + 1 < len(self.parts):  # a part that was not read to its end yet
            known = self.parts[i].n_rows
            if known is None:
                break
            self._starts.append(self._starts[i] + known)
            i = bisect_right(self._starts, row) - 1
        i = min(i, len(self.parts) - 1)
        return self.parts[i].locate(row - self._starts[i])


def _indices(parts: Sequence[Part]) -> frozenset[str]:
    """Return the columns that are an index in every file that has them; some files may have a mere range instead."""
    found = [(pandas_index(part.schema), part.schema.names) for part in parts]
    columns = {name for index, names in found for name in names if name not in index}
    return frozenset().union(*(index for index, _ in found)) - columns


def _remedy(name: str) -> str:
    return f"Ask for it by scan(..., types={{{name!r}: ...}}), or write the files after reset_index()."


def _left_out(name: str) -> str:
    return (
        f"there is no column {name!r}: what the files hold by this name is the index of a pandas frame, which is left "
        f"out. {_remedy(name)}"
    )


def _agreed(parts: Sequence[Part], types: Mapping[str, Any], indices: frozenset[str]) -> Any:
    pa = _engines.load("pyarrow")
    first = parts[0]
    for name in types:
        if name not in first.schema.names:
            raise SchemaError(f"types=: {unknown_column(name, first.schema.names)}")
    for part in parts[1:]:
        _require_same_columns(first, part, indices)
    names = [name for name in first.schema.names if name not in indices]
    if not names:
        raise SchemaError(
            f"{first.label} holds nothing but the index of a pandas frame, {listing(first.schema.names)}. {_remedy(first.schema.names[0])}"
        )
    fields = []
    for name in names:
        agreed = types[name] if name in types else _agreed_type(name, parts)
        fields.append(pa.field(name, pa.float64() if pa.types.is_null(agreed) else agreed))
    return pa.schema(fields)


def _agreed_type(name: str, parts: Sequence[Part]) -> Any:
    agreed = parts[0].schema.field(name).type
    for part in parts[1:]:
        own = part.schema.field(name).type
        joined = common_type(agreed, own)
        if joined is None:
            raise SchemaError(
                f"{part.label}: column {name!r} is {own}, but {agreed} in {parts[0].label} and the files up to here. "
                f"No type holds both without loss. Pass types={{{name!r}: 'float64'}} (or 'string' for categories), "
                "or mend the files."
            )
        agreed = joined
    return agreed


def _require_same_columns(first: Part, part: Part, but: frozenset[str]) -> None:
    here, there = but.union(part.schema.names), but.union(first.schema.names)
    lost = [name for name in first.schema.names if name not in here]
    extra = [name for name in part.schema.names if name not in there]
    if lost:
        raise SchemaError(
            f"{part.label} lacks the column{'s' * (len(lost) > 1)} {listing(lost)} of {first.label}."
            f"{did_you_mean(lost[0], extra)} All files of a table must have the same columns."
        )
    if extra:
        raise SchemaError(
            f"{part.label} has the column{'s' * (len(extra) > 1)} {listing(extra)}, which {first.label} has not. "
            "All files of a table must have the same columns."
        )
