"""Likelihood models among scikit-learn's tools: parameters, weights of classes, precision, routing, containers, meta-estimators."""

import inspect
import pickle
import re
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
import sklearn.linear_model
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, BaggingRegressor, StackingClassifier, VotingClassifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.metrics import d2_tweedie_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from mathlearn._errors import DomainError
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)
from tests.sklearn.likelihood_pairs import (
    AMOUNTS,
    COUNTS,
    EXACT,
    FRAME,
    LABELS,
    PAIRS,
    TARGETS,
    WEIGHTS,
    X,
    options,
    rng,
    with_pairs,
)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


# ------------------------------------------------------------------------------------------------ parameters, attributes


@with_pairs
def test_every_parameter_of_scikit_learns_class_is_there_with_its_default_and_order(name):
    ours, theirs = (inspect.signature(kind).parameters for kind in PAIRS[name])
    common = [parameter for parameter in ours if parameter in theirs]
    assert common == list(theirs)
    assert {p: ours[p].default for p in common} == {p: theirs[p].default for p in common}


@with_pairs
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_the_fit_is_that_of_scikit_learn_at_its_optimum(name, fit_intercept, weights):
    ours, theirs = (kind(fit_intercept=fit_intercept, **options(name)) for kind in PAIRS[name])
    theirs.set_params(**EXACT)
    ours.fit(X, TARGETS[name], weights)
    theirs.fit(X, TARGETS[name], weights)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6, atol=1e-9)
    assert_allclose(ours.score(X, TARGETS[name], weights), theirs.score(X, TARGETS[name], weights), rtol=1e-9)
    assert_array_equal(np.shape(ours.coef_), np.shape(theirs.coef_))
    assert_array_equal(np.shape(ours.intercept_), np.shape(theirs.intercept_))
    assert ours.certificate_.ok


@with_pairs
def test_fitted_attributes_are_those_of_scikit_learn(name):
    ours, theirs = (kind(**options(name)).fit(FRAME, TARGETS[name]) for kind in PAIRS[name])
    assert {each for each in vars(theirs) if each.endswith("_")} <= set(dir(ours))
    assert_array_equal(ours.feature_names_in_, theirs.feature_names_in_)
    assert ours.n_features_in_ == 3
    assert np.shape(ours.n_iter_) == np.shape(theirs.n_iter_)
    assert np.asarray(ours.n_iter_).dtype.kind == "i"
    assert is_classifier(ours) == is_classifier(theirs)
    assert is_regressor(ours) == is_regressor(theirs)


@pytest.mark.parametrize("solver", ["lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"])
def test_every_solver_is_accepted_and_ours_runs(solver):
    model = LogisticRegression(solver=solver, dual=True, intercept_scaling=2.0, random_state=3, verbose=1).fit(
        X, LABELS
    )
    assert model.result_.rung == "newton"
    assert_array_equal(model.coef_, LogisticRegression(warm_start=True).fit(X, LABELS).coef_)


def test_classes_and_predictions_have_the_type_of_the_labels():
    for labels in (LABELS, LABELS == "yes", np.where(LABELS == "yes", 7, -1), LABELS.astype(object)):
        ours, theirs = (kind().fit(X, labels) for kind in PAIRS["LogisticRegression"])
        assert ours.classes_.dtype == theirs.classes_.dtype
        assert ours.predict(X).dtype == theirs.predict(X).dtype
        assert_array_equal(ours.classes_, theirs.classes_)
        assert_array_equal(ours.predict(X), theirs.predict(X))


