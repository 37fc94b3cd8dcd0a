"""What a `LogisticRegression` of more than two classes answers beside its tables: shapes, names, what is withheld and refused."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mathlearn
from mathlearn._errors import DomainError, SchemaError
from mathlearn.linear_model import LogisticRegression
from mathlearn.statistics import class_effects, probability_intervals
from mathlearn.statistics.class_rows import class_scores
from mathlearn.statistics.diagnostics import class_measures
from tests.unit.test_multinomial import iris, overlapping, quiet

CLASSES = ["bus", "car", "tram"]


@pytest.fixture(scope="module")
def rows():
    return overlapping()


@pytest.fixture(scope="module")
def model(rows):
    return LogisticRegression(C=np.inf).fit(*rows)


@pytest.fixture(scope="module")
def parted():
    """Return rows of which class c has a level of its own, and their fit: a and b are known where it is absent."""
    rng = np.random.default_rng(2)
    x, level = rng.normal(size=120), np.repeat([0.0, 1.0], 60)
    y = np.where(level == 1.0, "c", np.where(rng.random(120) < 1.0 / (1.0 + np.exp(-x)), "b", "a"))
    X = np.column_stack([x, level])
    return X, y, quiet(X, y)


# ------------------------------------------------------------------------------------------------------------------ ratios


def test_ratios_have_a_row_a_class_and_column(model):
    table = model.ratios()
    assert list(table.columns) == ["response", "term", "ratio", "conf_low", "conf_high", "p_value"]
    assert list(zip(table.response, table.term, strict=True)) == [
        (f"{name} / bus", term) for name in ("car", "tram") for term in ("size", "age")
    ]
    tidy = model.tidy()
    slopes = tidy[tidy.term != "(Intercept)"]
    for column, source in (("ratio", "estimate"), ("conf_low", "conf_low"), ("conf_high", "conf_high")):
        assert_allclose(table[column], np.exp(slopes[source]), rtol=1e-14)
    assert table.attrs["ratio"] == "odds ratio"
    assert "against 'bus'" in table.attrs["meaning"]


def test_withheld_ratios_say_why(rows):
    table = LogisticRegression().fit(*rows).ratios()
    assert table.conf_low.isna().all()
    assert table.attrs["reasons"]["car / bus", "size", "conf_low"] == "penalised: Wald inference withheld"


# --------------------------------------------------------------------------------------------------------------- intervals


def test_intervals_of_probabilities(model, rows):
    X, _ = rows
    found = model.predict_interval(X, 0.9)
    assert found.estimate.shape == found.lower.shape == found.upper.shape == (200, 3)
    assert found.responses == ("bus", "car", "tram")
    assert_allclose(found.estimate, model.predict_proba(X), rtol=1e-13)
    assert list(found.to_frame().response.unique()) == CLASSES
    assert "on the logit of each probability" in str(found)
    wider = model.predict_interval(X, 0.99)
    assert (wider.lower < found.lower).all()
    assert (wider.upper > found.upper).all()


def test_intervals_far_out_keep_their_digits(model):
    far = pd.DataFrame({"size": [300.0, -300.0], "age": [40.0, 40.0]})
    found = model.predict_interval(far)
    assert (found.lower > 0.0).all()
    assert (found.lower <= found.estimate).all()
    assert found.lower.min() < 1e-60
    assert (found.upper <= 1.0).all()


def test_blocks_of_rows_do_not_matter(model, rows, monkeypatch):
    X, y = rows
    whole, effects = model.predict_interval(X), model.marginal_effects(X)
    influence, table = model.influence(X, y), model.augment(X, y)
    for module in (probability_intervals, class_effects, class_measures):
        monkeypatch.setattr(module, "_NUMBERS", 500)
    for name in ("estimate", "lower", "upper"):
        assert_allclose(getattr(model.predict_interval(X), name), getattr(whole, name), rtol=1e-14)
    assert_allclose(model.marginal_effects(X).std_error, effects.std_error, rtol=1e-12)
    assert_allclose(model.influence(X, y), influence, rtol=1e-11, atol=1e-13)
    assert_allclose(model.augment(X, y).cooks_d, table.cooks_d, rtol=1e-12)


def test_an_observation_has_no_interval(model, rows):
    with pytest.raises(DomainError, match="one of 3 classes, which lie on no line"):
        model.predict_interval(rows[0], kind="observation")
    with pytest.raises(DomainError, match="kind is 'mean'"):
        model.predict_interval(rows[0], kind="mean")
    with pytest.raises(DomainError, match="penalised: Wald inference withheld"):
        LogisticRegression().fit(*rows).predict_interval(rows[0])


def test_intervals_of_a_separated_fit(parted):
    X, y, model = parted
    found = model.predict_interval(X)
    two = y != "c"
    binary = LogisticRegression(C=np.inf).fit(X[two, :1], y[two]).predict_interval(X[two, :1])
    for name in ("estimate", "lower", "upper"):
        assert_allclose(getattr(found, name)[two, 1], getattr(binary, name), rtol=1e-7)
    assert np.isnan(found.lower[two, 2]).all()
    assert np.isnan(found.estimate[~two]).all()
    assert found.notes == (probability_intervals.CLOSED,)


def test_intervals_beside_dependent_columns(rows):
    X, y = rows
    more = X.assign(twice=2 * X["size"])
    found = quiet(more, y).predict_interval(more.head(3))
    plain = LogisticRegression(C=np.inf).fit(X, y).predict_interval(X.head(3))
    assert_allclose(found.upper, plain.upper, rtol=1e-8)
    broken = quiet(more, y).predict_interval(more.head(3).assign(twice=[0.0, 1.0, 2.0]))
    assert np.isnan(broken.estimate).all()


def test_rows_in_other_forms(rows):
    sparse = pytest.importorskip("scipy.sparse")
    X, y = rows
    model = LogisticRegression(C=np.inf).fit(X.to_numpy(), y)
    S = sparse.csr_array(X.to_numpy())
    assert_allclose(model.predict_interval(S).upper, model.predict_interval(X.to_numpy()).upper, rtol=1e-12)
    for ask in (lambda X: model.augment(X, y).cooks_d, lambda X: model.infer(X, y, covariance="HC0").tidy().std_error,
                lambda X: model.marginal_effects(X).std_error, lambda X: model.test_terms(X, y).statistic):  # fmt: skip
        assert_allclose(ask(S), ask(X.to_numpy()), rtol=1e-9)
    holes = X.copy()
    holes.loc[3, "size"] = np.nan
    dropped = LogisticRegression(C=np.inf, missing="drop").fit(holes, y)
    found = dropped.predict_interval(holes)
    assert np.isnan(found.upper[3]).all()
    assert np.isfinite(np.delete(found.upper, 3, axis=0)).all()
    assert list(dropped.augment(holes, y).row[:4]) == [0, 1, 2, 4]


def test_huge_integers_and_far_columns():
    X, y = overlapping()
    time = (1.6e18 + 1e14 * X["size"]).astype("int64")
    here = ((time - time.iloc[0]) / 1e14).to_frame("time")
    model, plain = quiet(time.to_frame("time"), y), LogisticRegression(C=np.inf).fit(here, y)
    # The place of the columns' origin is lost in the intercept: 1.6e4 units of the spread, or 4 digits of a double.
    assert_allclose(model.predict_interval(time.to_frame("time")).upper, plain.predict_interval(here).upper, rtol=1e-9)
    assert_allclose(model.augment(time.to_frame("time"), y).hat, plain.augment(here, y).hat, rtol=1e-8)
    assert_allclose(
        model.test_terms(time.to_frame("time"), y).statistic, plain.test_terms(here, y).statistic, rtol=1e-8
    )
    hc0 = model.infer(time.to_frame("time"), y, covariance="HC0").tidy().set_index("term").std_error["time"]
    assert_allclose(
        1e14 * hc0, plain.infer(here, y, covariance="HC0").tidy().set_index("term").std_error["time"], rtol=1e-8
    )
    effect = model.marginal_effects(time.to_frame("time"))
    assert_allclose(1e14 * effect.std_error, plain.marginal_effects(here).std_error, rtol=1e-8)


# ------------------------------------------------------------------------------------------------------------- covariances


@pytest.mark.parametrize("kind", ["HC2", "HC3"])
def test_covariances_by_leverage_are_refused(kind, model, rows):
    with pytest.raises(DomainError, match="a matrix of leverages, for which no such rule is agreed on"):
        model.infer(*rows, covariance=kind)
    with pytest.raises(DomainError, match="a matrix of leverages"):
        LogisticRegression(C=np.inf, covariance=kind).fit(*rows)


def test_other_rows_are_refused(model, rows):
    X, y = rows
    for ask in (
        lambda X, y: model.infer(X, y, covariance="HC0"),
        model.test_terms,
        model.profile_intervals,
        model.influence,
    ):
        with pytest.raises(SchemaError, match="the fit used 200 rows and 150 were given"):
            ask(X[:150], y[:150])
        with pytest.raises(SchemaError, match=r"score equations|other rows"):
            ask(X.iloc[::-1], y)


def test_a_robust_fit_is_saved_whole(rows, tmp_path):
    X, y = rows
    groups = np.arange(200) % 17
    model = LogisticRegression(C=np.inf, covariance="cluster").fit(X, y, groups=groups)
    model.save(tmp_path / "model.safetensors")
    again = mathlearn.load(tmp_path / "model.safetensors")
    assert again.tidy().equals(model.tidy())
    assert_array_equal(again.predict_interval(X).upper, model.predict_interval(X).upper)
    assert "t with 16 df" in model.predict_interval(X).method
    assert model.glance().attrs["reasons"]["lr_statistic"].startswith("under the cluster covariance")
    joint = model.contrast([{name: 1.0} for name in model.result_.terms if "(Intercept)" not in name]).joint
    assert_allclose(model.glance()["wald_statistic"], joint.statistic, rtol=1e-10)


# ------------------------------------------------------------------------------------------------------- tests and profiles


def test_terms_of_a_formula_and_single_coefficients(rows):
    X, y = rows
    frame = X.assign(mode=y, area=np.array(["u", "v", "w"])[np.arange(200) % 3])
    model = LogisticRegression(C=np.inf, formula="mode ~ size + C(area)").fit(frame)
    found = model.test_terms(frame)
    assert (found.terms, found.df.tolist()) == (("size", "C(area)"), [2, 4])
    fewer = LogisticRegression(C=np.inf, formula="mode ~ size").fit(frame).result_
    assert_allclose(found.statistic[1], fewer.deviance[0] - model.result_.deviance[0], rtol=1e-8)
    one = model.test_terms(frame, kind="wald", terms=["car: size"])
    assert one.df.tolist() == [1]
    assert_allclose(one.statistic[0], model.tidy().set_index(["response", "term"]).statistic["car / bus", "size"] ** 2)
    with pytest.raises(SchemaError, match="there is no term 'sise'"):
        model.test_terms(frame, terms=["sise"])


def test_terms_beside_dependent_columns(rows):
    X, y = rows
    more = X.assign(twice=2 * X["size"])
    found, plain = quiet(more, y).test_terms(more, y), LogisticRegression(C=np.inf).fit(X, y).test_terms(X, y)
    assert found.df.tolist() == [0, 2, 0]
    assert found.reasons["size"] == found.reasons["twice"] == "not determined by the data: twice = 2·size"
    assert_allclose(found.statistic[1], plain.statistic[1], rtol=1e-8)
    ends = quiet(more, y).profile_intervals(more, y, terms=["car: age", "car: twice"])
    assert_allclose(
        ends.conf_low[0], LogisticRegression(C=np.inf).fit(X, y).profile_intervals(X, y).conf_low[2], rtol=1e-6
    )
    assert np.isnan(ends.estimate[1])


def test_a_profile_ends_where_the_deviance_has_risen_by_the_quantile(model, rows):
    from scipy.optimize import minimize

    X, y = rows
    ends = model.profile_intervals(X, y, terms=["tram: size"])
    assert list(ends.columns) == ["response", "term", "estimate", "conf_low", "conf_high"]
    assert tuple(ends.loc[0, ["response", "term"]]) == ("tram / bus", "size")
    z = np.column_stack([np.ones(200), X["size"], (X["age"] - 40.0) / 10.0])
    seen = np.searchsorted(CLASSES, y)

    def deviance(free, value):
        theta = np.insert(free, 4, value).reshape(2, 3)
        scores = np.column_stack([np.zeros(200), z @ theta.T])
        return 2.0 * (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(200), seen]).sum()

    for value in ends.loc[0, ["conf_low", "conf_high"]]:
        least = minimize(deviance, np.zeros(5), args=(value,), method="BFGS", options={"gtol": 1e-6}).fun
        assert_allclose(least - model.result_.deviance[0], 1.959963984540054**2, rtol=1e-6)


def test_a_separated_fit_is_tested_and_profiled(parted):
    X, y, model = parted
    two = y != "c"
    binary = LogisticRegression(C=np.inf).fit(X[two, :1], y[two])
    names = ["b: (Intercept)", "b: x0"]
    found = model.profile_intervals(X, y, terms=names)
    one = binary.profile_intervals(X[two, :1], y[two])
    for name in ("estimate", "conf_low", "conf_high"):
        assert_allclose(found[name], one[name], rtol=1e-5)
    level = model.profile_intervals(X, y, terms=["c: x1"])
    assert level.conf_high[0] == np.inf
    assert np.isfinite(level.conf_low[0])
    assert "never falls so far" in level.attrs["reasons"]["c / a", "x1", "conf_high"]
    tests = model.test_terms(X, y, kind="lr", terms=["x1"])
    without = LogisticRegression(C=np.inf).fit(X[:, :1], y).result_
    assert_allclose(tests.statistic[0], without.deviance[0] - model.result_.deviance[0], rtol=1e-6)
    assert "kind='lr' tests it" in model.test_terms(X, y, kind="wald", terms=["x1"]).reasons["x1"]


def test_penalised_fits_have_no_tests(rows):
    model = LogisticRegression().fit(*rows)
    for ask in (model.test_terms, model.profile_intervals, model.influence):
        with pytest.raises(DomainError, match="penalised: Wald inference withheld"):
            ask(*rows)


# -------------------------------------------------------------------------------------------------------- effects and rows


def test_marginal_effects_of_a_formula(rows):
    X, y = rows
    frame = X.assign(mode=y, area=np.array(["u", "v"])[np.arange(200) % 2])
    model = LogisticRegression(C=np.inf, formula="mode ~ size + I(size**2) + area").fit(frame)
    table = model.marginal_effects(frame)
    assert list(table.columns[:3]) == ["response", "term", "contrast"]
    assert list(table.response) == [name for name in CLASSES for _ in range(2)]
    assert list(table.contrast) == ["dmu/dx", "v - u"] * 3
    step = (model.predict_proba(frame.assign(area="v")) - model.predict_proba(frame.assign(area="u"))).mean(axis=0)
    assert_allclose(table[table.term == "area"].estimate, step, rtol=1e-9)
    h = 1e-5
    up, down = (model.predict_proba(frame.assign(size=frame["size"] + s)) for s in (h, -h))
    assert_allclose(table[table.term == "size"].estimate, (up - down).mean(axis=0) / (2 * h), atol=1e-9)
    assert (table.std_error > 0.0).all()
    alone = LogisticRegression(C=np.inf, formula="mode ~ 1").fit(frame).marginal_effects(frame)
    assert len(alone) == 0


@pytest.mark.parametrize("at", ["average", "mean"])
def test_effects_through_a_formula_are_those_of_its_columns(at, model, rows):
    X, y = rows
    frame = X.assign(mode=y)
    through = LogisticRegression(C=np.inf, formula="mode ~ size + age").fit(frame).marginal_effects(frame, at=at)
    plain = model.marginal_effects(X, at=at)
    assert list(through.term) == list(plain.term)
    for name in ("estimate", "std_error"):
        assert_allclose(through[name], plain[name], rtol=1e-9)


def test_effects_of_a_penalised_fit_are_estimates_alone(rows):
    table = LogisticRegression().fit(*rows).marginal_effects(rows[0])
    assert table.estimate.notna().all()
    assert table.std_error.isna().all()
    assert table.attrs["reasons"]["bus", "size", "dmu/dx", "std_error"] == "penalised: Wald inference withheld"


def test_effects_of_a_separated_fit(parted):
    X, _, model = parted
    table = model.marginal_effects(X).set_index(["term", "response"])
    # In half the rows the probabilities are at their ends; in the others two classes are left.
    two = X[:, 1] == 0.0
    binary = LogisticRegression(C=np.inf).fit(X[two, :1], parted[1][two]).marginal_effects(X[two, :1])
    assert_allclose(table.loc["x0", "estimate"], [-0.5 * binary.estimate[0], 0.5 * binary.estimate[0], 0.0], rtol=1e-7)
    assert_allclose(table.loc["x0", "std_error"][:2], 0.5 * binary.std_error[0], rtol=1e-7)
    assert table.loc["x1", "estimate"].isna()[:2].all()


def test_augment_has_a_row_a_row(model, rows):
    X, y = rows
    table = model.augment(X, y)
    assert list(table.columns) == [
        "row", "predicted", "fitted_bus", "fitted_car", "fitted_tram", "resid_pearson_bus", "resid_pearson_car",
        "resid_pearson_tram", "resid_deviance", "weights", "hat", "cooks_d",
    ]  # fmt: skip
    assert_array_equal(table.predicted, model.predict(X))
    assert_allclose(table[[f"fitted_{name}" for name in CLASSES]], model.predict_proba(X), rtol=1e-13)
    assert (table.resid_deviance > 0.0).all()
    assert list(model.augment(X).columns) == ["row", "predicted", "fitted_bus", "fitted_car", "fitted_tram"]
    other = model.augment(X[:150], y[:150])
    assert other.hat.isna().all()
    assert "the fit used 200 rows and 150 were given" in other.attrs["reasons"]["all rows", "hat"]
    assert_allclose(other.resid_deviance, table.resid_deviance[:150], rtol=1e-13)
    penalised = LogisticRegression().fit(X, y).augment(X, y)
    assert penalised.attrs["reasons"]["all rows", "cooks_d"] == "penalised: Wald inference withheld"
    assert (penalised.resid_deviance > 0.0).all()


def test_a_row_that_fits_itself_has_no_distance(rows):
    X, y = rows
    alone = X.assign(dummy=(np.arange(200) == 7).astype(float))
    # The row of one class takes the other two to zero: separated, and at its end without information.
    model = quiet(alone, y)
    table = model.augment(alone, y)
    assert table.cooks_d[7] == 0.0
    assert_allclose(table.hat.sum(), model.result_.curvature.whitener.shape[1], rtol=1e-9)


def test_leverage_one(rows):
    X, y = rows
    weight = np.ones(200)
    first = [int(np.flatnonzero(y == name)[0]) for name in CLASSES]
    far = X[["size"]].assign(dummy=np.isin(np.arange(200), first).astype(float))
    # Three rows, one of each class, share a column: without one of them a class is ruled out there.
    model = LogisticRegression(C=np.inf).fit(far, y, sample_weight=weight)
    table = model.augment(far, y, sample_weight=weight)
    assert np.isfinite(table.cooks_d).all()
    assert (table.hat[first] > 0.3).all()


def test_influence_names_the_coefficients(model, rows):
    table = model.influence(*rows)
    names = [f"dfbetas_{term}" for term in model.result_.terms]
    assert list(table.columns) == ["row", "hat", "cooks_d", *names]
    X, y = rows
    row = int(table.cooks_d.argmax())
    without = LogisticRegression(C=np.inf).fit(X.drop(row), np.delete(y, row)).tidy()
    moved = (model.tidy().estimate - without.estimate) / model.tidy().std_error
    # One step is short of the whole way by a share of the leverage, which is 0.07.
    assert_allclose(table.loc[row, names].astype(float), moved, atol=0.1 * np.abs(moved).max())


def test_frames_of_other_kinds(model, rows):
    polars = pytest.importorskip("polars")
    assert isinstance(model.augment(*rows, as_="polars"), polars.DataFrame)
    assert isinstance(model.marginal_effects(rows[0], as_="polars"), polars.DataFrame)


def test_scores_of_a_record_are_those_of_the_model(model, rows):
    X = rows[0].to_numpy()
    assert_array_equal(class_scores(model.result_, X), model.decision_function(rows[0]))


def test_iris_answers_or_says_why():
    X, y = iris()
    model = quiet(X, y)
    assert np.isnan(model.predict_interval(X).estimate[y == "setosa"]).all()
    assert model.augment(X, y).hat.sum() == pytest.approx(5.0)
    assert model.test_terms(X, y).p_value[2] < 0.01
    robust = model.infer(X, y, covariance="HC0").contrast({"virginica: x0": 1.0, "versicolor: x0": -1.0})
    two = y != "setosa"
    binary = LogisticRegression(C=np.inf, covariance="HC0").fit(X[two], y[two])
    assert_allclose(robust.std_error.item(), binary.tidy().std_error[1], rtol=1e-7)


def test_the_command_line_writes_an_interval_of_each_class(rows, tmp_path, capsys):
    from mathlearn import cli

    X, y = rows
    path, table = tmp_path / "model.safetensors", tmp_path / "rows.csv"
    X.assign(mode=y).to_csv(table, index=False)
    model = LogisticRegression(C=np.inf, formula="mode ~ size + age").fit(mathlearn.scan(table))
    model.save(path)
    assert cli.main(["predict", str(path), str(table), "--interval", "0.9"]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))
    expected = model.predict_interval(X, 0.9)
    for part, name in (("estimate", ""), ("lower", "lower "), ("upper", "upper ")):
        columns = [f"{name}probability of {label}" for label in CLASSES]
        assert_allclose(found[columns], getattr(expected, part), rtol=1e-12)
