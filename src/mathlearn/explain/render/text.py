"""A derivation for the terminal."""

from __future__ import annotations

import re
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.explain.derivation import Display, Maths, Matrix, Paragraph, joined
from mathlearn.explain.render.box import box
from mathlearn.explain.render.mathml import element
from mathlearn.explain.render.tree import check_words, headline, numbered
from mathlearn.statistics.text_table import display_width, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, Derivation, Prose, Step

__all__ = ["maths_text", "step_text", "to_text"]

_MARGIN = 4
_DEEPER = 4
_BREAKS = tuple(map(re.compile, ("(?<=,) {3}", " (?=[=≈≤≥<>→∼] )", " (?=[+−] )")))
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
        lines = _formula(block, width - len(margin) - _DEEPER)
        indent = max(min(len(margin) + _DEEPER, width - _width(lines)), 0)
        yield from (f"{' ' * indent}{line}" for line in lines)
    elif isinstance(block, Paragraph):
        yield from _wrapped(_sentence(block.prose), width, margin)
    else:
        table = text_table(block.cells, width=width - len(margin) - _DEEPER)
        yield from (f"{margin}{' ' * _DEEPER}{line}" for line in table.split("\n"))


def _formula(block: Display, room: int) -> list[str]:
    """Lay a formula out in at most `room` columns, if there is a way: whole, in parts, or with fewer columns of its matrices."""
    lines = [line.rstrip() for line in maths_text(block.maths).split("\n")]
    if _fits(lines, room):
        return lines
    if not any(isinstance(part, Matrix) for part in block.parts):
        first, *others = lines
        below = (part for line in others for part in _broken(" " * _DEEPER + line.strip(), room))
        return [*_broken(first, room), *below]
    wide, narrow = block.pieces(), block.pieces(narrow=True)
    ways = [maths_text(joined(" ", narrow)).split("\n"), _headed(narrow)]
    if isinstance(block.parts[0], Maths):
        ways.insert(0, _headed(wide))
    return next((way for way in ways if _fits(way, room)), min(ways, key=_width))


def _width(lines: list[str]) -> int:
    return max(map(display_width, lines))


def _fits(lines: list[str], room: int) -> bool:
    return _width(lines) <= room


def _headed(pieces: tuple[Maths, ...]) -> list[str]:
    """Put what a matrix is, or is multiplied by, on lines of its own."""
    head, *rest = pieces
    return [line for part in (head, *([joined(" ", rest)] if rest else [])) for line in maths_text(part).split("\n")]


def _broken(line: str, room: int) -> list[str]:
    """Go on below: where formulas stand side by side, else before the relations of one, else before the terms of a sum."""
    lines = [line]
    if _fits(lines, room):
        return lines
    for pattern in _BREAKS:
        places = [found.start() for found in pattern.finditer(line) if _outside(line[: found.start()])]
        parts = [line[a:b].strip() for a, b in pairwise([0, *places, len(line)])]
        lines = [parts[0]]
        for part in parts[1:]:
            gap = "   " if lines[-1].endswith(",") else " "
            together = f"{lines[-1]}{gap}{part}"
            if display_width(together) <= room:
                lines[-1] = together
            else:
                lines.append(" " * _DEEPER + part)
        if _fits(lines, room):
            break
    return lines


def _outside(before: str) -> bool:
    """Whether every parenthesis that is opened before a place is closed again."""
    return before.count("(") == before.count(")")


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
