"""Separation: known examples, hard scales, tiny overlaps and gaps."""

import numpy as np
import pytest
import scipy.sparse as sp

from mathlearn.calculus.separation import find_separation, stays
from mathlearn.certify.recession import verify_separation
from mathlearn.data.bind import bind
from mathlearn.probability import FAMILIES, family_named
from mathlearn.probability.recession import recession_sign

LOGIT = (family_named("binomial"), None)
POISSON = (family_named("poisson"), None)


def signs_of(law):
    family, link = law

    def signs(chunk):
        return recession_sign(family, family.link(link), chunk.y[:, 0])

    return signs


def find(X, y, law=LOGIT, *, fit_intercept=True, max_rows=64, threads=1, **options):
    given = {key: options.pop(key) for key in ("sample_weight", "offset") if key in options}
    rows, signs = bind(X, y, **given), signs_of(law)
    found = find_separation(rows, signs, fit_intercept=fit_intercept, max_rows=max_rows, threads=threads, **options)
    if found is not None:
        evidence = verify_separation(
            rows, signs, found.directions, fit_intercept=fit_intercept, max_rows=max_rows, threads=threads
        )
        assert evidence.ok
        assert (evidence.n_strict, evidence.n_zero) == (found.separated, found.remaining)
        assert found.complete == (found.remaining == 0)
        left = sum(
            int(stays(chunk, found.directions, fit_intercept=fit_intercept).sum()) for chunk in rows.chunks(max_rows)
        )
        assert left == found.remaining
    return found


def overlapping(rng, n, p):
    X = rng.normal(size=(n, p))
    return X, (rng.random(n) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)


# ------------------------------------------------------------------------------------------------------------ the signs
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "cauchit"])
def test_signs_of_a_binomial(link):
    for name in ("binomial", "quasibinomial"):
        family = family_named(name)
        assert recession_sign(family, family.link(link), np.array([0, 0.5, 1.0])).tolist() == [-1, 0, 1]


def test_loss_at_infinity_agrees_with_the_signs():
    ends = {1.0: 1e4, -1.0: -1e4}
    for maker in FAMILIES.values():
        for parameters in maker.examples:
            family = maker.make(**dict(parameters))
            for link in family.links:
                y = np.array([0.0, 0.25, 1.0, 2.0])
                y = y[family.domain.inside(y) | (family.takes_trials & (y <= 1))]
                for value, sign in zip(y, recession_sign(family, link, y), strict=True):
                    if sign:
                        far = ends[sign] * np.array([0.01, 0.02, 1.0, 2.0])
                        loss = family.kernels(np.full(4, value), far, link).loss
                        assert (np.diff(loss) <= 0).all(), (family.name, link.name, value)


def test_only_zeros_of_counts_with_the_logarithm_have_a_sign():
    y = np.array([0.0, 1.0, 5.0])
    for name, parameters in (
        ("poisson", {}),
        ("quasipoisson", {}),
        ("negative_binomial", {"theta": 2.0}),
        ("tweedie", {"power": 1.5}),
    ):
        family = family_named(name, **parameters)
        for link in family.links:
            expected = [-1.0, 0, 0] if link.name == "log" else [0.0, 0, 0]
            assert recession_sign(family, link, y).tolist() == expected
    for name in ("gamma", "inverse_gaussian", "gaussian"):
        family = family_named(name)
        for link in family.links:
            assert not recession_sign(family, link, np.array([0.5, 1.0, 2.0])).any()


# ------------------------------------------------------------------------------------------------------ known examples
def test_two_by_two_table_with_an_empty_cell():
    X = np.array([[0.0]] * 6 + [[1.0]] * 4)
    found = find(X, np.array([0.0, 1, 0, 1, 1, 0, 1, 1, 1, 1]))
    assert found.directions.tolist() == [[0.0], [1.0]]
    assert (found.complete, found.separated, found.remaining) == (False, 4, 6)
    assert found.undetermined.shape == (2, 0)


def test_two_by_two_table_without_an_empty_cell():
    assert find(np.array([[0.0]] * 3 + [[1.0]] * 3), np.array([0.0, 1, 1, 0, 0, 1])) is None


def test_endometrial_like():
    """As in Heinze and Schemper (2002): a binary factor that occurs only with the outcome, beside two measurements."""
    rng = np.random.default_rng(79)
    X = np.column_stack([rng.random(79) < 0.17, rng.uniform(0, 49, 79), rng.uniform(0.3, 3.6, 79)]).astype(float)
    y = (rng.random(79) < 1 / (1 + np.exp(2.0 * X[:, 2] - 3.5))).astype(float)
    y[X[:, 0] == 1] = 1
    found = find(X, y)
    assert np.flatnonzero(found.directions[:, 0]).tolist() == [1]
    assert found.directions[1, 0] > 0
    assert found.separated == int(X[:, 0].sum())
    assert find(X[:, 1:], y) is None


