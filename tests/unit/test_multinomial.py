"""`LogisticRegression` of more than two classes: shapes, tables, separation, files, and what is refused."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mathlearn
from mathlearn._errors import DomainError, RankDeficiencyWarning, SchemaError, UntrustedModelError
from mathlearn.data.bind import bind
from mathlearn.fitting import multinomial_solver
from mathlearn.fitting.likelihood_spec import LikelihoodSpec
from mathlearn.fitting.multinomial import fit_multinomial
from mathlearn.linear_model import LogisticRegression
from mathlearn.persistence.consistency import check_model
from mathlearn.plot import LeverageDisplay, MeanCurveDisplay
from mathlearn.probability import family_named
from mathlearn.results.fit_result import Status
from mathlearn.results.stack import stacked_names
from mathlearn.statistics import reasons


def overlapping(n=200, seed=0):
    """Return a frame of two columns, and labels that overlap."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"size": rng.normal(size=n), "age": 40.0 + 10.0 * rng.normal(size=n)})
    scores = np.column_stack([np.zeros(n), frame["size"], -0.05 * (frame["age"] - 40.0)])
    chance = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return frame, np.array(["bus", "car", "tram"])[[rng.choice(3, p=each) for each in chance]]


@pytest.fixture(scope="module")
def rows():
    return overlapping()


@pytest.fixture(scope="module")
def model(rows):
    return LogisticRegression(C=np.inf).fit(*rows)


def iris():
    datasets = pytest.importorskip("sklearn.datasets")
    data = datasets.load_iris()
    return data.data, data.target_names[data.target]


def quiet(*rows, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LogisticRegression(**{"C": np.inf, **options}).fit(*rows)


# ------------------------------------------------------------------------------------------------------------- predictions


def test_shapes(model, rows):
    X, _ = rows
    assert list(model.classes_) == ["bus", "car", "tram"]
    assert model.coef_.shape == (3, 2)
    assert model.intercept_.shape == (3,)
    assert model.n_iter_.shape == (1,)
    assert (
        model.decision_function(X).shape == model.predict_proba(X).shape == model.predict_log_proba(X).shape == (200, 3)
    )


def test_predictions_agree_with_each_other(model, rows):
    X, y = rows
    scores, chance = model.decision_function(X), model.predict_proba(X)
    assert_allclose(scores, X.to_numpy() @ model.coef_.T + model.intercept_, atol=1e-12)
    assert_allclose(chance, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), rtol=1e-12)
    assert_allclose(model.predict_log_proba(X), np.log(chance), rtol=1e-12)
    assert_array_equal(model.predict(X), model.classes_[scores.argmax(axis=1)])
    assert model.score(X, y) == pytest.approx(np.mean(model.predict(X) == y))


def test_probabilities_keep_their_digits_in_the_tails(model):
    far = pd.DataFrame({"size": [300.0, -300.0], "age": [40.0, 40.0]})
    log_chance = model.predict_log_proba(far)
    assert np.isfinite(log_chance).all()
    assert_allclose(model.predict_proba(far), np.exp(log_chance), rtol=1e-9)
    assert 0.0 < model.predict_proba(far).min() < 1e-60
    assert -1e-60 < log_chance[0].max() < 0.0


def test_weights_in_the_score(model, rows):
    X, y = rows
    hit = model.predict(X) == y
    assert model.score(X, y, sample_weight=1.0 + hit) == pytest.approx(2 * hit.sum() / (1.0 + hit).sum())


def test_coefficients_of_ones_own_are_used(rows):
    X, y = rows
    model = LogisticRegression(C=np.inf).fit(X, y)
    model.coef_ = np.zeros((3, 2))
    model.intercept_ = np.log([0.2, 0.3, 0.5])
    assert_allclose(model.predict_proba(X), np.tile([0.2, 0.3, 0.5], (len(X), 1)), rtol=1e-12)


