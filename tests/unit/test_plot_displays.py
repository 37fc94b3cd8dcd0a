# ruff: noqa: PD011 -- the values of a cloud
"""Figures: what they show is what the tables say; one pass, bounded memory, no state left behind."""

from __future__ import annotations

import warnings

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from _figures import EVERY, mixed_table, rendered

from mathlearn import scan
from mathlearn._errors import SchemaError
from mathlearn.linear_model import LinearRegression
from mathlearn.plot import (
    CoefficientDisplay,
    LeverageDisplay,
    PartialRegressionDisplay,
    QuantilesDisplay,
    RegressionDisplay,
    ResidualsDisplay,
    plot_model,
)
from mathlearn.plot.row_measures import column

pytestmark = pytest.mark.usefixtures("figures_closed")


@pytest.fixture
def table():
    return mixed_table()


# ------------------------------------------------------------------------------------------------------------- data
def test_row_measures_are_those_of_augment(table):
    model = LinearRegression(formula="y ~ a + b + g").fit(table)
    truth = model.augment(table)
    cloud = ResidualsDisplay.from_estimator(model, table).data.cloud
    assert cloud.rows.tolist() == truth["row"].tolist()
    for name in ("fitted", "resid", "hat", "std_resid", "cooks_d"):
        np.testing.assert_allclose(cloud.values[:, column(name)], truth[name], rtol=1e-9, atol=1e-12)
    studentised = truth["resid"] / (truth["loo_sigma"] * np.sqrt(1 - truth["hat"]))
    np.testing.assert_allclose(cloud.values[:, column("studentised")], studentised, rtol=1e-9)


def test_weighted_measures_are_those_of_augment(table):
    w = np.random.default_rng(1).uniform(0.5, 3, len(table))
    w[7] = 0
    X, y = table[["a", "b"]].to_numpy(), table["y"].to_numpy()
    model = LinearRegression().fit(X, y, sample_weight=w)
    truth = model.augment(X, y, sample_weight=w)
    data = LeverageDisplay.from_estimator(model, X, y, sample_weight=w).data
    assert 7 not in data.cloud.rows
    np.testing.assert_allclose(data.cloud.values[:, column("std_resid")], truth["std_resid"], rtol=1e-9)
    worst = truth.sort_values("cooks_d", ascending=False).head(3)
    assert data.influential.rows.tolist() == worst["row"].tolist()
    np.testing.assert_allclose(data.influential.score, worst["cooks_d"])


def test_the_curve_is_that_of_predict_interval(table):
    model = LinearRegression(formula="log(b) ~ a + I(a**2)").fit(table)
    data = RegressionDisplay.from_estimator(model, table, level=0.9).data
    (curve,) = data.curves
    new = pd.DataFrame({"a": curve.x})
    mean, one = (model.predict_interval(new, 0.9, kind) for kind in ("confidence", "observation"))
    np.testing.assert_allclose(curve.mean, mean.estimate, rtol=1e-12)
    np.testing.assert_allclose(curve.low, mean.lower, rtol=1e-12)
    np.testing.assert_allclose(curve.one_high, one.upper, rtol=1e-12)
    assert (data.feature, data.response) == ("a", "log(b)")
    np.testing.assert_array_equal(data.cloud.values[:, 1], np.log(table["b"]))
    assert (curve.x[0], curve.x[-1]) == (table["a"].min(), table["a"].max())


def test_one_curve_for_each_level_over_its_own_range(table):
    model = LinearRegression(formula="y ~ a * g").fit(table)
    data = RegressionDisplay.from_estimator(model, table).data
    assert [curve.level for curve in data.curves] == ["u", "v", "w"]
    for curve in data.curves:
        here = table[table["g"] == curve.level]
        assert (curve.x[0], curve.x[-1]) == (here["a"].min(), here["a"].max())
        new = pd.DataFrame({"a": curve.x, "g": curve.level})
        np.testing.assert_allclose(curve.mean, model.predict(new), rtol=1e-10, atol=1e-12)
        code = data.cloud.values[:, 2]
        assert (code == curve.code).sum() == len(here)
    np.testing.assert_array_equal(data.cloud.values[:, 1], table["y"])


def test_others_are_held_and_points_keep_their_residuals(table):
    model = LinearRegression(formula="y ~ a * b + g").fit(table)
    data = RegressionDisplay.from_estimator(model, table, feature="a").data
    assert data.held == {"b": pytest.approx(table["b"].mean())}
    held = table.assign(b=table["b"].mean())
    moved = model.predict(held) + (table["y"] - model.predict(table))
    np.testing.assert_allclose(data.cloud.values[:, 1], moved, rtol=1e-9)


