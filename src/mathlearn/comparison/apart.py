"""How far two fits of the same rows are apart, and what any such pair has in common; pure numbers and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isnan
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from mathlearn.results.certificate_text import digest
from mathlearn.statistics.cells import number
from mathlearn.statistics.words import first_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["SAME_DIGITS", "Apart", "Cause", "CauseKind", "causes_of", "our_evidence"]

CauseKind = Literal[
    "failed", "not certified", "rounding", "rank", "null space", "precision", "iterations", "cancellation", "conditioning", "penalty",
    "unexplained",
]  # fmt: skip

SAME_DIGITS = 8.0  # what half the digits of a double agree in differs by rounding
NEGLIGIBLE_SE = 0.01
SAME_PREDICTIONS = 1e-7  # in standard deviations of y
NAMED = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a difference, or for there being none.

    Attributes
    ----------
    kind : CauseKind
        Stable: machine-readable.
    sentence : str
    """

    kind: CauseKind
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What is known of any two fits beside each other; k parameters, intercept first. The base of the evidence of each kind of fit.

    Attributes
    ----------
    result : FitResult
    names : (k,)
    ours, theirs, std_error, digits : (q, k)
    gap : (q,) distance of the predictions, in standard deviations of y
    float32 : bool
    error : why scikit-learn's fit failed
    """

    result: FitResult
    names: tuple[str, ...]
    ours: FloatArray
    theirs: FloatArray
    std_error: FloatArray
    digits: FloatArray
    gap: FloatArray
    float32: bool
    error: str

    @property
    def unit(self) -> str:
        """What distances are measured in: a penalised fit has a curvature, but no standard errors."""
        likelihood = self.result.likelihood
        return "units of curvature" if likelihood is not None and likelihood.penalty else "standard errors"

    @property
    def in_se(self) -> FloatArray:
        """Distances in standard errors (q, k), NaN where there is none."""
        away = np.abs(self.ours - self.theirs)
        return np.divide(away, self.std_error, out=np.full_like(away, np.nan), where=self.std_error > 0)

    @property
    def determined(self) -> BoolArray:
        """Which parameters (k,) the data determine."""
        return self.result.estimable

    @property
    def least_digits(self) -> float:
        """Digits in which the least alike of the determined coefficients agree."""
        return float(self.digits[:, self.determined].min(initial=np.inf))

    @property
    def most_gap(self) -> float:
        """Largest distance of the predictions, in standard deviations of y."""
        return float(np.nanmax(self.gap, initial=0.0))

    @property
    def most_se(self) -> float:
        """Largest distance in standard errors, NaN without any."""
        known = self.in_se[:, self.determined]
        return float(np.nanmax(known)) if np.isfinite(known).any() else float("nan")

    @property
    def same(self) -> bool:
        """Whether all that the data determine agrees up to rounding."""
        if self.error:
            return False
        return self.least_digits >= SAME_DIGITS if self.determined.any() else self.most_gap <= SAME_PREDICTIONS

    @property
    def alike(self) -> bool:
        """Whether the difference is of no consequence."""
        return self.same or (not self.error and self.most_se < NEGLIGIBLE_SE)

    @property
    def farthest(self) -> tuple[int, int]:
        """Response and parameter that differ most."""
        measure = np.where(np.isfinite(self.in_se), self.in_se, -self.digits)
        measure = np.where(self.determined, measure, -np.inf)
        i, j = np.unravel_index(int(np.nanargmax(measure)), measure.shape)
        return int(i), int(j)

    @property
    def verdict(self) -> str:
        """The comparison in a line."""
        if self.error:
            return "scikit-learn's fit failed"
        if not self.determined.any():
            alike = "the same predictions" if self.same else "DIFFERENT predictions"
            return f"{alike}; no coefficient is determined by the data"
        if self.same:
            return f"the same to {floor(self.least_digits)} digits"
        most = self.most_se
        name = self.names[self.farthest[1]]
        if isnan(most):
            return f"DIFFERENT: {name} agrees in {floor(self.digits[self.farthest])} digits"
        apart = f"up to {number(most, 2)} {self.unit} apart ({name})"
        return apart if self.alike else f"DIFFERENT: {apart}"


E = TypeVar("E", bound=Apart)


def causes_of(apart: E, differences: Callable[[E], Iterator[Cause]]) -> Iterator[Cause]:
    """Yield the reasons for the difference, the weightiest first.

    Parameters
    ----------
    apart : Apart
    differences : callable
        Yields the reasons that a pair of this kind may have.
    """
    if apart.error:
        yield Cause("failed", f"scikit-learn's fit raised {apart.error}")
        return
    if not apart.result.certificate.ok:
        yield Cause("not certified", "mathlearn's own fit is not certified: the difference may be its error")
    found = [] if apart.same else [*differences(apart)]
    yield from found
    yield from _null_space(apart)
    if apart.same and np.isfinite(apart.least_digits):
        yield Cause("rounding", _rounding(apart))
    elif not apart.same and not found:
        yield Cause("unexplained", f"no cause was found among rank, precision and rounding{our_evidence(apart)}")


def _rounding(apart: Apart) -> str:
    most = apart.most_se
    if (apart.ours == apart.theirs)[:, apart.determined].all():
        return "both found the same minimum, to the last bit"
    far = "" if isnan(most) else f" (at most {number(most, 2)} {apart.unit})"
    return f"what is left of a difference{far} is rounding: both found the same minimum"


def our_evidence(apart: Apart) -> str:
    """Say what mathlearn's certificate says of its own fit, as the end of a sentence."""
    return f". Ours: {apart.result.certificate.verdict}, {digest(apart.result.certificate)}"


def _null_space(apart: Apart) -> Iterator[Cause]:
    """Tell of coefficients that the data do not determine."""
    loose = [name for name, fixed in zip(apart.names, apart.determined, strict=True) if not fixed]
    if not loose:
        return
    gap = apart.most_gap
    least = float(apart.digits[:, ~apart.determined].min())
    choice = f"the data do not determine {first_of(loose, NAMED)}"
    if gap > SAME_PREDICTIONS:
        yield Cause("null space", f"{choice}; the predictions differ too, by {number(gap, 2)} standard deviations of y")
    elif least >= SAME_DIGITS:
        yield Cause(
            "null space", f"{choice}: both show the solution of minimum norm, the same to {floor(least)} digits"
        )
    else:
        yield Cause(
            "null space",
            f"{choice}: there the two choose differently, and predict the same (to {number(gap, 2)} standard deviations of y). "
            "The difference lies in the null space of the columns",
        )
