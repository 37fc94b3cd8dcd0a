"""Fits whose estimates do not exist: what is infinite is said to be, and the rest is the fit of the rows that remain."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose, assert_array_equal

from mathlearn._sklearn import ConvergenceWarning
from mathlearn.datasets import load_titanic
from mathlearn.linear_model import GeneralizedLinearRegressor, LogisticRegression, PoissonRegressor
from mathlearn.results.fit_result import DefectKind, Status

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 1))
FLAG = (RANDOM.random(200) < 0.1).astype(float)
CHOICE = (RANDOM.random(200) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)


def separated_by_a_flag():
    return np.column_stack([X, FLAG]), np.where(FLAG == 1, 1, CHOICE)


def fit(model, columns, y):
    with pytest.warns(ConvergenceWarning, match="separated"):
        return model.fit(columns, y)


def test_what_the_flag_does_not_touch_is_the_fit_of_the_other_rows():
    columns, y = separated_by_a_flag()
    model = fit(LogisticRegression(C=np.inf), columns, y)
    rest = FLAG == 0
    reference = sm.GLM(y[rest], sm.add_constant(X[rest]), sm.families.Binomial()).fit(tol=1e-14)
    table = model.tidy()
    assert_allclose(table["estimate"][:2], reference.params, rtol=1e-10)
    assert_allclose(table["std_error"][:2], reference.bse, rtol=1e-8)
    assert_allclose(model.result_.likelihood.log_likelihood, reference.llf, rtol=1e-12)
    assert np.isnan(table["std_error"][2])
    assert np.isnan(table["p_value"][2])


def test_the_infinite_estimate_is_infinite_and_predictions_are_its_limits():
    columns, y = separated_by_a_flag()
    model = fit(LogisticRegression(C=np.inf), columns, y)
    assert model.coef_[0, 1] == np.inf
    assert_array_equal(model.predict_proba(columns[FLAG == 1])[:, 1], 1.0)
    finite = model.predict_proba(columns[FLAG == 0])[:, 1]
    assert ((finite > 0) & (finite < 1)).all()


def test_the_record_names_rows_columns_and_remedy():
    columns, y = separated_by_a_flag()
    result = fit(LogisticRegression(C=np.inf), columns, y).result_
    assert result.status is Status.UNBOUNDED
    assert not result.certificate.ok
    assert result.likelihood.separation.separated == FLAG.sum()
    assert result.likelihood.separation.verified
    (defect,) = result.defects
    assert defect.kind is DefectKind.SEPARATED
    assert "x1" in defect.message
    assert "firth" in defect.message


def test_a_level_without_any_count_is_separated_in_a_poisson():
    group = RANDOM.integers(0, 4, 300)
    columns = (group[:, None] == np.arange(1, 4)).astype(float)
    y = np.where(group == 2, 0, RANDOM.poisson(2.0, 300))
    model = fit(PoissonRegressor(alpha=0), columns, y)
    means = [y[group == level].mean() for level in range(4)]
    assert_allclose(model.predict(np.vstack([np.zeros(3), np.eye(3)])), means, rtol=1e-10, atol=0)
    assert model.coef_[1] == -np.inf


def test_complete_separation_leaves_nothing_finite():
    y = (X[:, 0] > 0.2).astype(int)
    model = fit(LogisticRegression(C=np.inf), X, y)
    assert model.result_.likelihood.separation.complete
    assert model.result_.deviance[0] == 0.0
    assert model.score(X, y) == 1.0
    assert_array_equal(model.predict_proba(X)[:, 1], y)
    assert model.tidy()["std_error"].isna().all()
    assert not model.verify(X, y).ok


@pytest.mark.parametrize("link", ["probit", "cloglog", "cauchit"])
def test_other_links_are_separated_alike(link):
    columns, y = separated_by_a_flag()
    model = fit(GeneralizedLinearRegressor(family="binomial", link=link), columns, y)
    assert model.result_.likelihood.separation.separated == FLAG.sum()
    assert model.coef_[1] == np.inf


@pytest.mark.parametrize(
    ("law", "firth"),
    [
        ({"family": "binomial"}, True),
        ({"family": "binomial", "link": "probit"}, False),
        ({"family": "quasibinomial"}, False),
        ({"family": "poisson"}, True),
        ({"family": "negative_binomial", "theta": 2.0}, False),
    ],
    ids=str,
)
def test_a_remedy_is_offered_only_where_it_works(law, firth):
    columns, y = separated_by_a_flag()
    y = y if "binomial" in law["family"] and "theta" not in law else np.where(FLAG == 1, 0, 1 + CHOICE)
    model = fit(GeneralizedLinearRegressor(**law), columns, y)
    (message,) = [each.message for each in model.result_.defects]
    (finding,) = model.diagnose(columns, y).named("separation")
    assert ("bias_reduction='firth'" in message) == ("bias_reduction='firth'" in finding.remedy) == firth
    assert "a penalty (alpha=1.0)" in message
    for remedy in [{"alpha": 1.0}, *([{"bias_reduction": "firth"}] if firth else [])]:
        other = GeneralizedLinearRegressor(**law, **remedy).fit(columns, y)
        assert other.certificate_.ok
        assert np.isfinite(other.coef_).all()


def test_directions_found_in_a_record_are_checked_again():
    columns, y = separated_by_a_flag()
    model = fit(LogisticRegression(C=np.inf), columns, y)
    failed = {check.name for check in model.verify(columns, y).checks if not check.passed}
    assert failed == {"separation"}
    failed = {check.name for check in model.verify(columns, np.roll(y, 1)).checks if not check.passed}
    assert "directions" in failed


def test_far_predictors_alone_are_no_separation():
    slope = 40.0
    y = (RANDOM.random(200) < 1 / (1 + np.exp(-slope * X[:, 0]))).astype(int)
    y[np.argsort(X[:, 0])[[95, 110]]] = [1, 0]  # an overlap
    model = LogisticRegression(C=np.inf).fit(X, y)
    assert np.abs(model.decision_function(X)).max() > 15
    assert model.certificate_.ok
    assert model.result_.likelihood.separation is None


def test_a_penalty_keeps_estimates_finite():
    columns, y = separated_by_a_flag()
    model = LogisticRegression(C=1.0).fit(columns, y)
    assert model.certificate_.ok
    assert np.isfinite(model.coef_).all()


def test_tables_show_the_infinite_estimate_and_why_the_rest_is_missing():
    columns, y = separated_by_a_flag()
    model = fit(LogisticRegression(C=np.inf), columns, y)
    table = model.tidy()
    assert table["estimate"][2] == np.inf
    assert table[["std_error", "statistic", "p_value", "conf_low", "conf_high"]].iloc[2].isna().all()
    assert "no finite estimate exists" in table.attrs["reasons"]["x1", "std_error"]
    assert ("x1", "estimate") not in table.attrs["reasons"]
    assert "no finite estimate exists" in model.summary().to_text()


def test_the_end_of_a_parameter_is_said_only_where_the_rows_settle_it():
    """Of the children of the first and second class all survived: the sum of two coefficients is infinite, the second alone is open."""
    titanic = load_titanic()
    model = LogisticRegression(C=np.inf, formula="survived ~ C(class) * age + sex")
    with pytest.warns(ConvergenceWarning, match="separated"):
        model.fit(titanic)
    estimates = model.tidy().set_index("term")["estimate"]
    assert estimates["age[T.child]"] == np.inf
    assert estimates["C(class)[T.3rd]:age[T.child]"] == -np.inf
    assert np.isnan(estimates["C(class)[T.2nd]:age[T.child]"])
    children = titanic[(titanic["age"] == "child") & (titanic["class"] != "3rd")]
    assert_array_equal(model.predict_proba(children)[:, 1], 1.0)
    assert model.predict(titanic).shape == (2201,)


def test_marginal_effects_are_withheld_where_a_column_is_open_beside_the_separation():
    """No child was of the crew: what being a child would do there is not known, whatever the other children say."""
    titanic = load_titanic()
    model = LogisticRegression(C=np.inf, formula="survived ~ C(class) * age + sex")
    with pytest.warns(ConvergenceWarning, match="separated"):
        model.fit(titanic)
    effects = model.marginal_effects(titanic)
    assert effects["p_value"].isna().all()
    assert effects.attrs["reasons"]


def test_rounding_of_the_point_that_diverges_is_no_part_of_the_direction():
    """Steps are symmetric about zero, where the intercept is; the noise about it is not shown as a combination."""
    x = np.linspace(-1.0, 1.0, 40)
    model = fit(LogisticRegression(C=np.inf), x[:, None], (x > 0.0).astype(int))
    assert "along +1·x0 the likelihood" in model.result_.defects[0].message
    assert_array_equal(model.result_.likelihood.separation.directions[0], 0.0)
