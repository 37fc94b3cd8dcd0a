"""`augment` and `influence` as Parquet files: the same table in bounded memory, whole or not at all."""

import errno
import json
import tracemalloc
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from _fits import ArrayRows, fit

import mathlearn
from mathlearn import statistics as st
from mathlearn._errors import DomainError, SchemaError
from mathlearn.data import parquet_writer
from mathlearn.data.chunk import Chunk
from mathlearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from mathlearn.statistics import row_file

ROWS = 90


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.normal(size=(ROWS, 2)), columns=["a", "b"])
    table["y"] = table.a - table.b + rng.normal(size=ROWS)
    table["z"] = rng.normal(size=ROWS)
    table["count"] = rng.poisson(np.exp(0.3 * table.a))
    table["class"] = np.array(["bus", "car", "tram"])[
        np.argmax(rng.normal(size=(ROWS, 3)) + table[["a"]].to_numpy() * [0, 1, -1], axis=1)
    ]
    return table


MODELS = {
    "least squares": (LinearRegression(), "y"),
    "two responses": (LinearRegression(), ["y", "z"]),
    "likelihood": (PoissonRegressor(alpha=0), "count"),
    "classes": (LogisticRegression(C=np.inf), "class"),
}


@pytest.fixture(params=MODELS)
def case(request, frame):
    model, y = MODELS[request.param]
    return model.fit(frame[["a", "b"]], frame[y]), frame[["a", "b"]], frame[y]


def read(path):
    """The table, and the reasons of its metadata by the keys that they have in a frame."""
    table = pq.read_table(path)
    noted = json.loads(table.schema.metadata[b"mathlearn"])
    reasons = {
        tuple(each[part] for part in ("response", "row", "column") if part in each): each["reason"]
        for each in noted["reasons"]
    }
    return table.to_pandas(), reasons, noted["untold"]


def as_the_frame(shown, responses):
    """Lines in the order of the frame: a file has row after row."""
    if "response" not in shown:
        return shown
    parts = [shown[shown.response == name] for name in responses]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("kind", ["augment", "influence"])
def test_a_file_has_the_very_numbers_of_the_frame(case, kind, tmp_path):
    model, X, y = case
    ask = getattr(model, kind)
    truth, written = ask(X, y), ask(X, y, to=tmp_path / "rows.parquet")
    shown, reasons, untold = read(written.path)
    pd.testing.assert_frame_equal(
        as_the_frame(shown, model.result_.responses), truth, check_exact=True, check_dtype=False
    )
    assert reasons == written.reasons == truth.attrs["reasons"]
    assert (untold, written.untold) == (0, 0)
    assert (written.rows, written.size) == (len(truth), written.path.stat().st_size)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_pandas_finds_the_reasons(case, tmp_path):
    model, X, y = case
    written = model.augment(X[:80], y[:80], to=tmp_path / "rows.parquet")
    found = pd.read_parquet(written.path).attrs["reasons"]
    assert len(found) == len(written.reasons) > 0
    assert all("not the rows of the fit" in each["reason"] for each in found)


@pytest.mark.parametrize("rows", [slice(80), slice(None, None, -1)])
def test_other_rows_have_no_measures_in_the_file_either(case, rows, tmp_path):
    model, X, y = case
    X, y = X[rows].reset_index(drop=True), y[rows].reset_index(drop=True)
    y = y.sample(frac=1.0, random_state=3).reset_index(drop=True)
    truth = model.augment(X, y)
    shown, reasons, _ = read(model.augment(X, y, to=tmp_path / "rows.parquet").path)
    assert shown.hat.isna().all()
    pd.testing.assert_frame_equal(
        as_the_frame(shown, model.result_.responses), truth, check_exact=True, check_dtype=False
    )
    assert reasons == truth.attrs["reasons"] != {}


def test_rows_without_y_are_predicted(case, tmp_path):
    model, X, _ = case
    truth = model.augment(X)
    shown, reasons, _ = read(model.augment(X, to=tmp_path / "rows.parquet").path)
    pd.testing.assert_frame_equal(
        as_the_frame(shown, model.result_.responses), truth, check_exact=True, check_dtype=False
    )
    assert reasons == {}


def test_influence_of_other_rows_is_an_error_without_a_file(case, tmp_path):
    model, X, y = case
    with pytest.raises(SchemaError, match="80 were given"):
        model.influence(X[:80], y[:80], to=tmp_path / "rows.parquet")
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------------------------- sources


def _array(table, _):
    return table[["a", "b"]].to_numpy(), table["y"].to_numpy()


def _csv(table, folder):
    table[["a", "b", "y"]].to_csv(folder / "t.csv", index=False, float_format="%.17g")
    return mathlearn.scan(folder / "t.csv"), "y"


