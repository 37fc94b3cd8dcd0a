"""SQL that tries to leave its room: it must not read, write or change anything that was not named."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time

import duckdb
import pytest

import mathlearn
from mathlearn._errors import CorruptFileError, MathlearnError, SchemaError
from mathlearn.data.sql_guard import Room


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE sales AS SELECT i FROM range(1000) r(i)")
        connection.execute("CREATE VIEW spy AS SELECT * FROM read_text('/etc/passwd')")
        connection.execute("CREATE MACRO peek(p) AS TABLE SELECT * FROM read_text(p)")
    return path


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text("a\n42\n", encoding="utf-8")
    return path


def cells(source, name):
    return [cell for batch in source.batches([name], max_rows=10) for cell in batch.columns[name].values.tolist()]


def unchanged(folder):
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


NOT_ONE_SELECT = [
    "",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE sales",
    "EXPLAIN SELECT 1",
    "COPY sales TO '{folder}/x.csv'",
    "ATTACH '{folder}/x.duckdb'",
    "PRAGMA database_list",
    "SET lock_configuration = false",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CREATE TABLE x AS SELECT 1",
    "INSERT INTO sales VALUES (1) RETURNING *",
    "DELETE FROM sales",
    "UPDATE sales SET i = 0",
    "EXPORT DATABASE '{folder}'",
    "CALL pragma_version()",
    "CHECKPOINT",
    "USE shop",
    "VACUUM",
    "PREPARE p AS SELECT 1",
    "SELEC 1",
    "WITH x AS (COPY (SELECT 1) TO '{folder}/x.csv') SELECT * FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{folder}/shop.duckdb' (FORMAT csv, USE_TMP_FILE false)) SELECT * FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{folder}/shop.duckdb.wal' (FORMAT csv)) SELECT * FROM x",
    "WITH x AS (INSERT INTO sales VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM sales RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE sales SET i = 0 RETURNING *) SELECT * FROM x",
    "SELECT 1 UNION ALL (WITH x AS (COPY (SELECT 1) TO '{folder}/x.csv') SELECT * FROM x)",
]


@pytest.mark.parametrize("sql", NOT_ONE_SELECT)
def test_only_one_select(tmp_path, database, sql):
    before = unchanged(tmp_path)
    with pytest.raises(SchemaError, match="SQL text"):
        mathlearn.scan(sql=sql.format(folder=tmp_path), database=database)
    assert unchanged(tmp_path) == before


OVERWRITE = "WITH x AS (COPY (SELECT 1) TO ''{folder}/shop.duckdb'' (FORMAT csv, USE_TMP_FILE false)) SELECT * FROM x"

BREAK_OUTS = [
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_csv_auto('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM '{folder}/*.csv'",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('{folder}/shop.duckdb')",
    "SELECT * FROM read_duckdb('{folder}/shop.duckdb')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM parquet_metadata('{secret}')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
    "SELECT * FROM query_table('{secret}')",
    "SELECT * FROM spy",
    "SELECT * FROM peek('{secret}')",
    "SELECT * FROM 'https://example.com/a.csv'",
    "SELECT * FROM 's3://bucket/a.parquet'",
    "SELECT * FROM sqlite_scan('{secret}', 't')",
    "SELECT * FROM postgres_scan('host=localhost', 'public', 't')",
    "SELECT getenv('HOME') AS home",
    "SELECT * FROM innocent_python_variable",
    "SELECT * FROM duckdb_extensions()",
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_text(''{secret}'')'))",
    f"SELECT * FROM json_execute_serialized_sql(json_serialize_sql('{OVERWRITE}'))",
    "SELECT * FROM query('WITH x AS (COPY (SELECT 1) TO ''{folder}/x.csv'') SELECT * FROM x')",
    "SELECT (SELECT content FROM read_text('{secret}')) AS c",
    "SELECT * FROM sales WHERE EXISTS (FROM read_text('{secret}'))",
    "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r, read_text('{secret}') WHERE i < 3) FROM r",
]


@pytest.mark.parametrize("sql", BREAK_OUTS)
def test_nothing_else_can_be_reached(tmp_path, database, secret, sql):
    import pandas as pd

    innocent_python_variable = pd.DataFrame({"z": [1]})
    before = unchanged(tmp_path)
    with pytest.raises(MathlearnError):
        list(mathlearn.scan(sql=sql.format(folder=tmp_path, secret=secret), database=database).batches(max_rows=10))
    assert unchanged(tmp_path) == before
    assert len(innocent_python_variable) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "WITH x AS (COPY (SELECT 1) TO '{folder}/shop.duckdb' (FORMAT csv, USE_TMP_FILE false)) SELECT * FROM x",
        "WITH x AS (COPY (SELECT 1) TO '{folder}/shop.duckdb.wal' (FORMAT csv)) SELECT * FROM x",
        "WITH x AS (COPY (SELECT 1) TO '{folder}/new.csv') SELECT * FROM x",
        "WITH x AS (INSERT INTO sales VALUES (1) RETURNING *) SELECT * FROM x",
        "COPY sales TO '{folder}/new.csv'",
        "ATTACH '{folder}/new.duckdb'",
        "EXPORT DATABASE '{folder}/new'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET disabled_filesystems = ''",
        "SET python_enable_replacements = true",
        "LOAD '{folder}/x.duckdb_extension'",
        "INSTALL httpfs",
    ],
)
def test_the_room_holds_without_the_check_of_the_text(tmp_path, database, sql):
    before = unchanged(tmp_path)
    with pytest.raises(MathlearnError), Room({"shop": database}, {}, "shop").opened() as connection:
        connection.execute(sql.format(folder=tmp_path)).fetchall()
    assert unchanged(tmp_path) == before


def test_a_database_stays_readable_inside_the_room(database):
    assert cells(mathlearn.scan(sql="SELECT sum(i)::INTEGER AS s FROM sales", database=database), "s") == [499500]


def test_a_symbolic_link_leads_only_where_the_caller_named_it(tmp_path, secret):
    (tmp_path / "link.csv").symlink_to(secret)
    source = mathlearn.scan(sql="SELECT a FROM link", files={"link": tmp_path / "link.csv"})
    assert cells(source, "a") == [42]
    with pytest.raises(SchemaError):
        mathlearn.scan(sql=f"SELECT * FROM read_csv('{secret}')", files={"link": tmp_path / "link.csv"})


def test_sqlite_is_named_as_such(tmp_path):
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    connection.close()
    with pytest.raises(SchemaError, match=r"SQLite database.*pandas\.read_sql"):
        mathlearn.scan(sql="SELECT * FROM t", database=path)


def test_a_file_that_is_no_database(secret):
    with pytest.raises(CorruptFileError, match=r"secret\.csv cannot be opened"):
        mathlearn.scan(sql="SELECT 1", database=secret)


@pytest.mark.parametrize("name", ['a"; DROP TABLE sales; --', "it's", "naïve Ω", "sp ace"])
def test_hostile_aliases_and_paths_are_quoted(tmp_path, database, name):
    path = tmp_path / f"{name}.duckdb"
    path.write_bytes(database.read_bytes())
    assert cells(mathlearn.scan(sql="SELECT count(*) AS n FROM sales", database=path), "n") == [1000]


@pytest.mark.parametrize("name", ['"; DROP TABLE sales; --', "a b", "<script>", "Ω"])
def test_hostile_column_names_are_quoted(name):
    quoted = name.replace('"', '""')
    assert cells(mathlearn.scan(sql=f'SELECT 7 AS "{quoted}", 8 AS k'), name) == [7]


def test_control_c_is_control_c():
    script = """
import mathlearn
source = mathlearn.scan(sql="SELECT sum(hash(a.i) % 7) AS s FROM range(10000000) a(i), range(100000) b(i)")
print("running", flush=True)
try:
    list(source.batches(max_rows=1))
except KeyboardInterrupt:
    print("interrupted")
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "running\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        try:
            assert process.communicate(timeout=60)[0] == "interrupted\n"
        finally:
            process.kill()
