"""Likelihood models among scikit-learn's tools: parameters, weights of classes, precision, routing, containers, meta-estimators."""

import inspect
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
import sklearn
import sklearn.linear_model
from hypothesis import given, settings
from hypothesis import strategies as st
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
from sklearn.utils.class_weight import compute_class_weight

import mathlearn
from mathlearn._errors import DomainError
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)

PAIRS = {
    kind.__name__: (kind, getattr(sklearn.linear_model, kind.__name__))
    for kind in (LogisticRegression, PoissonRegressor, GammaRegressor, TweedieRegressor)
}
EXACT = {"solver": "newton-cholesky", "tol": 1e-12}
rng = np.random.default_rng(7)
X = rng.normal(size=(90, 3))
MEAN = np.exp(0.2 + X @ [0.5, -0.3, 0.1])
COUNTS, AMOUNTS = rng.poisson(MEAN).astype(float), rng.gamma(2.0, MEAN / 2.0)
LABELS = np.array(["no", "yes"])[(X @ [1.5, -1.0, 0.2] + rng.logistic(size=90) > 0.8).astype(int)]
WEIGHTS = rng.uniform(0.2, 3.0, 90)
FRAME = pd.DataFrame(X, columns=["height", "width", "depth"])
TARGETS = {
    "LogisticRegression": LABELS,
    "PoissonRegressor": COUNTS,
    "GammaRegressor": AMOUNTS,
    "TweedieRegressor": COUNTS,
}
with_pairs = pytest.mark.parametrize("name", PAIRS)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def options(name):
    return {"power": 1.5} if name == "TweedieRegressor" else {}


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


# ------------------------------------------------------------------------------------------------------ weights of classes


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.1, 10.0),
    st.floats(0.1, 10.0),
    st.booleans(),
    st.sampled_from([1.0, np.inf]),
)
def test_weights_of_classes_are_weights_of_rows(no, yes, weighted, C):
    own = WEIGHTS if weighted else np.ones(90)
    by_class = LogisticRegression(C=C, class_weight={"no": no, "yes": yes}).fit(X, LABELS, own if weighted else None)
    by_row = LogisticRegression(C=C).fit(X, LABELS, own * np.where(LABELS == "yes", yes, no))
    assert_allclose(by_class.coef_, by_row.coef_, rtol=1e-9, atol=1e-12)
    assert by_class.result_.weights_type == "precision"
    if np.isinf(C):
        assert_allclose(by_class.tidy()["std_error"], by_row.tidy()["std_error"], rtol=1e-9)
    assert by_class.verify(X, LABELS, sample_weight=own if weighted else None).ok
    assert not LogisticRegression(C=C).fit(X, LABELS).verify(X, LABELS, sample_weight=own + 1.0).ok


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_balanced_weights_are_those_of_scikit_learn(weights):
    model = LogisticRegression(class_weight="balanced", C=np.inf).fit(X, LABELS, weights)
    own = np.ones(90) if weights is None else weights
    totals = np.array([own[label == LABELS].sum() for label in model.classes_])
    table = dict(zip(model.classes_.tolist(), own.sum() / (2 * totals), strict=True))
    if weights is None:
        theirs = compute_class_weight("balanced", classes=model.classes_, y=LABELS)
        assert_allclose(list(table.values()), theirs, rtol=1e-15)
    same = LogisticRegression(class_weight=table, C=np.inf).fit(X, LABELS, weights)
    assert_allclose(model.coef_, same.coef_, rtol=1e-12)
    assert model.verify(X, LABELS, sample_weight=weights).ok


def test_weights_of_classes_in_streams_and_formulas_are_those_in_memory(tmp_path):
    table = FRAME.assign(bought=LABELS, w=WEIGHTS)
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "rows.parquet", row_group_size=17)
    stream = mathlearn.scan(tmp_path / "rows.parquet")
    for class_weight in ({"yes": 3.0}, "balanced"):
        model = LogisticRegression(class_weight=class_weight).fit(X, LABELS, WEIGHTS)
        streamed = LogisticRegression(class_weight=class_weight).fit(stream, "bought", sample_weight="w")
        formula = LogisticRegression(class_weight=class_weight, formula="bought ~ height + width + depth")
        formula.fit(table, sample_weight="w")
        for other in (streamed, formula):
            assert_allclose(other.coef_, model.coef_, rtol=1e-10)
        assert streamed.verify(stream).ok
        assert formula.verify(table).ok


