"""`LinearRegression` under attack: one clear error or a right answer, and nothing left behind."""

from __future__ import annotations

import threading
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
import threadpoolctl

import mathlearn
from mathlearn._errors import DomainError, MathlearnError, NonFiniteInputError, ResourceError, SchemaError
from mathlearn.linear_model import LinearRegression

rng = np.random.default_rng(0)
n = 40
X = rng.normal(size=(n, 3))
y = X @ [1.0, 2.0, 3.0] + rng.normal(size=n)
TABLE = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y, g=["u", "v", "w", "z"] * 10, h=np.repeat(range(8), 5))

# More numbers than are looked at one by one while they are read.
LARGE = rng.normal(size=(20_000, 3))
LARGE_Y = LARGE @ [1.0, 2.0, 3.0] + rng.normal(size=20_000)
HUGE = 2**60


def changed(array, where, value):
    out = array.copy()
    out[where] = value
    return out


# ------------------------------------------------------------------------------------------------------- not finite


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 19_999])
@pytest.mark.parametrize(
    "use",
    [
        lambda m, X: m.predict(X),
        lambda m, X: m.predict_interval(X),
        lambda m, X: m.score(X, LARGE_Y),
        lambda m, X: m.augment(X, LARGE_Y),
        lambda m, X: m.verify(X, LARGE_Y),
        lambda m, X: m.infer(X, LARGE_Y, covariance="HC3"),
    ],
    ids=["predict", "predict_interval", "score", "augment", "verify", "infer"],
)
def test_whatever_reads_rows_names_what_is_not_finite_in_a_large_array(use, row, value):
    model = LinearRegression().fit(LARGE, LARGE_Y)
    with pytest.raises(NonFiniteInputError, match=rf"Column 'x2': 1 .* among 20000 rows, first in row {row} "):
        use(model, changed(LARGE, (row, 2), value))


@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"tol": 1e-9}, {"covariance": "HC3"}])
@pytest.mark.parametrize("weight", [1.0, 0.0])
def test_a_fit_names_what_is_not_finite_even_without_weight(options, weight):
    with pytest.raises(NonFiniteInputError, match=r"Column 'x2': 1 .* first in row 19999 "):
        LinearRegression(**options).fit(
            changed(LARGE, (19_999, 2), np.nan), LARGE_Y, changed(np.ones(20_000), 19_999, weight)
        )


def test_several_responses_name_the_one_with_the_gap_or_drop_its_row():
    Y = np.column_stack([y, changed(y, 3, np.nan)])
    with pytest.raises(NonFiniteInputError, match=r"Column 'y1': 1 .* row 3 .*missing='drop'"):
        LinearRegression().fit(X, Y)
    kept = np.arange(n) != 3
    model = LinearRegression(missing="drop").fit(X, Y)
    np.testing.assert_allclose(model.coef_, LinearRegression().fit(X[kept], Y[kept]).coef_, rtol=1e-12)


@pytest.mark.parametrize("gap", [None, pd.NA, pd.NaT, np.nan, Decimal("NaN"), Decimal("sNaN")])
@pytest.mark.parametrize("frame", [True, False])
def test_every_kind_of_gap_among_objects_is_a_gap(gap, frame):
    values = pd.Series([Fraction(1, 3), gap, Decimal("2.5"), True], dtype=object)
    column = values.to_frame("dose") if frame else values.to_numpy(object).reshape(-1, 1)
    with pytest.raises(NonFiniteInputError, match=rf"Column '{'dose' if frame else 'x0'}': 1 missing.*row 1 "):
        LinearRegression().fit(column, [1, 2, 3, 4])


# ---------------------------------------------------------------------------------------- shapes, labels, arguments


@pytest.mark.parametrize("use", ["score", "augment", "verify"])
def test_more_responses_than_the_fit_had(use):
    with pytest.raises(SchemaError, match=r"y has 2 columns, but LinearRegression was fitted to 1 \('y'\)"):
        getattr(LinearRegression().fit(X, y), use)(X, np.column_stack([y, y]))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1, "1", (1, 2), 2.0] * 10, "different lengths"),
        (pd.Series([[1], [2]] * 20), "label in row 0 is a list"),
        (np.ma.array(np.arange(n) % 4, mask=np.arange(n) == 3), "masked"),
        (["a"] * n, "1 cluster.*at least 2"),
        (np.zeros((n, 3)), "one label a row, or two"),
        (np.arange(3), "inconsistent"),
        (None, "needs groups="),
    ],
)
def test_groups_that_are_no_clusters(groups, message):
    with pytest.raises(MathlearnError, match=message):
        LinearRegression(covariance="cluster").fit(X, y, groups=groups)


