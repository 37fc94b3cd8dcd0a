"""A diagnosis as LaTeX source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.diagnostics.phrases import finding_lines, foot, headline
from mathlearn.statistics.latex_table import sentences

if TYPE_CHECKING:
    from mathlearn.statistics.diagnostics.record import Diagnosis, Finding

__all__ = ["to_latex"]


def to_latex(diagnosis: Diagnosis) -> str:
    """Typeset a diagnosis with plain ``description``: no package needed."""
    several = len(diagnosis.responses) > 1
    head = rf"\noindent\textbf{{{_text.latex(diagnosis.title)}: {_text.latex(diagnosis.verdict)}}}"
    parts = [head, *(_finding(finding, several=several) for finding in diagnosis.findings)]
    return "\n\n".join([*parts, rf"\noindent {_text.latex(foot(diagnosis))}"]) + "\n"


def _finding(finding: Finding, *, several: bool) -> str:
    name = _text.latex(headline(finding, several=several))
    title = rf"\noindent\textbf{{{_text.latex(finding.severity.value)}}} {name}"
    return "\n".join([title, *sentences(finding_lines(finding))])
