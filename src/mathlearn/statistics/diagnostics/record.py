"""`Diagnosis`: what was checked of a fit, worst first, before it is typeset."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import nan
from typing import TYPE_CHECKING, Any

from mathlearn.statistics.diagnostics.html import to_html
from mathlearn.statistics.diagnostics.latex import to_latex
from mathlearn.statistics.diagnostics.text import to_text
from mathlearn.statistics.frame import FrameKind, to_frame
from mathlearn.statistics.mime import mime_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Diagnosis", "Effect", "Finding", "Severity", "Test"]


class Severity(Enum):
    """How much a finding matters for the numbers of the fit; the value is what people read.

    Examples
    --------
    >>> from mathlearn.statistics import Severity
    >>> min([Severity.FINE, Severity.LOOK], key=lambda severity: severity.order).value
    'worth a look'
    """

    SERIOUS = "serious"
    LOOK = "worth a look"
    NOT_CHECKED = "not checked"
    FINE = "fine"

    @property
    def order(self) -> int:
        """Place in a list, worst first. What was not checked might be worse than what is fine."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Effect:
    """How far the data are from an assumption, in a unit that means something.

    Attributes
    ----------
    value : float
    measure : str
        What the value measures, with its unit.
    sentence : str
        The same in plain words.
    strength : float
        The value over the value that is called serious: it ranks findings.
    """

    value: float
    measure: str
    sentence: str
    strength: float


@dataclass(frozen=True, slots=True)
class Test:
    """A significance test. It says whether chance alone would do, not whether it matters.

    Attributes
    ----------
    method : str
    statistic : float
    df : tuple of float
        One number for chi-squared, two for F, none where the law has no such parameter.
    p_value : float
    """

    __test__ = False  # no test case, whatever pytest makes of the name

    method: str
    statistic: float
    df: tuple[float, ...]
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
        Of the check, in snake_case.
    subject : tuple of str
        The columns concerned, in the user's names; empty when it is the whole fit.
    response : str
        Empty when the finding is about the columns of X only.
    severity : Severity
        Decided by the size of the effect; chance can only make it milder.
    effect : Effect or None
        None where nothing was checked.
    tests : tuple of Test
        The principal one first.
    matters : str
        What the assumption does and does not matter for.
    remedy : str
        What to do, with this fit's own numbers; empty when there is nothing to do.
    reason : str
        Why it was not checked.
    details : tuple of (label, value)
        The numbers behind the effect: one a column, a lag or a row.
    """

    name: str
    severity: Severity
    subject: tuple[str, ...] = ()
    response: str = ""
    effect: Effect | None = None
    tests: tuple[Test, ...] = ()
    matters: str = ""
    remedy: str = ""
    reason: str = ""
    details: tuple[tuple[str, float], ...] = ()

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ")

    @property
    def method(self) -> str:
        """Name of the principal test; empty without one."""
        return self.tests[0].method if self.tests else ""

    @property
    def statistic(self) -> float:
        """Statistic of the principal test; NaN without one."""
        return self.tests[0].statistic if self.tests else nan

    @property
    def df(self) -> tuple[float, ...]:
        """Degrees of freedom of the principal test."""
        return self.tests[0].df if self.tests else ()

    @property
    def p_value(self) -> float:
        """Tail probability of the principal test; NaN without one."""
        return self.tests[0].p_value if self.tests else nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The findings of all checks, worst first; shown as text, HTML and LaTeX. Names in it are not escaped yet.

    Attributes
    ----------
    title : str
    responses : tuple of str
    findings : tuple of Finding
    n : int
        Observations of the fit.
    level : float
        Confidence of the intervals quoted.
    passes : int
        How often the rows were read.

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> x = np.arange(60.0)
    >>> y = x**2 + 99 * np.sin(x)
    >>> found = LinearRegression().fit(x[:, None], y).diagnose(x[:, None], y)
    >>> found.worst.value, found.findings[0].name, found.n
    ('serious', 'linearity', 60)
    """

    title: str
    responses: tuple[str, ...]
    findings: tuple[Finding, ...]
    n: int
    level: float
    passes: int

    @property
    def worst(self) -> Severity:
        """Severity of the worst finding."""
        return min((finding.severity for finding in self.findings), key=lambda s: s.order, default=Severity.NOT_CHECKED)

    @property
    def verdict(self) -> str:
        """Count the findings by severity."""
        counts = {severity: sum(f.severity is severity for f in self.findings) for severity in Severity}
        return ", ".join(f"{count} {severity.value}" for severity, count in counts.items() if count)

    def named(self, name: str) -> tuple[Finding, ...]:
        """Return the findings of one check: one a response, or none if there is no such check."""
        return tuple(finding for finding in self.findings if finding.name == name)

    def __str__(self) -> str:
        return to_text(self)

    def __repr__(self) -> str:
        return str(self)

    def to_text(self, *, width: int = 100) -> str:
        """Return text for a terminal of `width` columns."""
        return to_text(self, width=width)

    def to_html(self) -> str:
        """Return an HTML fragment that needs no style sheet, script or network."""
        return to_html(self)

    def to_latex(self) -> str:
        """Return LaTeX source that needs no package beyond the base classes."""
        return to_latex(self)

    def to_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row a finding, with its principal test; `tests_frame` has all tests."""
        columns = {
            "name": [f.name for f in self.findings],
            "subject": [", ".join(f.subject) for f in self.findings],
            "severity": [f.severity.value for f in self.findings],
            "effect": [nan if f.effect is None else f.effect.value for f in self.findings],
            "measure": ["" if f.effect is None else f.effect.measure for f in self.findings],
            "finding": ["" if f.effect is None else f.effect.sentence for f in self.findings],
            **_test_columns(_principal(f) for f in self.findings),
            "remedy": [f.remedy for f in self.findings],
            "reason": [f.reason for f in self.findings],
        }
        return to_frame(self._with_response(columns, self.findings), as_)

    def tests_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row a test."""
        pairs = [(finding, test) for finding in self.findings for test in finding.tests]
        columns = {"name": [finding.name for finding, _ in pairs], **_test_columns(test for _, test in pairs)}
        return to_frame(self._with_response(columns, [finding for finding, _ in pairs]), as_)

    def _with_response(self, columns: dict[str, Any], findings: Iterable[Finding]) -> dict[str, Any]:
        if len(self.responses) < 2:
            return columns
        return {"response": [finding.response for finding in findings], **columns}

    def _repr_html_(self) -> str:
        return to_html(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Offer all three forms to Jupyter."""
        forms = {"text/plain": lambda: str(self), "text/html": self.to_html, "text/latex": self.to_latex}
        return mime_bundle(forms, include, exclude)


def _principal(finding: Finding) -> Test:
    return finding.tests[0] if finding.tests else Test("", nan, (), nan)


def _test_columns(tests: Iterable[Test]) -> dict[str, Any]:
    told = list(tests)
    return {
        "method": [test.method for test in told],
        "statistic": [test.statistic for test in told],
        "df": [float(test.df[0]) if test.df else nan for test in told],
        "df_den": [float(test.df[1]) if len(test.df) > 1 else nan for test in told],
        "p_value": [test.p_value for test in told],
    }
