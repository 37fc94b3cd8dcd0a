"""`diagnose` of more than two classes: sums against brute force, planted faults, and what is not checked."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathlearn._errors import SchemaError
from mathlearn.linear_model import LogisticRegression
from mathlearn.statistics.diagnostics import Severity, diagnose
from mathlearn.statistics.diagnostics.class_collinearity import inflation
from mathlearn.statistics.functional import covariance_matrix

SLOPES = np.array([[0.0, 0.0], [0.8, -0.5], [-0.4, 0.9]])
LABELS = np.array(["bus", "car", "tram"])


def drawn(rng, scores):
    chance = np.exp(scores - scores.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    return (chance.cumsum(axis=1) < rng.random((len(scores), 1))).sum(axis=1)


def table(seed=0, n=400, extra=None):
    """Two columns, labels with linear log odds, or with what `extra` adds to the scores."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)) + 3.0
    scores = (X - 3.0) @ SLOPES.T + np.array([0.0, 0.3, -0.2])
    codes = drawn(rng, scores if extra is None else scores + extra(X - 3.0))
    return pd.DataFrame(X, columns=["age", "dose"]), LABELS[codes]


def fitted(X, y, **options):
    weight = options.pop("sample_weight", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LogisticRegression(**{"C": np.inf, **options}).fit(X, y, sample_weight=weight)


def one(diagnosis, name):
    (found,) = diagnosis.named(name)
    return found


# --------------------------------------------------------------------------------------------------------- brute force
def score_statistic(model, X, y, weight, column):
    """Score statistic of the square of a column, from the information of the model with it."""
    chance = model.predict_proba(X)
    Y = (np.asarray(y)[:, None] == model.classes_) * 1.0
    away = X.to_numpy() - X.to_numpy().mean(axis=0)
    Z = np.column_stack([np.ones(len(X)), away, away[:, column] ** 2])
    K, k = chance.shape[1], Z.shape[1]
    info = np.zeros(((K - 1) * k, (K - 1) * k))
    for a in range(1, K):
        for b in range(1, K):
            v = weight * chance[:, a] * ((a == b) - chance[:, b])
            info[(a - 1) * k : a * k, (b - 1) * k : b * k] = (Z * v[:, None]).T @ Z
    score = ((weight[:, None] * (Y - chance)[:, 1:]).T @ Z).ravel()
    return score @ np.linalg.solve(info, score)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["none", "precision", "frequency"]))
def test_the_square_of_a_column_has_the_score_statistic_of_the_larger_model(seed, weights):
    X, y = table(seed, n=150)
    w = np.ones(150) if weights == "none" else np.random.default_rng(seed).integers(1, 4, 150) * 1.0
    given_w = None if weights == "none" else w
    model = fitted(X, y, sample_weight=given_w, **({} if weights == "none" else {"weights_type": weights}))
    if model.result_.likelihood.separation is not None:
        return
    found = one(model.diagnose(X, y, sample_weight=given_w), "linearity")
    statistics = [score_statistic(model, X, y, w, j) for j in range(2)]
    shares = [value / model.result_.likelihood.pearson for value in statistics]
    np.testing.assert_allclose([value for _, value in found.details], np.minimum(shares, 1.0), rtol=1e-8)
    assert found.tests[0].statistic == pytest.approx(max(statistics), rel=1e-8)
    assert found.tests[0].df == (2.0,)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.0, 0.95))
def test_generalised_inflation_is_a_ratio_of_determinants(seed, mix):
    X, y = table(seed, n=200)
    X = X.assign(other=np.sqrt(1 - mix**2) * np.random.default_rng(seed + 1).normal(size=200) + mix * X.age)
    result = fitted(X, y).result_
    if result.likelihood.separation is not None:
        return
    slopes = ~result.stack.intercepts
    V = covariance_matrix(result)[0][np.ix_(slopes, slopes)]
    R = V / np.sqrt(np.outer(np.diag(V), np.diag(V)))
    expected = []
    for j in range(3):
        mine = np.arange(6) % 3 == j
        det = np.linalg.det
        expected.append((det(R[np.ix_(mine, mine)]) * det(R[np.ix_(~mine, ~mine)]) / det(R)) ** (1 / 4))
    np.testing.assert_allclose(inflation(result), expected, rtol=1e-8)


def test_inflation_is_one_of_columns_that_do_not_correlate_and_grows_with_correlation():
    X, y = table(n=2000)
    alone = inflation(fitted(X, y).result_)
    assert (alone < 1.1).all()
    nearly = X.assign(twin=X.age + 0.05 * np.random.default_rng(1).normal(size=2000))
    found = one(fitted(nearly, y).diagnose(), "collinearity")
    assert found.severity is Severity.SERIOUS
    assert found.subject[0] in {"age", "twin"}


