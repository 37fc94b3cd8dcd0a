"""Dask collections give what the same rows in one frame give, wherever and by however many workers they are worked on."""

from __future__ import annotations

import os
import pickle
import signal
import warnings
from contextlib import contextmanager
from threading import Timer
from time import monotonic, sleep
from unittest.mock import patch

import dask
import dask.array as da
import dask.bag
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st

import mathlearn
from mathlearn._errors import DomainError, NonFiniteInputError, PrecisionWarning, SchemaError
from mathlearn.data.bind import bind
from mathlearn.data.dask_part import Outcome
from mathlearn.data.dask_source import DaskSource
from mathlearn.linear_model import (
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
)

PARTS = 7


def _table(n=700):
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    table["g"] = rng.choice(list("uvw"), n)
    table["y"] = 1 + table.a - 2 * table.b + (table.g == "v") + rng.normal(size=n)
    table["event"] = (table.a + rng.normal(size=n) > 0).astype(int)
    table["count"] = rng.poisson(np.exp(0.3 * table.a))
    table["kind"] = rng.choice(["p", "q", "r"], n)
    table["cluster"] = rng.integers(1, 40, n)
    table["w"] = rng.random(n) + 0.5
    return table


TABLE = _table()


@pytest.fixture(scope="module")
def ddf():
    return dd.from_pandas(TABLE, npartitions=PARTS)


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as found:
        yield found


@pytest.fixture(scope="module")
def client(cluster):
    with Client(cluster, set_as_default=False) as found:
        yield found


@pytest.fixture(autouse=True)
def in_this_thread():
    """Quick, unless a test asks for workers."""
    with dask.config.set(scheduler="synchronous"):
        yield


def numbers(model):
    table = model.tidy()
    return [*table.estimate.tolist(), *table.std_error.tolist()]


FITS = {
    "formula": (LinearRegression(formula="y ~ a * g + poly(b, 2)"), None, {}),
    "logistic": (LogisticRegression(C=np.inf), ["a", "b", "event"], {"y": "event"}),
}


def test_series_and_arrays_beside(ddf):
    expected = numbers(LinearRegression(covariance="cluster").fit(
        TABLE[["a", "b"]], TABLE["y"], sample_weight=TABLE["w"], groups=TABLE["cluster"]
    ))  # fmt: skip
    beside = {"sample_weight": ddf["w"], "groups": ddf["cluster"].to_dask_array()}
    model = LinearRegression(covariance="cluster").fit(ddf[["a", "b"]], ddf["y"], **beside)
    np.testing.assert_allclose(numbers(model), expected, rtol=1e-9)
    assert model.result_.responses == ("y",)
    arrays = ddf[["a", "b"]].to_dask_array()
    model = LinearRegression(covariance="cluster").fit(arrays, ddf["y"].to_dask_array(), **beside)
    np.testing.assert_allclose(numbers(model), expected, rtol=1e-9)
    assert model.design_.response_columns == ()


def test_a_column_may_be_response_and_predictor(ddf):
    model = LinearRegression().fit(ddf[["a", "y"]], ddf["y"])
    assert model.coef_.tolist() == pytest.approx([0, 1], abs=1e-12)
    assert model.result_.responses == ("y",)


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    columns=st.integers(1, 3),
    beside=st.integers(1, 200),
    dtype=st.sampled_from(["float64", "float32", "int64"]),
)
def test_arrays_however_they_are_cut(rows, columns, beside, dtype):
    n = sum(rows) + 20
    X = (TABLE[["a", "b", "c"]].to_numpy()[:n] * 8).astype(dtype)
    y = TABLE["y"].to_numpy()[:n]
    with dask.config.set(scheduler="synchronous"):
        lazy = da.from_array(X, chunks=((*rows, 20), columns))
        model = LinearRegression().fit(lazy, da.from_array(y, chunks=beside))
    np.testing.assert_allclose(numbers(model), numbers(LinearRegression().fit(X, y)), rtol=1e-9, atol=1e-12)
    assert not hasattr(model, "feature_names_in_")


def test_models_of_arrays_and_frames_read_either(ddf):
    X, y = ddf[["a", "b"]], ddf["y"]
    model = LinearRegression().fit(X, y)
    assert model.score(X, y) == pytest.approx(
        LinearRegression().fit(TABLE[["a", "b"]], TABLE.y).score(TABLE[["a", "b"]], TABLE.y)
    )
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        found = model.predict(X.to_dask_array())
    np.testing.assert_allclose(found, model.predict(TABLE[["a", "b"]]), rtol=1e-12, atol=1e-12)
    assert model.verify(X, y).ok
    assert model.augment(ddf[["a", "b", "y"]], "y").shape[0] == len(TABLE)
    assert model.diagnose(X, y).findings