def test_different_levels_that_are_spelt_alike_are_not_taken_for_one():
    g = pd.Categorical([1, "1", 2] * 10, categories=[1, "1", 2])
    with pytest.raises(SchemaError, match=r"column 'g' has different levels that are spelt alike \('1'\)"):
        LinearRegression(formula="y ~ g").fit(pd.DataFrame({"y": y[:30], "g": g}))


@pytest.mark.parametrize("level", [0, 1, 95, -1, np.nan, "0.95", None])
def test_levels_outside_of_0_and_1(level):
    model = LinearRegression().fit(X, y)
    for ask in (model.tidy, model.conf_int, model.summary, lambda level: model.predict_interval(X, level)):
        with pytest.raises(DomainError, match="strictly between 0 and 1"):
            ask(level)


def test_a_column_called_as_the_intercept_is_not_mistaken_for_it():
    model = LinearRegression().fit(TABLE[["a", "b"]].rename(columns={"a": "(Intercept)"}), y)
    with pytest.raises(SchemaError, match="both the intercept and a column"):
        model.contrast({"(Intercept)": 1})
    np.testing.assert_allclose(model.contrast([0, 1, 0]).estimate[0, 0], model.coef_[0], rtol=1e-12)


def test_other_rows_than_those_of_the_fit_give_no_covariance():
    model = LinearRegression().fit(X, y, np.arange(1.0, n + 1))
    with pytest.raises(SchemaError, match="weights of the fit sum to 820 and these to 40"):
        model.infer(X, y, covariance="HC3")
    fitted = model.predict(X)
    with pytest.raises(SchemaError, match="squared residuals of 'y'"):
        model.infer(X, fitted + 2 * (y - fitted), covariance="HC3", sample_weight=np.arange(1.0, n + 1))
    np.testing.assert_array_equal(
        model.infer(X, y, covariance="HC3", sample_weight=np.arange(1.0, n + 1)).tidy()["std_error"],
        LinearRegression(covariance="HC3").fit(X, y, np.arange(1.0, n + 1)).tidy()["std_error"],
    )


def test_ten_thousand_columns():
    names = [f"column {j}" for j in range(10_000)]
    with pytest.warns(mathlearn.errors.RankDeficiencyWarning, match="10000 columns for 20 rows"):
        model = LinearRegression().fit(pd.DataFrame(rng.normal(size=(20, 10_000)), columns=names), y[:20])
    assert len(model.tidy()) == 10_001
    assert len(str(model.summary())) < 100_000


def test_a_limit_of_memory_is_kept_before_anything_is_allocated():
    before = mathlearn.get_config().max_memory
    mathlearn.set_config(max_memory=10_000)
    try:
        with pytest.raises(ResourceError, match="max_memory"):
            LinearRegression().fit(rng.normal(size=(500, 200)), np.arange(500.0))
    finally:
        mathlearn.set_config(max_memory=before)


# -------------------------------------------------------------------------------------------------- an offset, no slope


@pytest.mark.parametrize(
    ("covariance", "inflated"), [("classical", np.sqrt(n / (n - 1))), ("HC0", 1), ("HC3", n / (n - 1))]
)
def test_an_intercept_alone_is_the_mean_with_its_standard_error(covariance, inflated):
    model = LinearRegression(formula="y ~ 1", covariance=covariance).fit(TABLE)
    row = model.tidy().iloc[0]
    np.testing.assert_allclose(row["estimate"], y.mean(), rtol=1e-14)
    np.testing.assert_allclose(row["std_error"], y.std() / np.sqrt(n) * inflated, rtol=1e-12)
    np.testing.assert_allclose(model.predict(TABLE), y.mean(), rtol=1e-14)
    assert model.verify(TABLE).ok


def test_an_offset_counts_wherever_rows_are_read():
    model = LinearRegression(formula="y ~ a + offset(b)").fit(TABLE)
    less = TABLE.assign(y=TABLE.y - TABLE.b)
    plain = LinearRegression(formula="y ~ a").fit(less)
    np.testing.assert_allclose(model.predict(TABLE), plain.predict(less) + TABLE.b, rtol=1e-13)
    for name in ("resid", "hat", "std_resid", "cooks_d"):
        np.testing.assert_allclose(model.augment(TABLE)[name], plain.augment(less)[name], rtol=1e-9)
    robust = model.infer(TABLE, covariance="HC3").tidy()["std_error"]
    np.testing.assert_allclose(robust, plain.infer(less, covariance="HC3").tidy()["std_error"], rtol=1e-12)


# ---------------------------------------------------------------------------------------------- integers beyond 2**53


