"""Whose rows a figure shows, what it says of them, and what it refuses."""

from __future__ import annotations

import warnings

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from _figures import ROWS

from mathlearn._errors import DomainError, SchemaError
from mathlearn.linear_model import LinearRegression
from mathlearn.plot import (
    CoefficientDisplay,
    DiagnosticsDisplay,
    LeverageDisplay,
    OverviewDisplay,
    PartialRegressionDisplay,
    RegressionDisplay,
    plot_model,
)

pytestmark = pytest.mark.usefixtures("figures_closed")

OF_THE_FIT = [*ROWS, PartialRegressionDisplay, OverviewDisplay]


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=120), "b": rng.uniform(1, 5, size=120)})
    frame["y"] = 1 + 2 * frame["a"] - frame["b"] + rng.normal(size=120)
    return frame


def said(display):
    """Return all that is written in a figure, in one line."""
    display.figure_.canvas.draw()
    texts = display.figure_.findobj(mpl.text.Text)
    return " ".join(text.get_text().replace("\n", " ") for text in texts)


def turned(frame):
    return frame.assign(y=-frame["y"])


OTHERS = {"fewer": lambda frame: frame[:100], "turned": turned, "moved": lambda frame: frame.assign(a=frame["a"] + 1)}


@pytest.mark.parametrize("kind", OF_THE_FIT)
@pytest.mark.parametrize("other", OTHERS)
def test_other_rows_than_those_of_the_fit_are_refused(table, kind, other):
    model = LinearRegression(formula="y ~ a + b").fit(table)
    with pytest.raises(SchemaError, match=r"[Gg]ive the X"):
        kind.from_estimator(model, OTHERS[other](table))


@pytest.mark.parametrize("kind", OF_THE_FIT)
def test_forgotten_weights_are_refused(table, kind):
    w = np.random.default_rng(1).uniform(0.5, 3, len(table))
    w *= len(w) / w.sum()
    X, y = table[["a", "b"]], table["y"]
    model = LinearRegression().fit(X, y, sample_weight=w)
    kind.from_estimator(model, X, y, sample_weight=w)
    with pytest.raises(SchemaError, match="weights"):
        kind.from_estimator(model, X, y)


