"""The law of derivations of more than two classes: every check passes on the fit, and the step that a wrong number concerns says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mathlearn.explain import explain, explain_row
from mathlearn.explain.setting import Setting
from mathlearn.explain.topics import _line, classes_words, likelihood_coefficient
from tests.explain.classes_fits import FITS, fit, row_of
from tests.explain.classes_perturbed import FIT, ROW, SAID

UNFINISHED = "classes, not converged"
AWAY = {"The data do not determine this prediction", "Classes that are ruled out"}


def failures(derivation):
    return [(step.heading, check) for step in derivation for check in step.checks if not check.passed]


@pytest.mark.parametrize("name", [name for name in FITS if name != UNFINISHED])
def test_every_check_passes(name):
    result = fit(name)
    derivation = explain(result)
    assert failures(derivation) == []
    assert all(step.checks for step in derivation)
    for keeps in (True, False):
        row = explain_row(result, row_of(result, keeps=keeps))
        assert failures(row) == []
        assert all(step.checks for step in row)


def test_of_a_fit_that_is_not_at_its_maximum_the_steps_that_rest_on_it_fail():
    derivation = explain(fit(UNFINISHED))
    failing = {step.heading for step in derivation.failing}
    assert {"The score is zero", "The solution", "It is the maximum"} <= failing
    assert derivation.steps[0].heading == "What is withheld"


@pytest.mark.parametrize(("heading", "name", "change"), [(h, n, c) for h, cases in FIT.items() for n, c in cases])
def test_a_wrong_number_fails_the_step_that_asserts_it(heading, name, change):
    assert heading in [step.heading for step in explain(fit(name))]
    with np.errstate(all="ignore"):
        step = explain(change(fit(name)))[heading]
    assert not all(check.passed for check in step.checks)


@pytest.mark.parametrize(("heading", "name", "change"), [(h, n, c) for h, cases in ROW.items() for n, c in cases])
def test_a_wrong_number_fails_the_step_of_a_prediction(heading, name, change):
    result = fit(name)
    x = row_of(result, keeps=heading not in AWAY)
    assert heading in [step.heading for step in explain_row(result, x)]
    with np.errstate(all="ignore"):
        derivation = explain_row(change(result), x)
    assert not all(check.passed for check in derivation[heading].checks)


def test_every_step_that_is_ever_shown_is_perturbed():
    assert {step.heading for name in FITS for step in explain(fit(name))} == set(FIT) | SAID
    rows = {
        step.heading
        for name in FITS
        for keeps in (True, False)
        for step in explain_row(fit(name), row_of(fit(name), keeps=keeps))
    }
    assert rows == set(ROW)


def test_the_ratio_is_held_against_estimate_and_standard_error(monkeypatch):
    setting = Setting.of(fit("classes"), None, None, 0.95)
    wrong = replace(_line.Line.of(setting), high=_line.Line.of(setting).high * 1.001)
    monkeypatch.setattr(likelihood_coefficient.Line, "of", lambda _: wrong)
    ratio = likelihood_coefficient.step(setting).children[-1]
    assert ratio.heading == "What it multiplies"
    assert not all(check.passed for check in ratio.checks)


def test_the_sentence_is_held_against_the_record():
    result = fit("classes")
    setting = Setting.of(result, None, None, 0.95)
    wrong = replace(setting, result=replace(result, coef=result.coef * 1.05))
    assert classes_words.step(setting).passed
    assert not classes_words.step(wrong).passed


def test_an_intercept_has_no_ratio_and_is_said_as_odds():
    derivation = explain(fit("classes"), term="car: (Intercept)")
    assert "What it multiplies" not in [step.heading for step in derivation]
    assert "Where every column is zero, the odds of" in derivation["In plain words"].to_text(400)


def test_the_probabilities_shown_are_those_of_predict_proba(monkeypatch):
    from mathlearn.linear_model import LogisticRegression
    from tests.explain.classes_fits import table

    X, y = table()
    model = LogisticRegression(C=np.inf).fit(X, y)
    text = model.explain(X, row=7)["From log odds to probabilities"].to_text(200)
    best = model.predict(X.iloc[[7]])[0]
    from mathlearn.explain.numbers import num

    assert (
        f"Predicted is the most probable class, {str(best)!r}, with probability {num(model.predict_proba(X)[7].max())}."
        in text
    )
    interval = model.predict_interval(X.iloc[[7]], kind="confidence")
    shown = model.explain(X, row=7)["The intervals of its probabilities"].to_text(200)
    assert all(num(float(end)).split(" ")[0] in shown for end in interval.lower[0])
