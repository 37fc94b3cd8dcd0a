"""Separation against exact enumeration of the extreme rays of the recession cone, in rational arithmetic; and what must not matter."""

from fractions import Fraction
from itertools import combinations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mathlearn.calculus.separation import find_separation
from mathlearn.certify.recession import verify_separation
from mathlearn.data.bind import bind

many = settings(max_examples=150, deadline=None)
some = settings(max_examples=60, deadline=None)


def find(X, s, *, fit_intercept=True, max_rows=100, verify=True, **options):
    rows = bind(X, s)

    def signs(chunk):
        return np.ascontiguousarray(chunk.y[:, 0])

    found = find_separation(rows, signs, fit_intercept=fit_intercept, max_rows=max_rows, threads=1, **options)
    if found is not None and verify:
        evidence = verify_separation(
            rows, signs, found.directions, fit_intercept=fit_intercept, max_rows=max_rows, threads=1
        )
        assert evidence.ok
        assert (evidence.n_strict, evidence.n_zero) == (found.separated, found.remaining)
    return found


def eliminated(matrix):
    """Reduced row echelon form over the rationals, and its pivots."""
    rows, pivots = [[Fraction(x) for x in row] for row in matrix], []
    for j in range(len(rows[0]) if rows else 0):
        at = next((i for i in range(len(pivots), len(rows)) if rows[i][j]), None)
        if at is None:
            continue
        k = len(pivots)
        rows[k], rows[at] = rows[at], rows[k]
        rows[k] = [x / rows[k][j] for x in rows[k]]
        for i in range(len(rows)):
            if i != k and rows[i][j]:
                rows[i] = [a - rows[i][j] * b for a, b in zip(rows[i], rows[k], strict=True)]
        pivots.append(j)
    return rows, pivots


def null_vector(matrix, m):
    """The only direction that the rows leave at zero, or None where there are none or several."""
    rows, pivots = eliminated(matrix) if matrix else ([], [])
    if len(pivots) != m - 1:
        return None
    free = next(j for j in range(m) if j not in pivots)
    d = [Fraction(0)] * m
    d[free] = Fraction(1)
    for row, j in zip(rows, pivots, strict=False):
        d[j] = -row[free]
    return d


def separable(X, s, *, fit_intercept=True):
    """Rows that some direction of recession separates, exactly: those that its extreme rays do.

    In columns that are independent the cone has no line, so it is spanned by rays on each of which m - 1 independent
    constraints hold with equality.
    """
    full = [[1, *row] if fit_intercept else list(row) for row in X.astype(int).tolist()]
    pivots = eliminated(full)[1]
    full = [[row[j] for j in pivots] for row in full]
    m, sign = len(pivots), s.astype(int).tolist()
    if not m:
        return set()
    held = [row for row, each in zip(full, sign, strict=True) if not each]
    signed = sorted({tuple(row) for row, each in zip(full, sign, strict=True) if each})
    free = m - 1 - (len(eliminated(held)[1]) if held else 0)
    moved = set()
    for chosen in combinations(signed, max(free, 0)) if free >= 0 else ():
        ray = null_vector([*held, *map(list, chosen)], m)
        for d in () if ray is None else (ray, [-x for x in ray]):
            values = [sum(a * b for a, b in zip(row, d, strict=True)) for row in full]
            if all(e * v >= 0 if e else v == 0 for e, v in zip(sign, values, strict=True)):
                moved |= {i for i, (e, v) in enumerate(zip(sign, values, strict=True)) if e * v > 0}
    return moved


