"""Likelihood models on disk: every bit comes back, and a record that contradicts itself is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn.errors import UntrustedModelError
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)
from tests.hostile.test_model_files import Model

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of fits that are separated or have dependent columns

rng = np.random.default_rng(2)
n = 60
X = rng.normal(size=(n, 2))
MEAN = np.exp(0.3 + X @ [0.4, -0.3])
COUNTS, AMOUNTS = rng.poisson(MEAN).astype(float), rng.gamma(2.0, MEAN / 2.0)
SPREAD = rng.poisson(4.0 * AMOUNTS).astype(float)
BINARY = (X[:, 0] + rng.logistic(size=n) > 0.0).astype(int)
FRAME = pd.DataFrame({"age": X[:, 0], "time": AMOUNTS, "claims": COUNTS, "sex": np.array(["f", "m"])[BINARY]})
GLM = GeneralizedLinearRegressor

MODELS = {
    "logistic": lambda: LogisticRegression().fit(X, BINARY),
    "logistic, unpenalised, text": lambda: LogisticRegression(C=np.inf).fit(X, np.array(["no", "yes"])[BINARY]),
    "logistic, weights of classes": lambda: LogisticRegression(class_weight={0: 1, 1: 2.5}).fit(X, BINARY),
    "logistic, weights of named classes": lambda: LogisticRegression(class_weight={"f": 2.0}).fit(FRAME[["age"]], FRAME["sex"]),
    "logistic, balanced": lambda: LogisticRegression(class_weight="balanced").fit(X, BINARY),
    "logistic, single precision": lambda: LogisticRegression().fit(X.astype(np.float32), BINARY),
    "logistic, separated": lambda: LogisticRegression(C=np.inf).fit(X, X[:, 0] > 0.0),
    "logistic, three classes": lambda: LogisticRegression().fit(X, BINARY + (X[:, 1] > 0.0)),
    "logistic, three classes, unpenalised": lambda: LogisticRegression(C=np.inf).fit(X, rng.integers(0, 3, n)),
    "poisson": lambda: PoissonRegressor().fit(X, COUNTS),
    "poisson, dependent columns": lambda: PoissonRegressor(alpha=0).fit(np.column_stack([X[:, 0], 2 * X[:, 0]]), COUNTS),
    "poisson, formula": lambda: PoissonRegressor(alpha=0, formula="claims ~ age + C(sex) + offset(log(time))").fit(FRAME),
    "gamma": lambda: GammaRegressor(alpha=0).fit(X, AMOUNTS, sample_weight=MEAN),
    "tweedie": lambda: TweedieRegressor(power=1.5, alpha=0).fit(X, COUNTS),
    "negative binomial": lambda: GLM(family="negative_binomial", theta=2.0).fit(X, COUNTS),
    "negative binomial, estimated": lambda: GLM(family="negative_binomial").fit(X, SPREAD),
    "binomial, counted": lambda: GLM(family="binomial", link="probit").fit(X, np.column_stack([COUNTS + 1, SPREAD])),
    "binomial, trials": lambda: GLM(family="binomial").fit(X, BINARY, trials=np.ones(n)),
    "quasi-Poisson": lambda: GLM(family="quasipoisson").fit(X, COUNTS),
    "inverse Gaussian": lambda: GLM(family="inverse_gaussian").fit(X, AMOUNTS),
}  # fmt: skip


def rows_of(name):
    if "formula" in name:
        return FRAME
    if "single" in name:
        return X.astype(np.float32)
    return FRAME[["age"]] if "named" in name else X


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_bit_for_bit(name, tmp_path):
    model = MODELS[name]()
    model.save(tmp_path / "model.safetensors")
    again = mathlearn.load(tmp_path / "model.safetensors")
    rows = rows_of(name)
    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
    if isinstance(model, LogisticRegression):
        np.testing.assert_array_equal(again.predict_proba(rows), model.predict_proba(rows))
        np.testing.assert_array_equal(again.classes_, model.classes_)
        assert again.classes_.dtype == model.classes_.dtype
    pd.testing.assert_frame_equal(again.tidy(), model.tidy(), check_exact=True)
    pd.testing.assert_frame_equal(again.glance(), model.glance(), check_exact=True)
    assert str(again.summary()) == str(model.summary())
    assert repr(again.certificate_) == repr(model.certificate_)  # repr, since NaN is not itself
    assert again.get_params() == model.get_params()
    assert again.coef_.dtype == model.coef_.dtype
    np.testing.assert_array_equal(again.coef_, model.coef_)
    np.testing.assert_array_equal(again.intercept_, model.intercept_)
    np.testing.assert_array_equal(again.n_iter_, model.n_iter_)
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_a_model_with_an_offset_still_asks_for_it(tmp_path):
    model = PoissonRegressor(alpha=0).fit(X, COUNTS, offset=X[:, 1])
    model.save(tmp_path / "model.safetensors")
    again = mathlearn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(X, offset=X[:, 1]), model.predict(X, offset=X[:, 1]))
    with pytest.raises(ValueError, match="was fitted with an offset"):
        again.predict(X)


# -------------------------------------------------------------------------------------------------------------- tampering


def tampered(model, path, change):
    model.save(path)
    parts = Model(path.read_bytes())
    change(parts)
    return parts.write(path)


def likelihood(**values):
    return lambda parts: parts.records["result_"]["likelihood"].update(values)


def iteration(**values):
    return lambda parts: parts.records["result_"]["likelihood"]["iterations"][0].update(values)


TAMPERS = {
    "a family that is not there": (likelihood(family="cauchy"), "by the family 'cauchy'"),
    "a link that is not there": (likelihood(link="sqroot"), "with the link 'sqroot'"),
    "another family than the model's": (likelihood(family="quasipoisson"), "the model asks for 'poisson'"),
    "another link than the model's": (likelihood(link="identity"), "the model asks for 'poisson' with 'log'"),
    "a parameter too many": (likelihood(parameters=[["theta", 2.0]]), "its law is unknown"),
    "a dispersion that is not one": (likelihood(dispersion=2.0), "the dispersion 2.0 is 'fixed'"),
    "a dispersion from elsewhere": (likelihood(dispersion_from="pearson"), "which that of the family is not"),
    "a dispersion that is no number": (likelihood(dispersion={"float": "inf"}), "the dispersion inf"),
    "a negative penalty": (likelihood(penalty=-1.0), "penalty is -1.0"),
    "an unknown penalty": (likelihood(penalty={"float": "nan"}), "penalty is nan"),
    "a penalty with a covariance": (likelihood(penalty=1.0), "penalised, and has a covariance"),
    "a statistic that is no number": (likelihood(pearson={"float": "nan"}), "pearson is nan"),
    "less than no trial": (likelihood(trials=-3.0), "trials is -3.0"),
    "an endless likelihood": (likelihood(log_likelihood={"float": "inf"}), "the log-likelihood is infinite"),
    "fewer than no pass": (likelihood(passes=-1), "an iteration holds"),
    "a step beyond the next point": (iteration(step=1.5), "an iteration holds"),
    "an iteration on no row": (iteration(rows=0), "an iteration holds"),
    "a parameter estimated that there is not": (likelihood(estimated=["theta"]), "estimated"),
    "a shape of a null model that has none": (likelihood(null_parameters=[["theta", 1.0]]), "of the model without columns"),
    "an error of nothing": (likelihood(estimated_errors=[0.1]), "do not have a standard error each"),
    "counts of what was one number": (likelihood(response="successes and failures"), "y was given as"),
    "labels of numbers": (likelihood(response="labels"), "the classes of the fit"),
    "classes of numbers": (likelihood(classes=["a", "b"]), "the classes of the fit"),
    "no likelihood": (lambda parts: parts.records["result_"].update(likelihood=None), "the fit has none"),
    "a reason to withhold beside a covariance": (
        lambda parts: parts.records["result_"].update(withheld="for no reason"),
        "inference is withheld, and there is a covariance",
    ),
    "another class": (lambda parts: parts.document.update({"class": "mathlearn.linear_model.LinearRegression"}), "parameters"),
    "a response of its own": (lambda parts: parts.records["result_"].update(responses=["z"]), "responses"),
    "text for a number": (likelihood(penalty="0"), "allowed is a floating-point number"),
    "a form that is not there": (likelihood(response="odds"), "allowed is one of"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), TAMPERS.values(), ids=TAMPERS.keys())
def test_a_tampered_likelihood_is_refused(change, message, tmp_path):
    path = tampered(PoissonRegressor(alpha=0).fit(X, COUNTS), tmp_path / "model.safetensors", change)
    with pytest.raises(UntrustedModelError, match=message):
        mathlearn.load(path)


def changed(name, by):
    return lambda parts: parts.put(f"result.{name}", parts.array(f"result.{name}") + by)


@pytest.mark.parametrize(
    "name", ["coef", "intercept", "centre", "curvature.mean", "curvature.mean_white", "curvature.whitener"]
)
@pytest.mark.parametrize("by", [1e-3, np.nan])
def test_numbers_that_do_not_belong_together_are_refused(name, by, tmp_path):
    """One number of several that are made of each other."""
    model = PoissonRegressor(alpha=0).fit(X + 3.0, COUNTS)
    with pytest.raises(UntrustedModelError, match=r"do not belong together|not finite"):
        mathlearn.load(tampered(model, tmp_path / "model.safetensors", changed(name, by)))


SEVERAL = {
    "plain": lambda: LogisticRegression(C=np.inf).fit(X + 3.0, rng.integers(0, 3, n)),
    "penalised": lambda: LogisticRegression().fit(X + 3.0, rng.integers(0, 3, n)),
    "separated": lambda: LogisticRegression(C=np.inf).fit(X + 3.0, np.where(X[:, 0] > 0.5, 2, rng.integers(0, 2, n))),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", SEVERAL)
@pytest.mark.parametrize("name", ["coef", "stack.mean", "stack.level", "stack.origin", "deviance", "null_deviance", "curvature.mean",
                                  "curvature.mean_white", "curvature.scale", "curvature.origin"])  # fmt: skip
@pytest.mark.parametrize("by", [1e-3, 1.0, np.nan])
def test_numbers_of_several_classes_that_do_not_belong_together_are_refused(kind, name, by, tmp_path):
    model = SEVERAL[kind]()
    model.save(tmp_path / "whole.safetensors")
    assert (mathlearn.load(tmp_path / "whole.safetensors").result_.coef == model.result_.coef).all()
    with pytest.raises(UntrustedModelError, match=r"do not belong together|not finite|not positive"):
        mathlearn.load(tampered(model, tmp_path / "model.safetensors", changed(name, by)))


@pytest.mark.parametrize("name", ["rank", "df_model", "df_resid"])
def test_counts_of_several_classes_that_do_not_belong_together_are_refused(name, tmp_path):
    def change(parts):
        parts.records["result_"][name] -= 1

    with pytest.raises(UntrustedModelError, match=r"do not belong together|should have"):
        mathlearn.load(tampered(SEVERAL["plain"](), tmp_path / "model.safetensors", change))


@pytest.mark.parametrize("name", ["log_likelihood", "null_log_likelihood"])
def test_likelihoods_of_several_classes_that_are_not_their_deviances_are_refused(name, tmp_path):
    def change(parts):
        parts.records["result_"]["likelihood"][name] += 0.1

    with pytest.raises(UntrustedModelError, match="do not belong together"):
        mathlearn.load(tampered(SEVERAL["plain"](), tmp_path / "model.safetensors", change))


def test_an_infinite_statistic_comes_back(tmp_path):
    """A mean that underflows beside what was observed."""
    y, offset = COUNTS.copy(), np.zeros(n)
    y[3], offset[3] = 1.0, -800.0
    model = PoissonRegressor(alpha=0).fit(X, y, offset=offset)
    assert model.result_.likelihood.pearson == np.inf
    assert np.isfinite(model.result_.deviance[0])
    assert model.verify(X, y, offset=offset).ok
    model.save(tmp_path / "model.safetensors")
    assert mathlearn.load(tmp_path / "model.safetensors").result_.likelihood.pearson == np.inf


def test_a_likelihood_in_a_model_of_least_squares_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    PoissonRegressor(alpha=0).fit(X, COUNTS).save(path)
    poisson = Model(path.read_bytes()).records["result_"]["likelihood"]
    path = tampered(
        LinearRegression().fit(X, COUNTS), path, lambda parts: parts.records["result_"].update(likelihood=poisson)
    )
    with pytest.raises(UntrustedModelError, match="the fit has a likelihood, and the model none"):
        mathlearn.load(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"separated": 0}, "0 rows are separated"),
        ({"separated": -4}, "-4 rows are separated"),
    ],
)
def test_a_tampered_separation_is_refused(values, message, tmp_path):
    model = LogisticRegression(C=np.inf).fit(X, X[:, 0] > 0.0)
    path = tampered(
        model,
        tmp_path / "model.safetensors",
        lambda parts: parts.records["result_"]["likelihood"]["separation"].update(values),
    )
    with pytest.raises(UntrustedModelError, match=message):
        mathlearn.load(path)


def test_a_direction_of_separation_that_is_no_number_is_refused(tmp_path):
    model = LogisticRegression(C=np.inf).fit(X, X[:, 0] > 0.0)

    def spoil(parts):
        name = parts.records["result_"]["likelihood"]["separation"]["directions"]["array"]
        parts.put(name, np.full_like(parts.array(name), np.nan))

    path = tampered(model, tmp_path / "model.safetensors", spoil)
    with pytest.raises(UntrustedModelError, match="direction of separation"):
        mathlearn.load(path)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"pairs": [[0, 1.0], [0, 2.0]]}, "the same key twice"),
        ({"pairs": [[0]]}, "a map"),
        ({"pairs": [[[0], 1.0]]}, "class_weight"),
        ({"pairs": {"0": 1.0}}, "a map"),
        ({"map": {"0": 1.0}, "pairs": []}, "class_weight"),
    ],
)
def test_weights_of_classes_that_are_no_map_are_refused(stored, message, tmp_path):
    model = LogisticRegression(class_weight={0: 1.0, 1: 2.0}).fit(X, BINARY)
    path = tampered(model, tmp_path / "model.safetensors", lambda parts: parts.parameters.update(class_weight=stored))
    with pytest.raises(UntrustedModelError, match=message):
        mathlearn.load(path)


def test_the_stored_form_of_weights_of_classes_is_plain(tmp_path):
    LogisticRegression(class_weight={0: 1, 1: 2.5}).fit(X, BINARY).save(tmp_path / "model.safetensors")
    stored = Model((tmp_path / "model.safetensors").read_bytes()).parameters["class_weight"]
    assert json.dumps(stored) == '{"pairs": [[0, 1], [1, 2.5]]}'


def test_an_end_of_a_separation_that_is_none_is_refused(tmp_path):
    model = LogisticRegression(C=np.inf).fit(X, X[:, 0] > 0.0)

    def change(parts):
        name = parts.records["result_"]["likelihood"]["separation"]["ends"]["array"]
        parts.put(name, np.array([2.0, 1.0, 0.0]))

    with pytest.raises(UntrustedModelError, match=r"separation\.ends are not"):
        mathlearn.load(tampered(model, tmp_path / "model.safetensors", change))