def test_numbers_as_labels_and_single_precision(rows):
    X, y = rows
    codes = np.searchsorted(["bus", "car", "tram"], y) * 10 - 10
    model = LogisticRegression(C=np.inf).fit(X.astype(np.float32), codes)
    assert list(model.classes_) == [-10, 0, 10]
    assert {a.dtype for a in (model.coef_, model.intercept_, model.predict_proba(X.astype(np.float32)))} == {
        np.dtype("float32")
    }
    assert model.result_.terms[:2] == ("0: (Intercept)", "0: size")


def test_missing_values_are_dropped_and_left_open(rows):
    X, y = rows
    holes = X.copy()
    holes.loc[3, "size"] = np.nan
    model = LogisticRegression(C=np.inf, missing="drop").fit(holes, y)
    assert model.result_.n == 199
    assert_allclose(model.coef_, LogisticRegression(C=np.inf).fit(X.drop(3), np.delete(y, 3)).coef_, rtol=1e-9)
    assert np.isnan(model.predict_proba(holes)[3]).all()
    with pytest.raises(SchemaError, match="1 rows lack a value"):
        model.predict(holes)


# -------------------------------------------------------------------------------------------------------------- the record


def test_the_record_stacks_the_predictors(model):
    result, stack = model.result_, model.result_.stack
    assert result.terms == ("car: (Intercept)", "car: size", "car: age", "tram: (Intercept)", "tram: size", "tram: age")
    assert stack.predictors == ("car / bus", "tram / bus")
    assert stack.columns == ("size", "age")
    assert_array_equal(stack.intercepts, [True, False, False] * 2)
    assert result.likelihood.family == "multinomial"
    assert (result.rank, result.df_model, result.df_resid) == (6, 4, 2 * 200 - 6)
    slopes, intercept = stack.apart(result.coef[0])
    assert_allclose(slopes, model.coef_[1:] - model.coef_[0], rtol=1e-12)
    assert_allclose(intercept, model.intercept_[1:] - model.intercept_[0], rtol=1e-12)
    assert_allclose(stack.level, intercept + slopes @ stack.mean, rtol=1e-12, atol=1e-13)


def test_tables(model):
    table = model.tidy()
    assert list(table.columns[:2]) == ["response", "term"]
    assert list(table.response) == ["car / bus"] * 3 + ["tram / bus"] * 3
    assert list(table.term) == ["(Intercept)", "size", "age"] * 2
    assert list(model.conf_int().columns) == ["response", "term", "estimate", "conf_low", "conf_high"]
    numbers = model.glance().iloc[0]
    assert (numbers["family"], numbers["link"], numbers["df_model"], numbers["dispersion"]) == (
        "multinomial",
        "softmax",
        4,
        1,
    )
    assert numbers["deviance"] == pytest.approx(-2 * numbers["log_likelihood"])
    assert numbers["pseudo_r_squared"] == pytest.approx(1 - numbers["log_likelihood"] / numbers["null_log_likelihood"])
    assert numbers["aic"] == pytest.approx(12 - 2 * numbers["log_likelihood"])


def test_summary(model):
    text = model.summary().to_text()
    assert text.startswith("Multinomial logistic regression of y (3 classes, against 'bus'): certified")
    assert "Rank        6 of 6 parameters" in text
    assert text.index("log-likelihood") < text.index("car / bus") < text.index("tram / bus")
    assert "the log odds of the class named first against 'bus'" in " ".join(text.split())
    assert model.summary().to_html().count("<thead>") == 2
    assert model.summary().to_latex().count(r"\begin{tabular}") == 2


def test_contrasts_across_classes(model):
    found = model.contrast("`car: size` = `tram: size`")
    names = model.result_.terms
    b = model.result_.curvature.whitener
    L = np.zeros(6)
    L[names.index("car: size")], L[names.index("tram: size")] = 1.0, -1.0
    assert_allclose(found.std_error.item(), np.linalg.norm(L @ b), rtol=1e-12)
    assert_allclose(found.estimate.item(), model.coef_[1, 0] - model.coef_[2, 0], rtol=1e-12)


def test_the_wald_test_of_all_slopes_is_the_joint_contrast(model):
    slopes = [{name: 1.0} for name in model.result_.terms if "(Intercept)" not in name]
    joint, numbers = model.contrast(slopes).joint, model.glance().iloc[0]
    assert_allclose(numbers["wald_statistic"], joint.statistic.item(), rtol=1e-10)
    assert_allclose(numbers["wald_p_value"], joint.p_value.item(), rtol=1e-10)


