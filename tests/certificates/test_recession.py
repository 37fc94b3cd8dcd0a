"""The evidence accepts directions of recession and rejects what is a little off."""

import numpy as np
import pytest

from mathlearn.certify.recession import verify_separation
from mathlearn.data.bind import bind

LEVEL = np.array([[0.0]] * 6 + [[1.0]] * 4)
SIGNS = np.array([-1.0, 1, -1, 1, 1, -1, 1, 1, 1, 1])


def verify(X, s, directions, **options):
    options = {"fit_intercept": True, "max_rows": 3, "threads": 1} | options
    return verify_separation(bind(X, s), lambda chunk: chunk.y[:, 0], np.asarray(directions, float), **options)


def test_accepts():
    found = verify(LEVEL, SIGNS, [[0.0], [1.0]])
    assert found.ok
    assert (found.n_strict, found.n_zero, found.worst) == (4, 6, 0.0)


@pytest.mark.parametrize("off", [1e-2, 1e-6, 1e-10, 1e-13])
@pytest.mark.parametrize("entry", [0, 1])
def test_rejects_a_perturbed_direction(off, entry):
    rng = np.random.default_rng(0)
    X = np.column_stack([LEVEL[:, 0], rng.normal(size=10)])
    d = np.array([[0.0], [1.0], [0.0]])
    assert verify(X, SIGNS, d).ok
    d[2 * entry] += off
    assert not verify(X, SIGNS, d).ok
    d[2 * entry] -= 2 * off
    assert not verify(X, SIGNS, d).ok


@pytest.mark.parametrize(
    "directions", [[[0.0], [-1.0]], [[0.0], [0.0]], [[1.0], [0.0]], [[np.nan], [1.0]], [[0.0], [np.inf]]]
)
def test_rejects_what_does_not_separate(directions):
    assert not verify(LEVEL, SIGNS, directions).ok


def test_rejects_a_further_direction_that_separates_nothing():
    assert not verify(LEVEL, SIGNS, [[0.0, 0.0], [1.0, 1.0]]).ok


def test_rejects_none():
    assert not verify(LEVEL, SIGNS, np.zeros((2, 0))).ok


def test_a_row_of_no_sign_must_not_move():
    s = SIGNS.copy()
    assert verify(LEVEL, s, [[0.0], [1.0]]).ok
    s[9] = 0
    assert not verify(LEVEL, s, [[0.0], [1.0]]).ok


def test_later_directions_are_judged_on_what_is_left():
    X = np.array([[1.0, -5], [0, 1], [0, 0], [0, 0]])
    s = np.array([1.0, 1, 1, -1])
    both = [[0.0, 0], [1, 0], [0, 1]]
    found = verify(X, s, both)
    assert found.ok
    assert found.each.tolist() == [1, 1]
    assert not verify(X, s, np.array(both)[:, ::-1]).ok


def test_far_columns_are_judged_to_their_rounding():
    far = LEVEL + 1e9
    assert verify(far, SIGNS, [[-1e9], [1.0]]).ok
    assert not verify(far, SIGNS, [[-1e9 + 1e-4], [1.0]]).ok


@pytest.mark.parametrize("threads", [1, 2])
def test_blocks_do_not_matter(threads):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 3))
    d = np.array([0.2, 1.0, -0.5, 0.3])
    s = np.sign(d[0] + X @ d[1:])
    found = verify(X, s, d[:, None], max_rows=70, threads=threads)
    assert found == (found.each, 500, 0, 0.0)
    s[7] = -s[7]
    assert not verify(X, s, d[:, None], max_rows=70, threads=threads).ok
    assert verify(X, s, d[:, None], max_rows=500, threads=1).worst == verify(X, s, d[:, None], max_rows=1).worst
