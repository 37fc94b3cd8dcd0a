"""What is asked of a derivation: rows, responses, terms, levels, digits, steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mathlearn._errors import DomainError, SchemaError
from mathlearn.explain.numbers import in_sum, num, sum_line
from mathlearn.linear_model import LinearRegression
from tests.explain.fits import fit, load_penguins


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    return X, X @ [1.0, 2.0, 3.0] + rng.normal(size=20)


@pytest.fixture(scope="module")
def model(rows):
    return LinearRegression().fit(*rows)


def test_a_row_without_rows(model):
    with pytest.raises(DomainError, match=r"row=3 .* there is no x: pass the rows"):
        model.explain(row=3)


@pytest.mark.parametrize("row", [-1, 1.5, "0", True, [0], np.array([0])])
def test_what_is_no_row(model, rows, row):
    with pytest.raises(DomainError, match="it must be a whole number, counted from 0"):
        model.explain(rows[0], row=row)


def test_rows_that_there_are_and_are_not(model, rows):
    assert model.explain(rows[0], row=np.int64(2)).passed
    with pytest.raises(SchemaError, match="there is no row 20: x has 20 rows, counted from 0"):
        model.explain(rows[0], row=20)
    with pytest.raises(SchemaError, match="there is no row 1: x has 1 row, counted from 0"):
        model.explain(rows[0][:1], row=1)


def test_a_term_goes_with_the_fit(model, rows):
    with pytest.raises(DomainError, match="leave out x, or leave out the term"):
        model.explain(rows[0][0], term="x1")


@pytest.mark.parametrize("response", [True, 1.0, [0], np.array([0, 1]), "z", 1, -2])
def test_what_is_no_response(model, rows, response):
    for ask in (model.explain, model.equation, lambda **asked: model.explain(rows[0][0], **asked)):
        with pytest.raises(SchemaError, match="there is no response"):
            ask(response=response)


def test_responses_of_an_equation(rows):
    X, y = rows
    model = LinearRegression().fit(X, pd.DataFrame({"y": y, "z": -y}))
    assert model.equation(response="z").startswith("ẑ")
    assert model.equation(response=-1) == model.equation(response=1)


@pytest.mark.parametrize("digits", [1.5, "3", None, True, 0, -1, 18])
def test_what_is_no_number_of_digits(model, digits):
    with pytest.raises(DomainError, match=r"digits is .* it must be a whole number from 1 to 17"):
        model.equation(digits=digits)
    assert model.equation(digits=np.int64(2))


@pytest.mark.parametrize("level", [1e-300, 1e-12, 0.5, 1 - 1e-16])
def test_levels_next_to_the_ends(model, rows, level):
    assert model.explain(level=level).passed
    assert model.explain(rows[0][0], level=level).passed


def test_a_row_beyond_the_range_of_squares(model):
    assert model.explain([1e100, 1.0, 1.0]).passed
    with pytest.raises(DomainError, match="column 'x0' is 1e\\+300 in the row to explain: so far"):
        model.explain([1e300, 1.0, 1.0])


def test_a_mapping_is_a_row():
    model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + species", missing="drop").fit(load_penguins())
    asked = model.explain({"species": "Gentoo", "flipper_length_mm": 210.0})
    assert (
        asked.to_text() == model.explain(pd.DataFrame({"species": ["Gentoo"], "flipper_length_mm": [210.0]})).to_text()
    )
    with pytest.raises(SchemaError, match="flipper_length_mm"):
        model.explain({"species": "Gentoo"})


def test_a_factor_is_several_terms():
    from mathlearn.explain import explain

    with pytest.raises(
        SchemaError, match=r"Of 'species' it has 'species\[T.Chinstrap\]', 'species\[T.Gentoo\]': name one"
    ):
        explain(fit("penguins"), term="species")


def test_a_step_by_its_heading(model):
    derivation = model.explain()
    text = str(derivation["The loss"])
    assert text == derivation["The loss"].to_text()
    assert text.startswith("The loss\n--------\n")
    for line in text.split("\n")[2:]:
        assert line in derivation.to_text()
    assert "  Its interval\n" in str(derivation["One coefficient in full"])
    assert all(len(line) <= 66 for line in derivation["In plain words"].to_text(60).split("\n"))
    with pytest.raises(KeyError, match=r"Did you mean 'The normal equations'\? The steps are: 'The model', "):
        derivation["normal equations"]


def test_an_exact_fit_has_a_leverage():
    X = np.arange(12.0).reshape(6, 2) ** 2
    model = LinearRegression().fit(X, 1.0 + X @ [2.0, 3.0])
    text = model.explain([1.0, 2.0]).to_text()
    assert "SE(μ̂) = σ̂ √(h(x)) = 0 × √0." in text


def test_a_coefficient_held_at_zero():
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = LinearRegression(positive=True).fit(X, X @ [-1.0, 2.0])
    held = model.explain(term="x0")
    assert held.passed
    assert "The coefficient of x0 is held at zero" in held.to_text()
    assert "0 more" not in held.to_text()
    assert "One more unit of x1 goes with" in model.explain(term="x1").to_text()


def test_numbers_that_are_added_up_add_up():
    for parts, total in (
        ([680.94021, -1271.95632, 635.97784], 44.96173),
        ([1e12, -1.5e12, 0.6e12], 1e11),
        ([4.5, -9.0, 4.5], 0.0),
        ([1e-9, 2e-9], 3e-9),
    ):
        shown, whole, holds = in_sum(parts, total)
        assert holds
        exact = [float(text.split(" ")[0]) for text in (*shown, whole)]
        assert sum(exact[:-1]) == pytest.approx(exact[-1], abs=1e-12)
    assert sum_line([4.5, -9.0, 4.5], 9.86e-32) == ("4.5000 - 9.0000 + 4.5000", r"\approx", r"9.86 \times 10^{-32}")
    assert sum_line([0.0, 0.0], 0.0) == ("0 + 0", "=", "0")
    assert sum_line([1.0, float("inf")], float("inf"))[1] == r"\approx"
    assert num(-0.0) == "0"


@pytest.mark.parametrize("name", ["plain", "penguins", "Longley", "raw units", "no intercept", "positive", "exact fit"])
def test_no_sign_follows_another(name):
    from mathlearn.explain import explain, explain_row

    for derivation in (explain(fit(name)), explain_row(fit(name), np.ones(len(fit(name).terms)), offset=-1.5)):
        text = derivation.to_text()
        assert "+ −" not in text
        assert "− −" not in text
        assert "from −\xa0" not in text
        assert "from − " not in text


def test_a_long_name_wears_no_hat(rows):
    X, y = rows
    model = LinearRegression().fit(X, pd.Series(y, name="price"))
    for form in ("text", "mathml", "html"):
        assert "fitted price" in model.equation(form)
    assert r"\widehat{\text{price}}" in model.equation("latex")
    assert "<mover" not in model.equation("mathml")
    assert "<mover" in LinearRegression().fit(X, y).equation("mathml")


def test_an_equation_in_html_breaks_between_terms(model):
    html = model.equation("html")
    assert html.count("<math") == 4  # the head and the first term stay together
    assert "</math> <math" in html
    assert model.equation("mathml").count("<math") == 1
    assert 'form="prefix">+' not in html
