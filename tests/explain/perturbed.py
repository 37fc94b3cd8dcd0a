"""Records that are wrong in one number, and the steps that must say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.explain.derivation import Derivation, StepCheck
    from mathlearn.results.fit_result import FitResult

    Change = Callable[[FitResult], FitResult]


def failures(derivation: Derivation) -> list[tuple[str, StepCheck]]:
    """Checks that fail, each with the heading of its step."""
    return [(step.heading, check) for step in derivation for check in step.checks if not check.passed]


def _scaled(name: str, by: float = 1 + 1e-6) -> Change:
    return lambda r: replace(r, **{name: getattr(r, name) * by})


def _plus(name: str, by: float) -> Change:
    return lambda r: replace(r, **{name: getattr(r, name) + by})


def _part(part: str, **changes: Callable[[Any], object]) -> Change:
    """Change numbers of one part of the record: of its covariance, its likelihood, its stack."""

    def change(r: FitResult) -> FitResult:
        old = getattr(r, part)
        new = {name: of(getattr(old, name)) for name, of in changes.items()}
        return replace(r, **{part: replace(old, **new)})

    return change


def _curvature(name: str, by: float = 1 + 1e-6) -> Change:
    return _part("curvature", **{name: lambda x: x * by})


def _one_coefficient(r: FitResult) -> FitResult:
    coef = r.coef.copy()
    j = int(np.flatnonzero(coef[0])[0])
    coef[0, j] *= 1 + 1e-6
    return replace(r, coef=coef)


def _along_null(r: FitResult) -> FitResult:
    return replace(r, coef=r.coef + 1e-6 * r.curvature.null[:, 0])


def _null_moved(r: FitResult, by: float = 1e-6) -> FitResult:
    null = r.curvature.null.copy()
    null[0] += by
    return replace(r, curvature=replace(r.curvature, null=null))


def _null_far(r: FitResult) -> FitResult:
    """The loss rises with the square of the distance from the direction."""
    return _null_moved(r, 1e-3)


def _flag(r: FitResult) -> FitResult:
    estimable = r.estimable.copy()
    estimable[-1] = not estimable[-1]
    return replace(r, estimable=estimable)


def _skew(meat: np.ndarray) -> np.ndarray:
    out = meat.copy()
    out[:, 0, 1] += 1e-6 * np.abs(meat).max()
    return out


def _failed_check(name: str) -> Change:
    def change(r: FitResult) -> FitResult:
        checks = tuple(replace(c, value=2 * c.threshold + 1) if c.name == name else c for c in r.certificate.checks)
        return replace(r, certificate=replace(r.certificate, checks=checks))

    return change


def _negative(r: FitResult) -> FitResult:
    coef = r.coef.copy()
    coef[0, 0] = -0.5
    return replace(r, coef=coef)


def _with_curvature(r: FitResult) -> FitResult:
    from mathlearn.results.fit_result import Curvature

    p = len(r.terms)
    return replace(
        r, curvature=Curvature(np.zeros(p), np.zeros(p), np.eye(p), np.zeros(p), np.empty((p, 0)), np.ones(p))
    )


def _no_aliases(r: FitResult) -> FitResult:
    return replace(r, aliases=())


# Heading of a step -> (fit, what is put wrong in its record).
FIT: dict[str, list[tuple[str, Change]]] = {
    "The model": [
        ("penguins", _plus("n", 1)),
        ("penguins", _plus("df_resid", -1)),
        ("precision weights", _scaled("weight_sum")),
        ("frequency weights", _plus("n", -1)),
        ("rank-deficient", _plus("rank", 1)),
        ("p > n", _plus("df_resid", 3)),
    ],
    "The loss": [
        ("penguins", _scaled("deviance")),
        ("raw units", _scaled("deviance")),
        ("no intercept, weights", _scaled("deviance")),
        ("positive", _scaled("deviance", 1e3)),
    ],
    "The gradient is zero": [
        ("penguins", _scaled("centre")),
        ("penguins", _one_coefficient),
        ("rank-deficient", _one_coefficient),
        ("no intercept", _plus("intercept", 1e-9)),
        ("p > n", _failed_check("normal_equations")),
    ],
    "The normal equations": [
        ("penguins", _one_coefficient),
        ("raw units", _one_coefficient),
        ("Longley", _one_coefficient),
        ("huge integers", _one_coefficient),
        ("first rung", _one_coefficient),
    ],
    "What the data leave open": [
        ("rank-deficient", _null_moved),
        ("rank-deficient", _flag),
        ("rank-deficient, constants", _null_moved),
    ],
    "The factorisation": [
        ("penguins", _curvature("whitener")),
        ("penguins", _curvature("mean")),
        ("penguins", _scaled("condition_raw")),
        ("penguins", _scaled("condition_scaled")),
        ("no intercept", _curvature("whitener")),
        ("rank-deficient", _scaled("condition_scaled")),
        ("seventy columns", _scaled("condition_scaled", 2.0)),
    ],
    "The solution": [
        ("penguins", _one_coefficient),
        ("penguins", _scaled("intercept")),
        ("raw units", _scaled("intercept")),
        ("huge integers", _scaled("intercept")),
        ("rank-deficient", _along_null),
        ("p > n", _failed_check("minimum_norm")),
        ("positive", _negative),
    ],
    "It is the minimum": [
        ("penguins", _one_coefficient),
        ("penguins", _failed_check("normal_equations")),
        ("rank-deficient", _null_far),
    ],
    "The split of the sum of squares": [
        ("penguins", _scaled("null_deviance")),
        ("penguins", _scaled("deviance")),
        ("no intercept", _scaled("null_deviance")),
        ("exact fit", _scaled("null_deviance")),
        ("positive", _scaled("deviance", 1e3)),
    ],
    "Why there is no standard error": [
        ("p > n", _plus("n", 50)),
        ("positive", _with_curvature),
        ("saturated", _plus("df_resid", -1)),
        ("undefined HC3", _plus("df_resid", 1)),
    ],
    "The distribution of the estimate": [
        ("penguins", _scaled("deviance")),
        ("penguins", _curvature("whitener")),
        ("penguins", _plus("df_resid", 1)),
        ("huge integers", _curvature("mean_white")),
        ("HC0", _part("covariance", meat=lambda m: m * (1 + 1e-6))),
        ("HC1", _part("covariance", meat=lambda m: m * (1 + 1e-6))),
        ("penguins, HC3", _part("covariance", meat=lambda m: m * 0.5)),
        ("cluster", _part("covariance", meat=_skew)),
        ("HAC", _part("covariance", meat=lambda m: -m)),
        ("HC2, weights", _part("covariance", meat=_skew)),
    ],
    "One coefficient in full": [
        ("penguins", _part("covariance", df=lambda df: df + 1)),
        ("cluster", _part("covariance", df=lambda df: df + 1)),
    ],
    "Its estimate and standard error": [
        ("penguins", _one_coefficient),
        ("penguins", _curvature("whitener")),
        ("penguins", _scaled("deviance")),
        ("Longley", _scaled("deviance")),
    ],
    "Its t statistic and p-value": [
        ("penguins", _part("covariance", df=lambda df: df - 1)),
        ("cluster", _part("covariance", df=lambda df: df - 1)),
    ],
    "Its interval": [
        ("penguins", _part("covariance", df=lambda df: df - 1)),
        ("HC1", _part("covariance", df=lambda df: df - 1)),
    ],
    "In plain words": [("penguins", _scaled("coef", 1.01)), ("Longley", _scaled("coef", 1.01))],
}

# The same of predictions.
ROW: dict[str, list[tuple[str, Change]]] = {
    "The prediction": [
        ("penguins", _scaled("intercept")),
        ("penguins", _scaled("centre")),
        ("huge integers", _scaled("centre")),
    ],
    "How far the row lies from the data": [
        ("penguins", _curvature("whitener")),
        ("no intercept", _curvature("whitener")),
    ],
    "The data do not determine this prediction": [("rank-deficient", _no_aliases)],
    "Its intervals": [
        ("penguins", _part("covariance", df=lambda df: df + 1)),
        ("penguins", _scaled("deviance")),
        ("penguins", _curvature("whitener")),
        ("cluster", _part("covariance", df=lambda df: df + 1)),
    ],
    "Why it has no interval": [("saturated", _plus("df_resid", -1)), ("positive", _with_curvature)],
}