def exact_least_squares(columns, target):
    """Intercept and slopes in rational arithmetic, by elimination of the normal equations."""
    rows = [[Fraction(1), *map(Fraction, row)] for row in columns]
    k = len(rows[0])
    system = [
        [sum(r[i] * r[j] for r in rows) for j in range(k)]
        + [sum(r[i] * Fraction(v) for r, v in zip(rows, target, strict=True))]
        for i in range(k)
    ]
    for i in range(k):
        system[i] = [v / system[i][i] for v in system[i]]
        for r in range(k):
            if r != i:
                system[r] = [a - system[r][i] * b for a, b in zip(system[r], system[i], strict=True)]
    return [row[-1] for row in system]


@pytest.fixture(scope="module")
def stamps():
    """Huge integers beside small ones, their response, and the exact solution."""
    t, u = HUGE + rng.integers(0, 10**6, n), rng.integers(0, 100, n)
    target = 0.5 * (t - HUGE) + 3 * u + rng.normal(size=n)
    columns = np.column_stack([t, u])
    return columns, target, exact_least_squares(columns.tolist(), target.tolist())


@pytest.mark.parametrize("kind", ["array", "frame", "objects", "polars", "arrow", "loaded"])
def test_huge_integers_lose_nothing_anywhere(stamps, kind, tmp_path):
    columns, target, exact = stamps
    frame = pd.DataFrame(columns, columns=["t", "u"])
    rows = {
        "array": columns,
        "frame": frame,
        "objects": columns.astype(object),
        "polars": pl.DataFrame(frame),
        "arrow": pa.table(frame),
        "loaded": columns,
    }[kind]
    model = LinearRegression().fit(rows, target)
    if kind == "loaded":
        model.save(tmp_path / "model.safetensors")
        model = mathlearn.load(tmp_path / "model.safetensors")
    b0, b1, b2 = exact
    assert [model.intercept_, *model.coef_] == pytest.approx([float(b) for b in exact], rel=1e-14)
    assert model.tidy()["estimate"].tolist() == pytest.approx([float(b) for b in exact], rel=1e-14)
    wanted = [float(b0 + b1 * int(t) + b2 * int(u)) for t, u in columns]
    for got in (model.predict(rows), model.predict_interval(rows).estimate, model.augment(rows, target)["fitted"]):
        np.testing.assert_allclose(got, wanted, rtol=1e-9)
    mixed = model.contrast({"(Intercept)": 1, model.result_.terms[0]: HUGE})
    np.testing.assert_allclose(mixed.estimate[0, 0], float(b0 + b1 * HUGE), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float64", "uint64", "object", "longdouble"])
def test_rows_to_predict_at_may_be_of_another_type(stamps, dtype):
    columns, target, _ = stamps
    model = LinearRegression().fit(columns, target)
    new = np.array([[HUGE + 2**12, 3], [HUGE + 2**14, 5]])
    np.testing.assert_array_equal(model.predict(new.astype(dtype)), model.predict(new))


def test_frequencies_may_sum_beyond_int64():
    glance = LinearRegression(weights_type="frequency").fit(X, y, np.full(n, 2**60)).glance()
    assert glance["n"][0] == n * HUGE
    assert np.isfinite(glance["bic"][0])


def test_far_from_zero_a_mixed_contrast_keeps_its_digits():
    far = 2.0**24
    grid = np.round(X * 2**10) / 2**10  # so that adding `far` is exact
    wanted = LinearRegression().fit(grid, y).contrast([1, 0, 0, 0])
    mixed = LinearRegression().fit(grid + far, y).contrast([1, far, far, far])
    np.testing.assert_allclose(mixed.estimate, wanted.estimate, rtol=1e-11)
    np.testing.assert_allclose(mixed.std_error, wanted.std_error, rtol=1e-8)


@pytest.mark.parametrize("unit", [1e-140, 1e-100, 1e140])
@pytest.mark.parametrize("covariance", ["classical", "HC3"])
def test_units_far_from_one_change_units_only(unit, covariance):
    model, scaled = (LinearRegression(covariance=covariance).fit(X * u, y) for u in (1.0, unit))
    np.testing.assert_allclose(scaled.coef_ * unit, model.coef_, rtol=1e-13)
    np.testing.assert_allclose(scaled.tidy()["std_error"][1:] * unit, model.tidy()["std_error"][1:], rtol=1e-12)
    joint = scaled.contrast(np.eye(4)[1:]).joint.statistic
    np.testing.assert_allclose(joint, model.contrast(np.eye(4)[1:]).joint.statistic, rtol=1e-11)


@pytest.mark.parametrize("unit", [5e-324, 1e-310, 1e-200, 1e200, 1e307])
def test_sizes_that_cannot_be_squared_are_refused_by_name(unit):
    for arguments, name in (((X * [1.0, unit, 1.0], y), "x1"), ((X, y * unit), "y")):
        with pytest.raises(DomainError, match=rf"column '{name}' is of size .* unit"):
            LinearRegression().fit(*arguments)


# --------------------------------------------------------------------------------------------------------- hostile names

NAMES = [
    '"; drop table t',
    "<script>alert(1)</script>",
    r"\input{/etc/passwd}",
    "naïve \u202e text",
    "a\nb",
    "=1+1",
    "$x_1^2$",
]


def test_hostile_names_are_kept_as_data_and_escaped_as_text(tmp_path):
    frame = pd.DataFrame(rng.normal(size=(n, len(NAMES))), columns=NAMES)
    model = LinearRegression().fit(frame, y)
    model.save(tmp_path / "m.safetensors")
    again = mathlearn.load(tmp_path / "m.safetensors")
    assert again.tidy()["term"].tolist() == ["(Intercept)", *NAMES]
    assert again.feature_names_in_.tolist() == NAMES
    np.testing.assert_array_equal(again.predict(frame[NAMES[::-1]]), model.predict(frame))
    bundle = again.summary()._repr_mimebundle_()
    assert "<script" not in bundle["text/html"]
    assert r"\input{" not in bundle["text/latex"]
    assert "\u202e" not in bundle["text/plain"]
    assert "a\nb" not in bundle["text/plain"]
    quoted = model.contrast("`=1+1` - `<script>alert(1)</script>`").estimate[0, 0]
    np.testing.assert_allclose(quoted, model.coef_[5] - model.coef_[1], rtol=1e-12)


# ---------------------------------------------------------------------------------------------------- a good neighbour


@pytest.mark.filterwarnings("ignore::mathlearn.errors.RankDeficiencyWarning")
def test_nothing_of_the_callers_is_changed():
    arrays = [X.copy(), y.copy(), rng.uniform(0.5, 1, n)]
    copies = [a.copy() for a in arrays]
    for a in arrays:
        a.flags.writeable = False
    state, filters = np.geterr(), list(warnings.filters)
    blas = [d["num_threads"] for d in threadpoolctl.threadpool_info()]
    model = LinearRegression(copy_X=False, covariance="HC3").fit(*arrays)
    model.augment(arrays[0], arrays[1], sample_weight=arrays[2])
    model.verify(arrays[0], arrays[1], sample_weight=arrays[2])
    for options in ({"positive": True}, {"tol": 1e-3}, {"fit_intercept": False}):
        LinearRegression(copy_X=False, **options).fit(*arrays)
    LinearRegression().fit(np.column_stack([X, X]), y)
    with pytest.raises(NonFiniteInputError):
        LinearRegression().fit(changed(LARGE, (7, 0), np.nan), LARGE_Y)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, copies, strict=True))
    assert np.geterr() == state
    assert warnings.filters == filters
    assert [d["num_threads"] for d in threadpoolctl.threadpool_info()] == blas