def test_a_class_that_is_left_out_has_weight_one_and_counts_are_no_weights():
    assert_array_equal(
        LogisticRegression(class_weight={"yes": 2.0}).fit(X, LABELS).coef_,
        LogisticRegression(class_weight={"yes": 2.0, "no": 1.0}).fit(X, LABELS).coef_,
    )
    with pytest.raises(DomainError, match="weights_type='frequency'"):
        LogisticRegression(class_weight="balanced", weights_type="frequency").fit(X, LABELS)


@pytest.mark.parametrize("name", PAIRS)
def test_whole_weights_are_repeated_rows(name):
    times = rng.integers(0, 4, 90)
    kind = PAIRS[name][0]
    weighted = kind(**options(name)).fit(X, TARGETS[name], times)
    repeated = kind(**options(name)).fit(np.repeat(X, times, axis=0), np.repeat(TARGETS[name], times))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(weighted.intercept_, repeated.intercept_, rtol=1e-9, atol=1e-12)


# ------------------------------------------------------------------------------------------------- containers, precision


@with_pairs
def test_single_precision_in_gives_single_precision_out_and_the_record_keeps_doubles(name):
    ours, theirs = (kind(**options(name)).fit(X.astype(np.float32), TARGETS[name]) for kind in PAIRS[name])
    assert ours.coef_.dtype == theirs.coef_.dtype == np.float32
    assert np.asarray(ours.intercept_).dtype == np.asarray(theirs.intercept_).dtype
    assert ours.result_.coef.dtype == np.float64
    for rows in (X, X.astype(np.float32), np.rint(X).astype(int)):
        method = "predict_proba" if name == "LogisticRegression" else "predict"
        assert getattr(ours, method)(rows).dtype == getattr(theirs, method)(rows).dtype
    assert_allclose(ours.coef_, ours.result_.coef.reshape(ours.coef_.shape), rtol=1e-6)
    # What is predicted in double precision is that of the doubles, not of what is shown.
    double = PAIRS[name][0](**options(name)).fit(X.astype(np.float32).astype(float), TARGETS[name])
    got, want = (getattr(model, method)(X) for model in (ours, double))
    assert_allclose(got, want, rtol=1e-12)
    for frame in (pd.DataFrame(X.astype(np.float32)), sp.csr_array(X.astype(np.float32))):
        assert PAIRS[name][0](**options(name)).fit(frame, TARGETS[name]).coef_.dtype == np.float32
    assert PAIRS[name][0](**options(name)).fit(FRAME, TARGETS[name]).coef_.dtype == np.float64


@with_pairs
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix])
def test_sparse_columns_of_any_form_are_as_good_as_dense_ones(name, form, container):
    holes = np.where(np.abs(X) < 0.7, 0.0, X)
    sparse = container(holes).asformat(form)
    model = PAIRS[name][0](**options(name)).fit(sparse, TARGETS[name])
    dense = PAIRS[name][0](**options(name)).fit(holes, TARGETS[name])
    assert_allclose(model.coef_, dense.coef_, rtol=1e-10)
    assert_array_equal(
        model.predict(sparse), model.predict(holes)
    ) if name == "LogisticRegression" else assert_allclose(model.predict(sparse), model.predict(holes), rtol=1e-10)
    long = container(holes)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    assert_array_equal(PAIRS[name][0](**options(name)).fit(long, TARGETS[name]).coef_, model.coef_)


@with_pairs
def test_frames_of_any_library_and_their_names(name):
    polars = pytest.importorskip("polars")
    plain = PAIRS[name][0](**options(name)).fit(X, TARGETS[name])
    for frame in (FRAME, polars.DataFrame({c: FRAME[c].to_numpy() for c in FRAME}), pa.Table.from_pandas(FRAME)):
        model = PAIRS[name][0](**options(name)).fit(frame, pd.Series(TARGETS[name]))
        assert_allclose(model.coef_, plain.coef_, rtol=1e-12)
        assert model.feature_names_in_.tolist() == ["height", "width", "depth"]
        with pytest.warns(UserWarning, match="feature names"):
            model.predict(X)
    assert not hasattr(plain, "feature_names_in_")


@with_pairs
def test_the_callers_data_are_never_written_to(name):
    data = [np.asfortranarray(X), TARGETS[name].copy(), WEIGHTS.copy()]
    before = [each.copy() for each in data]
    for each in data:
        each.flags.writeable = False
    PAIRS[name][0](**options(name)).fit(*data)
    for each, kept in zip(data, before, strict=True):
        assert_array_equal(each, kept)


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