def test_a_category_of_many_levels_or_a_second_one_is_held_at_its_reference(table):
    table["h"] = [f"l{i % 9}" for i in range(len(table))]
    model = LinearRegression(formula="y ~ a + C(h, ref='l4')").fit(table)
    data = RegressionDisplay.from_estimator(model, table).data
    assert data.held == {"h": "l4"}
    assert len(data.curves) == 1
    model = LinearRegression(formula="y ~ a + h + g").fit(table)
    assert rendered(RegressionDisplay.from_estimator(model, table)).data.held == {"h": "l0", "g": "u"}


def test_a_category_made_of_numbers_has_lines_too(table):
    table["k"] = np.arange(len(table)) % 3 + 5
    model = LinearRegression(formula="y ~ a + C(k)").fit(table)
    data = rendered(RegressionDisplay.from_estimator(model, table)).data
    assert [curve.level for curve in data.curves] == ["5", "6", "7"]
    for curve in data.curves:
        new = pd.DataFrame({"a": curve.x, "k": int(curve.level)})
        np.testing.assert_allclose(curve.mean, model.predict(new), rtol=1e-10, atol=1e-12)
        assert (data.cloud.values[:, 2] == curve.code).sum() == (table["k"] == int(curve.level)).sum()


@pytest.mark.parametrize("formula", ["y ~ poly(b, 3)", "y ~ bs(b, df=5)", "y ~ log(b)", "y ~ 0 + b", "a ~ sqrt(b) + b"])
def test_formulas_of_one_column(table, formula):
    model = LinearRegression(formula=formula).fit(table)
    data = rendered(plot_model(model, table)).data
    assert data.feature == "b"
    new = pd.DataFrame({"b": data.curves[0].x})
    np.testing.assert_allclose(data.curves[0].mean, model.predict(new), rtol=1e-9)


def test_rows_that_lack_a_value_are_left_out(penguins):
    model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + sex", missing="drop").fit(penguins)
    data = RegressionDisplay.from_estimator(model, penguins).data
    kept = penguins.dropna(subset=["body_mass_g", "flipper_length_mm", "sex"])
    assert data.cloud.rows.tolist() == kept.index.tolist()
    np.testing.assert_array_equal(data.cloud.values[:, 0], kept["flipper_length_mm"])
    names = [curve.level for curve in data.curves]
    assert [names[int(code)] for code in data.cloud.values[:, 2]] == kept["sex"].tolist()


def test_huge_integers_are_drawn_where_they_are():
    start = 2**60
    X = start + np.arange(0, 4_000, 100)
    y = (X - start) * 0.5 + np.sin(np.arange(40))
    model = LinearRegression().fit(X[:, None], y)
    data = rendered(RegressionDisplay.from_estimator(model, X[:, None], y)).data
    np.testing.assert_array_equal(data.cloud.values[:, 0], X.astype(float))
    np.testing.assert_allclose(data.curves[0].mean[[0, -1]], model.predict(X[[0, -1], None]), rtol=1e-9)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("covariance", ["classical", "HC3"])
def test_slopes_of_partial_regressions_are_the_coefficients(table, intercept, covariance):
    X, y = table[["a", "b"]].to_numpy() * [1e-6, 1e6], table["y"].to_numpy()
    w = np.random.default_rng(1).uniform(0.5, 3, len(table))
    model = LinearRegression(fit_intercept=intercept, covariance=covariance).fit(X, y, sample_weight=w)
    data = PartialRegressionDisplay.from_estimator(model, X, y, sample_weight=w).data
    for k in range(2):
        across, up = data.cloud.pair(k)
        assert (w * across) @ up / ((w * across) @ across) == pytest.approx(model.coef_[k], rel=1e-10)
        # By another way: residuals of the column on the other.
        other = np.column_stack([np.ones(len(X)), X[:, 1 - k]]) if intercept else X[:, [1 - k]]
        root = np.sqrt(w)[:, None]
        fit = np.linalg.lstsq(root * other, np.column_stack([X[:, k], y]) * root, rcond=None)[0]
        np.testing.assert_allclose(across, X[:, k] - other @ fit[:, 0], rtol=1e-7, atol=1e-9 * np.ptp(X[:, k]))
        np.testing.assert_allclose(up, y - other @ fit[:, 1], rtol=1e-7, atol=1e-9)
    conf = model.conf_int().query("term != '(Intercept)'")
    np.testing.assert_allclose(data.low, conf["conf_low"])


def test_partial_panels_are_the_most_important_and_the_others_are_counted():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 14))
    y = X @ np.arange(14) + rng.normal(size=200)
    model = LinearRegression().fit(X, y)
    display = rendered(PartialRegressionDisplay.from_estimator(model, X, y))
    assert display.data.terms == tuple(f"x{j}" for j in range(5, 14))
    assert display.data.left_out == 5
    assert "5 terms left out" in display.figure_.get_supxlabel()
    with pytest.raises(SchemaError, match="there is no term"):
        PartialRegressionDisplay.from_estimator(model, X, y, terms=["x99"])
    assert PartialRegressionDisplay.from_estimator(model, X, y, terms=["x3", "x1"]).data.terms == ("x3", "x1")


