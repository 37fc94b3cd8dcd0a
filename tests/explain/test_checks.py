"""The law of derivations: every check passes on the fit itself, and the step that a wrong number concerns says so."""

from __future__ import annotations

import numpy as np
import pytest

from mathlearn._errors import SchemaError
from mathlearn.explain import explain, explain_row
from mathlearn.explain.registry import registered
from mathlearn.linear_model import LinearRegression
from tests.explain.classes_fits import FITS as CLASSES_FITS
from tests.explain.classes_fits import fit as classes_fit
from tests.explain.fits import FITS, fit
from tests.explain.likelihood_fits import FITS as LIKELIHOOD_FITS
from tests.explain.likelihood_fits import fit as likelihood_fit
from tests.explain.perturbed import FIT, ROW


def row_of(result, *, keeps=True):
    """A row that lies one unit from the means; where columns depend on each other, one that keeps to that, or not."""
    x = np.zeros(len(result.terms)) if result.curvature is None else result.curvature.mean + 0.0
    if not result.aliases:
        return x + 1.0
    x = x + np.array([term in {"x1", "x2"} for term in result.terms]) * 0.5
    for alias in result.aliases:
        parts = [c * x[result.terms.index(name)] for c, name in zip(alias.coefficients, alias.others, strict=True)]
        x[result.terms.index(alias.term)] = sum(parts) + alias.constant + (0.0 if keeps else 1.0)
    return x


def failures(derivation):
    return [(step.heading, check) for step in derivation for check in step.checks if not check.passed]


@pytest.mark.parametrize("name", FITS)
def test_every_check_passes(name):
    result = fit(name)
    for i in range(len(result.responses)):
        derivation = explain(result, response=i)
        assert failures(derivation) == []
        assert derivation.passed
        assert all(step.checks for step in derivation)


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("name", FITS)
def test_every_check_of_a_prediction_passes(name, keeps):
    result = fit(name)
    for i in range(len(result.responses)):
        assert failures(explain_row(result, row_of(result, keeps=keeps), response=i)) == []


@pytest.mark.parametrize(("heading", "name", "change"), [(h, n, c) for h, cases in FIT.items() for n, c in cases])
def test_a_wrong_number_fails_the_step_that_asserts_it(heading, name, change):
    with np.errstate(all="ignore"):
        derivation = explain(change(fit(name)))
    step = derivation[heading]
    assert not all(check.passed for check in step.checks)
    assert not derivation.passed
    assert step in derivation.failing


@pytest.mark.parametrize(
    ("heading", "name", "keeps", "change"), [(h, *case) for h, cases in ROW.items() for case in cases]
)
def test_a_wrong_number_fails_the_step_of_a_prediction(heading, name, keeps, change):
    result = fit(name)
    with np.errstate(all="ignore"):
        derivation = explain_row(change(result), row_of(result, keeps=keeps))
    assert not all(check.passed for check in derivation[heading].checks)


def test_every_step_that_is_ever_shown_is_perturbed():
    shown = {step.heading for name in FITS for step in explain(fit(name))}
    assert shown == set(FIT)
    rows = {
        step.heading
        for name in FITS
        for keeps in (True, False)
        for step in explain_row(fit(name), row_of(fit(name), keeps=keeps))
    }
    assert rows == set(ROW)


def test_every_topic_of_the_folder_is_used():
    from mathlearn.explain.setting import Setting

    fits = [*map(fit, FITS), *map(likelihood_fit, LIKELIHOOD_FITS), *map(classes_fit, CLASSES_FITS)]
    settings = [Setting.of(result, None, None, 0.95) for result in fits]
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
