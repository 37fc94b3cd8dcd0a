"""Figures of more than two classes: what they show is what predictions, intervals and tables say."""

from __future__ import annotations

import warnings

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
import pandas as pd
import pytest
from _figures import rendered

from mathlearn._errors import DomainError, SchemaError
from mathlearn.linear_model import LogisticRegression
from mathlearn.plot import (
    ClassCurvesDisplay,
    ClassMapDisplay,
    ClassMarginalsDisplay,
    ClassOverviewDisplay,
    CoefficientDisplay,
    plot_model,
)
from mathlearn.plot.class_curves_drawing import NAME_HIGH, NAME_WIDE

pytestmark = pytest.mark.usefixtures("figures_closed")

LABELS = ("bus", "car", "tram")


def drawn(n=300, labels=LABELS, seed=0):
    """Rows of two numbers and a category, and a class of each by a logit model."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(40, 10, n), "size": rng.normal(size=n), "g": rng.choice(list("uvw"), n)})
    slopes = rng.normal(size=(len(labels), 2))
    scores = np.column_stack([(frame["age"] - 40) / 10, frame["size"]]) @ slopes.T
    frame["y"] = np.array(labels)[(scores + rng.gumbel(size=scores.shape)).argmax(axis=1)]
    return frame


@pytest.fixture(scope="module")
def table():
    return drawn()


def fitted(frame, formula="y ~ age + size", **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LogisticRegression(**{"C": np.inf, "formula": formula, **options}).fit(frame)


def texts(display):
    figure = display.figure_
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text)).replace("\n", " ").replace("\xa0", " ")


def apart(frame):
    """The same rows, so that a line separates the trams from all others."""
    return frame.assign(age=frame["age"] + 200.0 * (frame["y"] == "tram"))


# ---------------------------------------------------------------------------------------------------------------- curves
def test_curves_are_the_probabilities_and_bands_those_of_predict_interval(table):
    model = fitted(table)
    display = rendered(ClassCurvesDisplay.from_estimator(model, table, feature="age", level=0.9))
    x = display.data.curves[0].x
    new = pd.DataFrame({"age": x, "size": table["size"].mean()})
    interval = model.predict_interval(new, 0.9)
    for k, curve in enumerate(display.data.curves):
        np.testing.assert_allclose(curve.mean, model.predict_proba(new)[:, k], rtol=1e-9)
        np.testing.assert_allclose(curve.low, interval.lower[:, k], rtol=1e-9)
        np.testing.assert_allclose(curve.high, interval.upper[:, k], rtol=1e-9)
    assert display.data.shares == ()  # of rows of any size: not what the curves show
    assert "Held: size" in texts(display)


def test_rows_stand_in_the_strip_of_their_class(table):
    display = rendered(fitted(table, "y ~ age").plot(table))
    for k, label in enumerate(LABELS):
        here = table.loc[table["y"] == label, "age"]
        np.testing.assert_array_equal(np.sort(display.data.x[display.data.codes == k]), np.sort(here))


def test_shares_are_those_of_the_rows_in_groups(table):
    shares = fitted(table, "y ~ age").plot(table).data.shares
    total = np.sum([each.share for each in shares], axis=0)
    np.testing.assert_allclose(total, 1.0)
    for each, label in zip(shares, LABELS, strict=True):
        assert each.share @ each.trials == pytest.approx((table["y"] == label).sum())


@pytest.mark.parametrize("classes", [3, 6, 12])
def test_classes_are_told_apart_without_their_colours(classes):
    frame = drawn(600, tuple(f"class {k:02d}" for k in range(classes)), seed=3)
    model = fitted(frame)
    display = rendered(model.plot(frame, feature="age"))
    shown = min(classes, 6)
    lines = [line for line in display.ax_.lines if len(line.get_xdata()) > 2]
    assert len({str(line._dash_pattern) for line in lines}) == len(lines) == shown
    named = [note for note in display.ax_.texts if note.get_fontweight() == "bold"]
    assert len(named) == shown
    left, right = (display.data.curves[0].x[j] for j in (0, -1))
    for i, one in enumerate(named):
        for other in named[:i]:
            across, up = (abs(a - b) for a, b in zip(one.xy, other.xy, strict=True))
            assert across / (right - left) > NAME_WIDE or up > NAME_HIGH
    assert ("left out" in texts(display)) == (classes > 6)


# ------------------------------------------------------------------------------------------------------------------- map
def test_the_map_has_the_most_probable_class_and_the_width_of_its_interval(table):
    model = fitted(table)
    display = rendered(model.plot(table))
    assert isinstance(display, ClassMapDisplay)
    data, some = display.data, slice(None, None, 15)
    x, y = (values.ravel() for values in np.meshgrid(data.x[some], data.y[some]))
    new = pd.DataFrame({"age": x, "size": y})
    chance, interval = model.predict_proba(new), model.predict_interval(new)
    top = chance.argmax(axis=1)
    best = np.arange(len(top)), top
    np.testing.assert_array_equal(data.top[some, some].ravel(), top)
    np.testing.assert_allclose(data.mean[some, some].ravel(), chance[best], rtol=1e-9)
    width = (interval.upper - interval.lower)[best]
    np.testing.assert_allclose(data.width[some, some].ravel(), width, rtol=1e-7)
    lead = np.log(chance[:, 0]) - np.log(chance[:, 1:].max(axis=1))
    np.testing.assert_allclose(data.lead[0][some, some].ravel(), lead, atol=1e-8)


def test_a_map_without_intervals_says_why(table):
    for frame, options, says in ((table, {"C": 1.0}, "penalised"), (apart(table), {}, "Left blank")):
        display = rendered(fitted(frame, **options).plot(frame))
        assert says in texts(display)


# ------------------------------------------------------------------------------------------------------------- marginals
def test_panels_are_the_probabilities_over_each_column(table):
    model = fitted(table, "y ~ age + size + g")
    display = rendered(ClassMarginalsDisplay.from_estimator(model, table))
    panels = {panel.feature: panel for panel in display.data.panels}
    assert list(panels) == ["age", "size", "g"]
    at = {"age": table["age"].mean(), "size": table["size"].mean(), "g": "u"}
    for feature, panel in panels.items():
        values = list(panel.levels) if feature == "g" else panel.curves[0].x
        new = pd.DataFrame({**at, feature: values})
        chance = model.predict_proba(new[["age", "size", "g"]])
        for k, curve in enumerate(panel.curves):
            np.testing.assert_allclose(curve.mean, chance[:, k], rtol=1e-9)
    assert panels["g"].levels == ("u", "v", "w")


@pytest.mark.parametrize("classes", [3, 12])
def test_the_legend_takes_no_room_from_the_panels(classes):
    frame = drawn(600, tuple(f"a rather long name {k:02d}" for k in range(classes)))
    display = rendered(fitted(frame).plot(frame, kind="means"))
    figure = display.figure_
    panels = [ax for row in display.axes_ for ax in row]
    assert sum(ax.get_position().width for ax in panels) > 0.7
    legend = panels[0].get_legend().get_window_extent()
    assert legend.y0 >= panels[0].get_window_extent().y1
    assert legend.x1 <= figure.bbox.x1
    title = figure._suptitle.get_window_extent()
    assert legend.y1 <= title.y0


def test_other_rows_are_refused_where_they_would_mislead(table):
    model = fitted(table)
    with pytest.raises(SchemaError, match="300 rows and 280 were given"):
        model.plot(table.iloc[:-20], kind="means")
    assert "not those of the fit" in texts(model.plot(table.iloc[:-20], kind="surface"))


# ---------------------------------------------------------------------------------------------------------- coefficients
def test_ratios_are_grouped_by_the_classes_they_compare(table):
    model = fitted(table)
    display = rendered(model.plot(kind="coefficients"))
    ratios = model.ratios()
    assert display.data.groups == tuple(ratios["response"])
    assert display.data.labels == tuple(ratios["term"])
    np.testing.assert_allclose(display.data.shown(display.data.estimate), ratios["ratio"], rtol=1e-12)
    assert "tram / bus" in texts(display)


def test_the_overview_draws_and_writes_ratios_per_standard_deviation(table):
    model = fitted(table, "y ~ age + size + g")
    display = rendered(model.plot(table))
    assert isinstance(display, ClassOverviewDisplay)
    data = display.data.coefficients
    deviation = table["age"].std(ddof=0)
    age = data.labels.index("age")
    assert data.unit[age] == pytest.approx(deviation)
    drawn_at = float(np.asarray(display.axes_[0].collections[-1].get_offsets())[age, 0])
    ratio = float(model.ratios().query("term == 'age'")["ratio"].iloc[0]) ** deviation
    assert drawn_at == pytest.approx(ratio)
    words = texts(display)
    assert "per standard deviation" in words
    assert f"One standard deviation: {deviation:.4g} of age" in words
    assert f"{ratio:.2f}" in words


# -------------------------------------------------------------------------------------------------------- hostile inputs
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["auto", "surface", "fit", "means", "coefficients"])
def test_names_are_shown_as_typed_in_every_figure(kind, theme):
    labels = ("<b>$x_1$ & 50%", "αβγ \\alpha", "</title>", "a very long name of a class that goes on and on")
    frame = drawn(labels=labels).rename(columns={"age": "% of <i>$a_1$", "size": "s & t"})
    model = LogisticRegression(C=np.inf).fit(frame[["% of <i>$a_1$", "s & t"]], frame["y"])
    feature = {"feature": 0} if kind == "fit" else {}
    display = model.plot(frame[["% of <i>$a_1$", "s & t"]], frame["y"], kind=kind, theme=theme, **feature)
    rendered(display)
    svg = display.to_svg("a picture")
    assert "<b>" not in svg
    assert "<i>" not in svg
    assert svg.count("</title>") == 1
    assert "$a_1$" in svg


@pytest.mark.parametrize("kind", ["fit", "means", "surface", "coefficients", "auto"])
@pytest.mark.parametrize("how", ["separated", "partly", "penalised"])
def test_fits_without_inference_are_drawn_and_say_why(table, kind, how):
    frame = apart(table) if how != "penalised" else table
    if how == "separated":
        frame = frame.assign(age=frame["age"] - 200.0 * (frame["y"] == "bus"))
    model = fitted(frame, C=1.0 if how == "penalised" else np.inf)
    assert model.certificate_.ok == (how == "penalised")
    display = rendered(model.plot(frame, kind=kind, **({"feature": "age"} if kind == "fit" else {})))
    words = texts(display)
    if how == "penalised":
        assert "penalised" in words
    elif kind == "coefficients":
        ratios = model.ratios()["ratio"]
        for end, value in (("infinite", np.inf), ("zero", 0.0)):
            assert words.count(f"{end}, the rows are separated") == (ratios == value).sum()
    else:
        assert "separat" in words
    if kind == "fit":  # at its limit: a separated class is certain, and where it is not it is ruled out
        tram = display.data.curves[2].mean
        assert {0.0, 1.0} >= set(tram.tolist()) or how == "penalised"
        assert np.isfinite(tram).all()


def test_every_other_kind_is_refused_with_what_there_is(table):
    model = fitted(table)
    for kind in ("partial", "diagnostics"):
        with pytest.raises(DomainError, match="'coefficients', or diagnose"):
            model.plot(table, kind=kind)
    only = fitted(table, "y ~ g")
    whole = rendered(only.plot(table))
    assert isinstance(whole, ClassOverviewDisplay)
    assert "per unit of the term" in texts(whole)  # dummies need no common unit
    with pytest.raises(SchemaError, match="no numeric column"):
        only.plot(table, kind="fit")
    with pytest.raises(SchemaError, match="kind='means'"):
        only.plot(table, kind="surface")
    two = fitted(table[table["y"] != "tram"])
    with pytest.raises(DomainError, match="more than two classes"):
        ClassCurvesDisplay.from_estimator(two, table)
    assert isinstance(rendered(plot_model(model, kind="coefficients")), CoefficientDisplay)


def test_an_interaction_and_weights_are_drawn(table):
    frame = table.assign(w=np.arange(len(table)) % 3 + 1.0)
    model = LogisticRegression(C=np.inf, formula="y ~ age * g").fit(frame, sample_weight="w")
    display = rendered(model.plot(frame))
    new = pd.DataFrame({"age": display.data.curves[0].x, "g": "u"})
    np.testing.assert_allclose(display.data.curves[1].mean, model.predict_proba(new)[:, 1], rtol=1e-9)
    assert "Held: g = u" in texts(display)
