"""The sentences of a diagnosis that every format shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.statistics.cells import number, p_statement, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.statistics.diagnostics.record import Diagnosis, Finding, Test

__all__ = ["finding_lines", "foot", "headline", "interval", "left_out", "share", "test_sentence"]

NAMED = 4


def interval(bounds: tuple[float, float]) -> str:
    """Write an interval."""
    return f"[{number(bounds[0], 4)}, {number(bounds[1], 4)}]"


def left_out(rows: float) -> str:
    """Say that rows without a residual were left out."""
    if rows <= 0:
        return ""
    many, be = ("rows", "are") if rows > 1 else ("row", "is")
    return f" {rows:.0f} {many} of leverage one {be} left out: the fit passes through {'them' if rows > 1 else 'it'} whatever y is."


def share(x: float) -> str:
    """Write a share in per cent, with two or three digits.

    Examples
    --------
    >>> share(0.01234), share(0.5), share(0.99999), share(2e-9)
    ('1.2 %', '50 %', '100 %', 'less than 0.001 %')
    """
    per_cent = 100 * x
    if per_cent < 0.001:
        return "less than 0.001 %"
    return f"{per_cent:.0f} %" if per_cent >= 10 else f"{number(per_cent, 2)} %"


def test_sentence(test: Test) -> str:
    """Write a test: ``Durbin-Watson = 1.234, p = 0.0123``."""
    df = f" ({', '.join(f'{d:g}' for d in test.df)} df)" if test.df else ""
    return f"{test.method}{df} = {number(test.statistic, 4)}, {p_statement(test.p_value)}"


test_sentence.__test__ = False  # type: ignore[attr-defined]


def headline(finding: Finding, *, several: bool) -> str:
    """Name what was checked, of which columns and which response."""
    text = finding.title
    if finding.subject:
        text += f": {', '.join(finding.subject[:NAMED])}" + (", ..." if len(finding.subject) > NAMED else "")
    return text + (f" (response {finding.response})" if several and finding.response else "")


def finding_lines(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what is said of a finding, the effect before the tests."""
    if finding.reason:
        yield "Not checked", finding.reason
    if finding.effect is not None:
        yield "Effect", finding.effect.sentence
    if finding.tests:
        yield "Tests" if len(finding.tests) > 1 else "Test", "; ".join(map(test_sentence, finding.tests))
    if finding.remedy:
        yield "Remedy", finding.remedy
    if finding.matters and finding.remedy:
        yield "Matters", finding.matters


def foot(diagnosis: Diagnosis) -> str:
    """Say how to read it."""
    return (
        f"{diagnosis.n} observation{'s' * (diagnosis.n != 1)}; intervals at {percent(diagnosis.level)}. Findings are ranked by the size of their "
        "effect: with many rows every test rejects, and with few none does."
    )