def test_complete():
    found = find(np.array([[1.0], [2], [3], [4]]), np.array([0.0, 0, 1, 1]))
    assert found.complete
    assert found.undetermined.shape == (2, 1)


def test_tie_on_the_boundary_is_quasi_complete():
    found = find(np.array([[1.0], [2], [3], [3], [4]]), np.array([0.0, 0, 0, 1, 1]))
    assert (found.complete, found.separated, found.remaining) == (False, 3, 2)
    assert found.directions[0, 0] == -3 * found.directions[1, 0]
    assert found.undetermined.shape == (2, 0)


def test_single_class():
    found = find(np.arange(6.0)[:, None], np.ones(6))
    assert found.complete
    assert find(np.array([[1.0], [-1.0], [2.0]]), np.ones(3), fit_intercept=False) is None


def test_intercept_alone():
    X = np.zeros((4, 1))
    none = np.zeros(0, np.int64)
    assert find(X, np.array([0.0, 1, 1, 1]), kept=none) is None
    assert find(X, np.ones(4), kept=none).directions.tolist() == [[1.0], [0.0]]


def test_no_parameter():
    assert find(np.zeros((4, 1)), np.ones(4), kept=np.zeros(0, np.int64), fit_intercept=False) is None


def test_separated_again_after_a_first_direction():
    """Two levels, one within the other: both without an outcome of the other kind."""
    a = np.array([0.0] * 8 + [1] * 4 + [0] * 4)
    b = np.array([0.0] * 12 + [1] * 4)
    y = np.array([0.0, 1] * 4 + [1] * 4 + [0] * 4)
    found = find(np.column_stack([a, b]), y)
    assert (found.separated, found.remaining) == (8, 8)
    basis = np.column_stack([found.directions, found.undetermined])
    assert np.linalg.matrix_rank(basis) == basis.shape[1] == 2
    assert not basis[0].any()


def test_rows_that_only_the_separated_knew():
    """The second column varies only where the first separates: the remaining rows say nothing of it."""
    X = np.array([[0.0, 0]] * 6 + [[1, 1], [1, 2], [1, 5], [1, 7]])
    found = find(X, np.array([0.0, 1, 0, 1, 1, 0, 1, 1, 1, 1]))
    assert found.remaining == 6
    basis = np.column_stack([found.directions, found.undetermined])
    assert np.linalg.matrix_rank(basis) == basis.shape[1] == 2
    assert not basis[0].any()


def test_poisson_with_a_level_of_zeros():
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.normal(size=300), rng.random(300) < 0.1]).astype(float)
    y = rng.poisson(np.exp(0.3 * X[:, 0] + 0.5)).astype(float)
    assert find(X, y, POISSON) is None
    y[X[:, 1] == 1] = 0
    found = find(X, y, POISSON)
    assert np.flatnonzero(found.directions[:, 0]).tolist() == [2]
    assert found.directions[2, 0] < 0
    assert found.separated == int(X[:, 1].sum())
    assert find(X, y, (family_named("poisson"), "sqrt")) is None


def test_weights_and_offsets_do_not_matter_but_zero_weights_do():
    rng = np.random.default_rng(2)
    X, y = overlapping(rng, 60, 2)
    y = (X[:, 0] > 0).astype(float)
    y[:2] = 1 - y[:2]
    weight = np.ones(60)
    assert find(X, y, sample_weight=weight + rng.random(60), offset=100 * rng.normal(size=60)) is None
    weight[:2] = 0
    assert find(X, y, sample_weight=weight).complete


def test_kept_columns():
    rng = np.random.default_rng(3)
    X, y = overlapping(rng, 80, 3)
    X[:, 1] = rng.random(80) < 0.1
    y[X[:, 1] == 1] = 0
    wide = np.column_stack([X, X[:, 1] * 2 + 1, np.full(80, 7.0)])
    found = find(wide, y, kept=np.array([0, 1, 2]))
    assert np.flatnonzero(found.directions[:, 0]).tolist() == [2]
    every = find(wide, y)  # without being told which are independent
    assert (every.separated, every.remaining) == (found.separated, found.remaining)


