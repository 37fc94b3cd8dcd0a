"""Covariance kinds one by one: definitions, options, refusals."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from _fits import ArrayRows, fit
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from mathlearn import statistics as st
from mathlearn._errors import DomainError, SchemaError
from mathlearn.linear_model import GeneralizedLinearRegressor, LinearRegression
from mathlearn.statistics.covariance.cluster import KeyedSums, factorise
from mathlearn.statistics.covariance.hac import default_lags
from mathlearn.statistics.covariance.white import WhiteRows


@pytest.fixture
def data():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(40, 3)) * [1, 100, 0.01] + [0, 1e4, 5]
    y = X @ [1.0, 0.02, -30.0] + rng.normal(size=40) * (1 + abs(X[:, 0]))
    return X, y


def estimate(kind, result, rows, **options):
    return st.estimate(kind, result, rows, max_rows=9, threads=1, **options)


def test_kinds_are_the_files_of_the_folder():
    assert set(st.KINDS) == {"classical", "HC0", "HC1", "HC2", "HC3", "cluster", "HAC"}


def test_unknown_kind_is_refused_with_the_nearest(data):
    X, y = data
    with pytest.raises(DomainError, match="Did you mean 'HC3'"):
        estimate("hc3", fit(X, y), ArrayRows(X, y[:, None]))


def test_unknown_option_is_refused(data):
    X, y = data
    with pytest.raises(TypeError, match=r"'HAC' has no option lag \(its options: lags, small_sample\)"):
        estimate("HAC", fit(X, y), ArrayRows(X, y[:, None]), lag=3)


def test_classical_reads_no_rows(data):
    result = fit(*data)
    assert estimate("classical", result, None).meat is None
    with pytest.raises(DomainError, match="give X and y"):
        estimate("HC1", result, None)


def test_withheld_inference_stays_withheld(data):
    X, y = data
    result = replace(fit(X, y), withheld="coefficients are constrained to be positive")
    with pytest.raises(DomainError, match="constrained to be positive"):
        estimate("HC1", result, ArrayRows(X, y[:, None]))


def test_rows_of_another_data_set_are_refused(data):
    X, y = data
    result = fit(X, y)
    with pytest.raises(SchemaError, match="the fit used 40 rows and 39 were given"):
        estimate("HC1", result, ArrayRows(X[:-1], y[:-1, None]))
    with pytest.raises(SchemaError, match="normal equations"):
        estimate("HC1", result, ArrayRows(X, y[::-1, None].copy()))
    with pytest.raises(SchemaError, match="carry no y"):
        estimate("HC1", result, ArrayRows(X))


@pytest.mark.parametrize("kind", ["HC2", "HC3"])
def test_leverage_one_makes_hc2_and_hc3_nan_and_names_the_row(data, kind):
    X, y = data
    X = np.column_stack([X, np.eye(40)[:, 17]])
    rows = ArrayRows(X, y[:, None], index=np.arange(40) + 100)
    result = fit(X, y)
    covariance = estimate(kind, result, rows)
    assert np.isnan(covariance.meat).all()
    assert "row 117 has leverage 1" in covariance.notes[0]
    shown = st.tidy(replace(result, covariance=covariance))
    assert shown["std_error"].isna().all()
    assert not shown["estimate"].isna().any()
    assert "row 117" in shown.attrs["reasons"]["x0", "std_error"]
    assert np.isfinite(estimate("HC1", result, rows).meat).all()


def test_sparse_rows_give_the_covariance_of_dense_ones(data):
    X, y = data
    X = np.where(abs(X - X.mean(axis=0)) < X.std(axis=0), 0.0, X)
    result = fit(X, y)
    dense = estimate("HC3", result, ArrayRows(X, y[:, None]))
    sparse = estimate("HC3", result, ArrayRows(csr_array(X), y[:, None]))
    assert_allclose(sparse.meat, dense.meat, rtol=1e-9, atol=1e-11 * abs(dense.meat).max())


def test_rows_far_from_zero_are_still_known_as_those_of_the_fit():
    rng = np.random.default_rng(0)
    X = 1.7e9 + rng.normal(size=(10_000, 1))
    y = X + 1e-6 * rng.normal(size=(10_000, 1))
    result = fit(X, y)
    # The last bits of the means, 1e-7, are ten standard errors of the mean.
    assert np.isfinite(st.estimate("HC1", result, ArrayRows(X, y), max_rows=999, threads=1).meat).all()


# ------------------------------------------------------------------------------------------------------------- clusters


def test_cluster_covariance_is_its_definition(data):
    X, y = data
    labels = np.arange(40) % 6
    result = fit(X, y)
    covariance = estimate("cluster", result, ArrayRows(X, y[:, None], group=labels[:, None]))
    Z = np.column_stack([np.ones(40), X])
    u = Z * (y - Z @ [*result.intercept, *result.coef[0]])[:, None]
    s = np.stack([u[labels == g].sum(axis=0) for g in range(6)])
    R = np.linalg.qr(Z)[1]
    influence = np.linalg.solve(R, np.linalg.solve(R.T, s.T))
    expected = influence @ influence.T * 6 / 5 * 39 / 36
    actual = st.covariance_matrix(replace(result, covariance=covariance))[0]
    assert_allclose(np.sqrt(np.diag(actual)), np.sqrt(np.diag(expected)), rtol=1e-9)
    assert covariance.df == 5
    assert "6 clusters" in covariance.description


@pytest.mark.parametrize(
    "labels",
    [
        np.arange(40) % 7,
        (np.arange(40) % 7).astype(float),
        np.array([f"g{i % 7}" for i in range(40)]),
        np.array([f"g{i % 7}" for i in range(40)], dtype=object),
        np.array([i % 7 or "none" for i in range(40)], dtype=object),
        np.array([np.datetime64("2020-01-01") + (i % 7) for i in range(40)]),
    ],
    ids=["int", "float", "text", "object", "mixed", "date"],
)
def test_labels_of_any_type_make_the_same_clusters(data, labels):
    X, y = data
    result = fit(X, y)
    reference = estimate("cluster", result, ArrayRows(X, y[:, None], group=(np.arange(40) % 7)[:, None]))
    actual = estimate("cluster", result, ArrayRows(X, y[:, None], group=labels[:, None]))
    assert_allclose(actual.meat, reference.meat, rtol=1e-12, atol=1e-14 * abs(reference.meat).max())


def test_two_way_degrees_of_freedom_are_those_of_the_smaller_clustering(data):
    X, y = data
    group = np.column_stack([np.arange(40) % 5, np.arange(40) // 4])
    covariance = estimate("cluster", fit(X, y), ArrayRows(X, y[:, None], group=group))
    assert covariance.df == 4
    assert "5 and 10 clusters" in covariance.description
    assert any("only 5 clusters" in note for note in covariance.notes)


def test_an_indefinite_two_way_matrix_is_clipped_and_said():
    rng = np.random.default_rng(1)
    for seed in range(50):
        X, y = rng.normal(size=(12, 3)), rng.normal(size=12)
        group = np.column_stack([rng.integers(0, 3, 12), rng.integers(0, 3, 12)])
        covariance = estimate("cluster", fit(X, y), ArrayRows(X, y[:, None], group=group))
        if "positive semi-definite" in " ".join(covariance.notes):
            values = np.linalg.eigvalsh(covariance.meat[0])
            assert values.min() >= -1e-12 * values.max()
            return
        assert seed < 49, "no indefinite matrix was met"


def test_cluster_refusals(data):
    X, y = data
    result = fit(X, y)
    with pytest.raises(SchemaError, match="needs groups="):
        estimate("cluster", result, ArrayRows(X, y[:, None]))
    with pytest.raises(DomainError, match="1 cluster in groups="):
        estimate("cluster", result, ArrayRows(X, y[:, None], group=np.zeros((40, 1))))
    with pytest.raises(DomainError, match="3 columns"):
        estimate("cluster", result, ArrayRows(X, y[:, None], group=np.zeros((40, 3))))


def test_keyed_sums_join_without_changing_what_was_merged():
    parts = [KeyedSums.of([i, i + 1], np.array([0, 1]), np.full((2, 1, 1), 1.0)) for i in range(9)]
    before = [part.blocks for part in parts]
    total = parts[0]
    for part in parts[1:]:
        total = total.merge(part)
    count, sums = total.total()
    assert count == 10
    assert sorted(sums.ravel().tolist()) == [1.0, 1.0] + [2.0] * 8
    assert [part.blocks for part in parts] == before


def test_factorise_gives_python_labels():
    labels, codes = factorise(np.array([3, 1, 3], dtype=np.int16))
    assert [labels[c] for c in codes] == [3, 1, 3]
    assert all(type(label) is int for label in labels)


# ------------------------------------------------------------------------------------------------------------------ HAC


def test_default_lags_are_newey_and_wests_and_printed(data):
    assert [default_lags(n) for n in (2, 16, 100, 1000, 10**6)] == [1, 2, 4, 6, 30]
    X, y = data
    assert "3 lags" in estimate("HAC", fit(X, y), ArrayRows(X, y[:, None])).description


@pytest.mark.parametrize("lags", [-1, 40, 2.5, "4"])
def test_lags_out_of_range_are_refused(data, lags):
    X, y = data
    with pytest.raises(DomainError, match=r"from 0 to n - 1 = 39"):
        estimate("HAC", fit(X, y), ArrayRows(X, y[:, None]), lags=lags)


def test_hac_refuses_frequency_weights(data):
    X, y = data
    w = np.ones(40) * 2
    with pytest.raises(DomainError, match="repeat the rows"):
        estimate("HAC", fit(X, y, weight=w, weights_type="frequency"), ArrayRows(X, y[:, None], w))


def test_hac_says_that_dropped_rows_leave_gaps(data):
    X, y = data
    result = replace(fit(X, y), n_dropped=3)
    assert "3 rows were dropped" in estimate("HAC", result, ArrayRows(X, y[:, None])).notes[0]


# --------------------------------------------------------------------------------------- nearly exact fits and their rows


@pytest.mark.parametrize("noise", [1e-9, 1e-11, 1e-12, 1e-13, 1e-14])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
def test_a_fit_that_is_nearly_exact_knows_its_own_rows(noise, offset):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = offset + rng.normal(size=(30, 2)) * [1.0, 100.0]
        y = x @ [1.0, 2.0] + noise * max(1.0, offset) * rng.normal(size=30)
        weight = rng.uniform(0.01, 100.0, 30) if seed % 2 else None
        model = LinearRegression(covariance="HC3").fit(x, y, sample_weight=weight)
        assert model.diagnose(x, y, sample_weight=weight).findings
        assert len(model.influence(x, y, sample_weight=weight)) == 30


def test_sparse_and_offset_rows_of_a_nearly_exact_fit_are_known():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 5)) * (rng.random((200, 5)) < 0.3)
    y = x @ np.arange(1.0, 6.0) + 1e-13 * rng.normal(size=200)
    result = LinearRegression().fit(x, y).result_
    for X in (x, csr_array(x)):
        assert np.isfinite(estimate("HC1", result, ArrayRows(X, y[:, None])).meat).all()


@pytest.mark.parametrize("change", [1e-11, 1e-6, 1.0])
def test_other_rows_of_a_nearly_exact_fit_are_refused(change):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    y = x @ [1.0, 2.0] + 1e-13 * rng.normal(size=30)
    result = LinearRegression().fit(x, y).result_
    other = y + change * rng.normal(size=30)
    with pytest.raises(SchemaError, match="of the fit"):
        estimate("HC1", result, ArrayRows(x, other[:, None]))


def test_the_bound_on_the_rounding_of_residuals_holds():
    sharpest = 0.0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = 10.0 ** rng.integers(0, 7) + rng.normal(size=(25, 3))
        y = x @ rng.normal(size=3) + 1e-6 * rng.normal(size=25)
        result = LinearRegression().fit(x, y).result_
        white = WhiteRows.of(result, next(ArrayRows(x, y[:, None]).chunks(99)))
        exact = _residuals(x, y)
        assert (np.abs(white.residual[:, 0] - exact) <= white.rounding[:, 0]).all()
        sharpest = max(sharpest, float((np.abs(white.residual[:, 0] - exact) / white.rounding[:, 0]).max()))
    assert sharpest > 0.02  # a bound that is out of reach would let other rows through


def _residuals(x, y):
    """Least-squares residuals in rational arithmetic, rounded once."""
    Z = [[Fraction(1), *map(Fraction, row)] for row in x.tolist()]
    t, k = list(map(Fraction, y.tolist())), len(Z[0])
    A = [
        [sum(z[a] * z[b] for z in Z) for b in range(k)] + [sum(z[a] * v for z, v in zip(Z, t, strict=True))]
        for a in range(k)
    ]
    for a in range(k):
        A[a] = [v / A[a][a] for v in A[a]]
        for b in range(k):
            if b != a:
                A[b] = [v - A[b][a] * w for v, w in zip(A[b], A[a], strict=True)]
    return np.array([float(v - sum(z[a] * A[a][k] for a in range(k))) for z, v in zip(Z, t, strict=True)])


def test_residuals_that_rounding_has_moved_are_told():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    plain = LinearRegression(covariance="HC3").fit(x, x @ [1.0, 2.0] + 1e-3 * rng.normal(size=30))
    assert not plain.result_.covariance.notes
    close = LinearRegression(covariance="HC3").fit(x, x @ [1.0, 2.0] + 1e-14 * rng.normal(size=30))
    assert "the rounding of the numbers they come from" in close.result_.covariance.notes[0]


# ----------------------------------------------------------------------------------------------------------- likelihoods
def counted(kind):
    """A table whose rows vary more than their family says, with weights, offset, clusters; (model, X, y, roles, expected rows)."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 2)) * [1, 20] + [0, 300]
    eta = 0.3 + 0.6 * X[:, 0] - 0.02 * (X[:, 1] - 300)
    trials = rng.integers(1, 9, 60)
    made = rng.binomial(trials, 1 / (1 + np.exp(-eta - rng.normal(size=60))))
    weights, offset = rng.integers(1, 4, 60).astype(float), rng.normal(size=60) / 5
    return {
        "poisson": ({"family": "poisson"}, X, rng.poisson(np.exp(eta + offset)), {"offset": offset}),
        "weighted": ({"family": "poisson"}, X, rng.poisson(np.exp(eta)), {"sample_weight": weights}),
        "trials": ({"family": "binomial"}, X, np.column_stack([made, trials - made]), {}),
        "probit": ({"family": "binomial", "link": "probit"}, X, (made > trials / 2).astype(float), {"offset": offset}),
        "gamma": ({"family": "gamma", "link": "inverse"}, abs(X), rng.gamma(2.0, np.exp(0.2 * eta)) + 1, {}),
    }[kind]