def test_probabilities_are_those_of_scikit_learn():
    ours, theirs = LogisticRegression().fit(X, LABELS), PAIRS["LogisticRegression"][1](**EXACT).fit(X, LABELS)
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        assert_allclose(getattr(ours, method)(X), getattr(theirs, method)(X), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("parameters", "kind", "message"),
    [
        ({"penalty": "l2"}, FutureWarning, "'penalty' was deprecated"),
        ({"penalty": None}, FutureWarning, "'penalty' was deprecated"),
        ({"penalty": None, "C": 4.0}, UserWarning, "Setting penalty=None will ignore the C and l1_ratio parameters"),
        (
            {"penalty": "l2", "l1_ratio": 0.5},
            UserWarning,
            "l1_ratio parameter is only used when penalty is 'elasticnet'",
        ),
        ({"penalty": "l2", "l1_ratio": 1.0}, UserWarning, r"Inconsistent values: penalty=l2 with l1_ratio=1\.0"),
        ({"l1_ratio": None}, FutureWarning, "'l1_ratio=None' was deprecated"),
    ],
)
def test_parameters_on_their_way_out_are_told_of_as_scikit_learn_does(parameters, kind, message):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = LogisticRegression(**parameters).fit(X, LABELS)
    assert any(issubclass(each.category, kind) and re.match(message, str(each.message)) for each in told)
    assert {each.filename for each in told} == {__file__}
    same = LogisticRegression(C=np.inf if parameters.get("penalty", "l2") is None else 1.0).fit(X, LABELS)
    assert_array_equal(model.coef_, same.coef_)


@pytest.mark.parametrize("parameters", [{"l1_ratio": 0.5}, {"l1_ratio": 1.0}])
def test_penalties_that_are_not_there_are_refused(parameters):
    with pytest.raises(DomainError, match="not offered yet"):
        LogisticRegression(**parameters).fit(X, LABELS)


def test_no_iteration_leaves_all_at_zero_and_says_so():
    with pytest.warns(ConvergenceWarning, match="raise max_iter"):
        model = LogisticRegression(max_iter=0).fit(X, LABELS)
    assert_array_equal(model.coef_, np.zeros((1, 3)))
    assert_array_equal(model.predict_proba(X), np.full((90, 2), 0.5))
    assert not model.certificate_.ok
    assert model.n_iter_.tolist() == [0]


