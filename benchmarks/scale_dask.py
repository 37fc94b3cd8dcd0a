"""One worker against two on Dask: real processes, one thread each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import scale_data
from benchmarks.table import Row
from benchmarks.timing import interleaved

if TYPE_CHECKING:
    from pathlib import Path


def rows(folder: Path, n: int, rounds: int) -> list[Row]:
    """Fit the same partitions on clusters of one worker and of two."""
    seconds, coefficients = {}, []
    for workers in (1, 2):
        taken, coef = _timed(folder, n, workers, rounds)
        seconds[workers] = taken
        coefficients.append(coef)
    work = f"Dask, least squares, n={n:.0e}, p=20".replace("e+0", "e")
    same = np.array_equal(*coefficients)
    return [
        Row(work, "one worker over two", seconds[1] / seconds[2], 1.5, at_least=True),
        Row(work, "coefficients with other bits", float(not same), 0, unit=""),
    ]


def _timed(folder: Path, n: int, workers: int, rounds: int) -> tuple[float, Any]:
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    from mathlearn.linear_model import LinearRegression

    frame = dd.read_parquet([str(path) for path in scale_data.files(folder, n)])
    model = LinearRegression(formula=scale_data.FORMULA)
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster),
    ):
        taken = interleaved({"fit": lambda: model.fit(frame)}, rounds=rounds)["fit"]
    return taken, model.coef_