@st.composite
def problems(draw, most=10, columns=3, values=3):
    n, p = draw(st.integers(2, most)), draw(st.integers(1, columns))
    entry = st.integers(-values, values) if draw(st.booleans()) else st.integers(0, 1)
    X = np.array(draw(st.lists(st.lists(entry, min_size=p, max_size=p), min_size=n, max_size=n)), float)
    kind = draw(st.sampled_from([(-1, 1), (-1, 0), (-1, 0, 1)]))
    s = np.array(draw(st.lists(st.sampled_from(kind), min_size=n, max_size=n)), float)
    if draw(st.booleans()):  # more often separated: signs as a plane has them
        d = draw(st.lists(st.integers(-2, 2), min_size=p, max_size=p))
        v = X @ d + draw(st.integers(-2, 2))
        s = np.where(v == 0, s, np.sign(v) if kind == (-1, 1) else np.minimum(np.sign(v), 0))
    return X, s


def counts(found, n):
    return (0, n) if found is None else (found.separated, found.remaining)


@many
@given(problems(), st.booleans())
def test_agrees_with_exact_enumeration(problem, fit_intercept):
    X, s = problem
    moved = separable(X, s, fit_intercept=fit_intercept)
    found = find(X, s, fit_intercept=fit_intercept)
    assert counts(found, len(s)) == (len(moved), len(s) - len(moved))
    if found is not None:
        lead = np.ones((len(s), int(fit_intercept)))
        z = np.concatenate([lead, X], axis=1)
        still = ~np.abs(z @ found.directions > 1e-9).any(axis=1) & ~(z @ found.directions < -1e-9).any(axis=1)
        assert set(np.flatnonzero(~still)) == moved
        # Together the directions are what the remaining rows do not determine, among independent columns.
        basis = np.concatenate([found.directions, found.undetermined], axis=1)
        assert np.abs(z[still] @ basis).max(initial=0.0) < 1e-9
        assert (
            np.linalg.matrix_rank(basis)
            == basis.shape[1]
            == z.shape[1] - (np.linalg.matrix_rank(z[still]) if still.any() else 0)
        )


@some
@given(problems(most=14, columns=4), st.randoms(use_true_random=False))
def test_order_of_rows_and_blocks_do_not_matter(problem, random):
    X, s = problem
    order = list(range(len(s)))
    random.shuffle(order)
    expected = counts(find(X, s), len(s))
    assert counts(find(X[order], s[order]), len(s)) == expected
    one = find(X, s, max_rows=1)
    assert counts(one, len(s)) == expected
    assert counts(find(np.repeat(X, 3, axis=0), np.repeat(s, 3)), 3 * len(s)) == (3 * expected[0], 3 * expected[1])


@some
@given(
    problems(most=14, columns=4),
    st.lists(st.sampled_from([1e-8, 0.3, 1.0, -7.7, 1e8]), min_size=4, max_size=4),
    st.lists(st.sampled_from([0.0, 1.0, -31.7, 1e6, 1e9]), min_size=4, max_size=4),
)
def test_affine_changes_of_columns_do_not_matter(problem, scale, shift):
    X, s = problem
    p = X.shape[1]
    z = np.concatenate([np.ones((len(s), 1)), X], axis=1)
    assume(np.linalg.matrix_rank(z) == p + 1)
    scale, shift = np.array(scale[:p]), np.array(shift[:p])
    moved = (X + shift) * scale
    assert counts(find(moved, s), len(s)) == counts(find(X, s), len(s))


@some
@given(problems(most=14, columns=4))
def test_combinations_of_columns_do_not_matter(problem):
    X, s = problem
    p = X.shape[1]
    mix = np.triu(np.ones((p, p)))
    assert counts(find(X @ mix, s), len(s)) == counts(find(X, s), len(s))


@some
@given(st.integers(0, 10**6), st.integers(1, 5), st.booleans())
def test_many_rows(seed, p, separated):
    """More rows than are drawn: rows that object must be found."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(9000, p))
    b = rng.normal(size=p)
    b /= np.linalg.norm(b)
    s = np.where(X @ b > 0.2, 1.0, -1.0)
    if not separated:
        inside = np.argsort(X @ b)[3000]  # with hundreds of its own kind on all sides
        s[inside] = -s[inside]
    found = find(X, s, max_rows=3000)
    assert (found is not None and found.complete) == separated
    assert separated or found is None
