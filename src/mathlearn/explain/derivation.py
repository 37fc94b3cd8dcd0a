"""`Derivation`: the mathematics of a fit as data, before it is typeset: steps, their checks, and what is shown of them.

Mathematics is written in LaTeX, by the topics alone; the user's own words travel beside it (`formula`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from mathlearn.data.schema import did_you_mean
from mathlearn.explain.formula import Maths, Matrix, Prose, Whole, joined, maths, prose
from mathlearn.statistics.mime import mime_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    "Whole",
    "joined",
    "maths",
    "prose",
    "strain",
]


_PAGE = 80  # columns that the matrices of a line take together on a printed page


@dataclass(frozen=True, slots=True, eq=False)
class Display:
    """A formula on a line of its own, of LaTeX and matrices side by side."""

    parts: tuple[Maths | Matrix, ...]

    @property
    def maths(self) -> Maths:
        """The whole line."""
        return joined(" ", self.pieces())

    def pieces(self, *, narrow: bool = False) -> tuple[Maths, ...]:
        """Return the parts as formulas; matrices that would together be wider than a page, or that shall be narrow, with few columns."""
        narrow = narrow or sum(part.width for part in self.parts if isinstance(part, Matrix)) > _PAGE
        written = attrgetter("narrow" if narrow else "maths")
        return tuple(written(part) if isinstance(part, Matrix) else part for part in self.parts)


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
