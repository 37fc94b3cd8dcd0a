"""The estimator among scikit-learn's tools: cloning, pickling, pipelines, searches, routing, containers of features."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.linear_model
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_regressor
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from mathlearn.linear_model import LinearRegression

THEIRS = sklearn.linear_model.LinearRegression


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["height", "width", "depth"])
    y = pd.Series(1.0 + X.to_numpy() @ [2.0, -1.0, 0.5] + 0.1 * rng.normal(size=60), name="weight")
    return X, y


@pytest.fixture
def weights(table):
    return np.random.default_rng(4).uniform(0.2, 3.0, len(table[1]))


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def test_every_parameter_of_scikit_learns_class_is_there_with_its_default_and_order():
    theirs = inspect.signature(THEIRS).parameters
    ours = inspect.signature(LinearRegression).parameters
    common = [name for name in ours if name in theirs]
    assert common == list(theirs)
    # Its tol is a cut-off on raw singular values; here None decides the rank in the scaled space.
    assert {name: ours[name].default for name in common if name != "tol"} == {
        name: theirs[name].default for name in common if name != "tol"
    }


def test_fit_takes_the_weights_by_position(table, weights):
    X, y = table
    assert_allclose(LinearRegression().fit(X, y, weights).coef_, THEIRS().fit(X, y, weights).coef_, rtol=1e-12)


def test_fitted_attributes_are_those_of_scikit_learn(table):
    X, y = table
    ours, theirs = LinearRegression().fit(X, y), THEIRS().fit(X, y)
    assert {name for name in vars(theirs) if name.endswith("_")} <= set(dir(ours))
    assert_array_equal(ours.feature_names_in_, theirs.feature_names_in_)
    assert ours.n_features_in_ == 3
    assert ours.rank_ == theirs.rank_
    assert_allclose(ours.singular_, theirs.singular_, rtol=1e-10)
    assert ours.coef_.dtype == theirs.coef_.dtype
    assert type(ours.intercept_) is type(theirs.intercept_)


@pytest.mark.parametrize("shape", [(60,), (60, 1), (60, 2)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_shapes_follow_the_shape_of_y(table, shape, fit_intercept):
    X = table[0]
    y = np.random.default_rng(0).normal(size=shape)
    ours, theirs = (kind(fit_intercept=fit_intercept).fit(X, y) for kind in (LinearRegression, THEIRS))
    assert np.shape(ours.coef_) == np.shape(theirs.coef_)
    assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)
    assert ours.predict(X).shape == theirs.predict(X).shape
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9, atol=1e-12)


def test_clone_copies_parameters_and_leaves_the_fit_behind(table):
    model = LinearRegression(covariance="HC3", fit_intercept=False).fit(*table)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(table[0])


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickle_round_trip_keeps_every_bit(table, protocol):
    model = LinearRegression().fit(*table)
    again = pickle.loads(pickle.dumps(model, protocol))
    assert_array_equal(again.predict(table[0]), model.predict(table[0]))
    pd.testing.assert_frame_equal(again.tidy(), model.tidy())
    assert again.certificate_ == model.certificate_
    assert str(again.summary()) == str(model.summary())


def test_set_params_and_repr():
    assert repr(LinearRegression(fit_intercept=False)) == "LinearRegression(fit_intercept=False)"
    assert LinearRegression().set_params(positive=True).get_params()["positive"] is True
    assert is_regressor(LinearRegression())


@pytest.mark.parametrize(
    "parameters",
    [{"fit_intercept": "yes"}, {"tol": -1.0}, {"covariance": "HC9"}, {"missing": "mean"}, {"weights_type": "analytic"}],
)
def test_an_impossible_parameter_is_refused_at_fit(table, parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=name):
        LinearRegression(**parameters).fit(*table)


def test_pipeline_with_named_columns(table):
    X, y = table
    steps = (ColumnTransformer([("scaled", StandardScaler(), ["height", "depth"])], remainder="passthrough"),)
    model = make_pipeline(*steps, LinearRegression()).set_output(transform="pandas").fit(X, y)
    assert list(model[-1].feature_names_in_) == ["scaled__height", "scaled__depth", "remainder__width"]
    assert list(model[-1].tidy()["term"])[1:] == list(model[-1].feature_names_in_)
    assert_allclose(model.predict(X), THEIRS().fit(X, y).predict(X), rtol=1e-10)


def test_set_output_polars(table):
    polars = pytest.importorskip("polars")
    X, y = polars.DataFrame({name: table[0][name].to_numpy() for name in table[0]}), table[1].to_numpy()
    model = make_pipeline(StandardScaler(), LinearRegression()).set_output(transform="polars").fit(X, y)
    assert list(model[-1].feature_names_in_) == ["height", "width", "depth"]


def test_grid_search(table):
    X, y = table
    search = GridSearchCV(
        make_pipeline(PolynomialFeatures(include_bias=False), LinearRegression()),
        {"polynomialfeatures__degree": [1, 2], "linearregression__fit_intercept": [True, False]},
        cv=4,
    ).fit(X, y)
    assert search.best_params_ == {"linearregression__fit_intercept": True, "polynomialfeatures__degree": 1}
    assert search.score(X, y) > 0.99


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_cross_validation_gives_scikit_learns_scores(table, n_jobs):
    ours = cross_val_score(LinearRegression(), *table, cv=5, n_jobs=n_jobs)
    assert_allclose(ours, cross_val_score(THEIRS(), *table, cv=5), rtol=1e-10)
    assert_allclose(
        cross_val_predict(LinearRegression(), *table, cv=5), cross_val_predict(THEIRS(), *table, cv=5), rtol=1e-9
    )


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: BaggingRegressor(model, n_estimators=3, random_state=0),
        MultiOutputRegressor,
        lambda model: RFE(model, n_features_to_select=2),
        lambda model: SelectFromModel(model, max_features=2),
        lambda model: StackingRegressor([("one", model)], final_estimator=model),
        lambda model: TransformedTargetRegressor(model, func=np.exp, inverse_func=np.log, check_inverse=False),
    ],
    ids=["bagging", "multi-output", "RFE", "select", "stacking", "target"],
)
def test_inside_meta_estimators(table, wrap):
    X, y = table[0], table[1] / 10
    target = np.column_stack([y, -y]) if isinstance(wrap(LinearRegression()), MultiOutputRegressor) else y
    method = "transform" if isinstance(wrap(LinearRegression()), SelectFromModel) else "predict"
    ours, theirs = (getattr(wrap(kind()).fit(X, target), method)(X) for kind in (LinearRegression, THEIRS))
    assert_allclose(ours, theirs, rtol=1e-8)


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_where_they_are_requested(table, weights):
    X, y = table
    model = LinearRegression().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    reference = THEIRS().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    ours, theirs = (
        cross_validate(estimator, X, y, params={"sample_weight": weights}, return_estimator=True)
        for estimator in (model, reference)
    )
    assert_allclose(ours["test_score"], theirs["test_score"], rtol=1e-9)
    for one, other in zip(ours["estimator"], theirs["estimator"], strict=True):
        assert_allclose(one.coef_, other.coef_, rtol=1e-10)


@pytest.mark.usefixtures("routing")
def test_weights_that_nobody_asked_for_are_an_error(table, weights):
    pipeline = make_pipeline(StandardScaler(), LinearRegression())
    with pytest.raises(ValueError, match="sample_weight"):
        pipeline.fit(*table, sample_weight=weights)


@pytest.mark.usefixtures("routing")
def test_weights_reach_the_last_step_of_a_pipeline(table, weights):
    X, y = table
    steps = (
        StandardScaler().set_fit_request(sample_weight=False),
        LinearRegression().set_fit_request(sample_weight=True),
    )
    pipeline = make_pipeline(*steps).fit(X, y, sample_weight=weights)
    assert_allclose(pipeline.predict(X), THEIRS().fit(X, y, sample_weight=weights).predict(X), rtol=1e-10)


@pytest.mark.usefixtures("routing")
def test_clusters_are_routed_too(table):
    X, y = table
    groups = np.repeat(np.arange(12), 5)
    steps = StandardScaler(), LinearRegression(covariance="cluster").set_fit_request(groups=True)
    model = make_pipeline(*steps).fit(X, y, groups=groups)[-1]
    assert "12" in model.result_.covariance.description


def test_the_names_of_columns_are_held_to(table):
    X, y = table
    model = LinearRegression().fit(X, y)
    assert_array_equal(model.predict(X[["depth", "height", "width"]]), model.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X.rename(columns={"depth": "length"}))
    with pytest.raises(ValueError, match="has 2 features"):
        model.predict(X.to_numpy()[:, :2])
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(X.to_numpy())


def test_a_target_is_required(table):
    with pytest.raises(ValueError, match="requires y to be passed"):
        LinearRegression().fit(table[0])


def test_the_callers_data_are_never_written_to(table, weights):
    X, y = np.asfortranarray(table[0].to_numpy()), table[1].to_numpy().copy()
    before = X.copy(), y.copy(), weights.copy()
    LinearRegression(copy_X=False).fit(X, y, sample_weight=weights)
    for array, kept in zip((X, y, weights), before, strict=True):
        assert_array_equal(array, kept)