KINDS_OF_COUNTS = ("poisson", "weighted", "trials", "probit", "gamma")


def working_rows(model, X, y, roles):
    """Scores s and informations c of the rows by their definitions, from plain formulas."""
    Z = np.column_stack([np.ones(len(X)), X])
    eta = Z @ [model.intercept_, *model.coef_] + roles.get("offset", 0.0)
    w = roles.get("sample_weight", np.ones(len(X)))
    family, link = model._fitted_law()
    if np.ndim(y) == 2:
        w, y = w * y.sum(axis=1), y[:, 0] / y.sum(axis=1)
    mu, slope = link.mu(eta), link.dmu(eta)
    V = family.variance(mu)
    return Z, w * (y - mu) * slope / V, w * slope**2 / V


def sandwich(Z, c, rows):
    """Covariance with the expected information as its bread; the meat from rows of scores."""
    R = np.linalg.qr(Z * np.sqrt(c)[:, None])[1]
    U = np.linalg.solve(R, np.linalg.solve(R.T, rows.T))
    return U @ U.T


@pytest.mark.parametrize("kind", KINDS_OF_COUNTS)
@pytest.mark.parametrize("name", ["HC0", "HC1", "HC2", "HC3", "cluster"])
def test_a_likelihood_has_the_sandwich_of_its_scores(kind, name):
    parameters, X, y, roles = counted(kind)
    groups = np.arange(60) % 9
    model = GeneralizedLinearRegressor(**parameters).fit(X, y, **roles)
    Z, s, c = working_rows(model, X, y, roles)
    h = np.einsum("ij,ij->i", Z, np.linalg.solve((Z * c[:, None]).T @ Z, Z.T).T) * c
    scale = {"HC0": 1.0, "HC1": np.sqrt(60 / 57), "HC2": 1 / np.sqrt(1 - h), "HC3": 1 / (1 - h), "cluster": 1.0}[name]
    rows = Z * (s * scale)[:, None]
    if name == "cluster":
        rows = np.stack([rows[groups == g].sum(axis=0) for g in range(9)]) * np.sqrt(9 / 8 * 59 / 57)
    found = model.infer(X, y, covariance=name, groups=groups if name == "cluster" else None, **roles)
    actual = np.sqrt(np.diag(st.covariance_matrix(found.result_)[0]))
    assert_allclose(actual, np.sqrt(np.diag(sandwich(Z, c, rows))), rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS_OF_COUNTS)
