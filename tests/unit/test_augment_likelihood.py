"""`augment` and `influence` of fits by likelihood: definitions, published numbers, deletion of rows, what does not exist."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mathlearn.linear_model import GeneralizedLinearRegressor, LogisticRegression

COLUMNS = [
    "row",
    "fitted",
    "predictor",
    "resid",
    "resid_pearson",
    "resid_deviance",
    "resid_working",
    "weights",
    "hat",
    "std_resid",
    "cooks_d",
]


def table(n=50, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)) * [1, 30] + [0, 500]
    return X, 0.4 + 0.5 * X[:, 0] + 0.01 * (X[:, 1] - 500), rng


def fitted(family, link=None, seed=0):
    X, eta, rng = table(seed=seed)
    y = {
        "poisson": lambda: rng.poisson(np.exp(eta)),
        "negative_binomial": lambda: rng.poisson(np.exp(eta) * rng.gamma(2.0, 0.5, len(eta))),
        "binomial": lambda: _trials(rng, eta),
        "gamma": lambda: rng.gamma(2.0, np.exp(eta)),
        "inverse_gaussian": lambda: rng.wald(np.exp(eta), 3.0),
        "gaussian": lambda: eta + rng.normal(size=len(eta)),
    }[family]()
    theta = {"theta": 2.0} if family == "negative_binomial" else {}
    model = GeneralizedLinearRegressor(family=family, link=link, **theta).fit(X, y)
    return model, X, y


def _trials(rng, eta):
    trials = rng.integers(1, 7, len(eta))
    made = rng.binomial(trials, 1 / (1 + np.exp(-eta)))
    return np.column_stack([made, trials - made])


FAMILIES = ["poisson", "negative_binomial", "binomial", "gamma", "inverse_gaussian", "gaussian"]


@pytest.mark.parametrize("family", FAMILIES)
def test_columns_are_their_definitions(family):
    model, X, y = fitted(family)
    shown = model.augment(X, y)
    assert list(shown.columns) == COLUMNS
    law, link = model._fitted_law()
    Z, w = np.column_stack([np.ones(len(X)), X]), np.ones(len(X))
    if family == "binomial":
        w, y = y.sum(axis=1), y[:, 0] / y.sum(axis=1)
    eta = Z @ [model.intercept_, *model.coef_]
    mu, slope, phi = link.mu(eta), link.dmu(eta), model.result_.likelihood.dispersion
    pearson = (y - mu) * np.sqrt(w / law.variance(mu))
    root = np.sign(y - mu) * np.sqrt(w * law.deviance(y, mu))
    c = w * slope**2 / law.variance(mu)
    hat = np.einsum("ij,ij->i", Z, np.linalg.solve((Z * c[:, None]).T @ Z, Z.T).T) * c
    expected = {
        "fitted": mu,
        "predictor": eta,
        "resid": y - mu,
        "resid_pearson": pearson,
        "resid_deviance": root,
        "resid_working": (y - mu) / slope,
        "weights": w,
        "hat": hat,
        "std_resid": root / np.sqrt(phi * (1 - hat)),
        "cooks_d": (pearson / (1 - hat)) ** 2 * hat / (3 * phi),
    }
    for name, values in expected.items():
        assert_allclose(shown[name], values, rtol=1e-7, atol=1e-9 * np.abs(values).max(), err_msg=name)
    assert_allclose((shown["resid_deviance"] ** 2).sum(), model.result_.deviance[0], rtol=1e-9)
    assert_allclose((shown["resid_pearson"] ** 2).sum(), model.result_.likelihood.pearson, rtol=1e-9)
    assert_allclose(shown["hat"].sum(), 3, rtol=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_residuals_studentised_from_outside_are_those_of_r(family):
    """R's rstudent.glm: the deviance residual and Pearson's in proportions of the leverage, over sigma without the row."""
    model, X, y = fitted(family)
    shown, changes = model.augment(X, y), model.influence(X, y)
    d, e, h = (shown[name].to_numpy() for name in ("resid_deviance", "resid_pearson", "hat"))
    known = model.result_.likelihood.dispersion_from == "fixed"
    df = model.result_.df_resid
    without = 1.0 if known else np.sqrt((np.sum(d**2) - d**2 / (1 - h)) / (df - 1))
    assert_allclose(changes["student_resid"], np.sign(d) * np.sqrt(d**2 + h * e**2 / (1 - h)) / without, rtol=1e-8)


def test_influence_on_finneys_data_is_that_published_by_sas():
    """Pregibon (1981), table 2, from PROC LOGISTIC as shipped with statsmodels; printed to four places."""
    folder = Path(pytest.importorskip("statsmodels").__file__).parent / "stats" / "tests" / "results"
    data = np.genfromtxt(folder / "binary_constrict.csv", delimiter=",", names=True)
    published = np.genfromtxt(folder / "results_influence_logit.csv", delimiter=",", skip_header=1)[:, 1:]
    X, y = np.column_stack([data["log_rate"], data["log_volumne"]]), data["constrict"]
    model = LogisticRegression(C=np.inf).fit(X, y)
    shown, changes = model.augment(X, y), model.influence(X, y)
    places = 0.6e-4  # half a unit of the last, and of the rounding of the table before
    assert_allclose(shown["resid_pearson"], published[:, 2], rtol=0, atol=places)
    assert_allclose(shown["resid_deviance"], published[:, 3], rtol=0, atol=places)
    assert_allclose(changes["hat"], published[:, 4], rtol=0, atol=places)
    assert_allclose(changes.filter(like="dfbetas_"), published[:, 5:8], rtol=0, atol=1e-4)
    assert_allclose(3 * changes["cooks_d"], published[:, 8], rtol=0, atol=places)


@pytest.mark.parametrize("family", ["poisson", "binomial"])
def test_changes_are_those_of_one_step_in_statsmodels(family):
    sm = pytest.importorskip("statsmodels.api")
    model, X, y = fitted(family)
    law = {"poisson": sm.families.Poisson, "binomial": sm.families.Binomial}[family]()
    peer = sm.GLM(y, sm.add_constant(X), family=law).fit(tol=1e-14, maxiter=200)
    expected, changes = peer.get_influence(observed=False), model.influence(X, y)
    assert_allclose(changes["cooks_d"], expected.cooks_distance[0], rtol=1e-8)
    assert_allclose(changes["dffits"], expected.d_linpred_scaled, rtol=1e-8)
    scaled = np.asarray(expected.d_params) / np.asarray(peer.bse)
    assert_allclose(changes.filter(like="dfbetas_"), scaled, rtol=1e-6, atol=1e-9)


def test_the_change_without_a_row_is_near_what_a_step_says():
    model, X, y = fitted("poisson", seed=4)
    changes = model.influence(X, y)
    worst = int(changes["cooks_d"].argmax())
    kept = np.arange(len(X)) != worst
    without = GeneralizedLinearRegressor(family="poisson").fit(X[kept], y[kept])
    error = model.tidy()["std_error"].to_numpy()[1:]
    moved = (model.coef_ - without.coef_) / error
    assert_allclose(
        changes.loc[worst, ["dfbetas_x0", "dfbetas_x1"]].astype(float), moved, atol=0.15 * np.abs(moved).max()
    )


def test_new_rows_have_means_and_predictors_only():
    model, X, _ = fitted("gamma")
    shown = model.augment(X + 1.0)
    assert list(shown.columns) == ["row", "fitted", "predictor"]
    assert_allclose(shown["fitted"], np.exp(shown["predictor"]), rtol=1e-12)


def test_other_rows_keep_their_residuals_and_lose_the_measures():
    model, X, y = fitted("poisson")
    shown = model.augment(X + 1.0, y)
    assert shown["resid_deviance"].notna().all()
    assert shown[["hat", "std_resid", "cooks_d"]].isna().all(axis=None)
    assert "not the rows of the fit" in shown.attrs["reasons"]["all rows", "hat"]


def test_a_penalised_fit_has_residuals_and_says_why_it_has_no_measures():
    X, eta, rng = table()
    y = (rng.random(len(X)) < 1 / (1 + np.exp(-eta))).astype(int)
    shown = LogisticRegression().fit(X, y).augment(X, y)
    assert shown["resid_deviance"].notna().all()
    assert shown["hat"].isna().all()
    assert "penalised" in shown.attrs["reasons"]["all rows", "hat"]


def test_residuals_of_probabilities_next_to_one_keep_their_digits():
    """A deviance from one minus the mean has none left where the mean is one to the last bit."""
    x = np.array([-40.0, -1.0, 1.0, 0.5, -0.5, 45.0])
    y = np.array([0, 1, 0, 1, 0, 1])
    model = GeneralizedLinearRegressor(family="binomial", fit_intercept=False).fit(x[:, None], y)
    shown = model.augment(x[:, None], y)
    eta = x * model.coef_[0]
    exact = np.sqrt(2 * np.log1p(np.exp(-np.abs(eta[[0, 5]]))))
    assert_allclose(np.abs(shown["resid_deviance"][[0, 5]]), exact, rtol=1e-12)


def test_the_offset_is_in_the_predictor():
    X, eta, rng = table()
    offset = rng.normal(size=len(X))
    y = rng.poisson(np.exp(eta + offset))
    model = GeneralizedLinearRegressor(family="poisson").fit(X, y, offset=offset)
    shown = model.augment(X, y, offset=offset)
    assert_allclose(shown["predictor"], model.intercept_ + X @ model.coef_ + offset, rtol=1e-9)
    assert shown["hat"].notna().all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_separated_rows_lie_at_the_end_and_pull_nothing():
    rng = np.random.default_rng(1)
    level = np.arange(60) % 3 == 0
    x = rng.normal(size=60)
    y = np.where(level, 0.0, rng.random(60) < 1 / (1 + np.exp(-x)))
    X = np.column_stack([x, level])
    model = GeneralizedLinearRegressor(family="binomial").fit(X, y)
    shown = model.augment(X, y)
    assert (shown["fitted"][level] == 0).all()
    assert np.isneginf(shown["predictor"][level]).all()
    assert (shown[["hat", "cooks_d", "resid_deviance"]][level] == 0).all(axis=None)
    alone = (
        GeneralizedLinearRegressor(family="binomial")
        .fit(x[~level, None], y[~level])
        .augment(x[~level, None], y[~level])
    )
    assert_allclose(shown["hat"][~level], alone["hat"], rtol=1e-8)


def test_a_fit_with_as_many_parameters_as_rows_is_saturated_in_every_row():
    X = np.array([[0.0], [1.0]])
    shown = GeneralizedLinearRegressor(family="poisson").fit(X, [2, 5]).augment(X, [2, 5])
    assert_allclose(shown["hat"], 1.0, rtol=1e-9)
    assert shown["std_resid"].isna().all()
    assert "leverage 1" in shown.attrs["reasons"][0, "std_resid"]
