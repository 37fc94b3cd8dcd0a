"""SQL: what a query may refer to, and that its rows are the same on every pass."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn._errors import CorruptFileError, DomainError, ResourceError, SchemaError


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE sales AS SELECT i, i / 2.0 AS price, i % 3 AS shop FROM range(100000) r(i)")
        connection.execute("CREATE VIEW totals AS SELECT shop, sum(price) AS total FROM sales GROUP BY shop")
    return path


def table(source, max_rows=1000):
    batches = list(source.batches(max_rows=max_rows))
    return {name: np.concatenate([batch.columns[name].values for batch in batches]) for name in source.schema.names}


def test_a_database_by_path_needs_no_prefix(database):
    rows = table(mathlearn.scan(sql="SELECT i, price FROM sales WHERE i < 2500", database=database))
    assert (rows["i"] == np.arange(2500)).all()
    assert (rows["price"] == np.arange(2500) / 2).all()


@pytest.mark.parametrize("stem", ["temp", "memory", "main", "select"])
def test_a_database_may_have_any_name(database, stem):
    path = database.rename(database.with_stem(stem))
    assert table(mathlearn.scan(sql="SELECT count(*) AS n FROM sales", database=path))["n"].tolist() == [100000]


def test_a_database_that_someone_writes_to(database):
    with duckdb.connect(str(database)), pytest.raises(CorruptFileError, match="nothing else holds open"):
        mathlearn.scan(sql="SELECT * FROM sales", database=database)


def test_databases_by_alias(database):
    source = mathlearn.scan(sql='SELECT count(*) AS n FROM "a b".sales', database={"a b": database})
    assert table(source)["n"].tolist() == [100000]


def test_files_by_name_by_stem_and_by_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    for sql, files in (
        ("SELECT b FROM x", {"x": path}),
        ("SELECT b FROM t", path),
        (f"SELECT b FROM '{path}'", [path]),
        ("/* naïve */ SELECT b FROM t /* ü */ ; ;  -- and a comment", str(path)),
    ):
        assert table(mathlearn.scan(sql=sql, files=files))["b"].tolist() == [2, 4]


def test_a_file_may_be_read_twice_in_one_query(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n2\n3\n", encoding="utf-8")
    source = mathlearn.scan(sql="SELECT x.a, y.a AS b FROM t x JOIN t y ON x.a = y.a + 1 ORDER BY x.a", files=path)
    assert {name: column.tolist() for name, column in table(source).items()} == {"a": [2, 3], "b": [1, 2]}


def test_options_of_a_file_go_to_its_own_scan(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("zip;n\n01234;1\n", encoding="utf-8")
    zips = mathlearn.scan(path, delimiter=";", types={"zip": "string"})
    source = mathlearn.scan(sql="SELECT length(zip) AS digits FROM zips", files={"zips": zips})
    assert table(source)["digits"].tolist() == [5]
    with pytest.raises(SchemaError, match="belong to the files of a query"):
        mathlearn.scan(sql="SELECT 1", types={"a": "float64"})


def test_kinds():
    sql = (
        "SELECT 1 AS i, 0.1 AS decimal, 1.5::DOUBLE AS f, 'x' AS s, 'b'::ENUM('b', 'a') AS e, true AS b, "
        "DATE '2020-01-01' AS d, sum(v) AS huge, NULL AS nothing FROM range(4) r(v)"
    )
    source = mathlearn.scan(sql=sql)
    assert {field.name: field.kind for field in source.schema} == {
        "i": "integer", "decimal": "float", "f": "float", "s": "categorical", "e": "categorical", "b": "boolean",
        "d": "datetime", "huge": "float", "nothing": "float",
    }  # fmt: skip
    [batch] = source.batches(max_rows=10)
    assert batch.columns["decimal"].values.tolist() == [0.1]
    assert batch.columns["huge"].values.tolist() == [6.0]
    assert batch.columns["nothing"].missing.tolist() == [True]


def test_a_sum_too_large_for_a_float_is_an_error():
    source = mathlearn.scan(sql="SELECT sum(v + 9007199254740993) AS s FROM range(2) r(v)")
    with pytest.raises(DomainError, match=r"'s' holds the decimal .*CAST"):
        table(source)


def test_only_the_columns_asked_for_are_computed():
    source = mathlearn.scan(sql="SELECT i, CAST('x' || i AS INTEGER) AS boom FROM range(5) r(i)")
    batch = next(source.batches(["i"], max_rows=10))
    assert list(batch.columns) == ["i"]
    with pytest.raises(DomainError, match=r"the query failed: Conversion Error.*'x0'"):
        table(source)


def test_no_column_still_counts_rows():
    source = mathlearn.scan(sql="SELECT i FROM range(5) r(i)")
    assert [(batch.start, batch.n) for batch in source.batches([], max_rows=3)] == [(0, 3), (3, 2)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM sales WHERE i % 7 = 0",
        "SELECT i % 5003 AS k, sum(price) AS total, count(*) AS n FROM sales GROUP BY k",
        "SELECT a.i, b.price FROM sales a JOIN sales b ON a.i = b.i + 1",
        "SELECT i FROM sales ORDER BY shop",
        "SELECT DISTINCT i % 5003 AS k FROM sales",
        "SELECT * FROM totals",
        "SELECT i FROM sales USING SAMPLE 10 PERCENT (bernoulli, 7)",
        "SELECT i FROM sales UNION ALL SELECT shop FROM sales",
        "SELECT nullif(i % 7, 3) / 2 AS h, nullif('x' || i % 5, 'x3') AS s FROM sales",
        "SELECT i, row_number() OVER (PARTITION BY shop ORDER BY price) AS r FROM sales",
    ],
)
def test_rows_come_in_the_same_order_on_every_pass(database, sql):
    source = mathlearn.scan(sql=sql, database=database)
    first, *others = [table(source, max_rows) for max_rows in (1000, 1000, 7777)]
    for other in others:
        for name in (field.name for field in source.schema if field.numeric):
            np.testing.assert_array_equal(first[name], other[name])


def test_a_query_that_is_not_repeatable_is_found_out():
    source = mathlearn.scan(sql="SELECT random() AS r FROM range(100)")
    table(source)
    with pytest.raises(SchemaError, match=r"other rows on a second pass.*REPEATABLE"):
        table(source)


def test_a_pass_given_up_half_way_proves_nothing():
    source = mathlearn.scan(sql="SELECT i FROM range(100000) r(i)")
    next(source.batches(max_rows=10))
    assert len(table(source)["i"]) == 100000


def test_unknown_names_come_with_duckdbs_suggestions(database):
    with pytest.raises(SchemaError, match=r'"prize" not found.*"price"'):
        mathlearn.scan(sql="SELECT prize FROM sales", database=database)
    with pytest.raises(SchemaError, match='Did you mean "sales"'):
        mathlearn.scan(sql="SELECT * FROM sale", database=database)


def test_two_columns_of_one_name():
    with pytest.raises(SchemaError, match="duplicate column names: 'a'"):
        mathlearn.scan(sql="SELECT 1 AS a, 2 AS a")


def test_memory_is_bounded_and_nothing_is_spilled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with mathlearn.config_context(max_memory=40_000_000):
        source = mathlearn.scan(sql="SELECT i, hash(i) AS h FROM range(5000000) r(i) ORDER BY h")
        with pytest.raises(ResourceError, match=r"needs more memory than allowed.*max_memory"):
            table(source, 100_000)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_database(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*nope\.duckdb"):
        mathlearn.scan(sql="SELECT 1", database=tmp_path / "nope.duckdb")


def test_what_and_sql_exclude_each_other(database):
    with pytest.raises(SchemaError, match="not both"):
        mathlearn.scan(database, sql="SELECT 1")


def test_two_files_of_one_stem(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(SchemaError, match="two files would be the table 't'"):
        mathlearn.scan(sql="SELECT 1", files=[tmp_path / "a" / "t.csv", tmp_path / "b" / "t.csv"])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_that_changes_between_passes_is_refused(tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    write = {"csv": pa.csv.write_csv, "parquet": pq.write_table}[ending]
    write(pa.table({"i": [1, 2]}), path)
    source = mathlearn.scan(sql="SELECT i FROM t", files=path)
    write(pa.table({"i": [1, 2, 3]}), path)
    with pytest.raises(CorruptFileError, match="has changed since it was scanned"):
        table(source)


def test_the_working_folder_may_change(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table({"i": [1, 2]}), "t.parquet")
    sources = [mathlearn.scan("t.parquet"), mathlearn.scan(sql="SELECT i FROM t", files="t.parquet")]
    monkeypatch.chdir("/")
    for source in sources:
        assert table(source)["i"].tolist() == [1, 2]


def test_rows_of_many_files_stay_in_file_order(tmp_path):
    for k in range(5):
        pq.write_table(pa.table({"i": np.arange(30_000) + k * 30_000}), tmp_path / f"{k}.parquet", row_group_size=4000)
    source = mathlearn.scan(sql="SELECT i FROM t WHERE i % 2 = 0", files={"t": tmp_path})
    assert (table(source)["i"] == np.arange(0, 150_000, 2)).all()
