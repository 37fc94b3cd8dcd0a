"""Hostile names are shown, and do nothing, in every form of a derivation."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from mathlearn.explain import equation, explain, explain_row
from mathlearn.explain.render import mathml as module
from mathlearn.linear_model import LinearRegression

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": '<img src=x onerror="alert(1)">',
    "closing": "</mtext></math><script>alert(1)</script>",
    "entity": "&lt;b&gt; &#60;",
    "latex": r"\input{/etc/passwd}",
    "math": "$x$ $$y$$",
    "href": r"\href{javascript:alert(1)}{x}",
    "comment": "a % \\end{document}",
    "sql": '"; drop table students; --',
    "marks": "@ {0} {name} %s @",
    "placeholder": "\ue000",
    "placeholders": "\ue000\ue001\ue002",
    "last": "\uf8ff",
    "rtl": "\u202egnp.exe",
    "escape": "\x1b[2J\x1b]0;x\x07",
    "lines": "a\nb\r\u2028c",
    "markdown": "[x](javascript:alert(1)) **b** `c` | d",
    "heading": "# x",
    "long": "x" * 5000,
    "braces": "}}}{{{ \\",
    "wide": "価格" * 40,
}


@pytest.fixture(scope="module")
def fits():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3))
    y = x @ [1.0, 2.0, 3.0] + rng.normal(size=30)
    made = {}
    for key, name in HOSTILE.items():
        frame = pd.DataFrame(x, columns=[name, "b", "c"])
        made[key] = LinearRegression().fit(frame, pd.Series(y, name=f"y {name}")).result_
        frame = frame.assign(d=2 * frame[name] - frame["b"])
        with pytest.warns(match="depend"):
            made[f"{key}, dependent"] = LinearRegression().fit(frame, pd.Series(y, name=name)).result_
    return made


@pytest.fixture(params=[*HOSTILE, *(f"{key}, dependent" for key in HOSTILE)])
def derivations(request, fits):
    result = fits[request.param]
    return HOSTILE[request.param.split(",")[0]], (
        explain(result),
        explain_row(result, np.ones(len(result.terms)), name=HOSTILE["script"]),
    )


ALLOWED = {
    "article", "style", "h2", "h3", "h4", "p", "section", "span", "em", "ul", "li", "div", "table", "thead", "tbody", "tr", "th",
    "td", *module._ALLOWED,
}  # fmt: skip


def test_html(derivations):
    _, pair = derivations
    for derivation in pair:
        text = derivation.to_html()
        root = ET.fromstring(text)  # well-formed, so that nothing was left open
        tags = {node.tag.rpartition("}")[2] for node in root.iter()}
        assert tags <= ALLOWED
        for node in root.iter():
            assert not any(key.startswith("on") or key in {"href", "src"} for key in node.attrib)
        assert "<script" not in text
        assert "<img" not in text


def test_html_page_has_no_way_out(fits):
    page = explain(fits["closing"]).to_html(standalone=True)
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_latex(derivations):
    _, pair = derivations
    for derivation in pair:
        text = derivation.to_latex()
        for command in (r"\input", r"\href", "\\end{document}"):
            assert command not in text
        assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
        lines = text.split("\n")
        assert not any(re.search(r"(?<!\\)%", line) for line in lines)


def test_markdown(derivations):
    _, pair = derivations
    for derivation in pair:
        text = derivation.to_markdown()
        assert "<script" not in text
        assert "<img" not in text
        assert "](javascript" not in text
        assert "**b**" not in text


def test_terminal(derivations):
    _, pair = derivations
    for derivation in pair:
        text = derivation.to_text()
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2028]", text)


def test_equations(fits):
    for key, result in fits.items():
        if key.startswith("long"):
            continue
        for form in ("html", "mathml"):
            root = ET.fromstring(equation(result, format=form))
            assert {node.tag.rpartition("}")[2] for node in root.iter()} <= ALLOWED
        assert "\n" not in equation(result)
        assert r"\input" not in equation(result, format="latex")


def test_a_column_called_like_a_placeholder_is_itself(fits):
    result = fits["placeholders"]
    root = ET.fromstring(equation(result, format="mathml"))
    texts = [node.text for node in root.iter() if node.tag.endswith("mtext")]
    assert texts[0] == "fitted y \ue000\ue001\ue002"
    assert texts[1:] == list(result.terms)
    assert "\ue000\ue001\ue002" in equation(result, format="latex")


def test_two_names_that_end_alike_keep_their_beginnings():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(20, 2)), columns=["a" + "x" * 200, "b" + "x" * 200])
    result = LinearRegression().fit(frame, pd.Series(rng.normal(size=20), name="y")).result_
    assert "axxx" in equation(result)
    assert "bxxx" in equation(result)
