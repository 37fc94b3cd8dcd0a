"""The table of the scale suite: files of one million rows by twenty columns, made once and kept beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

P = 20
COLUMNS = [f"x{j}" for j in range(P)]
FORMULA = "y ~ " + " + ".join(COLUMNS)
CHOICE = "k ~ " + " + ".join(COLUMNS)
FILE_ROWS = 1_000_000
SMALLER = (100_000, 300_000)
"""Tables of less than a file, each a file of its own."""


def tables(rows: int, seed: int) -> Iterator[pa.Table]:
    """Yield standard normal columns, a response of them and a choice between two, in pieces."""
    rng = np.random.default_rng(seed)
    slopes = np.random.default_rng(7).normal(size=P)
    for start in range(0, rows, 250_000):
        n = min(250_000, rows - start)
        X = rng.standard_normal((n, P))
        eta = X @ slopes
        y = eta + rng.standard_normal(n)
        k = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.float64)
        yield pa.table({name: X[:, j].copy() for j, name in enumerate(COLUMNS)} | {"y": y, "k": k})


def make(folder: Path, rows: int) -> None:
    """Write the files that a table of so many rows needs, those that are not there yet; row groups are Arrow's own choice."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {folder / f"part-{i:03}.parquet": (FILE_ROWS, i) for i in range(rows // FILE_ROWS)}
    wanted |= {folder / f"rows-{n}.parquet": (n, 1000 + n) for n in SMALLER}
    for path, (n, seed) in wanted.items():
        if not path.exists():
            hidden = path.with_suffix(".part")
            pq.write_table(pa.concat_tables(tables(n, seed)), hidden)
            hidden.rename(path)


def files(folder: Path, rows: int) -> list[Path]:
    """Return the files of a table of so many rows."""
    if rows in SMALLER:
        return [folder / f"rows-{rows}.parquet"]
    return [folder / f"part-{i:03}.parquet" for i in range(rows // FILE_ROWS)]


def csv(folder: Path, rows: int) -> Path:
    """Return a CSV file of the first rows of the columns of least squares, made if it is not there yet."""
    path = folder / f"rows-{rows}.csv"
    if not path.exists():
        whole = files(folder, max(rows, FILE_ROWS))
        tables = [pq.read_table(file, columns=[*COLUMNS, "y"]) for file in whole]
        pv.write_csv(pa.concat_tables(tables).slice(0, rows), path)
    return path
