"""Class labels and offsets are the same from every source, at every chunk size."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn.data.bind import bind
from mathlearn.data.classes import class_faults, classes_array
from mathlearn.data.design import Design
from tests.parity.sources import DASK


@pytest.fixture(scope="module")
def frame():
    """Labels of three kinds; some are met only in rows that leave: by a gap, or for want of weight."""
    rng = np.random.default_rng(3)
    n = 61
    frame = pd.DataFrame({
        "x": rng.normal(size=n),
        "species": rng.choice(["Gentoo", "Adelie", "Chinstrap"], n),
        "k": rng.integers(-1, 2, n),
        "flag": rng.random(n) < 0.5,
        "w": rng.integers(1, 3, n).astype(float),
    })  # fmt: skip
    frame.loc[[3, 20, 59], "x"] = np.nan
    frame.loc[[0, 20], "species"] = None
    frame.loc[[3, 59], "species"] = "only with a gap"
    frame.loc[[5, 40], ["species", "w"]] = ["weightless", 0.0]
    return frame


@pytest.fixture
def source(given, frame):
    return given(frame)


def y_of(rows, max_rows):
    chunks = list(rows.chunks(max_rows))
    index = np.concatenate([chunk.index for chunk in chunks])
    return index, np.concatenate([chunk.y for chunk in chunks])[:, 0]


@pytest.mark.parametrize("max_rows", [1, 7, 1000])
def test_text(source, kind, frame, max_rows):
    beside = source["w"] if kind in DASK else frame.w.to_numpy()
    stays = (frame.x.notna() & frame.species.notna() & (frame.w > 0)).to_numpy()
    for rows in (
        bind(source, formula="species ~ x + flag", sample_weight="w", missing="drop", labels=True),
        bind(source, "species", formula="~ x + flag", sample_weight="w", missing="drop", labels=True),
        bind(source, "species", formula="~ x + flag", sample_weight=beside, missing="drop", labels=True),
    ):
        assert rows.design.classes == ("Adelie", "Chinstrap", "Gentoo")
        assert classes_array(rows.design).dtype == object
        index, codes = y_of(rows, max_rows)
        assert index.tolist() == np.flatnonzero(stays).tolist()
        assert rows.design.decode(codes).tolist() == frame.species[stays].tolist()
        again = rows.design.bind(source, require_y=True, sample_weight="w", missing="drop")
        np.testing.assert_array_equal(y_of(again, max_rows)[1], codes)
    everything = bind(source, formula="species ~ 1", missing="drop", labels=True).design
    assert everything.classes == ("Adelie", "Chinstrap", "Gentoo", "only with a gap", "weightless")


@pytest.mark.parametrize("max_rows", [7, 1000])
@pytest.mark.parametrize(("name", "classes", "dtype"), [("k", (-1, 0, 1), "int64"), ("flag", (False, True), "bool")])
def test_numbers_and_booleans(source, frame, name, classes, dtype, max_rows):
    rows = bind(source, formula=f"{name} ~ w", labels=True)
    assert isinstance(rows.design, Design)
    assert (rows.design.classes, rows.design.class_dtype) == (classes, dtype)
    assert rows.design.decode(y_of(rows, max_rows)[1]).tolist() == frame[name].tolist()
    assert not list(class_faults(rows.design))


@pytest.mark.parametrize("max_rows", [7, 1000])
def test_offset_of_every_source(source, frame, max_rows):
    rows = bind(source, formula="flag ~ k + offset(log(w + 1))", offset="w", labels=True)
    expected = np.log(frame.w + 1) + frame.w
    for these in (rows, rows.design.bind(source, require_offset=True)):
        offset = np.concatenate([chunk.offset for chunk in these.chunks(max_rows)])
        np.testing.assert_allclose(offset, expected, rtol=1e-15)


@pytest.mark.parametrize("max_rows", [7, 1000])
def test_two_column_response_of_every_source(source, frame, max_rows):
    for rows in (
        bind(source, ["flag", "w"], formula="~ k"),
        bind(source, formula="cbind(flag, w) ~ k"),
    ):
        y = np.concatenate([chunk.y for chunk in rows.chunks(max_rows)])
        np.testing.assert_array_equal(y, frame[["flag", "w"]].to_numpy(float))


def test_memory_of_learning_is_bounded(tmp_path):
    n = 1_000_000
    path = tmp_path / "long.parquet"
    table = pa.table({"x": np.zeros(n), "label": pa.array(np.arange(n) % 5).cast(pa.string())})
    pq.write_table(table, path, row_group_size=50_000)
    del table
    source = mathlearn.scan(path)
    tracemalloc.start()
    rows = bind(source, "label", labels=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows.design.classes == ("0", "1", "2", "3", "4")
    assert peak < 4 * n


# ------------------------------------------------------------------------------------------- of the left side of a formula


@pytest.mark.parametrize(
    ("left", "holds"),
    [('species == "Adelie"', lambda t: t["species"] == "Adelie"), ("2 * k < w", lambda t: 2 * t["k"] < t["w"])],
)
@pytest.mark.parametrize("max_rows", [7, 100])
def test_events_are_the_same_from_every_source(source, frame, left, holds, max_rows):
    rows = bind(source, formula=f"{left} ~ x", labels=True, missing="drop", sample_weight="w")
    assert rows.design.classes == (False, True)
    index, y = y_of(rows, max_rows)
    kept = frame.dropna(subset=["x", "species"] if "species" in left else ["x"]).query("w > 0")
    np.testing.assert_array_equal(index, kept.index)
    np.testing.assert_array_equal(y, holds(kept))


def test_a_reference_is_the_same_from_every_source(source, frame):
    rows = bind(source, formula='C(species, ref="Chinstrap") ~ x', labels=True, missing="drop", sample_weight="w")
    assert rows.design.classes == ("Chinstrap", "Adelie", "Gentoo")
    index, y = y_of(rows, 7)
    np.testing.assert_array_equal(rows.design.decode(y), frame.loc[index, "species"])
