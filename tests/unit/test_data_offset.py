"""Offsets: as values, as a column, in a formula; at fit and for new rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mathlearn._errors import DomainError, NonFiniteInputError, SchemaError
from mathlearn.data.bind import bind
from mathlearn.data.inputs import as_source
from mathlearn.data.source import Source

FRAME = pd.DataFrame(
    {"x": [1.0, 2.0, 3.0, 4.0], "t": [1.0, 2.0, 4.0, 8.0], "b": [5.0, 6.0, 7.0, 8.0], "y": [1, 0, 1, 0]}
)
VALUES = np.array([0.5, -1.0, 2.0, 3.0])


class Stream(Source):
    """The same rows, as something that does not know its length."""

    def __init__(self, frame):
        self.inner = as_source(frame).source
        self.schema = self.inner.schema
        self.n_rows = None
        self.in_memory = False
        self.label = "stream"

    def batches(self, columns=None, *, max_rows):
        return self.inner.batches(columns, max_rows=max_rows)


MAKERS = {"pandas": lambda frame: frame, "polars": pl.from_pandas, "stream": Stream}


@pytest.fixture(params=MAKERS)
def make(request):
    return MAKERS[request.param]


def offsets(rows, max_rows=3):
    chunks = list(rows.chunks(max_rows))
    return None if chunks[0].offset is None else np.concatenate([chunk.offset for chunk in chunks])


def test_values(make):
    for values in (VALUES, VALUES.tolist(), pd.Series(VALUES), pl.Series(VALUES)):
        rows = bind(make(FRAME[["x", "y"]]), "y", offset=values)
        np.testing.assert_array_equal(offsets(rows), VALUES)
        design = rows.design
        assert (design.has_offset, design.offset_given, design.offset) == (True, True, "offset")
        np.testing.assert_array_equal(
            offsets(design.bind(make(FRAME[["x"]]), offset=values, require_offset=True)), VALUES
        )
        assert offsets(design.bind(make(FRAME[["x"]]))) is None
        with pytest.raises(SchemaError, match="this model was fitted with an offset; pass offset="):
            design.bind(make(FRAME[["x"]]), require_offset=True)


def test_a_column(make):
    rows = bind(make(FRAME[["x", "b", "y"]]), "y", offset="b")
    np.testing.assert_array_equal(offsets(rows), FRAME.b)
    design = rows.design
    assert (design.terms, design.has_offset, design.offset_given, design.offset) == (("x",), True, False, "b")
    for required in (True, False):
        again = design.bind(make(FRAME[["x", "b"]]), require_offset=required)
        np.testing.assert_array_equal(offsets(again), FRAME.b)
        given = design.bind(make(FRAME[["x", "b"]]), offset=VALUES, require_offset=required)
        np.testing.assert_array_equal(offsets(given), VALUES)
        other = design.bind(make(FRAME[["x", "t"]]), offset="t", require_offset=required)
        np.testing.assert_array_equal(offsets(other), FRAME.t)
    assert offsets(design.bind(make(FRAME[["x"]]))) is None
    with pytest.raises(
        SchemaError, match=r"fitted with an offset, the column 'b'; pass offset= here too.*or X with that column"
    ):
        design.bind(make(FRAME[["x"]]), require_offset=True)
    with pytest.raises(SchemaError, match="the column 'b'"):
        design.bind(FRAME[["x"]].to_numpy(), require_offset=True)
    with pytest.warns(UserWarning, match="valid feature names"):
        np.testing.assert_array_equal(offsets(design.bind(FRAME[["x"]].to_numpy(), offset=VALUES)), VALUES)


def test_a_formula(make):
    design = bind(make(FRAME), formula="y ~ x + offset(log(t))").design
    assert (design.has_offset, design.offset_given, design.offset) == (True, False, "log(t)")
    again = design.bind(make(FRAME[["x", "t"]]), require_offset=True)
    np.testing.assert_allclose(offsets(again), np.log(FRAME.t))
    with pytest.raises(SchemaError, match="now missing:\n- t"):
        design.bind(make(FRAME[["x"]]))


def test_a_formula_and_the_argument_add_up(make):
    total = np.log(FRAME.t) + FRAME.b
    rows = bind(make(FRAME), formula="y ~ x + offset(log(t))", offset="b")
    np.testing.assert_allclose(offsets(rows), total)
    assert rows.design.offset == "log(t) + b"
    np.testing.assert_allclose(offsets(rows.design.bind(make(FRAME), require_offset=True)), total)
    rows = bind(make(FRAME), formula="y ~ x + offset(log(t)) + offset(b)", offset=VALUES)
    np.testing.assert_allclose(offsets(rows), total + VALUES)
    assert rows.design.offset == "log(t) + b + offset"
    with pytest.raises(SchemaError, match="pass offset="):
        rows.design.bind(make(FRAME), require_offset=True)
    np.testing.assert_allclose(
        offsets(rows.design.bind(make(FRAME), offset=VALUES, require_offset=True)), total + VALUES
    )


def test_without_one(make):
    design = bind(make(FRAME), "y").design
    assert (design.has_offset, design.offset) == (False, None)
    assert offsets(design.bind(make(FRAME), require_offset=True)) is None


def test_rows_that_leave_take_their_offset_with_them(make):
    table = FRAME.assign(w=[1.0, 0.0, 1.0, 1.0], x=[1.0, 2.0, np.nan, 4.0])
    rows = bind(make(table[["x", "w", "b", "y"]]), "y", sample_weight="w", offset="b", missing="drop")
    np.testing.assert_array_equal(offsets(rows), [5.0, 8.0])
    rows = bind(make(table[["x", "w", "y"]]), "y", sample_weight="w", offset=VALUES, missing="drop")
    np.testing.assert_array_equal(offsets(rows), [0.5, 3.0])


@pytest.mark.parametrize(("bad", "kind"), [(np.nan, "missing or NaN"), (np.inf, "infinite")])
def test_what_is_not_finite(make, bad, kind):
    values = np.array([0.0, bad, 1.0, bad])
    table = FRAME.assign(b=values)[["x", "b", "y"]]
    with pytest.raises(NonFiniteInputError, match=f"Input offset .*2 {kind} among 4 rows, first in row 1"):
        bind(make(table[["x", "y"]]), "y", offset=values)
    with pytest.raises(NonFiniteInputError, match=f"Input offset .*Column 'b': 2 {kind} .*first in row 1"):
        offsets(bind(make(table), "y", offset="b"), 4)
    design = bind(make(FRAME[["x", "b", "y"]]), "y", offset="b").design
    with pytest.raises(NonFiniteInputError, match=f"Input offset .*Column 'b': 2 {kind} .*first in row 1"):
        offsets(design.bind(make(table)), 4)
    with pytest.raises(NonFiniteInputError, match=f"Input offset .*2 {kind} among 4 rows, first in row 1"):
        design.bind(make(table), offset=values)
    with pytest.raises(NonFiniteInputError, match=r"'b'.*first in row 1|'b' contains infinity in 2 of .* row 1"):
        offsets(bind(make(table), formula="y ~ x + offset(b)"), 4)
    if kind != "infinite":
        rows = bind(make(table), "y", offset="b", missing="drop")
        np.testing.assert_array_equal(offsets(rows), [0.0, 1.0])


def test_a_formula_undefined_for_a_row(make):
    with pytest.raises(DomainError, match=r"log\(t\) is not defined for 1 of .* row 2"):
        offsets(bind(make(FRAME.assign(t=[1.0, 2.0, 0.0, 4.0])), formula="y ~ x + offset(log(t))"), 4)


def test_shapes():
    for wrong in (np.ones((4, 2)), np.ones((4, 1)), np.ones(3), 2.0):
        with pytest.raises(SchemaError, match="offset"):
            bind(FRAME[["x", "y"]], "y", offset=wrong)
    with pytest.raises(SchemaError, match="offset='g' is a categorical column"):
        bind(FRAME.assign(g=list("abcd")), "y", offset="g")
    with pytest.raises(SchemaError, match="offset names 2 columns"):
        bind(FRAME, "y", offset=["t", "b"])
