"""How derivations look where they are read: on 80 columns, in LaTeX, in browsers, in Markdown that KaTeX or MathJax sets."""

from __future__ import annotations

import re
import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathlearn.datasets import load_penguins, load_titanic
from mathlearn.explain import equation, explain, explain_row
from mathlearn.explain.derivation import Display, Maths, Matrix
from mathlearn.explain.formula import maths
from mathlearn.explain.numbers import in_units, span
from mathlearn.explain.render.mathml import element, mathml
from mathlearn.explain.render.text import maths_text
from mathlearn.explain.render.tree import headline
from mathlearn.linear_model import GeneralizedLinearRegressor, LinearRegression, LogisticRegression
from mathlearn.statistics.cells import printed, rounded, true_minus
from mathlearn.statistics.text_table import display_width
from tests.explain import likelihood_fits
from tests.explain.kinds import EVERY, derivations

NASTY = ["a_b", "x^2", "50%", "naïve café", "#1 & co", r"\frac", "<b>"]
NOT_IN_EVERY_TEX = re.compile(
    r"\\text(quotesingle|asciigrave|asciicircum|asciitilde|backslash|less|greater|bar)|\\char|\$"
)


@pytest.fixture(scope="module")
def nasty():
    birds = load_penguins().dropna().reset_index(drop=True)
    rng = np.random.default_rng(0)
    old = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
    X = pd.DataFrame(dict(zip(NASTY, [*(birds[c] for c in old), *rng.normal(size=(4, len(birds)))], strict=True)))
    y = pd.Series(np.where(birds.sex == "male", "100% & <i>$1$", "no_#1"), name="se_x ^$&")
    return LogisticRegression(C=np.inf).fit(X, y), X, birds.body_mass_g


@pytest.fixture(scope="module")
def separated():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LogisticRegression(C=np.inf, formula="survived ~ class * age + sex").fit(load_titanic())


# -------------------------------------------------------------------------------------------------------- terminals
@pytest.mark.parametrize(("kind", "name"), EVERY)
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(kind, name, width):
    for derivation in derivations(kind, name):
        assert max(map(display_width, derivation.to_text(width).split("\n"))) <= width


def test_a_wide_matrix_stays_whole_below_what_it_is(nasty):
    lines = explain(nasty[0].result_)["The distribution of the estimate"].to_text(80).split("\n")
    head = next(i for i, line in enumerate(lines) if line.strip() == "Cov(β̂) ≈ H⁻¹ =")
    assert all(display_width(line) <= 80 for line in lines)
    assert all(mark in lines[head + 1 + i] for i, mark in enumerate("⎡⎢⎢⎢⎢⎣"))


def test_a_wide_formula_goes_on_before_a_relation(nasty):
    _, X, mass = nasty
    loss = explain(LinearRegression().fit(X, mass).result_)["The loss"].to_text(80).split("\n")
    assert any(line.strip().startswith("= ") and line.count("−") == 1 for line in loss)


def test_spaces_of_signs_in_text():
    assert maths_text(Maths(r"\partial\ell / \partial\beta")) == "∂ℓ/∂β"
    assert maths_text(Maths(r"\log f(y; \mu)")) == "log f(y; μ)"
    assert maths_text(Maths(r"\theta \leftarrow (X)")) == "θ ← (X)"
    assert maths_text(Maths(span(-1.5, -1.0, 2))).split() == ["from", "−1.5", "to", "−1.0"]


# --------------------------------------------------------------------------------------------------------- matrices
@given(
    st.lists(st.floats(1e-3, 1.0), min_size=4, max_size=4),
    st.integers(-250, 250),
)
def test_numbers_of_a_matrix_are_what_they_are_in_its_unit(parts, power):
    values = np.array(parts).reshape(2, 2) * 10.0**power
    texts, unit = in_units(values)
    shown = np.array([[float(re.sub(r" \\times 10\^\{(-?\d+)\}", r"e\1", text)) for text in row] for row in texts])
    np.testing.assert_allclose(shown, values / 10.0**unit, rtol=6e-3)  # three digits of the least
    assert (unit == 0) or not 1e-2 <= values.max() < 1e9


def test_a_matrix_of_small_numbers_has_its_power_beside_it():
    text = maths_text(Matrix(np.array([[2.5e-6, -1e-7], [-1e-7, 3e-6]]), ("a", "b")).maths)
    assert [line.rstrip() for line in text.split("\n")] == ["a ⎡ 2.5000  −0.1000⎤ × 10⁻⁶", "b ⎣−0.1000   3.0000⎦"]


def test_matrices_that_would_not_fit_a_page_have_fewer_columns():
    wide = np.arange(36.0).reshape(6, 6) * 1234.5
    alone, three = Display((Matrix(wide),)), Display(tuple(Matrix(wide) for _ in range(3)))
    assert r"\cdots" not in alone.maths.latex
    assert three.maths.latex.count(r"\cdots") == 18


# ------------------------------------------------------------------------------------------------------------ LaTeX
@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_no_sign_follows_a_word_as_if_it_were_a_difference(kind, name):
    for derivation in derivations(kind, name):
        assert not re.search(r"\\text\{[^{}]* \} *[-+]", derivation.to_latex())


def test_infinity_is_no_word(separated):
    assert "$inf$" not in separated.summary().to_latex()
    assert r"$-\infty$" in separated.summary().to_latex()
    html = separated.summary().to_html()
    assert (">∞<" in html, ">−∞<" in html, ">inf<" in html) == (True, True, False)
    derivation = separated.explain()
    assert r"$-\infty$" in derivation.to_latex()
    assert "| −∞ |" in derivation.to_markdown()
    assert (">−∞<" in derivation.to_html(), ">-inf<" in derivation.to_html()) == (True, False)


