# ruff: noqa: PD011 -- the values of a cloud
"""Figures of fits by likelihood: what they show is what predictions, tables and the law say."""

from __future__ import annotations

import warnings

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
import pandas as pd
import pytest
from _figures import rendered
from scipy import stats

from mathlearn import scan
from mathlearn._errors import DomainError, SchemaError
from mathlearn.datasets import load_titanic
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
)
from mathlearn.plot import (
    CoefficientDisplay,
    DiagnosticsDisplay,
    LeverageDisplay,
    LikelihoodOverviewDisplay,
    MarginalMeansDisplay,
    MeanCurveDisplay,
    PartialRegressionDisplay,
    SurfaceDisplay,
    plot_model,
)
from mathlearn.plot.cloud import LIMIT
from mathlearn.plot.marginal import note
from mathlearn.plot.measured import column

pytestmark = pytest.mark.usefixtures("figures_closed")


@pytest.fixture(scope="module")
def table():
    """Rows with labels, counts, amounts and shares that follow a model in a, b and g, with an exposure."""
    rng = np.random.default_rng(0)
    n = 300
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.uniform(1, 5, n), "g": rng.choice(list("uvw"), n)})
    frame["t"] = rng.uniform(0.5, 4, n)
    frame["lt"] = np.log(frame["t"])
    frame["label"] = np.where(rng.random(n) < 1 / (1 + np.exp(0.5 - frame["a"] - (frame["g"] == "v"))), "yes", "no")
    frame["count"] = rng.poisson(frame["t"] * np.exp(0.3 + 0.6 * frame["a"] - 0.2 * frame["b"]))
    frame["amount"] = rng.gamma(3, np.exp(0.5 + 0.5 * frame["a"]) / 3)
    frame["died"] = rng.binomial(12, 1 / (1 + np.exp(-frame["a"])))
    frame["lived"] = 12 - frame["died"]
    return frame


def logistic(formula, **more):
    return LogisticRegression(C=np.inf, formula=formula, **more)


def texts(display):
    figure = display.figure_
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text)).replace("\n", " ").replace("\xa0", " ")


# ------------------------------------------------------------------------------------------------------ the mean curve
def test_the_curve_is_the_probability_and_its_band_that_of_predict_interval(table):
    model = logistic("label ~ a + I(a**2)").fit(table)
    display = rendered(MeanCurveDisplay.from_estimator(model, table, level=0.9))
    (curve,) = display.data.curves
    new = pd.DataFrame({"a": curve.x})
    interval = model.predict_interval(new, 0.9)
    np.testing.assert_allclose(curve.mean, model.predict_proba(new)[:, 1], rtol=1e-12)
    np.testing.assert_allclose(curve.low, interval.lower, rtol=1e-12)
    np.testing.assert_allclose(curve.high, interval.upper, rtol=1e-12)
    assert (curve.low > 0).all()
    assert (curve.high < 1).all()
    assert display.ax_.get_ylabel() == "P(label = 'yes')"
    assert (curve.x[0], curve.x[-1]) == (table["a"].min(), table["a"].max())


def test_rows_of_two_classes_stand_beyond_zero_and_one_and_keep_their_place(table):
    model = logistic("label ~ a").fit(table)
    display = rendered(MeanCurveDisplay.from_estimator(model, table))
    heights = np.concatenate([np.asarray(dots.get_offsets())[:, 1] for dots in display.ax_.collections[:1]])
    yes = (table["label"] == "yes").to_numpy()
    assert ((heights > 1) == yes).all()
    assert ((heights < 0) == ~yes).all()
    again = MeanCurveDisplay.from_estimator(model, table)
    np.testing.assert_array_equal(np.asarray(again.ax_.collections[0].get_offsets())[:, 1], heights)