def _parquet(table, folder):
    table[["a", "b", "y"]].to_parquet(folder / "t.parquet", index=False, row_group_size=17)
    return mathlearn.scan(folder / "t.parquet"), "y"


def _ipc(table, folder):
    with pa.ipc.new_file(folder / "t.arrow", pa.schema([(name, pa.float64()) for name in "aby"])) as writer:
        writer.write_table(pa.Table.from_pandas(table[["a", "b", "y"]], preserve_index=False))
    return mathlearn.scan(folder / "t.arrow"), "y"


def _sql(table, folder):
    with duckdb.connect(str(folder / "t.duckdb")) as connection:
        connection.register("frame", pa.Table.from_pandas(table, preserve_index=False))
        connection.execute("CREATE TABLE t AS SELECT a, b, y FROM frame")
    return mathlearn.scan(sql="SELECT a, b, y FROM t ORDER BY rowid", database=folder / "t.duckdb"), "y"


SOURCES = {
    "array": _array,
    "pandas": lambda table, _: (table[["a", "b", "y"]], "y"),
    "polars": lambda table, _: (pl.from_pandas(table[["a", "b", "y"]]), "y"),
    "CSV": _csv,
    "Parquet": _parquet,
    "IPC": _ipc,
    "SQL": _sql,
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", ["augment", "influence"])
def test_every_source_writes_what_it_shows(source, kind, frame, tmp_path):
    X, y = SOURCES[source](frame, tmp_path)
    model = LinearRegression().fit(X, y)
    ask = getattr(model, kind)
    shown, _, _ = read(ask(X, y, to=tmp_path / "rows.parquet").path)
    pd.testing.assert_frame_equal(shown, ask(X, y), check_exact=True, check_dtype=False)


@pytest.mark.parametrize("size", [1, 7, 89, 90, 1000])
def test_blocks_follow_one_another(frame, size, tmp_path):
    X, y = frame[["a", "b"]].to_numpy(), frame[["y", "z"]].to_numpy()
    result, rows = fit(X, y), ArrayRows(X, y)
    shown, _, _ = read(st.augment(result, rows, max_rows=size, to=tmp_path / "rows.parquet").path)
    assert shown.row.tolist() == np.repeat(np.arange(ROWS), 2).tolist()
    assert shown.response.tolist() == ["y0", "y1"] * ROWS
    truth = st.augment(result, rows, max_rows=size)
    pd.testing.assert_frame_equal(as_the_frame(shown, ("y0", "y1")), truth, check_exact=True, check_dtype=False)


def test_a_file_can_be_scanned_and_has_row_groups_of_a_sensible_size(frame, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_writer, "_ROWS", 20)
    X, y = frame[["a", "b"]].to_numpy(), frame["y"].to_numpy()
    st.augment(fit(X, y), ArrayRows(X, y[:, None]), max_rows=8, to=tmp_path / "rows.parquet")
    meta = pq.read_metadata(tmp_path / "rows.parquet")
    assert [meta.row_group(i).num_rows for i in range(meta.num_row_groups)] == [24, 24, 24, 18]
    again = LinearRegression().fit(mathlearn.scan(tmp_path / "rows.parquet"), "cooks_d")
    assert again.result_.n == ROWS


# ------------------------------------------------------------------------------------------------------------- reasons


@pytest.fixture
def alone(frame):
    """A fit with a row of leverage one among others, for which a column of its own stands."""
    X = np.column_stack([frame[["a"]], np.eye(ROWS)[:, [3, 50, 70]]])
    return fit(X, frame["y"]), ArrayRows(X, frame[["y"]].to_numpy())


@pytest.mark.parametrize("make", [st.augment, st.influence])
def test_reasons_of_rows_are_told_up_to_a_number(alone, make, tmp_path, monkeypatch):
    every = make(*alone).attrs["reasons"]
    written = make(*alone, max_rows=30, to=tmp_path / "rows.parquet")
    assert written.reasons == every
    assert {row for row, _ in every} == {3, 50, 70}
    monkeypatch.setattr(row_file, "TOLD", 4)
    for size in (1, 30, 200):
        written = make(*alone, max_rows=size, to=tmp_path / "rows.parquet")
        assert len(written.reasons) == 4
        assert written.untold == len(every) - 4
        assert written.reasons.items() <= every.items()
        assert read(written.path)[1:] == (written.reasons, written.untold)


def test_reasons_of_all_rows_are_told_beside_them(alone, tmp_path, monkeypatch):
    monkeypatch.setattr(row_file, "TOLD", 0)
    result, rows = alone
    exact = replace(result, exact=np.array([True]), deviance=np.zeros(1))
    rows = replace(rows, y=(rows.X @ result.coef.T + result.intercept))
    written = st.augment(exact, rows, to=tmp_path / "rows.parquet")
    assert written.reasons == {("all rows", m): "exact fit" for m in ("std_resid", "cooks_d")}
    assert written.untold > 0


# -------------------------------------------------------------------------------------------------------------- faults


@dataclass(frozen=True)
class Broken(ArrayRows):
    """Rows of which the third block does not come."""

    error: type[BaseException] = KeyboardInterrupt

    def chunks(self, max_rows):
        for i, chunk in enumerate(super().chunks(max_rows)):
            if i == 2:
                raise self.error
            yield chunk


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RuntimeError, OSError])
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_nothing_is_left_of_a_table_that_was_interrupted(frame, error, before, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_writer, "_ROWS", 1)
    X, y, path = frame[["a", "b"]].to_numpy(), frame[["y"]].to_numpy(), tmp_path / "rows.parquet"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(error):
        st.augment(fit(X, y), Broken(X, y, error=error), max_rows=20, to=path)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == ([] if before is None else [before])


