"""The law of derivations of fits by likelihood: every check passes on the fit itself, and the step that a wrong number concerns says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mathlearn.explain import explain, explain_row
from mathlearn.explain.setting import Setting
from mathlearn.explain.topics import _line, likelihood_coefficient, likelihood_words
from tests.explain.likelihood_fits import FITS, fit
from tests.explain.likelihood_perturbed import FIT, ROW, SAID

UNFINISHED = ("not converged",)


def row_of(result, *, keeps=True):
    """A row half a unit from the means; where columns depend on each other or classes are separated, one that keeps to that, or not."""
    p = len(result.terms)
    x = np.full(p, 0.5) if result.curvature is None else result.curvature.mean + 0.5
    for alias in result.aliases:
        parts = [c * x[result.terms.index(name)] for c, name in zip(alias.coefficients, alias.others, strict=True)]
        x[result.terms.index(alias.term)] = sum(parts) + alias.constant + (0.0 if keeps else 1.0)
    if "ward" in result.terms:
        x[result.terms.index("ward")] = 0.0 if keeps else 1.0
    return x


def failures(derivation):
    return [(step.heading, check) for step in derivation for check in step.checks if not check.passed]


@pytest.mark.parametrize("name", [name for name in FITS if name not in UNFINISHED])
def test_every_check_passes(name):
    result = fit(name)
    derivation = explain(result)
    assert failures(derivation) == []
    assert all(step.checks for step in derivation)
    for keeps in (True, False):
        row = explain_row(result, row_of(result, keeps=keeps))
        assert failures(row) == []
        assert all(step.checks for step in row)


@pytest.mark.parametrize("name", UNFINISHED)
def test_of_a_fit_that_is_not_at_its_maximum_the_steps_that_rest_on_it_fail(name):
    derivation = explain(fit(name))
    assert not derivation.passed
    failing = {step.heading for step in derivation.failing}
    assert {"The score is zero", "The solution", "It is the maximum"} <= failing
    assert derivation.steps[0].heading == "What is withheld"
    assert "not certified" in derivation.steps[0].claim[0]


@pytest.mark.parametrize(("heading", "name", "change"), [(h, n, c) for h, cases in FIT.items() for n, c in cases])
def test_a_wrong_number_fails_the_step_that_asserts_it(heading, name, change):
    assert heading in [step.heading for step in explain(fit(name))]
    with np.errstate(all="ignore"):
        derivation = explain(change(fit(name)))
    step = derivation[heading]
    assert not all(check.passed for check in step.checks)
    assert step in derivation.failing


@pytest.mark.parametrize(("heading", "name", "change"), [(h, n, c) for h, cases in ROW.items() for n, c in cases])
def test_a_wrong_number_fails_the_step_of_a_prediction(heading, name, change):
    result = fit(name)
    x = row_of(
        result, keeps=heading not in {"The data do not determine this prediction", "The predictor has no finite value"}
    )
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
    setting = Setting.of(fit("logit"), None, None, 0.95)
    wrong = replace(_line.Line.of(setting), high=_line.Line.of(setting).high * 1.001)
    monkeypatch.setattr(likelihood_coefficient.Line, "of", lambda _: wrong)
    ratio = likelihood_coefficient.step(setting).children[-1]
    assert ratio.heading == "What it multiplies"
    assert not all(check.passed for check in ratio.checks)


def test_the_sentence_is_held_against_the_record():
    result = fit("logit")
    setting = Setting.of(result, None, None, 0.95)
    wrong = replace(setting, result=replace(result, coef=result.coef * 1.05))
    assert likelihood_words.step(setting).passed
    assert not likelihood_words.step(wrong).passed


def test_tolerances_are_small_where_the_problem_is_well_conditioned():
    exempt = (
        "half of its last digit",
        "curvature of zero",
        "certificate",
        "half its squared distance",
        "predict it",
        "what its last step gains",
    )
    for name in ("logit", "gamma", "Poisson, offset"):
        for step in explain(fit(name)):
            for check in step.checks:
                known = (
                    any(words in check.says for words in exempt)
                    or "no larger than" in check.says
                    or "at least zero" in check.says
                )
                assert known or check.tolerance < 1e-10, (step.heading, check)
