"""A summary as an HTML fragment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.html_table import headline, html_table, sentences

if TYPE_CHECKING:
    from mathlearn.statistics.summary.record import Summary

__all__ = ["to_html"]


def to_html(summary: Summary) -> str:
    """Typeset a summary."""
    parts = ['<div class="mathlearn-summary">', headline(summary.title, summary.verdict, ok=summary.ok)]
    parts += sentences(summary.head)
    for block in summary.blocks:
        parts += [f"<p><strong>{_text.html(block.title)}</strong></p>"] if block.title else []
        parts += [*sentences(block.lines), *(html_table(block.cells) if block.cells.header else [])]
    return "\n".join([*parts, *sentences(summary.foot), "</div>"])
