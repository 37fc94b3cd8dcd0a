"""The rank is that of the very doubles, whatever their units and means, and what is said to depend really does."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression as Peer

from mathlearn.data.bind import bind
from mathlearn.fitting.linear import fit_linear
from mathlearn.fitting.spec import LinearSpec

few = settings(max_examples=60)


def fit(X, y, weight=None, **spec):
    return fit_linear(bind(X, y, sample_weight=weight), LinearSpec(**spec))


def exact_rank(X, *, intercept):
    """Rank of the (centred) columns in rational numbers, and which depend on the ones before."""
    columns = [[Fraction(v) for v in column] for column in np.asarray(X, float).T.tolist()]
    if intercept:
        columns.insert(0, [Fraction(1)] * len(X))
    basis, dependent = [], []
    for j, column in enumerate(columns):
        rest = list(column)
        for pivot, vector in basis:
            if rest[pivot]:
                factor = rest[pivot] / vector[pivot]
                rest = [a - factor * b for a, b in zip(rest, vector, strict=True)]
        lead = next((i for i, v in enumerate(rest) if v), None)
        if lead is None:
            dependent.append(j - intercept)
        else:
            basis.append((lead, rest))
    return len(basis) - intercept, dependent


def exactly_estimable(X, rank, *, intercept):
    """Whether the data determine each parameter: the rank falls without its column."""
    slopes = [exact_rank(np.delete(X, j, axis=1), intercept=intercept)[0] < rank for j in range(X.shape[1])]
    return [exact_rank(X, intercept=False)[0] == rank, *slopes] if intercept else slopes


@dataclass(frozen=True)
class Planted:
    X: np.ndarray
    y: np.ndarray


@st.composite
def planted(draw, offset=0.0, *, decimal=False, wild=40):
    """Return a small whole-number table with dependences planted, columns in wild units about a mean."""
    independent, n = draw(st.integers(1, 3)), draw(st.integers(8, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns = list(rng.integers(-9, 10, (independent, n)).astype(float) + offset)
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(["combination", "copy", "constant", "sum"]))
        a, b = (columns[i] for i in rng.integers(0, len(columns), 2))
        made = {"combination": 2 * a - 3 * b, "copy": a, "constant": np.full(n, 7.0), "sum": a + b + 5}[kind]
        columns.insert(int(rng.integers(0, len(columns) + 1)), made)
    X = np.column_stack(columns)
    exponents = rng.integers(-wild, wild + 1, X.shape[1])
    X = X * 10.0 ** np.round(exponents * 0.3) if decimal else np.ldexp(X, exponents)
    return Planted(X, rng.normal(size=n))


def assert_aliases_hold(result, X):
    for alias in result.aliases:
        index = {name: j for j, name in enumerate(result.terms)}
        parts = [c * X[:, index[o]] for c, o in zip(alias.coefficients, alias.others, strict=True)]
        size = np.abs(X[:, index[alias.term]]) + sum(map(np.abs, parts)) + abs(alias.constant)
        left = X[:, index[alias.term]] - sum(parts) - alias.constant
        assert (np.abs(left) <= 1e-13 * size.max()).all()


@few
@given(st.data(), st.sampled_from([(0.0, True), (0.0, False), (100.0, False), (1e8, True)]))
def test_the_rank_is_exact_in_units_of_powers_of_two(data, setting):
    offset, fit_intercept = setting
    table = data.draw(planted(offset))
    result = fit(table.X, table.y, fit_intercept=fit_intercept)
    rank, dependent = exact_rank(table.X, intercept=fit_intercept)
    assert result.rank == rank
    assert [alias.term for alias in result.aliases] == [result.terms[j] for j in dependent]
    assert_aliases_hold(result, table.X)
    assert result.certificate.unique == (not dependent)
    if offset < 1e8:
        assert result.estimable.tolist() == exactly_estimable(table.X, rank, intercept=fit_intercept)


@few
@given(planted(decimal=True))
def test_rounding_of_decimal_units_hides_no_dependence(table):
    # Multiplied by powers of ten the columns are rounded: exactly independent, and dependent for every purpose.
    result = fit(table.X, table.y)
    restored = table.X / np.abs(table.X).max(axis=0)
    ones = np.ones((len(restored), 1))
    assert result.rank == np.linalg.matrix_rank(np.hstack([ones, restored]), tol=1e-11) - 1
    assert_aliases_hold(result, table.X)


def assert_same_predictions(table):
    """Check the fit of dependent columns in wild units against the columns that are independent, alone."""
    result = fit(table.X, table.y)
    kept = [j for j, name in enumerate(result.terms) if name not in {alias.term for alias in result.aliases}]
    alone = fit(table.X[:, kept], table.y)
    both = [table.X @ result.coef[0] + result.intercept, table.X[:, kept] @ alone.coef[0] + alone.intercept]
    size = np.abs(table.X) @ np.abs(result.coef[0]) + np.abs(table.X[:, kept]) @ np.abs(alone.coef[0]) + 1.0
    assert (np.abs(both[0] - both[1]) <= 1e-13 * size).all()
    assert result.certificate.ok, result.certificate


@few
@given(planted(wild=0))
def test_dependent_columns_in_one_unit_do_not_change_predictions(table):
    assert_same_predictions(table)


@few
@given(planted())
def test_dependent_columns_in_wild_units_do_not_change_predictions(table):
    assert_same_predictions(table)


def base(n=60, p=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X @ np.arange(1.0, p + 1) + rng.normal(size=n)


DEPENDENT = {
    "rounded combination": lambda X: 2 * X[:, 0] - X[:, 1],
    "rounded thirds": lambda X: X[:, 0] / 3 + X[:, 1] / 7,
    "feet and metres": lambda X: X[:, 0] * 0.3048,
    "Celsius and Fahrenheit": lambda X: X[:, 0] * 1.8 + 32,
    "constant": lambda X: np.full(len(X), 0.1),
    "zero": lambda X: np.zeros(len(X)),
    "tiny copy": lambda X: X[:, 1] * 1e-120,
}


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
@pytest.mark.parametrize("name", DEPENDENT)
def test_dependence_at_the_level_of_rounding_is_found(name, offset):
    X, y = base()
    X = X + offset
    X = np.column_stack([X, DEPENDENT[name](X)])
    result = fit(X, y)
    assert result.rank == 2
    assert [alias.term for alias in result.aliases] == ["x2"]
    assert_aliases_hold(result, X)
    assert result.certificate.ok, result.certificate
    assert result.certificate.verdict == "certified, with terms withheld"


@pytest.mark.parametrize("offset", [0.0, 1e3])
@pytest.mark.parametrize("share", [1e-6, 1e-8])
def test_dependence_far_above_rounding_is_kept(offset, share):
    X, y = base()
    rng = np.random.default_rng(1)
    X = np.column_stack([X, X[:, 0] + X[:, 1] + share * rng.normal(size=len(X))]) + offset
    result = fit(X, y)
    assert (result.rank, result.aliases) == (3, ())
    assert result.certificate.ok, result.certificate


def test_indicators_of_all_levels_and_an_intercept():
    rng = np.random.default_rng(0)
    X = np.eye(4)[rng.integers(0, 4, 50)]
    y = rng.normal(size=50)
    result = fit(X, y)
    assert result.rank == 3
    (alias,) = result.aliases
    assert (alias.term, alias.others) == ("x3", ("x0", "x1", "x2"))
    np.testing.assert_allclose([*alias.coefficients, alias.constant], [-1, -1, -1, 1], rtol=1e-12)
    assert not result.estimable.any()
    assert fit(X, y, fit_intercept=False).rank == 4


@pytest.mark.parametrize(("tol", "rank"), [(None, 3), (1e-10, 3), (1e-5, 3), (1e-3, 2), (0.0, 3)])
def test_a_number_is_relative_to_the_centred_column_whatever_its_unit(tol, rank):
    X, y = base()
    left = np.random.default_rng(2).normal(size=len(X))
    X = np.column_stack([X, X[:, 0] + 1e-4 * left]) * [1e-12, 1.0, 1e12] + [0.0, 0.0, 1e12]
    assert fit(X, y, tol=tol).rank == rank


@few
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_coefficients_are_the_shortest_and_predictions_the_peers(seed, fit_intercept, weighted):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 3))
    X = np.column_stack([X, X @ rng.integers(-2, 3, (3, 2))])[:, rng.permutation(5)]
    y, w = rng.normal(size=30), rng.uniform(0.5, 2, 30) if weighted else None
    result = fit(X, y, w, fit_intercept=fit_intercept)
    weight = np.ones(30) if w is None else w
    mean, mean_y = (weight @ X / weight.sum(), weight @ y / weight.sum()) if fit_intercept else (0.0, 0.0)
    root = np.sqrt(weight)
    shortest = np.linalg.pinv(root[:, None] * (X - mean), rcond=1e-10) @ (root * (y - mean_y))
    np.testing.assert_allclose(result.coef[0], shortest, rtol=0, atol=1e-12)
    peer = Peer(fit_intercept=fit_intercept).fit(X, y, w)
    np.testing.assert_allclose(X @ result.coef[0] + result.intercept[0], peer.predict(X), rtol=0, atol=1e-12)


def test_estimable_parameters_are_named_and_others_are_not():
    X, y = base(p=3)
    result = fit(np.column_stack([X, X[:, 0]]), y)
    np.testing.assert_array_equal(result.estimable, [True, False, True, True, False])
    alone = fit(X, y)
    for j in (1, 2):
        assert result.coef[0, j] == pytest.approx(alone.coef[0, j], rel=1e-14)


def test_order_decides_which_of_two_columns_is_said_to_depend():
    X, y = base()
    assert [a.term for a in fit(np.column_stack([X[:, 0] * 2, X]), y).aliases] == ["x1"]


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("factor", [2.0**-40, 1.2345678901234567])
def test_another_unit_is_no_constant_and_leaves_the_intercept_determined(factor, offset):
    x = np.random.default_rng(0).integers(-9, 10, 20) + offset
    result = fit(np.column_stack([x, x * factor]), np.arange(20.0))
    (alias,) = result.aliases
    assert alias.constant == 0.0
    assert alias.coefficients[0] == pytest.approx(factor, rel=1e-13)
    np.testing.assert_array_equal(result.estimable, [True, False, False])


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9])
def test_a_copy_is_made_of_its_original_alone(fit_intercept, offset):
    X = np.random.default_rng(0).normal(size=(20, 3)) + offset * np.array([1.0, -0.7, 0.4])
    result = fit(np.column_stack([X, X[:, 0] * 0.3]), np.arange(20.0), fit_intercept=fit_intercept)
    (alias,) = result.aliases
    assert (alias.term, alias.others, alias.constant) == ("x3", ("x0",), 0.0)
    assert alias.coefficients[0] == pytest.approx(0.3, rel=1e-15)
    assert result.certificate.ok, result.certificate


def test_small_coefficients_keep_their_digits_beside_a_large_one():
    X, y = base(p=2)
    X = X * [1e-8, 1e13]
    alone = fit(X, y)
    result = fit(np.column_stack([X, X[:, 1], -0.5 * X[:, 1]]), y)
    assert [str(alias) for alias in result.aliases] == ["x2 = x1", "x3 = -0.5·x1"]
    shortest = alone.coef[0, 1] * np.array([1.0, 1.0, -0.5]) / 2.25
    np.testing.assert_allclose(result.coef[0], [alone.coef[0, 0], *shortest], rtol=1e-15)
    assert result.certificate.ok, result.certificate


@pytest.mark.parametrize("offset", [1e6, 1e9])
@pytest.mark.parametrize("noise", [1.0, 1e-3, 1e-6])
@pytest.mark.parametrize("name", ["rounded combination", "rounded thirds", "feet and metres", "Celsius and Fahrenheit"])
def test_rounding_of_dependent_columns_far_from_zero_is_no_ground_to_refuse(name, noise, offset):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2)) + offset * np.array([1.1, -0.7])
    y = (X - offset) @ [1.3, 0.6] + noise * rng.normal(size=40)
    result = fit(np.column_stack([X, DEPENDENT[name](X)]), y)
    assert result.rank == 2
    assert result.certificate.ok, result.certificate
    assert result.deviance[0] == pytest.approx(fit(X, y).deviance[0], rel=1e-14)


@pytest.mark.parametrize("n", [500, 2171, 8000, 30_000])
def test_a_copy_is_found_among_dummies_whatever_the_number_of_rows(n):
    random = np.random.default_rng(1)
    group, child = random.integers(0, 4, n), random.random(n) < 0.04
    dummies = (group[:, None] == np.arange(1, 4)).astype(float)
    X = np.column_stack([dummies, child, random.random(n) < 0.8, child * 1.0])
    result = fit(X, random.normal(size=n))
    assert [str(alias) for alias in result.aliases] == ["x5 = x3"]
    assert result.certificate.ok
