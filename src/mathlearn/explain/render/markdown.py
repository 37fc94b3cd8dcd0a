"""A derivation as Markdown, with mathematics between dollar signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.explain.derivation import Display, Maths, Paragraph
from mathlearn.explain.render.latex import maths_markdown
from mathlearn.explain.render.tree import check_words, headline, numbered
from mathlearn.statistics.cells import printed, true_minus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, Derivation, Prose, Step, Table

__all__ = ["to_markdown"]


def to_markdown(derivation: Derivation) -> str:
    """Typeset a derivation."""
    parts = [
        f"# {_prose(derivation.title)}",
        _prose(derivation.subtitle),
        f"**{_text.markdown(headline(derivation))}**",
    ]
    for label, step in numbered(derivation.steps):
        parts.extend(_step(label, step))
    return "\n\n".join(parts) + "\n"


def _step(label: str, step: Step) -> Iterator[str]:
    failed = "" if step.passed else " — **CHECK FAILS**"
    yield f"{'###' if '.' in label else '##'} {label} {_text.markdown(step.heading)}{failed}"
    yield _prose(step.claim)
    yield from map(_block, step.body)
    yield f"*Why.* {_prose(step.because)}"
    marks = (
        f"- {'✓' if check.passed else '✗ **FAILS**'} {_text.markdown(true_minus(check_words(check)))}"
        for check in step.checks
    )
    yield "\n".join(marks)
    yield f"*{_text.markdown(step.reference)}.*"


def _block(block: Block) -> str:
    if isinstance(block, Display):
        return f"$$\n{maths_markdown(block.maths)}\n$$"
    return _prose(block.prose) if isinstance(block, Paragraph) else _table(block)


def _prose(pieces: Prose) -> str:
    return "".join(
        f"${maths_markdown(piece)}$" if isinstance(piece, Maths) else _text.markdown(piece) for piece in pieces
    )


def _table(table: Table) -> str:
    cells = table.cells
    rule = "|".join(["---", *["---:"] * (len(cells.header) - 1)])
    rows = [cells.header, *((row[0], *map(printed, row[1:])) for row in cells.rows)]
    lines = ["| " + " | ".join(map(_text.markdown, row)) + " |" for row in rows]
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])
