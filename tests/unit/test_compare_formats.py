"""Models side by side as text, HTML, LaTeX and Markdown, with any names."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from _fits import fit

import mathlearn
from mathlearn.linear_model import LinearRegression
from mathlearn.statistics.text_table import display_width

HOSTILE = [
    '"; drop table',
    "<script>alert(1)</script>",
    r"\input{/etc/passwd}",
    "宽度" * 40,
    "a\x1b[31mred\n\r",
    "x" * 300,
    "%&_$#{}~^|*`![](https://x.y)",
]
FORMULAS = [
    f"body_mass_g ~ {terms}"
    for terms in ("flipper_length_mm", "flipper_length_mm + sex", "flipper_length_mm + sex + species")
]


@pytest.fixture(scope="module")
def models():
    penguins = mathlearn.datasets.load_penguins().dropna()
    return [LinearRegression(formula=formula).fit(penguins) for formula in FORMULAS]


@pytest.fixture(scope="module")
def hostile():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 7))
    y = X[:, 3] + rng.normal(size=60)
    twice = np.column_stack([X, 2 * X[:, 0]])
    loose = fit(
        twice, y, terms=[*HOSTILE, "twice"], responses=["<b>y"], aliases=[("twice", (HOSTILE[0],), (2.0,), 0.0)]
    )
    return mathlearn.compare(
        fit(X, y, terms=HOSTILE, responses=["<b>y"]), loose, names=["<i>|one", r"\two{"], show=("std_error", "interval")
    )


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_wide_tables_are_folded_to_the_width(models, width):
    text = mathlearn.compare(*models * 4, show=("std_error", "interval")).to_text(width=width)
    assert max(map(display_width, text.splitlines())) <= width
    assert text.count("certificate ") == text.count("response ") > 1
    for i in range(1, 13):
        assert f"({i})" in text


def test_text_fits_a_terminal_whatever_the_names(hostile):
    text = str(hostile)
    assert all(display_width(line) <= 100 for line in text.splitlines())
    assert "\x1b" not in text
    assert "\r" not in text


def test_thousands_of_terms_are_cut():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 300))
    text = str(mathlearn.compare(fit(X, rng.normal(size=400))))
    assert "... and 101 more terms: to_frame() has them all" in text
    assert len(text.splitlines()) < 450


def test_many_reasons_share_a_footnote():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 20))
    aliases = [(f"x{j}", (f"x{j - 20}",), (1.0,), 0.0) for j in range(20, 40)]
    sheet = mathlearn.compare(
        fit(np.concatenate([X, X], axis=1), X[:, 0] + rng.normal(size=60), aliases=aliases)
    ).sheet()
    assert len(sheet.footnotes) == 12
    assert "to_frame()" in sheet.footnotes[-1]


class Collector(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"class", "style", "scope", "colspan"}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_well_formed_and_runs_nothing(hostile):
    collector = Collector()
    collector.feed(hostile.to_html())
    assert collector.open == []
    assert collector.tags <= {"div", "p", "strong", "span", "sup", "table", "thead", "tbody", "tr", "th", "td"}
    assert "&lt;script&gt;" in hostile.to_html()


def test_latex_is_balanced_and_reads_no_file(hostile):
    source = hostile.to_latex()
    assert r"\input{" not in source
    assert source.count(r"\begin{") == source.count(r"\end{")
    body = source.split(r"\hline", 1)[1].split(r"\end{tabular}")[0]
    for row in body.replace(r"\hline", "").strip().splitlines():
        if row.strip():
            assert row.count(" & ") + row.count(r"\multicolumn{2}") == 4, row
            assert row.endswith(r"\\")


def test_latex_sets_stars_and_powers():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 1)) * 1e-12
    source = mathlearn.compare(fit(X, X[:, 0] * 1e13 + 0.1 * rng.normal(size=60), terms=["[a]"]), stars=True).to_latex()
    assert re.search(r"\{\[\}a\{\]\} & \$[\d.]+ \\times 10\^\{\d+\}\$ & \$\^\{\*\*\*\}\$ ", source)


def test_markdown_is_one_table_in_which_no_name_acts(hostile):
    source = hostile.to_markdown()
    table = [line for line in source.splitlines() if line.startswith("|")]
    assert len(table) == len(hostile.sheet().sections[1].lines) + 2 + 1 + 7
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {4}
    assert not re.search(r"<(?!br>|sup>|/sup>)", source)


def test_jupyter_gets_all_forms(hostile):
    forms = {"text/plain", "text/html", "text/latex", "text/markdown"}
    assert set(hostile._repr_mimebundle_()) == forms
    assert set(hostile._repr_mimebundle_(include=["text/html"])) == {"text/html"}
    assert set(hostile._repr_mimebundle_(exclude=["text/latex"])) == forms - {"text/latex"}
    assert repr(hostile) == str(hostile)
    assert hostile._repr_html_() == hostile.to_html()
