"""poly() and bs(): against R, and what they promise by themselves."""

from __future__ import annotations

from pathlib import Path

import formula_support as support
import numpy as np
import pytest
from formula_support import batches_of, learn

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.formula.poly import Measure

REFERENCE = Path(__file__).parents[1] / "reference" / "formula"
"""Made by make_reference.R beside the values."""


def stored(name):
    return np.loadtxt(REFERENCE / f"{name}.csv", delimiter=",", ndmin=2)


def fitted_and_new(term, **arrays):
    """Encode the reference rows, and other rows by what was learned from these."""
    x, new = stored("x")[:, 0], stored("new")[:, 0]
    encoding = learn(f"~ {term}", {"x": arrays.get("x", x)})
    frames = [encoding.encode(next(batches_of({"x": v})), with_response=False).X for v in (arrays.get("x", x), new)]
    return encoding, *frames


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("poly(x, 4)", "poly4"),
        ("bs(x, df=6)", "bs6"),
        ("bs(x, knots=[2, 8], bounds=[-2, 13], degree=2)", "bs_knots"),
    ],
)
def test_r_gives_the_same(term, name):
    encoding, fitted, new = fitted_and_new(term)
    np.testing.assert_allclose(fitted, stored(f"{name}_fit"), rtol=0, atol=4e-15)
    np.testing.assert_allclose(new, stored(f"{name}_new"), rtol=1e-14, atol=4e-15)
    assert encoding.terms == tuple(f"{term}[{k + 1}]" for k in range(fitted.shape[1]))


def test_polynomials_do_not_feel_an_offset():
    x = stored("x")[:, 0]
    encoding = learn("~ poly(x, 3)", {"x": x + 1e6})
    moved = encoding.encode(next(batches_of({"x": x + 1e6})), with_response=False).X
    np.testing.assert_allclose(moved, stored("poly4_fit")[:, :3], rtol=0, atol=4e-15)
    # R, which does not shift before it multiplies, is some digits off here
    np.testing.assert_allclose(moved, stored("poly3_far_fit"), rtol=0, atol=1e-8)


@pytest.mark.parametrize("degree", [1, 2, 5, 12, 25])
@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_polynomials_are_orthonormal_on_the_data(degree, offset):
    rng = np.random.default_rng(3)
    x = offset + rng.uniform(-1, 1, 300)
    P = learn(f"~ poly(x, {degree})", {"x": x}, size=100).encode(next(batches_of({"x": x})), with_response=False).X
    full = np.column_stack([np.full(300, 300**-0.5), P])
    np.testing.assert_allclose(full.T @ full, np.eye(degree + 1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [700, 5000, 40_000])
def test_compressed_streams_keep_the_recurrence(size):
    rng = np.random.default_rng(11)
    x = np.concatenate([rng.normal(size=20_000), rng.lognormal(size=20_000)]) * 3 + 50
    whole, parts = Measure(6, x[0]), Measure(6, x[0])
    whole.add(np.sort(x)[::-1])
    for start in range(0, len(x), size):
        parts.add(x[start : start + size])
    P, Q = (measure.recurrence("poly(x, 6)").evaluate(x) for measure in (whole, parts))
    np.testing.assert_allclose(P.T @ P, np.eye(6), rtol=0, atol=1e-11)
    np.testing.assert_allclose(Q, P, rtol=1e-10, atol=1e-11)


def test_too_few_distinct_values():
    with pytest.raises(DomainError, match=r"poly\(x, 3\) needs more than 3 distinct values, and there are 3"):
        learn("~ poly(x, 3)", {"x": np.array([1.0, 2, 3, 3, 2, 1])}, size=2)


def test_a_polynomial_through_all_distinct_values():
    x = np.array([1.0, 2, 3, 4])
    P = learn("~ poly(x, 3)", {"x": x}).encode(next(batches_of({"x": x})), with_response=False).X
    np.testing.assert_allclose(P.T @ P, np.eye(3), atol=1e-14)


def test_polynomials_of_an_expression():
    x = np.linspace(1, 5, 9)
    outer = learn("~ poly(log(x + 1), 2)", {"x": x}).encode(next(batches_of({"x": x})), with_response=False).X
    inner = learn("~ poly(x, 2)", {"x": np.log(x + 1)})
    expected = inner.encode(next(batches_of({"x": np.log(x + 1)})), with_response=False).X
    np.testing.assert_array_equal(outer, expected)


def test_splines_sum_to_one_with_the_one_left_out():
    x = np.linspace(0, 1, 50)
    B = learn("~ bs(x, df=7)", {"x": x}).encode(next(batches_of({"x": x})), with_response=False).X
    assert B.shape == (50, 7)
    assert (B >= 0).all()
    first = 1 - B.sum(axis=1)
    np.testing.assert_allclose(first[[0, -1]], [1, 0], atol=1e-15)


def test_splines_end_at_their_bounds():
    x = np.linspace(0, 1, 50)
    encoding = learn("~ bs(x, df=4)", {"x": x})
    with pytest.raises(DomainError, match=r"in \[0\.0, 1\.0\].*1 of the first 2 rows, first in row 1 \(1\.5\)"):
        encoding.encode(next(batches_of({"x": np.array([0.5, 1.5])})), with_response=False)


def test_splines_skip_missing_values():
    x = np.array([0.0, np.nan, 0.5, 1.0, 0.2, 0.7])
    encoding = learn("~ bs(x, df=4)", {"x": x})
    batch = encoding.encode(next(batches_of({"x": x})), with_response=False)
    assert np.flatnonzero(batch.bad).tolist() == [1]
    assert encoding.factors[0].basis.knots.tolist() == [0.5]


@pytest.mark.parametrize("term", ["bs(x, df=5)", "bs(x)", "bs(x, knots=[2])", "bs(x, df=5, bounds=[0, 20])"])
def test_streams_need_knots_and_bounds(term):
    with pytest.raises(SchemaError, match=r"stream. Give both: bs\(x, knots=\[\.\.\.\], bounds=\[lower, upper\]\)"):
        learn(f"~ {term}", support.small(), in_memory=False)


def test_quantiles_that_coincide():
    with pytest.raises(DomainError, match=r"do not increase strictly.*lower df"):
        learn("~ bs(x, df=8)", {"x": np.array([0.0] * 20 + [1.0, 2.0])})
