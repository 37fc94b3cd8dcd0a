"""Classes after the fit: labels of new rows, decoding, storing; two-column responses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathlearn._errors import DomainError, SchemaError, UntrustedModelError
from mathlearn.data.bind import bind
from mathlearn.data.classes import class_faults, classes_array, require_classes
from mathlearn.data.design import Design
from mathlearn.data.inputs import as_source
from mathlearn.data.source import Source
from mathlearn.persistence import codec

TEXT = ["b", "a", "c", "a", "b"]
INTEGERS = [2, 1, 7, 1, 2]
X = np.arange(10.0).reshape(5, 2)
FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0], "species": TEXT, "w": [1.0, 1.0, 0.0, 1.0, 1.0]})


def bound(y, X=X, **options):
    return bind(X, y, labels=True, **options)


def codes(rows, max_rows=2):
    return np.concatenate([chunk.y for chunk in rows.chunks(max_rows)])[:, 0].tolist()


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


# ------------------------------------------------------------------------------------------------------------ for new rows


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (["a", "b", "cc", "a", "dd"], r"'cc', first in row 2.*Did you mean 'c'.*'a', 'b', 'c'"),
        ([1, 2, 3, 4, 5], "the label 1, first in row 0"),
        ([True] * 5, "the label True, first in row 0"),
    ],
)
def test_labels_that_are_no_classes(y, match):
    design = bound(TEXT).design
    with pytest.raises(SchemaError, match=match):
        codes(design.bind(X, y))
    with pytest.raises(SchemaError, match=match.replace("row 2", r"row 2")):
        codes(
            bound("species", FRAME[["x", "species"]]).design.bind(
                Stream(FRAME[["x"]].assign(species=y)), require_y=True
            )
        )


def test_numbers_that_are_no_classes():
    design = bound(INTEGERS).design
    assert codes(design.bind(X, np.array(INTEGERS, dtype=float))) == [1, 0, 2, 0, 1]
    for y, label in (([1, 2, 7, 9, 1], "9"), ([1, 1.5, 2, 1, 1], "1.5"), (["1", "2", "7", "1", "2"], "'1'")):
        with pytest.raises(SchemaError, match=f"the label {label}, first in row .*The classes are: 1, 2, 7"):
            codes(design.bind(X, y))
    assert codes(design.bind(X, [1, 2, 99, 1, 1], sample_weight=[1, 1, 0, 1, 1])) == [0, 1, 0, 0]


def test_wide_integers_are_told_apart():
    y = [2**60, 2**60 + 1, 2**60, 2**60, 2**60 + 1]
    rows = bound(y)
    assert rows.design.classes == (2**60, 2**60 + 1)
    assert rows.design.decode(codes(rows)).tolist() == y


def test_new_labels_need_as_many_rows_and_the_same_order():
    design = bound(TEXT).design
    with pytest.raises(SchemaError, match="inconsistent numbers of samples"):
        design.bind(X, TEXT[:3])
    with pytest.raises(SchemaError, match="same row labels in a different order"):
        bound(pd.Series(TEXT, index=[4, 3, 2, 1, 0]), FRAME[["x"]])
    with pytest.raises(SchemaError, match="requires y to be passed"):
        design.bind(X, require_y=True)


def test_labels_beside_a_stream():
    rows = bound(TEXT, Stream(FRAME[["x", "w"]]))
    assert codes(rows) == [1, 0, 2, 0, 1]
    with pytest.raises(SchemaError, match="inconsistent numbers of samples"):
        codes(bound(TEXT[:3], Stream(FRAME[["x", "w"]])))


def test_labels_equal_to_column_names_are_labels_where_there_are_as_many_as_rows():
    assert bound(["x", "w", "x", "w", "x"], FRAME[["x", "w"]]).design.classes == ("w", "x")


# ----------------------------------------------------------------------------------------------------- decoding and storing


def test_decoding():
    design = bound(TEXT).design
    assert design.decode(np.array([[0, 2], [1, 1]])).tolist() == [["a", "c"], ["b", "b"]]
    for wrong in ([3], [-1], [0.5], [np.nan]):
        with pytest.raises(DomainError, match="whole numbers from 0 to 2"):
            design.decode(wrong)


def test_too_few_classes():
    require_classes(bound(TEXT).design)
    with pytest.raises(
        DomainError, match=r"at least 2 classes in the data, but the data contains only one class: 1\.0"
    ):
        require_classes(bound(np.ones(5)).design)
    with pytest.raises(DomainError, match="at least 4 classes in the data, but the data contains only 3 classes"):
        require_classes(bound(TEXT).design, 4)


def again(design):
    arrays = {}
    text = json.dumps(codec.encode(design, "design", arrays), allow_nan=False)
    return codec.decode(json.loads(text), Design, "design", arrays, set())


@pytest.mark.parametrize(
    "y",
    [
        TEXT,
        np.array(TEXT, dtype=object),
        INTEGERS,
        np.array(INTEGERS, np.uint8),
        np.array(INTEGERS, np.float32),
        np.arange(5) > 2,
    ],
)
def test_classes_are_stored(y):
    design = bound(y).design
    loaded = again(design)
    assert loaded == design
    assert [type(label) for label in loaded.classes] == [type(label) for label in design.classes]
    assert classes_array(loaded).dtype == classes_array(design).dtype
    assert not list(class_faults(loaded))


@given(
    st.one_of(
        *(
            st.lists(kind, min_size=1, max_size=6)
            for kind in (
                st.text(max_size=4),
                st.booleans(),
                st.integers(-(2**63), 2**63 - 1),
                st.integers(-(2**53), 2**53).map(float),
            )
        )
    )
)
def test_any_labels_come_back(y):
    rows = bound(y, np.zeros((len(y), 1)))
    assert rows.design.decode(codes(rows)).tolist() == y
    assert again(rows.design) == rows.design
    assert not list(class_faults(rows.design))


GOOD = bound(TEXT).design


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ()},
        {"classes": ("b", "a")},
        {"classes": ("a", "a")},
        {"classes": ("a", 1)},
        {"classes": (1, 2)},
        {"class_dtype": "int64"},
        {"class_dtype": ""},
        {"class_dtype": "object, float"},
        {"classes": (1, 300), "class_dtype": "int8"},
        {"classes": (0.1, 0.3), "class_dtype": "float32"},
        {"classes": (float("nan"),), "class_dtype": "float64"},
        {"responses": ("y", "z")},
        {"y_ndim": 2},
    ],
)
def test_stored_classes_that_contradict_themselves(changes):
    assert list(class_faults(replace(GOOD, **changes)))
    assert not list(class_faults(GOOD))


def test_a_design_with_a_label_of_another_type_is_refused():
    arrays = {}
    stored = codec.encode(GOOD, "design", arrays)
    for wrong in (None, ["a"], {"array": "x"}):
        with pytest.raises(UntrustedModelError, match=r"design\.classes\.0"):
            codec.decode({**stored, "classes": [wrong, "b"]}, Design, "design", arrays, set())


# ------------------------------------------------------------------------------------------------------ two-column responses


def test_successes_and_failures():
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "yes": [1, 0, 4], "no": [3, 5, 0]})
    both = table[["yes", "no"]].to_numpy(float)
    for rows in (
        bind(table[["x"]], both),
        bind(table[["x"]], table[["yes", "no"]]),
        bind(table, ["yes", "no"]),
        bind(Stream(table), ["yes", "no"]),
        bind(table, formula="cbind(yes, no) ~ x"),
        bind(Stream(table), formula="cbind(yes, no) ~ x"),
    ):
        for _ in range(2):
            np.testing.assert_array_equal(np.concatenate([chunk.y for chunk in rows.chunks(2)]), both)
        assert (rows.design.y_ndim, len(rows.design.responses), rows.design.classes) == (2, 2, ())
    again = bind(table, formula="cbind(yes, no) ~ x").design.bind(table, require_y=True)
    np.testing.assert_array_equal(np.concatenate([chunk.y for chunk in again.chunks(2)]), both)
