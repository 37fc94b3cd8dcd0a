"""CSV columns that begin with integers and go on with other numbers: float64, as if all had been read at once."""

from __future__ import annotations

import numpy as np
import pytest

import mathlearn
from mathlearn._errors import SchemaError
from mathlearn.data.csv_part import CsvPart
from mathlearn.linear_model import LinearRegression
from tests.unit.test_files import kinds, values, write

N = 200
BIG = 2**53 + 1


@pytest.fixture
def short_prefix(monkeypatch):
    """Infer types from 64 bytes, and count how often a file is opened."""
    for name in ("open_files._INFERRED", "open_files._INFERRED_A_FILE", "csv_part._BLOCK"):
        monkeypatch.setattr(f"mathlearn.data.{name}", 64)
    opened = []
    wrapped = CsvPart._open
    monkeypatch.setattr(CsvPart, "_open", lambda self, *a, **k: (opened.append(self.label), wrapped(self, *a, **k))[1])
    return opened


def column(folder, cells, name="t.csv", others="0"):
    return write(folder, name, "k,a\n" + "".join(f"{others},{cell}\n" for cell in cells))


def lines(seed=0, **late):
    """A table of small integers whose columns get other numbers near the end."""
    table = {name: np.random.default_rng(seed + i).integers(0, 5, N).astype(object) for i, name in enumerate("kxy")}
    for name, cells in late.items():
        table[name][-len(cells) :] = cells
    return "k,x,y\n" + "".join(",".join(map(str, row)) + "\n" for row in zip(*table.values(), strict=True))


@pytest.mark.parametrize("cell", ["1.5", "-2.0", "1e3", "+4", ".5"])
@pytest.mark.parametrize("max_rows", [1, 7, 1000])
def test_a_late_decimal_makes_a_column_float(tmp_path, short_prefix, cell, max_rows):
    source = mathlearn.scan(column(tmp_path, [*range(N), cell, 7, "", 9]))
    assert values(source, "a", max_rows) == [*range(N), float(cell), 7.0, None, 9.0]
    assert kinds(source) == {"k": "integer", "a": "float"}
    assert values(source, "k", max_rows) == [0] * (N + 4)
    assert source.locate(N) == f"{tmp_path}/t.csv, line {N + 2}"


def test_nothing_is_read_twice_unless_a_cell_does_not_fit(tmp_path, short_prefix):
    for text, opens in ((lines(), 1), (lines(x=[0.5], y=[2.5, 1]), 3)):  # to the misfit, as text, and from the start
        source = mathlearn.scan(write(tmp_path, "t.csv", text))
        for expected in (opens, 1):
            short_prefix.clear()
            assert sum(batch.n for batch in source.batches(max_rows=30)) == N
            assert len(short_prefix) == expected


@pytest.mark.parametrize("where", [0, 1, 2])
def test_a_late_decimal_in_one_of_several_files(tmp_path, short_prefix, where):
    cells = [[*range(N), 0.5 if i == where else 1] for i in range(3)]
    for i in range(3):
        column(tmp_path, cells[i], f"{i}.csv")
    source = mathlearn.scan(tmp_path)
    assert values(source, "a", 64) == [cell for part in cells for cell in part]
    assert kinds(source)["a"] == "float"


def test_a_column_that_is_empty_in_one_file_may_be_widened_there(tmp_path, short_prefix):
    column(tmp_path, range(N), "1.csv")
    column(tmp_path, [""] * N + [3, 0.5], "2.csv")
    assert values(mathlearn.scan(tmp_path), "a", 64) == [*range(N), *[None] * N, 3.0, 0.5]


def test_decimal_commas(tmp_path, short_prefix):
    path = write(tmp_path, "t.csv", "k;a\n" + "0;1\n" * N + "0;2,5\n")
    assert values(mathlearn.scan(path, delimiter=";", decimal=","), "a", 99)[-1] == 2.5
    path = write(tmp_path, "u.csv", "k;a\n" + "0;1\n" * N + "0;2.5\n")
    with pytest.raises(SchemaError, match=rf"line {N + 2}: column 'a' holds '2\.5', which is no int64"):
        values(mathlearn.scan(path, delimiter=";", decimal=","), "a")