def test_shares_are_those_of_the_rows_in_groups(table):
    model = logistic("label ~ a").fit(table)
    shares = MeanCurveDisplay.from_estimator(model, table).data.shares
    y = (table["label"] == "yes").to_numpy()
    assert shares.trials.sum() == len(table)
    assert shares.share @ shares.trials == pytest.approx(y.sum())
    assert shares.x @ shares.trials == pytest.approx(table["a"].sum())
    ends = np.cumsum(shares.trials).astype(int)[:-1]
    groups = np.split(y[np.argsort(table["a"].to_numpy(), kind="stable")], ends)
    np.testing.assert_allclose(shares.share, [group.mean() for group in groups])
    assert ((shares.low < shares.share) | (shares.share == 0)).all()
    assert np.ptp(shares.trials) < 5


def test_shares_are_left_out_where_the_curve_is_of_something_else(table):
    for formula in ("label ~ a + b", "label ~ a + g"):
        assert MeanCurveDisplay.from_estimator(logistic(formula).fit(table), table, feature="a").data.shares is None
    few = table.head(30)
    assert MeanCurveDisplay.from_estimator(logistic("label ~ a").fit(few), few).data.shares is None


def test_one_curve_for_each_level(table):
    model = logistic("label ~ a + g").fit(table)
    data = rendered(MeanCurveDisplay.from_estimator(model, table)).data
    assert [curve.level for curve in data.curves] == ["u", "v", "w"]
    for curve in data.curves:
        new = pd.DataFrame({"a": curve.x, "g": curve.level})
        np.testing.assert_allclose(curve.mean, model.predict_proba(new)[:, 1], rtol=1e-10)


@pytest.mark.parametrize("named", [True, False])
def test_an_offset_is_held_at_its_mean_and_points_keep_their_ratio(table, named):
    X = table[["a", "lt"]] if named else table[["a"]]
    offset = "lt" if named else table["lt"].to_numpy()
    model = PoissonRegressor(alpha=0).fit(X, table["count"], offset=offset)
    more = {} if named else {"offset": offset}
    display = rendered(plot_model(model, X, table["count"], **more))
    data, at = display.data, table["lt"].mean()
    assert data.held == {"lt" if named else "offset": pytest.approx(at)}
    curve = data.curves[0]
    new = pd.DataFrame({"a": curve.x, "lt": at})[list(X)]
    there = {} if named else {"offset": np.full(len(new), at)}
    np.testing.assert_allclose(curve.mean, model.predict(new, **there), rtol=1e-12)
    mean = model.predict(X, **more)
    moved = table["count"] / mean * mean * np.exp(at - table["lt"])
    np.testing.assert_allclose(data.cloud.values[:, 1], moved, rtol=1e-9, atol=1e-12)
    assert "points keep their ratio to the mean" in texts(display)


def test_an_offset_in_the_formula_and_one_beside_it_are_both_held(table):
    model = PoissonRegressor(alpha=0, formula="count ~ a + offset(log(t))").fit(table, offset="b")
    data = MeanCurveDisplay.from_estimator(model, table, feature="a").data
    assert data.held == {"t": pytest.approx(table["t"].mean()), "b": pytest.approx(table["b"].mean())}
    curve = data.curves[0]
    new = pd.DataFrame({"a": curve.x, "t": table["t"].mean(), "b": table["b"].mean()})
    np.testing.assert_allclose(curve.mean, model.predict(new, offset="b"), rtol=1e-12)


def test_an_offset_is_asked_for(table):
    model = PoissonRegressor(alpha=0).fit(table[["a"]], table["count"], offset=table["lt"])
    with pytest.raises(SchemaError, match="offset"):
        plot_model(model, table[["a"]], table["count"])


def test_a_penalised_fit_has_a_curve_and_says_why_it_has_no_band(table):
    model = LogisticRegression(formula="label ~ a").fit(table)
    display = rendered(plot_model(model, table))
    assert display.data.curves[0].low is None
    assert display.data.same_rows
    assert "No band: penalised" in texts(display)


