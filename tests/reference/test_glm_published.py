"""Every published number of the reference cases, by the estimators: to the digits that are known of it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone

from mathlearn.linear_model import (
    GammaRegressor,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)
from mathlearn.probability import family_named
from tests.reference.glm.cases import case, names
from tests.reference.glm.fits import Fit, fitted, with_one_predictor

FLOOR = 1e-12
"""Relative: what double precision may lose in numbers that are printed with all their digits."""

NAMES = with_one_predictor("published")


@cache
def augmented(name):
    fit = fitted("published", name)
    return fit.model.augment(fit.case.X, fit.case.y, **fit.rows)


@cache
def effects(name, at, discrete):
    fit = fitted("published", name)
    return fit.model.marginal_effects(fit.case.X, at=at, discrete=discrete)


def glance(fit, column):
    return fit.model.glance().loc[0, column]


def row_by_row(column):
    def of(fit):
        return augmented(fit.case.name)[column].to_numpy()

    return of


def residual(column):
    """Return residuals as they are published: R's have the root of the prior weight in them, Stata's none."""

    def of(fit):
        bare = fit.case.source.startswith("Stata") and "sample_weight" in fit.rows
        return augmented(fit.case.name)[column].to_numpy() / (np.sqrt(fit.weight) if bare else 1.0)

    return of


def resid_response(fit):
    """Stata and R count successes, where there are trials."""
    trials = fit.case.y.sum(axis=1) if fit.case.y.ndim == 2 else 1.0
    return augmented(fit.case.name)["resid"].to_numpy() * trials


def leverage(fit):
    """Stata's has no analytic weight in it."""
    return augmented(fit.case.name)["hat"].to_numpy() / fit.weight


def linear_predictor_se(fit):
    interval = fit.model.predict_interval(fit.case.X, level=0.95)
    return np.log(interval.upper / interval.estimate) / stats.norm.isf(0.025)


def of_unit_dispersion(fit):
    """Sum the log-densities at dispersion 1, as Stata's glm has it where R puts the deviance over n."""
    frame, likelihood = augmented(fit.case.name), fit.result.likelihood
    family = family_named(likelihood.family, **dict(likelihood.parameters))
    return family.log_density(fit.case.y, frame["fitted"].to_numpy(), 1.0, fit.weight).sum()


def stata_log_likelihood(fit):
    known = fit.result.likelihood.dispersion_from == "fixed" or fit.case.family == "gaussian"
    return glance(fit, "log_likelihood") if known else of_unit_dispersion(fit)


def wald(fit):
    """Return chi-squared, which is F times its degrees of freedom."""
    law = 1.0 if fit.result.likelihood.dispersion_from == "fixed" else fit.result.df_model
    return glance(fit, "wald_statistic") * law


def bse(fit):
    """Return standard errors; R multiplies those of a negative binomial of given theta by the root of Pearson's dispersion."""
    extra = fit.result.likelihood.pearson / fit.result.df_resid if "dispersion" in fit.case.parameters else 1.0
    return fit.bse * np.sqrt(extra)


def scale(fit):
    likelihood = fit.result.likelihood
    return likelihood.pearson / fit.result.df_resid if "dispersion" in fit.case.parameters else likelihood.dispersion


def theta(fit):
    return dict(fit.result.likelihood.parameters)["theta"]


def log_likelihood_r(fit):
    """R's logLik of a weighted gamma repeats each row as often as its weight says."""
    if fit.case.family != "gamma":
        return glance(fit, "log_likelihood")
    again = clone(fit.model).set_params(weights_type="frequency").fit(fit.case.X, fit.case.y, **fit.rows)
    return again.glance().loc[0, "log_likelihood"]


def robust(fit):
    """Stata's vce(robust) is HC0 times n / (n - 1), where HC1 has n / (n - k)."""
    n, k = fit.result.n, fit.result.n - fit.result.df_resid
    zero, one = fit.with_covariance("HC0").bse, fit.with_covariance("HC1").bse
    np.testing.assert_allclose(one, zero * np.sqrt(n / (n - k)), rtol=1e-12)
    return zero * np.sqrt(n / (n - 1))


def cluster(fit):
    """Stata's vce(cluster) lacks the factor (n - 1) / (n - k) of CR1."""
    n, k = fit.result.n, fit.result.n - fit.result.df_resid
    return fit.with_covariance("cluster").bse * np.sqrt((n - k) / (n - 1))


def normal_interval(of):
    def interval(fit):
        width = stats.norm.isf(0.025) * of(fit)
        return np.column_stack([fit.params - width, fit.params + width])

    return interval


def tidied(*columns):
    return lambda fit: np.squeeze(fit.model.tidy()[list(columns)].to_numpy())


