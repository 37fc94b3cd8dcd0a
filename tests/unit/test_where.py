"""`scan(..., where=)`: refusals, what is read, where a row is, and fits."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import csv, feather, parquet

import mathlearn
from mathlearn._errors import NonFiniteInputError, SchemaError
from mathlearn.data.parquet_part import ParquetPart
from mathlearn.datasets import load_penguins, penguins_path
from mathlearn.linear_model import LinearRegression


def rows_of(source, name):
    return np.concatenate([batch.columns[name].values for batch in source.batches([name], max_rows=64)])


@pytest.fixture
def dated(tmp_path):
    days = pa.array(np.arange("2024-01-01", "2024-01-31", dtype="datetime64[D]"))
    table = pa.table(
        {"day": days, "at": days.cast(pa.timestamp("us")), "big": pa.array(range(2**60, 2**60 + 30), pa.int64())}
    )
    table = table.append_column("flag", pa.array([i % 3 == 0 for i in range(30)]))
    table = table.append_column("level", pa.array(["a", "b", "c"] * 10).dictionary_encode())
    table = table.append_column("size", pa.array(range(30), pa.uint64()))
    table = table.append_column("price", pa.array([i / 10 for i in range(30)]).cast(pa.decimal128(5, 1)))
    table = table.append_column("n", pa.array(range(30), pa.int64()))
    path = tmp_path / "dated.parquet"
    parquet.write_table(table, path)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('day >= "2024-01-29"', [28, 29]),
        ('at < "2024-01-01T12:00:00"', [0]),
        ('day in ["2024-01-03", "2024-01-05"]', [2, 4]),
        ("big == 1152921504606846977", [1]),  # 2**60 + 1, which no double is
        ("flag == 1 and n < 7", [0, 3, 6]),
        ('level == "b" and n < 6', [1, 4]),
        ("size > -1 and size < 2", [0, 1]),
        ("price > 2.75", [28, 29]),
        ("price == 0.3 or price == 2.3", [3, 23]),  # as floats are: Arrow's own cast misses 0.3
        ("n > 2.75e1", [28, 29]),
        ("-n > -2", [0, 1]),
        ("2 > n", [0, 1]),
        ("n == size and n in [-1, 4]", [4]),
        ("I(n ** 2) <= 1", [0, 1]),
    ],
)
def test_columns_of_every_type_are_compared_as_they_are(dated, text, expected):
    assert rows_of(mathlearn.scan(dated, where=text), "n").tolist() == expected


@pytest.fixture
def encoded(tmp_path):
    """Write what Arrow's functions do not all take: run-end encodings, string views, dictionaries of numbers."""
    n = pa.array(range(12), pa.int64())
    days = pa.array(np.arange("2024-01-01", "2024-01-13", dtype="datetime64[D]"))
    level = pa.array(["a", "b", None] * 4)
    half = pa.array([None if i == 3 else i / 2 for i in range(12)])
    runs = {"n_runs": n, "half_runs": half, "level_runs": level, "day_runs": days}
    table = pa.table(
        {
            "n": n,
            "view": level.cast(pa.string_view()),
            "half_of": half.dictionary_encode(),
            "short": half.cast(pa.float16()),
        }
        | {name: pc.run_end_encode(values) for name, values in runs.items()}
        | {
            "clock": n.cast(pa.int32()).cast(pa.time32("s")),
            "zoned": days.cast(pa.timestamp("s")).cast(pa.timestamp("s", "UTC")),
        }
    )
    path = tmp_path / "encoded.arrow"
    with pa.ipc.new_file(str(path), table.schema) as file:
        file.write_table(table)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n_runs > 9 and n_runs == n", [10, 11]),
        ("half_runs * 2 > 9", [10, 11]),
        ("level_runs in ['a', 'b'] and n < 4", [0, 1, 3]),
        ("level_runs != 'a'", [1, 4, 7, 10]),
        ('day_runs > "2024-01-10"', [10, 11]),
        ("view == 'b'", [1, 4, 7, 10]),
        ("half_of + n > 15", [11]),
        ("half_of > 0.75 and half_of < 2.25", [2, 4]),  # of row 3 it is missing
        ("short == 4.5", [9]),
        ('zoned >= "2024-01-11T01:00:00+01:00"', [10, 11]),
    ],
)
def test_columns_of_every_encoding_are_compared_and_kept(encoded, text, expected):
    source = mathlearn.scan(encoded, where=text)
    assert rows_of(source, "n").tolist() == expected
    for name in source.schema.names:
        whole = next(mathlearn.scan(encoded).batches([name], max_rows=64)).columns[name]
        kept = next(source.batches([name], max_rows=64)).columns[name]
        assert kept.kind == whole.kind
        np.testing.assert_array_equal(labels_of(kept), labels_of(whole)[expected])


