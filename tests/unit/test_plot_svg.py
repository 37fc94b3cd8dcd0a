"""Figures as SVG for a page: well formed, inert, the same every time, small, and in colours that follow the page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mathlearn.linear_model import LinearRegression
from mathlearn.plot import DiagnosticsDisplay, plot_model, save_svg
from mathlearn.plot.style import DARK, LIGHT, PAGE

pytestmark = pytest.mark.usefixtures("figures_closed")

SVG = "{http://www.w3.org/2000/svg}"


def data(n, p=1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X.sum(axis=1) + rng.normal(size=n)


def figure(n=200, p=1, kind="auto", theme="light"):
    X, y = data(n, p)
    return plot_model(LinearRegression().fit(X, y), X, y, kind=kind, theme=theme).figure_


@pytest.mark.parametrize("kind", ["fit", "diagnostics", "coefficients", "partial"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_well_formed_and_holds_nothing_that_acts(kind, theme):
    text = save_svg(figure(kind=kind, theme=theme), "a <b> title", "what & why", prefix="f1")
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root[0].text == "a <b> title"
    assert root[1].text == "what & why"
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "f1-title f1-desc"
    allowed = {"svg", "title", "desc", "g", "defs", "path", "use", "clipPath", "rect", "text", "tspan", "image"}
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in allowed
        for key, value in element.attrib.items():
            assert not key.startswith("on")
            assert key != "style"
            assert "://" not in value
            if key == "href":
                assert value.startswith(("#f1-", "data:image/png;base64,"))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("f1-") for name in ids)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    assert used <= set(ids)
    assert "<?xml" not in text
    assert "<!" not in text
    assert "Date" not in text


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_colours_follow_the_page(theme):
    text = save_svg(figure(theme="light" if theme is LIGHT else "dark"), "t")
    assert "currentColor" in text
    for variable, colour in (("muted", theme.muted), ("grid", theme.grid), ("1", theme.series[0])):
        assert f"var(--ml-{variable}, {colour})" in text
    bare = re.sub(r"var\([^)]*\)", "", text)
    assert theme.ink not in bare
    assert theme.series[0] not in bare


def test_the_same_figure_gives_the_same_text():
    one, two = (save_svg(figure(kind="diagnostics"), "t", prefix="a") for _ in range(2))
    assert one == two


def test_a_display_writes_itself_without_a_figure_that_others_see():
    X, y = data(50)
    display = DiagnosticsDisplay.from_estimator(LinearRegression().fit(X, y), X, y)
    plt.close("all")
    text = display.to_svg("residuals", "four pictures", prefix="d")
    assert not plt.get_fignums()
    assert text == display.to_svg("residuals", "four pictures", prefix="d")
    assert f"var(--ml-muted, {PAGE.muted})" in text


def test_text_is_text():
    root = ET.fromstring(save_svg(figure(), "t"))
    words = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert "x0" in words
    assert "y by x0" in words


@pytest.mark.parametrize("n", [100, 390, 1_000, 5_000, 50_000])
def test_it_is_small(n):
    X, y = data(n)
    display = DiagnosticsDisplay.from_estimator(LinearRegression().fit(X, y), X, y)
    text = save_svg(display.figure_, "t")
    assert len(text.encode()) <= 200_000
    assert ("data:image/png" in text) == (n > 400)


def test_nine_panels_are_small_too():
    X, y = data(399, 12)
    assert len(save_svg(plot_model(LinearRegression().fit(X, y), X, y).figure_, "t").encode()) <= 200_000


def test_the_figure_is_left_as_it_was():
    drawn = figure(n=900)
    before = [artist.get_rasterized() for artist in drawn.findobj()]
    settings = dict(mpl.rcParams)
    save_svg(drawn, "t")
    assert [artist.get_rasterized() for artist in drawn.findobj()] == before
    assert dict(mpl.rcParams) == settings


@pytest.mark.parametrize("prefix", ["", "1a", "a b", 'a"', "a<"])
def test_a_prefix_is_a_plain_word(prefix):
    with pytest.raises(ValueError, match="prefix"):
        save_svg(plt.figure(), "t", prefix=prefix)