def test_calibration_is_of_the_rows_in_ten_groups_by_each_probability():
    X, y = table(n=500)
    model = fitted(X, y)
    found = one(model.diagnose(X, y), "calibration")
    chance = model.predict_proba(X)
    misses = {}
    for k, label in enumerate(LABELS):
        groups = np.array_split(np.argsort(chance[:, k]), 10)
        shares = [abs(np.mean(y[g] == label) - chance[g, k].mean()) for g in groups]
        misses[repr(str(label))] = np.mean(shares)
    for label, value in found.details[:-1]:
        assert value == pytest.approx(misses[label], abs=1e-6)
    Y = y[:, None] == LABELS
    assert found.details[-1] == ("Brier score", pytest.approx(np.square(Y - chance).sum(axis=1).mean()))
    groups = np.array_split(np.argsort(chance[:, 0]), 10)
    C = sum(((Y[g].sum(axis=0) - chance[g].sum(axis=0)) ** 2 / chance[g].sum(axis=0)).sum() for g in groups)
    assert found.tests[1].method.startswith("Fagerland")
    assert found.tests[1].statistic == pytest.approx(C, rel=1e-6)
    assert found.tests[1].df == (16.0,)


def test_copies_of_rows_are_their_frequencies():
    X, y = table(n=200)
    w = np.random.default_rng(3).integers(1, 4, 200)
    copies = np.repeat(np.arange(200), w)
    counted = fitted(X, y, sample_weight=w, weights_type="frequency").diagnose(X, y, sample_weight=w)
    written = fitted(X.iloc[copies], y[copies]).diagnose(X.iloc[copies], y[copies])
    for name in ("linearity", "influence", "outliers", "leverage"):
        assert one(counted, name).effect.value == pytest.approx(one(written, name).effect.value, rel=1e-8)
    assert one(counted, "calibration").details[-1] == (
        "Brier score", pytest.approx(one(written, "calibration").details[-1][1])
    )  # fmt: skip


@pytest.mark.parametrize("max_rows", [7, 60, 400])
def test_blocks_of_rows_make_no_difference(max_rows):
    X, y = table()
    model = fitted(X, y)
    whole = model.diagnose(X, y)
    parts = diagnose(model.result_, model._fit_rows(X, y), max_rows=max_rows, threads=2)
    for one_way, other in zip(whole.findings, parts.findings, strict=True):
        assert (one_way.name, one_way.subject) == (other.name, other.subject)
        assert one_way.effect.value == pytest.approx(other.effect.value, rel=1e-9)


def test_single_rows_are_those_of_influence_and_of_the_probabilities():
    X, y = table(n=120)
    model = fitted(X, y)
    diagnosis, each = model.diagnose(X, y), model.influence(X, y)
    slopes = [c for c in each if c.startswith("dfbetas_") and not c.endswith("(Intercept)")]
    change = each[slopes].abs().to_numpy()
    found = one(diagnosis, "influence")
    assert found.effect.value == pytest.approx(change.max())
    assert f"row {int(change.max(axis=1).argmax())} " in found.effect.sentence
    assert one(diagnosis, "leverage").effect.value == pytest.approx(each.hat.max() / 2)
    own = model.predict_proba(X)[np.arange(120), np.searchsorted(LABELS, y)]
    assert one(diagnosis, "outliers").tests[0].statistic == pytest.approx(own.min())
    assert one(diagnosis, "outliers").p_value == pytest.approx(min(1.0, 240 * own.min()))


# -------------------------------------------------------------------------------------------------------------- faults
def test_healthy_rows_are_fine():
    X, y = table(1, n=2000)
    diagnosis = fitted(X, y).diagnose(X, y)
    assert {finding.severity for finding in diagnosis.findings} == {Severity.FINE}
    assert {finding.name for finding in diagnosis.findings} == {
        "calibration", "collinearity", "linearity", "influence", "outliers", "leverage"
    }  # fmt: skip
    assert diagnosis.passes == 1


def test_a_bend_in_one_class_is_found_and_named():
    X, y = table(2, n=3000, extra=lambda away: np.outer(away[:, 1] ** 2, [0.0, 1.0, 0.0]))
    found = one(fitted(X, y).diagnose(X, y), "linearity")
    assert found.severity is not Severity.FINE
    assert found.subject == ("dose",)
    assert found.p_value < 1e-12
    assert "poly(dose, 2)" in found.remedy


def test_probabilities_that_do_not_come_true_are_found():
    X, y = table(3, n=4000, extra=lambda away: np.outer(away[:, 0] * away[:, 1], [0.0, 1.5, -1.5]))
    found = one(fitted(X, y).diagnose(X, y), "calibration")
    assert found.severity is Severity.SERIOUS
    assert found.tests[0].p_value < 1e-10
    assert found.tests[1].p_value < 1e-10


