"""Integers beyond 2**53 keep their digits where float64 allows it, and say so where it does not."""

from __future__ import annotations

import warnings
from itertools import chain

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from mathlearn._errors import DomainError, PrecisionWarning, SchemaError
from mathlearn.data.bind import bind
from mathlearn.data.integers import shift_for, to_float
from mathlearn.data.scan import scan
from mathlearn.linear_model import LinearRegression

BIG = 2**60


def test_small_integers_are_not_shifted():
    assert shift_for(-(2**53), 2**53) == 0
    assert shift_for(0, 2**53 + 2) == 2**52 + 1


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_differences_are_exact(dtype):
    values = np.array([BIG + 1, BIG + 2, BIG + 2**53], dtype=dtype)
    shifted, exact = to_float(values, BIG)
    assert exact
    assert shifted.tolist() == [1.0, 2.0, 2.0**53]


@pytest.mark.parametrize(
    ("dtype", "values", "shift"),
    [
        (np.int64, [-(2**63), 2**63 - 1], 2**62),
        (np.uint64, [0, 2**64 - 1], 2**63),
        (np.int64, [-(2**63), 5], -(2**63)),
    ],
)
def test_differences_that_would_wrap_around_do_not(dtype, values, shift):
    shifted, _ = to_float(np.array(values, dtype=dtype), shift)
    assert shifted.tolist() == [float(v - shift) for v in values]


def test_an_exact_power_beyond_2_53_is_no_loss():
    assert to_float(np.array([2**62, 2**61]))[1]
    assert not to_float(np.array([2**61 + 1]))[1]


@pytest.mark.parametrize(
    "make", [np.asarray, lambda X: pd.DataFrame(X, columns=["a", "b"]), lambda X: X.astype(object)]
)
def test_columns_are_shifted_by_what_the_design_records(make):
    X = np.array([[BIG + 1, 1], [BIG + 4, 2], [BIG + 9, 3]])
    rows = bind(make(X), [1.0, 2.0, 3.0])
    shift = rows.design.int_shift
    assert shift == (BIG, 0)
    (chunk,) = rows.chunks(10)
    np.testing.assert_array_equal(chunk.X, [[1.0, 1.0], [4.0, 2.0], [9.0, 3.0]])
    (new,) = rows.design.bind(make(X[:1] + 7)).chunks(10)
    np.testing.assert_array_equal(new.X, [[8.0, 8.0]])


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint64", "int8", "longdouble", "object"])
@pytest.mark.parametrize("frame", [False, True])
def test_rows_of_another_type_than_the_fits_are_shifted_all_the_same(dtype, frame):
    X = np.array([[BIG + 1, 1], [BIG + 4, 2], [BIG + 9, 3]])
    make = (lambda X: pd.DataFrame(X, columns=["a", "b"])) if frame else np.asarray
    design = bind(make(X), [1.0, 2.0, 3.0]).design
    new = np.array([[7 if dtype == "int8" else BIG + 2**41, 5]]).astype(dtype)
    (chunk,) = design.bind(make(new)).chunks(10)
    np.testing.assert_array_equal(chunk.X, [[7.0 - BIG if dtype == "int8" else 2.0**41, 5.0]])


def test_sparse_rows_for_a_shifted_fit_are_refused():
    design = bind(np.array([[BIG], [BIG + 9]]), [1, 2]).design
    with pytest.raises(SchemaError, match=r"sparse.*toarray"):
        list(design.bind(sp.csr_array([[1.0], [2.0]])).chunks(10))


def test_mixed_frame_is_shifted_column_by_column():
    frame = pd.DataFrame({"id": pd.array([BIG + 1, None, BIG + 3], dtype="Int64"), "x": [0.5, 1.5, 2.5]})
    rows = bind(frame, [1, 2, 3], missing="drop")
    assert rows.design.int_shift == (BIG, 0)
    (chunk,) = rows.chunks(10)
    np.testing.assert_array_equal(chunk.X, [[1.0, 0.5], [3.0, 2.5]])


def test_values_that_stay_out_of_reach_are_warned_of_once_and_by_name():
    X = pd.DataFrame({"id": [0, 2**62 + 1, -(2**62)], "x": [1, 2, 3]})
    rows = bind(X, [1, 2, 3])
    with pytest.warns(PrecisionWarning, match="'id'") as caught:
        list(chain(rows.chunks(1), rows.chunks(2)))
    assert len(caught) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("formula", [None, "y ~ x + id", "y ~ id + poly(x, 2)"])
def test_a_fit_warns_once_of_each_column_whatever_the_chunks_and_passes(tmp_path, stream, formula):
    rng = np.random.default_rng(0)
    wide = rng.integers(-(2**62), 2**62, (3, 40_000)) | 1
    frame = pd.DataFrame({"id": wide[0], "x": wide[1] if formula else rng.normal(size=40_000), "y": wide[2]})
    frame.to_parquet(tmp_path / "t.parquet")
    data = scan(tmp_path / "t.parquet") if stream else frame
    model = LinearRegression(formula=formula, covariance="HC3")
    for _ in range(2):  # of each fit anew
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(data, None if formula else "y")
        told = [str(w.message) for w in caught if w.category is PrecisionWarning]
        assert [sum(f"'{name}'" in text for text in told) for name in frame] == [1, 1 if formula else 0, 1]


