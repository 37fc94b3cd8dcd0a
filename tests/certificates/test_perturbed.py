"""A certificate accepts the solution and rejects one that is a little off, whichever rung it comes from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mathlearn.certify.least_squares import certificate
from mathlearn.certify.statistic_grade import from_statistic
from mathlearn.fitting.climb import residual_scale
from mathlearn.fitting.refit import verified
from mathlearn.linalg import ladder
from tests.certificates.problems import Problem, design, problems

PROBLEMS = problems()
SHARE_OF_SE = 1e-5
RELATIVE = 1e-7


@pytest.fixture(scope="module")
def fits():
    """Every problem, solved once."""
    return {name: problem.fit() for name, (_, problem) in PROBLEMS.items()}


@pytest.fixture(params=PROBLEMS)
def case(request, fits):
    """Return a fit and its rows, for every rung."""
    return fits[request.param], PROBLEMS[request.param][1].rows


def standard_errors(result):
    curvature, sigma = result.curvature, np.sqrt(result.deviance[0] / result.df_resid)
    slopes = sigma * np.linalg.norm(curvature.whitener, axis=1)
    constant = sigma * np.sqrt(1.0 / result.weight_sum + curvature.mean_white @ curvature.mean_white)
    return constant, slopes


def accepted(result, rows):
    return verified(result, rows).ok


def with_curvature(result, **changes):
    return replace(result, curvature=replace(result.curvature, **changes))


def with_coefficient(result, j, value):
    coef = result.coef.copy()
    coef[0, j] = value
    return replace(result, coef=coef)


def determined(result):
    return np.flatnonzero(result.estimable[int(result.fit_intercept) :])


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_are_solved_on_the_rung_they_are_named_for(name, fits):
    assert fits[name].rung == PROBLEMS[name][0]


def test_the_solution_is_accepted(case):
    result, rows = case
    assert result.certificate.ok, result.certificate
    assert verified(result, rows).ok


@pytest.mark.parametrize("sign", [1, -1])
def test_a_coefficient_off_by_a_share_of_its_standard_error(case, sign):
    result, rows = case
    slopes = standard_errors(result)[1]
    for j in determined(result):
        assert not accepted(with_coefficient(result, j, result.coef[0, j] + sign * SHARE_OF_SE * slopes[j]), rows)


def test_a_coefficient_off_by_a_relative_share(case):
    result, rows = case
    slopes = standard_errors(result)[1]
    for j in determined(result):
        # Below 100 standard errors further digits say nothing, and none are promised.
        if abs(result.coef[0, j]) > 200 * slopes[j]:
            assert not accepted(with_coefficient(result, j, result.coef[0, j] * (1 + RELATIVE)), rows)


def test_the_intercept_off_by_a_share_of_its_standard_error(case):
    result, rows = case
    if result.fit_intercept and result.estimable[0]:
        step = SHARE_OF_SE * standard_errors(result)[0]
        assert not accepted(replace(result, intercept=result.intercept + step), rows)
        assert not accepted(replace(result, intercept=result.intercept - step), rows)


def test_two_coefficients_swapped(case):
    result, rows = case
    coef = result.coef.copy()
    coef[0, [0, 1]] = coef[0, [1, 0]]
    assert not accepted(replace(result, coef=coef), rows)


@pytest.mark.parametrize("factor", [1 + 1e-4, 1 - 1e-4, 0.0])
def test_another_residual_sum_of_squares(case, factor):
    result, rows = case
    assert not accepted(replace(result, deviance=result.deviance * factor), rows)


def test_a_row_of_the_whitener(case):
    result, rows = case
    for j in np.flatnonzero(result.curvature.whitener.any(axis=1)):
        whitener = result.curvature.whitener.copy()
        whitener[j] *= 1 + 1e-5
        assert not accepted(with_curvature(result, whitener=whitener), rows)


def test_a_mean_off_by_a_thousandth_of_its_standard_error(case):
    result, rows = case
    if result.fit_intercept:
        mean = result.curvature.mean.copy()
        mean[0] += 1e-3 / np.linalg.norm(result.curvature.whitener[0]) / np.sqrt(result.n)
        assert not accepted(with_curvature(result, mean=mean), rows)


@pytest.mark.parametrize("name", ["double-double", "cholesky", "refinement", "minimum-norm"])
def test_the_coordinates_of_the_intercept(name, fits):
    result, rows = fits[name], PROBLEMS[name][1].rows
    assert not accepted(with_curvature(result, mean_white=result.curvature.mean_white * 1.01 + 0.01), rows)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {"n": r.n + 1},
        lambda r: {"df_resid": r.df_resid + 1},
        lambda r: {"weight_sum": r.weight_sum * 1.01},
        lambda r: {"null_deviance": r.null_deviance * 1.01},
        lambda r: {"centre": r.centre * 1.01},
        lambda r: {"exact": ~r.exact},
    ],
    ids=["n", "df_resid", "weight_sum", "null_deviance", "centre", "exact"],
)
def test_the_books_of_the_fit(change, fits):
    result = fits["double-double"]
    assert not accepted(replace(result, **change(result)), PROBLEMS["double-double"][1].rows)


def test_other_rows(fits):
    for name in ("double-double", "cholesky", "minimum-norm"):
        problem = PROBLEMS[name][1]
        y = problem.y.copy()
        y[7] += 1e-3
        assert not accepted(fits[name], Problem(problem.X, y).rows)


def test_a_dependence_that_does_not_hold(fits):
    result, rows = fits["minimum-norm"], PROBLEMS["minimum-norm"][1].rows
    (alias,) = result.aliases
    wrong = replace(alias, coefficients=tuple(c * 1.001 for c in alias.coefficients))
    assert not accepted(replace(result, aliases=(wrong,)), rows)
    assert not accepted(replace(result, aliases=(replace(alias, constant=alias.constant + 0.01),)), rows)


def test_a_solution_that_is_not_the_shortest(fits):
    result, rows = fits["minimum-norm"], PROBLEMS["minimum-norm"][1].rows
    assert not accepted(replace(result, coef=result.coef + 0.5 * result.curvature.null[:, 0]), rows)


def test_a_parameter_that_is_said_to_be_determined_and_is_not(fits):
    result, rows = fits["minimum-norm"], PROBLEMS["minimum-norm"][1].rows
    assert not accepted(replace(result, estimable=np.ones_like(result.estimable)), rows)


def test_an_independent_column_said_to_depend():
    problem = design(p=3)
    result = Problem(problem.X[:, :2], problem.y).fit()
    alias = Problem(np.column_stack([problem.X[:, :2], problem.X[:, 0]]), problem.y).fit().aliases[0]
    curvature = result.curvature
    wider = {
        "mean": problem.X.mean(axis=0),
        "origin": np.zeros(3),
        "whitener": np.vstack([curvature.whitener, np.zeros((1, 2))]),
        "scale": np.append(curvature.scale, 1.0),
    }
    claimed = replace(
        with_curvature(result, **wider),
        terms=("x0", "x1", "x2"),
        coef=np.append(result.coef, [[0.0]], axis=1),
        estimable=np.array([True, False, True, False]),
        aliases=(alias,),
    )
    found = verified(claimed, problem.rows)
    assert "dependence" in {check.name for check in found.checks if not check.passed}


@pytest.fixture(scope="module")
def from_moments():
    """A solution of the first rung, of 400 rows."""
    moments = ladder.accumulate(design(n=400).rows, centred=True, threads=1)
    return ladder.plain(ladder.cholesky(moments, 4), moments, centred=True)


def accepted_by_the_statistic(solution):
    """Judge by the first grade, which sees the moments alone and knows how little they say."""
    sigma = residual_scale(solution, 400, centred=True)
    evidence = from_statistic(solution, centred=True)
    found, _ = certificate(evidence, solution, sigma, np.array([False]), np.ones(5, bool), centred=True)
    assert found.grade == "statistic"
    return found.ok


def test_statistic_the_solution(from_moments):
    assert accepted_by_the_statistic(from_moments)


def test_statistic_a_coefficient(from_moments):
    size = np.sqrt(from_moments.rss[0] / 395) * np.linalg.norm(from_moments.whitener, axis=1)
    for j in range(4):
        coef = from_moments.coef.copy()
        coef[0, j] += SHARE_OF_SE * size[j]
        assert not accepted_by_the_statistic(replace(from_moments, coef=coef))


def test_statistic_the_residual_sum_of_squares(from_moments):
    assert not accepted_by_the_statistic(replace(from_moments, rss=from_moments.rss * (1 + 1e-4)))


def test_statistic_a_row_of_the_whitener(from_moments):
    whitener = from_moments.whitener.copy()
    whitener[1] *= 1 + 1e-5
    assert not accepted_by_the_statistic(replace(from_moments, whitener=whitener))


def test_statistic_the_coordinates_of_the_intercept(from_moments):
    assert not accepted_by_the_statistic(replace(from_moments, mean_white=from_moments.mean_white * 1.01 + 0.01))


def test_statistic_the_intercept(from_moments):
    assert not accepted_by_the_statistic(replace(from_moments, intercept=from_moments.intercept + 0.5))


@pytest.mark.parametrize("times", [1e-3, 1.0])
def test_statistic_the_mean_of_the_response(from_moments, times):
    step = times * np.sqrt(from_moments.rss[0] / 395 / 400)
    moved = from_moments.centre + step
    intercept = from_moments.intercept + step  # which goes with it
    assert not accepted_by_the_statistic(replace(from_moments, centre=moved, intercept=intercept))
    assert not accepted_by_the_statistic(replace(from_moments, centre=moved))


def test_statistic_a_mean(from_moments):
    mean = from_moments.mean.copy()
    mean[0] += 0.01 * from_moments.moments.norms(centred=True)[0] / np.sqrt(400)
    intercept = from_moments.centre - from_moments.coef @ mean  # which goes with it
    assert not accepted_by_the_statistic(replace(from_moments, mean=mean, intercept=intercept))


def test_statistic_what_it_hides_is_no_residual(from_moments):
    """A residual within what the rounding of the statistic may hide is not held against the solution, one far beyond it is."""
    coef = from_moments.coef.copy()
    coef[0, 0] *= 1 + 1e-9
    evidence = from_statistic(replace(from_moments, coef=coef), centred=True)
    assert evidence.residual > evidence.residual_limit > from_statistic(from_moments, centred=True).residual