@with_pairs
def test_a_warm_start_goes_on_where_the_last_fit_ended(name):
    kind, y = PAIRS[name][0], TARGETS[name]
    far = {"C": np.inf} if name == "LogisticRegression" else {"alpha": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        both = kind(max_iter=2, **far, **options(name)).fit(4.0 * X, y)
        one = kind(max_iter=1, warm_start=True, **far, **options(name)).fit(4.0 * X, y)
        first = one.coef_.copy()
        one.fit(4.0 * X, y)
    # Without a canonical link a loop of several steps may take another curvature than its first step can.
    canonical = name in {"LogisticRegression", "PoissonRegressor"}
    assert_allclose(one.coef_, both.coef_, rtol=1e-9 if canonical else 2e-3)
    assert not np.allclose(first, both.coef_, rtol=1e-3)
    done = kind(warm_start=True, **far, **options(name)).fit(X, y)
    passes = done.result_.likelihood.passes
    assert done.fit(X, y).result_.likelihood.passes < passes
    assert_allclose(done.coef_, kind(**far, **options(name)).fit(X, y).coef_, rtol=1e-8)
    assert done.fit(X[:, :2], y).n_features_in_ == 2  # other columns: from the start again


def test_a_warm_start_of_three_classes():
    y = np.digitize(X[:, 0] + rng.logistic(size=90), [-0.7, 0.7])
    done = LogisticRegression(warm_start=True).fit(X, y)
    cold = done.coef_.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert_allclose(done.set_params(max_iter=1).fit(X, y).coef_, cold, rtol=1e-9)


@pytest.mark.parametrize("power", [2.5, 4.5])
def test_powers_above_two_solve_the_equations_of_their_variance(power):
    ours, theirs = (
        kind(power=power, alpha=0.1, **more)
        for kind, more in zip(PAIRS["TweedieRegressor"], ({}, {"tol": 1e-9}), strict=True)
    )
    ours.fit(X, AMOUNTS)
    assert_allclose(ours.coef_, theirs.fit(X, AMOUNTS).coef_, rtol=1e-4)  # the precision of its lbfgs
    mean = ours.predict(X)
    pull = (mean - AMOUNTS) * mean ** (1.0 - power)
    assert_allclose(X.T @ pull / 90 + 0.1 * ours.coef_, 0.0, atol=1e-12)
    assert np.isnan(ours.result_.likelihood.log_likelihood)


def test_the_quasi_family_at_three_estimates_as_the_inverse_gaussian():
    quasi = GeneralizedLinearRegressor(family="quasitweedie", power=3.0).fit(X, AMOUNTS)
    whole = GeneralizedLinearRegressor(family="inverse_gaussian", link="log").fit(X, AMOUNTS)
    assert_allclose(quasi.coef_, whole.coef_, rtol=1e-10)
    assert_allclose(quasi.tidy()["std_error"], whole.tidy()["std_error"], rtol=1e-8)
    with pytest.raises(DomainError, match="between 1 and 2"):
        TweedieRegressor(power=-1.0).fit(X, AMOUNTS)


def test_a_column_of_y_is_taken_with_a_warning():
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        model = PoissonRegressor().fit(X, COUNTS[:, None])
    assert_array_equal(model.coef_, PoissonRegressor().fit(X, COUNTS).coef_)


def test_coefficients_may_be_written_to_and_the_record_keeps_its_own():
    for model in (LogisticRegression().fit(X, LABELS), PoissonRegressor().fit(X, COUNTS)):
        kept = model.result_.coef.copy()
        model.coef_[:] = 0.0
        assert_array_equal(model.result_.coef, kept)
    model = LogisticRegression().fit(X, LABELS)
    model.coef_[:] = 0.0
    model.intercept_[:] = 0.0
    assert_array_equal(model.decision_function(X), np.zeros(90))


def test_sparse_coefficients_predict_the_same():
    model = LogisticRegression().fit(X, LABELS)
    dense = model.decision_function(X)
    assert sp.issparse(model.sparsify().coef_)
    assert_array_equal(model.decision_function(X), dense)
    assert isinstance(model.densify().coef_, np.ndarray)
    assert_array_equal(model.decision_function(X), dense)


# ------------------------------------------------------------------------------------------------------------- machinery


@with_pairs
def test_clone_pickle_and_parameters(name):
    model = PAIRS[name][0](fit_intercept=False, **options(name)).fit(X, TARGETS[name])
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(X)


def test_pipelines_searches_and_scores():
    steps = (StandardScaler(), PolynomialFeatures(include_bias=False))
    search = GridSearchCV(
        make_pipeline(*steps, LogisticRegression()),
        {"logisticregression__C": [0.01, 1.0, 100.0], "polynomialfeatures__degree": [1, 2]},
        cv=3,
    ).fit(FRAME, LABELS)
    assert search.score(FRAME, LABELS) > 0.7
    exact = sklearn.linear_model.LogisticRegression(**EXACT)
    for method in ("predict", "predict_proba", "decision_function"):
        ours, theirs = (
            cross_val_predict(model, X, LABELS, cv=4, method=method) for model in (LogisticRegression(), exact)
        )
        assert_array_equal(ours, theirs) if method == "predict" else assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
    for ours, theirs, y in (
        (LogisticRegression(), exact, LABELS),
        (PoissonRegressor(), sklearn.linear_model.PoissonRegressor(**EXACT), COUNTS),
    ):
        scores = cross_val_score(ours, X, y, cv=4)
        assert_allclose(scores, cross_val_score(theirs, X, y, cv=4), rtol=1e-8)


def test_the_score_of_a_regressor_is_the_share_of_deviance_explained():
    for model, y, power in (
        (PoissonRegressor(), COUNTS, 1),
        (GammaRegressor(), AMOUNTS, 2),
        (TweedieRegressor(power=1.5), COUNTS, 1.5),
    ):
        model.fit(X, y)
        assert_allclose(
            model.score(X, y, WEIGHTS), d2_tweedie_score(y, model.predict(X), sample_weight=WEIGHTS, power=power)
        )


def test_shares_of_trials_are_scored_by_their_trials():
    trials = rng.integers(1, 9, 90)
    successes = rng.binomial(trials, 1.0 / (1.0 + np.exp(-X[:, 0])))
    binomial = GeneralizedLinearRegressor(family="binomial")
    counted = binomial.fit(X, np.column_stack([successes, trials - successes]))
    score = counted.score(X, np.column_stack([successes, trials - successes]))
    shares = clone(binomial).fit(X, successes / trials, trials=trials)
    single = clone(binomial).fit(
        np.repeat(X, trials, axis=0), np.concatenate([np.arange(t) < s for t, s in zip(trials, successes, strict=True)])
    )
    assert_allclose(counted.coef_, shares.coef_, rtol=1e-12)
    assert_allclose(counted.coef_, single.coef_, rtol=1e-9)
    assert_allclose(score, 1.0 - counted.result_.deviance[0] / counted.result_.null_deviance[0], rtol=1e-9)


@pytest.mark.parametrize(
    "wrap",
    [
        CalibratedClassifierCV,
        lambda model: VotingClassifier([("one", model), ("two", clone(model).set_params(C=0.1))], voting="soft"),
        lambda model: StackingClassifier([("one", model)], final_estimator=clone(model)),
        lambda model: AdaBoostClassifier(model, n_estimators=3, random_state=0),
        OneVsRestClassifier,
        lambda model: make_pipeline(SelectFromModel(model, max_features=2), clone(model)),
        lambda model: RFE(model, n_features_to_select=2),
    ],
    ids=["calibrated", "voting", "stacking", "boosting", "one against the rest", "selection", "elimination"],
)
def test_inside_meta_estimators_of_classifiers(wrap):
    ours, theirs = (
        wrap(model).fit(X, LABELS) for model in (LogisticRegression(), PAIRS["LogisticRegression"][1](**EXACT))
    )
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5, atol=1e-7)
    assert_array_equal(ours.predict(X), theirs.predict(X))


