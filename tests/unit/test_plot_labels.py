"""Labels stand by their points and can be copied; figures drawn in several threads are those drawn in one."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Annotation, Text

from mathlearn.linear_model import LinearRegression
from mathlearn.plot import (
    DiagnosticsDisplay,
    LeverageDisplay,
    QuantilesDisplay,
    RegressionDisplay,
    ResidualsDisplay,
    ScaleLocationDisplay,
)
from mathlearn.plot.leverage import FAR, HINT

pytestmark = pytest.mark.usefixtures("figures_closed")

LABELLED = [QuantilesDisplay, ResidualsDisplay, ScaleLocationDisplay, LeverageDisplay]


def labels(ax):
    """Return the labels of rows: (text, box, point, whether a line joins them), in pixels as drawn."""
    renderer = ax.figure.canvas.get_renderer()
    found = []
    for label in ax.texts:
        if isinstance(label, Annotation) and label.get_text().isdigit():
            box = Text.get_window_extent(label, renderer)
            found.append((label.get_text(), box, ax.transData.transform(label.xy), label.arrow_patch.get_visible()))
    return found


def gap(box, point):
    """Return the distance from a box to a point."""
    across = max(box.x0 - point[0], point[0] - box.x1, 0)
    up = max(box.y0 - point[1], point[1] - box.y1, 0)
    return float(np.hypot(across, up))


def require_clear(ax):
    """Each label is near its own point and nearest to it, or joined to it, and overlaps no other label or labelled point."""
    found, unit = labels(ax), ax.figure.dpi / 72
    assert len(found) == 3
    for k, (_, box, point, joined) in enumerate(found):
        rest = found[:k] + found[k + 1 :]
        assert gap(box, point) > 0
        assert (gap(box, point) < min(10 * unit, *(gap(box, other[2]) for other in rest))) or joined
        assert not any(box.overlaps(other[1]) for other in rest)


@pytest.mark.parametrize("formula", ["body_mass_g ~ flipper_length_mm + species", "bill_length_mm ~ island + sex"])
@pytest.mark.parametrize("kind", LABELLED)
@pytest.mark.parametrize("size", [(6.4, 4.6), (3.2, 2.8)])
def test_labels_stand_by_their_own_points(penguins, formula, kind, size):
    model = LinearRegression(formula=formula, missing="drop").fit(penguins)
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    display = kind.from_estimator(model, penguins, ax=ax)
    figure.canvas.draw()
    require_clear(display.ax_)
    figure.set_size_inches(9, 8)  # and after the window is made larger
    figure.canvas.draw()
    require_clear(display.ax_)


def test_labels_of_a_panel_stand_by_their_own_points(penguins):
    model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + species", missing="drop").fit(penguins)
    display = DiagnosticsDisplay.from_estimator(model, penguins)
    display.figure_.canvas.draw()
    for row in display.axes_:
        for ax in row:
            require_clear(ax)


def test_labels_in_a_heap_are_joined_to_their_points():
    x = np.concatenate([np.zeros(30), np.full(30, 1.0)])
    y = np.concatenate([np.linspace(-1, 1, 30), np.linspace(-1, 1, 30)])
    y[[3, 4, 5]] = 9, 9.01, 9.02
    model = LinearRegression().fit(x[:, None], y)
    display = ResidualsDisplay.from_estimator(model, x[:, None], y)
    display.figure_.canvas.draw()
    found = labels(display.ax_)
    assert len(found) == 3
    assert any(joined for *_, joined in found)
    assert not any(a[1].overlaps(b[1]) for k, a in enumerate(found) for b in found[:k])


def test_row_numbers_can_be_copied():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60_400, 1))
    y = X[:, 0] + rng.normal(size=60_400)
    y[60_340] += 50
    model = LinearRegression().fit(X, y)
    display = DiagnosticsDisplay.from_estimator(model, X, y)
    display.figure_.canvas.draw()
    first = [{text for text, *_ in labels(ax)} for row in display.axes_ for ax in row]
    assert all("60340" in texts for texts in first[:3])
    captions = [text.get_text().replace("\n", " ") for text in display.axes_[1][1].texts]
    assert any("(row 60340)" in text for text in captions)
    assert "60\u202f340" not in display.to_svg("residuals")
    assert ">60340<" in display.to_svg("residuals")


def test_the_hint_of_leverage_speaks_of_contours_only_where_there_are():
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(200, 1)), rng.normal(size=200)
    far = np.append(X, [[9.0]], axis=0)
    for rows, y, hint in ((X, noise, FAR), (far, np.append(noise, 9.0), HINT)):
        display = LeverageDisplay.from_estimator(LinearRegression().fit(rows, y), rows, y)
        texts = " ".join(text.get_text().replace("\n", " ") for text in display.ax_.texts)
        assert hint in texts
        assert ("contour" in hint) == ("dashed" in texts)


def test_a_column_named_by_a_space_is_seen():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({" ": rng.normal(size=30)})
    display = RegressionDisplay.from_estimator(model := LinearRegression().fit(X, X[" "] ** 2), X, X[" "] ** 2)
    assert display.ax_.get_xlabel() == "' '"
    assert display.ax_.get_title(loc="left") == "' ' by ' '"
    assert [text.get_text() for text in model.plot(kind="coefficients").ax_.get_yticklabels()] == ["' '"]


def test_threads_draw_the_same_figures_as_one(penguins):
    model = LinearRegression(formula="body_mass_g ~ flipper_length_mm", missing="drop").fit(penguins)
    displays = [RegressionDisplay.from_estimator(model, penguins), DiagnosticsDisplay.from_estimator(model, penguins)]
    plt.close("all")
    truth = [display.to_svg("figure") for display in displays]
    before = dict(mpl.rcParams)

    def drawn(k):
        if k % 3 == 2:  # in between, in colours that no page has
            plt.close(displays[0].plot(theme="dark").figure_)
        return k % 2, displays[k % 2].to_svg("figure")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ThreadPoolExecutor(4) as pool:
            for which, text in pool.map(drawn, range(12)):
                assert text == truth[which]
    assert dict(mpl.rcParams) == before