def test_a_separated_fit_is_a_step_without_a_band():
    x = np.arange(20.0)[:, None]
    y = (x[:, 0] > 9.5).astype(int)
    with pytest.warns(UserWarning, match="separated"):
        model = LogisticRegression(C=np.inf).fit(x, y)
    display = rendered(plot_model(model, x, y))
    (curve,) = display.data.curves
    np.testing.assert_array_equal(np.unique(curve.mean), [0.0, 1.0])
    assert curve.low is None
    assert "separated" in texts(display)
    assert "infinite" in texts(rendered(CoefficientDisplay.from_estimator(model)))
    panel = rendered(DiagnosticsDisplay.from_estimator(model, x, y))
    assert "separated" in panel.data.leverage.withheld


def test_other_rows_are_drawn_and_named_and_refused_by_diagnostics(table):
    for model in (logistic("label ~ a"), LogisticRegression(formula="label ~ a")):
        model.fit(table)
        other = table.assign(a=table["a"] + 0.5)
        assert "not those of the fit" in texts(rendered(MeanCurveDisplay.from_estimator(model, other)))
        for kind in (DiagnosticsDisplay, MarginalMeansDisplay):
            with pytest.raises(SchemaError, match="fit"):
                kind.from_estimator(model, other)


def test_many_rows_are_sampled_and_their_shares_are_exact():
    rng = np.random.default_rng(1)
    n = 120_000
    x = rng.normal(size=n)
    y = rng.random(n) < 1 / (1 + np.exp(-x))
    model = LogisticRegression(C=np.inf).fit(x[:, None], y)
    display = rendered(plot_model(model, x[:, None], y))
    data = display.data
    assert len(data.cloud.rows) == LIMIT
    assert data.shares.share @ data.shares.trials == pytest.approx(y.sum())
    assert data.shares.trials.sum() == n
    assert "drawn at random" in texts(display)


def test_a_file_gives_the_same_figure(table, tmp_path):
    path = tmp_path / "rows.csv"
    table.to_csv(path, index=False)
    model = logistic("label ~ a").fit(scan(path))
    (ours,), (theirs,) = (MeanCurveDisplay.from_estimator(model, rows).data.curves for rows in (scan(path), table))
    np.testing.assert_allclose(ours.mean, theirs.mean, rtol=1e-13)


# ---------------------------------------------------------------------------------------------------------- diagnostics
def test_binned_residuals_are_means_of_the_rows_in_groups(table):
    model = logistic("label ~ a + b").fit(table)
    data = rendered(DiagnosticsDisplay.from_estimator(model, table)).data.residuals
    proba, y = model.predict_proba(table)[:, 1], (table["label"] == "yes").to_numpy()
    order = np.argsort(proba)
    sizes = [len(part) for part in np.array_split(order, len(data.fitted))]
    assert len(data.fitted) == 17  # the root of 300
    weight = 1 / len(data.fitted)
    assert data.fitted.mean() == pytest.approx(proba.mean(), abs=0.01)
    # Groups are of equal size to a cell of the predictor: each is compared with the rows between its neighbours.
    start = 0
    for k, size in enumerate(sizes):
        rows = order[start : start + size]
        start += size
        assert data.fitted[k] == pytest.approx(proba[rows].mean(), abs=0.02)
        assert data.residual[k] == pytest.approx((y - proba)[rows].mean(), abs=0.12)
        variance = (proba * (1 - proba))[rows].sum()
        assert data.half[k] == pytest.approx(1.959964 * np.sqrt(variance) / size, rel=0.1)
    assert abs(data.residual.mean()) < weight


def test_calibration_is_of_all_rows(table):
    model = logistic("label ~ a + b").fit(table)
    data = DiagnosticsDisplay.from_estimator(model, table).data.third
    y, proba = (table["label"] == "yes").mean(), model.predict_proba(table)[:, 1].mean()
    assert data.weight @ data.observed == pytest.approx(y)
    assert data.weight @ data.fitted == pytest.approx(proba)
    assert len(data.fitted) == 10
    assert (np.diff(data.fitted) > 0).all()
    found = {finding.name: finding for finding in model.diagnose(table).findings}["calibration"]
    assert data.miss == pytest.approx(found.effect.value, abs=0.02)