@pytest.mark.parametrize("parameters", [{"positive": True}, {}])
def test_other_rows_are_refused_where_the_fit_has_no_curvature_or_no_degrees_of_freedom(parameters):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3 if parameters else 40))
    y = X[:, 0] + rng.normal(size=30)
    model = LinearRegression(**parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    assert DiagnosticsDisplay.from_estimator(model, X, y).data.leverage.withheld
    for other in (-y, y[::-1]):
        with pytest.raises(SchemaError, match="give the X"):
            DiagnosticsDisplay.from_estimator(model, X, other)
    with pytest.raises(SchemaError, match="give the X"):
        DiagnosticsDisplay.from_estimator(model, X[:29], y[:29])
    assert RegressionDisplay.from_estimator(model, X, y, feature=0).data.same_rows
    assert not RegressionDisplay.from_estimator(model, X, -y, feature=0).data.same_rows


def test_a_curve_among_other_rows_says_so(table):
    model = LinearRegression(formula="y ~ a").fit(table)
    assert "120 rows." in said(plot_model(model, table))
    assert "100 rows, not those of the fit." in said(plot_model(model, table[:100]))
    assert "120 rows, not those of the fit." in said(plot_model(model, turned(table)))
    weighted = LinearRegression().fit(table[["a"]], table["y"], sample_weight=table["b"])
    assert "not those of the fit" in said(plot_model(weighted, table[["a"]], table["y"]))


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_rows_that_lack_a_value_are_counted_in_words(table, missing):
    table.loc[[100, 7][:missing], "a"] = np.nan
    one, two = (LinearRegression(formula=formula, missing="drop").fit(table) for formula in ("y ~ a", "y ~ a + b"))
    words = {0: "", 1: "1 row with a missing value left out.", 2: "2 rows with a missing value left out."}[missing]
    for display in (
        plot_model(one, table),
        plot_model(two, table),
        plot_model(two, table, feature="b"),
        plot_model(two, table, kind="partial"),
        plot_model(two, table, kind="diagnostics"),
    ):
        assert words in said(display)
        assert missing or "left out" not in said(display)


# ------------------------------------------------------------------------------------------------- nothing to be drawn
@pytest.mark.parametrize("formula", ["y ~ 1", "y ~ 0"])
@pytest.mark.parametrize("kind", [*OF_THE_FIT, CoefficientDisplay])
def test_a_fit_without_a_term_is_drawn(table, formula, kind):
    model = LinearRegression(formula=formula).fit(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = said(kind.from_estimator(model, table))
        assert kind.from_estimator(model, table).to_svg("figure").startswith("<svg")
    if kind is PartialRegressionDisplay:
        assert "this fit has no term" in text
    if kind is CoefficientDisplay:
        assert ("(Intercept)" in text) == (formula == "y ~ 1")
        assert ("neither terms nor an intercept" in text) == (formula == "y ~ 0")
    if kind is LeverageDisplay and formula == "y ~ 0":
        assert "no coefficient that a row could move" in text


@pytest.mark.parametrize("formula", ["y ~ 1", "y ~ 0"])
def test_a_fit_without_a_term_has_a_report(table, formula, tmp_path):
    model = LinearRegression(formula=formula).fit(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.report(tmp_path / "page.html", table)
        model.plot(table)
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("<svg ") == 2
    with pytest.raises(SchemaError, match="no numeric column"):
        model.plot(table, kind="fit")


def test_the_mean_is_drawn_with_its_interval(table):
    model = LinearRegression(formula="y ~ 1").fit(table)
    for options in ({}, {"standardised": True}):
        data = CoefficientDisplay.from_estimator(model, **options).data
        assert data.terms == ("(Intercept)",)
        tidy = model.tidy()
        values = [data.estimate[0], data.low[0], data.high[0], data.unit[0]]
        assert values == [tidy["estimate"][0], tidy["conf_low"][0], tidy["conf_high"][0], 1.0]


# ------------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize("kind", ["auto", "fit", "partial", "diagnostics"])
def test_without_rows_the_error_says_what_to_give(table, kind):
    for formula in ("y ~ a", "y ~ a + b"):
        model = LinearRegression(formula=formula).fit(table)
        with pytest.raises(TypeError, match="Give X and y as to fit; kind='coefficients'"):
            model.plot(kind=kind)


@pytest.mark.parametrize("kind", ["partial", "coefficients", "diagnostics"])
def test_options_of_another_kind_are_refused(table, kind):
    model = LinearRegression(formula="y ~ a + b").fit(table)
    with pytest.raises(DomainError, match="only kind='fit'"):
        model.plot(table, kind=kind, feature="a")
    if kind != "coefficients":
        with pytest.raises(DomainError, match="option of kind='coefficients'"):
            model.plot(table, kind=kind, standardised=True)


def test_coefficients_may_be_standardised(table):
    model = LinearRegression(formula="y ~ a + b").fit(table)
    display = model.plot(kind="coefficients", standardised=True)
    np.testing.assert_allclose(display.data.unit, table[["a", "b"]].std(ddof=0), rtol=1e-9)
    assert "per standard deviation" in display.ax_.get_xlabel()
    assert "per unit" in model.plot(kind="coefficients").ax_.get_xlabel()


@pytest.mark.parametrize("feature", [True, 1.0, [0], 2, -3, np.True_])
def test_a_feature_is_a_name_or_a_position(table, feature):
    model = LinearRegression(formula="y ~ a + b").fit(table)
    with pytest.raises(SchemaError, match="it must be a numeric column of this fit, 'a', 'b'"):
        model.plot(table, feature=feature)
    for position, name in ((0, "a"), (-1, "b"), (np.int64(1), "b")):
        assert model.plot(table, feature=position).data.feature == name


@pytest.mark.parametrize("response", [True, 1.0, [0], 1, -2, np.True_])
def test_a_response_is_a_name_or_a_position(table, response):
    model = LinearRegression(formula="y ~ a").fit(table)
    for kind in ("fit", "partial", "diagnostics", "coefficients"):
        with pytest.raises(SchemaError, match="there is no response"):
            model.plot(table, kind=kind, response=response)
    assert model.plot(table, response=-1).data.response == "y"


@pytest.mark.parametrize("kind", ["auto", "diagnostics", "coefficients"])
def test_what_is_no_axes_is_refused(table, kind):
    model = LinearRegression(formula="y ~ a").fit(table)
    for wrong in (3, plt.figure(), plt.subplots(1, 2)[1]):
        with pytest.raises(TypeError, match="it must be Matplotlib Axes"):
            model.plot(table, kind=kind, ax=wrong)
    with pytest.raises(TypeError, match="ax is of type int"):
        CoefficientDisplay.from_estimator(model, ax=3)
