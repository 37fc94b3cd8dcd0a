"""Least-squares problems of every kind, solved on every rung of the ladder."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mathlearn._errors import RankDeficiencyWarning
from mathlearn.data.bind import bind
from mathlearn.fitting import climb, dense
from mathlearn.fitting.linear import fit_linear
from mathlearn.fitting.spec import LinearSpec
from mathlearn.linear_model import LinearRegression

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult


@dataclass(frozen=True)
class Problem:
    """Rows, weights and what to fit; `small` says whether exact digits count as affordable."""

    X: Any
    y: Any
    weight: Any = None
    small: bool = True
    spec: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        return bind(self.X, self.y, sample_weight=self.weight)

    def fit(self) -> FitResult:
        weights_type = "none" if self.weight is None else "precision"
        with ladder_from_the_bottom(not self.small):
            return fit_linear(self.rows, LinearSpec(weights_type=weights_type, **self.spec))


def fit_quietly(X: Any, y: Any, weight: Any = None, **parameters: Any) -> LinearRegression:
    """Fit without a word on dependent columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankDeficiencyWarning)
        return LinearRegression(**parameters).fit(X, y, sample_weight=weight)


@contextlib.contextmanager
def ladder_from_the_bottom(wanted: bool = True) -> Iterator[None]:
    """Climb rung by rung even where the problem is small."""
    with pytest.MonkeyPatch.context() as patch:
        if wanted:
            for module in (climb, dense):
                patch.setattr(module, "SMALL", 0.0)
        yield


def design(seed: int = 0, n: int = 60, p: int = 4, noise: float = 1.0, offset: float = 0.0) -> Problem:
    """Return a well-conditioned problem."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + offset
    return Problem(X, 1.0 + (X - offset) @ np.arange(1.0, p + 1) + noise * rng.normal(size=n))


def _near_dependence(share: float) -> Problem:
    rng = np.random.default_rng(1)
    problem = design()
    X = problem.X.copy()
    X[:, 3] = X[:, 0] - X[:, 1] + share * rng.normal(size=len(X))
    return Problem(X, problem.y)


def _weighted(spread: float) -> Problem:
    problem = design()
    return Problem(problem.X, problem.y, 10.0 ** np.random.default_rng(2).uniform(-spread, spread, len(problem.X)))


def _dependent() -> Problem:
    problem = design()
    return Problem(np.column_stack([problem.X, 2 * problem.X[:, 0] - problem.X[:, 1]]), problem.y)


def _quick(problem: Problem) -> Problem:
    return Problem(problem.X, problem.y, problem.weight, small=False, spec=problem.spec)


def problems() -> dict[str, tuple[str, Problem]]:
    """Return name: (rung that is expected, problem)."""
    plain = design()
    return {
        "double-double": ("double-double", plain),
        "double-double, ill-conditioned": ("double-double", _near_dependence(1e-7)),
        "double-double, faint noise": ("double-double", design(noise=1e-6)),
        "double-double, far from zero": ("double-double", design(offset=1e6)),
        "double-double, weights": ("double-double", _weighted(6.0)),
        "double-double, no intercept": (
            "double-double",
            Problem(plain.X + 3.0, plain.y, spec={"fit_intercept": False}),
        ),
        "minimum-norm": ("minimum-norm", _dependent()),
        "minimum-norm, constant column": (
            "minimum-norm",
            Problem(np.column_stack([plain.X, np.full(len(plain.X), 0.1)]), plain.y),
        ),
        "cholesky": ("cholesky", _quick(plain)),
        "cholesky, far from zero": ("cholesky", _quick(design(offset=1e4))),
        "cholesky, weights": ("cholesky", _quick(_weighted(2.0))),
        "refinement": ("refinement", _quick(design(n=3000, noise=1e-7))),
        "double-double, climbed to": ("double-double", _quick(_near_dependence(1e-7))),
    }
