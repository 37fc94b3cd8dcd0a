"""Formulas as data: LaTeX of ours beside the user's own words, and matrices of this fit's numbers.

The user's words never enter the LaTeX: where one belongs, a private character stands for it, and the word travels beside it
until a renderer puts it in, escaped for its format.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mathlearn.explain.numbers import in_units
from mathlearn.statistics.equation import NAME_WIDTH
from mathlearn.statistics.text_table import display_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import FloatArray

__all__ = ["Maths", "Matrix", "Prose", "Whole", "joined", "maths", "prose", "shown"]

_FIRST = 0xE000  # of the private characters, which no LaTeX command is made of
_MOST_NAMES = 6400
_SHOWN = 6  # rows or columns of a matrix that are shown whole
_LEADING = 4  # shown of more than that, with the last
_FEWEST = 2
_LINE = 52  # columns that the numbers of a matrix take before fewer are shown


class Whole(str):
    """Words of the user's that a formula shows whole, however long: cut, they would be other mathematics."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Maths:
    """A formula: LaTeX of ours, with a private character ``chr(0xE000 + i)`` for the i-th of the user's names.

    Attributes
    ----------
    latex : str
    names : tuple of str
        As the user gave them, not escaped.
    """

    latex: str
    names: tuple[str, ...] = ()

    def __add__(self, other: Maths) -> Maths:
        return joined("", [self, other])

    def shifted(self, by: int) -> str:
        """Return the LaTeX with the private characters moved up by so many names."""
        moved = {_FIRST + i: chr(_FIRST + i + by) for i in range(len(self.names))}
        return self.latex.translate(moved)


def maths(template: str, *names: str) -> Maths:
    r"""Write a formula in which each ``@`` stands for the next name.

    Examples
    --------
    >>> maths(r"\hat\beta_{@} = 2", "a_b").names
    ('a_b',)
    """
    parts = template.split("@")
    if len(parts) != len(names) + 1 or len(names) > _MOST_NAMES:
        raise AssertionError(f"{len(names)} names for {len(parts) - 1} places in {template!r}")
    marked = (rf"\text{{{chr(_FIRST + i)}}}{part}" for i, part in enumerate(parts[1:]))
    return Maths(parts[0] + "".join(marked), names)


def joined(separator: str, parts: Sequence[Maths]) -> Maths:
    """Put formulas together, with LaTeX between them."""
    pieces: list[str] = []
    names: list[str] = []
    for part in parts:
        pieces.append(part.shifted(len(names)))
        names.extend(part.names)
    return Maths(separator.join(pieces), tuple(names))


Prose: TypeAlias = "tuple[str | Maths, ...]"


def prose(template: str, *foreign: str) -> Prose:
    r"""Write a sentence: ``$...$`` is mathematics and each ``@`` the next of the user's words, which are read as nothing else.

    Examples
    --------
    >>> prose(r"the mean of @ is $\bar x$", "$x$")
    ('the mean of ', '$x$', ' is ', Maths(latex='\\bar x', names=()))
    """
    feed = iter(foreign)
    pieces: list[str | Maths] = []
    for k, part in enumerate(template.split("$")):
        if k % 2:
            pieces.append(maths(part, *islice(feed, part.count("@"))))
            continue
        for j, text in enumerate(part.split("@")):
            if j:
                pieces.append(next(feed))
            if text:
                pieces.append(text)
    return tuple(pieces)


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Numbers in brackets, with the names of their rows in the user's words; a square matrix has its columns in the same order.

    Attributes
    ----------
    values : (m, k)
    rows : names; empty where they are shown elsewhere
    """

    values: FloatArray
    rows: tuple[str, ...] = ()

    @property
    def maths(self) -> Maths:
        """The matrix in LaTeX, names on its left; of many rows or columns the first few, dots, and the last."""
        return self._written(self._columns())

    @property
    def narrow(self) -> Maths:
        """The same with as few columns as a matrix is shown with."""
        return self._written(shown(self.values.shape[1], _FEWEST, _FEWEST + 1))

    @property
    def width(self) -> int:
        """Columns that it takes as text."""
        columns = self._columns()
        names = min(max(map(display_width, self.rows), default=0), NAME_WIDTH)
        return names + _taken(self._texts(columns)[0]) + 2 * len(columns)

    def _columns(self) -> list[int | None]:
        columns = shown(self.values.shape[1])
        if _taken(self._texts(columns)[0]) <= _LINE:
            return columns
        return shown(self.values.shape[1], _FEWEST, _FEWEST + 1)

    def _texts(self, columns: list[int | None]) -> tuple[list[list[str]], int]:
        return in_units(self.values[np.ix_(_indices(shown(len(self.values))), _indices(columns))])

    def _written(self, columns: list[int | None]) -> Maths:
        rows, (texts, power) = shown(len(self.values)), self._texts(columns)
        cells = [_column(texts, rows, columns, j) for j in range(len(columns))]
        body = r" \\ ".join(" & ".join(row) for row in zip(*cells, strict=True))
        unit = rf" \times 10^{{{power}}}" if power else ""
        matrix = Maths(rf"\left[\begin{{array}}{{{'r' * len(columns)}}} {body} \end{{array}}\right]{unit}")
        if not self.rows:
            return matrix
        places = r" \\ ".join(r"\vdots" if i is None else "@" for i in rows)
        left = maths(rf"\begin{{array}}{{r}} {places} \end{{array}}", *(self.rows[i] for i in rows if i is not None))
        return joined(r"\;", [left, matrix])


def shown(size: int, leading: int = _LEADING, whole: int = _SHOWN) -> list[int | None]:
    """Return the indices that are shown of so many: all up to `whole`, else the first few, None for those left out, the last."""
    return list(range(size)) if size <= whole else [*range(leading), None, size - 1]


def _taken(texts: list[list[str]]) -> int:
    """Columns that numbers take, without what is between them."""
    return sum(max(map(_width, column)) for column in zip(*texts, strict=True))


def _width(text: str) -> int:
    """Columns that a number takes, once it is no longer LaTeX."""
    return len(text) - (len(r"\times{}") if "times" in text else 0)


def _indices(places: list[int | None]) -> list[int]:
    return [i for i in places if i is not None]


def _column(texts: list[list[str]], rows: list[int | None], columns: list[int | None], at: int) -> list[str]:
    """One column of LaTeX, dots where something is left out."""
    if columns[at] is None:
        return [r"\ddots" if i is None else r"\cdots" for i in rows]
    j = at - (None in columns[:at])
    found = iter(texts)
    return [r"\vdots" if i is None else next(found)[j] for i in rows]
