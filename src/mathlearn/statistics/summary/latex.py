"""A summary as LaTeX source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.latex_table import sentences, tabular

if TYPE_CHECKING:
    from mathlearn.statistics.summary.record import Summary

__all__ = ["to_latex"]


def to_latex(summary: Summary) -> str:
    """Typeset a summary with plain ``description`` and ``tabular``: no package needed."""
    parts = [
        rf"\noindent\textbf{{{_text.latex(summary.title)}: {_text.latex(summary.verdict)}}}",
        *sentences(summary.head),
    ]
    for block in summary.blocks:
        parts += [rf"\noindent\textbf{{{_text.latex(block.title)}}}"] if block.title else []
        parts += sentences(block.lines)
        parts += ["\n".join([r"\noindent{\small", *tabular(block.cells), "}"])] if block.cells.rows else []
    return "\n\n".join([*parts, *sentences(summary.foot)]) + "\n"