def test_coefficients_are_those_of_tidy(table):
    model = LinearRegression(formula="y ~ a + b + g", covariance="HC3").fit(table)
    tidy = model.tidy(0.9).query("term != '(Intercept)'")
    data = CoefficientDisplay.from_estimator(model, level=0.9).data
    assert data.terms == tuple(tidy["term"])
    for name, found in (("estimate", data.estimate), ("conf_low", data.low), ("conf_high", data.high)):
        np.testing.assert_array_equal(found, tidy[name])
    scaled = CoefficientDisplay.from_estimator(model, standardised=True).data
    np.testing.assert_allclose(scaled.unit[:2], table[["a", "b"]].std(ddof=0), rtol=1e-9)


def test_quantiles_are_the_studentised_residuals_in_order(table):
    model = LinearRegression(formula="y ~ a + b").fit(table)
    truth = model.augment(table)
    studentised = np.sort(truth["resid"] / (truth["loo_sigma"] * np.sqrt(1 - truth["hat"])))
    data = QuantilesDisplay.from_estimator(model, table).data
    np.testing.assert_allclose(data.observed, studentised, rtol=1e-9)
    assert data.df == model.result_.df_resid - 1
    rows, _, values = data.labelled
    assert truth.set_index("row").loc[rows[0], "resid"] * values[0] > 0


# ---------------------------------------------------------------------------------------------------------- sources
def from_frame(make):
    """Return what fits the numbers of a frame, with y apart or as a column of it."""

    def fit(table, _folder):
        numbers = make(table[["a", "b", "y"]])
        return LinearRegression().fit(numbers, "y"), numbers, None

    return fit


def from_matrix(make):
    def fit(table, _folder):
        X = make(table[["a", "b"]])
        return LinearRegression().fit(X, table["y"]), X, table["y"]

    return fit


def from_formula(table, _folder):
    return LinearRegression(formula="y ~ a + b").fit(table), table, None


def from_files(table, folder):
    for k in range(3):
        pq.write_table(pa.Table.from_pandas(table[k::3]), folder / f"{k}.parquet")
    source = scan(str(folder / "*.parquet"))
    return LinearRegression(formula="y ~ a + b").fit(source), source, None


SOURCES = {
    "array": from_matrix(pd.DataFrame.to_numpy),
    "sparse": from_matrix(lambda frame: sp.csr_array(frame.to_numpy())),
    "pandas": from_frame(pd.DataFrame.copy),
    "polars": from_frame(pl.from_pandas),
    "arrow": from_frame(pa.Table.from_pandas),
    "formula": from_formula,
    "parquet": from_files,
}


@pytest.fixture(params=SOURCES)
def fitted(request, table, tmp_path):
    return SOURCES[request.param](table, tmp_path)


def test_every_figure_from_every_source(fitted, table):
    model, X, y = fitted
    names = model.result_.terms
    for kind in EVERY:
        rendered(kind.from_estimator(model, X, y))
    display = rendered(RegressionDisplay.from_estimator(model, X, y, feature=names[0]))
    np.testing.assert_allclose(np.sort(display.data.cloud.values[:, 0]), np.sort(table["a"]))
    assert display.ax_.figure is display.figure_