def labels_of(column):
    """Return values as they are, codes of levels as the levels."""
    return column.values if column.levels is None else np.array([*column.levels, None], object)[column.values]


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_files_whose_types_differ_are_compared_in_the_type_that_holds_both(tmp_path, ending):
    write = {"csv": csv.write_csv, "parquet": parquet.write_table, "arrow": feather.write_feather}[ending]
    write(pa.table({"n": [0, 1, 2, 3], "x": [1, 2, 3, None], "k": ["a", "b", "a", "b"]}), tmp_path / f"1.{ending}")
    write(
        pa.table({"n": [4, 5, 6, 7], "x": [1.5, 2.0, None, 3.0], "k": ["a", "c", "a", None]}), tmp_path / f"2.{ending}"
    )
    for text, expected in {
        "x == 2": [1, 5],
        "x == 1.5": [4],
        "x >= 2 and n > 2": [5, 7],
        "not x > 2": [0, 1, 4, 5],
        "k != 'a' and x in [2, 3]": [1, 5],
    }.items():
        assert rows_of(mathlearn.scan(tmp_path, where=text), "n").tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clock > 3", r"column 'clock' is time32\[s\], which no condition compares"),
        ('clock > "00:00:03"', r"column 'clock' is time32\[s\], which no condition compares"),
        ('zoned > "2024-01-10"', r'is not: such a value is written "2024-12-31T23:59:00\+01:00", with its zone'),
        ("n", "the condition ends here"),
    ],
)
def test_what_these_types_do_not_go_with_is_refused(encoded, text, message):
    with pytest.raises(SchemaError, match=message):
        mathlearn.scan(encoded, where=text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yeer > 3", "there is no column 'yeer'. Did you mean 'year'"),
        ("year", "a comparison was expected"),
        ("2006 < year < 2008", "comparisons do not chain: write 'low < x and x < high'"),
        ('species > "Adelie"', "its levels have no order here"),
        ('year == "2007"', "column 'year' is int64, and can be compared with a number only"),
        ("species == 3", "compare it by itself with a string"),
        ('"Adelie" == species', "which stands first"),
        ("1 < 2", "the same in every row"),
        ("island in year", "after 'in' comes a list"),
        ("year in []", "after 'in' comes a list"),
        ("year + 1 in [2008]", "'in' asks of a column by itself"),
        ("(year > 2", r"'\)' was expected"),
        ("year > 2)", "'and', 'or' or the end was expected"),
        ("year > 2007 and", r"a column, a number, a function or '\(' was expected"),
        ("year > 2007; DROP TABLE x", "has no meaning"),
        ("__import__('os')", "a comparison was expected|is not allowed"),
        ("sin(year) > 1", "'sin' is not allowed"),
        ("(" * 99 + "year > 1" + ")" * 99, "nested more than"),
    ],
)
def test_what_is_no_condition_on_these_columns_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        mathlearn.scan(penguins_path(), where=text)


