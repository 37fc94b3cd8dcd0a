"""Names that would act as formulas, commands or markup are shown as typed in every figure."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib import cbook
from matplotlib.text import Text

from mathlearn.linear_model import LinearRegression
from mathlearn.plot import plot_model, save_svg

pytestmark = pytest.mark.usefixtures("figures_closed")

NAMES = [
    r"\input{/etc/passwd}",
    r"$\frac{1}{0}$",
    r"$\frac",
    r"\$x\$",
    "<script>alert(1)</script>",
    "a & b < c > \"d\" 'e'",
    "url(http://example.org/x)",
    "x" * 500,
    "tab\tnew\nline",
    "\x1b[2Jred",
    "abc\u202edcba",
    "σ̂² naïve",
    "x12345678",
    " ",
    "None",
    "%s {0} {x}",
    "$",
    "]]>",
    "</svg><script>",
]


def fits(name):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=[name, name + "2"])
    y = pd.Series(frame.sum(axis=1) + rng.normal(size=40), name=name + "y")
    return [(LinearRegression().fit(frame[[name]], y), frame[[name]], y), (LinearRegression().fit(frame, y), frame, y)]


def seen(text):
    """What Matplotlib shows of a label that is no formula."""
    return text.replace(r"\$", "$")


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_typed(name):
    from mathlearn.plot.words import short

    one, two = fits(name)
    for kind, (model, X, y) in (
        ("fit", one),
        ("diagnostics", one),
        ("auto", two),
    ):  # "auto" draws coefficients and panels
        display = plot_model(model, X, y, kind=kind)
        texts = [text.get_text() for text in display.figure_.findobj(Text)]
        assert not any(cbook.is_math_text(text) for text in texts if name in text)
        shown = " ".join(seen(text).replace("\n", " ") for text in texts)
        if name.strip() or kind != "diagnostics":  # which names the response only
            assert short(name, 18)[:8].strip() in shown
        svg = save_svg(display.figure_, name, name)
        root = ET.fromstring(svg)
        assert "<script" not in svg
        assert not any("script" in element.tag for element in root.iter())
        if len(name) < 15 and name.isprintable() and "  " not in name:
            words = " ".join("".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text"))
            assert name.strip() in words


def test_levels_and_responses_are_names_too():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=60), "g": rng.choice([r"$\frac", "<script>", r"\input{x}"], 60)})
    frame["$y$"] = frame["x"] + rng.normal(size=60)
    model = LinearRegression(formula="`$y$` ~ x * g").fit(frame)
    display = plot_model(model, frame)
    display.figure_.canvas.draw()
    labels = [seen(text.get_text()) for text in display.ax_.get_legend().get_texts()]
    assert labels == [r"$\frac", "<script>", r"\input{x}"]
    assert "<script" not in save_svg(display.figure_, "t")


def test_a_name_that_our_font_lacks_is_kept_as_text_for_the_page():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"温度": rng.normal(size=30)})
    model = LinearRegression().fit(X, X["温度"] + rng.normal(size=30))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # Matplotlib says so when it draws, as it should
        display = plot_model(model, X, X["温度"] + rng.normal(size=30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "温度" in save_svg(display.figure_, "t")


@pytest.mark.parametrize("size", [(2.0, 1.5), (1.0, 6.0), (30.0, 2.0)])
def test_figures_of_odd_sizes_are_drawn(size):
    model, X, y = fits("a")[1]
    for kind in ("auto", "diagnostics", "coefficients"):
        figure, ax = plt.subplots(figsize=size)
        plot_model(model, X, y, kind=kind, ax=ax)
        figure.canvas.draw()
