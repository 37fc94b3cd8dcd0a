"""`TwinComparison`: a fit beside scikit-learn's."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.comparison.sheet import Cell, Footnotes, Line, Section, Sheet, Shown
from mathlearn.statistics.cells import MISSING, number
from mathlearn.statistics.frame import to_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.comparison.apart import Cause
    from mathlearn.statistics.frame import FrameKind

__all__ = ["Score", "TwinComparison"]

HEADINGS = ("mathlearn", "scikit-learn", "difference", "in {}", "digits")


@dataclass(frozen=True, slots=True)
class Score:
    """A number about each fit on these rows, as a whole.

    Attributes
    ----------
    label : str
    ours, theirs : (q,)
    missing : str
        Why it is NaN where it is.
    """

    label: str
    ours: FloatArray
    theirs: FloatArray
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TwinComparison(Shown):
    """A fit beside that of scikit-learn's estimator of the same name; arrays (q, k), intercept first, NaN where unknown.

    Attributes
    ----------
    twin, version : str
        scikit-learn's estimator with its parameters, and scikit-learn's version.
    n : int
    responses, terms : tuple of str
    mathlearn, sklearn : (q, k)
        The coefficients of both; those that the data do not determine too.
    std_error : (q, k)
        Model-based standard errors of mathlearn's fit; with a penalty they measure the curvature of the penalised objective.
    in_se, digits : (q, k)
        Their distance in these, and the digits in which they agree (16 at most).
    estimable : (k,) bool
        Which parameters the data determine.
    scores : tuple of Score
        On these rows: R² of least squares; of a likelihood the accuracy, or the share of the deviance explained, and the objective.
    rank : pair of int
        Of the columns, as each found it; None where it does not say.
    verdict : str
    alike : bool
        Whether the difference is of no consequence: rounding, or less than a hundredth of a standard error.
    causes : tuple of Cause
        Why they differ, or agree.
    unit, measure : str
        What `std_error` is, in a sentence and in a word.

    Examples
    --------
    >>> import mathlearn
    >>> from mathlearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> twins = mathlearn.compare_with_sklearn(LinearRegression().fit(X, y), X, y)
    >>> twins.n, twins.terms, twins.alike
    (4, ('(Intercept)', 'x0'), True)
    """

    twin: str
    version: str
    n: int
    responses: tuple[str, ...]
    terms: tuple[str, ...]
    mathlearn: FloatArray
    sklearn: FloatArray
    std_error: FloatArray
    in_se: FloatArray
    digits: FloatArray
    estimable: BoolArray
    scores: tuple[Score, ...]
    rank: tuple[int, int | None]
    verdict: str
    alike: bool
    causes: tuple[Cause, ...]
    unit: str = "model-based standard errors of mathlearn's fit"
    measure: str = "SE"

    @property
    def r_squared(self) -> tuple[FloatArray, FloatArray]:
        """The first score of both, as ``score`` gives it: R² of least squares."""
        return self.scores[0].ours, self.scores[0].theirs

    def to_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row for each response and term.

        Columns ``response, term, mathlearn, sklearn, difference, std_error, in_se, digits, estimable``.
        """
        q, k = self.mathlearn.shape
        columns = {
            "response": list(np.repeat(np.asarray(self.responses, dtype=object), k)),
            "term": list(self.terms) * q,
            "mathlearn": self.mathlearn.ravel(),
            "sklearn": self.sklearn.ravel(),
            "difference": (self.sklearn - self.mathlearn).ravel(),
            "std_error": self.std_error.ravel(),
            "in_se": self.in_se.ravel(),
            "digits": self.digits.ravel(),
            "estimable": np.tile(self.estimable, q),
        }
        return to_frame(columns, as_)

    def sheet(self) -> Sheet:
        """Lay the comparison out as a table."""
        notes = Footnotes("")
        several = len(self.responses) > 1
        sections: list[Section] = []
        for i, response in enumerate(self.responses):
            terms = tuple(self._term(i, j, notes) for j in range(len(self.terms)))
            sections += [
                Section(terms, response if several else "", long=True),
                Section(tuple(_score(score, i, notes) for score in self.scores)),
            ]
        if self.rank[1] is not None:
            rank = (Cell(str(self.rank[0])), Cell(str(self.rank[1])), Cell(), Cell(), Cell())
            sections.append(Section((Line("rank of the columns", rank),)))
        of = "" if several else f" of {self.responses[0]}"
        return Sheet(
            title=f"mathlearn and scikit-learn on the same rows{of}",
            verdict=self.verdict,
            ok=self.alike,
            lead=tuple(("Why", cause.sentence) for cause in self.causes),
            head=(Line("term", tuple(Cell(name.format(self.measure), words=True) for name in HEADINGS)),),
            sections=tuple(sections),
            footnotes=tuple(notes.texts),
            notes=tuple(self._notes()),
        )

    def _term(self, i: int, j: int, notes: Footnotes) -> Line:
        ours, theirs = float(self.mathlearn[i, j]), float(self.sklearn[i, j])
        mark = 0 if self.estimable[j] else notes.mark("not determined by the data")
        cells = (
            Cell(number(ours, 6), mark=mark),
            Cell(number(theirs, 6)),
            Cell(number(theirs - ours, 3)),
            Cell(number(float(self.in_se[i, j]), 2)),
            Cell(_digits(ours, theirs, float(self.digits[i, j]))),
        )
        return Line(self.terms[j], cells)

    def _notes(self) -> Iterator[tuple[str, str]]:
        yield "Twin", f"{self.twin} of scikit-learn {self.version}, fitted to the same {self.n} rows"
        if np.isfinite(self.in_se).any():
            yield self.measure, self.unit
        yield "Digits", "in which both agree, relative to the coefficient or its standard error, whichever is larger"
        if not np.isfinite(self.in_se[:, self.estimable]).all():
            yield (
                "",
                "(without a standard error: or to the coefficient with which the column alone would be of the size of y)",
            )


def _score(score: Score, i: int, notes: Footnotes) -> Line:
    ours, theirs = float(score.ours[i]), float(score.theirs[i])
    mark = notes.mark(score.missing) if isnan(ours) and score.missing else 0
    values = tuple(Cell(number(value, 6), mark=mark) for value in (ours, theirs))
    return Line(score.label, (*values, Cell(number(theirs - ours, 3)), Cell(), Cell()))


def _digits(ours: float, theirs: float, digits: float) -> str:
    return "all" if ours == theirs else MISSING if isnan(digits) else str(floor(digits))