def test_a_date_that_is_none_is_refused(dated):
    with pytest.raises(
        SchemaError, match=r"column 'day' is date32\[day\], and '2024-13-01' is not: such a value is written"
    ):
        mathlearn.scan(dated, where='day > "2024-13-01"')
    with pytest.raises(SchemaError, match="column 'flag' is bool, and can be compared with 0 or 1 only"):
        mathlearn.scan(dated, where='flag == "true"')


def test_conditions_are_for_files():
    with pytest.raises(SchemaError, match="a query has a WHERE of its own"):
        mathlearn.scan(sql="SELECT 1 AS x", where="x > 0")
    with pytest.raises(SchemaError, match="take the rows of the DataFrame itself"):
        mathlearn.scan(load_penguins(), where="year > 2007")


def test_a_condition_that_no_row_meets_says_so():
    source = mathlearn.scan(penguins_path(), where="year > 3000")
    with pytest.raises(SchemaError, match=r"no row of .*penguins\.csv matches where='year > 3000'"):
        LinearRegression(formula="body_mass_g ~ year", missing="drop").fit(source)


def test_a_fit_is_that_of_the_rows_taken_beforehand():
    asked = {"formula": "body_mass_g ~ flipper_length_mm + sex", "missing": "drop"}
    table = load_penguins()
    one = LinearRegression(**asked).fit(mathlearn.scan(penguins_path(), where='species != "Gentoo" and year > 2007'))
    other = LinearRegression(**asked).fit(table[(table["species"] != "Gentoo") & (table["year"] > 2007)])
    assert one.result_.n == other.result_.n
    np.testing.assert_allclose(one.result_.coef, other.result_.coef, rtol=1e-12)


@pytest.fixture
def grouped(tmp_path):
    """Write a thousand rows in ten row groups."""
    path = tmp_path / "grouped.parquet"
    x = np.arange(1000.0)
    x[777] = np.inf
    parquet.write_table(
        pa.table({"t": np.arange(1000), "x": x, "y": np.sin(np.arange(1000.0))}), path, row_group_size=100
    )
    return path


def test_row_groups_that_cannot_match_are_not_read(grouped, monkeypatch):
    read = []
    plain = ParquetPart.read
    monkeypatch.setattr(
        ParquetPart,
        "read",
        lambda self, names, target: (read.append(batch.num_rows) or batch for batch in plain(self, names, target)),
    )
    source = mathlearn.scan(grouped, where="t >= 250 and t < 420 and t != 300")
    assert rows_of(source, "t").tolist() == [*range(250, 300), *range(301, 420)]
    assert sum(read) == 300
    read.clear()
    rows_of(mathlearn.scan(grouped, where="t >= 250 or t < 3"), "t")
    assert sum(read) == 1000


def test_a_bad_value_is_located_in_the_file(grouped, tmp_path):
    with pytest.raises(NonFiniteInputError, match="row 777"):
        LinearRegression(formula="y ~ x").fit(mathlearn.scan(grouped, where="t > 650"))
    rows = parquet.read_table(grouped)
    csv.write_csv(rows, tmp_path / "grouped.csv")
    with pytest.raises(NonFiniteInputError, match="line 779"):
        LinearRegression(formula="y ~ x").fit(mathlearn.scan(tmp_path / "grouped.csv", where="t > 650"))


def test_the_schema_follows_a_column_that_is_widened(tmp_path):
    path = tmp_path / "late.csv"
    rows = 600_000
    path.write_text("y,x\n" + "\n".join(f"{i},{i % 97}00000" for i in range(rows)) + "\n0.5,3\n")
    source = mathlearn.scan(path, where="x >= 0")
    assert source.schema["y"].kind == "integer"
    assert rows_of(source, "y")[-1] == 0.5
    assert source.schema["y"].kind == "float"


def test_the_source_says_what_it_keeps(grouped):
    assert "grouped.parquet where x < 7: 3 columns" in repr(mathlearn.scan(grouped, where="x  <  7"))