def test_grouped_trials_weigh_as_many(table):
    model = GeneralizedLinearRegressor(family="binomial", formula="cbind(died, lived) ~ a").fit(table)
    data = rendered(DiagnosticsDisplay.from_estimator(model, table)).data
    assert data.third.weight @ data.third.observed == pytest.approx(table["died"].sum() / (12 * len(table)))
    (curve,) = MeanCurveDisplay.from_estimator(model, table).data.curves
    np.testing.assert_allclose(curve.mean, model.predict(pd.DataFrame({"a": curve.x})), rtol=1e-12)


@pytest.mark.parametrize("given", [{"family": "poisson"}, {"family": "negative_binomial", "theta": 3.0}])
def test_the_rootogram_is_the_law_summed_over_the_rows(table, given):
    model = GeneralizedLinearRegressor(**given, formula="count ~ a + b + offset(log(t))").fit(table)
    data = rendered(DiagnosticsDisplay.from_estimator(model, table)).data.third
    mean = model.predict(table)
    theta = dict(model.result_.likelihood.parameters).get("theta")
    law = stats.poisson(mean) if theta is None else stats.nbinom(theta, theta / (theta + mean))
    top = int(table["count"].max())
    assert data.first.tolist() == list(range(top + 2))
    np.testing.assert_array_equal(data.observed[:-1], np.bincount(table["count"], minlength=top + 1))
    np.testing.assert_allclose(data.expected[:-1], [law.pmf(k).sum() for k in range(top + 1)], rtol=1e-9)
    np.testing.assert_allclose(data.expected[-1], law.sf(top).sum(), rtol=1e-9)
    assert data.expected.sum() == pytest.approx(len(table))


def test_large_counts_share_bars():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 1))
    y = rng.poisson(np.exp(6 + 0.2 * x[:, 0]))
    model = PoissonRegressor(alpha=0).fit(x, y)
    data = rendered(DiagnosticsDisplay.from_estimator(model, x, y)).data.third
    assert 20 < len(data.first) <= 42
    assert data.observed.sum() == 400
    assert data.expected.sum() == pytest.approx(400)


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (logistic, "label ~ a + g"),
        (lambda formula: PoissonRegressor(alpha=0, formula=formula), "count ~ a + b + offset(log(t))"),
        (lambda formula: GammaRegressor(alpha=0, formula=formula), "amount ~ a + b"),
    ],
)
def test_leverage_and_distances_are_those_of_augment(table, make, formula):
    model = make(formula).fit(table)
    truth = model.augment(table)
    data = rendered(LeverageDisplay.from_estimator(model, table)).data
    values = data.cloud.values
    np.testing.assert_allclose(values[:, column("hat")], truth["hat"], rtol=1e-9)
    np.testing.assert_allclose(values[:, column("cooks_d")], truth["cooks_d"], rtol=1e-8, atol=1e-14)
    scale = np.sqrt(model.result_.likelihood.dispersion * (1 - truth["hat"]))
    np.testing.assert_allclose(values[:, column("std_resid")], truth["resid_pearson"] / scale, rtol=1e-8)
    k = model.result_.rank + 1
    contour = values[:, column("std_resid")] ** 2 * truth["hat"] / ((1 - truth["hat"]) * k)
    np.testing.assert_allclose(contour, truth["cooks_d"], rtol=1e-8)  # what the dashed lines are lines of


def test_a_penalised_fit_has_every_picture_but_leverage(table):
    model = LogisticRegression(formula="label ~ a + b").fit(table)
    data = rendered(DiagnosticsDisplay.from_estimator(model, table)).data
    assert data.leverage.withheld.startswith("penalised")
    assert data.quantiles.withheld is None
    assert len(data.third.fitted) == 10


def test_a_quasi_likelihood_has_deviance_residuals_and_no_band(table):
    model = GeneralizedLinearRegressor(family="quasipoisson", formula="count ~ a").fit(table)
    data = rendered(DiagnosticsDisplay.from_estimator(model, table)).data.quantiles
    truth = model.augment(table)["resid_deviance"] / np.sqrt(model.result_.likelihood.dispersion)
    np.testing.assert_allclose(data.observed, np.sort(truth), rtol=1e-9)
    assert np.isnan(data.low).all()
    assert int(data.outside.sum()) == 0