# ---------------------------------------------------------------------------------------------------------- hard numbers
@pytest.mark.parametrize("shift", [0.0, 1e9, -1e12])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_raw_units(shift, scale):
    rng = np.random.default_rng(4)
    X, y = overlapping(rng, 400, 4)
    X[:, 2] = rng.random(400) < 0.05
    far = X * scale + shift * scale
    assert find(far, y) is None
    y[X[:, 2] == 1] = 1
    found = find(far, y)
    assert np.flatnonzero(found.directions[1:, 0]).tolist() == [2]
    assert found.separated == int(X[:, 2].sum())
    y = (X[:, 0] + X[:, 1] > 0.1).astype(float)
    assert find(far, y).complete


def test_columns_of_very_different_scales():
    rng = np.random.default_rng(5)
    X, y = overlapping(rng, 500, 6)
    scale = np.array([1e-8, 1e8, 1.0, 1e-4, 1e4, 1e2])
    assert find(X * scale, y) is None
    assert find(X * scale, (X.sum(axis=1) > 0).astype(float)).complete


@pytest.mark.parametrize("overlap", [1e-3, 1e-6, 1e-9, 1e-12])
def test_tiny_overlaps_and_gaps(overlap):
    rng = np.random.default_rng(6)
    n, p = 300, 3
    X = rng.normal(size=(n, p))
    X = X[np.abs(X[:, 0]) > 0.1]
    near = rng.normal(size=(40, p))
    near[:, 0] = np.where(np.arange(40) % 2, overlap, -overlap)
    X = np.concatenate([X, near])
    y = (X[:, 0] > 0).astype(float)
    assert find(X, y).complete
    y[-40:] = 1 - y[-40:]
    assert find(X, y) is None


def test_polynomials():
    x = np.linspace(0, 100, 400)
    X = np.column_stack([x**k for k in range(1, 5)])
    inside = ((x > 20) & (x < 40)) | (x > 80)
    found = find(X, inside.astype(float))
    assert found.complete
    flipped = inside.astype(float)
    flipped[[0, 200, 300]] = 1 - flipped[[0, 200, 300]]
    assert find(X, flipped) is None


def test_many_dummies():
    rng = np.random.default_rng(7)
    n, p = 4000, 150
    level = rng.integers(0, p + 1, n)
    X = (level[:, None] == np.arange(p)).astype(float)
    y = (rng.random(n) < 0.5).astype(float)
    none = [j for j in range(p) if len(set(y[level == j])) == 1]
    assert not none
    assert find(X, y) is None
    y[level == 3] = 0
    y[level == 17] = 1
    found = find(X, y, max_rows=1000)
    assert found.separated == int(((level == 3) | (level == 17)).sum())
    moved = np.column_stack([found.directions, found.undetermined])
    assert np.flatnonzero(moved.any(axis=1)).tolist() == [4, 18]
    sparse = find(sp.csr_array(X), y, max_rows=1000)
    assert (sparse.separated, sparse.remaining) == (found.separated, found.remaining)


def test_a_rare_level_far_down_the_rows():
    rng = np.random.default_rng(8)
    X, y = overlapping(rng, 20000, 5)
    X[:, 2] = 0
    X[[15000, 19000], 2] = 1
    y[[15000, 19000]] = 0, 1
    assert find(X, y, max_rows=2000, threads=2) is None
    y[15000] = 1
    found = find(X, y, max_rows=2000, threads=2)
    assert (found.separated, np.flatnonzero(found.directions[:, 0]).tolist()) == (2, [3])


def test_hint():
    rng = np.random.default_rng(9)
    X = rng.normal(size=(3000, 4)) + 5
    b = np.array([-4.0, 1, 2, -1, -1.2])
    y = (b[0] + X @ b[1:] > 0).astype(float)
    assert find(X, y, hint=1e3 * b, max_rows=1000).complete
    assert find(X, y, hint=-b, max_rows=1000).complete
    assert find(X, y, hint=np.full(5, np.nan), max_rows=1000).complete
    y[:20] = 1 - y[:20]
    assert find(X, y, hint=1e3 * b, max_rows=1000) is None


def test_blocks_and_threads_do_not_move_a_bit():
    rng = np.random.default_rng(10)
    X = np.column_stack([rng.normal(size=(6000, 3)) * 7 + 3, rng.random(6000) < 0.01, rng.lognormal(0, 2, 6000)])
    y = (rng.random(6000) < 0.4).astype(float)
    y[X[:, 3] == 1] = 1
    for target in (y, (X[:, 0] - X[:, 1] > 0.1).astype(float)):
        one = find(X, target, max_rows=6000)
        for max_rows, threads in ((100, 1), (777, 2)):
            other = find(X, target, max_rows=max_rows, threads=threads)
            assert np.array_equal(one.directions, other.directions)
            assert np.array_equal(one.undetermined, other.undetermined)
