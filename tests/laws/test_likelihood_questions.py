"""Laws of tests, profiles and marginal effects: each number is found again by another way."""

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from mathlearn._errors import DomainError
from mathlearn.data.bind import bind
from mathlearn.data.formula.derivative import derivative
from mathlearn.linear_model import GeneralizedLinearRegressor, LinearRegression
from mathlearn.linear_model._blocks import block_rows
from mathlearn.probability.bend import bend
from mathlearn.statistics.functional import covariance_matrix
from mathlearn.statistics.marginal_effects import marginal_effects
from mathlearn.statistics.nested import f_test
from tests.laws.test_links import judge, predictors, with_links
from tests.unit.test_probability_latex import eta

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=15)  # each of several families
some = settings(max_examples=35)  # each with frames and formulas
LAWS = {
    ("binomial", "logit"): lambda rng, e: (rng.random(e.size) < 1 / (1 + np.exp(-e))) * 1.0,
    ("binomial", "probit"): lambda rng, e: (rng.random(e.size) < stats.norm.cdf(e)) * 1.0,
    ("poisson", "log"): lambda rng, e: rng.poisson(np.exp(e)) * 1.0,
    ("quasipoisson", "log"): lambda rng, e: rng.poisson(np.exp(e)) * 1.0,
    ("gamma", "log"): lambda rng, e: rng.gamma(3.0, np.exp(e)),
    ("gaussian", "identity"): lambda rng, e: e + rng.normal(size=e.size),
}
with_laws = pytest.mark.parametrize("law", LAWS, ids="-".join)


def problem(law, seed, n=60, p=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * 2.0 ** rng.integers(-6, 7, p)
    e = 0.3 + X @ (0.4 / np.std(X, axis=0) * rng.normal(size=p))
    return X, LAWS[law](rng, e), rng.normal(size=n) * 0.2


def fitted(law, X, y, offset=None, weight=None):
    return GeneralizedLinearRegressor(family=law[0], link=law[1]).fit(X, y, offset=offset, sample_weight=weight)


# ----------------------------------------------------------------------------------------------------------------- links
@with_links
def test_the_bend_is_the_second_derivative_of_the_mean_displayed(link):
    second, slope = judge(link.mean_latex, eta, 2), judge(link.mean_latex, eta, 1)
    with mp.workdps(200):
        for e in predictors(link):
            at = mp.mpf(float(e))
            true, size = second(at), abs(slope(at)) * (1 + 1 / abs(at) if link.odds is None else 1 + abs(at))
            assert (
                abs(mp.mpf(float(bend(link, np.array([e]))[0])) - true) <= 64 * 2.0**-53 * (abs(true) + size) + 1e-300
            )


# --------------------------------------------------------------------------------------------------------------- formula
TERMS = "log(x) + I(x^2 / z) + sqrt(x):z + poly(x + z, 3) + bs(x, df=6) + exp(x / 4) + g:x + x:z + I(2^x) + I(x / (1 + x * z)) + g"


@some
@given(seeds, st.sampled_from(["x", "z"]))
def test_a_formula_is_differentiated_as_differences_say(seed, column):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {name: rng.uniform(1.0, 3.0, 50) for name in "xz"} | {"y": 0.0, "g": rng.choice(list("uvw"), 50)}
    )
    assume(frame["g"].nunique() == 3)
    rows = bind(frame, formula=f"y ~ {TERMS} + offset(log(x))")
    encoding = rows.design.encoding
    inside = frame[(frame["x"] > frame["x"].min()) & (frame["x"] < frame["x"].max())]
    knots = encoding.factors[[type(f).__name__ for f in encoding.factors].index("SplineFactor")].basis.knots
    h = 1e-5
    inside = inside[(np.abs(inside["x"].to_numpy()[:, None] - knots) > 4 * h).all(axis=1)]

    def encoded(shift):
        (batch,) = rows.design.bind(inside.assign(**{column: inside[column] + shift})).source.batches(max_rows=100)
        return encoding.encode(batch, with_response=False)

    (batch,) = rows.design.bind(inside).source.batches(max_rows=100)
    found = derivative(encoding, batch, column)
    low, high = encoded(-h), encoded(h)
    np.testing.assert_allclose(found.X, (high.X - low.X) / (2 * h), rtol=1e-6, atol=2e-6)
    np.testing.assert_allclose(found.offset, (high.offset - low.offset) / (2 * h), rtol=1e-6, atol=1e-7)


