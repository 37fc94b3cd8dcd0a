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
from mathlearn.statistics.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.statistics.diagnostics.case import Case

__all__ = ["CHECKS"]


def _check(case: Case) -> Iterator[Finding]:
    result = case.result
    found = None if result.likelihood is None else result.likelihood.separation
    if found is None:
        return
    involved = [name for name, moved in zip(case.names, np.abs(found.directions).max(axis=0) > 0.0, strict=True) if moved]
    how = "completely" if found.complete else "in part"
    yield Finding(
        name="separation",
        subject=tuple(involved),
        response=result.responses[0],
        severity=Severity.SERIOUS,
        effect=Effect(
            found.separated / result.n,
            "share of the rows whose fitted mean lies at the end of its range",
            f"{listed(involved)} tell the outcomes apart {how}: in {found.separated} of {result.n} rows the fitted mean is at the end of its range. "
            "These coefficients have no finite estimate, and are withheld.",
            float("inf"),
        ),
        matters="coefficients of the columns involved; predictions and the other coefficients are not affected",
        remedy="bias_reduction='firth', whose estimates are finite with intervals from their profile; or fewer columns, or a penalty",
    )


CHECKS = (
    Check("separation", "infinite estimates, from the record of the fit", ("separation",), without_rows=_check, applies=likelihood),
)
