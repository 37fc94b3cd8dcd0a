"""What a fit refuses before it starts, and warns of when it is done: the same for every linear model."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from mathlearn._errors import CountWarning, DomainError, PrecisionWarning, RankDeficiencyWarning
from mathlearn._sklearn import ConvergenceWarning
from mathlearn.results.fit_result import DefectKind, Status
from mathlearn.statistics.functional import no_estimates
from mathlearn.statistics.reasons import fractional_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mathlearn.results.fit_result import FitResult


def check_covariance(kind: str, options: Mapping[str, Any] | None, groups: Any) -> None:
    """Refuse what the covariance would silently leave unused."""
    if groups is not None and kind != "cluster":
        raise DomainError(
            f"groups= is given, but covariance={kind!r} takes no clusters: pass covariance='cluster', or leave groups out"
        )
    if options and kind != "HAC":
        raise DomainError(
            f"covariance_options={dict(options)!r} is given, but covariance={kind!r} has no options: "
            "pass covariance='HAC', or leave them out"
        )


def warn(result: FitResult, depth: int = 3) -> None:
    """Emit at most one warning a fit, `depth` calls up."""
    if result.status is Status.OPTIMAL and result.certificate.unique:
        told = fractional_counts(result)
        if told is not None:
            warnings.warn(told, CountWarning, stacklevel=depth)
        for defect in result.defects:
            if defect.kind is DefectKind.FEW_DIGITS:
                warnings.warn(defect.message, PrecisionWarning, stacklevel=depth)
        return
    reasons = " ".join(defect.message for defect in result.defects)
    if not result.certificate.ok:
        failed = ", ".join(check.name for check in result.certificate.checks if not check.passed)
        stopped = "" if no_estimates(result) else f"{result.status.value}. "
        message = f"the fit is not certified ({failed}): {stopped}{reasons}"
        warnings.warn(message.strip(), ConvergenceWarning, stacklevel=depth)
    elif not result.certificate.unique:
        warnings.warn(reasons, RankDeficiencyWarning, stacklevel=depth)