def test_without_an_intercept_nothing_is_shifted():
    rows = bind(np.array([[BIG], [2 * BIG]]), [1, 2], shift_integers=False)
    assert rows.design.int_shift == ()


def test_a_wide_response_warns():
    with pytest.warns(PrecisionWarning, match="'y' are not representable in float64:"):  # nothing is shifted
        bind([[1.0], [2.0]], np.array([2**60 + 1, 0]))


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
@pytest.mark.parametrize("formula", ["y ~ id", "y ~ x:log(id)"])
def test_a_formula_refuses_what_it_would_round_to_nothing(formula, kind):
    frame = pd.DataFrame({"id": (BIG + np.arange(50)).astype(kind), "x": np.ones(50), "y": np.arange(50.0)})
    with pytest.raises(DomainError, match=rf"'id' .* from {BIG} to {BIG + 49}, .* multiples of 256: fit it without"):
        bind(frame, formula=formula)


@pytest.mark.parametrize("formula", ["y ~ C(id)", "y ~ 0 + id", "y ~ coarse", "y ~ exact", "y ~ same"])
def test_a_formula_takes_what_it_rounds_harmlessly(formula):
    k = np.arange(50)
    columns = {"id": BIG + k, "coarse": BIG + 6001 * k, "exact": BIG + 256 * k, "same": np.full(50, BIG + 1)}
    assert bind(pd.DataFrame(columns | {"y": 1.0 * k}), formula=formula).n_rows == 50


@pytest.mark.parametrize("rows", [100, 20_000])
@pytest.mark.parametrize("name", ["id", "y"])
def test_a_stream_whose_beginning_is_rounded_to_nothing_is_judged_whole(tmp_path, rows, name):
    other = "y" if name == "id" else "id"
    text = "".join(f"{BIG + i},{i}\n" for i in range(rows))
    (tmp_path / "a.csv").write_text(f"{name},{other}\n" + text)
    with pytest.raises(DomainError, match=f"'{name}' .* from {BIG} to {BIG + rows - 1}, "):
        bind(scan(tmp_path / "a.csv"), formula="y ~ id")
    # What follows may differ by more than the rounding.
    text += "".join(f"{i},{i}\n" for i in range(50_000 - rows))
    (tmp_path / "b.csv").write_text(f"{name},{other}\n" + text)
    assert bind(scan(tmp_path / "b.csv"), formula="y ~ id").terms == ("id",)


RESPONSE = BIG + np.arange(50)


def table(y):
    return pd.DataFrame({"x": np.arange(50.0), "y": y})


HOW = {
    "array": lambda y: {"X": table(y)[["x"]], "y": np.asarray(y)},
    "two columns": lambda y: {"X": table(y)[["x"]], "y": np.column_stack([np.arange(50).astype(y.dtype), y])},
    "list": lambda y: {"X": table(y)[["x"]], "y": list(map(int, y))},
    "series": lambda y: {"X": table(y)[["x"]], "y": table(y)["y"]},
    "with gaps": lambda y: {"X": table(y)[["x"]], "y": table(y)["y"].astype("Int64").mask(np.arange(50) == 3)},
    "frame": lambda y: {"X": table(y)[["x"]], "y": table(y)[["y"]]},
    "column": lambda y: {"X": table(y), "y": "y"},
    "formula": lambda y: {"X": table(y), "formula": "y ~ x"},
    "without intercept": lambda y: {"X": table(y), "formula": "y ~ 0 + x"},
    "one side": lambda y: {"X": table(y)[["x"]], "y": table(y)["y"], "formula": "~ x"},
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_a_response_that_would_be_rounded_to_nothing_is_refused(how, kind):
    name = "y1" if how == "two columns" else "y"
    with pytest.raises(
        DomainError, match=rf"response '{name}' .* from {BIG} to {BIG + 49}, .* of 256: subtract an origin"
    ):
        bind(**HOW[how](RESPONSE.astype(kind)), missing="drop")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    "y", [RESPONSE[::-1] * 0 + BIG + 1, RESPONSE + 2**20 * np.arange(50), BIG + 256 * np.arange(50)]
)
@pytest.mark.filterwarnings("ignore::mathlearn._errors.PrecisionWarning")
def test_a_response_that_is_rounded_harmlessly_is_taken(how, y):
    assert bind(**HOW[how](y), missing="drop").n_rows == 50


def test_the_remedy_for_a_rounded_response_helps():
    model = LinearRegression().fit(np.arange(50.0)[:, None], RESPONSE - BIG)
    assert model.coef_[0] == pytest.approx(1, rel=1e-12)
