"""`Sheet`: a side-by-side table before it is typeset, and what every such table can be shown as."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from mathlearn.statistics.mime import mime_bundle

__all__ = ["Cell", "Footnotes", "Line", "Section", "Sheet", "Shown"]

MOST_FOOTNOTES = 12
SHOWN_ROWS = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry of the table.

    Attributes
    ----------
    body : str
        Set to the right, so that numbers of one length stand below each other.
    tail : str
        Hangs over to the right of the body: a closing bracket, stars.
    mark : int
        Number of the footnote, 0 for none.
    words : bool
        Not a number: set over body and tail.
    """

    body: str = ""
    tail: str = ""
    mark: int = 0
    words: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table; `label` is empty where it goes on with the row above."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows between two rules.

    Attributes
    ----------
    lines : tuple of Line
    title : str
    long : bool
        One row a coefficient: what is cut where only so many rows are asked for.
    """

    lines: tuple[Line, ...]
    title: str = ""
    long: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with what is said above and below it. Names in it are the user's own, not escaped yet.

    Attributes
    ----------
    title, verdict : str
    ok : bool
    lead : tuple of (label, sentence)
        What must be read before the numbers.
    head : tuple of Line
        Column headings.
    sections : tuple of Section
    footnotes : tuple of str
        The first has the number 1.
    notes : tuple of (label, sentence)
    """

    title: str
    verdict: str
    ok: bool
    lead: tuple[tuple[str, str], ...]
    head: tuple[Line, ...]
    sections: tuple[Section, ...]
    footnotes: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]

    @property
    def n_columns(self) -> int:
        """Number of columns beside the labels."""
        return len(self.head[0].cells)


class Footnotes:
    """Numbers for reasons, in the order in which they are first asked for; beyond a dozen they share the last."""

    def __init__(self, rest: str) -> None:
        self._rest = rest
        self.texts: list[str] = []

    def mark(self, reason: str) -> int:
        """Return the number of the footnote with this text."""
        if reason not in self.texts:
            if len(self.texts) >= MOST_FOOTNOTES - 1:
                reason = self._rest
            if reason not in self.texts:
                self.texts.append(reason)
        return self.texts.index(reason) + 1


class Shown(ABC):
    """What is shown as a `Sheet`: text, HTML, LaTeX, Markdown."""

    __slots__ = ()

    @abstractmethod
    def sheet(self) -> Sheet:
        """Lay the record out as a table."""

    def __str__(self) -> str:
        return self.to_text(max_rows=SHOWN_ROWS)

    def __repr__(self) -> str:
        return str(self)

    def to_text(self, *, width: int = 100, max_rows: int | None = None) -> str:
        """Return text for a terminal of `width` columns.

        A table that is wider is folded into blocks below each other; `max_rows` limits the terms shown.
        """
        from mathlearn.comparison.text import to_text

        return to_text(self.sheet(), width=width, max_rows=max_rows)

    def to_html(self) -> str:
        """Return an HTML fragment that needs no style sheet, script or network."""
        from mathlearn.comparison.html import to_html

        return to_html(self.sheet())

    def to_latex(self) -> str:
        """Return LaTeX source that needs no package beyond the base classes; wide tables are folded."""
        from mathlearn.comparison.latex import to_latex

        return to_latex(self.sheet())

    def to_markdown(self) -> str:
        """Return Markdown with a pipe table."""
        from mathlearn.comparison.markdown import to_markdown

        return to_markdown(self.sheet())

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Offer all forms to Jupyter."""
        forms = {
            "text/plain": self.__str__,
            "text/html": self.to_html,
            "text/latex": self.to_latex,
            "text/markdown": self.to_markdown,
        }
        return mime_bundle(forms, include, exclude)
