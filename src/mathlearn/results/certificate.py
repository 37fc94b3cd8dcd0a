"""`Certificate`: the evidence that a fit can be trusted. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Grade = Literal["statistic", "rows"]
Verdict = Literal["certified", "certified, with terms withheld", "not certified"]


@dataclass(frozen=True, slots=True)
class Check:
    """One piece of evidence.

    Attributes
    ----------
    name : str
        Snake case, stable: machine-readable.
    value, threshold : float
        The check passes when ``value <= threshold`` (NaN never passes).
    meaning : str
        One sentence a practitioner understands.
    """

    name: str
    value: float
    threshold: float
    meaning: str

    @property
    def passed(self) -> bool:
        """Whether the value is within its threshold."""
        return self.value <= self.threshold


@dataclass(frozen=True, slots=True)
class Certificate:
    """The evidence, computed by other code than the solver.

    Attributes
    ----------
    checks : tuple of Check
    grade : {"statistic", "rows"}
        "statistic": recomputed from the merged centred statistic; "rows": from a second, independent pass over the data.
    unique : bool
        Whether every coefficient is determined by the data.
    digits : float
        Correct significant digits of the least accurate coefficient (forward error bound), NaN if unknown.
    error_in_se : float
        Largest distance of a coefficient from the optimum, in standard-error units; NaN without standard errors.
    statistical_digits : float
        Significant digits of the coefficients that the data themselves support (-log10 of the median SE/|coef|).
    notes : tuple of str
    """

    checks: tuple[Check, ...]
    grade: Grade
    unique: bool
    digits: float
    error_in_se: float
    statistical_digits: float
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every number shown is right."""
        return all(check.passed for check in self.checks)

    @property
    def verdict(self) -> Verdict:
        """The evidence in a word."""
        if not self.ok:
            return "not certified"
        return "certified" if self.unique else "certified, with terms withheld"

    def __repr__(self) -> str:
        from mathlearn.results.certificate_text import digest

        failed = ", ".join(check.name for check in self.checks if not check.passed)
        return f"<Certificate: {self.verdict}{failed and f' ({failed})'}; {digest(self)}>"

    def __str__(self) -> str:
        from mathlearn.results.certificate_text import certificate_text

        return certificate_text(self)
