"""Small hard problems with 30 known digits: coefficients, standard errors, likelihoods, and a certificate that promises no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mathlearn.probability import family_named
from mathlearn.statistics.functional import model_errors, parameter_coordinates
from tests.reference.glm.cases import case
from tests.reference.glm.fits import fitted, with_one_predictor

EXACT = 1e-12
"""Relative error that is let pass: of a coefficient, of its size or of its standard error if that is larger."""

CONDITIONED = {"logit_timestamps": 1e-9}
"""Of columns whose condition is 2e6 after centring, a factorisation of the rows leaves 2e6 rounding units, which is 4e-10."""

TEST = 1e-6  # of a score statistic: the null fit is let pass at this many standard errors from its optimum
PROFILE = 1e-8  # standard errors

NAMES = with_one_predictor("exact")


def tolerance(name):
    return CONDITIONED.get(name, EXACT)


@pytest.fixture(params=NAMES)
def fit(request):
    return fitted("exact", request.param)


def with_field(*fields):
    return [
        pytest.param(name, field, id=f"{name}-{field}")
        for name in NAMES
        for field in fields
        if field in case("exact", name).expected
    ]


def errors(fit):
    """Distances of the coefficients from the truth, and their true standard errors."""
    return np.abs(fit.params - fit.case.expected["params"]), fit.case.expected["bse_expected"]


def test_coefficients(fit):
    away, se = errors(fit)
    assert (away <= tolerance(fit.case.name) * np.maximum(np.abs(fit.case.expected["params"]), se)).all()


def test_standard_errors(fit):
    """A penalty takes inference away, not the curvature."""
    result = replace(fit.result, withheld=None)
    found = model_errors(result, parameter_coordinates(result))[0]
    np.testing.assert_allclose(found, fit.case.expected["bse_expected"], rtol=tolerance(fit.case.name))


def shape(fit):
    return dict(fit.result.likelihood.parameters)["theta"]


NUMBERS = {
    "deviance": lambda fit: fit.result.deviance[0],
    "null_deviance": lambda fit: fit.result.null_deviance[0],
    "pearson_chi2": lambda fit: fit.result.likelihood.pearson,
    "phi": lambda fit: fit.result.likelihood.dispersion,
    "theta": shape,
    "alpha": lambda fit: 1.0 / shape(fit),
    "theta_se_given_params": lambda fit: fit.result.likelihood.estimated_errors[0],
}


@pytest.mark.parametrize(("name", "field"), with_field(*NUMBERS))
def test_numbers_of_the_fit(name, field):
    fit = fitted("exact", name)
    assert NUMBERS[field](fit) == pytest.approx(fit.case.expected[field], rel=tolerance(name), abs=0)


def test_means(fit):
    found = fit.model.predict(fit.case.X, **{k: v for k, v in fit.rows.items() if k == "offset"})
    np.testing.assert_allclose(found, fit.case.expected["fitted"], rtol=10 * tolerance(fit.case.name))


def density(fit, phi):
    """Sum the log-densities of the rows at a dispersion."""
    c, likelihood = fit.case, fit.result.likelihood
    family = family_named(likelihood.family, **dict(likelihood.parameters))
    y, trials = (c.y[:, 0] / c.y.sum(axis=1), c.y.sum(axis=1)) if c.y.ndim == 2 else (c.y, 1.0)
    weight = 1.0 if c.weights is None else c.weights
    mean = fit.model.predict(c.X, **{k: v for k, v in fit.rows.items() if k == "offset"})
    return family.log_density(y, mean, phi, weight, trials).sum()


@pytest.mark.parametrize(("name", "field"), with_field("log_likelihood", "log_likelihood_phi_ml"))
def test_log_likelihood(name, field):
    """That of the record has the deviance over n for a dispersion that is estimated; the exact ones say at which they are."""
    fit = fitted("exact", name)
    expected, likelihood, n = fit.case.expected, fit.result.likelihood, fit.result.n
    phi = expected["phi_ml"] if field.endswith("ml") else expected.get("phi", 1.0)
    assert density(fit, phi) == pytest.approx(expected[field], rel=tolerance(name), abs=0)
    recorded = 1.0 if likelihood.dispersion_from == "fixed" else expected["deviance"] / n
    assert likelihood.log_likelihood == pytest.approx(density(fit, recorded), rel=tolerance(name), abs=0)


def test_certified(fit):
    certificate = fit.model.certificate_
    assert certificate.ok, certificate
    assert fit.model.verify(fit.case.X, fit.case.y, **fit.rows).ok


def test_the_certificate_promises_no_more_than_there_is(fit):
    """A distance is right to first order, so that it may be exceeded by its square."""
    away, se = errors(fit)
    certificate, expected = fit.model.certificate_, fit.case.expected
    assert np.max(away / se) <= certificate.error_in_se * (1 + 10 * certificate.error_in_se) + 1e-15
    relative = away / np.maximum(np.abs(expected["params"]), se)
    assert -np.log10(np.max(relative) + 1e-17) >= certificate.digits - 1e-6
    slopes = relative[int(fit.result.fit_intercept) :]
    assert (slopes <= 10.0 ** -fit.result.digits[0] * (1 + 1e-6) + 1e-16).all()


def of_the_rows_alone(name):
    """Whether the observed information of a case has nothing but the rows in it: no penalty, no shape."""
    c = case("exact", name)
    return "bse_observed" in c.expected and "theta" not in c.expected and "l2" not in c.parameters


@pytest.mark.parametrize("name", [name for name in NAMES if of_the_rows_alone(name)])
def test_observed_information(name):
    """Its standard errors, which no estimator shows, by the family's second derivative."""
    fit = fitted("exact", name)
    c = fit.case
    likelihood = fit.result.likelihood
    family = family_named(likelihood.family, **dict(likelihood.parameters))
    X = np.column_stack([np.ones(len(c.X)), c.X - fit.result.curvature.mean])
    eta = X @ np.append(fit.result.centre, fit.result.coef[0]) + (0.0 if c.offset is None else c.offset)
    y = c.y[:, 0] / c.y.sum(axis=1) if c.y.ndim == 2 else c.y
    weight = fit.weight * family.observed(y, eta, family.link(likelihood.link))
    cov = np.linalg.inv((X.T * weight) @ X)
    found = np.sqrt(np.diag(cov)[1:] * likelihood.dispersion)
    np.testing.assert_allclose(found, c.expected["bse_observed"][1:], rtol=1e-10 if c.name not in CONDITIONED else 1e-3)