def margins(column, at="average", discrete=False):
    def of(fit):
        found = effects(fit.case.name, at, discrete)[column].to_numpy()
        return found[: len(fit.case.expected["margins_dydx"])]

    return of


def margins_interval(fit):
    return effects(fit.case.name, "average", False)[["conf_low", "conf_high"]].to_numpy()


def score_test(squared=None, what="statistic"):
    """Return the score test of the last column, or of the square of one added to the others."""

    def of(fit):
        c = fit.case
        X = c.X if squared is None else np.column_stack([c.X, c.X[:, c.names.index(squared)] ** 2])
        model = fit.model if squared is None else LogisticRegression(C=np.inf).fit(X, c.y)
        found = model.test_terms(X, c.y, kind="score", terms=[model.result_.terms[-1]])
        return getattr(found, what)[0]

    return of


FIELDS = {
    "params": lambda fit: fit.params,
    "bse": bse,
    "z": tidied("statistic"),
    "p_values": tidied("p_value"),
    "conf_int": tidied("conf_low", "conf_high"),
    "cov": lambda fit: fit.cov,
    "bse_robust": robust,
    "bse_cluster": cluster,
    "conf_int_robust": normal_interval(robust),
    "conf_int_cluster": normal_interval(cluster),
    "deviance": lambda fit: fit.result.deviance[0],
    "null_deviance": lambda fit: fit.result.null_deviance[0],
    "df_resid": lambda fit: fit.result.df_resid,
    "pearson_chi2": lambda fit: fit.result.likelihood.pearson,
    "scale": scale,
    "log_likelihood": lambda fit: glance(fit, "log_likelihood"),
    "null_log_likelihood": lambda fit: glance(fit, "null_log_likelihood"),
    "log_likelihood_stata": stata_log_likelihood,
    "log_likelihood_phi_1": of_unit_dispersion,
    "log_likelihood_r": log_likelihood_r,
    "aic": lambda fit: glance(fit, "aic"),
    "aic_r": lambda fit: glance(fit, "aic"),
    "aic_stata": lambda fit: (2 * fit.params.size - 2 * stata_log_likelihood(fit)) / fit.result.n,
    "bic": lambda fit: glance(fit, "bic"),
    "bic_stata": lambda fit: fit.result.deviance[0] - fit.result.df_resid * np.log(fit.result.n),
    "lr_chi2": lambda fit: glance(fit, "lr_statistic"),
    "lr_p": lambda fit: glance(fit, "lr_p_value"),
    "wald_chi2": wald,
    "mcfadden_r2": lambda fit: glance(fit, "pseudo_r_squared"),
    "fitted": row_by_row("fitted"),
    "linear_predictor": row_by_row("predictor"),
    "linear_predictor_se": linear_predictor_se,
    "leverage": leverage,
    "resid_response": resid_response,
    "resid_pearson": residual("resid_pearson"),
    "resid_deviance": residual("resid_deviance"),
    "resid_working": row_by_row("resid_working"),
    "margins_dydx": margins("estimate"),
    "margins_dydx_se": margins("std_error"),
    "margins_dydx_p": margins("p_value"),
    "margins_dydx_conf_int": margins_interval,
    "margins_dydx_at_mean": margins("estimate", at="mean"),
    "margins_dydx_at_mean_se": margins("std_error", at="mean"),
    "margins_dydx_discrete": margins("estimate", discrete=True),
    "margins_dydx_discrete_se": margins("std_error", discrete=True),
    "margins_dydx_discrete_at_mean": margins("estimate", at="mean", discrete=True),
    "margins_dydx_discrete_at_mean_se": margins("std_error", at="mean", discrete=True),
    "alpha": lambda fit: 1.0 / theta(fit),
    "log_alpha": lambda fit: -np.log(theta(fit)),
    "score_test_ui": score_test(),
    "score_test_ui_p": score_test(what="p_value"),
    "score_test_age_squared": score_test("age"),
    "score_test_lwt_squared": score_test("lwt"),
}

_ELASTICITY = "elasticities are not among the marginal effects"
_OBSERVED = "Stata's probit has the observed information, ours the expected one, as R's: test_glm_exact has both"
_WITHOUT = "no estimator has them"
NOT_OURS = {
    "resid_anscombe": _WITHOUT,
    "resid_generalized": _WITHOUT,
    "margins_dyex": _ELASTICITY,
    "margins_dyex_se": _ELASTICITY,
    "margins_eydx": _ELASTICITY,
    "margins_eydx_se": _ELASTICITY,
    "margins_eyex": _ELASTICITY,
    "margins_eyex_se": _ELASTICITY,
    ("probit_spector", "bse"): _OBSERVED,
    ("probit_spector", "z"): _OBSERVED,
    ("probit_spector", "p_values"): _OBSERVED,
    ("probit_spector", "conf_int"): _OBSERVED,
    ("probit_spector", "cov"): _OBSERVED,
}