def test_a_derivative_that_is_not_finite_is_refused():
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 2.0, 2.0, 4.0]})
    model = GeneralizedLinearRegressor(family="poisson", formula="y ~ sqrt(x)").fit(frame)
    with pytest.raises(DomainError, match="'x' is not finite in 1 of the first 4 rows, first in row 0"):
        model.marginal_effects(frame)


# ------------------------------------------------------------------------------------------------------ marginal effects
SLOPES = {"logit": lambda e: np.exp(-e) / (1 + np.exp(-e)) ** 2, "log": np.exp, "identity": np.ones_like}


@pytest.mark.parametrize("law", [law for law in LAWS if law[1] in SLOPES], ids="-".join)
@pytest.mark.parametrize("at", ["average", "mean"])
@few
@given(seeds)
def test_errors_are_those_of_the_delta_method(law, at, seed):
    X, y, offset = problem(law, seed)
    model = fitted(law, X, y, offset)
    assume(model.certificate_.ok)
    weight = np.random.default_rng(seed).uniform(0.5, 2.0, len(y))
    found = model.marginal_effects(X, offset=offset, sample_weight=weight, at=at)
    A, o, w = np.column_stack([np.ones(len(y)), X]), offset, weight / weight.sum()
    if at == "mean":
        A, o, w = (w @ A)[None], np.array([w @ o]), np.ones(1)

    def effects(theta):
        return theta[1:] * (w @ SLOPES[law[1]](A @ theta + o))

    theta = np.concatenate([[model.intercept_], model.coef_])
    jacobian = np.array([effects(theta + 1e-30j * unit).imag / 1e-30 for unit in np.eye(theta.size)]).T  # complex step
    errors = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, covariance_matrix(model.result_)[0], jacobian))
    np.testing.assert_allclose(found["estimate"], effects(theta), rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], errors, rtol=1e-9)


@some
@given(seeds, st.integers(1, 20))
def test_effects_do_not_depend_on_blocks(seed, size):
    X, y, _ = problem(("poisson", "log"), seed)
    X[:, 0] = X[:, 0] > 0
    model = fitted(("poisson", "log"), X, y)
    rows = model.design_.bind(X)
    for at in ("average", "mean"):
        whole, parts = (
            marginal_effects(model.result_, rows, max_rows=m, at=at, discrete=True) for m in (block_rows(rows), size)
        )
        assert whole["contrast"].tolist() == ["1 - 0", "dmu/dx", "dmu/dx"]
        np.testing.assert_allclose(whole.iloc[:, 2:], parts.iloc[:, 2:], rtol=1e-11)


@given(seeds)
def test_effects_of_whole_weights_are_those_of_repeated_rows(seed):
    X, y, offset = problem(("binomial", "logit"), seed)
    model = fitted(("binomial", "logit"), X, y, offset)
    assume(model.certificate_.ok)
    times = np.random.default_rng(seed).integers(0, 4, len(y))
    assume(times.any())
    again = np.repeat(np.arange(len(y)), times)
    weighted = model.marginal_effects(X, offset=offset, sample_weight=times)
    np.testing.assert_allclose(
        weighted.iloc[:, 2:], model.marginal_effects(X[again], offset=offset[again]).iloc[:, 2:], rtol=1e-10
    )


@with_laws
@few
@given(seeds)
def test_effects_survive_columns_far_from_zero(law, seed):
    X, y, _ = problem(law, seed)
    X = np.round(X / np.std(X, axis=0) * 2.0**16)  # whole numbers: a shift is exact
    near, far = fitted(law, X, y), fitted(law, X + 2.0**40, y)
    assume(near.certificate_.ok)
    for at in ("average", "mean"):
        np.testing.assert_allclose(
            far.marginal_effects(X + 2.0**40, at=at).iloc[:, 2:4],
            near.marginal_effects(X, at=at).iloc[:, 2:4],
            rtol=1e-7,
        )


