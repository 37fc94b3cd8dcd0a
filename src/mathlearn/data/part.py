"""`Part`: one file of a source, and what every format must answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._errors import CorruptFileError, SchemaError
from mathlearn.data.arrow_columns import floats_of_decimals
from mathlearn.data.arrow_types import duplicate_free

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from mathlearn.data.place import Look, Place


class LateDecimalError(Exception):
    """A column that the beginning of a file made integer goes on with other numbers; `Part.widen` mends that."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


_ROWS_READ = 1 << 18
_CELLS_READ = 3_000_000
"""Rows, and cells, decoded at a time: they bound memory, and do not move chunk boundaries."""


class Part(ABC):
    """One file: its own types, its rows, and where a row is.

    Parameters
    ----------
    place : Place

    Attributes
    ----------
    schema : pyarrow.Schema
        Columns as this file has them.
    n_rows : int or None
        None when the file does not say.
    costly : bool
        Whether it is read much more slowly than a file of Arrow's own on this machine.
    """

    schema: Any
    n_rows: int | None = None
    costly: bool = False

    def __init__(self, place: Place) -> None:
        self.place = place
        self.label = place.label
        self.costly = self.costly or place.native is None
        self._stamp = self._look()
        if self._stamp[0].size == 0:
            raise CorruptFileError(
                f"{self.label} is empty (0 bytes): it has not even a header. Write it again, or leave it out."
            )

    @abstractmethod
    def read(self, names: Sequence[str], target: Any) -> Iterator[Any]:
        """Yield record batches of these columns, in order; types may still be the file's own.

        `target` is the schema that the whole source agreed on: a format that parses text parses straight into it.

        Raises
        ------
        LateDecimalError
            If a type that was inferred from the beginning of the file proves too narrow.
        """

    def within(self, condition: Any) -> Part:  # noqa: ARG002 -- for formats that know the extremes of blocks of rows
        """Return this file without blocks of rows in none of which an Arrow expression can hold."""
        return self

    def after(self, row: int) -> tuple[Part, int]:  # noqa: ARG002 -- for formats whose blocks of rows can be read alone
        """Return this file without leading blocks of rows that lie before `row`, and how many rows these have."""
        return self, 0

    def widen(self, name: str, others: AbstractSet[str]) -> None:  # noqa: B027 -- most formats say their types, and keep to it
        """Make column `name` of `schema` float64 after a `LateDecimalError`, and such of the `others` as need it."""

    def batches(self, names: Sequence[str], target: Any, forced: frozenset[str]) -> Iterator[Any]:
        """Yield record batches of these columns in the agreed types, checked to be without loss.

        Parameters
        ----------
        names : sequence of str
        target : pyarrow.Schema
        forced : frozenset of str
            Columns whose type the caller demanded: rounding to float is then accepted.

        Raises
        ------
        LateDecimalError
            As `read`.
        CorruptFileError
            The file is not the one that was scanned, or has changed while it was read.
        """
        self.require_unchanged()
        batch_of = _engines.load("pyarrow").RecordBatch.from_arrays
        agreed = _engines.load("pyarrow").schema([target.field(name) for name in names])
        start = 0
        for batch in self.read(names, target):
            columns = [
                self._cast(batch.column(i), agreed.field(i), start, forced=name in forced)
                for i, name in enumerate(names)
            ]
            yield batch_of(columns, schema=agreed)
            start += batch.num_rows
        self.require_unchanged()  # or else what was read may be of neither

    def locate(self, row: int) -> str:
        """Say where row `row` (0-based) of this file is."""
        return f"{self.label}, row {row}"

    def require_unchanged(self) -> None:
        """Refuse to go on when the file is not the one that was scanned."""
        try:
            now = self._look()
        except FileNotFoundError as error:
            raise CorruptFileError(
                f"{self.label} has been deleted or renamed since it was scanned. Put it back, or call mathlearn.scan again, and "
                "keep the files while fitting: the passes over them must see the same rows."
            ) from error
        if now != self._stamp:
            raise CorruptFileError(
                f"{self.label} has changed since it was scanned. Call mathlearn.scan again, and keep the file still "
                "while fitting: the passes over it must see the same rows."
            )

    def identity(self) -> str:
        """Say what this file must be like to be the same another time."""
        seen, footer = self._stamp
        rows = "" if self.n_rows is None else f", {self.n_rows} rows"
        mark = f", footer {footer:08x}" if footer else ""
        return f"{seen.size} bytes of {seen.version}{rows}{mark}"

    def _look(self) -> tuple[Look, int]:
        """Return what the file is known by, and what the end of it says of the rest."""
        return self.place.look(), self.footer()

    def footer(self) -> int:
        """Return a checksum of what the end of the file says of the rest; 0 where it says nothing."""
        return 0

    def dataset_format(self) -> Any | None:
        """Return the pyarrow dataset format that reads this file exactly as `read` does, None where there is none."""
        return None

    def rows_at_once(self) -> int:
        """Rows to decode at a time."""
        return max(64, min(_ROWS_READ, _CELLS_READ // max(1, len(self.schema))))

    def check_names(self, names: Sequence[str]) -> None:
        """Refuse a file without columns, or with a name that occurs twice."""
        if not names:
            raise SchemaError(f"{self.label} has no columns. A table needs at least one.")
        duplicate_free(names, self.label)

    def _cast(self, values: Any, field: Any, start: int, *, forced: bool) -> Any:
        pa = _engines.load("pyarrow")
        if values.type.equals(field.type):
            return values
        to_float = pa.types.is_floating(field.type)
        if to_float and pa.types.is_decimal(values.type):
            return pa.array(floats_of_decimals(values, field.name, rounding=forced), from_pandas=True).cast(field.type)
        if pa.types.is_boolean(field.type) and not pa.types.is_string(values.type):
            self._require_bits(values, field, start)
        safe = not (forced and to_float and not pa.types.is_string(values.type))
        try:
            return values.cast(field.type, safe=safe)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise SchemaError(self._misfit(values, field, start, _first_failure(values, field.type))) from None

    def _require_bits(self, values: Any, field: Any, start: int) -> None:
        """Refuse what is neither 0 nor 1, which Arrow would take for true."""
        compute, pa = _engines.load("pyarrow.compute"), _engines.load("pyarrow")
        numbers = values.cast(pa.float64(), safe=False)
        odd = compute.and_(numbers.is_valid(), compute.invert(compute.is_in(numbers, value_set=pa.array([0.0, 1.0]))))
        at = compute.index(odd, value=True).as_py()
        if at >= 0:
            raise SchemaError(self._misfit(values, field, start, at))

    def _misfit(self, values: Any, field: Any, start: int, at: int) -> str:
        return (
            f"{self.locate(start + at)}: column {field.name!r} holds {values[at].as_py()!r} ({values.type} in this "
            f"file), which cannot become {field.type} without loss. Pass types={{{field.name!r}: ...}} to say how to "
            "read it ('float64' accepts rounding, 'string' makes it categorical), or mend the file."
        )


def _first_failure(values: Any, arrow_type: Any) -> int:
    """Return the index of the first value that cannot be cast, by bisection on prefixes."""
    pa = _engines.load("pyarrow")
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            values.slice(low, middle - low).cast(arrow_type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            high = middle
        else:
            low = middle
    return low
