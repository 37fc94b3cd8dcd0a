"""An offset is part of what is shown: the equation adds it, and what is fitted is the response less it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn import _text
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


LONG = "20 * flipper_length_mm + 3 * bill_length_mm"


@pytest.fixture(scope="module")
def penguins():
    return mathlearn.datasets.load_penguins().dropna()


@pytest.mark.parametrize("columns", ["1", "0", "bill_depth_mm"])
def test_an_offset_is_never_cut(penguins, columns):
    model = fitted(penguins, f"body_mass_g ~ {columns} + offset({LONG})")
    derivation = model.explain()
    assert derivation.passed
    latex = LONG.replace("_", r"\_").replace("*", "{*}")
    inside = LONG if columns == "0" else f"({LONG})"
    assert inside in model.equation()
    assert inside in model.equation("html")
    for text in (model.equation("latex"), derivation.to_latex()):
        assert latex in text
        assert "..." not in text
    assert _text.tex_maths(inside) in model.equation("markdown")
    assert "..." not in model.equation("markdown")
    assert f"({LONG})" in next(
        line for line in derivation.to_text().split("\n") if line.startswith("        ") and LONG in line
    )
    assert f"({LONG})" in derivation.to_html()


def test_an_offset_that_is_no_single_word_stands_in_parentheses(table):
    assert fitted(table, "y ~ a + offset(-1*o)").equation().endswith(" a + (-1 * o)")
    assert fitted(table, "y ~ a + offset(-1*o)").equation("latex").endswith(r"+ \text{(-1 {*} o)}")


@pytest.mark.parametrize("offset", ["", " + offset(20 * flipper_length_mm)"])
def test_without_a_parameter_there_is_the_model_the_loss_and_sigma(penguins, offset):
    derivation = fitted(penguins, f"body_mass_g ~ 0{offset}").explain()
    assert derivation.passed
    assert [step.heading for step in derivation.steps] == ["The model", "The loss", "The residual standard error"]
    assert all(step.checks for step in derivation.steps)
    text = " ".join(derivation.to_text().split())
    assert ("body_mass_g = (20 * flipper_length_mm) + e" if offset else "body_mass_g = e ") in text
    assert ("∑ᵢ₌₁ⁿ(yᵢ − oᵢ)²" if offset else "∑ᵢ₌₁ⁿ yᵢ²") in text
    for wrong in ("= +", "the mean is all", "none of them", "column", "β"):
        assert wrong not in text.replace("p = 0 columns", "")
    assert "= +" not in derivation.to_latex()


@pytest.mark.parametrize("offset", ["", " + offset(20 * flipper_length_mm)"])
def test_a_mean_alone_is_told_without_columns(penguins, offset):
    derivation = fitted(penguins, f"body_mass_g ~ 1{offset}").explain()
    assert derivation.passed
    text = " ".join(derivation.to_text().split())
    assert ("β̂₀ = mean of (y − o) = " if offset else "β̂₀ = ȳ = 4207.1") in text
    for wrong in ("x̄", "X_c", "xᵢ", "V Vᵀ", "with the column", "every column", "− 0.0"):
        assert wrong not in text


@pytest.mark.parametrize("covariance", ["HC3", "HC1"])
def test_derivations_without_columns_pass_under_other_covariances(penguins, covariance):
    for columns in ("0", "1"):
        assert fitted(penguins, f"body_mass_g ~ {columns}", covariance=covariance).explain().passed
