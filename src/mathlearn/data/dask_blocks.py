"""Dask collections, cut into the tasks of a pass: what reads a partition and what works on it are one task."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from mathlearn import _engines
from mathlearn._errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["ArrayBlocks", "Blocks", "FrameBlocks", "Table"]

Task = Any
"""A `dask.delayed.Delayed`."""


@dataclass(frozen=True, slots=True)
class Table:
    """A collection with the names that its columns have in the source.

    Attributes
    ----------
    names : tuple of str
    collection : dask DataFrame, Series or Array
    whole : bool
        Whether it is read whole or not at all.
    """

    names: tuple[str, ...]
    collection: Any
    whole: bool = True

    def renamed(self, names: Mapping[str, str]) -> Table:
        """Give columns other names in the source."""
        return replace(self, names=tuple(names.get(name, name) for name in self.names))


class Blocks(Protocol):
    """Collections that are cut alike, side by side."""

    @property
    def count(self) -> int:
        """Number of partitions."""

    def beside(self, names: tuple[str, ...], collection: Any, what: str) -> Blocks:
        """Put a further collection beside these."""

    def renamed(self, names: Mapping[str, str]) -> Blocks:
        """Give columns other names in the source."""

    def cut(self, columns: Sequence[str]) -> Cut:
        """Return what is read where only these columns are wanted."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What is read in a pass.

    Attributes
    ----------
    count : int
        Parts; for some columns only, Dask joins small partitions of Parquet files.
    names : tuple of tuples of str
        The columns of each of the tables of a part.
    tasks : callable
        ``(work, job) -> tasks``: a task ``work(number, tables, job)`` for each part.
    """

    count: int
    names: tuple[tuple[str, ...], ...]
    tasks: Callable[[Callable[..., Any], Task], Sequence[Task]]


def _chosen(tables: Sequence[Table], columns: Sequence[str]) -> list[tuple[Table, tuple[str, ...]]]:
    """Pair the tables that have any of the columns with those to read of each."""
    wanted = set(columns)
    chosen = []
    for table in tables:
        names = tuple(name for name in table.names if name in wanted)
        if names:
            chosen.append((table, table.names if table.whole else names))
    return chosen


@dataclass(frozen=True, slots=True)
class FrameBlocks:
    """A dask DataFrame, and what lies beside it as frames or series of as many partitions."""

    tables: tuple[Table, ...]

    @property
    def count(self) -> int:
        """Partitions of the data frame."""
        return int(self.tables[0].collection.npartitions)

    def beside(self, names: tuple[str, ...], collection: Any, what: str) -> FrameBlocks:
        """Put a frame, a series, or an array beside it.

        Raises
        ------
        SchemaError
            It is cut into another number of partitions.
        """
        if not hasattr(collection, "npartitions") or hasattr(collection, "numblocks"):
            collection = _as_frame(collection, names)
        if collection.npartitions != self.count:
            raise SchemaError(
                f"X has {self.count} partitions and {what} has {collection.npartitions}: they go together partition by partition. Put {what} "
                f"into X as a column and give its name, or use {what}.repartition(npartitions={self.count})."
            )
        return FrameBlocks((*self.tables, Table(names, collection)))

    def renamed(self, names: Mapping[str, str]) -> FrameBlocks:
        """Give columns other names in the source."""
        return FrameBlocks(tuple(table.renamed(names) for table in self.tables))

    def cut(self, columns: Sequence[str]) -> Cut:
        """Read none but the columns that are wanted."""
        chosen = _chosen(self.tables, columns)
        read = [table.collection if table.whole else table.collection[list(names)] for table, names in chosen]
        if len(read) == 1:
            read = [read[0].optimize(fuse=False)]
        count = int(read[0].npartitions)

        def tasks(work: Callable[..., Any], job: Task) -> Sequence[Task]:
            mapped = read[0].map_partitions(
                partial(_on_frames, work),
                job,
                *read[1:],
                meta=("outcome", object),
                enforce_metadata=False,
                align_dataframes=False,
            )
            found: Sequence[Task] = mapped.to_delayed()
            # Tables that go together must not have their partitions joined, each in its own way.
            return found if len(found) == count else mapped.to_delayed(optimize_graph=False)

        return Cut(count, tuple(names for _, names in chosen), tasks)


def _on_frames(work: Callable[..., Any], first: Any, job: Any, *others: Any, partition_info: Any = None) -> Any:
    return work(partition_info["number"], (first, *others), job)


def _as_frame(array: Any, names: tuple[str, ...]) -> Any:
    """Make a dask data frame of an array, block by block."""
    frames = _engines.load("dask.dataframe")
    table = array if array.ndim == 2 else array.reshape(-1, 1) if not _unknown(array) else array[:, None]
    return frames.from_dask_array(table.rechunk({1: -1}), columns=list(names))


def _as_array(frame: Any) -> Any:
    """Make a dask array of a frame or series, text as objects."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Dask currently has limited support for converting pandas extension dtypes")
        return frame.to_dask_array()


