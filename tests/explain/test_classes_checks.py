"""Checks of derivations of more than two classes: each fails alone when what it checks is wrong; `test_checks` holds the law of all fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mathlearn.explain import explain, explain_row
from mathlearn.explain.numbers import num
from mathlearn.explain.setting import Setting
from mathlearn.explain.topics import (
    _classes,
    _line,
    classes_row_interval,
    classes_row_probability,
    classes_row_separated,
    classes_solution,
    classes_words,
    likelihood_coefficient,
    likelihood_maximum,
)
from mathlearn.linear_model import LogisticRegression
from mathlearn.statistics import probability_intervals
from tests.explain.classes_fits import fit, row_of, table
from tests.explain.kinds import KINDS
from tests.explain.perturbed import _part, failures

ERRORS = "the standard errors, as those of functionals of the parameters themselves, relative"
ENDS = "the ends that predict_interval gives, on the scale of log odds, relative"
RULED_OUT = "classes ruled out that have a probability, and others that have none"
COVARIANCES = (
    "the variances of all classes, of a quarter a row at most, and their covariances, which are never positive"
)
FLAT = "what rounding can make of a curvature of zero, relative to the least found"


def fails(derivation):
    """What the checks that fail say."""
    return [check.says for _, check in failures(derivation)]


# ------------------------------------------------------------------------------------------- single checks of a prediction


@pytest.mark.parametrize("name", ["classes", "classes, four", "classes, weights", "classes, raw units"])
def test_standard_errors_of_log_odds_are_found_again(name, monkeypatch):
    """Errors that are wrong wherever they are used, so that the ends agree with them."""

    def wrong(*of):
        value, errors = logit_errors(*of)
        return value, errors * (1 + 1e-6)

    logit_errors = probability_intervals.logit_errors
    for module in (probability_intervals, classes_row_interval):
        monkeypatch.setattr(module, "logit_errors", wrong)
    assert fails(explain_row(fit(name), row_of(fit(name)))) == [ERRORS]


@pytest.mark.parametrize("end", ["lower", "upper"])
@pytest.mark.parametrize("name", ["classes", "classes, four", "classes, raw units"])
def test_ends_are_those_of_the_log_odds(name, end, monkeypatch):
    def wrong(*of):
        found = intervals(*of)
        return replace(found, **{end: getattr(found, end) * (1 - 1e-9)})

    intervals = classes_row_interval.probability_intervals
    monkeypatch.setattr(classes_row_interval, "probability_intervals", wrong)
    assert fails(explain_row(fit(name), row_of(fit(name)))) == [ENDS]


@pytest.mark.parametrize("name", ["classes", "classes, four", "classes, separated in part"])
def test_probabilities_add_up_to_one(name, monkeypatch):
    """By less than what the log odds, found from zero, can tell."""
    softmax = classes_row_probability.softmax
    monkeypatch.setattr(classes_row_probability, "softmax", lambda scores: softmax(scores) * (1 + 1e-13))
    assert fails(explain_row(fit(name), row_of(fit(name)))) == ["the probabilities add up to one"]


@pytest.mark.parametrize("name", ["classes, separated completely", "classes, separated in part"])
def test_a_class_that_is_ruled_out_has_no_probability(name, monkeypatch):
    x = row_of(fit(name), keeps=False)
    some = classes_row_probability.probabilities
    monkeypatch.setattr(classes_row_separated, "probabilities", lambda setting: np.maximum(some(setting), 1e-300))
    assert fails(explain_row(fit(name), x)) == [RULED_OUT]


@pytest.mark.parametrize("name", ["classes, separated completely", "classes, separated in part"])
def test_a_class_that_has_no_probability_is_ruled_out(name, monkeypatch):
    x = row_of(fit(name), keeps=False)
    monkeypatch.setattr(classes_row_separated, "closed", lambda setting: np.roll(_classes.closed(setting), 1))
    assert fails(explain_row(fit(name), x)) == [RULED_OUT]


# -------------------------------------------------------------------------------------------------- single checks of a fit


@pytest.mark.parametrize("name", ["classes", "classes, penalised", "classes, dependent columns"])
def test_evidence_about_the_information_is_not_left_out(name):
    result = fit(name)
    kept = tuple(check for check in result.certificate.checks if check.name != "standard_errors")
    assert len(kept) == len(result.certificate.checks) - 1
    less = replace(result, certificate=replace(result.certificate, checks=kept))
    assert fails(explain(less)) == ["pieces of evidence about the information that are missing"]


@pytest.mark.parametrize("name", ["classes", "classes, four", "classes, weights"])
def test_covariances_of_classes_are_negative(name):
    """With the sign of one class turned they are not, and nothing else is wrong."""
    result = fit(name)
    signs = np.ones(len(result.terms))
    signs[: len(result.stack.terms)] = -1.0
    turned = _part("curvature", whitener=lambda whitener: signs[:, None] * whitener)(result)
    assert fails(explain(turned)) == [COVARIANCES]


def test_coefficients_are_finite(monkeypatch):
    setting = Setting.of(fit("classes"), None, None, 0.95)
    whole = classes_solution.levels_again(setting)
    coef = setting.result.coef.copy()
    coef[0, -1] = np.nan
    monkeypatch.setattr(classes_solution, "levels_again", lambda _: whole)
    step = classes_solution.step(replace(setting, result=replace(setting.result, coef=coef)))
    assert [check.says for check in step.checks if not check.passed] == ["coefficients that are not finite"]


@pytest.mark.parametrize(
    ("kind", "name"), [("classes", "classes"), ("classes", "classes, four"), ("likelihood", "logit")]
)
def test_a_curvature_that_rounding_hides_proves_no_maximum(kind, name):
    """The last column of the factor is the first again, so that it has one direction less than there are parameters."""
    result = KINDS[kind].fit(name)

    def flat(whitener):
        return np.column_stack([whitener[:, :-1], whitener[:, 0]])

    step = likelihood_maximum.step(Setting.of(_part("curvature", whitener=flat)(result), None, None, 0.95))
    assert [check.says for check in step.checks if not check.passed] == [FLAT]


# ----------------------------------------------------------------------------------------------------------------- in words


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


def test_the_probabilities_shown_are_those_of_predict_proba():
    X, y = table()
    model = LogisticRegression(C=np.inf).fit(X, y)
    text = model.explain(X, row=7)["From log odds to probabilities"].to_text(200)
    best = model.predict(X.iloc[[7]])[0]
    assert (
        f"Predicted is the most probable class, {str(best)!r}, with probability {num(model.predict_proba(X)[7].max())}."
        in text
    )
    interval = model.predict_interval(X.iloc[[7]], kind="confidence")
    shown = model.explain(X, row=7)["The intervals of its probabilities"].to_text(200)
    assert all(num(float(end)).split(" ")[0] in shown for end in interval.lower[0])
