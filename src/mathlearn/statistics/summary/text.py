"""A summary for the terminal."""

from __future__ import annotations

from textwrap import TextWrapper
from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.statistics.text_table import WIDTH, text_table

if TYPE_CHECKING:
    from mathlearn.statistics.summary.record import Summary

__all__ = ["to_text"]

INDENT = 12


def to_text(summary: Summary, *, width: int = WIDTH, max_rows: int | None = None) -> str:
    """Typeset a summary in at most `width` columns."""
    lines = [f"{_text.terminal(summary.title)}: {summary.verdict}"]
    lines += _sentences(summary.head, width)
    for block in summary.blocks:
        lines += ["", *([_text.terminal(block.title)] if block.title else [])]
        lines += _sentences(block.lines, width)
        if block.cells.rows:
            lines += ["", text_table(block.cells, width=width, max_rows=max_rows)]
    lines += ["", *_sentences(summary.foot, width)]
    return "\n".join(lines)


def _sentences(items: tuple[tuple[str, str], ...], width: int) -> list[str]:
    lines: list[str] = []
    for label, sentence in items:
        text = f"{label:<{INDENT}}{_text.terminal(sentence)}"
        lines += [text] if len(text) <= width else _wrap(text, width)
    return lines


def _wrap(text: str, width: int) -> list[str]:
    return TextWrapper(width=width, subsequent_indent=" " * INDENT, break_on_hyphens=False).wrap(text)
