"""Faults that come late: a gap in the last rows of the last file, and files that change between two passes of a fit."""

from __future__ import annotations

import os
import re
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
from sklearn.base import clone

import mathlearn
from mathlearn._errors import CorruptFileError, NonFiniteInputError
from mathlearn.data.bound import BoundRows
from mathlearn.data.files import FileSource
from mathlearn.data.part import Part
from mathlearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from tests.parity.sources import blocks_of

ROWS, GROUP = 1200, 50


def _table():
    rng = np.random.default_rng(8)
    table = pd.DataFrame({"a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS)})
    table["level"] = rng.choice(["u", "v"], ROWS)
    table["y"] = 1 + table.a + rng.normal(size=ROWS)
    table["count"] = rng.poisson(1.5, ROWS)
    return table


TABLE = _table()


def _stream(frame, path):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=GROUP)


WRITE = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "parquet": lambda frame, path: frame.to_parquet(path, index=False, row_group_size=GROUP),
    "feather": lambda frame, path: pa.feather.write_feather(frame, path, chunksize=GROUP),
    "arrow": _stream,
}

FITS = {
    "least squares": LinearRegression(formula="y ~ a + b"),
    "Poisson": PoissonRegressor(formula="count ~ a + b + level"),
    "classes": LogisticRegression(formula="level ~ a + b"),
}


def written(frame, folder, ending):
    """Write two files of half the rows each."""
    for number, part in enumerate((frame[: ROWS // 2], frame[ROWS // 2 :])):
        WRITE[ending](part.reset_index(drop=True), folder / f"{number}.{ending}")
    return folder


@pytest.fixture
def passes():
    """Note each reading of the last file in which column b is read."""
    seen = []
    inside = Part.batches

    def watched(self, names, *args):
        if "b" in names and "1." in self.label:
            seen.append(self.label)
        return inside(self, names, *args)

    with patch.object(Part, "batches", watched):
        yield seen


@pytest.mark.parametrize("where", [None, "a < 9"])
@pytest.mark.parametrize("cell", [np.nan, np.inf])
@pytest.mark.parametrize("ending", WRITE)
@pytest.mark.parametrize("name", FITS)
def test_a_gap_in_the_last_rows_is_found_in_the_first_pass(name, ending, cell, where, tmp_path, passes):
    frame = TABLE.copy()
    frame.loc[ROWS - 3, "b"] = cell
    source = mathlearn.scan(written(frame, tmp_path, ending), where=where)
    last = ROWS // 2 - 3
    place = f"line {last + 2}" if ending.startswith("csv") else f"row {last}"
    with (
        blocks_of(GROUP),
        pytest.raises(NonFiniteInputError, match=rf"'b': 1 .*first in \S*1\.{re.escape(ending)}, {place}\."),
    ):
        FITS[name].fit(source)
    # The levels of a formula are learned in a pass of their own, in which an infinity is no fault: a term may make it finite.
    assert len(passes) == (2 if name == "Poisson" and np.isinf(cell) else 1)


# ------------------------------------------------------------------------------------------- between two passes


def deleted(path):
    path.unlink()


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def touched(path):
    os.utime(path, ns=(1, 1))


def grown(path):
    """One row more, and the time of the last change as it was."""
    seen = path.stat()
    rows = pd.concat([TABLE[ROWS // 2 :], TABLE[:1]])
    WRITE[path.name.partition(".")[2]](rows.reset_index(drop=True), path)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


@pytest.fixture
def between_passes():
    """Do something once, when the first pass over all rows has ended."""
    todo = []
    inside = BoundRows.reduce

    def watched(self, *args, **kwargs):
        found = inside(self, *args, **kwargs)
        if todo:
            todo.pop()()
        return found

    with patch.object(BoundRows, "reduce", watched):
        yield todo


SOURCES = {
    "files": lambda folder, ending: mathlearn.scan(folder, cache="never"),
    "where": lambda folder, ending: mathlearn.scan(folder, where="a < 9", cache="never"),
    "sql": lambda folder, ending: mathlearn.scan(sql="FROM t", files={"t": str(folder / f"*.{ending}")}, cache="never"),
}


@pytest.mark.parametrize("change", [deleted, cut, touched, grown])
@pytest.mark.parametrize("ending", WRITE)
@pytest.mark.parametrize("kind", SOURCES)
def test_a_file_that_changes_between_passes_is_refused(kind, ending, change, tmp_path, between_passes):
    source = SOURCES[kind](written(TABLE, tmp_path, ending), ending)
    between_passes.append(lambda: change(tmp_path / f"1.{ending}"))
    says = "has been deleted or renamed" if change is deleted else "has changed"
    with pytest.raises(CorruptFileError, match=rf"1\.{re.escape(ending)} {says} since it was scanned"):
        FITS["Poisson"].fit(source)
    assert not between_passes


LEAST_SQUARES = LinearRegression(formula="y ~ a + b")


@pytest.mark.parametrize("model", [LEAST_SQUARES, FITS["Poisson"]], ids=["one pass", "several"])
@pytest.mark.parametrize("ending", WRITE)
@pytest.mark.parametrize("kind", ["cached", *SOURCES])
def test_a_file_that_changes_within_a_pass_is_refused(kind, ending, model, tmp_path):
    folder = written(TABLE, tmp_path, ending)
    source = mathlearn.scan(folder) if kind == "cached" else SOURCES[kind](folder, ending)
    read, path, todo = Part.batches, folder / f"1.{ending}", [grown]

    def changing(self, *arguments):
        for batch in read(self, *arguments):
            yield batch
            if todo and self.place.native == str(path):
                todo.pop()(path)

    def registered(self, *arguments):  # DuckDB reads files of some kinds by itself
        unchanged(self, *arguments)
        if todo and kind == "sql":
            todo.pop()(path)

    unchanged = FileSource.require_unchanged
    with (
        patch.object(Part, "batches", changing),
        patch.object(FileSource, "require_unchanged", registered),
        pytest.raises(CorruptFileError, match=rf"1\.{re.escape(ending)} has changed since it was scanned"),
    ):
        clone(model).fit(source)
    assert not todo
