"""A derivation for the terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.explain.derivation import Display, Maths, Paragraph
from mathlearn.explain.render.box import box
from mathlearn.explain.render.mathml import element
from mathlearn.explain.render.tree import check_words, headline, numbered
from mathlearn.statistics.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, Derivation, Prose, Step

__all__ = ["maths_text", "step_text", "to_text"]

_MARGIN = 4
_DEEPER = 4
_UNBROKEN = 40  # characters of a formula within a sentence that stay together


def to_text(derivation: Derivation, width: int = 100) -> str:
    """Typeset a derivation in at most `width` columns, as long as its formulas fit."""
    title = _sentence(derivation.title)
    lines = [title, "=" * len(title), *_wrapped(_sentence(derivation.subtitle), width, "")]
    lines += ["", *_wrapped(headline(derivation), width, "")]
    for label, step in numbered(derivation.steps):
        lines += ["", *_step(label, step, width)]
    return "\n".join(line.rstrip() for line in lines)


def step_text(step: Step, width: int = 100) -> str:
    """Typeset one step, and those within it."""
    lines = list(_step("", step, width))
    for _, inner in numbered(step.children, "."):
        lines += ["", *_step(".", inner, width)]
    return "\n".join(line.rstrip() for line in lines)


def maths_text(formula: Maths) -> str:
    """Write a formula in Unicode; a matrix takes several lines."""
    return "\n".join(box(element(formula)).lines)


def _step(label: str, step: Step, width: int) -> Iterator[str]:
    margin = " " * (_MARGIN + 2 * label.count("."))
    failed = "" if step.passed else "   *** CHECK FAILS ***"
    head = f"{label.strip('.')}  {step.heading}{failed}".strip() if label != "." else f"  {step.heading}{failed}"
    yield head if "." in label else head.upper() if not head.isascii() else head
    yield "-" * len(head) if "." not in label else ""
    yield from _wrapped(_sentence(step.claim), width, margin)
    for block in step.body:
        yield ""
        yield from _block(block, width, margin)
    yield ""
    yield from _wrapped(f"Why: {_sentence(step.because)}", width, margin)
    for check in step.checks:
        mark = "[ok] " if check.passed else "[FAIL] "
        yield from _wrapped(check_words(check), width, f"{margin}{mark}", " " * (len(margin) + len(mark)))
    yield from _wrapped(f"({step.reference})", width, margin)


def _block(block: Block, width: int, margin: str) -> Iterator[str]:
    if isinstance(block, Display):
        yield from (f"{margin}{' ' * _DEEPER}{line}" for line in maths_text(block.maths).split("\n"))
    elif isinstance(block, Paragraph):
        yield from _wrapped(_sentence(block.prose), width, margin)
    else:
        table = text_table(block.cells, width=width - len(margin) - _DEEPER)
        yield from (f"{margin}{' ' * _DEEPER}{line}" for line in table.split("\n"))


def _sentence(pieces: Prose) -> str:
    return "".join(_inline(piece) if isinstance(piece, Maths) else _text.terminal(piece) for piece in pieces)


def _inline(formula: Maths) -> str:
    text = maths_text(formula).replace("\n", " ")
    return text.replace(" ", "\u00a0") if len(text) <= _UNBROKEN else text


def _wrapped(text: str, width: int, margin: str, further: str | None = None) -> list[str]:
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=margin,
        subsequent_indent=margin if further is None else further,
        break_on_hyphens=False,
    )
    return [line.replace("\u00a0", " ") for line in lines]
