"""`diagnose` and chance: healthy rows are fine whatever the columns, what is real is still found, and words fit the grade."""

import numpy as np
import pandas as pd
import pytest
from _fits import ArrayRows, fit
from numpy.testing import assert_allclose

from mathlearn._errors import SchemaError
from mathlearn.linear_model import LinearRegression
from mathlearn.statistics import Severity, diagnose, influence
from mathlearn.statistics.diagnostics import collinearity
from mathlearn.statistics.diagnostics.influential_rows import REACHING
from mathlearn.statistics.diagnostics.simulated import SAMPLES, Kept
from mathlearn.statistics.tails import t_two_sided

SEEDS = 80
# A check may be wrong in ten of a hundred, and three standard deviations more in so few data sets.
MOST = 0.1 + 3 * np.sqrt(0.1 * 0.9 / SEEDS)
OF_ERRORS = {"linearity", "heteroscedasticity", "normality", "autocorrelation", "influence", "outliers"}
ALARMS = {Severity.SERIOUS, Severity.LOOK}


def dummies(labels):
    return (labels[:, None] == np.unique(labels)[1:]).astype(float)


def columns(name, rng):
    """Two normal columns, or the levels of a category: at random, of two rows each, or of many rows each."""
    if name.startswith("n = "):
        return rng.normal(size=(int(name[4:]), 2))
    labels = {
        "60 levels": lambda: rng.integers(0, 60, 80),
        "pairs": lambda: np.arange(80) // 2,
        "pairs apart": lambda: np.arange(80) % 40,
        "20 levels": lambda: rng.integers(0, 20, 80),
    }
    return dummies(labels[name]())


def check(X, y, **options):
    y = np.asarray(y, float)[:, None]
    return diagnose(fit(X, y, **options), ArrayRows(X, y), threads=1)


def one(diagnosis, name):
    (finding,) = diagnosis.named(name)
    return finding


def alarms(name, seeds=SEEDS):
    """How often each check cries, of errors that are normal and independent."""
    cries = dict.fromkeys(OF_ERRORS, 0)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        X = columns(name, rng)
        for finding in check(X, rng.normal(size=len(X))).findings:
            if finding.name in OF_ERRORS:
                cries[finding.name] += finding.severity in ALARMS
    return {check: count / seeds for check, count in cries.items()}


# ---------------------------------------------------------------------------------------------------------- false alarms


@pytest.mark.parametrize(
    "name", ["n = 10", "n = 15", "n = 30", "n = 80", "60 levels", "pairs", "pairs apart", "20 levels"]
)
def test_healthy_errors_seldom_alarm(name):
    shares = alarms(name)
    assert max(shares.values()) <= MOST, shares


@pytest.mark.parametrize("n", [10, 15, 30])
def test_healthy_columns_seldom_alarm(n):
    cries = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        cries += one(check(rng.normal(size=(n, 2)), rng.normal(size=n)), "leverage").severity in ALARMS
    assert cries / SEEDS <= MOST


def test_the_chance_of_a_change_is_its_sum_over_the_rows():
    rng = np.random.default_rng(3)
    n = 200
    X, y = np.column_stack([rng.standard_cauchy(n), rng.normal(size=n)]), rng.normal(size=n)
    result, rows = fit(X, y), ArrayRows(X, y[:, None])
    shown = influence(result, rows)
    change = shown.filter(like="dfbetas_x").abs().to_numpy()
    reach, df = change.max(axis=1) / shown["student_resid"].abs().to_numpy(), result.df_resid - 1
    from mathlearn.statistics.diagnostics.case import Block, Case
    from mathlearn.statistics.diagnostics.influential_rows import Influence

    case = Case.of(result, 0.95, None)
    found = Influence.prepare(case)
    total = None
    for chunk in rows.chunks(17):
        part = found.of(Block.of(case, chunk))
        total = part if total is None else found.merge(total, part)
    able = shown["hat"].to_numpy() >= REACHING
    assert 0 < able.sum() < n
    for size in (0.5, 1.0, 2.0):
        rest = (~able).sum() * float(t_two_sided(size * 8, df))
        expected = t_two_sided(size / reach[able], df).sum() + rest
        assert_allclose(total[0].reach.chance(size, df), min(1.0, expected), rtol=1e-9)
        assert t_two_sided(size / reach, df).sum() <= expected * (1 + 1e-12)


