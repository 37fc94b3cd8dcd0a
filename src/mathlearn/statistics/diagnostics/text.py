"""A diagnosis for the terminal."""

from __future__ import annotations

from textwrap import TextWrapper
from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.diagnostics.phrases import finding_lines, foot, headline
from mathlearn.statistics.text_table import WIDTH, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.statistics.diagnostics.record import Diagnosis, Finding

__all__ = ["to_text"]

INDENT = 12


def to_text(diagnosis: Diagnosis, *, width: int = WIDTH) -> str:
    """Typeset a diagnosis in at most `width` columns: what is fine takes one line."""
    several = len(diagnosis.responses) > 1
    lines = _wrap(f"{_text.terminal(diagnosis.title)}: {diagnosis.verdict}", width, "")
    for finding in diagnosis.findings:
        lines += ["", *_finding(finding, width, several=several)]
    return "\n".join([*lines, "", *_wrap(foot(diagnosis), width, "")])


def _finding(finding: Finding, width: int, *, several: bool) -> Iterator[str]:
    mark = finding.severity.value.upper()
    yield f"{mark}  {shorten(_text.terminal(headline(finding, several=several)), width - len(mark) - 2)}"
    for label, sentence in finding_lines(finding):
        yield from _wrap(f"{label:<{INDENT}}{_text.terminal(sentence)}", width, " " * INDENT)


def _wrap(text: str, width: int, indent: str) -> list[str]:
    return TextWrapper(width=width, subsequent_indent=indent, break_on_hyphens=False).wrap(text)
