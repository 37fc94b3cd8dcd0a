"""Tables in the file system of the process's memory, for tests."""

from __future__ import annotations

import gzip
import io
from contextlib import contextmanager

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq

N = 400
ROOT = "memory://shop/sales"
FORMS = ["parquet", "csv", "csv.gz", "csv.zst", "feather", "arrow"]
FORMULA = "price ~ size + town"


def table(seed=0, n=N):
    rng = np.random.default_rng(seed)
    size = rng.normal(50, 9, n)
    return pa.table({
        "price": 3 * size + rng.normal(0, 5, n),
        "size": size,
        "town": rng.choice(["Ulm", 'Bonn, the "old" one', "Köln"], n),
        "sold": rng.random(n) < 0.5,
        "rooms": rng.integers(1, 6, n),
    })  # fmt: skip


def stored(rows, form):
    """The bytes of a table as a file."""
    sink = io.BytesIO()
    if form == "parquet":
        pq.write_table(rows, sink, row_group_size=100, write_page_checksum=True)
    elif form == "feather":
        pyarrow.feather.write_feather(rows, sink)
    elif form == "arrow":
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
    else:
        pyarrow.csv.write_csv(rows, sink)
    plain = sink.getvalue()
    return {"csv.gz": gzip.compress, "csv.zst": lambda text: pa.compress(text, "zstd", asbytes=True)}.get(form, bytes)(
        plain
    )


@contextmanager
def memory_filled():
    """Give the file system of the process's memory, and empty it afterwards."""
    system = fsspec.filesystem("memory")
    try:
        yield system
    finally:
        system.store.clear()
        system.pseudo_dirs[:] = [""]


def put(system, name, form="parquet", **options):
    system.pipe_file(f"/shop/sales/{name}", stored(table(**options), form))


def columns(source, max_rows=37):
    """The bits of every column, its missing cells and its levels."""
    batches = list(source.batches(max_rows=max_rows))
    return {
        name: [
            (column.values.tobytes(), column.levels, None if column.missing is None else column.missing.tobytes())
            for column in (batch.columns[name] for batch in batches)
        ]
        for name in source.schema.names
    }