def test_simulated_residuals_have_the_covariance_of_residuals():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=12), np.eye(12)[:, 4]])
    basis = np.linalg.qr(np.column_stack([np.ones(12), X]))[0]
    kept = Kept(basis, rng.normal(size=(12, 1)), rng.normal(size=(12, 1)))
    drawn = kept.samples(0)
    assert drawn.shape == (SAMPLES, 12)
    assert_allclose(drawn @ basis, 0.0, atol=1e-12)
    assert (drawn[:, 4] == 0).all()
    assert not kept.free[4]
    assert kept.free.sum() == 11
    assert_allclose(np.square(drawn).sum(axis=1), 9.0)
    # A sum of SAMPLES products of unit variance: five standard deviations.
    assert_allclose(drawn.T @ drawn / SAMPLES, np.eye(12) - basis @ basis.T, atol=5 * np.sqrt(2 / SAMPLES))


# ------------------------------------------------------------------------------------------------------ what is still found


def test_a_row_that_moves_ten_is_found():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10, 2))
    y = X @ [1.0, 2.0] + rng.normal(size=10)
    X[3], y[3] = (4.0, -3.0), 30.0
    found = one(check(X, y), "influence")
    assert found.severity is Severity.SERIOUS
    assert "look at row 3" in found.remedy


def test_what_chance_gives_is_said_to_be_chance():
    rng = np.random.default_rng(1)
    told = [one(check(rng.normal(size=(10, 2)), rng.normal(size=10)), "influence") for _ in range(20)]
    by_chance = [f for f in told if f.effect.value >= 1 and f.severity is Severity.FINE]
    assert by_chance
    assert all("chance alone would give as much" in f.effect.sentence for f in by_chance)


def test_errors_that_lean_on_one_another_are_found_among_rows_of_leverage_one():
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.arange(20), rng.integers(0, 5, 160) + 20])
    e = rng.normal(size=180)
    for t in range(1, 180):
        e[t] += 0.8 * e[t - 1]
    diagnosis = check(dummies(labels), e)
    found = one(diagnosis, "autocorrelation")
    assert found.severity in ALARMS
    assert "20 have leverage one and residuals of zero whatever the errors" in found.effect.sentence
    assert "20 rows of leverage one are left out" in one(diagnosis, "normality").effect.sentence
    assert "So it is with 19 others" in one(diagnosis, "leverage").effect.sentence
    assert "and 15 more" in one(diagnosis, "leverage").remedy


def test_skew_errors_are_found_in_pairs_of_rows():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(30), 6)
    found = one(check(dummies(labels), rng.exponential(size=180) ** 2), "normality")
    assert found.severity is Severity.SERIOUS
    assert next(test.p_value for test in found.tests if "simulated" in test.method) == 1 / (SAMPLES + 1)


def test_moments_leave_out_residuals_that_are_zero_whatever_the_errors():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), rng.normal(size=60)
    more = np.concatenate([np.column_stack([X, np.zeros((60, 30))]), np.eye(32)[:30] @ np.eye(32)[::-1]])
    all_rows = check(more, np.concatenate([y, rng.normal(size=30) * 50]))
    found, plain = one(all_rows, "normality"), one(check(X, y), "normality")
    assert_allclose(found.effect.value, plain.effect.value, rtol=1e-8)
    assert_allclose(found.p_value, plain.p_value, rtol=1e-8)


# --------------------------------------------------------------------------------------------------------------- remedies


def autoregressive(n, rho, rng):
    e = rng.normal(size=n)
    for t in range(1, n):
        e[t] += rho * e[t - 1]
    return e


def test_hac_is_not_offered_for_a_column_of_two_rows():
    rng = np.random.default_rng(0)
    column = np.zeros((200, 1))
    column[[50, 120]] = 1
    found = one(check(column, autoregressive(200, 0.8, rng)), "autocorrelation")
    assert found.severity in ALARMS
    assert "HAC" not in found.remedy
    assert "a trend or a season" in found.remedy


def test_an_interval_that_hac_would_narrow_is_no_improvement():
    rng = np.random.default_rng(0)
    x = np.arange(300) / 300
    found = one(check(x[:, None], autoregressive(300, -0.6, rng)), "autocorrelation")
    assert found.effect.value < 0
    assert "intervals are on the safe side as they are" in found.remedy
    assert "would narrow from" in found.remedy
    assert "whose column is missing" in found.remedy