def test_dependent_columns_are_named_once(rows):
    X, y = rows
    with pytest.warns(RankDeficiencyWarning, match="twice = 2·size"):
        model = LogisticRegression(C=np.inf).fit(X.assign(twice=2 * X["size"]), y)
    table = model.tidy()
    assert list(table.term[table.estimate.isna()]) == ["size", "twice"] * 2
    assert table.attrs["reasons"]["car / bus", "size", "estimate"].endswith("twice = 2·size")
    assert model.result_.rank == 6
    plain = LogisticRegression(C=np.inf).fit(X, y)
    for name in ("wald_statistic", "lr_statistic", "aic"):
        assert_allclose(model.glance()[name], plain.glance()[name], rtol=1e-8)


def test_penalised_inference_is_withheld(rows):
    model = LogisticRegression().fit(*rows)
    assert model.tidy().std_error.isna().all()
    assert set(model.tidy().attrs["reasons"].values()) == {"penalised: Wald inference withheld"}
    assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-12)
    assert_allclose(model.intercept_.sum(), 0.0, atol=1e-12)


def test_names_of_stacked_parameters_differ():
    names = stacked_names(["a", "b", "b: x"], ["y", "x: y"])
    assert len(set(names)) == 4
    assert names == ("b: y", "b: x: y", "`b: x`: y", "`b: x`: x: y")


def test_another_look_at_the_covariance(model, rows):
    again = model.infer(*rows, covariance="classical")
    assert again.tidy().equals(model.tidy())


# --------------------------------------------------------------------------------------------------------------- the rows


def test_raw_units():
    X, y = overlapping(400)
    raw = pd.DataFrame({"time": 1.6e9 + 1e5 * X["size"], "share": 1e-7 * X["age"], "grown": 1e8 + X["size"] * X["age"]})
    tidy = (raw - raw.mean()) / raw.std()
    model, plain = LogisticRegression(C=np.inf).fit(raw, y), LogisticRegression(C=np.inf).fit(tidy, y)
    assert model.certificate_.verdict == "certified"
    assert model.verify(raw, y).ok
    # Entries of 1e8 beside a spread of 40 are known to 4e-16 of 1e8, which is 1e-9 of the spread.
    assert_allclose(model.predict_proba(raw), plain.predict_proba(tidy), rtol=1e-7)


def test_huge_integers():
    X, y = overlapping()
    time = (1.6e18 + 1e14 * X["size"]).astype("int64")
    model = LogisticRegression(C=np.inf).fit(pd.DataFrame({"time": time}), y)
    plain = LogisticRegression(C=np.inf).fit(((time - time.iloc[0]) / 1e14).to_frame("time"), y)
    assert model.verify(pd.DataFrame({"time": time}), y).verdict == "certified"
    slope = model.tidy().term == "time"
    assert_allclose(model.tidy().statistic[slope], plain.tidy().statistic[slope], rtol=1e-9)
    assert_allclose(model.predict_proba(pd.DataFrame({"time": time})).sum(axis=1), 1.0, rtol=1e-12)
    assert_allclose(
        model.predict_log_proba(pd.DataFrame({"time": time}))[0],
        plain.predict_log_proba(pd.DataFrame({"time": [0.0]}))[0],
        rtol=1e-9,
    )


def test_sparse_rows_and_sources(model, rows, tmp_path):
    sparse, polars = pytest.importorskip("scipy.sparse"), pytest.importorskip("polars")
    X, y = rows
    found = LogisticRegression(C=np.inf).fit(sparse.csr_array(X.to_numpy()), y)
    assert_allclose(found.coef_, model.coef_, rtol=1e-9)
    assert_allclose(found.predict_proba(sparse.csr_array(X.to_numpy())), model.predict_proba(X), rtol=1e-9)
    path = tmp_path / "rows.parquet"
    polars.DataFrame(X.assign(mode=y).to_dict("list")).write_parquet(path)
    found = LogisticRegression(C=np.inf).fit(mathlearn.scan(path), "mode")
    assert_allclose(found.coef_, model.coef_, rtol=1e-9)
    assert found.verify(mathlearn.scan(path)).ok


