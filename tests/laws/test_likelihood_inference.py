"""Laws of the tables of likelihood fits: units, copies of rows, coding of classes, and tests that agree with each other."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.testing import assert_allclose

import mathlearn
from mathlearn import statistics as st
from mathlearn.linear_model import GeneralizedLinearRegressor, LinearRegression
from mathlearn.probability import FAMILIES
from mathlearn.statistics.joint_law import JointLaw

few = settings(max_examples=12, deadline=None)
seeds = some.integers(0, 10**6)
PARAMETERS = {"negative_binomial": {"theta": 2.0}, "tweedie": {"power": 1.5}}
# All that the registry has with a law of one observation; what needs parameters gets those above.
KNOWN = [name for name in FAMILIES if name in PARAMETERS or all(not example for example in FAMILIES[name].examples)]


def draw(name, seed, n=60):
    """Columns, and observations that lie in the domain of the family."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    mean = np.exp(0.3 + X @ [0.4, -0.3, 0.0])
    y = rng.wald(mean, 4.0) if name == "inverse_gaussian" else rng.gamma(2.0, mean)
    family = make(name)._law()[0]
    forms = {
        "binary": lambda: (rng.random(n) < 1 / (1 + np.exp(-X[:, 0]))) * 1.0,
        "counts": lambda: np.floor(y),
        "mixed": lambda: np.where(rng.random(n) < 0.2, 0.0, y),
    }
    return X, forms.get(family.support, lambda: y)()


def make(name, **parameters):
    return GeneralizedLinearRegressor(family=name, **PARAMETERS.get(name, {}), **parameters)


def row(model):
    return model.glance().loc[0]


def close(a, b, columns, rtol=1e-7):
    assert_allclose(a[columns].astype(float), b[columns].astype(float), rtol=rtol, atol=1e-9)


WHOLE = [
    "deviance",
    "null_deviance",
    "log_likelihood",
    "aic",
    "bic",
    "lr_statistic",
    "lr_p_value",
    "wald_statistic",
    "dispersion",
]


@pytest.mark.parametrize("name", KNOWN)
@few
@given(seed=seeds)
def test_units_and_offsets_of_columns_change_no_number_about_the_whole(name, seed):
    X, y = draw(name, seed)
    close(row(make(name).fit(X, y)), row(make(name).fit(X * [1e3, 1e-4, 7.0] + [5e5, 0.0, -3.0], y)), WHOLE, rtol=1e-6)


@pytest.mark.parametrize("name", KNOWN)
@few
@given(seed=seeds)
def test_frequencies_are_repeated_rows(name, seed):
    X, y = draw(name, seed)
    times = np.random.default_rng(seed).integers(1, 4, len(y))
    counted = make(name, weights_type="frequency").fit(X, y, sample_weight=times)
    repeated = make(name).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    close(row(counted), row(repeated), ["n", "df_resid", *WHOLE])
    assert_allclose(counted.tidy().iloc[:, 1:], repeated.tidy().iloc[:, 1:], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", KNOWN)
@few
@given(seed=seeds)
def test_deviances_of_nested_models_are_in_order_and_their_changes_add_up(name, seed):
    X, y = draw(name, seed)
    fits = [make(name).fit(X[:, :k], y) for k in (1, 2, 3)]
    analysis = st.analysis_of_deviance(*fits)
    changes = [test.change for test in analysis.tests]
    scale = float(fits[0].result_.null_deviance[0])
    assert min(changes) >= -1e-9 * scale
    assert_allclose(sum(changes), fits[0].result_.deviance[0] - fits[2].result_.deviance[0], atol=1e-9 * scale)
    whole = st.deviance_test(fits[0], fits[2])
    # A sum of chi-squared terms is chi-squared; a mean of F terms, all by one dispersion, is F.
    parts = sum(float(test.statistic[0]) * (1 if test.law.chi_squared else test.df_num) for test in analysis.tests)
    assert_allclose(parts / (1 if whole.law.chi_squared else 2), whole.statistic[0], rtol=1e-8, atol=1e-10)


@few
@given(seed=seeds)
def test_which_class_is_one_only_changes_signs(seed):
    X, y = draw("binomial", seed)
    one, other = make("binomial").fit(X, y), make("binomial").fit(X, 1.0 - y)
    close(row(one), row(other), WHOLE)
    assert_allclose(one.tidy()["statistic"], -other.tidy()["statistic"], rtol=1e-6, atol=1e-8)
    assert_allclose(one.tidy()["p_value"], other.tidy()["p_value"], rtol=1e-6)


@few
@given(seed=seeds)
def test_the_gaussian_family_is_least_squares(seed):
    X, y = draw("gaussian", seed)
    by_likelihood, by_squares = make("gaussian").fit(X, y), LinearRegression().fit(X, y)
    one, other = row(by_likelihood), row(by_squares)
    assert_allclose(
        one[
            [
                "deviance",
                "deviance_explained",
                "lr_statistic",
                "lr_p_value",
                "wald_statistic",
                "log_likelihood",
                "aic",
                "bic",
            ]
        ].astype(float),
        other[["rss", "r_squared", "f_statistic", "f_p_value", "f_statistic", "log_likelihood", "aic", "bic"]].astype(
            float
        ),
        rtol=1e-8,
    )
    assert_allclose(one["dispersion"], other["sigma"] ** 2, rtol=1e-10)
    assert_allclose(by_likelihood.tidy().iloc[:, 1:], by_squares.tidy().iloc[:, 1:], rtol=1e-7, atol=1e-12)
    table = mathlearn.compare(by_likelihood, by_squares)
    assert not [sentence for label, sentence in table.sheet().notes if label == "Note"]


@pytest.mark.parametrize("name", KNOWN)
@few
@given(seed=seeds)
def test_a_joint_test_of_one_combination_is_the_square_of_its_own(name, seed):
    X, y = draw(name, seed)
    contrast = make(name).fit(X, y).contrast("x0 - x1 = 0.1")
    assert_allclose(contrast.joint.statistic, contrast.statistic[0] ** 2, rtol=1e-7)
    assert_allclose(contrast.joint.p_value, contrast.p_value[0], rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    total=some.floats(1e-6, 1e3),
    df=some.integers(1, 40),
    den=some.one_of(some.floats(0.5, 1e6), some.just(math.inf)),
)
def test_tails_fall_and_f_goes_to_chi_squared(total, df, den):
    law = JointLaw(df, den)
    at, beyond = (float(law.tail(law.statistic(x))) for x in (total, total * 1.5))
    assert 0.0 <= beyond <= at <= 1.0
    near, limit = JointLaw(df, 1e13), JointLaw(df, math.inf)
    if total < 100:
        assert_allclose(near.tail(near.statistic(total)), limit.tail(limit.statistic(total)), rtol=1e-8)


@few
@given(seed=seeds)
def test_fits_by_other_laws_are_ranked_by_aic_and_never_tested(seed):
    X, y = draw("poisson", seed)
    fits = [make(name).fit(X, y) for name in ("poisson", "negative_binomial", "gaussian")]
    table = mathlearn.compare(*fits)
    assert [test.test for test in table.tests] == [None, None]
    notes = [sentence for label, sentence in table.sheet().notes if label == "Note"]
    assert len(notes) == 1
    assert "(1), (2) against (3): probabilities of counts do not compare with densities" in notes[0]
    (alone,) = [sentence for label, sentence in mathlearn.compare(*fits[:2]).sheet().notes if label == "Note"]
    assert "AIC and BIC do" in alone