@some
@given(seeds)
def test_effects_of_a_formula_are_changes_of_its_predictions(seed):
    rng = np.random.default_rng(seed)
    n = 80
    frame = pd.DataFrame(
        {
            "x": rng.uniform(1, 3, n),
            "d": rng.integers(0, 2, n),
            "g": rng.choice(list("uvw"), n),
            "e": rng.uniform(1, 2, n),
        }
    )
    assume(frame["g"].nunique() == 3 and frame["d"].nunique() == 2)
    frame["y"] = rng.poisson(frame["e"] * np.exp(0.3 * frame["x"] - 0.4 * frame["d"]))
    model = GeneralizedLinearRegressor(family="poisson", formula="y ~ log(x) + x:d + g + g:x + d + offset(log(e))").fit(
        frame
    )
    assume(model.certificate_.ok and model.result_.estimable.all())
    found = model.marginal_effects(frame, discrete=True, columns=["x", "d", "g", "e"]).set_index(["term", "contrast"])

    def mean(**columns):
        return model.predict(frame.assign(**columns)).mean()

    h = 1e-4
    expected = {
        ("x", "dmu/dx"): (mean(x=frame["x"] + h) - mean(x=frame["x"] - h)) / (2 * h),
        ("d", "1 - 0"): mean(d=1) - mean(d=0),
        ("g", "v - u"): mean(g="v") - mean(g="u"),
        ("g", "w - u"): mean(g="w") - mean(g="u"),
        ("e", "dmu/dx"): (mean(e=frame["e"] + h) - mean(e=frame["e"] - h)) / (2 * h),
    }
    assert found.index.tolist() == list(expected)
    np.testing.assert_allclose(found["estimate"], list(expected.values()), rtol=1e-5, atol=1e-7)
    assert (found["std_error"] > 0).all()


# ----------------------------------------------------------------------------------------------------------------- tests
@with_laws
@few
@given(seeds)
def test_likelihood_ratios_are_differences_of_deviances(law, seed):
    X, y, offset = problem(law, seed)
    model = fitted(law, X, y, offset)
    assume(model.certificate_.ok)
    tests = model.test_terms(X, y, offset=offset)
    full = model.result_
    for j in range(X.shape[1]):
        rest = fitted(law, np.delete(X, j, axis=1), y, offset).result_
        rise = (rest.deviance[0] - full.deviance[0]) / full.likelihood.dispersion
        np.testing.assert_allclose(tests.statistic[j], rise, rtol=1e-8, atol=1e-9)
        tail = stats.chi2.sf(rise, 1) if np.isinf(tests.df_den) else stats.f.sf(rise, 1, full.df_resid)
        np.testing.assert_allclose(tests.p_value[j], tail, rtol=1e-7, atol=1e-300)


@some
@given(seeds)
def test_terms_of_a_normal_family_have_the_f_test_of_least_squares(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=40), "g": rng.choice(list("uvw"), 40), "y": rng.normal(size=40)})
    assume(frame["g"].nunique() == 3)
    model = GeneralizedLinearRegressor(formula="y ~ x + g").fit(frame)
    least = [LinearRegression(formula=f"y ~ {right}").fit(frame) for right in ("x", "x + g")]
    exact = f_test(*least)
    for kind in ("lr", "wald"):
        found = model.test_terms(frame, kind=kind, terms=["g"])
        assert (found.df.tolist(), found.df_den) == ([exact.df_num], exact.df_den)
        np.testing.assert_allclose(found.statistic, exact.statistic, rtol=1e-8)
        np.testing.assert_allclose(found.p_value, exact.p_value, rtol=1e-8)


