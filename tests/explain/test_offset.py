"""An offset is part of what is shown: the equation adds it, and what is fitted is the response less it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn._errors import UntrustedModelError
from mathlearn.linear_model import LinearRegression
from mathlearn.persistence.consistency import check_model


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=30), "o": rng.normal(size=30) + 3.0})
    return table.assign(y=table.a + table.o + rng.normal(size=30))


def fitted(table, formula="y ~ a + offset(o)", **options):
    return LinearRegression(formula=formula, **options).fit(table)


def test_the_record_knows_its_offset(table, tmp_path):
    assert fitted(table).result_.offset == "o"
    assert fitted(table, "y ~ a + offset(log(o)) + offset(a * 2)").result_.offset == "log(o) + a * 2"
    assert fitted(table, "y ~ a").result_.offset is None
    model = fitted(table)
    model.save(tmp_path / "m.safetensors")
    assert mathlearn.load(tmp_path / "m.safetensors").result_.offset == "o"
    other = dataclasses.replace(model.result_, offset="a")
    with pytest.raises(UntrustedModelError, match="disagree about the offset"):
        check_model(other, model.design_, model.formula)
    plain = LinearRegression().fit(table[["a"]], table["y"])
    with pytest.raises(UntrustedModelError, match="no formula that says which"):
        check_model(dataclasses.replace(plain.result_, offset="o"), plain.design_, None)


def test_the_equation_adds_it(table):
    model = fitted(table)
    assert model.equation().endswith(" a + o")
    assert model.equation("latex").endswith(r"\text{a} + \text{o}")
    assert "<mtext>o</mtext>" in model.equation("html")
    assert fitted(table, "y ~ 0 + offset(o)").equation() == "ŷ = o"


def test_the_summary_says_it(table):
    assert "Offset      o is added to every prediction; R² is of y less it" in str(fitted(table).summary())
    assert "Offset" not in str(fitted(table, "y ~ a").summary())


@pytest.mark.parametrize("options", [{}, {"positive": True}])
@pytest.mark.parametrize("constant", ["", "0 + "])
def test_every_step_speaks_of_what_is_left(table, constant, options):
    derivation = fitted(table, f"y ~ {constant}a + offset(o)", **options).explain()
    assert derivation.passed
    text = derivation.to_text()
    assert "a + o + e" in text
    assert "yᵢ − oᵢ" in text
    assert "variation of y less its offset" in text
    assert "the offset being the same" in text
    assert "ȳ" not in text
    assert ("mean of (y − o)" in text) != bool(constant)
    for form in (derivation.to_latex(), derivation.to_html(), derivation.to_markdown()):
        assert "less its offset" in form


def test_one_prediction_adds_the_offset_of_its_row(table):
    model = fitted(table)
    derivation = model.explain(table, row=3)
    assert derivation.passed
    text = derivation.to_text()
    assert "the mean response less its offset" in text
    assert f"{table.o[3]:.4f}" in next(line for line in text.split("\n") if "    offset o " in line)
    assert f"{model.predict(table)[3]:.4f}" in text


def test_the_intercept_is_where_columns_and_offset_are_zero(table):
    words = "".join(fitted(table).explain(term="(Intercept)")["In plain words"].claim)
    assert words.startswith("Where every column is zero and the offset o is zero, the fitted y is")


def test_hostile_names_of_an_offset_do_nothing():
    rng = np.random.default_rng(0)
    name = "<img src=x>$x$\\input{a}"
    table = pd.DataFrame({"a": rng.normal(size=9), name: rng.normal(size=9), "y": rng.normal(size=9)})
    model = fitted(table, f"y ~ a + offset(`{name}`)")
    assert "<img" not in model.equation("html") + model.explain().to_html() + model.explain(table, row=1).to_html()
    assert (
        "\\input" not in model.equation("latex") + model.explain().to_latex() + model.explain(table, row=1).to_latex()
    )
