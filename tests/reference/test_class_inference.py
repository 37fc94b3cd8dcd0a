"""Inference about more than two classes against statsmodels' `MNLogit`: covariances, marginal effects, tests of terms."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mathlearn.linear_model import LogisticRegression
from tests.reference.glm.cases import case

sm = pytest.importorskip("statsmodels.api")


@pytest.fixture(scope="module")
def election():
    """Return the 1996 national election study: party of 944 people in seven steps, and five columns; with clusters of no meaning."""
    c = case("published", "multinomial_anes96")
    return c.X, c.y.astype(int), np.random.default_rng(4).integers(0, 40, len(c.y))


@pytest.fixture(scope="module")
def model(election):
    return LogisticRegression(C=np.inf).fit(*election[:2])


def theirs(X, y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # It starts at zero with columns of unlike sizes, and needs most of these steps.
        return sm.MNLogit(y, sm.add_constant(X)).fit(method="newton", disp=0, tol=1e-14, maxiter=200, **options)


@pytest.mark.parametrize("kind", ["HC0", "cluster", "HAC"])
def test_covariances(kind, election, model):
    X, y, groups = election
    roles, theirs_, options = {
        "HC0": ({}, {}, {}),
        "cluster": ({"groups": groups}, {"cov_kwds": {"groups": groups}}, {}),
        "HAC": ({}, {"cov_kwds": {"maxlags": 4}}, {"lags": 4}),
    }[kind]
    ours = model.infer(X, y, covariance=kind, **roles, **options).tidy()
    found = theirs(X, y, cov_type=kind, **theirs_)
    assert_allclose(ours.std_error, found.bse.T.ravel(), rtol=1e-8)
    again = LogisticRegression(C=np.inf, covariance=kind, covariance_options=options or None).fit(X, y, **roles)
    assert_allclose(again.tidy().std_error, ours.std_error, rtol=1e-12)


def test_hc1_counts_rows_once_and_parameters_of_all_classes(election, model):
    X, y, _ = election
    hc0, hc1 = (model.infer(X, y, covariance=kind).tidy().std_error for kind in ("HC0", "HC1"))
    assert_allclose(hc1 / hc0, np.sqrt(944 / (944 - 36)), rtol=1e-12)


@pytest.mark.parametrize(("at", "where"), [("average", "overall"), ("mean", "mean")])
@pytest.mark.parametrize("kind", ["classical", "HC0"])
def test_marginal_effects(at, where, kind, election, model):
    X, y, _ = election
    ours = model.infer(X, y, covariance=kind).marginal_effects(X, at=at)
    found = theirs(X, y, cov_type="nonrobust" if kind == "classical" else kind).get_margeff(at=where)
    assert_allclose(ours.estimate, found.margeff.T.ravel(), rtol=1e-7, atol=1e-12)
    assert_allclose(ours.std_error, found.margeff_se.T.ravel(), rtol=1e-7)
    assert_allclose(ours.p_value, found.pvalues.T.ravel(), rtol=1e-6)


def test_terms(election, model):
    X, y, _ = election
    full = theirs(X, y)
    lr, wald = (model.test_terms(X, y, kind=kind, terms=["x2"]) for kind in ("lr", "wald"))
    fewer = theirs(np.delete(X, 2, axis=1), y)
    assert lr.df.tolist() == wald.df.tolist() == [6]
    assert_allclose(lr.statistic, 2 * (full.llf - fewer.llf), rtol=1e-8)
    held = full.wald_test(np.kron(np.eye(6), np.eye(6)[3]), scalar=True)
    assert_allclose(wald.statistic, float(held.statistic), rtol=1e-8)
    assert_allclose(wald.p_value, float(held.pvalue), rtol=1e-7)


def test_ratios(election, model):
    ours, found = model.ratios(), theirs(*election[:2])
    assert_allclose(ours.ratio, np.exp(found.params.T[:, 1:]).ravel(), rtol=1e-8)
    ends = np.exp(np.asarray(found.conf_int()).reshape(6, 6, 2)[:, 1:].reshape(-1, 2))
    assert_allclose(ours[["conf_low", "conf_high"]], ends, rtol=1e-8)
