"""One table as every kind of source: files, queries, frames in memory, Dask collections, arrays; and blocks of any size."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import dask.array as da
import dask.dataframe as dd
import duckdb
import fsspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn.calculus import objective
from mathlearn.linalg import ladder
from mathlearn.linear_model import _blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any


def _arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def _csv(frame, path, **options):
    # Seventeen digits, so that the very doubles come back.
    frame.to_csv(path, index=False, float_format="%.17g", **options)
    return path


def _csv_by_arrow(frame, path):
    pa.csv.write_csv(_arrow(frame), path)
    return path


def _parquet(frame, path, **options):
    pq.write_table(_arrow(frame), path, **options)
    return path


def _feather(frame, path):
    pa.feather.write_feather(_arrow(frame), path, chunksize=7)
    return path


def _stream(frame, path):
    with pa.ipc.new_stream(path, _arrow(frame).schema) as writer:
        writer.write_table(_arrow(frame), max_chunksize=9)
    return path


def _database(frame, path):
    with duckdb.connect(str(path)) as connection:
        connection.register("frame", _arrow(frame))
        connection.execute("CREATE TABLE t AS SELECT * FROM frame")
    return path


def _elsewhere(path):
    address = f"parity/{path.parent.name}-{path.name}"
    fsspec.filesystem("memory").put(str(path), f"/{address}")
    return mathlearn.scan(f"memory://{address}")


def _uneven(frame):
    """Cut a frame into four: a row alone, some, none, and the rest."""
    ends = (0, 1, len(frame) // 2, len(frame) // 2, len(frame))
    return [frame.iloc[start:end] for start, end in pairwise(ends)]


def _parts(frame, folder, ending, write):
    folder.mkdir(exist_ok=True)
    for i, part in enumerate(_uneven(frame)):
        write(part, folder / f"part-{i}.{ending}")
    return folder


def _among_others(frame, path, write):
    """Write rows that the condition leaves out among those of the frame, and scan with the condition."""
    name = next(name for name in frame if frame[name].dtype.kind in "if" and frame[name].notna().all())
    most = frame[name].max().item()
    # After every third row, so that they shift every block, and twice as many at the end as before it.
    others = frame[::3].assign(**{name: most + 1})
    rows = pd.concat([frame, others]).sort_index(kind="stable")
    write(pd.concat([rows, others, others], ignore_index=True), path)
    return mathlearn.scan(path, where=f"{name} <= {most!r}")


def _itself(part):
    return part


def _categories(frame):
    return frame.assign(
        **{name: frame[name].astype("category") for name in frame if frame[name].dtype.kind not in "bif"}
    )


def _polars_categories(frame):
    return pl.from_pandas(frame).with_columns(pl.col(pl.String).cast(pl.Categorical))


FILES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "csv": lambda f, d: mathlearn.scan(_csv(f, d / "t.csv")),
    "csv written by Arrow": lambda f, d: mathlearn.scan(_csv_by_arrow(f, d / "t.csv")),
    "csv, semicolons": lambda f, d: mathlearn.scan(
        _csv(f, d / "t.csv", sep=";", decimal=","), delimiter=";", decimal=","
    ),
    "csv, all quoted, CRLF": lambda f, d: mathlearn.scan(_csv(f, d / "t.csv", quoting=1, lineterminator="\r\n")),
    "csv.gz": lambda f, d: mathlearn.scan(_csv(f, d / "t.csv.gz")),
    "tsv": lambda f, d: mathlearn.scan(_csv(f, d / "t.tsv", sep="\t")),
    "csv folder": lambda f, d: mathlearn.scan(_parts(f, d / "p", "csv", _csv)),
    "csv, where": lambda f, d: _among_others(f, d / "t.csv", _csv),
    "parquet": lambda f, d: mathlearn.scan(_parquet(f, d / "t.parquet")),
    "parquet, small row groups": lambda f, d: mathlearn.scan(_parquet(f, d / "t.parquet", row_group_size=13)),
    "parquet, categories": lambda f, d: mathlearn.scan(
        _parquet(_categories(f), d / "t.parquet", row_group_size=13)
    ),
    "parquet folder": lambda f, d: mathlearn.scan(_parts(f, d / "p", "parquet", _parquet)),
    "parquet, where": lambda f, d: _among_others(
        f, d / "t.parquet", lambda g, path: _parquet(g, path, row_group_size=13)
    ),
    "feather": lambda f, d: mathlearn.scan(_feather(f, d / "t.feather")),
    "feather folder": lambda f, d: mathlearn.scan(_parts(f, d / "p", "feather", _feather)),
    "arrow stream": lambda f, d: mathlearn.scan(_stream(f, d / "t.arrow")),
    "parquet, address": lambda f, d: _elsewhere(_parquet(f, d / "t.parquet", row_group_size=13)),
    "csv.gz, address": lambda f, d: _elsewhere(_csv(f, d / "t.csv.gz")),
    "sql, database": lambda f, d: mathlearn.scan(sql="SELECT * FROM t", database=_database(f, d / "t.duckdb")),
    "sql, csv": lambda f, d: mathlearn.scan(sql="SELECT * FROM t", files=_csv(f, d / "t.csv")),
    "sql, parquet": lambda f, d: mathlearn.scan(
        sql="FROM t", files={"t": _parquet(f, d / "t.parquet", row_group_size=13)}
    ),
}  # fmt: skip

FRAMES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "frame, handed on": lambda f, _: mathlearn.scan(f),
    "pandas": lambda f, _: f,
    "pandas categories": lambda f, _: _categories(f),
    "polars": lambda f, _: pl.from_pandas(f),
    "polars categories": lambda f, _: _polars_categories(f),
    "Arrow": lambda f, _: _arrow(f),
    "Arrow dictionary": lambda f, _: _arrow(_categories(f)),
}

DASK: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "Dask frame": lambda f, _: dd.from_pandas(f, npartitions=3),
    "Dask frame, uneven": lambda f, _: dd.from_map(_itself, _uneven(f), meta=f.iloc[:0]),
}

DIALECTS = ("csv written by Arrow", "csv, semicolons", "csv, all quoted, CRLF", "tsv", "frame, handed on")
"""Ways to write the same rows: whoever reads them gives the same cells."""

NAMED = {**FILES, **FRAMES, **DASK}
"""From a frame and a folder to what holds the frame's columns by name."""

