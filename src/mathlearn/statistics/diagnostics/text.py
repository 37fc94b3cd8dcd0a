"""A diagnosis for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.diagnostics.phrases import finding_lines, foot, headline
from mathlearn.statistics.text_table import WIDTH, sentences, shorten, wrapped

if TYPE_CHECKING:
    from mathlearn.statistics.diagnostics.record import Diagnosis

__all__ = ["to_text"]


def to_text(diagnosis: Diagnosis, *, width: int = WIDTH) -> str:
    """Typeset a diagnosis in at most `width` columns: what is fine takes one line."""
    several = len(diagnosis.responses) > 1
    lines = wrapped(f"{_text.terminal(diagnosis.title)}: {diagnosis.verdict}", width)
    for finding in diagnosis.findings:
        mark = finding.severity.value.upper()
        head = shorten(_text.terminal(headline(finding, several=several)), width - len(mark) - 2)
        lines += ["", f"{mark}  {head}", *sentences(finding_lines(finding), width)]
    return "\n".join([*lines, "", *wrapped(foot(diagnosis), width)])