def test_a_small_p_value_is_below_a_power(separated):
    assert r"$<10^{-16}$" in separated.summary().to_latex()


def test_signs_of_numbers_are_signs_and_hyphens_stay():
    says = "log-likelihood = -1.5, x-1: -2, p = 1e-05, the a-b"
    assert true_minus(says) == "log-likelihood = −1.5, x-1: −2, p = 1e−05, the a-b"
    assert (printed("-inf"), printed("-1e-05")) == ("−∞", "−1e−05")


# --------------------------------------------------------------------------------------------------------- Markdown
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20))
def test_a_name_in_a_formula_of_markdown_uses_what_every_reader_knows(name):
    written = equation_of(name)
    assert not NOT_IN_EVERY_TEX.search(written.replace(r"\$", ""))
    assert written.count("{") - written.count(r"\{") == written.count("}") - written.count(r"\}")


def equation_of(name):
    from mathlearn.explain.render.latex import maths_markdown

    return maths_markdown(maths("@ + 1", name))


def test_markdown_of_nasty_names(nasty):
    model, X, _ = nasty
    for text in (model.explain().to_markdown(), model.explain(X.iloc[[0]]).to_markdown(), model.equation("markdown")):
        for formula in re.findall(r"\$\$\n(.*?)\n\$\$", text, re.DOTALL):
            assert not NOT_IN_EVERY_TEX.search(formula.replace(r"\$", ""))
    assert r"\text{a}\_\text{b}" in model.equation("markdown")
    assert r"\text{a\_b}" in model.equation("latex")


# --------------------------------------------------------------------------------------------------------- browsers
def test_functions_stand_apart_from_what_they_are_of():
    tree = element(Maths(r"(1-y)\log\mu + \log(y) + \log\Gamma(y)"))
    row = next(iter(tree.iter("mrow")))
    spaced = [(a.text, c.text) for a, b, c in zip(row, list(row)[1:], list(row)[2:], strict=False) if b.tag == "mspace"]
    assert spaced == [(")", "log"), ("log", "μ"), ("log", "Γ")]
    assert 'mathvariant="normal">Γ' in mathml(Maths(r"\Gamma(x)"))


def test_fences_stretch_around_what_is_tall_alone():
    assert 'stretchy="true"' not in mathml(Maths(r"\left(a + b\right)"))
    assert mathml(Maths(r"\left(\frac{a}{b}\right)")).count('stretchy="true"') == 2


def test_an_empty_group_is_an_operand():
    tree = element(maths("{} + @", "offset"))
    assert [node.tag for node in next(tree.iter("mrow"))] == ["mi", "mo", "mtext"]


# ------------------------------------------------------------------------------------------------------------ words
def test_one_check_is_one_check(separated):
    child = pd.DataFrame({"class": ["1st"], "age": ["child"], "sex": ["female"]})
    assert headline(separated.explain(child)) == "The one check of its one step passes on this fit."


def test_a_name_keeps_its_small_letter_where_a_sentence_begins_with_it(separated):
    derivation = separated.explain()
    assert "survived is separated" in derivation.to_text(400)
    assert "Survived is separated" not in derivation.to_text(400)
    assert "Constant: class[T.crew]" in derivation.to_text(400)


def test_a_direction_is_the_same_in_the_note_and_in_the_formula(separated):
    (separation,) = [d for d in separated.result_.defects if "is separated" in d.message]
    assert "+1·age[T.child] +2·class[T.2nd]:age[T.child] -1·class[T.3rd]:age[T.child]" in separation.message
    shown = separated.explain()["What is withheld"].to_text(200)
    assert "v = 1 age[T.child] + 2 class[T.2nd]:age[T.child]" in shown


def test_convergence_is_called_quadratic_only_where_its_order_is_two():
    claimed = 0
    for name in likelihood_fits.FITS:
        step = next((s for s in explain(likelihood_fits.fit(name)) if s.heading == "The iterations"), None)
        found = step and re.search(r"quadratic: .* of order (\d+\.\d)", step.to_text(1000))
        if found:
            claimed += 1
            assert 1.6 <= float(found[1]) <= 2.6
    assert claimed


def test_an_estimated_shape_is_no_quadratic_convergence():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 1))
    y = rng.negative_binomial(1, 1 / (1 + np.exp(0.5 + 0.5 * x[:, 0])))
    model = GeneralizedLinearRegressor(family="negative_binomial").fit(x, y)
    distances = [at.gradient for at in model.result_.likelihood.iterations]
    text = model.explain()["The iterations"].to_text(1000)
    assert all(b < a for a, b in pairwise(distances[-3:]))
    order = np.log(distances[-1] / distances[-2]) / np.log(distances[-2] / distances[-3])
    assert ("quadratic" in text) == (1.6 <= order < 2.6)


def test_an_offset_without_a_name_is_called_offset_once():
    result = likelihood_fits.fit("Poisson, offset")
    rows = explain_row(result, likelihood_fits.row_of(result), offset=0.1).to_text().split("\n")
    assert any(line.split()[:1] == ["offset"] for line in rows)
    assert not any("offset offset" in line for line in rows)


def test_a_skew_interval_keeps_the_digits_of_its_lower_end():
    assert rounded(7.05, 0.0913, 546.0) is None
    assert rounded(-7.05, -546.0, -0.0913) is None
    assert rounded(7.0, -1.0, 546.0) is not None


def test_equations_are_written_in_every_format(nasty):
    for form in ("text", "latex", "markdown", "html", "mathml"):
        assert equation(nasty[0].result_, format=form)
