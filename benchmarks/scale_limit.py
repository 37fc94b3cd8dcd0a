"""The limit of streams: Arrow reads the same columns, and each value is touched once by a sum.

Several ways to do that compete; whichever is fastest is the limit. None of them checks a value, forms a product or keeps a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.dataset as ds
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path


def variants(paths: Sequence[Path], columns: Sequence[str]) -> dict[str, Callable[[], object]]:
    """Return the ways to scan Parquet files, by name."""
    return {
        "dataset": lambda: _touched(_dataset(paths, columns)),
        "dataset, sums by Arrow": lambda: _touched(_dataset(paths, columns), pc.sum),
        "row groups": lambda: _touched(_row_groups(paths, columns)),
        "row groups, sums by Arrow": lambda: _touched(_row_groups(paths, columns), pc.sum),
        "batches": lambda: _touched(_batches(paths, columns)),
    }


def csv_variants(path: Path) -> dict[str, Callable[[], object]]:
    """Return the ways to read a CSV file, by name."""
    return {
        "CSV stream": lambda: _touched(pv.open_csv(path)),
        "CSV at once": lambda: _touched(pv.read_csv(path).to_batches()),
    }


def _dataset(paths: Sequence[Path], columns: Sequence[str]) -> Iterable[Any]:
    return ds.dataset([str(path) for path in paths]).to_batches(columns=list(columns))


def _row_groups(paths: Sequence[Path], columns: Sequence[str]) -> Iterable[Any]:
    for path in paths:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 18) as file:
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group, columns=list(columns)).to_batches()


def _batches(paths: Sequence[Path], columns: Sequence[str]) -> Iterable[Any]:
    for path in paths:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 18) as file:
            yield from file.iter_batches(65_536, columns=list(columns))


def _numpy_sum(column: Any) -> float:
    return float(column.to_numpy(zero_copy_only=False).sum())


def _touched(batches: Iterable[Any], total: Callable[[Any], Any] = _numpy_sum) -> None:
    for batch in batches:
        for column in batch.columns:
            total(column)
