"""`Summary`: what is said about a fit, in order, before it is typeset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mathlearn.statistics.mime import mime_bundle
from mathlearn.statistics.summary.html import to_html
from mathlearn.statistics.summary.latex import to_latex
from mathlearn.statistics.summary.text import to_text

if TYPE_CHECKING:
    from mathlearn.statistics.cells import Cells

__all__ = ["Block", "Summary"]


@dataclass(frozen=True, slots=True)
class Block:
    """One response: its numbers and its table of coefficients.

    Attributes
    ----------
    title : str
        Empty when there is one response only.
    lines : tuple of (label, sentence)
    cells : Cells
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    cells: Cells


@dataclass(frozen=True, slots=True)
class Summary:
    """A fit in words and numbers; shown as text, HTML and LaTeX. Names in it are the user's own, not escaped yet.

    Attributes
    ----------
    title : str
    verdict : str
    ok : bool
        The certificate's verdict.
    head : tuple of (label, sentence)
        Evidence, rank and conditioning: before any number that rests on them.
    blocks : tuple of Block
    foot : tuple of (label, sentence)
        Covariance, assumptions, and why cells are withheld.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> summary = model.summary()
    >>> summary.title, summary.verdict, summary.ok
    ('Linear regression of y', 'certified', True)
    >>> [label for label, sentence in summary.head]
    ['Evidence', 'Rank', 'Condition']
    """

    title: str
    verdict: str
    ok: bool
    head: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    foot: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return to_text(self, max_rows=200)

    def __repr__(self) -> str:
        return str(self)

    def to_text(self, *, width: int = 100, max_rows: int | None = None) -> str:
        """Return text for a terminal of `width` columns; `max_rows` limits the coefficients shown."""
        return to_text(self, width=width, max_rows=max_rows)

    def to_html(self) -> str:
        """Return an HTML fragment that needs no style sheet, script or network."""
        return to_html(self)

    def to_latex(self) -> str:
        """Return LaTeX source that needs no package beyond the base classes."""
        return to_latex(self)

    def _repr_html_(self) -> str:
        return to_html(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Offer all three forms to Jupyter."""
        forms = {"text/plain": lambda: str(self), "text/html": self.to_html, "text/latex": self.to_latex}
        return mime_bundle(forms, include, exclude)
