"""No fit by likelihood crashes its derivation; of a certified one every check passes, and of one that is not at its maximum some fail."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from mathlearn.explain import explain, explain_row
from tests.explain.likelihood_random_fits import LAWS, random_model
from tests.explain.perturbed import _part, _plus, _scaled, failures

SEEDS = range(300)


@pytest.fixture(scope="module")
def fits():
    found = [(seed, random_model(seed)) for seed in SEEDS]
    return [(seed, model.result_, row) for seed, (model, row) in ((s, f) for s, f in found if f is not None)]


def test_no_fit_crashes_its_derivation(fits):
    assert len(fits) > 0.8 * len(SEEDS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed, result, row in fits:
            derivations = explain(result), explain_row(result, row)
            if result.certificate.ok:
                assert [failures(derivation) for derivation in derivations] == [[], []], seed


def test_every_law_is_among_the_certified(fits):
    certified = {(r.likelihood.family, r.likelihood.link) for _, r, _ in fits if r.certificate.ok}
    assert certified == {(family, link) for family, link, _ in LAWS}


def test_a_fit_that_is_not_at_its_maximum_does_not_pass(fits):
    unfinished = [r for _, r, _ in fits if not r.certificate.ok and r.likelihood.separation is None]
    for result in unfinished:
        assert not explain(result).passed
        assert explain(result).steps[0].heading == "What is withheld"


def _told(r):
    """The intercept tells of the coefficients where these move it at all."""
    return r.fit_intercept and abs(float(r.curvature.mean @ r.coef[0])) > 1e-9 * abs(float(r.centre[0]))


def _known(r):
    """Without intercept the predictor of the model without columns is zero, which not every link allows."""
    return r.likelihood.dispersion_from == "fixed" and np.isfinite(r.likelihood.null_log_likelihood)


WRONG = {
    "coefficients": (_scaled("coef", 1.001), _told),
    "centre": (lambda r: replace(r, centre=r.centre * 1.001 + 1e-3), lambda r: r.fit_intercept),
    "rows": (_plus("n", 1), lambda r: True),
    "null deviance": (_scaled("null_deviance", 1.001), _known),
    "log-likelihood": (_part("likelihood", log_likelihood=lambda x: x * 1.001 + 1e-3), _known),
    "dispersion": (_part("likelihood", dispersion=lambda x: x * 1.001), lambda r: r.withheld is None),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_record_is_found_out(fits, what):
    change, tells = WRONG[what]
    chosen = [r for _, r, _ in fits if r.certificate.ok and r.condition_scaled < 1e3 and tells(r)]
    assert len(chosen) > 20
    for result in chosen:
        with np.errstate(all="ignore"):
            assert not explain(change(result)).passed