def test_counted_rows_are_not_given_one_draw_for_all():
    x, y, w = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 2, 5]), np.array([20, 30, 20, 9])
    model = PoissonRegressor(alpha=0, weights_type="frequency").fit(x, y, sample_weight=w)
    data = rendered(DiagnosticsDisplay.from_estimator(model, x, y, sample_weight=w)).data
    assert "several observations" in data.quantiles.withheld
    assert data.third.observed.sum() == w.sum()


# ----------------------------------------------------------------------------------- coefficients, means, partial, surface
def test_ratios_are_those_of_the_table(table):
    model = logistic("label ~ a + b + g").fit(table)
    display = rendered(CoefficientDisplay.from_estimator(model))
    data, truth = display.data, model.ratios()
    np.testing.assert_allclose(data.shown(data.estimate), truth["ratio"], rtol=1e-12)
    np.testing.assert_allclose(data.shown(data.high), truth["conf_high"], rtol=1e-12)
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_title(loc="left") == "Odds ratios for label"
    assert "clear of one" in texts(display)


def test_coefficients_of_a_link_without_ratios_stay_what_they_are(table):
    model = GeneralizedLinearRegressor(family="binomial", link="probit", formula="died ~ a")
    frame = table.assign(died=(table["label"] == "yes").astype(int))
    display = rendered(CoefficientDisplay.from_estimator(model.fit(frame)))
    assert display.ax_.get_xscale() == "linear"
    assert display.ax_.get_xlabel() == "change of the linear predictor (probit) per unit of the term"


def test_a_mean_at_the_end_of_its_range_is_drawn_and_has_no_interval():
    people = load_titanic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = logistic("survived ~ class * age + sex").fit(people)
    display = rendered(MarginalMeansDisplay.from_estimator(model, people))
    (panel,) = [panel for panel in display.data.panels if panel.feature == "age"]
    child = panel.levels.index("child")
    assert panel.curve.mean[child] == 1.0
    assert np.isnan(panel.curve.low[child])
    assert "none where separated rows take the mean to the end of its range" in note(display.data)
    assert display.axes_[0][1].get_ylim()[1] > 1.0


def test_marks_of_rows_are_spoken_of_where_there_are_some(table):
    people = load_titanic()
    categories = logistic("survived ~ class + sex").fit(people)
    assert "Marks" not in note(rendered(MarginalMeansDisplay.from_estimator(categories, people)).data)
    numbers = logistic("label ~ a + b").fit(table)
    assert "Marks" in note(rendered(MarginalMeansDisplay.from_estimator(numbers, table)).data)


def test_means_over_each_column_are_predictions_with_the_others_held(table):
    model = logistic("label ~ a * b + g").fit(table)
    data = rendered(MarginalMeansDisplay.from_estimator(model, table)).data
    held = {"a": table["a"].mean(), "b": table["b"].mean(), "g": "u"}
    assert data.held == {**held, "a": pytest.approx(held["a"]), "b": pytest.approx(held["b"])}
    for panel in data.panels:
        values = list(panel.levels) or panel.curve.x
        new = pd.DataFrame({**held, panel.feature: values}, index=range(len(values)))
        np.testing.assert_allclose(panel.curve.mean, model.predict_proba(new)[:, 1], rtol=1e-10)
        np.testing.assert_allclose(panel.curve.high, model.predict_interval(new).upper, rtol=1e-10)
    assert [panel.feature for panel in data.panels] == ["a", "b", "g"]


def test_the_overview_shows_ratios_per_standard_deviation(table):
    model = PoissonRegressor(alpha=0).fit(table[["a", "b"]], table["count"])
    data = rendered(LikelihoodOverviewDisplay.from_estimator(model, table[["a", "b"]], table["count"])).data
    spread = table[["a", "b"]].std(ddof=0).to_numpy()
    np.testing.assert_allclose(data.coefficients.unit, spread, rtol=1e-12)
    np.testing.assert_allclose(data.coefficients.shown(data.coefficients.estimate), np.exp(model.coef_ * spread))