def _unknown(array: Any) -> bool:
    return any(math.isnan(n) for n in array.chunks[0])


@dataclass(frozen=True, slots=True)
class ArrayBlocks:
    """A dask array of rows, and what lies beside it as arrays cut alike."""

    tables: tuple[Table, ...]

    @property
    def count(self) -> int:
        """Blocks of rows."""
        return int(self.tables[0].collection.numblocks[0])

    def beside(self, names: tuple[str, ...], collection: Any, what: str) -> ArrayBlocks:
        """Put an array beside it, cut as X is; a frame or series becomes one.

        Raises
        ------
        SchemaError
            It has another length, or, where lengths are unknown, another number of blocks.
        """
        array = collection if hasattr(collection, "numblocks") else _as_array(collection)
        if array.ndim == 2:
            array = array.rechunk({1: -1})
        rows = self.tables[0].collection
        if not (_unknown(rows) or _unknown(array)):
            if len(array) != len(rows):
                raise SchemaError(
                    f"Found input variables with inconsistent numbers of samples: {[len(rows), len(array)]}. "
                    f"Rows must correspond one to one; X has {len(rows)}, {what} has {len(array)}."
                )
            array = array.rechunk({0: rows.chunks[0]})
        elif array.numblocks[0] != self.count:
            raise SchemaError(
                f"X has {self.count} blocks of rows and {what} has {array.numblocks[0]}, and not all their lengths are known: they go together "
                "block by block. Call compute_chunk_sizes() on both, or make them of one data frame."
            )
        return ArrayBlocks((*self.tables, Table(names, array)))

    def renamed(self, names: Mapping[str, str]) -> ArrayBlocks:
        """Give columns other names in the source."""
        return ArrayBlocks(tuple(table.renamed(names) for table in self.tables))

    def cut(self, columns: Sequence[str]) -> Cut:
        """Read the arrays that have any of these columns."""
        import numpy as np

        arrays = _engines.load("dask.array")
        chosen = _chosen(self.tables, columns)
        pairs = [part for table, _ in chosen for part in (table.collection, "ij"[: table.collection.ndim])]

        def tasks(work: Callable[..., Any], job: Task) -> Sequence[Task]:
            mapped = arrays.blockwise(
                partial(_on_blocks, work),
                "i",
                arrays.arange(self.count, chunks=1),
                "i",
                job,
                None,
                *pairs,
                dtype=object,
                concatenate=True,
                align_arrays=False,
                adjust_chunks={"i": 1},
                meta=np.empty(0, dtype=object),
            )
            found: Sequence[Task] = mapped.to_delayed().ravel().tolist()
            return found

        return Cut(self.count, tuple(names for _, names in chosen), tasks)


def _on_blocks(work: Callable[..., Any], number: Any, job: Any, *blocks: Any) -> Any:
    return work(int(number[0]), blocks, job)