def test_a_start_on_a_sample_ends_at_the_same_optimum():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(70_000, 3))
    scores = X @ rng.normal(size=(3, 3))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    model = LogisticRegression(C=np.inf).fit(X, y)
    counts = {iteration.rows for iteration in model.result_.likelihood.iterations}
    assert len(counts) == 2
    assert model.certificate_.error_in_se < 1e-6
    assert model.result_.likelihood.passes <= 5


def test_a_formula(rows):
    X, y = rows
    model = LogisticRegression(C=np.inf, formula="mode ~ size * age").fit(X.assign(mode=y))
    assert list(model.tidy().term) == ["(Intercept)", "size", "age", "size:age"] * 2
    model = LogisticRegression(C=np.inf, formula="mode ~ 0 + size").fit(X.assign(mode=y))
    assert list(model.tidy().term) == ["size"] * 2
    assert_array_equal(model.intercept_, 0.0)
    assert model.glance()["null_deviance"].item() == pytest.approx(400 * np.log(3))


def test_constant_alone(rows):
    X, y = rows
    model = LogisticRegression(C=np.inf, formula="mode ~ 1").fit(X.assign(mode=y))
    shares = np.unique(y, return_counts=True)[1] / len(y)
    assert_allclose(model.predict_proba(X.head(1))[0], shares, rtol=1e-12)
    assert model.glance()["deviance"].item() == pytest.approx(model.glance()["null_deviance"].item())


# -------------------------------------------------------------------------------------------------------------- separation


def test_iris_without_a_penalty_is_separated_and_what_is_left_is_the_fit_of_two_classes():
    X, y = iris()
    with pytest.warns(match="y is separated"):
        model = LogisticRegression(C=np.inf).fit(X, y)
    result, separation = model.result_, model.result_.likelihood.separation
    assert (result.status, separation.complete, separation.separated, separation.verified) == (
        Status.UNBOUNDED,
        False,
        150,
        True,
    )
    two = y != "setosa"
    binary = LogisticRegression(C=np.inf).fit(X[two], y[two])
    assert binary.certificate_.verdict == "certified"
    names = ["(Intercept)", "x0", "x1", "x2", "x3"]
    between = model.contrast([{f"virginica: {name}": 1.0, f"versicolor: {name}": -1.0} for name in names])
    assert_allclose(between.estimate[0], binary.tidy().estimate, rtol=1e-8)
    assert_allclose(between.std_error[0], binary.tidy().std_error, rtol=1e-8)
    assert_allclose(model.glance()["log_likelihood"], binary.glance()["log_likelihood"], rtol=1e-10)
    chance = model.predict_proba(X)
    assert_allclose(chance[two, 1:], binary.predict_proba(X[two]), rtol=1e-7)
    assert_array_equal(chance[two, 0], 0.0)
    assert_array_equal(chance[~two], np.tile([1.0, 0.0, 0.0], (50, 1)))
    # Each of the petal's measures tells setosa from the others by itself, so that neither has to.
    assert model.tidy().estimate.isna().all()
    assert set(model.tidy().attrs["reasons"].values()) == {reasons.OPEN}
    assert np.isnan(model.coef_).all()