def test_a_row_of_the_wrong_class_far_out_is_found():
    X, y = table(4, n=2000)
    X.iloc[17] = [18.0, 3.0]
    y = y.copy()
    y[17] = "tram"  # which there is next to impossible
    diagnosis = fitted(X, y).diagnose(X, y)
    assert "Row 17 is 'tram'" in one(diagnosis, "outliers").effect.sentence
    assert one(diagnosis, "outliers").severity is not Severity.FINE


def test_a_row_that_moves_a_coefficient_is_found():
    X, y = table(4, n=60)
    X.iloc[17] = [17.0, 3.0]
    y = y.copy()
    y[17] = "tram"
    diagnosis = fitted(X, y).diagnose(X, y)
    assert one(diagnosis, "influence").severity is Severity.SERIOUS
    assert "Row 17 " in one(diagnosis, "leverage").effect.sentence
    assert "row 17" in one(diagnosis, "influence").remedy


def test_chance_seldom_rejects():
    rejected = {"calibration": 0, "linearity": 0, "outliers": 0}
    for seed in range(60):
        X, y = table(seed + 100, n=250)
        diagnosis = fitted(X, y).diagnose(X, y)
        for name in rejected:
            rejected[name] += one(diagnosis, name).p_value < 0.05
    assert max(rejected.values()) <= 9  # of 60, where a level of 5 % exceeds that once in 1000


# --------------------------------------------------------------------------------------------------- what there is not
def test_without_rows_the_columns_are_checked():
    X, y = table()
    diagnosis = fitted(X, y).diagnose()
    assert one(diagnosis, "collinearity").severity is Severity.FINE
    refused = [f for f in diagnosis.findings if f.severity is Severity.NOT_CHECKED]
    assert {f.name for f in refused} == {"calibration", "linearity", "influence"}
    assert all("give X and y" in f.reason for f in refused)


def test_a_penalised_fit_says_why_it_is_not_checked():
    X, y = table()
    diagnosis = fitted(X, y, C=1.0).diagnose(X, y)
    assert {f.severity for f in diagnosis.findings} == {Severity.NOT_CHECKED}
    assert all("penalised" in f.reason for f in diagnosis.findings)


def test_dependent_columns_are_named():
    X, y = table()
    X = X.assign(twice=2 * X.age)
    diagnosis = fitted(X, y).diagnose(X, y)
    assert one(diagnosis, "dependence").effect.value == 1.0
    assert "twice = 2" in one(diagnosis, "dependence").effect.sentence
    assert one(diagnosis, "collinearity").reason == "some slopes are not determined"


def test_separation_comes_first_and_offers_no_firth():
    X, y = table()
    X = X.assign(ward=(np.arange(400) % 5 == 0) * 1.0)
    y = np.where(X.ward == 1, "tram", y)
    diagnosis = fitted(X, y).diagnose(X, y)
    found = diagnosis.findings[0]
    assert (found.name, found.severity) == ("separation", Severity.SERIOUS)
    assert found.effect.value == pytest.approx(80 / 400)
    assert "a penalty" in found.remedy
    assert "firth" not in found.remedy


def test_other_rows_are_refused():
    X, y = table()
    with pytest.raises(SchemaError, match="the fit used 400 rows"):
        fitted(X, y).diagnose(X.iloc[:-1], y[:-1])


def test_every_format():
    X, y = table()
    diagnosis = fitted(X, pd.Series(y, name="<b>mode</b>")).diagnose(X, pd.Series(y, name="<b>mode</b>"))
    assert "<b>mode" not in diagnosis.to_html()
    assert list(diagnosis.to_frame().name) == [f.name for f in diagnosis.findings]
    assert "calibration" in diagnosis.to_text()
    assert diagnosis.to_latex()


# ---------------------------------------------------------------------------------------- which coefficients rows are ranked by
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(-50.0, 50.0))
def test_the_origin_of_a_column_makes_no_difference_to_the_influence(seed, shift):
    X, y = table(seed, n=120)
    model, moved = fitted(X, y), X.assign(age=X.age + shift)
    if model.result_.likelihood.separation is not None:
        return
    here = one(model.diagnose(X, y), "influence")
    there = one(fitted(moved, y).diagnose(moved, y), "influence")
    assert (there.subject, [row for row, _ in there.details]) == (here.subject, [row for row, _ in here.details])
    assert [value for _, value in there.details] == pytest.approx([value for _, value in here.details])


def test_intercepts_are_looked_at_where_there_is_no_slope():
    X, y = table()
    frame = X.assign(mode=y)
    found = one(fitted(frame, None, formula="mode ~ 1").diagnose(frame), "influence")
    assert found.subject[0].endswith("(Intercept)")
    assert found.effect.value > 0.0


def test_where_no_coefficient_is_determined_no_row_moves_one():
    X, y = table()
    twins = X[["age"]].assign(twin=X.age)
    found = one(fitted(twins, y, fit_intercept=False).diagnose(twins, y), "influence")
    assert found.severity is Severity.NOT_CHECKED
    assert found.reason == "no coefficient is determined by the data"