@pytest.mark.parametrize(
    "cells",
    [[*range(N), BIG, 0.5], [BIG, *range(N), 0.5], [*range(N), 0.5, *range(N), BIG], [0.5, BIG], [0.5, *range(N), BIG],
     [*range(N), "98765432109876543210"], [0.5, *range(N), "-98765432109876543210"], ["", *range(N), 0.5, BIG]],
)  # fmt: skip
def test_integers_that_float64_cannot_hold_stay_an_error(tmp_path, short_prefix, cells):
    path = column(tmp_path, cells)
    line = next(i for i, cell in enumerate(cells, 2) if len(str(cell)) > 15)
    told = rf"line {line}: column 'a' holds the whole number {cells[line - 2]}, which loses digits.*'string'.*'float64'"
    with pytest.raises(SchemaError, match=told):
        values(mathlearn.scan(path), "a", 50)
    assert values(mathlearn.scan(path, types={"a": "float64"}), "a", 50)[line - 2] == float(cells[line - 2])
    assert len(values(mathlearn.scan(path, types={"a": "string"}), "a", 50)) == len(cells)
    assert len(values(mathlearn.scan(path), "k", 50)) == len(cells)


def test_integers_in_files_read_before_are_looked_at(tmp_path, short_prefix):
    column(tmp_path, [1, BIG], "1.csv")
    column(tmp_path, [*range(N), 0.5], "2.csv", others=BIG)
    with pytest.raises(SchemaError, match=rf"1\.csv, line 3: column 'a' holds {BIG} .* without loss"):
        values(mathlearn.scan(tmp_path), "a", 50)
    assert values(mathlearn.scan(tmp_path), "k", 50)[-1] == BIG


def test_long_whole_numbers_that_are_exact_are_no_error(tmp_path, short_prefix):
    cells = [0.5, 2**60, "1e300", "6.02214076e23", 9007199254740992, *range(N), "12345678901234567.0", "inf"]
    assert values(mathlearn.scan(column(tmp_path, cells)), "a", 50) == [float(cell) for cell in cells]


@pytest.mark.parametrize("first", [1, 1.5])
def test_late_text_is_an_error(tmp_path, short_prefix, first):
    path = column(tmp_path, [first, *range(N), "oops", 0.5])
    with pytest.raises(SchemaError, match=rf"t\.csv, line {N + 3}: column 'a' holds 'oops'.*missing_values=.*'string'"):
        values(mathlearn.scan(path), "a")
    path = column(tmp_path, [first, *range(N), 0.5, "oops"])
    with pytest.raises(SchemaError, match=rf"t\.csv, line {N + 4}: column 'a' holds 'oops'.*missing_values=.*'string'"):
        values(mathlearn.scan(path), "a")


def test_types_that_the_caller_demands_are_not_widened(tmp_path, short_prefix):
    path = column(tmp_path, [*range(N), 0.5])
    with pytest.raises(
        SchemaError, match=rf"line {N + 2}: column 'a' holds '0\.5', which is no int64, as types= demands"
    ):
        values(mathlearn.scan(path, types={"a": "int64"}), "a")


def test_two_passes_at_the_same_time(tmp_path, short_prefix):
    source = mathlearn.scan(column(tmp_path, [*range(N), 0.5]))
    one, other = (source.batches(["a"], max_rows=10) for _ in range(2))
    first = next(one)
    assert np.concatenate([b.columns["a"].values for b in other]).tolist() == [*range(N), 0.5]
    rest = [b.columns["a"].values for b in one]
    assert np.concatenate([first.columns["a"].values, *rest]).tolist() == [*range(N), 0.5]


@pytest.mark.parametrize("formula", ["y ~ x + k", "y ~ x + C(k)", "y ~ log(x + 1) + poly(k, 2)"])
def test_a_fit_is_the_same_whatever_the_prefix(tmp_path, request, formula):
    path = write(tmp_path, "t.csv", lines(k=[0.5, 1.5, 0.5, 1.5], x=[2.5], y=[7.25, 1, 2, 3, 4, 5]))
    whole = mathlearn.scan(path)
    fits = {"covariance": "cluster", "formula": formula}
    expected = LinearRegression(**fits).fit(whole, groups="k")
    request.getfixturevalue("short_prefix")
    source = mathlearn.scan(path)
    assert kinds(source)["k"] == "integer"
    found = LinearRegression(**fits).fit(source, groups="k")
    assert found.tidy().equals(expected.tidy())
    assert found.coef_.tobytes() == expected.coef_.tobytes()
    assert source.schema == whole.schema
    assert found.predict(mathlearn.scan(path)).tobytes() == expected.predict(whole).tobytes()


def test_a_query_knows_its_types_from_the_start(tmp_path, short_prefix):
    path = column(tmp_path, [*range(N), 0.5])
    sql = "SELECT avg(a) AS m FROM t"
    with pytest.raises(SchemaError, match=r"column 'a' begins with integers .*types=\{'a': 'float64'\}"):
        values(mathlearn.scan(sql=sql, files={"t": path}), "m")
    source = mathlearn.scan(path)
    values(source, "a")
    for table in (source, mathlearn.scan(path, types={"a": "float64"})):
        assert values(mathlearn.scan(sql=sql, files={"t": table}), "m") == [np.mean([*range(N), 0.5])]