def test_fits_in_many_threads_at_once_give_the_same_bits():
    wanted, found = LinearRegression().fit(LARGE, LARGE_Y).tidy(), [None] * 8

    def fit(i):
        found[i] = LinearRegression().fit(LARGE, LARGE_Y).tidy()

    threads = [threading.Thread(target=fit, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert all(wanted.equals(table) for table in found)


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "reversed": lambda a: a[::-1].copy()[::-1],
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "big-endian": lambda a: a.astype(">f8"),
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:].view(np.float64).reshape(a.shape),
    "long double": lambda a: a.astype(np.longdouble),
    "csc": sp.csc_array,
    "coo": sp.coo_array,
    "list": lambda a: a.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_how_numbers_lie_in_memory_does_not_matter(layout):
    model = LinearRegression().fit(LAYOUTS[layout](X), y)
    np.testing.assert_allclose(model.coef_, LinearRegression().fit(X, y).coef_, rtol=1e-14)


@pytest.mark.parametrize("part", ["indices", "indptr", "data"])
def test_a_corrupt_sparse_index_never_reaches_the_machine(part):
    model = LinearRegression().fit(X, y)
    bad = sp.csr_array(X)
    wrong = {
        "indices": np.full(bad.nnz, 10**7, np.int32),
        "indptr": np.full(n + 1, 10**8, np.int32),
        "data": np.ones(3),
    }
    setattr(bad, part, wrong[part])
    for use in (lambda: model.fit(bad, y), lambda: model.predict(bad), lambda: model.predict_interval(bad)):
        with pytest.raises(SchemaError, match="index of sparse X is corrupt"):
            use()
