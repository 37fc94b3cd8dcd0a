"""Other ways to least squares over the same files, at their best settings; none gives standard errors or evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from benchmarks import scale_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from mathlearn._typing import FloatArray

_COLUMNS = [*scale_data.COLUMNS, "y"]
_ROWS = 1 << 17


def variants(paths: Sequence[Path]) -> dict[str, Callable[[], FloatArray]]:
    """Return the ways, by name; each gives the slopes."""
    return {
        "NumPy: normal equations, batch by batch": lambda: _solved(_arrow(paths)),
        "DuckDB's batches into normal equations": lambda: _solved(_duckdb(paths)),
        "dask.array: normal equations": lambda: _dask(paths),
        "scikit-learn: SGDRegressor, one epoch": lambda: _descended(_arrow(paths)),
    }


def digits(slopes: FloatArray, exact: FloatArray) -> float:
    """Return the digits to which the slopes are right, for the size of the largest."""
    return float(-np.log10(np.abs(slopes - exact).max() / np.abs(exact).max() + np.finfo(float).eps))


def _arrow(paths: Sequence[Path]) -> Iterable[Any]:
    for path in paths:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16) as file:
            yield from file.iter_batches(_ROWS, columns=_COLUMNS)


def _duckdb(paths: Sequence[Path]) -> Iterable[Any]:
    import duckdb

    names = ", ".join(_COLUMNS)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        found = connection.sql(f"SELECT {names} FROM read_parquet($1)", params=[[str(path) for path in paths]])
        yield from found.to_arrow_reader(_ROWS)


def _solved(batches: Iterable[Any]) -> FloatArray:
    gram = np.zeros((len(_COLUMNS) + 1, len(_COLUMNS) + 1))
    with threadpool_limits(1):  # products are short, and the other core decodes
        for batch in batches:
            z = _with_ones(batch)
            gram += z.T.dot(z)
    return _slopes(gram)


def _with_ones(batch: Any) -> FloatArray:
    ones = pa.array(np.ones(batch.num_rows))
    whole = pa.RecordBatch.from_arrays([*batch.columns, ones], [*_COLUMNS, "1"])
    z: FloatArray = whole.to_tensor(row_major=False).to_numpy()
    return z


def _slopes(gram: FloatArray) -> FloatArray:
    """Solve for the columns but y, which is the last but one; the last is the constant."""
    p = len(scale_data.COLUMNS)
    keep = [*range(p), p + 1]
    solved: FloatArray = np.linalg.solve(gram[np.ix_(keep, keep)], gram[keep, p])[:p]
    return solved


def _dask(paths: Sequence[Path]) -> FloatArray:
    import dask
    import dask.array as da
    import dask.dataframe as dd

    frame = dd.read_parquet([str(path) for path in paths], columns=_COLUMNS)
    z = frame.assign(one=1.0).to_dask_array(lengths=True)
    with dask.config.set(scheduler="threads"), threadpool_limits(1):
        return _slopes(np.asarray(da.dot(z.T, z).compute()))


def _descended(batches: Iterable[Any]) -> FloatArray:
    from sklearn.linear_model import SGDRegressor

    model = SGDRegressor(penalty=None, average=True, random_state=0)
    for batch in batches:
        z = np.ascontiguousarray(_with_ones(batch))
        model.partial_fit(z[:, :-2], z[:, -2])
    return np.asarray(model.coef_)
