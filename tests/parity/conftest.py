"""The same table as every kind of source: the fixtures through which every test of rows runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from mathlearn.data.inputs import as_source
from tests.parity.sources import NAMED

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("a", "b", "c")
ROWS = 23


@dataclass(frozen=True)
class Table:
    """A numeric table with a response, and its owner's idea of what it is.

    Attributes
    ----------
    X : (n, 3) array
    y : (n,) array
    frame : pandas.DataFrame
        X and y side by side, as columns a, b, c, y.
    """

    X: np.ndarray
    y: np.ndarray

    @property
    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.X, columns=NAMES).assign(y=self.y)


@pytest.fixture(scope="session")
def table() -> Table:
    """Numbers that every source can hold exactly: halves, zeros, and a column of whole numbers."""
    rng = np.random.default_rng(7)
    X = np.round(rng.normal(size=(ROWS, 3)) * 8) / 2
    X[rng.random(X.shape) < 0.3] = 0
    X[:, 2] = np.arange(ROWS)
    return Table(X, X @ [1.5, -2.0, 0.25] + np.round(rng.normal(size=ROWS) * 4) / 4)


def _memory_mapped(table, folder):
    np.save(folder / "x.npy", table.X)
    return np.load(folder / "x.npy", mmap_mode="r")


# From the table and a folder to what a user would pass as X: the features alone, without the response.
MAKERS: dict[str, Callable] = {
    "C array": lambda table, _: table.X,
    "Fortran array": lambda table, _: np.asfortranarray(table.X),
    "float32 array": lambda table, _: table.X.astype(np.float32),
    "big-endian array": lambda table, _: table.X.astype(">f8"),
    "strided array": lambda table, _: np.repeat(table.X, 2, axis=0)[::2],
    "object array": lambda table, _: table.X.astype(object),
    "memory-mapped array": _memory_mapped,
    "list": lambda table, _: table.X.tolist(),
    "CSR": lambda table, _: sp.csr_array(table.X),
    "CSC": lambda table, _: sp.csc_matrix(table.X),
    "COO": lambda table, _: sp.coo_array(table.X),
    "pandas": lambda table, _: table.frame.drop(columns="y"),
    "pandas nullable": lambda table, _: table.frame.drop(columns="y").convert_dtypes(),
    "pandas sparse": lambda table, _: table.frame.drop(columns="y").astype(pd.SparseDtype(float, 0)),
    "polars": lambda table, _: pl.from_pandas(table.frame).drop("y"),
    "polars lazy": lambda table, _: pl.from_pandas(table.frame).drop("y").lazy(),
    "Arrow": lambda table, _: pa.Table.from_pandas(table.frame.drop(columns="y"), preserve_index=False),
    "Arrow with an index": lambda table, _: pa.Table.from_pandas(
        table.frame.drop(columns="y").set_index(pd.Index(range(ROWS, 0, -1)))
    ),
    "Arrow batch": lambda table, _: pa.RecordBatch.from_pandas(table.frame.drop(columns="y"), preserve_index=False),
    "source": lambda table, _: as_source(pl.from_pandas(table.frame).drop("y")).source,
}


@pytest.fixture(params=sorted(MAKERS))
def features(request, table, tmp_path):
    """X of the table, as one kind of in-memory source after the other."""
    return MAKERS[request.param](table, tmp_path)


@pytest.fixture(params=sorted(NAMED))
def kind(request):
    """Name of one kind of source of named columns after the other."""
    return request.param


@pytest.fixture
def given(kind, tmp_path):
    """Make that kind of source of a frame."""
    with dask.config.set(scheduler="synchronous"):  # workers are tried in test_dask
        yield lambda frame: NAMED[kind](frame, tmp_path)


@pytest.fixture(scope="session")
def mixed():
    """A frame of every kind of column, with missing cells."""
    rng = np.random.default_rng(11)
    n = 61
    frame = pd.DataFrame({
        "x": rng.normal(size=n),
        "k": rng.integers(-5, 5, n),
        "flag": rng.random(n) < 0.5,
        "species": rng.choice(["Adelie", "Chinstrap", "Gentoo"], n),
        "wide": rng.integers(2**60, 2**60 + 100, n),
    })  # fmt: skip
    frame["y"] = 2 * frame.x - frame.k + 3 * frame.flag + (frame.species == "Gentoo") + rng.normal(size=n) / 8
    frame.loc[[3, 20, 59], "x"] = np.nan
    frame.loc[[0, 20], "species"] = None
    return frame
