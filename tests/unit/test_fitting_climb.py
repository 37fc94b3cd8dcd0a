"""Which rung of the ladder answers which problem."""

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn.data.bind import bind
from mathlearn.fitting.linear import fit_linear
from mathlearn.fitting.spec import LinearSpec
from mathlearn.linear_model import LinearRegression
from tests.certificates.problems import Problem, design


def rung(problem):
    result = problem.fit()
    assert result.certificate.ok, (result.rung, result.certificate)
    return result.rung


def quick(problem, **spec):
    return Problem(problem.X, problem.y, problem.weight, small=False, spec=spec)


def test_small_problems_get_every_digit():
    for problem in (design(n=30, p=1), design(n=200, p=6), design(noise=1e-8), design(offset=1e6)):
        assert rung(problem) == "double-double"
        assert problem.fit().certificate.digits > 15


def test_large_well_conditioned_problems_stop_at_the_first_rung():
    problem = design(n=11_000, p=100)  # n p^2 is just above 1e8
    result = problem.fit()
    assert result.rung == "cholesky"
    assert result.certificate.ok
    assert result.certificate.digits > 8
    assert result.certificate.error_in_se < 1e-6


@pytest.mark.parametrize("noise", [1e-7, 1e-10])
def test_faint_noise_is_refined(noise):
    assert rung(quick(design(n=3000, noise=noise))) == "refinement"


@pytest.mark.parametrize("share", [1e-5, 1e-8, 1e-10])
def test_near_dependence_climbs_to_the_last_rung(share):
    problem = design()
    X = np.column_stack([problem.X, problem.X[:, 0] + share * np.random.default_rng(3).normal(size=60)])
    result = Problem(X, problem.y, small=False).fit()
    assert result.rung == "double-double"
    assert result.rank == 5


def test_a_number_for_tol_and_no_intercept_skip_the_first_rung():
    assert rung(quick(design(), tol=1e-8)) == "double-double"
    assert rung(quick(design(), fit_intercept=False)) == "double-double"


def test_dependent_columns_are_said_to_be_solved_by_the_minimum_norm():
    problem = design()
    for X in (np.column_stack([problem.X, problem.X[:, 0]]), np.column_stack([problem.X, np.ones(60)])):
        for small in (True, False):
            assert rung(Problem(X, problem.y, small=small)) == "minimum-norm"


@pytest.mark.parametrize("n", [1, 2, 4])
def test_fewer_rows_than_parameters(n):
    problem = design(n=n, p=4)
    result = problem.fit()
    assert result.rung == "minimum-norm"
    assert "4 columns for" in result.withheld


def test_rungs_agree():
    one, other = design(n=500).fit(), quick(design(n=500)).fit()
    assert (one.rung, other.rung) == ("double-double", "cholesky")
    np.testing.assert_allclose(other.coef, one.coef, rtol=1e-13)
    np.testing.assert_allclose(other.deviance, one.deviance, rtol=1e-12)


def test_every_response_is_refined_when_one_needs_it():
    problem = design(n=3000, noise=1e-7)
    both = np.column_stack([problem.y, np.random.default_rng(0).normal(size=3000)])
    result = Problem(problem.X, both, small=False).fit()
    assert result.rung == "refinement"
    assert result.certificate.ok, result.certificate


def test_positive_coefficients():
    problem = design()
    result = fit_linear(bind(problem.X, problem.y), LinearSpec(positive=True))
    assert result.rung == "active-set"
    assert result.covariance is None


@pytest.mark.parametrize(("n", "grade"), [(8000, "rows"), (30_000, "statistic")])
def test_a_stream_is_read_again_only_where_it_is_short(tmp_path, n, grade):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, 21)), columns=[f"c{j}" for j in range(21)])
    frame.to_parquet(tmp_path / "t.parquet")
    model = LinearRegression().fit(mathlearn.scan(tmp_path / "t.parquet"), "c20")
    assert model.certificate_.grade == grade
    assert model.certificate_.ok
    again = LinearRegression().fit(frame, "c20")
    np.testing.assert_allclose(model.coef_, again.coef_, rtol=0, atol=1e-13)