@with_laws
@few
@given(seeds)
def test_dependent_columns_are_tested_by_what_they_add(law, seed):
    X, y, offset = problem(law, seed)
    X = np.column_stack([X, X[:, 0] - 2 * X[:, 1]])
    with pytest.warns(UserWarning, match="linearly dependent"):
        model = fitted(law, X, y, offset)
    assume(model.result_.status.name == "OPTIMAL")
    tests = model.test_terms(X, y, offset=offset)
    rest = fitted(law, X[:, [0, 1]], y, offset).result_
    rise = (rest.deviance[0] - model.result_.deviance[0]) / model.result_.likelihood.dispersion
    assert tests.df.tolist() == [0, 0, 1, 0]
    assert np.isnan(tests.statistic[[0, 1, 3]]).all()
    assert "x3 = x0 - 2·x1" in tests.reasons["x3"]
    np.testing.assert_allclose(tests.statistic[2], rise, rtol=1e-8, atol=1e-9)


@with_laws
@few
@given(seeds)
def test_the_score_is_that_of_all_columns_at_the_fit_without_one(law, seed):
    X, y, offset = problem(law, seed)
    model = fitted(law, X, y, offset)
    assume(model.certificate_.ok)
    tests = model.test_terms(X, y, kind="score", offset=offset)
    A = np.column_stack([np.ones(len(y)), X / np.std(X, axis=0)])
    family, link = model._fitted_law()
    for j in range(X.shape[1]):
        mean = fitted(law, np.delete(X, j, axis=1), y, offset).predict(np.delete(X, j, axis=1), offset=offset)
        slope, variance = link.dmu(link.eta(mean)), family.variance(mean)
        score, information = A.T @ ((y - mean) * slope / variance), A.T @ (A * (slope**2 / variance)[:, None])
        expected = score @ np.linalg.solve(information, score) / model.result_.likelihood.dispersion
        np.testing.assert_allclose(tests.statistic[j], expected, rtol=1e-7, atol=1e-9)


# --------------------------------------------------------------------------------------------------------------- profile
@with_laws
@few
@given(seeds, st.floats(0.5, 0.999))
def test_at_the_ends_of_a_profile_the_deviance_has_risen_as_far_as_the_level_says(law, seed, level):
    X, y, offset = problem(law, seed)
    model = fitted(law, X, y, offset)
    assume(model.certificate_.ok)
    result = model.result_
    found = model.profile_intervals(X, y, offset=offset, level=level, terms=["x1"]).iloc[0]
    fixed = result.likelihood.dispersion_from == "fixed"
    q = stats.norm.isf((1 - level) / 2) if fixed else stats.t.isf((1 - level) / 2, result.df_resid)
    for end in (found["conf_low"], found["conf_high"]):
        held = fitted(law, np.delete(X, 1, axis=1), y, offset + X[:, 1] * end).result_
        rise = (held.deviance[0] - result.deviance[0]) / result.likelihood.dispersion
        np.testing.assert_allclose(np.sqrt(rise), q, rtol=1e-7)
    assert found["conf_low"] < found["estimate"] < found["conf_high"]


@given(seeds, st.floats(0.5, 0.999))
def test_a_normal_family_has_its_exact_interval(seed, level):
    X, y, _ = problem(("gaussian", "identity"), seed)
    least = LinearRegression().fit(X, y)
    found = fitted(("gaussian", "identity"), X, y).profile_intervals(X, y, level=level)
    np.testing.assert_allclose(found.iloc[:, 1:], least.conf_int(level).iloc[:, 1:], rtol=1e-7, atol=1e-9)


@with_laws
@few
@given(seeds)
def test_profiles_follow_the_units_and_the_origin_of_a_column(law, seed):
    X, y, _ = problem(law, seed)
    X = np.round(X / np.std(X, axis=0) * 2.0**16)
    model = fitted(law, X, y)
    assume(model.certificate_.ok)
    moved = X * np.array([2.0**20, -0.5, 1.0]) + np.array([0.0, 2.0**40, 2.0**30])
    near = model.profile_intervals(X, y, terms=["x0", "x1", "x2"]).iloc[:, 2:].to_numpy()
    far = fitted(law, moved, y).profile_intervals(moved, y, terms=["x0", "x1", "x2"]).iloc[:, 2:].to_numpy()
    near = near / np.array([[2.0**20], [-0.5], [1.0]])
    near[1] = near[1][::-1]
    np.testing.assert_allclose(far, near, rtol=1e-6, atol=1e-7 * np.abs(near).max(axis=1, keepdims=True).min())