# ---------------------------------------------------------------------------------------------------------- workers


def _bits(lazy):
    linear = LinearRegression(covariance="HC3").fit(lazy[["a", "b", "y"]], "y")
    logistic = LogisticRegression(C=np.inf).fit(lazy[["a", "b", "event"]], "event")
    return [*numbers(linear), *numbers(logistic)]


@contextmanager
def _rows_stay(client):
    """Count what comes to the client."""
    seen = []
    inside = client.gather

    def watched(futures, *args, **kwargs):
        found = inside(futures, *args, **kwargs)
        seen.append(found)
        return found

    client.gather = watched
    try:
        yield seen
    finally:
        del client.gather


def test_the_same_bits_by_any_workers_and_one_that_dies(client, cluster, ddf):
    here = _bits(ddf)
    with dask.config.set(scheduler="threads"):
        assert _bits(ddf) == here
    with client.as_current(), dask.config.set(scheduler="distributed"), _rows_stay(client) as seen:
        assert _bits(ddf) == here
        sizes = [len(pickle.dumps(found)) for found in seen]
        assert len(sizes) > 10
        assert max(sizes) < 5000  # a column of the table takes 5600 bytes

        victim = next(iter(client.run(os.getpid).values()))
        killer = Timer(0.3, os.kill, (victim, signal.SIGKILL))
        killer.start()
        assert _bits(ddf) == here
        killer.join()
        client.wait_for_workers(2, timeout=30)
        assert victim not in client.run(os.getpid).values()

        cluster.scale(1)
        while len(client.scheduler_info()["workers"]) > 1:
            sleep(0.05)
        assert _bits(ddf) == here


def test_an_interrupt_leaves_nothing_running(client, ddf):
    slow = ddf.map_partitions(_slowly, meta=ddf)
    with client.as_current(), dask.config.set(scheduler="distributed"):
        timer = Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            LinearRegression().fit(slow[["a", "y"]], "y")
        timer.join()
    deadline = monotonic() + 10
    while client.run_on_scheduler(_wanted):
        assert monotonic() < deadline
        sleep(0.05)


def _wanted(dask_scheduler):
    return [key for key, task in dask_scheduler.tasks.items() if task.who_wants]


def _slowly(part):
    sleep(0.4)
    return part


def test_an_error_of_a_worker_keeps_its_type_and_names_the_partition(client, ddf):
    with client.as_current(), dask.config.set(scheduler="distributed"):
        with pytest.raises(
            NonFiniteInputError, match=r"partition 3 of 7.*'a': 1 missing or NaN among 100 rows, first in row 17\."
        ):
            LinearRegression().fit(_spoilt(ddf, 3, _hole)[["a", "y"]], "y")
        assert LinearRegression(missing="drop").fit(_spoilt(ddf, 3, _hole)[["a", "y"]], "y").result_.n_dropped == 1


# ------------------------------------------------------------------------------------------------ partitions unlike others


def _hole(part):
    part = part.copy()
    part.iloc[17, 0] = np.nan
    return part


def _spoilt(frame, number, change):
    def changed(part, partition_info=None):
        return change(part) if partition_info and partition_info["number"] == number else part

    return frame.map_partitions(changed, meta=frame._meta)


@pytest.mark.parametrize("empty", [[0], [3], [PARTS - 1], [0, 1, 2, 4, 5, 6]])
def test_empty_partitions(ddf, empty):
    lazy, kept = ddf, np.ones(len(TABLE), bool)
    for number in empty:
        lazy = _spoilt(lazy, number, lambda part: part.iloc[:0])
        kept[number * 100 : (number + 1) * 100] = False
    for model, _, roles in (FITS["formula"], FITS["logistic"]):
        columns = list(TABLE) if model.formula else ["a", "b", "event"]
        expected = numbers(model.fit(TABLE[kept][columns], **roles))
        np.testing.assert_allclose(numbers(model.fit(lazy[columns], **roles)), expected, rtol=1e-9, atol=1e-12)


