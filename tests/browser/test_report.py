"""The report opened in a real browser: what it shows, what it asks for, and what hostile names can do in it."""

import numpy as np
import pandas as pd
import pytest

from mathlearn.linear_model import LinearRegression, LogisticRegression

pytestmark = pytest.mark.browser

SECTIONS = ("Coefficients", "Figures", "Diagnostics", "Certificate", "Mathematics", "How to reproduce")
OF_LIKELIHOOD = (
    "Coefficients",
    "Odds ratios",
    "Figures",
    "Diagnostics",
    "Certificate",
    "Mathematics",
    "Iterations",
    "How to reproduce",
)
HOSTILE = (
    "<script>alert(1)</script>",
    r"\input{/etc/passwd}",
    "$x$ & <img src=x onerror=alert(2)>",
    '"; drop table t; --',
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Path of the report on the penguins."""
    from mathlearn.datasets import load_penguins

    path = tmp_path_factory.mktemp("report") / "report.html"
    penguins = load_penguins()
    model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + bill_depth_mm + species", missing="drop")
    model.fit(penguins).report(path, penguins)
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Path of the report on columns with names that want to act."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 4)), columns=list(HOSTILE))
    table["<b>y</b>"] = table.sum(axis=1) + rng.normal(size=60)
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    LinearRegression().fit(table, "<b>y</b>").report(path, table, "<b>y</b>")
    return path


@pytest.fixture(scope="module")
def logistic(tmp_path_factory):
    """Path of the report on a logistic regression of two columns, whose names want to act, as do its classes."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(80, 2)), columns=list(HOSTILE[:2]))
    up = table.sum(axis=1) + rng.normal(size=80) > 0
    table["<b>y</b>"] = np.where(up, HOSTILE[2], HOSTILE[3])
    path = tmp_path_factory.mktemp("logistic") / "report.html"
    LogisticRegression(C=np.inf).fit(table, "<b>y</b>").report(path, table, "<b>y</b>")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_likelihood_has_its_sections_and_its_names_do_nothing(opened, logistic, scheme):
    page = opened(logistic, color_scheme=scheme)
    assert [heading.inner_text() for heading in page.query_selector_all("main > section > h2")] == list(OF_LIKELIHOOD)
    assert page.requested == [logistic.as_uri()]
    assert page.complaints == []
    assert page.locator("script, img, iframe, object, body b").count() == 0
    for name in HOSTILE[:2]:
        assert name in page.inner_text("#ratios")
    assert HOSTILE[2] in page.inner_text("#verdict")
    assert page.locator("figure svg").count() == 3
    assert page.locator("#iterations tbody tr").count() > 2


def test_the_page_of_a_likelihood_is_as_wide_as_the_window(opened, logistic):
    page = opened(logistic, viewport={"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_all_sections_are_there_and_nothing_is_asked_for_or_complained_of(opened, written):
    page = opened(written)
    assert page.title().endswith(": certified")
    assert [heading.inner_text() for heading in page.query_selector_all("main > section > h2")] == list(SECTIONS)
    assert page.requested == [written.as_uri()]
    assert page.complaints == []
    assert page.locator("script").count() == 0


def test_mathematics_is_laid_out(opened, written):
    page = opened(written)
    assert page.locator("math").count() > 20
    fraction = page.locator("#mathematics mfrac").first
    above, below = (fraction.locator("> *").nth(i).bounding_box() for i in range(2))
    assert above["y"] + above["height"] <= below["y"] + 2  # one over the other, not side by side
    assert min(box["width"] for box in (above, below)) > 0


def test_figures_are_drawn(opened, written):
    page = opened(written)
    figures = page.locator("figure svg")
    assert figures.count() >= 2
    for i in range(figures.count()):
        box = figures.nth(i).bounding_box()
        assert box["width"] > 300
        assert box["height"] > 150


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_is_as_wide_as_the_window(opened, written, width):
    page = opened(written, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_colours_follow_the_reader(opened, written, scheme, dark):
    page = opened(written, color_scheme=scheme)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = page.evaluate("getComputedStyle(document.querySelector('figure svg')).color")
    bright = [sum(map(int, colour[4:-1].split(", "))) > 384 for colour in (paper, ink)]
    assert bright == [not dark, dark]


def test_every_part_can_be_reached_by_keyboard_and_has_a_name(opened, written):
    page = opened(written)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("svg:not([role=img])").count() == 0
    assert page.locator(".scroll:not([tabindex])").count() == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    unnamed = (
        "Array.from(document.querySelectorAll('table')).filter(t => !t.caption && !t.closest('[aria-label]')).length"
    )
    assert page.evaluate(unnamed) == 0


def test_hostile_names_are_shown_and_do_nothing(opened, hostile):
    page = opened(hostile)
    text = page.inner_text("#coefficients")
    for name in HOSTILE:
        assert name in text
    assert page.locator("script, img, iframe, object, body b").count() == 0
    assert page.requested == [hostile.as_uri()]
    assert page.complaints == []


def test_every_link_leads_somewhere(opened, written):
    page = opened(written)
    targets = page.eval_on_selector_all("a[href]", "links => links.map(a => a.getAttribute('href'))")
    assert targets
    assert all(target.startswith("#") and page.locator(f"[id='{target[1:]}']").count() == 1 for target in targets)
    ids = page.eval_on_selector_all("[id]", "nodes => nodes.map(n => n.id)")
    assert len(ids) == len(set(ids))