def test_a_fit_takes_the_covariance_it_was_asked_for(kind):
    parameters, X, y, roles = counted(kind)
    plain = GeneralizedLinearRegressor(**parameters).fit(X, y, **roles)
    asked = GeneralizedLinearRegressor(**parameters, covariance="HC3").fit(X, y, **roles)
    found = plain.infer(X, y, covariance="HC3", **roles).result_.covariance
    assert_allclose(asked.result_.covariance.meat, found.meat, rtol=1e-12)
    assert asked.result_.covariance.description == found.description
    back = asked.infer(X, y, covariance="classical", **roles).result_
    assert back.covariance == plain.result_.covariance


def test_what_a_robust_covariance_of_a_likelihood_is_referred_to():
    parameters, X, y, roles = counted("poisson")
    model = GeneralizedLinearRegressor(**parameters).fit(X, y, **roles)
    hc1 = model.infer(X, y, covariance="HC1", **roles).result_.covariance
    assert hc1.df == np.inf
    assert "expected information" in hc1.description
    assert "normal" in hc1.description
    cluster = model.infer(X, y, covariance="cluster", groups=np.arange(60) % 9, **roles).result_.covariance
    assert cluster.df == 8
    parameters, X, y, roles = counted("gamma")
    assert GeneralizedLinearRegressor(**parameters, covariance="HC1").fit(X, y).result_.covariance.df == 57


