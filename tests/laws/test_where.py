"""`scan(..., where=)`: the rows that a condition keeps are those of three-valued logic, from every format."""

import math
import operator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pyarrow import csv, feather, parquet

import mathlearn
from mathlearn._errors import SchemaError

some_time = settings(max_examples=60, deadline=None)
COMPARE = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip
ROWS = 60


def table():
    rng = np.random.default_rng(7)

    def holes(values, share=0.2):
        return [None if gone else value for value, gone in zip(values, rng.random(ROWS) < share, strict=True)]

    return pa.table(
        {
            "row": pa.array(range(ROWS), pa.int64()),
            "a": pa.array(holes(rng.integers(-3, 4, ROWS).tolist()), pa.int64()),
            "x": pa.array(holes(rng.integers(-6, 7, ROWS) / 2), pa.float64()),
            "k": pa.array(holes(rng.choice(["u", "v w", "ü"], ROWS).tolist())),
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, rows = tmp_path_factory.mktemp("where"), table()
    csv.write_csv(rows, folder / "t.csv")
    parquet.write_table(rows, folder / "t.parquet", row_group_size=7)
    feather.write_feather(rows, folder / "t.arrow")
    parquet.write_table(rows.sort_by("a"), folder / "sorted.parquet", row_group_size=7)
    return rows.to_pylist(), [folder / name for name in ("t.csv", "t.parquet", "t.arrow", "sorted.parquet")]


# A condition is its text, and a function of a row that gives True, False or None.
def number(value):
    return str(value), lambda row: value


def column(name):
    return name, lambda row: row[name]


def joined(mark, of):
    def make(left, right):
        def value(row):
            sides = left[1](row), right[1](row)
            return None if None in sides else of(*sides)

        return f"({left[0]} {mark} {right[0]})", value

    return make


numbers = some.integers(-4, 4).map(number) | some.sampled_from([0.5, -1.5]).map(number)
columns = some.sampled_from(["a", "x"]).map(column)
arithmetic = some.recursive(
    numbers | columns,
    lambda inner: (
        some.builds(joined("+", operator.add), inner, inner)
        | some.builds(joined("-", operator.sub), inner, inner)
        | some.builds(joined("*", operator.mul), inner, inner)
    ),
    max_leaves=4,
)


def compared(mark, left, right):
    text, value = joined(mark, COMPARE[mark])(left, right)
    return text[1:-1], value


comparisons = (
    some.builds(compared, some.sampled_from(sorted(COMPARE)), columns, arithmetic)
    | some.builds(compared, some.sampled_from(sorted(COMPARE)), arithmetic, columns)
    | some.builds(
        lambda mark, level: (f"k {mark} '{level}'", lambda row: None if row["k"] is None else COMPARE[mark](row["k"], level)),
        some.sampled_from(["==", "!="]),
        some.sampled_from(["u", "v w", "z"]),
    )
    | some.lists(some.integers(-3, 3), min_size=1, max_size=3).map(
        lambda values: (f"a in {values}", lambda row: None if row["a"] is None else row["a"] in values)
    )
)  # fmt: skip


def all_of(parts):
    def value(row):
        found = [part[1](row) for part in parts]
        return False if False in found else None if None in found else True

    return " and ".join(f"({text})" for text, _ in parts), value


def some_of(parts):
    def value(row):
        found = [part[1](row) for part in parts]
        return True if True in found else None if None in found else False

    return " or ".join(f"({text})" for text, _ in parts), value


def denied(part):
    def value(row):
        found = part[1](row)
        return None if found is None else not found

    return f"not ({part[0]})", value


conditions = some.recursive(
    comparisons,
    lambda inner: (
        some.lists(inner, min_size=2, max_size=3).map(all_of)
        | some.lists(inner, min_size=2, max_size=3).map(some_of)
        | inner.map(denied)
    ),
    max_leaves=4,
)


def kept(path, text):
    source = mathlearn.scan(path, where=text)
    batches = list(source.batches(["row"], max_rows=11))
    return sorted(np.concatenate([batch.columns["row"].values for batch in batches]).tolist())


@some_time
@given(conditions)
def test_the_rows_kept_are_those_for_which_the_condition_holds(files, condition):
    rows, paths = files
    text, holds = condition
    expected = [row["row"] for row in rows if holds(row) is True]
    for path in paths:
        if expected:
            assert kept(path, text) == expected
        else:
            with pytest.raises(SchemaError, match="no row of"):
                kept(path, text)


@some_time
@given(conditions, conditions)
def test_joining_words_bind_as_in_python(files, first, second):
    rows, paths = files
    text = f"({first[0]}) or a > 2 or not ({second[0]}) and a > 0"
    _, holds = some_of(
        [first, compared(">", column("a"), number(2)), all_of([denied(second), compared(">", column("a"), number(0))])]
    )
    assert kept(paths[1], text) == [row["row"] for row in rows if holds(row) is True]


def test_missing_and_undefined_values_match_neither_a_condition_nor_its_denial(files):
    rows, paths = files
    known = [row["row"] for row in rows if row["x"] is not None and row["x"] >= 0]
    for path in paths:
        assert sorted(kept(path, "sqrt(x) > 1") + kept(path, "not sqrt(x) > 1")) == known
        assert kept(path, "not sqrt(x) > 1") == [r for r in known if not math.sqrt(rows[r]["x"]) > 1]
