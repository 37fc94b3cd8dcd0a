"""Separation: whether the likelihood rises for ever along some direction, so that an estimate is infinite. It reads no rows.

References
----------
Albert and Anderson (1984), "On the existence of maximum likelihood estimates in logistic regression models", Biometrika 71.
Heinze and Schemper (2002), "A solution to the problem of separation in logistic regression", Statistics in Medicine 21.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.diagnostics.check import Check, likelihood
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity
from mathlearn.statistics.functional import parameter_names
from mathlearn.statistics.separation import infinite_signs
from mathlearn.statistics.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult

__all__ = ["CHECKS"]


def _check(result: FitResult) -> Iterator[Finding]:
    found = None if result.likelihood is None else result.likelihood.separation
    if found is None:
        return
    names = parameter_names(result)
    involved = tuple(name for name, sign in zip(names, infinite_signs(result).tolist(), strict=True) if sign)
    open_ended = np.isnan(infinite_signs(result)).any()
    yield Finding(
        name="separation",
        subject=involved,
        response=result.responses[0],
        severity=Severity.SERIOUS,
        effect=Effect(
            found.separated / result.n,
            "share of the rows whose fitted mean lies at the end of its range",
            f"{found.separated} of {result.n} rows are told apart with certainty{'' if found.complete else ', and the others are not'}: their "
            f"fitted means lie at the end of their range, and the estimates of {listed(involved)} are infinite{', or open' if open_ended else ''}.",
            float("inf"),
        ),
        matters="standard errors, tests and intervals of the columns involved; predictions are what the rows say",
        remedy="bias_reduction='firth', whose estimates are finite and whose intervals are of the profile likelihood; a penalty; or more rows",
    )


CHECKS = (
    Check(
        "separation",
        "infinite estimates, from the record of the fit",
        ("separation",),
        of_record=_check,
        applies=likelihood,
    ),
)