def test_only_a_parameter_that_every_way_up_takes_to_one_end_is_infinite():
    """Only the third class has the level: between the first two its coefficient is not known, and no sign is made up for it."""
    x = np.array([0.0, 1.0, 2.0, 3.0, 1.0, 2.0, 0.0, 3.0, 1.0, 2.0, 0.0, 3.0])
    level = np.repeat([0.0, 1.0], [8, 4])
    y = np.array(["a", "b", "a", "b", "c", "c", "b", "a", "c", "c", "c", "c"])
    table = quiet(np.column_stack([x, level]), y).tidy().set_index(["response", "term"])
    assert np.isnan(table.estimate["b / a", "x1"])
    assert table.attrs["reasons"]["b / a", "x1", "estimate"] == reasons.OPEN
    assert table.estimate["c / a", "x1"] == np.inf
    model = quiet(np.column_stack([x, level]), y)
    assert_array_equal(model.coef_[2, 1], np.inf)
    assert np.isnan(model.coef_[:2, 1]).all()
    assert np.isfinite(model.coef_[:, 0]).all()
    ratios = model.ratios().set_index(["response", "term"])
    assert ratios.ratio["c / a", "x1"] == np.inf
    assert np.isnan(ratios.ratio["b / a", "x1"])
    unknown = model.contrast({"c: x1": 1.0, "b: x1": -1.0})
    assert np.isnan(unknown.estimate).all()
    assert list(unknown.reasons.values()) == [reasons.PARTED]
    between = model.contrast({"c: x0": 1.0, "b: x0": -1.0})
    assert np.isfinite(between.estimate).all()


def test_a_separating_column_takes_only_its_own_coefficients():
    """Class c has a level of its own: its log odds are infinite there, and all that tells a from b is known."""
    rng = np.random.default_rng(2)
    x, level = rng.normal(size=120), np.repeat([0.0, 1.0], 60)
    y = np.where(level == 1.0, "c", np.where(x + rng.normal(size=120) > 0, "b", "a"))
    X = np.column_stack([x, level])
    model, binary = quiet(X, y), LogisticRegression(C=np.inf).fit(x[:60, None], y[:60])
    table = model.tidy().set_index(["response", "term"])
    assert_allclose(table.estimate["b / a", "x0"], binary.tidy().estimate[1], rtol=1e-8)
    assert_allclose(table.std_error["b / a", "x0"], binary.tidy().std_error[1], rtol=1e-8)
    assert table.estimate["c / a", "x1"] == np.inf
    assert np.isnan(table.std_error["c / a", "x1"])
    assert_allclose(model.predict_proba(X[:60])[:, :2], binary.predict_proba(x[:60, None]), rtol=1e-8)
    assert_array_equal(model.predict_proba(X[60:])[:, 2], 1.0)


def test_complete_separation():
    X = np.arange(9.0)[:, None]
    y = np.repeat(["a", "b", "c"], 3)
    with pytest.warns(match="a class is ruled out for all rows"):
        model = LogisticRegression(C=np.inf).fit(X, y)
    assert model.result_.likelihood.separation.complete
    assert model.result_.deviance.item() == 0.0
    assert "separated completely" in model.result_.withheld
    assert model.score(X, y) == 1.0
    assert not model.verify(X, y).ok
    assert LogisticRegression(C=1.0).fit(X, y).certificate_.verdict == "certified"


def test_far_but_not_separated_is_certified():
    """Predictors beyond 15 are no separation, where one row on the other side holds them."""
    x = np.concatenate([np.linspace(-60, -1, 40), np.linspace(1, 60, 40), [-1.5, 1.5, 0.1, -0.1, 100.0, 120.0, 99.0]])
    y = np.concatenate([np.repeat(["a", "b"], 40), ["b", "a", "c", "c", "c", "c", "b"]])
    model = LogisticRegression(C=np.inf).fit(x[:, None], y)
    assert model.certificate_.verdict == "certified"
    assert np.abs(np.diff(model.decision_function(x[:, None]), axis=1)).max() > 15


# --------------------------------------------------------------------------------------------------- many unknowns, files


@pytest.fixture
def first_order(monkeypatch):
    """Solve without curvature from two unknowns on."""
    monkeypatch.setattr(multinomial_solver, "MOST_CURVED", 2)


