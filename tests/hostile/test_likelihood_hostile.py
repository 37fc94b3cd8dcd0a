"""Generalised linear models under attack: one clear error, or a right answer that says how far it can be trusted."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

import mathlearn
from mathlearn._errors import (
    CountWarning,
    DomainError,
    MathlearnError,
    NonFiniteInputError,
    RankDeficiencyWarning,
    SchemaError,
)
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)

rng = np.random.default_rng(0)
n = 60
X = rng.normal(size=(n, 2))
MEAN = np.exp(0.3 + X @ [0.4, -0.3])
COUNTS = rng.poisson(MEAN).astype(float)
AMOUNTS = rng.gamma(2.0, MEAN / 2.0)
BINARY = (X[:, 0] + rng.logistic(size=n) > 0.0).astype(float)
POISSON, GAMMA, LOGIT = PoissonRegressor(alpha=0), GammaRegressor(alpha=0), LogisticRegression(C=np.inf)
BINOMIAL = GeneralizedLinearRegressor(family="binomial")


def changed(array, where, value):
    out = np.array(array, dtype=float)
    out[where] = value
    return out


def fitted(model, *data, **roles):
    """Fit with every floating-point complaint an error, and what may be said of a fit allowed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", RankDeficiencyWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", CountWarning)
        return model.fit(*data, **roles)


