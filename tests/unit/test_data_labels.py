"""Class labels as y at fit: every kind of label, from every container, and what is refused."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.multiclass import check_classification_targets

from mathlearn._errors import DomainError, NonFiniteInputError, ResourceError, SchemaError
from mathlearn.data import classes
from mathlearn.data.bind import bind
from mathlearn.data.classes import class_faults, classes_array, require_classes
from mathlearn.data.source import Source

TEXT = ["b", "a", "c", "a", "b"]
X = np.arange(10.0).reshape(5, 2)


def bound(y, X=X, **options):
    return bind(X, y, labels=True, **options)


def codes(rows, max_rows=2):
    return np.concatenate([chunk.y for chunk in rows.chunks(max_rows)])[:, 0].tolist()


class Stream(Source):
    """The same rows, as something that does not know its length; it notes the columns asked for."""

    def __init__(self, frame):
        from mathlearn.data.inputs import as_source

        self.inner = as_source(frame).source
        self.schema = self.inner.schema
        self.n_rows = None
        self.in_memory = False
        self.label = "stream"
        self.asked = []

    def batches(self, columns=None, *, max_rows):
        for batch in self.inner.batches(columns, max_rows=min(max_rows, 2)):
            self.asked.append((*columns, batch.start))
            yield batch


INTEGERS = [2, 1, 7, 1, 2]
KINDS = {
    "list of text": (TEXT, "<U1"),
    "array of text": (np.array(TEXT), "<U1"),
    "array of objects": (np.array(TEXT, dtype=object), "O"),
    "array of variable text": (np.array(TEXT, dtype=np.dtypes.StringDType()), "O"),
    "pandas text": (pd.Series(TEXT), "O"),
    "pandas objects": (pd.Series(TEXT, dtype=object), "O"),
    "pandas string": (pd.Series(TEXT, dtype="string"), "O"),
    "pandas categorical": (pd.Series(pd.Categorical(TEXT, ["c", "b", "unused", "a"], ordered=True)), "O"),
    "a bare categorical": (pd.Categorical(TEXT), "O"),
    "an index": (pd.Index(TEXT), "O"),
    "polars text": (pl.Series(TEXT), "O"),
    "polars categorical": (pl.Series(TEXT, dtype=pl.Categorical), "O"),
    "polars enum": (pl.Series(TEXT, dtype=pl.Enum(["c", "b", "unused", "a"])), "O"),
    "Arrow text": (pa.array(TEXT), "O"),
    "Arrow dictionary": (pa.array(TEXT).dictionary_encode(), "O"),
    "chunked Arrow dictionary": (pa.chunked_array([pa.array(TEXT[:2]), pa.array(TEXT[2:])]).dictionary_encode(), "O"),
    "list of integers": (INTEGERS, "int64"),
    "int8": (np.array(INTEGERS, dtype=np.int8), "int8"),
    "big-endian": (np.array(INTEGERS, dtype=">i4"), "int32"),
    "integer objects": (np.array(INTEGERS, dtype=object), "O"),
    "float64": (np.array(INTEGERS, dtype=float), "float64"),
    "float32": (np.array(INTEGERS, dtype=np.float32), "float32"),
    "pandas integers": (pd.Series(INTEGERS), "int64"),
    "pandas nullable": (pd.Series(INTEGERS, dtype="Int16"), "int16"),
    "pandas integer categories": (pd.Series(INTEGERS).astype("category"), "int64"),
    "polars integers": (pl.Series(INTEGERS), "int64"),
    "Arrow integers": (pa.array(INTEGERS), "int64"),
    "Arrow dictionary of integers": (pa.chunked_array([pa.array(INTEGERS)]).dictionary_encode(), "int64"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_labels(kind):
    y, dtype = KINDS[kind]
    rows = bound(y)
    text = isinstance(rows.design.classes[0], str)
    assert rows.design.classes == (("a", "b", "c") if text else (1, 2, 7))
    assert codes(rows) == [1, 0, 2, 0, 1]
    array = classes_array(rows.design)
    assert array.dtype == np.dtype(dtype)
    assert {type(label) for label in rows.design.classes} == {str if text else float if "float" in kind else int}
    assert rows.design.decode(codes(rows)).tolist() == (TEXT if text else INTEGERS)
    assert (rows.design.responses, rows.design.y_ndim, rows.responses) == (("y",), 1, ("y",))
    assert not list(class_faults(rows.design))


@pytest.mark.parametrize("kind", [k for k in KINDS if "Arrow" not in k and "polars" not in k and "nullable" not in k])
def test_classes_are_those_of_numpy(kind):
    y, _ = KINDS[kind]
    if kind not in {"array of variable text", "big-endian"}:
        expected = np.unique(np.asarray(y))
        array = classes_array(bound(y).design)
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    "y",
    [[True, False, True, True, False], np.array([1, 0, 1, 1, 0], bool), pl.Series([True, False, True, True, False])],
)
def test_booleans(y):
    rows = bound(y)
    assert rows.design.classes == (False, True)
    assert classes_array(rows.design).dtype == bool
    assert codes(rows) == [1, 0, 1, 1, 0]


FRAME = pd.DataFrame({
    "x": [1.0, 2.0, 3.0, 4.0, 5.0],
    "species": TEXT,
    "count": INTEGERS,
    "w": [1.0, 1.0, 0.0, 1.0, 1.0],
    "flag": [True, False, True, True, False],
})  # fmt: skip
TABLES = {
    "pandas": lambda frame: frame,
    "pandas categories": lambda frame: frame.astype(
        {
            name: kind
            for name, kind in {"species": pd.CategoricalDtype(["z", "c", "a", "b"]), "count": "category"}.items()
            if name in frame
        }
    ),
    "polars": pl.from_pandas,
    "Arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "stream": Stream,
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("max_rows", [1, 2, 100])
def test_a_column_of_labels(table, max_rows):
    make = TABLES[table]
    frame = FRAME[["x", "species"]]
    for rows in (
        bound("species", make(frame)),
        bound(["species"], make(frame)),
        bound(None, make(frame), formula="species ~ x"),
    ):
        design = rows.design
        assert (design.classes, design.class_dtype) == (("a", "b", "c"), "object")
        assert (design.terms, design.responses, design.response_columns) == (("x",), ("species",), ("species",))
        assert codes(rows, max_rows) == [1, 0, 2, 0, 1]
        again = design.bind(make(frame), require_y=True)
        assert (codes(again, max_rows), again.responses) == ([1, 0, 2, 0, 1], ("species",))
        assert next(iter(design.bind(make(frame)).chunks(9))).y is None
    for name, expected in {"count": (1, 2, 7), "flag": (False, True)}.items():
        for rows in (bound(name, make(FRAME[["x", name]])), bound(None, make(FRAME), formula=f"{name} ~ x")):
            assert rows.design.classes == expected
            assert rows.design.decode(codes(rows, max_rows)).tolist() == FRAME[name].tolist()


def test_a_formula_takes_other_categories_as_terms():
    table = FRAME.assign(island=["u", "v", "v", "u", "v"])
    rows = bound(None, table, formula="species ~ x + C(island)")
    assert rows.terms == ("x", "C(island)[T.v]")
    assert bound(None, table, formula="count ~ .").terms == (
        "x", "species[T.b]", "species[T.c]", "w", "flag", "island[T.v]",
    )  # fmt: skip
    one_sided = bound("species", table, formula="~ x + island")
    assert (one_sided.terms, one_sided.design.classes) == (("x", "island[T.v]"), ("a", "b", "c"))
    with pytest.raises(SchemaError, match="one column of labels by itself"):
        bound(None, table, formula="log(count) ~ x")
    with pytest.raises(SchemaError, match="one column of labels by itself"):
        bound(None, table, formula="cbind(species, island) ~ x")
    with pytest.raises(SchemaError, match="has to be numeric"):
        bind(table, formula="species ~ x")


def test_a_stream_is_asked_for_the_labels_alone():
    stream = Stream(FRAME)
    bound(None, stream, formula="species ~ x")
    assert stream.asked == [("species", 0), ("species", 2), ("species", 4)]


def test_classes_are_confirmed_in_as_few_rows_as_will_do():
    stream = Stream(pd.concat([FRAME] * 50, ignore_index=True).assign(w=1.0))
    bound("species", stream, sample_weight="w", formula="~ x")
    assert [asked for asked in stream.asked if "x" in asked] == [("x", "species", "w", start) for start in (0, 2, 4)]


@pytest.mark.parametrize("make", [lambda f: f, Stream])
@pytest.mark.parametrize("options", [{"y": "species"}, {"y": None, "formula": "species ~ x"}])
def test_only_rows_that_count_have_classes(make, options):
    y = options["y"]
    rest = {k: v for k, v in options.items() if k != "y"}
    weighted = bound(y, make(FRAME[["x", "species", "w"]]), sample_weight="w", **rest)
    assert weighted.design.classes == ("a", "b")
    assert codes(weighted) == [1, 0, 0, 1]
    gap = FRAME[["x", "species"]].assign(x=[np.nan, 2.0, 3.0, 4.0, 5.0], species=["only here", "a", "c", None, "c"])
    dropped = bound(y, make(gap), missing="drop", **rest)
    assert dropped.design.classes == ("a", "c")
    assert [chunk.dropped for chunk in dropped.chunks(2)] == [1, 1, 0]
    assert codes(dropped) == [0, 1, 1]


def test_weights_in_memory_take_classes_away():
    rows = bound(TEXT, sample_weight=[1, 1, 0, 1, 1])
    assert rows.design.classes == ("a", "b")
    assert codes(rows) == [1, 0, 0, 1]
    with pytest.raises(DomainError, match="only one class: 'a'"):
        require_classes(bound(TEXT, sample_weight=[0, 1, 0, 1, 0]).design)


@pytest.mark.parametrize(
    "y",
    [
        ["a", None, "b", "a", "b"],
        [0, None, 1, 0, 1],
        np.array([0, np.nan, 1, 0, 1]),
        np.array(["a", np.nan, "b", "a", "b"], dtype=object),
        pd.Series(["a", None, "b", "a", "b"]),
        pd.Series([0, None, 1, 0, 1], dtype="Int64"),
        pd.Series(pd.Categorical([0, None, 1, 0, 1])),
        pl.Series(["a", None, "b", "a", "b"]),
        pl.Series([0, None, 1, 0, 1]),
        pl.Series([False, None, True, False, True]),
        pa.array(["a", None, "b", "a", "b"]).dictionary_encode(),
        pa.array([0, None, 1, 0, 1]).dictionary_encode(),
    ],
)  # fmt: skip
def test_missing_labels(y):
    with pytest.raises(
        NonFiniteInputError, match=r"Input y contains NaN.*1 missing or NaN among 5 rows, first in row 1"
    ):
        bound(y)
    rows = bound(y, missing="drop")
    assert rows.design.classes in {("a", "b"), (0, 1), (False, True)}
    assert codes(rows) == [0, 1, 0, 1]
    assert sum(chunk.dropped for chunk in rows.chunks(2)) == 1
    if isinstance(y, list):
        assert classes_array(rows.design).dtype.kind in "Ui"
    with pytest.raises(NonFiniteInputError, match="Input y contains NaN"):
        rows.design.bind(X, y)
    assert codes(rows.design.bind(X, y, missing="drop")) == [0, 1, 0, 1]


@pytest.mark.parametrize("make", [lambda f: f, Stream])
def test_missing_labels_of_a_column(make):
    table = make(FRAME[["x"]].assign(y=["a", "b", None, "a", None]))
    with pytest.raises(NonFiniteInputError, match="2 missing or NaN among 5 rows, first in row 2"):
        bound("y", table)
    rows = bound("y", table, missing="drop")
    assert codes(rows) == [0, 1, 0]
    with pytest.raises(NonFiniteInputError, match="first in row 2"):
        codes(rows.design.bind(table, require_y=True))


def test_no_label_at_all():
    with pytest.raises(SchemaError, match="has no label"):
        bound([None] * 5, missing="drop")
    with pytest.raises(SchemaError, match="has no label"):
        bound(pd.Series(pd.Categorical([None] * 5)), missing="drop")
    with pytest.raises(SchemaError, match="0 sample"):
        bound([])


def test_infinity_is_no_label():
    for y in (np.full(5, np.inf), [1.0, np.inf, 2.0, 1.0, 1.0]):
        with pytest.raises(
            NonFiniteInputError, match=r"Input y contains infinity or a value too large for dtype\('float64'\)"
        ):
            bound(y, missing="drop")


def said_by_scikit_learn(y):
    with pytest.raises(ValueError) as caught:
        check_classification_targets(y)
    return str(caught.value)


def test_what_is_refused_is_refused_in_scikit_learns_words():
    y = np.array([0.5, 1.0, 2.0, 1.0, 0.5])
    with pytest.raises(SchemaError) as caught:
        bound(y)
    assert str(caught.value).startswith(said_by_scikit_learn(y))
    assert "0.5" in str(caught.value)
    with pytest.raises(SchemaError, match="Unknown label type: continuous"):
        bound("x", Stream(FRAME[["x", "w"]].assign(x=y)))
    with pytest.raises(SchemaError, match="Support for labels represented as bytes is not supported"):
        bound(np.array([b"a", b"b"] * 3)[:5])
    with pytest.raises(SchemaError, match="Support for labels represented as bytes is not supported"):
        bound(np.array([b"a"] * 5, dtype=object))


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (["a", 1, "a", 1, 1], r"str \('a' in row 0\) and int \(1 in row 1\).*uniformly strings or numbers"),
        (np.array([True, 1, 0, 1, 1], dtype=object), r"bool \(True in row 0\) and int"),
        (pd.Series([1, 2.0, 1, 1, 1], dtype=object), "int .* and float"),
        (pd.Series(["a"] * 4 + [1], dtype=object), "str .* and int"),
        (pd.Series(pd.Categorical(["a", 1, "a", 1, 1])), "int .* and str"),
        ([Decimal(1)] * 5, "Unknown label type: unknown. y holds a Decimal"),
        ([(1, 2), (1,), 3, 4, 5], "sequences of different lengths"),
        (pd.Series(pd.interval_range(0, 5)), "y holds a Interval"),
        (np.arange(5).astype("M8[D]"), "dates and times"),
        (pd.Series(pd.date_range("2020", periods=5)), "dates and times"),
        (pl.Series([dt.date(2020, 1, 1)] * 5), "dates and times|date"),
        (pa.array([dt.date(2020, 1, 1)] * 5), "are no labels"),
        (np.arange(5) * 1j, "Complex data not supported"),
        (np.zeros((5, 2), int), r"y should be a 1d array, got an array of shape \(5, 2\) instead"),
        (FRAME[["species", "flag"]], r"shape \(5, 2\)"),
        (np.zeros((5, 1, 1)), r"shape \(5, 1, 1\)"),
        (3, r"shape \(\) instead"),
        (sp.csr_array(np.eye(5)), "sparse"),
        (np.ma.masked_array([1, 2, 3, 4, 5]), "masked"),
        ({1, 2, 3, 4, 5}, "same order"),
        ([2**70, 1, 1, 1, 1], "beyond 64 bits"),
        (["a", "b"], "inconsistent numbers of samples"),
    ],
)
def test_what_is_no_label(y, match):
    with pytest.raises(SchemaError, match=match):
        bound(y)


def test_a_column_that_is_no_label():
    table = FRAME.assign(day=pd.date_range("2020", periods=5))[["x", "day"]]
    with pytest.raises(SchemaError, match="dates and times"):
        bound("day", table)
    with pytest.raises(SchemaError, match="no labels"):
        bound("day", Stream(table))
    with pytest.raises(SchemaError, match="y names 2 columns"):
        bound(["species", "flag"], FRAME)
    with pytest.raises(SchemaError, match=r"no column 'specie'.*Did you mean 'species'"):
        bound("specie", FRAME)


@pytest.mark.parametrize(
    "y", [np.array(TEXT).reshape(-1, 1), [[t] for t in TEXT], pd.DataFrame({"y": TEXT}), pl.DataFrame({"y": TEXT})]
)
def test_a_column_vector_is_taken_with_a_warning(y):
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed when a 1d array was expected"):
        rows = bound(y)
    assert (codes(rows), rows.design.y_ndim) == ([1, 0, 2, 0, 1], 1)


def test_too_many_classes(monkeypatch):
    monkeypatch.setattr(classes, "MAX_CLASSES", 4)
    for y in (np.arange(5), list("abcde")):
        with pytest.raises(ResourceError, match="more than 4 different labels"):
            bound(y)
    with pytest.raises(ResourceError, match="'k' has more than 4"):
        bound("k", Stream(FRAME[["x"]].assign(k=range(5))))


def test_hardly_any_label_twice_is_told_as_by_scikit_learn():
    y = np.arange(30)
    with pytest.warns(UserWarning, match="unique classes") as theirs:
        check_classification_targets(y)
    with pytest.warns(UserWarning, match="unique classes") as ours:
        bound(y, np.zeros((30, 1)))
    assert str(ours[0].message) == str(theirs[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bound(np.arange(30) % 15, np.zeros((30, 1)))
