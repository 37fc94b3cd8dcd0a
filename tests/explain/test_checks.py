"""The law of derivations of every kind of fit: every check passes on the fit itself, and the step that a wrong number concerns says so."""

from __future__ import annotations

import numpy as np
import pytest

from mathlearn._errors import SchemaError
from mathlearn.explain import explain, explain_row
from mathlearn.explain.registry import registered
from mathlearn.explain.setting import Setting
from mathlearn.linear_model import LinearRegression
from tests.explain.fits import fit
from tests.explain.kinds import AWAY, EVERY, KINDS
from tests.explain.perturbed import FIT, failures


def cases(of):
    """What is put wrong in every kind of fit: kind, heading, name, change."""
    return [
        (kind, heading, name, change)
        for kind, known in KINDS.items()
        for heading, wrong in getattr(known, of).items()
        for name, change in wrong
    ]


@pytest.mark.parametrize(("kind", "name"), [each for each in EVERY if each[1] not in KINDS[each[0]].unfinished])
def test_every_check_passes(kind, name):
    result = KINDS[kind].fit(name)
    for i in range(len(result.responses)):
        derivation = explain(result, response=i)
        assert failures(derivation) == []
        assert derivation.passed
        assert all(step.checks for step in derivation)


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize(("kind", "name"), [each for each in EVERY if each[1] not in KINDS[each[0]].unfinished])
def test_every_check_of_a_prediction_passes(kind, name, keeps):
    result = KINDS[kind].fit(name)
    for i in range(len(result.responses)):
        derivation = explain_row(result, KINDS[kind].row_of(result, keeps=keeps), response=i)
        assert failures(derivation) == []
        assert derivation.passed
        assert all(step.checks for step in derivation)


@pytest.mark.parametrize(("kind", "name"), [each for each in EVERY if each[1] in KINDS[each[0]].unfinished])
def test_of_a_fit_that_is_not_at_its_maximum_the_steps_that_rest_on_it_fail(kind, name):
    derivation = explain(KINDS[kind].fit(name))
    assert not derivation.passed
    failing = {step.heading for step in derivation.failing}
    assert {"The score is zero", "The solution", "It is the maximum"} <= failing
    assert derivation.steps[0].heading == "What is withheld"
    assert "not certified" in derivation.steps[0].claim[0]


@pytest.mark.parametrize(("kind", "heading", "name", "change"), cases("wrong"))
def test_a_wrong_number_fails_the_step_that_asserts_it(kind, heading, name, change):
    result = KINDS[kind].fit(name)
    assert explain(result)[heading].passed
    with np.errstate(all="ignore"):
        derivation = explain(change(result))
    step = derivation[heading]
    assert not all(check.passed for check in step.checks)
    assert not derivation.passed
    assert step in derivation.failing


@pytest.mark.parametrize(("kind", "heading", "name", "change"), cases("wrong_rows"))
def test_a_wrong_number_fails_the_step_of_a_prediction(kind, heading, name, change):
    result = KINDS[kind].fit(name)
    x = KINDS[kind].row_of(result, keeps=heading not in AWAY)
    assert explain_row(result, x)[heading].passed
    with np.errstate(all="ignore"):
        derivation = explain_row(change(result), x)
    step = derivation[heading]
    assert not all(check.passed for check in step.checks)
    assert not derivation.passed
    assert step in derivation.failing


@pytest.mark.parametrize("kind", KINDS)
def test_every_step_that_is_ever_shown_is_perturbed(kind):
    fits, fit, row_of, wrong, wrong_rows, said, _ = KINDS[kind]
    assert {step.heading for name in fits for step in explain(fit(name))} == set(wrong) | said
    rows = {
        step.heading
        for name in fits
        for keeps in (True, False)
        for step in explain_row(fit(name), row_of(fit(name), keeps=keeps))
    }
    assert rows == set(wrong_rows)


def test_every_topic_of_the_folder_is_used():
    settings = [Setting.of(KINDS[kind].fit(name), None, None, 0.95) for kind, name in EVERY]
    for topic in registered():
        mine = [setting for setting in settings if topic.speaks_of(setting.method)]
        assert mine
        assert topic.about == "row" or any(topic.applies(setting) for setting in mine)


def test_a_failing_check_is_shown_as_failing_in_every_format():
    wrong = explain(FIT["The loss"][0][1](fit("penguins")))
    assert "CHECKS FAIL" in wrong.to_text().split("\n1 ")[0]
    assert "[FAIL]" in wrong.to_text()
    assert "CHECKS FAIL" in wrong.to_latex()
    assert "ml-fails" in wrong.to_html()
    assert "FAILS" in wrong.to_markdown()
    assert "CHECKS FAIL: The loss" in repr(wrong)


def test_tolerances_are_small_where_the_problem_is_well_conditioned():
    for step in explain(fit("penguins")):
        for check in step.checks:
            exempt = (
                "half of its last digit" in check.says
                or "curvature of zero" in check.says
                or "certificate" in check.says
            )
            assert exempt or check.tolerance < 1e-10


def test_leverage_does_not_depend_on_the_unit_of_the_weights():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y, weight = X.sum(axis=1) + rng.normal(size=60), rng.uniform(0.5, 2, 60)
    verdicts = set()
    for unit in (1e-3, 1.0, 1e3):
        derivation = LinearRegression().fit(X, y, sample_weight=unit * weight).explain([9.0, 9.0])
        assert derivation.passed
        verdicts.add(derivation["How far the row lies from the data"].claim)
    assert len(verdicts) == 1
    assert "The row lies far out" in verdicts.pop()[0]


def test_residuals_under_a_constraint_are_orthogonal_to_the_fitted_values_only():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    model = LinearRegression(positive=True).fit(X, X @ [1.0, -2.0, 0.5] + rng.normal(size=60))
    because = model.explain()["The split of the sum of squares"].because[0]
    assert because.startswith("Residuals are orthogonal to the fitted values;")


def test_a_response_is_a_name_or_a_position():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    model = LinearRegression().fit(X, X @ rng.normal(size=(2, 2)) + rng.normal(size=(30, 2)))
    for one in (1, -1, np.int64(1), "y1"):
        assert "y1" in str(model.explain(response=one).title)
    for none in (2, 1.0, True, "y"):
        with pytest.raises(SchemaError, match="there is no response"):
            model.explain(response=none)
