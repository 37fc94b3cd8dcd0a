"""`Derivation`: the mathematics of a fit as data, before it is typeset: steps, their checks, and what is shown of them.

Mathematics is written in LaTeX, by the topics alone. The user's own words never enter it: where one belongs, a private
character stands for it, and the word travels beside it until a renderer puts it in, escaped for its format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from mathlearn.data.schema import did_you_mean
from mathlearn.explain.numbers import aligned
from mathlearn.statistics.mime import mime_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.statistics.cells import Cells

__all__ = [
    "Block",
    "Derivation",
    "Display",
    "Maths",
    "Matrix",
    "Paragraph",
    "Prose",
    "Step",
    "StepCheck",
    "Table",
    "joined",
    "maths",
    "prose",
    "strain",
]

_FIRST = 0xE000  # of the private characters, which no LaTeX command is made of
_MOST_NAMES = 6400
_SHOWN = 6  # rows or columns of a matrix that are shown whole
_LEADING = 4  # shown of more than that, with the last
_FEWEST = 2
_LINE = 52  # columns that the numbers of a matrix take before fewer are shown


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
        rows, columns = map(shown, self.values.shape)
        texts = aligned(self.values[np.ix_(_indices(rows), _indices(columns))])
        if sum(max(map(_width, column)) for column in zip(*texts, strict=True)) > _LINE:
            columns = shown(self.values.shape[1], _FEWEST, _FEWEST + 1)
            texts = aligned(self.values[np.ix_(_indices(rows), _indices(columns))])
        cells = [_column(texts, rows, columns, j) for j in range(len(columns))]
        body = r" \\ ".join(" & ".join(row) for row in zip(*cells, strict=True))
        matrix = Maths(rf"\left[\begin{{array}}{{{'r' * len(columns)}}} {body} \end{{array}}\right]")
        if not self.rows:
            return matrix
        places = r" \\ ".join(r"\vdots" if i is None else "@" for i in rows)
        left = maths(rf"\begin{{array}}{{r}} {places} \end{{array}}", *(self.rows[i] for i in rows if i is not None))
        return joined(r"\;", [left, matrix])


def shown(size: int, leading: int = _LEADING, whole: int = _SHOWN) -> list[int | None]:
    """Return the indices that are shown of so many: all up to `whole`, else the first few, None for those left out, the last."""
    return list(range(size)) if size <= whole else [*range(leading), None, size - 1]


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


@dataclass(frozen=True, slots=True, eq=False)
class Display:
    """A formula on a line of its own, of LaTeX and matrices side by side."""

    parts: tuple[Maths | Matrix, ...]

    @property
    def maths(self) -> Maths:
        """The whole line."""
        return joined(" ", [part.maths if isinstance(part, Matrix) else part for part in self.parts])


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences between formulas."""

    prose: Prose


@dataclass(frozen=True, slots=True)
class Table:
    """A table: names on the left, numbers on the right."""

    cells: Cells


Block: TypeAlias = "Display | Paragraph | Table"


@dataclass(frozen=True, slots=True)
class StepCheck:
    """What was found when a step was checked on this very fit, by another route than the number shown.

    Attributes
    ----------
    value, tolerance : float
        A discrepancy, and how large rounding alone can make it. NaN never passes.
    says : str
        What was compared.
    """

    value: float
    tolerance: float
    says: str

    @property
    def passed(self) -> bool:
        """Whether the discrepancy is within its tolerance."""
        return bool(self.value <= self.tolerance)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a derivation.

    Attributes
    ----------
    heading : str
        A few words, stable: not the user's.
    claim : what holds
    body : the formulas and tables that say it in full, with the numbers of this fit
    because : why it holds
    checks : whether it does, on this fit
    reference : where the mathematics is from
    children : steps within the step
    """

    heading: str
    claim: Prose
    body: tuple[Block, ...]
    because: Prose
    checks: tuple[StepCheck, ...]
    reference: str
    children: tuple[Step, ...] = ()

    @property
    def check(self) -> StepCheck:
        """The check that comes nearest to failing, or has failed."""
        return max(self.checks, key=strain)

    @property
    def passed(self) -> bool:
        """Whether this step and those within it hold on this fit."""
        return all(check.passed for check in self.checks) and all(child.passed for child in self.children)

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, width: int = 100) -> str:
        """Return the step as text for a terminal of so many columns, with those within it, as `Derivation.to_text`."""
        from mathlearn.explain.render.text import step_text

        return step_text(self, width)

    def __iter__(self) -> Iterator[Step]:
        """Yield this step, then those within it."""
        yield self
        for child in self.children:
            yield from child


def strain(check: StepCheck) -> float:
    """How near a check comes to failing: infinite where it does."""
    if not check.passed:
        return np.inf
    return check.value / check.tolerance if check.tolerance > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Derivation:
    """The mathematics of a fit, or of one prediction, with its own numbers; shown as text, LaTeX, HTML and Markdown.

    Attributes
    ----------
    title : Prose
    subtitle : Prose
    steps : the top of the tree

    Examples
    --------
    >>> from mathlearn.explain import explain
    >>> from mathlearn.linear_model import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0])
    >>> derivation = explain(model.result_)
    >>> derivation.passed
    True
    >>> print(derivation.steps[0].heading)
    The model
    """

    title: Prose
    subtitle: Prose
    steps: tuple[Step, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every step holds on this fit."""
        return all(step.passed for step in self.steps)

    @property
    def failing(self) -> tuple[Step, ...]:
        """The steps of which a check of their own fails."""
        return tuple(step for step in self if not all(check.passed for check in step.checks))

    def __iter__(self) -> Iterator[Step]:
        """Yield every step of the tree, each before those within it."""
        for step in self.steps:
            yield from step

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, heading: str) -> Step:
        """Return the step of that heading.

        Raises
        ------
        KeyError
            There is none; the message names those that there are.
        """
        for step in self:
            if step.heading == heading:
                return step
        known = [step.heading for step in self]
        nearest = did_you_mean(str(heading), known)
        raise KeyError(f"there is no step {heading!r}.{nearest} The steps are: {', '.join(map(repr, known))}.")

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, width: int = 100) -> str:
        """Return text for a terminal of so many columns.

        Raises
        ------
        ImportError
            latex2mathml is not installed; `to_latex` and `to_markdown` do without.
        """
        from mathlearn.explain.render.text import to_text

        return to_text(self, width)

    def to_latex(self, *, standalone: bool = False) -> str:
        """Return LaTeX source that needs amsmath alone; with `standalone` a whole document."""
        from mathlearn.explain.render.latex import to_latex

        return to_latex(self, standalone=standalone)

    def to_html(self, *, standalone: bool = False) -> str:
        """Return HTML with MathML: no script, nothing from the network; with `standalone` a whole page.

        Raises
        ------
        ImportError
            latex2mathml is not installed.
        """
        from mathlearn.explain.render.html import to_html

        return to_html(self, standalone=standalone)

    def to_markdown(self) -> str:
        """Return Markdown with mathematics between dollar signs."""
        from mathlearn.explain.render.markdown import to_markdown

        return to_markdown(self)

    def __repr__(self) -> str:
        state = "all checks pass" if self.passed else "CHECKS FAIL: " + ", ".join(s.heading for s in self.failing)
        return f"<Derivation of {len(self)} steps; {state}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Offer Jupyter the forms that can be made."""
        forms = {
            "text/plain": self.to_text,
            "text/html": self.to_html,
            "text/latex": self.to_latex,
            "text/markdown": self.to_markdown,
        }
        return mime_bundle(forms, include, exclude) or {"text/plain": repr(self)}
