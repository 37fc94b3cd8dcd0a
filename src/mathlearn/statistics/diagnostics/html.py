"""A diagnosis as an HTML fragment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.diagnostics.phrases import finding_lines, foot, headline
from mathlearn.statistics.html_table import sentences

if TYPE_CHECKING:
    from mathlearn.statistics.diagnostics.record import Diagnosis, Finding

__all__ = ["to_html"]

# Each readable on white and on black; the word says the same.
_COLOUR = {"serious": "#d1242f", "worth a look": "#b35900", "not checked": "#737b83", "fine": "#1a7f37"}


def to_html(diagnosis: Diagnosis) -> str:
    """Typeset a diagnosis; a table of sentences below the heading of each finding."""
    several = len(diagnosis.responses) > 1
    return "\n".join(
        [
            '<div class="mathlearn-diagnosis">',
            f"<p><strong>{_text.html(diagnosis.title)}: {_text.html(diagnosis.verdict)}</strong></p>",
            *(_finding(finding, several=several) for finding in diagnosis.findings),
            f"<p>{_text.html(foot(diagnosis))}</p>",
            "</div>",
        ]
    )


def _finding(finding: Finding, *, several: bool) -> str:
    severity = finding.severity.value
    mark = f'<strong><span style="color:{_COLOUR[severity]}">{_text.html(severity)}</span></strong>'
    name = _text.html(headline(finding, several=several))
    return "\n".join([f"<p>{mark} {name}</p>", *sentences(finding_lines(finding))])
