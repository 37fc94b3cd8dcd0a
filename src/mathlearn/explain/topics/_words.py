"""Pieces that several topics are written with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Paragraph, Whole, joined, maths, prose
from mathlearn.statistics.equation import NAME_WIDTH
from mathlearn.statistics.text_table import display_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.explain.setting import Setting

__all__ = [
    "MANY",
    "always",
    "any_maximum",
    "any_parameter",
    "column",
    "display",
    "indexed",
    "less",
    "named_terms",
    "on_lines",
    "said",
    "sentence",
]

MANY = 8
"""Terms up to which each is written out."""

_LINE = 76  # columns of an equation before it goes on below


def always(_: Setting) -> bool:
    """Whether a topic applies that always does."""
    return True


def any_parameter(setting: Setting) -> bool:
    """Whether anything is estimated."""
    return setting.p > 0 or setting.centred


def any_maximum(setting: Setting) -> bool:
    """Whether anything is estimated, and there is a point at which it is."""
    return any_parameter(setting) and setting.result.curvature is not None


def less(setting: Setting) -> str:
    """Say, after the name of the response, that what is spoken of is less its offset."""
    return "" if setting.result.offset is None else " less its offset"


def display(template: str, *names: str) -> Display:
    """Put one formula on a line of its own."""
    return Display((maths(template, *names),))


def said(template: str, *foreign: str) -> Paragraph:
    """Put a sentence between formulas."""
    return Paragraph(prose(template, *foreign))


def sentence(message: str, names: Sequence[str]) -> str:
    """Begin a message with a capital letter, unless it begins with one of the user's names, which are as they are."""
    return message if message.startswith(tuple(f"{name} " for name in names)) else f"{message[0].upper()}{message[1:]}"


def column(values: FloatArray) -> FloatArray:
    """Make a vector the only column of a matrix."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def on_lines(head: Maths, parts: Sequence[Maths]) -> Maths:
    """Write ``head = parts...``, going on below itself where the line is full."""
    lines: list[list[Maths]] = [[]]
    used = 0
    for part in parts:
        size = 12 + sum(_width(name) for name in part.names)
        if lines[-1] and used + size > _LINE:
            lines.append([])
            used = 0
        lines[-1].append(part)
        used += size
    rows = [joined(" ", line) for line in lines]
    if len(rows) == 1:
        return joined(" = ", [head, rows[0]])
    # The sign stands in the right cell: at the end of the left one browsers set no space before it.
    first = joined(" & = ", [head, rows[0]])
    body = joined(r" \\ & \quad {} ", [first, *rows[1:]])
    return joined(" ", [Maths(r"\begin{array}{rl}"), body, Maths(r"\end{array}")])


def _width(name: str) -> int:
    return display_width(name) if isinstance(name, Whole) else min(display_width(name), NAME_WIDTH)


def indexed(p: int) -> str:
    """Write the columns of a model by their numbers."""
    return rf"\sum_{{j=1}}^{{{p}}} \beta_j\, x_{{ij}}"


def named_terms(names: Sequence[str]) -> Paragraph:
    """Say which column has which number, the first few of many."""
    shown = [*range(min(4, len(names) - 1)), len(names) - 1]
    pieces: list[str] = []
    for i in shown:
        dots = ", …, " if pieces and i - shown[shown.index(i) - 1] > 1 else (", " if pieces else "")
        pieces.append(f"{dots}$x_{{{i + 1}}}$ is @")
    return said("Here " + "".join(pieces) + ".", *(names[i] for i in shown))