def shown(model, rows):
    """Ask for all that is shown, again without a complaint."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [str(model.summary()), model.tidy(), model.glance(), model.predict(rows)]


# ------------------------------------------------------------------------------------------------------------ refusals

REFUSED = {
    "counts below zero": (POISSON, COUNTS, {3: -1.0, 5: -1.0}, {}, r"y has 2 of 60 .* first -1\.0 in row 3 \(counted from 0\): allowed.*Gaussian"),
    "gamma at zero": (GAMMA, AMOUNTS, {4: 0.0}, {}, r"y has 1 of 60 .* first 0\.0 in row 4 \(counted from 0\): allowed are numbers above 0.*Tweedie"),
    "neither 0 nor 1": (BINOMIAL, BINARY, {4: 2.0}, {}, r"y has 1 of 60 .* first 2\.0 in row 4 \(counted from 0\): allowed are 0 and 1"),
    "a share without trials": (BINOMIAL, BINARY, {4: 0.5}, {}, r"of proportions give the trials too \(trials=\)"),
    "no count at all": (POISSON, COUNTS, {...: 0.0}, {}, "y is zero in all 60 rows"),
    "no amount at all": (TweedieRegressor(power=1.5), AMOUNTS, {...: 0.0}, {}, "y is zero in all 60 rows"),
    "one class": (LOGIT, BINARY, {...: 1.0}, {}, "at least 2 classes in the data, but the data contains only one class: 1"),
    "one class of a binomial": (BINOMIAL, BINARY, {...: 0.0}, {}, "y is 0 in all 60 rows.*both classes"),
    "trials too few": (BINOMIAL, 2.0 * BINARY, {}, {"trials": np.ones(n)}, r"fewer trials than successes\?\).*in row"),
    "part of a trial": (BINOMIAL, BINARY, {}, {"trials": changed(np.ones(n), 3, 1.5)}, "1 of 60 trials that are no positive"),
    "trials of counts": (POISSON, COUNTS, {}, {"trials": np.ones(n)}, None),
    "weights below zero": (POISSON, COUNTS, {}, {"sample_weight": changed(np.ones(n), 3, -1.0)}, "Negative values .* row 3"),
    "no weight": (POISSON, COUNTS, {}, {"sample_weight": np.zeros(n)}, "at least one non-zero number"),
    "weights beyond numbers": (LOGIT, BINARY, {}, {"sample_weight": np.full(n, 1.7e308)}, "or of the weights, is beyond the range"),
    "an endless penalty": (PoissonRegressor(alpha=1.7e308), COUNTS, {}, {}, "the penalty, .* choose a smaller one"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "y", "changes", "roles", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_model_of_the_family_can_have_made_is_refused(model, y, changes, roles, message):
    for where, value in changes.items():
        y = changed(y, where, value)
    if message is None:
        with pytest.raises(TypeError, match="trials"):
            fitted(model, X, y, **roles)
        return
    with pytest.raises(DomainError, match=message):
        fitted(model, X, y, **roles)


@pytest.mark.parametrize(
    ("successes", "failures", "message"),
    [
        (COUNTS, changed(COUNTS, 3, -1.0), r"y1 has 1 of 60 values that are no counts, first -1\.0 in row 3"),
        (changed(COUNTS, 7, 0.5), COUNTS, r"y0 has 1 of 60 values that are no counts, first 0\.5 in row 7"),
        (changed(COUNTS + 1, 2, 0), changed(COUNTS, 2, 0), "y0 and y1 are both 0 in 1 of 60 rows, first in row 2"),
    ],
)
def test_successes_and_failures_are_counts(successes, failures, message):
    with pytest.raises(DomainError, match=message):
        fitted(BINOMIAL, X, np.column_stack([successes, failures]))


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"offset": changed(X[:, 0], 3, np.nan)}, r"Column 'offset': 1 missing or NaN among 60 rows, first in row 3"),
        ({"offset": changed(X[:, 0], 3, -np.inf)}, r"Column 'offset': 1 infinite among 60 rows, first in row 3"),
        ({"offset": X[:-1, 0]}, r"offset\.shape == \(59,\), expected \(60,\)"),
        ({"offset": X}, "offset must be 1D"),
        ({"sample_weight": changed(np.ones(n), 3, np.nan)}, "Column 'sample_weight': 1 missing or NaN"),
    ],
)
def test_offsets_and_weights_are_one_finite_number_a_row(roles, message):
    with pytest.raises(MathlearnError, match=message):
        fitted(POISSON, X, COUNTS, **roles)


@pytest.mark.parametrize("model", [POISSON, LOGIT])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, np.column_stack([y, y])), "columns|1d array"),
        (lambda X, y: (X, y + 1j), "Complex data not supported"),
        (lambda X, y: (X, sp.csr_array(y[None])), "y is sparse; only X may be"),
        (lambda X, y: (X[:0], y[:0]), "0 sample"),
        (lambda X, y: (X[:, :0], y), "0 feature"),
        (lambda X, y: (X, y[:-1]), "inconsistent"),
        (lambda X, y: (X, changed(y, 4, np.nan)), "Column 'y': 1 missing or NaN among 60 rows, first in row 4"),
        (lambda X, y: (changed(X, (59, 1), np.inf), y), "Column 'x1': 1 infinite among 60 rows, first in row 59"),
    ],
)
def test_tables_of_another_shape_are_refused(model, change, message):
    with pytest.raises(MathlearnError, match=message):
        fitted(model, *change(X, BINARY))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, "a"] * (n // 2), "mixes labels of different kinds"),
        ([None, "a"] * (n // 2), "30 missing"),
        (AMOUNTS, "Unknown label type: continuous"),
    ],
)
def test_labels_are_of_one_kind(y, message):
    with pytest.raises(MathlearnError, match=message):
        fitted(LOGIT, X, y)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: 1.0, 1: 0.0}, r"class_weight of class 1.* is 0\.0: it must be a positive finite number"),
        ({0: -1.0}, "positive finite number"),
        ({1: np.nan}, "positive finite number"),
        ({1: "many"}, "positive finite number"),
        ({"yes": 2.0}, "are not in class_weight, which has weights for 'yes' instead"),
    ],
)
def test_weights_of_classes_are_positive_numbers_of_classes_that_there_are(class_weight, message):
    with pytest.raises(DomainError, match=message):
        fitted(LogisticRegression(class_weight=class_weight), X, BINARY.astype(int))


@pytest.mark.parametrize("kind", ["y", "x"])
def test_what_is_wrong_in_a_later_block_of_a_stream_is_found_with_its_row(tmp_path, kind):
    long = 40_000
    table = pd.DataFrame({"x": rng.normal(size=long), "y": rng.poisson(2.0, long).astype(float)})
    table.loc[long - 7, kind] = -1.0 if kind == "y" else np.inf
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "long.parquet", row_group_size=5000)
    error, message = (
        (DomainError, r"-1\.0 in .*long\.parquet, row 39993")
        if kind == "y"
        else (NonFiniteInputError, "'x': 1 infinite")
    )
    with pytest.raises(error, match=message):
        fitted(POISSON, mathlearn.scan(tmp_path / "long.parquet"), "y")


def test_a_failed_fit_leaves_the_model_as_it_was():
    model = PoissonRegressor(alpha=0).fit(X, COUNTS)
    before = model.predict(X)
    with pytest.raises(DomainError):
        model.fit(X, -COUNTS)
    np.testing.assert_array_equal(model.predict(X), before)


# ------------------------------------------------------------------------------------------------------- extreme numbers

PENALISED = LogisticRegression()
FAMILIES = {
    "poisson": (PoissonRegressor(alpha=0), COUNTS),
    "gamma": (GammaRegressor(alpha=0), AMOUNTS),
    "inverse gaussian": (GeneralizedLinearRegressor(family="inverse_gaussian", link="log"), AMOUNTS),
    "gaussian": (GeneralizedLinearRegressor(), AMOUNTS),
    "tweedie": (TweedieRegressor(power=1.5, alpha=0), AMOUNTS),
    "logit": (LogisticRegression(C=np.inf), BINARY),
    "probit": (GeneralizedLinearRegressor(family="binomial", link="probit"), BINARY),
    "penalised": (PENALISED, BINARY),
}
with_families = pytest.mark.parametrize(("model", "y"), FAMILIES.values(), ids=FAMILIES.keys())


def right_or_not_certified(model, data, roles, rows, true, *, rtol=1e-6):
    """Fit; what is certified must be right, and what is refused must be refused with its remedy."""
    try:
        fitted(model, *data, **roles)
    except DomainError as refusal:
        told = str(refusal)
    else:
        shown(model, rows)
        if model.certificate_.ok:
            np.testing.assert_allclose(model.coef_.ravel(), true, rtol=rtol, atol=rtol * np.abs(true).max())
        return
    assert re.search("units?", told), told


@with_families
@pytest.mark.parametrize("size", [1e-310, 1e-300, 1e-150, 1e-60, 1e60, 1e150, 1e300, 5e307])
def test_columns_of_any_size(model, y, size):
    with np.errstate(over="ignore"):
        true = fitted(LOGIT if model is PENALISED else model, X, y).coef_.ravel() / size
    if model is PENALISED and size < 1.0:
        true = size * (X.T @ (y - y.mean()))  # the penalty leaves but the first step from zero
        true[np.abs(true) < 1e-290] = (
            0.0  # its parts are then below the range of doubles, and it of its standard error, which is 1
        )
    right_or_not_certified(model, (X * size, y), {}, X * size, true)


@pytest.mark.parametrize(
    ("model", "y"),
    [pytest.param(model, y, id=name) for name, (model, y) in FAMILIES.items() if model is not PENALISED],
)
@pytest.mark.parametrize("size", [1e-300, 1e-100, 1e-5, 1e5, 1e100, 1e300])
def test_equal_weights_of_any_size_do_not_move_the_estimates(model, y, size):
    """Where there is no penalty that they weigh against."""
    true = fitted(model, X, y).coef_.ravel()
    right_or_not_certified(model, (X, y), {"sample_weight": np.full(n, size)}, X, true)


@pytest.mark.parametrize("name", ["poisson", "gamma", "inverse gaussian", "tweedie"])
@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e-100, 1e-15, 1e15, 1e100, 1e300])
def test_responses_of_any_size_move_the_intercept_alone(name, size):
    model, y = FAMILIES[name]
    same = y * size / size  # of numbers near the end of the range some digits are lost
    true = fitted(model, X, same).coef_
    right_or_not_certified(model, (X, y * size), {}, X, true)
    if model.certificate_.ok and name == "gamma":  # whose variance is that of the ratio to the mean
        dispersion = model.result_.likelihood.dispersion
        np.testing.assert_allclose(dispersion, fitted(model, X, same).result_.likelihood.dispersion, rtol=1e-9)


def test_weights_of_very_different_size():
    sizes = 10.0 ** rng.uniform(-300, 300, n)
    with pytest.raises(DomainError, match="Change its unit, or that of the weights"):
        fitted(POISSON, X, COUNTS, sample_weight=sizes)


def test_an_offset_beyond_numbers_is_refused_and_a_large_one_is_carried():
    with pytest.raises(DomainError, match="in the offset"):
        fitted(PoissonRegressor(alpha=0), X, COUNTS, offset=1e300 * X[:, 0])
    model = fitted(PoissonRegressor(alpha=0), X, COUNTS, offset=800.0 * X[:, 0])
    true = fitted(PoissonRegressor(alpha=0), X, COUNTS).coef_ - [800.0, 0.0]
    assert model.certificate_.ok
    np.testing.assert_allclose(model.coef_, true, rtol=1e-9)


def test_huge_counts_are_not_called_certified_beyond_what_rounding_allows():
    model = fitted(PoissonRegressor(alpha=0), X, np.floor(COUNTS * 1e15))
    true = fitted(PoissonRegressor(alpha=0), X, COUNTS).coef_
    np.testing.assert_allclose(model.coef_, true, rtol=1e-7)
    assert model.certificate_.error_in_se > 1e-6
    assert not model.certificate_.ok


# ------------------------------------------------------------------------------------------------------- few rows, no spread


@pytest.mark.parametrize("model", [PoissonRegressor(alpha=0), GammaRegressor(alpha=0), GeneralizedLinearRegressor()])
def test_one_row_gives_its_own_mean_and_no_slope(model):
    model = fitted(model, X[:1], [3.0])
    np.testing.assert_allclose(model.predict(X[:1]), [3.0], rtol=1e-12)
    assert not model.certificate_.unique
    # Columns of one row are constant, so that neither they nor the intercept are determined, but their sum is.
    assert model.tidy()[["estimate", "std_error", "p_value"]].isna().all(axis=None)


@pytest.mark.parametrize("model", [PoissonRegressor(alpha=0), GammaRegressor(alpha=0)])
def test_two_rows_give_the_shortest_slopes_through_both(model):
    model = fitted(model, X[:2], [3.0, 1.0])
    np.testing.assert_allclose(model.predict(X[:2]), [3.0, 1.0], rtol=1e-9)
    direction = X[1] - X[0]
    np.testing.assert_allclose(model.coef_, -np.log(3.0) * direction / (direction @ direction), rtol=1e-9)
    assert not model.certificate_.unique


@pytest.mark.parametrize(
    "model",
    [
        PoissonRegressor(alpha=0),
        GammaRegressor(alpha=0),
        TweedieRegressor(power=1.5, alpha=0),
        GeneralizedLinearRegressor(family="inverse_gaussian"),
        GeneralizedLinearRegressor(),
    ],
)
def test_a_constant_response_is_an_exact_fit_without_slopes(model):
    model = fitted(model, X, np.full(n, 2.5))
    assert model.certificate_.ok
    np.testing.assert_allclose(model.coef_, 0.0, atol=1e-14)
    np.testing.assert_allclose(model.predict(X), 2.5, rtol=1e-14)
    shown(model, X)


@pytest.mark.parametrize("model", [PoissonRegressor(alpha=0), GammaRegressor(alpha=0)])
def test_means_on_the_model_are_an_exact_fit(model):
    model = fitted(model, X, MEAN)
    assert model.certificate_.ok
    np.testing.assert_allclose(model.coef_, [0.4, -0.3], rtol=1e-13)
    shown(model, X)


WIDE = rng.normal(size=(20, 30))


@pytest.mark.parametrize(
    ("model", "y", "slope"),
    [
        (LogisticRegression(), BINARY[:20], lambda eta, y: 1.0 / (1.0 + np.exp(-eta)) - y),
        (PoissonRegressor(alpha=0.05), COUNTS[:20], lambda eta, y: np.exp(eta) - y),
        (GammaRegressor(alpha=0.05), AMOUNTS[:20], lambda eta, y: 1.0 - y * np.exp(-eta)),
    ],
)
def test_more_columns_than_rows_with_a_penalty_is_its_unique_optimum(model, y, slope):
    model = fitted(model, WIDE, y)
    assert model.certificate_.ok
    assert model.certificate_.unique
    coef, intercept = model.coef_.ravel(), float(np.ravel(model.intercept_)[0])
    pull = slope(WIDE @ coef + intercept, y)
    strength = 1.0 if isinstance(model, LogisticRegression) else 0.05 * 20
    np.testing.assert_allclose(WIDE.T @ pull + strength * coef, 0.0, atol=1e-9)
    assert abs(pull.sum()) < 1e-9


def test_more_columns_than_rows_without_a_penalty_is_the_shortest_solution_with_its_dependences_named():
    model = fitted(GammaRegressor(alpha=0), WIDE, AMOUNTS[:20])
    np.testing.assert_allclose(model.predict(WIDE), AMOUNTS[:20], rtol=1e-9)
    centred = WIDE - WIDE.mean(axis=0)
    shortest = np.linalg.pinv(centred) @ (np.log(AMOUNTS[:20]) - np.log(AMOUNTS[:20]).mean())
    np.testing.assert_allclose(model.coef_, shortest, rtol=1e-7, atol=1e-10)
    assert not model.certificate_.unique
    assert len(model.result_.aliases) == 30 - 19


@pytest.mark.parametrize("model", [LogisticRegression(), PoissonRegressor()])
def test_a_penalty_decides_between_equal_columns(model):
    y = BINARY
    twice = fitted(model, np.column_stack([X, 2.0 * X[:, 0], np.ones(n)]), y)
    assert twice.certificate_.ok
    assert twice.certificate_.unique
    coef = twice.coef_.ravel()
    np.testing.assert_allclose(coef[2], 2.0 * coef[0], rtol=1e-9)
    assert coef[3] == pytest.approx(0.0, abs=1e-12)


def test_the_limit_of_iterations_is_told_and_not_certified():
    for model in (LogisticRegression(C=np.inf, max_iter=1), PoissonRegressor(alpha=0, max_iter=1)):
        with pytest.warns(ConvergenceWarning, match="raise max_iter"):
            model.fit(5.0 * X, BINARY)
        assert not model.certificate_.ok
        assert np.max(model.n_iter_) <= 1


def test_tables_of_shares_keep_their_row_labels():
    shares = pd.Series(BINARY, index=np.arange(n)[::-1])
    with pytest.raises(SchemaError, match="order"):
        BINOMIAL.fit(pd.DataFrame(X), shares, trials=np.ones(n))