@pytest.mark.parametrize("name", ["HC0", "HAC", "cluster"])
def test_canonical_links_have_the_robust_errors_of_statsmodels(name):
    sm = pytest.importorskip("statsmodels.api")
    parameters, X, y, roles = counted("poisson")
    groups, options = np.arange(60) % 9, {"lags": 3} if name == "HAC" else {}
    known = {"HC0": {}, "HAC": {"maxlags": 3}, "cluster": {"groups": groups}}[name]
    peer = sm.GLM(y, sm.add_constant(X), family=sm.families.Poisson(), offset=roles["offset"])
    model = GeneralizedLinearRegressor(**parameters).fit(X, y, **roles)
    found = model.infer(X, y, covariance=name, groups=groups if name == "cluster" else None, **roles, **options)
    expected = peer.fit(tol=1e-14, maxiter=200, cov_type=name, cov_kwds=known).bse
    assert_allclose(np.sqrt(np.diag(st.covariance_matrix(found.result_)[0])), expected, rtol=1e-8)


@pytest.mark.parametrize("kind", KINDS_OF_COUNTS)
def test_other_rows_than_those_of_a_likelihood_fit_are_refused(kind):
    parameters, X, y, roles = counted(kind)
    model = GeneralizedLinearRegressor(**parameters).fit(X, y, **roles)
    with pytest.raises(SchemaError, match=r"of the fit"):
        model.infer(X, np.roll(y, 1, axis=0), covariance="HC1", **roles)
    short = {name: values[:-1] for name, values in roles.items()}
    with pytest.raises(SchemaError, match="the fit used 60 rows and 59 were given"):
        model.infer(X[:-1], y[:-1], covariance="HC1", **short)
    model.infer(X, y, covariance="HC1", **roles)