def test_no_row_at_all(ddf):
    with pytest.raises(SchemaError, match="the source has no rows"):
        LinearRegression().fit(ddf[ddf.a > 1e9][["a", "y"]], "y")
    gone = ddf.assign(a=np.nan)[["a", "y"]]
    with pytest.raises(SchemaError, match="all 700 rows have a missing value"):
        LinearRegression(missing="drop").fit(gone, "y")


@pytest.mark.parametrize("number", [0, 6])
def test_rows_dropped_from_a_whole_partition_are_counted(ddf, number):
    lazy = _spoilt(ddf, number, lambda part: part.assign(a=np.nan))
    model = LinearRegression(missing="drop").fit(lazy[["a", "b", "y"]], "y")
    assert (model.result_.n, model.result_.n_dropped) == (600, 100)


@pytest.mark.parametrize("dtype", ["int64", "int8", "float32", "boolean", "Float64"])
def test_numbers_of_another_type_are_numbers(ddf, dtype):
    whole = TABLE.assign(a=(TABLE.a > 0).astype(float))
    lazy = _spoilt(dd.from_pandas(whole, npartitions=PARTS), 2, lambda part: part.assign(a=part.a.astype(dtype)))
    expected = numbers(LinearRegression().fit(whole[["a", "y"]], "y"))
    np.testing.assert_allclose(numbers(LinearRegression().fit(lazy[["a", "y"]], "y")), expected, rtol=1e-12)


def test_text_among_numbers_is_refused_and_named(ddf):
    for dtype in (str, object):
        lazy = _spoilt(ddf, 5, lambda part, dtype=dtype: part.assign(a=part.a.astype(str).astype(dtype)))
        with pytest.raises(SchemaError, match=r"partition 5 of 7 .*column 'a' is categorical.*ddf\.assign\(a="):
            LinearRegression().fit(lazy[["a", "y"]], "y")
    lazy = _spoilt(ddf, 5, lambda part: part.assign(g=1.5))
    with pytest.raises(SchemaError, match=r"partition 5 of 7 .*column 'g' is float"):
        LinearRegression(formula="y ~ g").fit(lazy)
    mixed = _spoilt(ddf, 5, lambda part: part.assign(kind=1))
    with pytest.raises(SchemaError, match=r"partition 5 of 7 .*column 'kind' is integer"):
        LogisticRegression().fit(mixed[["a", "kind"]], "kind")


def test_values_outside_the_domain_are_placed(ddf):
    lazy = _spoilt(ddf, 4, lambda part: part.assign(count=-1))
    with pytest.raises(DomainError, match=r"100 of 700 values.*first -1\.0 in row 0 of partition 4"):
        PoissonRegressor().fit(lazy[["a", "count"]], "count")
    lazy = _spoilt(ddf, 4, lambda part: part.assign(event=0.5))
    with pytest.raises(DomainError, match=r"partition 4 of 7 .*event has 100 of 100 values that are no counts"):
        GeneralizedLinearRegressor(family="binomial", formula="cbind(event, cluster) ~ a").fit(lazy)


def test_unknown_categories_are_learned_and_new_ones_refused(ddf):
    lazy = ddf.assign(g=ddf.g.astype("category"))
    assert not lazy.g.cat.known
    model = LinearRegression(formula="y ~ g").fit(lazy)
    expected = LinearRegression(formula="y ~ g").fit(TABLE)
    np.testing.assert_allclose(numbers(model), numbers(expected), rtol=1e-9)
    known = lazy.categorize()
    assert numbers(LinearRegression(formula="y ~ g").fit(known)) == numbers(model)
    new = _spoilt(ddf, 1, lambda part: part.assign(g="x"))
    with pytest.raises(SchemaError, match="level 'x'"):
        model.predict(new)


def test_a_collection_that_changes_from_pass_to_pass_is_refused():
    sizes = iter([50, 60, 51, 60, 52, 60, 53, 60])
    parts = [dask.delayed(lambda: TABLE[["a", "y"]].iloc[: next(sizes)], pure=False)() for _ in range(2)]
    lazy = dd.from_delayed(parts, meta=TABLE[["a", "y"]].iloc[:0], verify_meta=False)
    with pytest.raises(SchemaError, match=r"had \d+ rows in an earlier pass and has \d+ now.*persist"):
        LinearRegression().fit(lazy, "y")


