"""tidy, glance, conf_int, augment: what is shown, and why a cell is empty."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from _fits import ArrayRows, fit
from numpy.testing import assert_allclose

from mathlearn import statistics as st
from mathlearn._errors import DomainError
from mathlearn.results.fit_result import CovarianceEstimate

HEAVY = ["scipy", "pandas", "sklearn", "pyarrow", "polars"]
TIDY = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


@pytest.fixture
def data():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(30, 2))
    return X, X @ [1.0, 2.0] + rng.normal(size=30)


@pytest.fixture
def dependent(data):
    X, y = data
    Z = np.column_stack([X, 2 * X[:, 0] - X[:, 1], np.full(30, 5.0), np.arange(30) % 4])
    aliases = [("c", ("a", "b"), (2.0, -1.0), 0.0), ("five", (), (), 5.0)]
    return fit(Z, y, terms=["a", "b", "c", "five", "d"], aliases=aliases), Z


def assert_every_empty_cell_has_a_reason(frame, several=False):
    reasons = frame.attrs["reasons"]
    numbers = frame.select_dtypes("number")
    for i, column in zip(*np.nonzero(numbers.isna().to_numpy()), strict=True):
        row, name = frame.iloc[i], numbers.columns[column]
        key = (row["term"], name) if "term" in frame else name
        if several:
            key = (row["response"], *key) if isinstance(key, tuple) else (row["response"], key)
        assert reasons[key]
    assert len(reasons) == int(numbers.isna().sum().sum())


def test_importing_statistics_imports_nothing_heavy():
    code = f"import sys, mathlearn.statistics; print([m for m in {HEAVY} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_one_response_has_no_response_column_and_several_have(data):
    X, y = data
    assert list(st.tidy(fit(X, y))) == TIDY
    assert st.tidy(fit(X, y))["term"].tolist() == [st.INTERCEPT, "x0", "x1"]
    two = st.tidy(fit(X, np.column_stack([y, -2 * y]), responses=["u", "v"]))
    assert list(two) == ["response", *TIDY]
    assert two["response"].tolist() == ["u"] * 3 + ["v"] * 3
    assert_allclose(two["estimate"][3:].to_numpy(), -2 * two["estimate"][:3].to_numpy(), rtol=1e-12)
    assert st.tidy(fit(X, y, intercept=False))["term"].tolist() == ["x0", "x1"]


@pytest.mark.parametrize("as_", ["polars", "arrow"])
@pytest.mark.parametrize("table", [st.tidy, st.glance, st.conf_int])
def test_other_frames_hold_the_same(data, table, as_):
    result = fit(*data)
    frame = table(result, as_=as_)
    pandas = frame.to_pandas() if as_ == "arrow" else frame.to_dict(as_series=False)
    expected = table(result)
    for name in expected:
        assert list(pandas[name]) == list(expected[name])


def test_an_unknown_frame_is_refused(data):
    with pytest.raises(DomainError, match="'pandas', 'polars', 'arrow'"):
        st.tidy(fit(*data), as_="numpy")


def test_conf_int_is_that_of_tidy_at_the_level(data):
    result = fit(*data)
    narrow, wide = st.conf_int(result, 0.5), st.conf_int(result, 0.99)
    assert list(narrow) == ["term", "estimate", "conf_low", "conf_high"]
    assert (wide["conf_low"] < narrow["conf_low"]).all()
    assert_allclose(wide["conf_high"], st.tidy(result, 0.99)["conf_high"])


def test_glance_has_its_columns_in_order(data):
    assert list(st.glance(fit(*data))) == [
        *("n", "n_dropped", "r_squared", "adj_r_squared", "sigma", "f_statistic", "f_p_value", "df_model", "df_resid"),
        *("log_likelihood", "aic", "bic", "rss", "rank", "condition_raw", "condition_scaled", "digits"),
        *("verdict", "covariance"),
    ]


def test_terms_not_determined_are_withheld_with_their_alias_and_the_others_are_kept(dependent):
    result, _ = dependent
    shown = st.tidy(result)
    assert_every_empty_cell_has_a_reason(shown)
    known = shown.set_index("term")["estimate"].notna()
    assert known.to_dict() == {st.INTERCEPT: False, "a": False, "b": False, "c": False, "five": False, "d": True}
    assert shown.attrs["reasons"]["a", "p_value"] == "not determined by the data: c = 2·a - b"
    assert "five = 5" in shown.attrs["reasons"][st.INTERCEPT, "estimate"]
    whole = st.glance(result)
    assert_every_empty_cell_has_a_reason(whole)
    assert whole["rank"][0] == 3
    covariance = st.covariance_matrix(result)[0]
    assert np.isfinite(covariance).sum() == 1
    assert_allclose(np.sqrt(covariance[5, 5]), shown["std_error"][5])


def test_an_exact_fit_has_no_error_and_no_test(data):
    X, _ = data
    result = fit(X, 1 + X @ [1.0, 2.0])
    shown, whole = st.tidy(result), st.glance(result)
    assert (shown["std_error"] == 0).all()
    assert (shown["conf_low"] == shown["estimate"]).all()
    assert shown[["statistic", "p_value"]].isna().all(axis=None)
    assert set(shown.attrs["reasons"].values()) == {"exact fit"}
    assert whole["sigma"][0] == 0
    assert whole["r_squared"][0] == 1
    for frame in (shown, whole):
        assert_every_empty_cell_has_a_reason(frame)


def test_an_exact_fit_stays_exact_in_a_robust_covariance(data):
    X, _ = data
    y = 1 + X @ [1.0, 2.0]
    result = fit(X, y)
    covariance = st.estimate("HC3", result, ArrayRows(X, y[:, None]), max_rows=9, threads=1)
    shown = st.tidy(replace(result, covariance=covariance))
    assert (shown["std_error"] == 0).all()
    assert_every_empty_cell_has_a_reason(shown)
    assert_every_empty_cell_has_a_reason(st.glance(replace(result, covariance=covariance)))


def test_a_constant_target_is_named(data):
    X, _ = data
    result = fit(X, np.full(30, 3.0))
    whole = st.glance(result)
    assert whole.attrs["reasons"]["r_squared"] == "constant target"
    assert_every_empty_cell_has_a_reason(whole)
    assert_every_empty_cell_has_a_reason(st.tidy(result))


def test_no_residual_degrees_of_freedom(data):
    X, y = data
    result = fit(X[:3], y[:3])
    shown = st.tidy(result)
    assert shown["estimate"].notna().all()
    assert shown["std_error"].isna().all()
    assert "3 rows for 3 parameters" in shown.attrs["reasons"]["x0", "std_error"]
    assert_every_empty_cell_has_a_reason(shown)
    assert_every_empty_cell_has_a_reason(st.glance(result))
    with pytest.raises(DomainError, match="3 rows for 3 parameters"):
        st.predict_interval(result, X, np.zeros(30))


def test_withheld_inference_keeps_the_estimates(data):
    reason = "coefficients are held at or above zero (positive=True)"
    result = replace(fit(*data), withheld=reason, curvature=None, covariance=None)
    shown, whole = st.tidy(result), st.glance(result)
    assert shown["estimate"].notna().all()
    assert set(shown.attrs["reasons"].values()) == {reason}
    for frame in (shown, whole):
        assert_every_empty_cell_has_a_reason(frame)
    assert np.isfinite(whole["r_squared"][0])
    assert whole["covariance"][0] == "none"
    for call in (
        st.covariance_matrix,
        lambda r: st.contrast(r, "x0"),
        lambda r: st.predict_interval(r, data[0], data[1]),
    ):
        with pytest.raises(DomainError, match="held at or above zero"):
            call(result)


def test_reasons_of_several_responses_name_the_response(data):
    X, y = data
    result = fit(X, np.column_stack([y, X[:, 0]]), responses=["noisy", "copy"])
    for frame in (st.tidy(result), st.glance(result)):
        assert_every_empty_cell_has_a_reason(frame, several=True)
        assert {key[0] for key in frame.attrs["reasons"]} == {"copy"}


def test_without_slopes_there_is_no_f(data):
    result = fit(np.zeros((30, 0)), data[1])
    whole = st.glance(result)
    assert whole.attrs["reasons"]["f_statistic"] == "there are no slopes to test"
    assert_allclose(st.tidy(result)["std_error"], np.std(data[1], ddof=1) / np.sqrt(30))
    robust = replace(
        result,
        covariance=st.estimate("HC1", result, ArrayRows(np.zeros((30, 0)), data[1][:, None]), max_rows=9, threads=1),
    )
    assert_every_empty_cell_has_a_reason(st.glance(robust))


def test_too_few_clusters_withhold_the_joint_test_only(data):
    X, y = data
    result = fit(X, y)
    rows = ArrayRows(X, y[:, None], group=np.arange(30)[:, None] % 2)
    result = replace(result, covariance=st.estimate("cluster", result, rows, max_rows=9, threads=1))
    whole = st.glance(result)
    assert "2 clusters cannot test 2 combinations" in whole.attrs["reasons"]["f_statistic"]
    assert st.tidy(result)["p_value"].notna().all()


def test_a_standard_error_of_zero_gives_no_t(data):
    result = fit(*data)
    meat = np.diag([1.0, 0, 0])[None]
    shown = st.tidy(replace(result, covariance=CovarianceEstimate("HC0", meat, 27.0, "made up")))
    assert shown["std_error"].tolist()[1:] == [0, 0]
    assert_every_empty_cell_has_a_reason(shown)


# -------------------------------------------------------------------------------------------------------------- augment


def test_augment_gives_a_row_a_row_with_its_number(data):
    X, y = data
    index = np.flatnonzero(np.arange(36) % 6)
    table = st.augment(fit(X, y), ArrayRows(X, y[:, None], index=index), max_rows=7)
    assert list(table) == ["row", "fitted", "resid", "hat", "std_resid", "loo_sigma", "cooks_d"]
    assert table["row"].tolist() == index.tolist()
    assert_allclose(table["fitted"] + table["resid"], y)
    assert_allclose(table["hat"].sum(), 3)


def test_augment_measures_are_those_of_leaving_a_row_out(data):
    X, y = data
    w = np.random.default_rng(0).uniform(0.5, 2, 30)
    result = fit(X, y, weight=w)
    table = st.augment(result, ArrayRows(X, y[:, None], w))
    keep = np.arange(30) != 4
    without = fit(X[keep], y[keep], weight=w[keep])
    assert_allclose(table["loo_sigma"][4], np.sqrt(without.deviance[0] / without.df_resid))
    shift = X @ (result.coef - without.coef)[0] + (result.intercept - without.intercept)[0]
    assert_allclose(table["cooks_d"][4], w @ shift**2 / (3 * result.deviance[0] / 27))


def test_augment_of_several_responses_is_long(data):
    X, y = data
    Y = np.column_stack([y, -y])
    table = st.augment(fit(X, Y), ArrayRows(X, Y), max_rows=11)
    assert table["response"].tolist() == ["y0"] * 30 + ["y1"] * 30
    assert_allclose(table["fitted"][:30].to_numpy(), -table["fitted"][30:].to_numpy())
    assert_allclose(table["resid"].to_numpy(), (Y.T.ravel() - table["fitted"]).to_numpy())


def test_augment_without_y_predicts_and_on_other_rows_withholds_the_measures(data):
    X, y = data
    result = fit(X, y)
    assert list(st.augment(result, ArrayRows(X))) == ["row", "fitted"]
    other = st.augment(result, ArrayRows(X[::-1].copy(), y[:, None]))
    assert other["hat"].isna().all()
    assert "not the rows of the fit" in other.attrs["reasons"]["all rows", "hat"]
    assert other["resid"].notna().all()


def test_augment_names_the_row_of_leverage_one(data):
    X, y = data
    Z = np.column_stack([X, np.eye(30)[:, 3]])
    table = st.augment(fit(Z, y), ArrayRows(Z, y[:, None]))
    assert np.isnan(table["std_resid"][3])
    assert "leverage 1" in table.attrs["reasons"][3, "std_resid"]
    assert table["std_resid"].drop(3).notna().all()


def test_augment_of_an_exact_fit_says_so(data):
    X, _ = data
    y = X @ [1.0, 2.0]
    table = st.augment(fit(X, y), ArrayRows(X, y[:, None]))
    assert table["std_resid"].isna().all()
    assert table.attrs["reasons"]["all rows", "cooks_d"] == "exact fit"
    assert (table["loo_sigma"] == 0).all()
