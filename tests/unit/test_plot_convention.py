"""Figures: many rows in bounded memory, scikit-learn's convention, the choice of a figure; no state left behind."""

from __future__ import annotations

import tracemalloc

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from _figures import mixed_table, rendered

from mathlearn._errors import DomainError, SchemaError
from mathlearn._sklearn import NotFittedError
from mathlearn.linear_model import LinearRegression
from mathlearn.plot import (
    CoefficientDisplay,
    DiagnosticsDisplay,
    OverviewDisplay,
    PartialRegressionDisplay,
    RegressionDisplay,
    plot_model,
)
from mathlearn.plot.cloud import LIMIT

pytestmark = pytest.mark.usefixtures("figures_closed")


@pytest.fixture
def table():
    return mixed_table()


# ------------------------------------------------------------------------------------------------------------ many rows
def test_a_million_rows_in_bounded_memory():
    rng = np.random.default_rng(0)
    n = 1_000_000
    x = rng.normal(size=n)
    y = 1 + 2 * x + rng.normal(size=n)
    X = x[:, None]
    model = LinearRegression().fit(X, y)
    tracemalloc.start()
    try:
        fit = RegressionDisplay.from_estimator(model, X, y)
        panel = DiagnosticsDisplay.from_estimator(model, X, y)
        rendered(fit)
        rendered(panel)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # A column of a million doubles is 8 MB; a block of rows with its seven measures is 22 MB, a few of which are at work.
    assert peak < 250e6
    assert fit.data.cloud.n == n
    assert len(fit.data.cloud.rows) == LIMIT
    assert fit.data.cloud.grid(0).counts.sum() == n
    assert panel.data.quantiles.n == n
    assert len(panel.data.quantiles.ranks) < 1_300
    std = (y - model.predict(X)) / np.sqrt(model.result_.deviance[0] / model.result_.df_resid)
    np.testing.assert_allclose(panel.data.quantiles.observed, np.sort(std)[panel.data.quantiles.ranks - 1], atol=1e-3)
    worst = np.argsort(-np.abs(y - model.predict(X)))[:3]
    assert set(panel.data.residuals.worst.rows.tolist()) == set(worst.tolist())
    assert "1 000 000 rows" in " ".join(t.get_text() for t in fit.ax_.texts).replace("\u202f", " ")


def test_many_rows_with_a_line_for_each_level_are_sampled_and_say_so():
    rng = np.random.default_rng(0)
    n = 8_000
    frame = pd.DataFrame({"x": rng.normal(size=n), "g": rng.choice(["u", "v"], n)})
    frame["y"] = frame["x"] + rng.normal(size=n)
    model = LinearRegression(formula="y ~ x + g").fit(frame)
    display = rendered(RegressionDisplay.from_estimator(model, frame))
    texts = " ".join(text.get_text() for text in display.ax_.texts)
    assert "5000 of 8000 rows shown, drawn at random" in texts


# ---------------------------------------------------------------------------------------------------------- convention
def test_displays_draw_on_given_axes_and_as_often_as_wanted(table):
    model = LinearRegression(formula="y ~ a").fit(table)
    figure, (left, right) = plt.subplots(1, 2)
    display = RegressionDisplay.from_estimator(model, table, ax=left)
    assert display.ax_ is left
    assert display.figure_ is figure
    assert display.plot(right).ax_ is right
    before = len(plt.get_fignums())
    assert display.plot().figure_ is not figure
    assert len(plt.get_fignums()) == before + 1


def test_panels_share_the_place_of_given_axes(table):
    model = LinearRegression(formula="y ~ a + b").fit(table)
    figure, (left, _) = plt.subplots(1, 2, figsize=(14, 7), layout="constrained")
    display = rendered(DiagnosticsDisplay.from_estimator(model, table, ax=left))
    assert display.figure_ is figure
    assert all(ax.get_position().x1 < 0.55 for row in display.axes_ for ax in row)
    with pytest.raises(DomainError, match="placed by hand"):
        DiagnosticsDisplay.from_estimator(model, table, ax=figure.add_axes((0, 0, 1, 1)))


def test_themes(table):
    model = LinearRegression(formula="y ~ a").fit(table)
    dark = RegressionDisplay.from_estimator(model, table, theme="dark")
    assert mpl.colors.to_hex(dark.figure_.get_facecolor()) == "#0d1117"
    with plt.style.context("dark_background"):
        auto = RegressionDisplay.from_estimator(model, table)
        assert mpl.colors.to_hex(auto.ax_.xaxis.label.get_color()) == "#e6edf3"
    light = RegressionDisplay.from_estimator(model, table)
    assert mpl.colors.to_hex(light.ax_.xaxis.label.get_color()) == "#1f2328"
    with pytest.raises(DomainError, match="theme"):
        light.plot(theme="blue")


def test_no_text_goes_to_latex(table):
    model = LinearRegression(formula="y ~ a + b").fit(table)
    with mpl.rc_context({"text.usetex": True}):
        displays = [kind.from_estimator(model, table) for kind in (CoefficientDisplay, OverviewDisplay)]
    for display in displays:
        assert not any(text.get_usetex() for text in display.figure_.findobj(mpl.text.Text))


def test_plot_model_chooses(table):
    one, two = (LinearRegression(formula=formula).fit(table) for formula in ("y ~ a", "y ~ a + b"))
    assert isinstance(plot_model(one, table), RegressionDisplay)
    assert isinstance(plot_model(two, table), OverviewDisplay)
    assert isinstance(plot_model(two, table, feature="b"), RegressionDisplay)
    assert isinstance(plot_model(two, table, kind="partial"), PartialRegressionDisplay)
    assert isinstance(plot_model(two, kind="coefficients"), CoefficientDisplay)
    assert isinstance(plot_model(two, table, kind="diagnostics"), DiagnosticsDisplay)
    assert isinstance(plot_model(LinearRegression(formula="y ~ g").fit(table), table), OverviewDisplay)
    with pytest.raises(SchemaError, match="choose one of 'a', 'b'"):
        plot_model(two, table, kind="fit")
    with pytest.raises(SchemaError, match="no numeric column"):
        plot_model(LinearRegression(formula="y ~ g").fit(table), table, kind="fit")
    with pytest.raises(SchemaError, match="Did you mean"):
        plot_model(LinearRegression(formula="y ~ a + b").fit(table), table, feature="aa")
    with pytest.raises(DomainError, match="Did you mean 'fit'"):
        plot_model(one, table, kind="fitt")
    with pytest.raises(DomainError, match="level"):
        plot_model(one, table, level=1.0)
    with pytest.raises(NotFittedError, match="not fitted"):
        plot_model(LinearRegression(), table)
    with pytest.raises(SchemaError, match="requires y"):
        plot_model(LinearRegression().fit(table[["a"]], table["y"]), table[["a"]])


def test_importing_the_package_does_not_import_matplotlib():
    import subprocess
    import sys

    code = "import sys, mathlearn.plot; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
