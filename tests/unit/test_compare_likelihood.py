"""Fits by likelihood side by side, with least squares, and beside scikit-learn's: the rows, the tests, and the reasons told."""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model as theirs
from numpy.testing import assert_allclose

import mathlearn
from mathlearn import statistics as st
from mathlearn.errors import DomainError, SchemaError
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)

COUNTS = """
Comparison of 2 models: all certified

                          (1)        (2)
response                    y          y
────────────────────────────────────────
certificate         certified  certified
────────────────────────────────────────
(Intercept)         0.090218   0.044444
                     (0.1118)   (0.1162)
x0                   0.47643    0.48495
                     (0.1054)   (0.1068)
x1                             -0.27255
                               (0.09897)
────────────────────────────────────────
n                         80         80
family                Poisson    Poisson
link                      log        log
dispersion             1.000      1.000
deviance             94.5478    86.8373
deviance explained    0.1826     0.2493
pseudo-R²             0.0881     0.1203
log-likelihood      -109.286   -105.431
AIC                  222.572    216.861
BIC                  227.336    224.007
covariance          classical  classical

Below       standard error in round brackets
LR test     (2) against (1): chi2(1) = 7.7105, p = 0.0055
"""


@cache
def rows():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(80, 3))
    return X, rng.poisson(np.exp(0.1 + X @ [0.5, -0.3, 0.1])).astype(float)


@cache
def poisson(columns=3, **parameters):
    X, y = rows()
    return GeneralizedLinearRegressor(family="poisson", **parameters).fit(X[:, :columns], y)


@cache
def negative_binomial(theta=2.0):
    return GeneralizedLinearRegressor(family="negative_binomial", theta=theta).fit(*rows())


def lines(comparison):
    """Rows of the table by label, as text."""
    return {
        line.label: [cell.body for cell in line.cells]
        for section in comparison.sheet().sections
        for line in section.lines
        if line.label
    }


def notes(comparison, label="Note"):
    return [sentence for name, sentence in comparison.sheet().notes if name == label]


# -------------------------------------------------------------------------------------------------------- side by side


def test_the_table_of_two_models_of_counts():
    assert str(mathlearn.compare(poisson(1), poisson(2))) == COUNTS.strip()


def test_a_mixture_has_the_rows_of_both_kinds_and_blanks():
    table = lines(mathlearn.compare(LinearRegression().fit(*rows()), poisson(), negative_binomial()))
    assert table["family"] == ["least squares", "Poisson", "negative binomial"]
    assert table["link"] == ["identity", "log", "log"]
    assert table["theta"] == ["", "", "2.000"]
    assert [bool(cell) for cell in table["R²"]] == [True, False, False]
    assert [bool(cell) for cell in table["deviance"]] == [False, True, True]
    assert all(table["AIC"])
    assert all(table["log-likelihood"])


def test_least_squares_alone_have_no_row_of_likelihoods():
    assert not {"family", "link", "deviance", "log-likelihood"} & set(
        lines(mathlearn.compare(LinearRegression().fit(*rows())))
    )


def test_the_numbers_are_those_of_glance():
    frame = mathlearn.compare(poisson(), LinearRegression().fit(*rows())).to_frame("fit")
    own, other = poisson().glance(), LinearRegression().fit(*rows()).glance()
    assert frame.loc[0, own.columns].tolist() == own.loc[0].tolist()
    assert frame.loc[1, other.columns].tolist() == other.loc[0].tolist()
    assert pd.isna(frame.loc[0, "r_squared"])
    assert pd.isna(frame.loc[1, "family"])
    reasons = frame.attrs["reasons"]
    assert reasons["(1)", "y", "r_squared"] == reasons["(2)", "y", "family"] == "a fit of this kind has no such number"


@pytest.mark.parametrize("as_", ["polars", "arrow"])
def test_a_mixture_fits_into_other_frames(as_):
    frame = mathlearn.compare(poisson(), LinearRegression().fit(*rows())).to_frame("fit", as_)
    assert (frame.num_rows if as_ == "arrow" else len(frame)) == 2


def test_quasi_and_penalised_fits_say_why_they_have_no_criteria():
    quasi = GeneralizedLinearRegressor(family="quasipoisson").fit(*rows())
    comparison = mathlearn.compare(poisson(), quasi, poisson(alpha=1.0))
    table, sheet = lines(comparison), comparison.sheet()
    assert table["AIC"][1:] == ["—", "—"]
    assert table["penalty"] == ["0", "0", "1.000"]
    assert any("has no density" in text for text in sheet.footnotes)
    assert any("penalised" in text for text in sheet.footnotes)