def test_digits_lost_on_a_worker_are_told_here_once(client):
    frame = pd.DataFrame({"id": 2**60 + np.arange(600) ** 3, "a": TABLE.a[:600], "y": TABLE.y[:600]})
    lazy = dd.from_pandas(frame, npartitions=3)
    with client.as_current(), dask.config.set(scheduler="distributed"), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        PoissonRegressor().fit(lazy.assign(y=1.0)[["id", "a", "y"]], "y", sample_weight=lazy["id"])
    assert sum(issubclass(each.category, PrecisionWarning) for each in told) == 1


# ------------------------------------------------------------------------------------------------------------- refusals


def test_what_does_not_go_together_is_refused(ddf):
    X = ddf[["a", "b"]]
    with pytest.raises(SchemaError, match=r"y lies in memory.*dask\.array\.from_array"):
        LinearRegression().fit(X, TABLE["y"])
    with pytest.raises(SchemaError, match="sample_weight lies in memory"):
        LinearRegression().fit(X, ddf["y"], sample_weight=TABLE["w"].to_numpy())
    with pytest.raises(SchemaError, match="X has 7 partitions and y has 3"):
        LinearRegression().fit(X, ddf["y"].repartition(npartitions=3))
    array = ddf[["a", "b"]].to_dask_array(lengths=True)
    with pytest.raises(SchemaError, match=r"\[700, 300\]"):
        LinearRegression().fit(array, array[:300, 0])
    with pytest.raises(SchemaError, match="blocks of rows and y has 3"):
        LinearRegression().fit(X.to_dask_array(), array[:, 0].rechunk(300))
    with pytest.raises(SchemaError, match=r"partition 0 of 7 .*differs in length"):
        LinearRegression().fit(array[array[:, 0] > 0], array[:, 1])
    with pytest.raises(SchemaError, match="one value for each row"):
        LinearRegression().fit(X, ddf["y"], sample_weight=X)


def test_what_is_no_table_is_refused(ddf):
    with pytest.raises(SchemaError, match=r"2-dimensional container.*to_frame"):
        LinearRegression().fit(ddf["a"], ddf["y"])
    with pytest.raises(SchemaError, match="is a dask Bag"):
        LinearRegression().fit(dask.bag.from_sequence([1, 2]), [1, 2])
    with pytest.raises(SchemaError, match="Expected 2D array, got 1D"):
        LinearRegression().fit(da.ones(5, chunks=2), da.ones(5, chunks=2))
    with pytest.raises(SchemaError, match=r"names that are text; 0, 1 are not"):
        LinearRegression().fit(dd.from_pandas(pd.DataFrame(np.eye(2)), npartitions=1), da.ones(2))
    with pytest.raises(SchemaError, match="column 'g' is categorical"):
        LinearRegression().fit(ddf[["a", "g", "y"]], "y")


# -------------------------------------------------------------------------------------------------------------- sources


def test_files_are_read_by_the_columns_that_are_used(tmp_path):
    for k in range(6):
        TABLE.iloc[100 * k : 100 * k + 100].to_parquet(tmp_path / f"{k}.parquet")
    lazy = dd.read_parquet(tmp_path)
    expected = numbers(LinearRegression().fit(TABLE[["a", "y"]][:600], "y"))
    np.testing.assert_allclose(numbers(LinearRegression().fit(lazy[["a", "y"]], "y")), expected, rtol=1e-9)
    np.testing.assert_allclose(numbers(LinearRegression().fit(lazy[["a"]], lazy["y"])), expected, rtol=1e-9)
    lazy = dd.read_parquet(tmp_path)
    source = mathlearn.scan(lazy)
    cut = source._cut(("a", "y"))
    names = {name for task in cut.tasks(_columns, None) for name in dask.compute(task)[0]}
    assert names == {"a", "y"}


def _columns(number, tables, job):
    return [name for table in tables for name in table.columns]


def test_what_is_sent_is_small(ddf):
    rows = bind(ddf[["a", "b", "y"]], "y")
    sent = pickle.dumps(rows)
    assert len(sent) < 3000
    assert pickle.loads(sent).terms == rows.terms
    assert rows.reduce(lambda chunk: chunk.n, lambda left, right: left + right, max_rows=10, threads=1) == 700


def test_rows_are_counted_through_and_found_again(ddf):
    rows = bind(ddf[["a", "y"]], "y")
    first, again = (
        rows.reduce(lambda c: c.index.tolist(), lambda x, y: x + y, max_rows=30, threads=1) for _ in range(2)
    )
    assert first == sorted(set(first))
    assert again == list(range(700))
    assert rows.locate(first[317]) == rows.locate(317) == "row 17 of partition 3 (counted from 0)"
    assert [i for chunk in rows.chunks(64) for i in chunk.index] == again


