"""Separation: whether the likelihood rises for ever along some direction, so that an estimate is infinite. It reads no rows.

References
----------
Albert and Anderson (1984), "On the existence of maximum likelihood estimates in logistic regression models", Biometrika 71.
Heinze and Schemper (2002), "A solution to the problem of separation in logistic regression", Statistics in Medicine 21.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.statistics.diagnostics.check import Check, any_likelihood
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity
from mathlearn.statistics.functional import parameter_names
from mathlearn.statistics.law import reducible
from mathlearn.statistics.separation import infinite_signs
from mathlearn.statistics.words import listed
from mathlearn.statistics.working import law_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Separation

__all__ = ["CHECKS"]


def _check(result: FitResult) -> Iterator[Finding]:
    found = None if result.likelihood is None else result.likelihood.separation
    if found is None:
        return
    names, signs = parameter_names(result), infinite_signs(result)
    involved = tuple(name for name, sign in zip(names, signs.tolist(), strict=True) if sign)
    open_ended = ", or open" if np.isnan(signs).any() else ""
    seen = _of_means(result, found) if result.stack is None else _of_classes(result, found)
    yield Finding(
        name="separation",
        subject=involved,
        response=result.responses[0],
        severity=Severity.SERIOUS,
        effect=Effect(
            found.separated / result.n,
            seen.measure,
            f"{seen.sentence}, and the estimates of {listed(involved)} are infinite{open_ended}.",
            float("inf"),
        ),
        matters="standard errors, tests and intervals of the columns involved; predictions are what the rows say",
        remedy=seen.remedy,
    )


class _Seen(NamedTuple):
    """What is separated, in words, and what can be done."""

    measure: str
    sentence: str
    remedy: str


def _of_means(result: FitResult, found: Separation) -> _Seen:
    others = "" if found.complete else ", and the others are not"
    return _Seen(
        "share of the rows whose fitted mean lies at the end of its range",
        f"{found.separated} of {result.n} rows are told apart with certainty{others}: their fitted means lie at the end of their range",
        f"{_finite(result)}; or more rows",
    )


def _finite(result: FitResult) -> str:
    """Say what has finite estimates, by the law of the fit."""
    penalty = "a penalty, whose estimates are finite"
    family, link = law_of(result)
    if not reducible(family, link.name):
        return penalty
    return "bias_reduction='firth', whose estimates are finite and whose intervals are of the profile likelihood; a penalty"


def _of_classes(result: FitResult, found: Separation) -> _Seen:
    return _Seen(
        "share of the rows for which a class is ruled out",
        f"For {found.separated} of {result.n} rows some class is ruled out: its probability goes to zero",
        "a penalty, whose estimates are finite; or more rows, or fewer levels and classes",
    )


CHECKS = (
    Check(
        "separation",
        "infinite estimates, from the record of the fit",
        ("separation",),
        of_record=_check,
        applies=any_likelihood,
    ),
)
