"""The one clear error for NaN and infinity: which column, how many, where first, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.data.coded import CodedColumn
from mathlearn.data.roles import LabelRole
from mathlearn.data.validate import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mathlearn.data.batch import Batch
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.source import Source

_ROLE_LABELS = {"y": "y", "weight": "sample_weight", "offset": "offset", "group": "groups"}


def diagnose(rows: BoundRows, batches: Iterable[Batch], *, of_all: bool) -> None:
    """Count what is not finite over these batches and raise `NonFiniteInputError` if there is anything.

    Columns as the user knows them come first; only when these are all finite, computed terms are looked at.
    """
    tallies = _raw_tallies(rows)
    computed = (Tally("X", rows.terms), Tally("y", rows.responses if rows.formula_response else ()))
    read = last = 0
    for batch in batches:
        read, last = read + batch.n, batch.start + batch.n - 1
        for name, tally in tallies.items():
            _count_raw(rows, name, tally, batch)
        _count_computed(rows, computed, batch)
    span = f"among {read} rows" if of_all else _up_to(rows.source, last)
    for tally in tallies.values():
        tally.report(rows.source.locate, span, allow_missing=rows.missing == "drop")
    for tally in computed:  # what a formula makes of numbers is not missing
        tally.report(rows.source.locate, span, allow_missing=False)


def without_gaps(source: Source, used: Mapping[str, Sequence[str]], batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield batches that hold the columns used, and raise `NonFiniteInputError` at the first in which some value is missing.

    For a pass that comes before the one in which numbers are looked at: `used` has the columns of each input by its name.
    """
    for batch in batches:
        for what, names in used.items():
            _require_no_gap(source, what, names, batch)
        yield batch


def _require_no_gap(source: Source, what: str, names: Sequence[str], batch: Batch) -> None:
    gaps = [(j, batch.columns[name].missing) for j, name in enumerate(names)]
    if not any(missing is not None and missing.any() for _, missing in gaps):
        return
    tally = Tally(what, names)
    for j, missing in gaps:
        tally.add(j, np.zeros(batch.n), missing, batch.start)  # an infinity is none yet: the formula may make it finite
    tally.report(source.locate, _up_to(source, batch.start + batch.n - 1), allow_missing=False)


def _up_to(source: Source, last: int) -> str:
    return f"up to {source.locate(last)}, where reading stopped"


def _raw_tallies(rows: BoundRows) -> dict[str, Tally]:
    encoding = rows.design.encoding
    tallies = {"X": Tally("X", rows.design.columns if encoding is None else encoding.columns)}
    if rows.formula_response and encoding is not None:
        tallies["y"] = Tally("y", encoding.response_columns)
    for name, label in _ROLE_LABELS.items():
        role = getattr(rows.roles, name)
        if role is not None and role.columns:
            tallies[name] = Tally(label, role.columns)
    return tallies


def _count_raw(rows: BoundRows, name: str, tally: Tally, batch: Batch) -> None:
    if name == "X" and batch.matrix is not None and rows.design.encoding is None:
        _count_matrix(tally, batch)
        return
    labels = isinstance(getattr(rows.roles, name, None), LabelRole | CodedColumn)
    columns = rows.named(batch).columns
    for j, column_name in enumerate(tally.names):
        column = columns[column_name]
        # Infinity is a label like any other, and the codes of a categorical column are no measurements.
        values = np.zeros(batch.n) if labels or column.levels is not None else column.values
        tally.add(j, values, column.missing, batch.start)


def _count_matrix(tally: Tally, batch: Batch) -> None:
    block: Any = batch.matrix
    if hasattr(block, "indptr"):
        row_of = np.repeat(np.arange(batch.n), np.diff(block.indptr)) + batch.start
        bad = np.flatnonzero(~np.isfinite(block.data))
        for j in np.unique(block.indices[bad]):
            here = bad[block.indices[bad] == j]
            tally.add(int(j), block.data[here], None, row_of[here])
        return
    for j in range(len(tally.names)):
        tally.add(j, block[:, j], None, batch.start)


def _count_computed(rows: BoundRows, tallies: tuple[Tally, Tally], batch: Batch) -> None:
    """Count in the columns that a formula computes, over the rows in which nothing is missing."""
    if rows.design.encoding is None:
        return
    encoded = rows.encode(batch)
    for tally, block in zip(tallies, (encoded.X, encoded.y), strict=True):
        for j in range(len(tally.names)):
            tally.add(
                j, block[:, j] if encoded.bad is None else np.where(encoded.bad, 0, block[:, j]), None, batch.start
            )