def test_rows_with_another_offset_are_refused():
    parameters, X, y, roles = counted("poisson")
    model = GeneralizedLinearRegressor(**parameters).fit(X, y, **roles)
    with pytest.raises(SchemaError, match="of the fit"):
        model.infer(X, y, covariance="HC1", offset=roles["offset"] + 0.1)


def test_frequencies_of_a_likelihood_are_repeated_rows():
    parameters, X, y, _roles = counted("trials")
    count = np.random.default_rng(0).integers(1, 4, 60)
    fitted = GeneralizedLinearRegressor(**parameters, weights_type="frequency", covariance="HC3")
    once = fitted.fit(X, y, sample_weight=count)
    repeated = GeneralizedLinearRegressor(**parameters, covariance="HC3").fit(
        np.repeat(X, count, axis=0), np.repeat(y, count, axis=0)
    )
    assert_allclose(st.covariance_matrix(once.result_), st.covariance_matrix(repeated.result_), rtol=1e-7)


def test_bias_reduced_fits_have_a_robust_covariance_too():
    parameters, X, y, _ = counted("trials")
    model = GeneralizedLinearRegressor(**parameters, bias_reduction="firth").fit(X, y)
    assert np.isfinite(model.infer(X, y, covariance="HC1").result_.covariance.meat).all()
    with pytest.raises(SchemaError, match=r"these are other rows|working weights"):
        model.infer(X, np.roll(y, 1, axis=0), covariance="HC1")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_separated_rows_take_no_part():
    rng = np.random.default_rng(1)
    level = np.arange(80) % 4 == 0
    x = rng.normal(size=80)
    y = np.where(level, 0.0, rng.random(80) < 1 / (1 + np.exp(-x)))
    X = np.column_stack([x, level])
    whole = GeneralizedLinearRegressor(family="binomial", covariance="HC0").fit(X, y)
    part = GeneralizedLinearRegressor(family="binomial", covariance="HC0").fit(x[~level, None], y[~level])
    errors = [st.tidy(model.result_).set_index("term")["std_error"]["x0"] for model in (whole, part)]
    assert_allclose(errors[0], errors[1], rtol=1e-8)