def test_pseudo_r_squared_is_left_out_where_no_fit_has_one():
    X, y = rows()
    gamma = GeneralizedLinearRegressor(family="gamma").fit(X, y + 1)
    assert "pseudo-R²" not in lines(mathlearn.compare(gamma))
    assert "pseudo-R²" in lines(mathlearn.compare(gamma, poisson()))


def test_what_stands_below_is_z_or_t():
    X, y = rows()
    gamma = GeneralizedLinearRegressor(family="gamma").fit(X, y + 1)
    both = mathlearn.compare(poisson(), gamma, show=["statistic", "p_value"], stars=True)
    text = str(both)
    assert "z = " in text
    assert "t = " in text
    assert notes(both, "Below") == ["z or t = estimate / standard error; p of the two-sided z or t test of zero"]
    assert notes(mathlearn.compare(poisson(), show="statistic"), "Below") == ["z = estimate / standard error"]
    assert notes(mathlearn.compare(poisson(), stars=True), "Stars")[0].endswith("two-sided z test of zero")


def test_neighbours_are_tested_as_the_analysis_of_deviance_does():
    tests = mathlearn.compare(poisson(1), poisson(3), poisson(2)).tests
    for pair, (small, large) in zip(tests, ((1, 3), (2, 3)), strict=True):
        expected = st.deviance_test(poisson(small), poisson(large))
        assert (pair.test.statistic[0], pair.test.p_value[0]) == (expected.statistic[0], expected.p_value[0])
        assert pair.name == "LR test"


def test_what_cannot_be_tested_has_a_reason():
    squares = LinearRegression().fit(*rows())
    sqrt = GeneralizedLinearRegressor(family="poisson", link="sqrt").fit(*rows())
    reasons = [
        pair.reason for pair in mathlearn.compare(poisson(2), negative_binomial(), squares, poisson(), sqrt).tests
    ]
    assert all(reasons)
    assert "different laws or links" in reasons[0]
    assert "one is by least squares" in reasons[1]
    assert "one is by least squares" in reasons[2]
    assert "different laws or links" in reasons[3]
    X, y = rows()
    frame = pd.DataFrame(X, columns=list("abc"))
    other = GeneralizedLinearRegressor(family="poisson").fit(
        frame[["a", "b"]].rename(columns={"b": "q"}), pd.Series(y, name="y")
    )
    full = GeneralizedLinearRegressor(family="poisson").fit(frame, pd.Series(y, name="y"))
    (pair,) = mathlearn.compare(other, full).tests
    assert "lacks q" in pair.reason
    assert "mathlearn.statistics.deviance_test tests it" in pair.reason
    assert "penalised" in mathlearn.compare(poisson(2), poisson(3, alpha=1.0)).tests[0].reason


def test_laws_that_differ_are_ranked_by_their_criteria_only():
    (note,) = notes(mathlearn.compare(poisson(), negative_binomial()))
    assert (
        note
        == "the models are by different laws: their deviances do not rank them; AIC and BIC do, if the rows are the same"
    )
    (note,) = notes(mathlearn.compare(poisson(), LinearRegression().fit(*rows())))
    assert "neither deviance nor AIC nor BIC ranks the models" in note


@pytest.mark.parametrize("change", ["values", "number", "weights"])
def test_other_rows_are_told(change):
    X, y = rows()
    changed = {
        "values": lambda: GeneralizedLinearRegressor(family="poisson").fit(X, y[::-1] + (np.arange(80) == 3)),
        "number": lambda: GeneralizedLinearRegressor(family="poisson").fit(X[1:], y[1:]),
        "weights": lambda: GeneralizedLinearRegressor(family="poisson").fit(X, y, sample_weight=np.ones(80)),
    }[change]()
    assert notes(mathlearn.compare(poisson(), changed)) == [
        "the models are of different rows or responses: deviance, AIC and BIC do not rank them"
    ]


def test_offsets_that_differ_leave_deviance_and_criteria_comparable():
    X, y = rows()
    moved = GeneralizedLinearRegressor(family="poisson").fit(X, y, offset=X[:, 0])
    assert_allclose(moved.result_.deviance, poisson().result_.deviance, rtol=1e-9)
    (note,) = notes(mathlearn.compare(poisson(), moved))
    assert "another null model" in note


