"""Work on one part of a Dask collection, where it lies: its rows as a `Source`, and what is made of them."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from mathlearn._errors import MathlearnError, SchemaError
from mathlearn.data.arrays import MatrixSource, as_columns, default_names, real_array
from mathlearn.data.batch import Batch
from mathlearn.data.blas import ONE_THREAD
from mathlearn.data.integers import hearing
from mathlearn.data.schema import listing
from mathlearn.data.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mathlearn.data.batch import Column
    from mathlearn.data.integers import Heard
    from mathlearn.data.schema import Field, Schema

__all__ = ["Job", "Outcome", "PartSource", "at_hand", "folded", "merged"]

S = TypeVar("S")

_at_hand: ContextVar[PartSource | None] = ContextVar("part", default=None)


def at_hand() -> PartSource | None:
    """Return the part that is worked on here; None outside of such work."""
    return _at_hand.get()


class PartSource(Source):
    """The rows of one part, in memory.

    Parameters
    ----------
    tables : sequence of (names, table)
        Data frames, series or arrays side by side, with the names of the columns that are wanted of each.
    schema : Schema
        Of the whole collection.
    number : int
        Which part it is, counted from 0.
    begins : int

    Raises
    ------
    SchemaError
        A column is of another kind here than the collection says, or the tables differ in length or in the order of their row labels.
    """

    in_memory = True
    part = True

    def __init__(self, tables: Sequence[tuple[tuple[str, ...], Any]], schema: Schema, number: int, begins: int) -> None:
        self._sources = [_source(names, table) for names, table in tables]
        self.schema = schema
        self.label = f"part {number} of a Dask collection"
        self.number, self.begins = number, begins
        lengths = [_length(source) for source in self._sources]
        self.n_rows: int = lengths[0]
        if len(set(lengths)) > 1:
            raise SchemaError(
                f"what goes together differs in length here: {', '.join(map(str, lengths))} rows. Make all of one data frame "
                "(ddf.assign) before it is cut into partitions, or give arrays the same chunks."
            )
        for source in self._sources:
            _require_kinds(source.schema, schema)
        _require_same_rows(tables)

    def batches(self, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:
        """Yield blocks of rows: X as a matrix where it is one, and what lies beside it by name."""
        wanted = self.schema.names if columns is None else tuple(columns)
        parts = []
        for source in self._sources:
            names = tuple(name for name in wanted if name in source.schema)
            if names:
                parts.append((names, source.batches(names, max_rows=max_rows)))
        if len(parts) == 1:
            yield from parts[0][1]
            return
        for blocks in zip(*(batches for _, batches in parts), strict=True):
            head = blocks[0]
            beside: dict[str, Column] = dict(head.columns)
            for (names, _), block in zip(parts[1:], blocks[1:], strict=True):
                beside.update(as_columns(block, names).columns)
            yield Batch(head.start, head.n, head.matrix, beside)

    def locate(self, row: int) -> str:
        """Say where row `row` is."""
        return f"row {row}"


class _NoRows(Source):
    """A table without rows, whose types say nothing."""

    n_rows = 0
    in_memory = True
    label = "no rows"

    def __init__(self, names: tuple[str, ...]) -> None:
        from mathlearn.data.schema import Schema

        self.schema = Schema(())
        self.names = names

    def batches(self, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:  # noqa: ARG002
        """Yield nothing."""
        yield from ()


def _length(source: Source) -> int:
    return source.n_rows or 0


def _source(names: tuple[str, ...], table: Any) -> Source:
    """Make a source of a block: a data frame or series of pandas, or an array of one or two dimensions."""
    if not len(table):
        return _NoRows(names)
    if isinstance(table, np.ndarray):
        block = table if table.ndim == 2 else table.reshape(-1, 1)
        if block.dtype.kind in "fiub" or (block.dtype.kind == "O" and block.shape[1] > 1):
            return MatrixSource(real_array(block, "X", names), names)
        import pandas as pd

        table = pd.DataFrame(block, columns=default_names(block.shape[1]))
    import narwhals as nw

    from mathlearn.data.frames import FrameSource

    frame: Any = nw.from_native(table, eager_only=True, allow_series=True)
    if isinstance(frame, nw.Series):
        frame = frame.alias(names[0]).to_frame()
    elif tuple(frame.columns) != names and not set(names) <= set(frame.columns):
        if len(frame.columns) != len(names):
            raise SchemaError(f"it has the columns {list(frame.columns)!r}, where the collection says {list(names)!r}.")
        frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    return FrameSource(frame.select(*names))


def _require_same_rows(tables: Sequence[tuple[tuple[str, ...], Any]]) -> None:
    """Refuse tables whose row labels contradict that rows go together by their position: the same labels at other places.

    Labels that have nothing in common say nothing. Of a whole collection each part has its own, so that one label in common is enough.

    Raises
    ------
    SchemaError
    """
    labelled = [(names, table.index) for names, table in tables if hasattr(table, "index")]
    for names, index in labelled[1:]:
        first, reference = labelled[0]
        if not index.equals(reference) and index.isin(reference).any():
            raise SchemaError(
                f"{listing(names)} and {listing(first)} carry the same row labels at different places, but rows are paired by position. Make all "
                "of one data frame first (ddf.assign, or merge by the labels), or drop the labels with reset_index(drop=True)."
            )


def _require_kinds(here: Schema, known: Schema) -> None:
    """Refuse a column whose numbers are elsewhere text, or the other way round; numbers of any type go together."""
    for found in here:
        field = known[found.name]
        if found.kind != field.kind and not (found.numeric and field.numeric):
            raise SchemaError(_other_kind(found, field))


def _other_kind(found: Field, field: Field) -> str:
    return (
        f"column {field.name!r} is {found.kind} ({found.dtype}) here, and {field.kind} ({field.dtype}) by what the collection says of "
        f"itself. Make it one type in all partitions first, for example by ddf.assign({field.name}=ddf[{field.name!r}].astype(...)) "
        "or with dtype= where the files are read."
    )


@dataclass(frozen=True, slots=True)
class Job(Generic[S]):
    """What is to be done with each part.

    Attributes
    ----------
    of : callable
        ``part -> S``.
    merge : callable
        ``(S, S) -> S``.
    names : tuple of tuples of str
        The columns of each of the tables that come.
    schema : Schema
    begins : tuple of int
        Where each part begins.
    errors : dict
        NumPy's handling of floating-point errors, as it is where the job was made.
    """

    of: Callable[[Source], S]
    merge: Callable[[S, S], S]
    names: tuple[tuple[str, ...], ...]
    schema: Schema
    begins: tuple[int, ...]
    errors: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[S]):
    """What came of some parts that follow one another.

    Attributes
    ----------
    value : S
    lengths : tuple of int
        Rows of each.
    heard : tuple of Heard
        Warnings to be passed on.
    """

    value: S
    lengths: tuple[int, ...]
    heard: tuple[Heard, ...]


def folded(number: int, tables: Sequence[Any], job: Job[S]) -> Outcome[S]:
    """Do the job on one part: this is what runs on a worker.

    Raises
    ------
    MathlearnError
        Naming the part.
    """
    with _named(number, len(job.begins)), np.errstate(**job.errors), ONE_THREAD, hearing() as heard:
        part = PartSource(list(zip(job.names, tables, strict=True)), job.schema, number, job.begins[number])
        token = _at_hand.set(part)
        try:
            value = job.of(part)
        finally:
            _at_hand.reset(token)
        return Outcome(value, (part.n_rows,), tuple(dict.fromkeys(heard)))


def merged(outcomes: Sequence[Outcome[S]], job: Job[S]) -> Outcome[S]:
    """Merge what came of neighbouring parts, left to right."""
    with np.errstate(**job.errors), ONE_THREAD:
        value = outcomes[0].value
        for each in outcomes[1:]:
            value = job.merge(value, each.value)
    lengths = tuple(n for each in outcomes for n in each.lengths)
    return Outcome(value, lengths, tuple(dict.fromkeys(h for each in outcomes for h in each.heard)))


@contextmanager
def _named(number: int, count: int) -> Iterator[None]:
    """Name the part in whatever is raised within."""
    where = f"partition {number} of {count} (counted from 0)"
    try:
        yield
    except MathlearnError as error:
        raise type(error)(f"{where}: {error}") from error
    except Exception as error:
        error.add_note(f"while working on {where}")
        raise