@pytest.mark.parametrize("C", [1.0, np.inf])
@pytest.mark.usefixtures("first_order")
def test_without_curvature(rows, C, monkeypatch, tmp_path):
    X, y = rows
    model = LogisticRegression(C=C).fit(X, y)
    assert (model.result_.rung, model.result_.curvature) == ("lbfgs", None)
    assert [check.name for check in model.certificate_.checks] == ["gradient", "convergence"]
    assert model.certificate_.verdict == "certified"
    assert model.tidy().std_error.isna().all()
    assert ("penalised" if C == 1.0 else "without the curvature") in model.result_.withheld
    assert model.verify(X, y).ok
    off = replace(model.result_, stack=replace(model.result_.stack, level=model.result_.stack.level + 1e-4))
    other = LogisticRegression(C=C).fit(X, y)
    other.result_ = off
    assert not other.verify(X, y).ok
    model.save(tmp_path / "model.safetensors")
    again = mathlearn.load(tmp_path / "model.safetensors")
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    monkeypatch.undo()
    assert_allclose(model.coef_, LogisticRegression(C=C).fit(X, y).coef_, rtol=1e-8)


@pytest.mark.parametrize("case", ["plain", "penalised", "rank", "separated"])
def test_files(case, rows, tmp_path):
    X, y = iris() if case == "separated" else rows
    if case == "rank":
        X = X.assign(twice=2 * X["size"])
    model = quiet(X, y, C=1.0 if case == "penalised" else np.inf)
    model.save(tmp_path / "model.safetensors")
    again = mathlearn.load(tmp_path / "model.safetensors")
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert_array_equal(again.coef_, model.coef_)
    assert again.summary().to_text() == model.summary().to_text()
    assert again.tidy().equals(model.tidy())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"classes": ("bus", "car")}, "classes of the fit"),
        ({"classes": ("bus", "car", "tube")}, "classes of the fit"),
        ({"columns": ("size", "weight")}, "terms of the fit"),
        ({"intercept": False}, "parameters of the classes"),
        ({"mean": np.zeros(3)}, "stack.mean"),
        ({"level": np.array([0.0, np.nan])}, "stack.level"),
        ({"origin": np.zeros(1)}, "stack.origin"),
    ],
)
def test_a_stack_that_contradicts_the_rest_is_refused(model, change, says):
    check_model(model.result_, model.design_, None)
    wrong = replace(model.result_, stack=replace(model.result_.stack, **change))
    with pytest.raises(UntrustedModelError, match=says):
        check_model(wrong, model.design_, None)


# ------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "ask",
    [
        lambda m, X, y: m.plot(X, y, kind="partial"),
        lambda m, X, y: m.plot(X, y, kind="diagnostics"),
        MeanCurveDisplay.from_estimator,
        LeverageDisplay.from_estimator,
    ],
    ids=["partial", "diagnostics", "mean curve", "leverage"],
)
def test_what_is_for_one_predictor_is_refused(model, rows, ask):
    with pytest.raises(DomainError, match="one linear predictor, and this fit of 3 classes has 2"):
        ask(model, *rows)


def test_what_is_shown_of_one_predictor_is_shown_of_several(model, rows, tmp_path):
    assert model.explain().passed
    assert model.explain(rows[0].iloc[[0]]).passed
    assert model.equation().count("\n") == 1
    assert model.plot(*rows).data.subject.classes == ("bus", "car", "tram")
    assert {finding.name for finding in model.diagnose(*rows).findings} >= {"calibration", "linearity", "influence"}
    model.report(tmp_path / "report.html", *rows)
    assert "tram / bus" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_offset_is_refused(rows):
    with pytest.raises(DomainError, match=r"an offset \(offset\) is given, and y has 3 classes"):
        LogisticRegression().fit(*rows, offset=np.zeros(200))


def test_a_class_without_a_row_is_refused(rows):
    X, _ = rows
    bound = bind(X.to_numpy(), np.arange(200.0) % 3)
    family = family_named("binomial")
    spec = LikelihoodSpec(family=family, link=family.link("logit"), classes=("bus", "car", "tram", "van"))
    with pytest.raises(DomainError, match="no row of the class 'van'"):
        fit_multinomial(bound, spec)


def test_a_class_whose_rows_are_all_dropped_is_not_there(rows):
    X, y = rows
    gaps = X.copy()
    gaps.loc[y == "car", "age"] = np.nan
    assert list(LogisticRegression(missing="drop").fit(gaps, y).classes_) == ["bus", "tram"]


def test_rows_that_lack_a_class_are_other_rows(model, rows):
    X, y = rows
    some = y != "car"
    assert not model.verify(X[some], y[some]).ok