ARRAYS: dict[str, Callable[[np.ndarray], Any]] = {
    "array": _itself,
    "Dask array": lambda values: da.from_array(values, chunks=(len(values) // 5, *values.shape[1:])),
}
"""From values to what holds them without a name."""


class Arguments(NamedTuple):
    """What is passed to a method: X, and the roles of other columns."""

    X: Any
    roles: dict[str, Any]


def arguments(kind: str, frame: pd.DataFrame, folder: Path, roles: Mapping[str, str]) -> Arguments:
    """Make a source of a frame; `roles` are columns by their names where it has names, else values beside it."""
    if kind in NAMED:
        return Arguments(NAMED[kind](frame, folder), dict(roles))
    beside = {role: ARRAYS[kind](frame[name].to_numpy()) for role, name in roles.items()}
    return Arguments(ARRAYS[kind](frame.drop(columns=list(roles.values())).to_numpy(float)), beside)


@contextmanager
def blocks_of(rows: int | None) -> Iterator[None]:
    """Work on blocks of so many rows, in whatever is done; None leaves them as they are."""
    with pytest.MonkeyPatch.context() as patch:
        if rows is not None:
            for module in (ladder, objective):
                patch.setattr(module, "_MOST_ROWS", rows)
                patch.setattr(module, "_FEWEST_ROWS", rows)
            patch.setattr(_blocks, "_MOST_ROWS", rows)
        yield