_JOINT = (
    "Stata's are of the joint information of coefficients and shape; ours take the shape as known, as MASS::glm.nb does"
)
_SHAPE = "no standard error of the shape is shown"
_NULL = "Stata's null model has a shape of its own; ours has that of the fit, as the deviance of MASS::glm.nb"
NOT_OURS_WITH_SHAPE = {
    "bse": _JOINT,
    "z": _JOINT,
    "p_values": _JOINT,
    "conf_int": _JOINT,
    "bse_robust": _JOINT,
    "bse_cluster": _JOINT,
    "margins_dydx_se": _JOINT,
    "margins_dydx_p": _JOINT,
    "margins_dydx_conf_int": _JOINT,
    "null_log_likelihood": _NULL,
    "lr_chi2": _NULL,
    "alpha_se": _SHAPE,
    "alpha_se_robust": _SHAPE,
    "alpha_se_cluster": _SHAPE,
    "alpha_conf_int": _SHAPE,
    "log_alpha_se": _SHAPE,
}
"""Of negative binomials whose shape is estimated."""

BY_R = {("negative_binomial_randhie", "bse"), ("negative_binomial_randhie", "z")}
"""Taken from MASS::glm.nb, so that they are ours too."""


def reason(name, field):
    """Say why a field of a case is not compared, or return None."""
    if case("published", name).parameters.get("theta") == "ml" and (name, field) not in BY_R:
        return NOT_OURS_WITH_SHAPE.get(field)
    return NOT_OURS.get((name, field), NOT_OURS.get(field))


PAIRS = [(name, field) for name in NAMES for field in case("published", name).expected if reason(name, field) is None]


@pytest.mark.parametrize(("name", "field"), PAIRS)
def test_published(name, field):
    fit = fitted("published", name)
    fit.case.assert_matches(field, FIELDS[field](fit), floor=FLOOR)


@pytest.mark.parametrize("name", NAMES)
def test_certified(name):
    """In few passes, too: near the optimum each squares the distance, whatever the link."""
    fit = fitted("published", name)
    assert fit.model.certificate_.ok, fit.model.certificate_
    assert fit.model.verify(fit.case.X, fit.case.y, **fit.rows).ok
    likelihood = fit.result.likelihood
    steps = sum(iteration.rows == fit.result.n for iteration in likelihood.iterations)  # others are made on a sample
    # Where theta is estimated, a fit is made for each that is tried: the last one is looked at.
    assert (steps if likelihood.estimated else likelihood.passes) <= 10


def test_every_reason_is_of_a_field():
    """What is not compared was published; so the tables can only shrink."""
    published = {(name, field) for name in names("published") for field in case("published", name).expected}
    fields = {field for _, field in published}
    assert all(key in published if isinstance(key, tuple) else key in fields for key in NOT_OURS)
    assert fields >= set(NOT_OURS_WITH_SHAPE)
    assert published >= BY_R


def namesakes(c):
    """Yield the estimators under scikit-learn's names that fit the same model."""
    if c.family == "binomial" and c.link == "logit" and c.y.ndim == 1:
        yield LogisticRegression(C=np.inf)
    if c.family == "poisson":
        yield PoissonRegressor(alpha=0)
        yield TweedieRegressor(power=1, alpha=0)
    if c.family == "gamma" and c.link == "log":
        yield GammaRegressor(alpha=0)
        yield TweedieRegressor(power=2, alpha=0, link="log")
    if c.family == "gaussian" and c.link == "identity":
        yield TweedieRegressor(power=0, alpha=0)
    if c.family == "inverse_gaussian" and c.link == "log":
        yield TweedieRegressor(power=3, alpha=0, link="log")
    if c.family == "tweedie":
        yield TweedieRegressor(power=c.parameters["power"], alpha=0, link=c.link)


NAMESAKES = [
    pytest.param(name, model, id=f"{name}-{type(model).__name__}")
    for name in NAMES
    for model in namesakes(case("published", name))
]


@pytest.mark.parametrize(("name", "model"), NAMESAKES)
def test_estimators_under_other_names(name, model):
    fit = fitted("published", name)
    c, weights_type = fit.case, fit.model.weights_type
    model = model.set_params(fit_intercept=c.intercept, weights_type=weights_type).fit(c.X, c.y, **fit.rows)
    other = Fit(c, model, fit.rows)
    np.testing.assert_array_equal(other.params, fit.params)
    if fit.result.likelihood.dispersion_from == other.result.likelihood.dispersion_from:
        np.testing.assert_array_equal(other.bse, fit.bse)
    else:  # Tweedie of power 1 is a quasi-Poisson
        ratio = np.sqrt(other.result.likelihood.dispersion / fit.result.likelihood.dispersion)
        np.testing.assert_allclose(other.bse, fit.bse * ratio, rtol=1e-12)