def test_a_full_disk_says_what_to_do_and_leaves_nothing(frame, tmp_path, monkeypatch):
    opened = open

    class Full:
        """A file on a disk with room for a few bytes."""

        def __init__(self, file):
            self._file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._file.close()

        def __getattr__(self, name):
            return getattr(self._file, name)

        def write(self, data):
            if self._file.tell() + len(data) > 2000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self._file.write(data)

    monkeypatch.setattr(
        "mathlearn._atomic.open", lambda path, mode="r", **options: Full(opened(path, mode, **options)), raising=False
    )
    monkeypatch.setattr(parquet_writer, "_ROWS", 1)
    X, y, path = frame[["a", "b"]].to_numpy(), frame[["y"]].to_numpy(), tmp_path / "rows.parquet"
    with pytest.raises(OSError, match=r"No space left on device.*make room there, or write elsewhere") as caught:
        st.augment(fit(X, y), ArrayRows(X, y), max_rows=5, to=path)
    assert caught.value.filename == str(path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["rows.csv", "rows", "rows.parquet.gz"])
def test_a_name_of_another_format_is_refused_before_anything_is_read(name, frame, tmp_path):
    X, y = frame[["a", "b"]].to_numpy(), frame[["y"]].to_numpy()
    for make in (st.augment, st.influence):
        with pytest.raises(DomainError, match=r"name that ends in \.parquet or \.pq"):
            make(fit(X, y), Broken(X, y, error=AssertionError), to=tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named_before_anything_is_read(frame, tmp_path):
    X, y = frame[["a", "b"]].to_numpy(), frame[["y"]].to_numpy()
    with pytest.raises(FileNotFoundError, match="does not exist"):
        st.augment(fit(X, y), Broken(X, y, error=AssertionError), max_rows=1, to=tmp_path / "no" / "rows.parquet")


def test_no_rows_are_an_error_without_a_file(frame, tmp_path):
    X, y = frame[["a", "b"]].to_numpy(), frame[["y"]].to_numpy()
    nothing = ArrayRows(X[:0], y[:0])
    with pytest.raises(SchemaError, match="there are no rows to augment"):
        st.augment(fit(X, y), nothing, to=tmp_path / "rows.parquet")
    with pytest.raises(SchemaError, match="no rows to measure the influence of"):
        st.influence(fit(X, y), nothing, to=tmp_path / "rows.parquet")
    assert not list(tmp_path.iterdir())


# -------------------------------------------------------------------------------------------------------------- memory


@dataclass(frozen=True)
class Endless:
    """The same block over and over, as often as asked for."""

    block: Chunk
    times: int

    def chunks(self, max_rows):
        assert max_rows >= self.block.n
        for i in range(self.times):
            yield replace(self.block, start=i * self.block.n)


def peak(ask):
    """Most bytes that Python and NumPy held."""
    tracemalloc.start()
    try:
        ask()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", [st.augment, st.influence])
def test_memory_does_not_grow_with_the_rows(make, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_writer, "_ROWS", 2000)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 4))
    y = X @ [1.0, 2.0, 0.0, 0.0] + rng.normal(size=2000)
    few, many = (fit(np.tile(X, (k, 1)), np.tile(y, k)) for k in (5, 50))
    block = Chunk(X, y[:, None])
    path = tmp_path / "rows.parquet"
    make(few, Endless(block, 5), to=path)  # what is imported and cached is no part of it
    one = peak(lambda: make(few, Endless(block, 5), to=path))
    ten = peak(lambda: make(many, Endless(block, 50), to=path))
    assert pq.read_metadata(path).num_rows == 100_000
    assert ten < 1.05 * one