# ------------------------------------------------------------------------------------------------------- difficulties
def quiet(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def with_column(X, j, values):
    out = X.copy()
    out[:, j] = values
    return out


def with_first(values, value):
    out = values.copy()
    out[0] = value
    return out


NOISE = np.random.default_rng(1).normal(size=(30, 40))
SPIKE = np.eye(30)[3]
DIFFICULT = {
    "dependent": lambda X, y: (with_column(X, 2, X[:, 0] - X[:, 1]), y),
    "more columns than rows": lambda _, y: (NOISE, y),
    "exact": lambda X, _: (X, X @ [1.0, 2.0, 3.0] + 1),
    "constant y": lambda X, _: (X, np.ones(30)),
    "constant column": lambda X, y: (with_column(X, 1, 3.0), y),
    "no residual df": lambda X, y: (X[:4], y[:4]),
    "one residual df": lambda X, y: (X[:5], y[:5]),
    "leverage one": lambda X, y: (with_column(X, 2, SPIKE), y),
    "two rows": lambda X, y: (X[:2, :1], y[:2]),
    "one row": lambda X, y: (X[:1, :1], y[:1]),
    "outlier": lambda X, y: (with_first(X, 1e6), with_first(y, -1e9)),
    "tiny and huge": lambda X, y: (X * [1e-140, 1, 1e140], y * 1e120),
    "positive": lambda X, y: (X, y),
    "no intercept": lambda X, y: (X, y),
}


def difficult(name):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    X, y = DIFFICULT[name](X, X @ [1.0, 2.0, 3.0] + rng.normal(size=30))
    model = LinearRegression(positive=name == "positive", fit_intercept=name != "no intercept")
    return quiet(model, X, y), X, y


@pytest.mark.parametrize("name", DIFFICULT)
def test_difficult_fits_are_drawn_with_a_reason_for_what_is_missing(name):
    model, X, y = difficult(name)
    for kind in EVERY:
        rendered(kind.from_estimator(model, X, y))
    display = rendered(RegressionDisplay.from_estimator(model, X, y, feature=0))
    texts = " ".join(text.get_text() for text in display.ax_.texts).replace("\n", " ")
    if name in {"more columns than rows", "positive", "no residual df", "two rows", "one row"}:
        assert display.data.withheld
        assert "No bands" in texts
    if name == "exact":
        assert "Exact fit" in texts


def test_terms_withheld_are_named_with_their_reason():
    model, X, y = difficult("dependent")
    display = CoefficientDisplay.from_estimator(model)
    assert display.data.terms == ("x0", "x1", "x2")
    texts = " ".join(text.get_text() for text in display.ax_.texts)
    assert "withheld: not determined by the data: x2 = x0 - x1" in texts
    assert PartialRegressionDisplay.from_estimator(model, X, y).data.withheld is not None


def test_rows_of_leverage_one_are_counted():
    model, X, y = difficult("leverage one")
    display = LeverageDisplay.from_estimator(model, X, y)
    assert display.data.saturated == 1
    assert "1 row of leverage 1" in " ".join(text.get_text() for text in display.ax_.texts).replace("\n", " ")


def test_several_responses(table):
    X = table[["a", "b"]]
    Y = pd.DataFrame({"first": table["y"], "second": table["y"] * 2 + table["a"] ** 2})
    model = LinearRegression().fit(X, Y)
    for kind in EVERY:
        rendered(kind.from_estimator(model, X, Y, response="second"))
    data = ResidualsDisplay.from_estimator(model, X, Y, response=1).data
    assert data.response == "second"
    np.testing.assert_allclose(data.cloud.values[:, 1], Y["second"] - model.predict(X)[:, 1], rtol=1e-9)
    display = RegressionDisplay.from_estimator(model, X, Y, feature="a")
    assert display.ax_.get_title(loc="left") == "first by a"
    for response in ("third", 2, True, -3):
        with pytest.raises(SchemaError, match="the fit has 'first', 'second'"):
            ResidualsDisplay.from_estimator(model, X, Y, response=response)


@pytest.mark.parametrize("most", [5, 200])
def test_a_row_with_a_frequency_is_as_many_residuals(table, most):
    X, y = table[["a", "b"]].to_numpy(), table["y"].to_numpy()
    count = np.random.default_rng(2).integers(1, most, len(y))
    model = LinearRegression(weights_type="frequency").fit(X, y, sample_weight=count)
    X_all, y_all = np.repeat(X, count, axis=0), np.repeat(y, count)
    data = QuantilesDisplay.from_estimator(model, X, y, sample_weight=count).data
    other = QuantilesDisplay.from_estimator(LinearRegression().fit(X_all, y_all), X_all, y_all).data
    assert (data.n, data.df) == (other.n, other.df) == (count.sum(), count.sum() - 4)
    np.testing.assert_array_equal(data.ranks, other.ranks)
    np.testing.assert_allclose(data.observed, other.observed, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(data.labelled[1][0], other.labelled[1][0])


def test_what_is_held_is_told_in_the_units_of_the_user():
    rng = np.random.default_rng(0)
    X = np.column_stack([2**60 + rng.integers(0, 1000, 60), rng.integers(0, 10, 60)])
    y = (X[:, 0] - 2**60) * 0.5 + 2 * X[:, 1] + rng.normal(size=60)
    data = RegressionDisplay.from_estimator(LinearRegression().fit(X, y), X, y, feature="x1").data
    assert data.held == {"x0": pytest.approx(2.0**60)}


def test_the_observation_of_a_prediction_band_has_weight_one(table):
    X, y = table[["a"]].to_numpy(), table["y"].to_numpy()
    model = LinearRegression().fit(X, y, sample_weight=np.full(len(y), 4.0))
    display = RegressionDisplay.from_estimator(model, X, y, sample_weight=np.full(len(y), 4.0))
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[-1].endswith("one observation of weight 1")


def test_only_a_fit_of_ours_is_drawn(table):
    from sklearn.linear_model import LinearRegression as Theirs

    X, y = table[["a"]].to_numpy(), table["y"].to_numpy()
    with pytest.raises(TypeError, match="compare_with_sklearn"):
        ResidualsDisplay.from_estimator(Theirs().fit(X, y), X, y)