@pytest.mark.parametrize("formula", ["label ~ a + b + g", "count ~ a + b + offset(log(t))", "amount ~ a + b"])
def test_slopes_of_partial_regressions_are_the_coefficients(table, formula):
    response = formula.split()[0]
    kind = {"label": logistic, "count": lambda f: PoissonRegressor(alpha=0, formula=f)}.get(
        response, lambda f: GammaRegressor(alpha=0, formula=f)
    )
    model = kind(formula).fit(table)
    data = rendered(PartialRegressionDisplay.from_estimator(model, table)).data
    for k, slope in enumerate(data.slope):
        x, y = data.cloud.pair(k)
        assert x @ y / (x @ x) == pytest.approx(slope, abs=1e-9)


def test_the_surface_is_the_prediction(table):
    model = logistic("label ~ a * b + g").fit(table)
    display = rendered(SurfaceDisplay.from_estimator(model, table))
    data = display.data
    across, up = np.meshgrid(data.x, data.y)
    new = pd.DataFrame({"a": across.ravel(), "b": up.ravel(), "g": "u"})
    np.testing.assert_allclose(data.mean.ravel(), model.predict_proba(new)[:, 1], rtol=1e-10)
    interval = model.predict_interval(new)
    np.testing.assert_allclose(data.width.ravel(), interval.upper - interval.lower, rtol=1e-8)
    assert data.held == {"g": "u"}
    assert len(display.axes_) == 2
    with pytest.raises(SchemaError, match="two"):
        SurfaceDisplay.from_estimator(logistic("label ~ a").fit(table), table)
    with pytest.raises(SchemaError, match="twice"):
        plot_model(model, table, kind="surface", feature=("a", "a"))


def test_a_surface_without_inference_says_so(table):
    display = rendered(SurfaceDisplay.from_estimator(LogisticRegression(formula="label ~ a + b").fit(table), table))
    assert np.isnan(display.data.width).all()
    assert "Not shown: penalised" in texts(display)


# ------------------------------------------------------------------------------------------------------------ the choice
def test_plot_chooses_by_the_fit(table):
    one, two = logistic("label ~ a").fit(table), logistic("label ~ a + b").fit(table)
    assert isinstance(one.plot(table), MeanCurveDisplay)
    assert isinstance(two.plot(table), LikelihoodOverviewDisplay)
    assert isinstance(two.plot(table, feature="a"), MeanCurveDisplay)
    assert isinstance(two.plot(table, feature=("b", "a")), SurfaceDisplay)
    assert isinstance(two.plot(table, kind="surface"), SurfaceDisplay)
    assert isinstance(two.plot(table, kind="means"), MarginalMeansDisplay)
    assert isinstance(two.plot(table, kind="partial"), PartialRegressionDisplay)
    assert isinstance(two.plot(kind="coefficients"), CoefficientDisplay)
    assert isinstance(two.plot(table, kind="diagnostics"), DiagnosticsDisplay)
    linear = LinearRegression(formula="amount ~ a + b").fit(table)
    for kind in ("surface", "means"):
        with pytest.raises(DomainError, match="by least squares"):
            linear.plot(table, kind=kind)
    with pytest.raises(DomainError, match="offset"):
        linear.plot(table, offset="lt")
    with pytest.raises(DomainError, match="least squares"):
        MeanCurveDisplay.from_estimator(linear, table)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["auto", "means", "partial", "coefficients", "diagnostics", "surface"])
def test_names_are_shown_as_typed_in_every_figure(table, kind, theme):
    names = {"a": r"<b>$x_1$ \input{x}", "b": "% & # ^", "label": "$y$</title>"}
    frame = table.rename(columns=names)[list(names.values())]
    model = LogisticRegression(C=np.inf).fit(frame, names["label"])
    display = model.plot(frame, kind=kind, theme=theme)
    rendered(display)
    svg = display.to_svg("a picture")
    assert "<b>" not in svg
    assert "</title></title>" not in svg
    assert ("$y$" if kind == "diagnostics" else "$x_1$") in svg