@pytest.mark.parametrize("name", [name for name in NAMES if "tested_column" in case("exact", name).expected])
@pytest.mark.parametrize(("kind", "field"), [("score", "score"), ("lr", "likelihood_ratio"), ("wald", "wald")])
def test_tests_of_a_term(name, kind, field):
    fit = fitted("exact", name)
    term = fit.result.terms[int(fit.case.expected["tested_column"]) - 1]
    found = fit.model.test_terms(fit.case.X, fit.case.y, kind=kind, terms=[term], **fit.rows)
    precision = TEST if kind == "score" else 1e-9
    assert found.statistic[0] == pytest.approx(fit.case.expected[f"{field}_test"], rel=precision, abs=0)
    if kind != "wald":
        assert found.p_value[0] == pytest.approx(fit.case.expected[f"{field}_test_p"], rel=precision, abs=0)


@pytest.mark.parametrize("name", [name for name in NAMES if "profile_columns" in case("exact", name).expected])
def test_profile_intervals(name):
    fit = fitted("exact", name)
    expected = fit.case.expected
    columns = expected["profile_columns"].astype(int)
    terms = [fit.result.terms[j - 1] for j in columns]
    found = fit.model.profile_intervals(fit.case.X, fit.case.y, terms=terms, **fit.rows)
    away = np.abs(found[["conf_low", "conf_high"]].to_numpy() - expected["profile_interval"])
    assert (away <= PROFILE * expected["bse_expected"][columns][:, None]).all()