def test_inside_a_bag_of_regressors():
    ours, theirs = (
        BaggingRegressor(model, n_estimators=3, random_state=0).fit(X, COUNTS)
        for model in (PoissonRegressor(), sklearn.linear_model.PoissonRegressor(**EXACT))
    )
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6)


@pytest.mark.usefixtures("routing")
@with_pairs
def test_weights_are_routed_where_they_are_requested(name):
    ours, theirs = (kind(**options(name)) for kind in PAIRS[name])
    theirs.set_params(**EXACT)
    for model in (ours, theirs):
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    got, want = (
        cross_validate(model, X, TARGETS[name], params={"sample_weight": WEIGHTS}, cv=3) for model in (ours, theirs)
    )
    assert_allclose(got["test_score"], want["test_score"], rtol=1e-6)


@pytest.mark.usefixtures("routing")
def test_offsets_and_clusters_reach_the_last_step_of_a_pipeline():
    offset, groups = np.log(rng.uniform(1.0, 9.0, 90)), np.repeat(np.arange(18), 5)
    last = PoissonRegressor(alpha=0, covariance="cluster")
    last.set_fit_request(offset=True, groups=True).set_predict_request(offset=True).set_score_request(offset=True)
    pipeline = make_pipeline(StandardScaler(), last).fit(X, COUNTS, offset=offset, groups=groups)
    alone = PoissonRegressor(alpha=0, covariance="cluster")
    scaled = StandardScaler().fit_transform(X)
    alone.fit(scaled, COUNTS, offset=offset, groups=groups)
    assert_array_equal(pipeline.predict(X, offset=offset), alone.predict(scaled, offset=offset))
    assert_array_equal(pipeline[-1].tidy()["std_error"], alone.tidy()["std_error"])
    scores = cross_validate(pipeline, X, COUNTS, params={"offset": offset, "groups": groups}, cv=3)["test_score"]
    assert np.isfinite(scores).all()
    with pytest.raises(ValueError, match="offset"):
        make_pipeline(StandardScaler(), PoissonRegressor()).fit(X, COUNTS, offset=offset)


def test_output_of_transformers_names_the_terms():
    model = make_pipeline(StandardScaler(), LogisticRegression()).set_output(transform="pandas").fit(FRAME, LABELS)
    assert list(model[-1].feature_names_in_) == ["height", "width", "depth"]
    assert list(model[-1].tidy()["term"])[1:] == ["height", "width", "depth"]