def test_an_outcome_keeps_its_parts_in_order():
    one, two = Outcome([1], (1,), ()), Outcome([2], (2,), ())
    assert pickle.loads(pickle.dumps(one)) == one
    assert one != two


def test_dask_is_imported_only_for_dask():
    import subprocess
    import sys

    code = (
        "import sys, numpy as np; from mathlearn.linear_model import LinearRegression as L; "
        "L().fit(np.eye(3), [1, 2, 4]); print([m for m in sys.modules if m.partition('.')[0] in ('dask', 'distributed')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_partitions_of_which_no_row_is_left_are_counted(ddf):
    gone = _spoilt(_spoilt(ddf, 0, lambda part: part.assign(a=np.nan)), 1, lambda part: part.assign(a=np.nan))
    rows = gone.compute()
    model = LinearRegression(formula="y ~ a + b", missing="drop").fit(gone)
    expected = LinearRegression(formula="y ~ a + b", missing="drop").fit(rows)
    assert model.result_.n_dropped == expected.result_.n_dropped == rows.a.isna().sum()


def test_integers_beyond_2_53_are_shifted_whichever_partition_is_empty_or_short():
    rng = np.random.default_rng(4)
    steps = rng.integers(0, 500, 600)
    table = pd.DataFrame({"a": 2**60 + steps, "y": 0.01 * steps + rng.normal(size=600)})
    expected = LinearRegression().fit(table[["a"]], table.y)
    ddf = dd.from_pandas(table, npartitions=3)
    assert LinearRegression().fit(ddf, y="y").coef_ == pytest.approx(expected.coef_, rel=1e-9)
    for least in (250, 400):
        left = ddf.map_partitions(lambda part, least=least: part[part.index >= least])
        expected = LinearRegression().fit(table[["a"]][least:], table.y[least:])
        assert LinearRegression().fit(left, y="y").coef_ == pytest.approx(expected.coef_, rel=1e-9)


def test_integers_that_differ_only_in_later_partitions_are_refused_as_in_memory():
    rng = np.random.default_rng(5)
    x = rng.normal(size=600)
    y = 2**60 + np.where(np.arange(600) < 200, 0, rng.integers(0, 400, 600))
    table = pd.DataFrame({"x": x, "y": y})
    for rows in (table, dd.from_pandas(table, npartitions=3)):
        with pytest.raises(DomainError, match="multiples of 256"):
            LinearRegression().fit(rows, y="y")


@pytest.mark.parametrize("within", [True, False])
def test_the_same_labels_at_other_places_are_refused(within):
    rng = np.random.default_rng(6)
    X = pd.DataFrame({"a": rng.normal(size=600)})
    y = (2 * X.a).rename("y")
    order = rng.permutation(200) if within else rng.permutation(600)
    mixed = pd.concat([y[:200].iloc[order], y[200:]]) if within else y.iloc[order]
    parts = [dd.from_pandas(rows, npartitions=3, sort=False) for rows in (X, mixed)]
    with pytest.raises(SchemaError, match=r"'y' and 'a' carry the same row labels at different places"):
        LinearRegression().fit(*parts)
    other = dd.from_pandas(y.set_axis(np.arange(1000, 1600)), npartitions=3, sort=False)
    assert LinearRegression().fit(parts[0], other).coef_ == pytest.approx(2.0)


def test_the_first_partition_is_looked_at_once(ddf):
    looks = []
    first = DaskSource.first

    def counted(self, *arguments):
        looks.append(arguments)
        return first(self, *arguments)

    with patch.object(DaskSource, "first", counted):
        LinearRegression(formula="y ~ a + b").fit(ddf)
    assert len(looks) == 1


def test_without_a_client_the_settings_of_distributed_stay():
    import subprocess
    import sys

    code = (
        "import pandas as pd, dask.dataframe as dd; from mathlearn.linear_model import LinearRegression as L; "
        "f = pd.DataFrame({'a': [1.0, 2, 4, 3], 'y': [1.0, 3, 4, 5]}); "
        "print(L().fit(dd.from_pandas(f, npartitions=2), 'y').certificate_.verdict); "
        "import distributed, dask; print('comm' in dask.config.get('distributed'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["certified", "True"]
