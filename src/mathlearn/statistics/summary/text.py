"""A summary for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.text_table import WIDTH, sentences, text_table

if TYPE_CHECKING:
    from mathlearn.statistics.summary.record import Summary

__all__ = ["to_text"]


def to_text(summary: Summary, *, width: int = WIDTH, max_rows: int | None = None) -> str:
    """Typeset a summary in at most `width` columns."""
    lines = [f"{_text.terminal(summary.title)}: {summary.verdict}"]
    lines += sentences(summary.head, width)
    for block in summary.blocks:
        lines += ["", *([_text.terminal(block.title)] if block.title else [])]
        lines += sentences(block.lines, width)
        if block.cells.rows:
            lines += ["", text_table(block.cells, width=width, max_rows=max_rows)]
    lines += ["", *sentences(summary.foot, width)]
    return "\n".join(lines)
