"""What derivations and equations of more than two classes say, in every format."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathlearn._errors import DomainError, NonFiniteInputError, SchemaError
from mathlearn.explain import equation, explain, explain_row
from mathlearn.linear_model import LogisticRegression
from mathlearn.results.stack import predictors_of
from mathlearn.statistics.class_equation import class_lines
from mathlearn.statistics.class_rows import class_scores
from tests.explain.classes_fits import COLUMNS, FITS, fit, row_of, table

FORMS = ("text", "latex", "mathml", "html", "markdown")


@pytest.mark.parametrize("name", FITS)
def test_every_equation(name):
    for form in FORMS:
        for style in ("named", "indexed"):
            written = equation(fit(name), format=form, style=style)
            assert written
            assert not any(private in written for private in "\ue000\ue001")


def test_one_line_a_class_against_the_first():
    text = equation(fit("classes"))
    assert re.sub(r"[\d.]+", "#", text).split("\n") == [
        "log(P(mode = 'car') / P(mode = 'bus')) = # − # age − # dose",
        "log(P(mode = 'tram') / P(mode = 'bus')) = # − # age − # dose",
    ]
    latex = equation(fit("classes"), format="latex")
    assert latex.count(r"\log\frac{\operatorname{P}(\text{mode} = \text{\textquotesingle{}") == 2
    assert latex.startswith(r"\begin{array}{rl}")
    assert equation(fit("classes"), format="html").count("<div>") == 2
    assert equation(fit("classes"), format="mathml").count("<math") == 1


def test_a_penalised_fit_has_a_score_for_each_class():
    lines = equation(fit("classes, penalised")).split("\n")
    assert lines[0] == "P(mode = k) ∝ exp(s(k))"
    assert [line.partition(" = ")[0] for line in lines[1:]] == ["s('bus')", "s('car')", "s('tram')"]
    assert r"\frac{e^{s_k}}{\sum_l e^{s_l}}" in equation(fit("classes, penalised"), format="latex")


def test_many_columns_are_numbered_and_told_once():
    text = equation(fit("classes, many columns"))
    assert text.count("⋯") == 2
    assert text.endswith(",   x₁ = x1, …, x₁₀ = x10")
    assert text.count("x₁ =") == 1


def test_an_infinite_coefficient_is_written_as_such():
    lines = equation(fit("classes, separated in part")).split("\n")
    assert lines[0].endswith("+ not known ward")  # which of the two it is there, no row says
    assert lines[1].endswith("+ ∞ ward")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(3, 5), st.booleans())
def test_the_equations_give_the_probabilities(seed, p, K, penalised):
    """Whatever the form: the lines, put through the softmax, are what is predicted."""
    X, y = table(seed, n=60 * K, p=p, labels=tuple("abcdefg"[:K]))
    model = LogisticRegression(C=1.0 if penalised else np.inf)
    result = model.fit(X, y).result_
    if result.likelihood.separation is not None:
        return
    lines = class_lines(result, result.stack)
    assert len(lines) == (K if penalised else K - 1)
    scores = np.column_stack([X.to_numpy() @ line.coef + line.intercept for line in lines])
    scores = scores if penalised else np.column_stack([np.zeros(len(X)), scores])
    chance = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(
        chance / chance.sum(axis=1, keepdims=True), model.predict_proba(X), rtol=1e-9, atol=1e-300
    )


def test_with_a_penalty_the_shown_scores_are_those_of_the_symmetric_form():
    result = fit("classes, penalised")
    shown = np.array([line.coef for line in class_lines(result, result.stack)])
    np.testing.assert_array_equal(shown, predictors_of(result).coef)
    np.testing.assert_allclose(shown.sum(axis=0), 0.0, atol=1e-14)


def test_names_of_the_user_are_no_mathematics():
    X, y = table()
    name = r"a_1 $x$ \frac{1}{2}"
    X, y = X.rename(columns={"age": name}), pd.Series(y.replace({"car": "yes $1$ & <i>"}), name="<b>y</b> @")
    model = LogisticRegression(C=np.inf).fit(X, y)
    for derivation in (model.explain(), model.explain({name: 3.1, "dose": 4.2})):
        assert derivation.passed
        assert "<b>" not in derivation.to_html()
        assert "<i>" not in derivation.to_html()
    assert "<i>" not in model.equation("html")
    assert r"\$1\$" in model.equation("latex")


def test_a_derivation_in_words():
    model = LogisticRegression(C=np.inf).fit(*table())
    derivation = model.explain()
    text = derivation.to_text(200)
    assert derivation.title[0] == "Maximum likelihood for "
    assert "The classes are numbered: 1 is 'bus', 2 is 'car', 3 is 'tram'." in text
    assert "independence of irrelevant alternatives" in text
    assert "odds of 'car' against 'bus' multiplied by" in derivation["In plain words"].to_text(400)
    table_of = model.tidy().set_index(["response", "term"]).loc[("car / bus", "dose")]
    ratio = np.exp(table_of.estimate)
    assert f"{ratio:.3f}" in derivation["In plain words"].to_text(400)
    assert "Penalised maximum likelihood" in str(explain(fit("classes, penalised")).title)


def test_the_iterations_are_those_of_the_fit():
    result = fit("classes")
    text = explain(result)["The iterations"].to_text(200)
    for iteration in result.likelihood.iterations:
        assert f"{iteration.loss:.9g}"[:9] in text


def test_contributions_add_up_to_the_log_odds():
    result = fit("classes")
    x = row_of(result)
    text = explain_row(result, x)["The log odds"].to_text(200)
    scores = class_scores(result, x[None])[0]
    rows = [line.split() for line in text.split("\n") if line.strip().startswith(("at x0", "age", "dose", "log odds"))]
    numbers = np.array([[float(cell) for cell in row[-2:]] for row in rows])
    np.testing.assert_allclose(numbers[:-1].sum(axis=0), numbers[-1], atol=1e-12)
    np.testing.assert_allclose(numbers[-1], scores[1:] - scores[0], rtol=1e-3)


def test_many_classes_are_cut_short():
    X, y = table(n=800, labels=tuple("abcdefghijklmno"))
    model = LogisticRegression(C=1.0).fit(X, y)
    row = model.explain(X, row=0)
    assert row.passed
    assert "Shown are the 4 most probable classes beside the first, of 14." in row["The log odds"].to_text(200)
    assert "Shown are the 12 most probable of 15 classes." in row["From log odds to probabilities"].to_text(200)
    assert model.explain().passed


def test_questions_that_cannot_be_answered():
    result = fit("classes")
    with pytest.raises(SchemaError, match="there is no term 'age'"):
        explain(result, term="age")
    with pytest.raises(SchemaError, match="it must have 2, one for each column"):
        explain_row(result, np.zeros(6))
    with pytest.raises(NonFiniteInputError, match="column 'dose'"):
        explain_row(result, [1.0, np.nan])
    with pytest.raises(DomainError, match="column 'age' is 1e\\+200"):
        explain_row(result, [1e200, 1.0])
    with pytest.raises(DomainError, match="cannot be worked"):
        explain(fit("classes, dependent columns"), term="car: age")


def test_a_saved_model_is_explained_alike(tmp_path):
    import mathlearn

    model = LogisticRegression(C=np.inf).fit(*table())
    model.save(tmp_path / "model.safetensors")
    again = mathlearn.load(tmp_path / "model.safetensors")
    assert again.explain().to_text() == model.explain().to_text()
    assert again.equation() == model.equation()
    assert list(COLUMNS) == list(again.feature_names_in_)