def test_hostile_names_stay_harmless_in_every_format():
    X, y = rows()
    frame = pd.DataFrame(X, columns=["<script>alert(1)</script>", r"\input{x}", "a|b"]).assign(y=y)
    both = mathlearn.compare(PoissonRegressor(alpha=0).fit(frame, "y"), negative_binomial())
    assert "<script" not in both.to_html()
    assert r"\input{" not in both.to_latex()
    assert all("family" in form for form in (both.to_html(), both.to_latex(), both.to_markdown(), str(both)))


def test_maketables_gets_the_statistics_of_the_kind():
    fit = PoissonRegressor(alpha=0).fit(*rows())
    keys = fit.__maketables_default_stat_keys__
    assert keys == ["N", "dispersion", "deviance_explained", "aic", "bic", "se_type", "verdict"]
    assert fit.__maketables_stat__("deviance") == fit.glance().loc[0, "deviance"]
    assert fit.__maketables_stat__("pseudo_r2") == fit.glance().loc[0, "pseudo_r_squared"]
    assert fit.__maketables_stat__("r2") is None
    assert fit.__maketables_stat__("rmse") is None


# ------------------------------------------------------------------------------------------------- beside scikit-learn


def kinds(twins):
    return [cause.kind for cause in twins.causes]


def beside(model, X, y, **roles):
    return mathlearn.compare_with_sklearn(model.fit(X, y, **roles), X, y, **roles)


def problem(estimator):
    X, y = rows()
    return X, {
        LogisticRegression: np.where(y > 0, "some", "none"),
        GammaRegressor: y + 0.5,
    }.get(type(estimator), y)


MODELS = [
    LogisticRegression(C=np.inf),
    LogisticRegression(C=0.5),
    PoissonRegressor(alpha=0),
    PoissonRegressor(alpha=0.3),
    GammaRegressor(alpha=0),
    TweedieRegressor(alpha=0, power=1.5),
    TweedieRegressor(alpha=0.1, power=1.5),
]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_with_a_tight_tolerance_both_find_the_same_minimum(model):
    model = type(model)(**{**model.get_params(), "solver": "newton-cholesky", "tol": 1e-12, "max_iter": 1000})
    twins = beside(model, *problem(model))
    assert twins.alike
    assert twins.verdict.startswith("the same to ")
    assert kinds(twins)[0] == "rounding"
    assert ("penalty" in kinds(twins)) == (model.result_.likelihood.penalty > 0)
    ours, other = (float(values[0]) for values in (twins.scores[1].ours, twins.scores[1].theirs))
    assert_allclose(ours, other, rtol=1e-12)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_the_other_side_is_scikit_learn_s_own_fit(model):
    X, y = problem(model)
    names = {"C", "alpha", "power"} & set(model.get_params())
    other = getattr(theirs, type(model).__name__)(**{name: getattr(model, name) for name in names}).fit(X, y)
    twins = beside(model, X, y)
    assert_allclose(twins.sklearn[0], [float(np.squeeze(other.intercept_)), *np.ravel(other.coef_)], rtol=0)
    assert_allclose(twins.scores[0].theirs, other.score(X, y), rtol=1e-12)
    assert_allclose(twins.scores[0].ours, model.score(X, y), rtol=1e-12)
    # Nothing is below the certified minimum.
    assert twins.scores[1].theirs[0] >= twins.scores[1].ours[0] * (1 - 1e-14)
    frame = twins.to_frame()
    assert_allclose(frame["difference"], frame["sklearn"] - frame["mathlearn"], rtol=0)


def test_units_that_stop_scikit_learn_are_told_by_numbers():
    X, _ = rows()
    y = problem(LogisticRegression())[1]
    twins = beside(LogisticRegression(C=np.inf), X * [1.0, 1e3, 1e-3] + [1e6, 0.0, 0.0], y)
    assert not twins.alike
    assert kinds(twins)[:2] == ["iterations", "conditioning"]
    stopped, units = (cause.sentence for cause in twins.causes[:2])
    excess = float(twins.scores[1].theirs[0] - twins.scores[1].ours[0])
    told = float(stopped.split("its objective is ")[1].split()[0])
    assert_allclose(told, excess, rtol=0.06)
    assert_allclose(float(stopped.split("which is ")[1].split()[0]), math.sqrt(2 * excess), rtol=0.06)
    assert "Ours: certified" in stopped
    assert "1000000 (x0) down to" in units
    assert "After centring and scaling the condition number is 1." in units