def test_an_interval_that_hardly_changes_is_said_to_hardly_change(penguins):
    model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + species", missing="drop").fit(penguins)
    found = one(model.diagnose(penguins), "autocorrelation")
    assert "which hardly matters here: the interval of `flipper_length_mm` gets 6 % wider" in found.remedy
    assert "kinds of rows that take turns, whose column is missing" in found.remedy


def test_a_spread_that_is_wide_at_both_ends_is_told():
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    found = one(check(x[:, None], x + rng.normal(size=500) * (0.3 + abs(x))), "heteroscedasticity")
    assert found.severity is Severity.SERIOUS
    assert " at both ends as between them" in found.effect.sentence
    assert float(found.effect.sentence.rpartition(", and ")[2].split()[0]) > 1.5


def test_coverage_decides_where_rows_are_many():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 1))
    diagnosis = check(X, X[:, 0] + rng.standard_t(4, 20_000))
    found = one(diagnosis, "normality")
    assert found.severity is Severity.LOOK
    assert "hold what they should at 95 %" in found.remedy
    far = one(diagnosis, "outliers")
    assert " rows are farther out" in far.effect.sentence
    count = int(far.effect.sentence.rpartition("; ")[2].split()[0])
    assert count > 20
    assert f"and {count - 5} more" in far.remedy
    assert "correct what is wrong" not in far.remedy


def test_all_rows_far_out_are_counted():
    rng = np.random.default_rng(0)
    X, wild = rng.normal(size=(2000, 1)), np.arange(0, 2000, 200)
    y = rng.normal(size=2000)
    y[wild] += 9 * (-1) ** np.arange(10)
    result, rows = fit(X, y), ArrayRows(X, y[:, None])
    student = influence(result, rows)["student_resid"]
    expected = int((2000 * t_two_sided(student, result.df_resid - 1) < 0.05).sum())
    assert expected >= 10
    found = one(diagnose(result, rows, max_rows=300), "outliers")
    assert f"{expected} rows are farther out" in found.effect.sentence
    y[wild[2:]] -= 9 * (-1) ** np.arange(8)
    found = one(check(X, y), "outliers")
    assert "look at rows " in found.remedy
    assert "correct what is wrong" in found.remedy


def test_one_square_is_not_one_of_several_tried():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    assert "square of `x0`" in [test.method for test in one(check(X[:, :1], y), "linearity").tests]
    assert any(", of 2 tried" in test.method for test in one(check(X, y), "linearity").tests)


def test_one_observation_is_singular():
    assert "\n1 observation; " in str(diagnose(fit(np.ones((1, 1)), np.ones(1)), None))


def test_the_effect_stands_beside_its_measure():
    rng = np.random.default_rng(0)
    frame = check(rng.normal(size=(50, 2)), rng.normal(size=50)).to_frame()
    names = frame.columns.tolist()
    assert names.index("measure") == names.index("effect") + 1


# -------------------------------------------------------------------------------------------------------------- influence


def test_influence_of_a_fit_without_parameters():
    frame = pd.DataFrame({"y": np.random.default_rng(0).normal(size=20)})
    shown = LinearRegression(formula="y ~ 0").fit(frame).influence(frame)
    assert (shown["hat"] == 0).all()
    assert shown["cooks_d"].isna().all()
    assert shown.attrs["reasons"]["all rows", "cooks_d"] == "the fit has no parameters"


def test_a_column_called_like_the_intercept_is_refused():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    result, rows = fit(X, y, terms=["(Intercept)", "x"]), ArrayRows(X, y[:, None])
    with pytest.raises(SchemaError, match="rename the column"):
        influence(result, rows)
    with pytest.raises(SchemaError, match="rename the column"):
        collinearity(result).to_frame()
    assert diagnose(result, rows).findings


def test_a_spread_that_cannot_be_held_against_chance_is_not_judged():
    rng = np.random.default_rng(0)
    X = dummies(np.arange(2400) // 4)
    found = one(check(X, rng.normal(size=2400)), "heteroscedasticity")
    assert found.severity is Severity.NOT_CHECKED
    assert "2400 rows for 600 parameters" in found.reason
