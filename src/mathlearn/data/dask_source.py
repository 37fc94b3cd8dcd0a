"""`DaskSource`: rows of a Dask DataFrame or array, worked on partition by partition where they lie."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import uuid4

import numpy as np

from mathlearn import _engines
from mathlearn._errors import SchemaError
from mathlearn.data.dask_part import Job, Outcome, at_hand, folded, merged
from mathlearn.data.integers import pass_on
from mathlearn.data.schema import Field, Schema
from mathlearn.data.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mathlearn.data.batch import Batch
    from mathlearn.data.dask_blocks import Blocks, Cut

__all__ = ["DaskSource"]

S = TypeVar("S")

_FAN = 8
"""Outcomes merged by one task: the tree depends on the number of parts alone."""

_USUAL = 10_000_000
"""Bytes above which Dask warns of what is sent along."""

_MATRICES = 8

_SPACE = 1 << 40
"""Places kept for the rows of a part while lengths are unknown."""


class DaskSource(Source):
    """Rows that lie in the partitions of Dask collections, which a pass is sent to; what comes back is merged where it is made.

    Sent along with a pass, it is its schema alone.

    Parameters
    ----------
    blocks : Blocks or None
        None for one that was sent along.
    schema : Schema
        Of all columns, those that lie beside X included.
    label : str
    """

    n_rows = None
    in_memory = False
    apart = True

    def __init__(self, blocks: Blocks | None, schema: Schema, label: str) -> None:
        self._blocks = blocks
        self.schema = schema
        self.label = label
        self._cuts: dict[tuple[str, ...], Cut] = {}
        self._lengths: dict[int, tuple[int, ...]] = {}

    def __reduce__(self) -> tuple[Callable[..., DaskSource], tuple[Any, ...]]:
        return DaskSource, (None, self.schema, self.label)

    def beside(self, names: tuple[str, ...], fields: Sequence[Field], collection: Any, what: str) -> DaskSource:
        """Return the source with the columns of a further collection beside its own."""
        schema = Schema((*self.schema, *fields))
        return DaskSource(self._collections.beside(names, collection, what), schema, self.label)

    def renamed(self, names: Mapping[str, str]) -> DaskSource:
        """Return the source with other names for some columns: those of arrays, which have none."""
        fields = [Field(names.get(f.name, f.name), f.kind, f.levels, f.ordered, f.dtype) for f in self.schema]
        return DaskSource(self._collections.renamed(names), Schema(fields), self.label)

    def fold(self, of: Callable[[Source], S], merge: Callable[[S, S], S], columns: Sequence[str]) -> S:
        """Merge ``of(part)`` over the partitions, in a tree of tasks whose shape depends on their number alone."""
        cut = self._cut(columns)
        job = self._job(of, merge, cut)
        level = list(cut.tasks(folded, job))
        join = _engines.load("dask").delayed(merged, pure=False)
        while len(level) > 1:
            level = [join(level[at : at + _FAN], job) for at in range(0, len(level), _FAN)]
        outcome = self._computed(level[0])
        self._remember(cut.count, outcome.lengths)
        pass_on(outcome.heard)
        return cast("S", outcome.value)

    def first(self, of: Callable[[Source], S | None], columns: Sequence[str]) -> S | None:
        """Return ``of`` of the first partition for which that is not None: one task after the other."""
        cut = self._cut(columns)
        for task in cut.tasks(folded, self._job(of, _left, cut)):
            outcome = self._computed(task)
            if outcome.value is not None:
                pass_on(outcome.heard)
                return cast("S", outcome.value)
        return None

    def batches(self, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:
        """Bring one partition after the other here, and yield its rows; on a worker, those of the part at hand."""
        names = self.schema.names if columns is None else tuple(columns)
        here = at_hand()
        if here is not None:
            yield from here.batches(names, max_rows=max_rows)
            return
        cut, begins = self._cut(names), 0
        lengths = []
        for task in cut.tasks(folded, self._job(_itself, _left, cut)):
            part = self._computed(task).value
            for batch in part.batches(names, max_rows=max_rows):
                yield replace(batch, start=begins + batch.start)
            begins += part.n_rows
            lengths.append(part.n_rows)
        self._remember(cut.count, tuple(lengths))

    def refuse_values(self, what: str) -> None:
        """Refuse values in memory: which of them go with which partition is not known here.

        Raises
        ------
        SchemaError
        """
        raise SchemaError(
            f"{what} lies in memory and X in the partitions of a Dask collection. Make {what} a column of X and give its name, or give a dask "
            f"array or series cut as X is: dask.array.from_array({what}, chunks=X.chunks[0]) beside an array."
        )

    def locate(self, row: int) -> str:
        """Say in which partition row `row` is, and where there."""
        if row < _SPACE and len(self._lengths) == 1:
            (lengths,) = self._lengths.values()
            begins = [0, *accumulate(lengths)]
            part = int(np.searchsorted(begins, row, side="right")) - 1
            return f"row {row - begins[min(part, len(lengths) - 1)]} of partition {min(part, len(lengths) - 1)} (counted from 0)"
        if row < _SPACE and self._lengths:
            return f"row {row} (counted from 0)"
        return f"row {row % _SPACE} of partition {row // _SPACE} (counted from 0)"

    @property
    def _collections(self) -> Blocks:
        if self._blocks is None:
            msg = "a source that was sent along with a pass has no rows of its own"
            raise RuntimeError(msg)
        return self._blocks

    def _cut(self, columns: Sequence[str]) -> Cut:
        wanted = tuple(columns)
        if wanted not in self._cuts:
            self._cuts[wanted] = self._collections.cut(wanted)
        return self._cuts[wanted]

    def _job(self, of: Callable[[Source], Any], merge: Callable[[Any, Any], Any], cut: Cut) -> Any:
        """Return a task that is the job itself: sent once, and made again where it is lost."""
        known = self._lengths.get(cut.count)
        begins = tuple(range(0, cut.count * _SPACE, _SPACE)) if known is None else (0, *accumulate(known[:-1]))
        job = Job(of, merge, cut.names, self.schema, begins, dict(np.geterr()))
        return _engines.load("dask").delayed(job, name=f"mathlearn-job-{uuid4().hex}", traverse=False)

    def _computed(self, task: Any) -> Outcome[Any]:
        """Compute a task in the way that is set for Dask: by the active client, else in threads."""
        dask = _engines.load("dask")
        # What goes with a pass may be some matrices of all columns, which is no cause for Dask's warning.
        room = _USUAL + _MATRICES * 8 * len(self.schema) ** 2
        # Only a client warns; before distributed is imported, setting this would hide all its other settings from it.
        quiet = {"distributed.admin.large-graph-warning-threshold": f"{room}B"} if "distributed" in sys.modules else {}
        with dask.config.set(quiet):
            (outcome,) = dask.compute(task)
        return cast("Outcome[Any]", outcome)

    def _remember(self, count: int, lengths: tuple[int, ...]) -> None:
        """Keep the lengths of the parts, and refuse parts that differ from one pass to the next.

        Raises
        ------
        SchemaError
        """
        before = self._lengths.setdefault(count, lengths)
        if before != lengths:
            part = next(k for k, pair in enumerate(zip(before, lengths, strict=True)) if pair[0] != pair[1])
            raise SchemaError(
                f"partition {part} of {count} (counted from 0) had {before[part]} rows in an earlier pass and has {lengths[part]} now: the "
                "collection does not give the same rows each time. Make it do so (a seed, sorted files), or keep it: ddf = ddf.persist()."
            )


def _left(left: Any, right: Any) -> Any:  # noqa: ARG001 -- a merge that is never asked for
    return left


def _itself(part: Source) -> Source:
    return part