def test_whether_scikit_learn_warned_is_told():
    X, y = problem(LogisticRegression())
    few = mathlearn.compare_with_sklearn(
        LogisticRegression(C=np.inf, max_iter=100).fit(X, y).set_params(max_iter=1), X, y
    )
    assert "stopped after all 1 iteration and warned of it" in few.causes[0].sentence
    loose = beside(LogisticRegression(C=np.inf, tol=0.5), X, y)
    assert "without a warning" in loose.causes[0].sentence


def test_liblinear_minimises_another_objective():
    twins = beside(LogisticRegression(solver="liblinear"), *problem(LogisticRegression()))
    assert kinds(twins) == ["penalty", "penalty"]
    assert "penalises the intercept too" in twins.causes[0].sentence


def test_single_precision_is_named():
    X, y = problem(LogisticRegression())
    twins = beside(LogisticRegression(C=np.inf), X.astype(np.float32), y)
    assert kinds(twins)[0] == "precision"


def test_a_penalised_fit_is_measured_by_curvature_and_says_that_it_has_no_standard_errors():
    twins = beside(PoissonRegressor(alpha=0.3), *rows())
    text = str(twins)
    assert "in Units" in text
    assert "standard errors away" not in text
    assert "neither shows the estimates of maximum likelihood" in " ".join(text.split())
    assert "in SE" in str(beside(PoissonRegressor(alpha=0), *rows()))


def test_weights_and_classes_weights_are_the_same_for_both():
    X, y = problem(LogisticRegression())
    w = np.linspace(0.5, 2.0, 80)
    model = LogisticRegression(C=2.0, class_weight={"some": 3.0}, solver="newton-cholesky", tol=1e-12)
    twins = beside(model, X, y, sample_weight=w)
    assert twins.verdict.startswith("the same to ")
    other = theirs.LogisticRegression(C=2.0, class_weight={"some": 3.0}, solver="newton-cholesky", tol=1e-12).fit(
        X, y, w
    )
    assert_allclose(twins.sklearn[0], [*other.intercept_, *other.coef_[0]], rtol=1e-9)


def test_sparse_columns_are_compared_too():
    from scipy.sparse import csr_array

    X, y = rows()
    S = csr_array(np.where(np.abs(X) > 0.5, X, 0.0))
    assert beside(PoissonRegressor(alpha=0), S, y).alike


def test_what_cannot_be_compared_is_refused():
    X, y = rows()
    model = PoissonRegressor(alpha=0).fit(X, y)
    with pytest.raises(SchemaError, match="not the rows of the fit"):
        mathlearn.compare_with_sklearn(model, X, y + (np.arange(80) == 3))
    with pytest.raises(SchemaError, match="not the rows of the fit"):
        mathlearn.compare_with_sklearn(model, X[1:], y[1:])
    with pytest.raises(TypeError, match="scikit-learn has no GeneralizedLinearRegressor"):
        mathlearn.compare_with_sklearn(poisson(), X, y)
    frame = pd.DataFrame(X, columns=list("abc")).assign(y=y, hours=np.linspace(1, 3, 80))
    exposed = PoissonRegressor(alpha=0, formula="y ~ a + offset(log(hours))").fit(frame)
    with pytest.raises(DomainError, match="offset"):
        mathlearn.compare_with_sklearn(exposed, frame)
    several = np.minimum(y, 2).astype(int)
    with pytest.raises(DomainError, match="one linear predictor"):
        mathlearn.compare_with_sklearn(LogisticRegression(C=np.inf).fit(X, several), X, several)


def test_several_classes_stand_in_one_column():
    X, y = rows()
    several = np.minimum(y, 2).astype(int)
    comparison = mathlearn.compare(
        LogisticRegression(C=np.inf).fit(X[:, :1], several), LogisticRegression(C=np.inf).fit(X, several)
    )
    assert lines(comparison)["family"] == ["multinomial", "multinomial"]
    test = comparison.tests[0].test
    assert (test.df_num, test.df_den) == (4, math.inf)
    assert_allclose(
        test.change,
        2 * (comparison.models[1].goodness.log_likelihood - comparison.models[0].goodness.log_likelihood)[0],
        rtol=1e-9,
    )
