"""From the unlearned parts of a formula to factors: what one streamed pass over the rows has to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from mathlearn._errors import DomainError, ResourceError, SchemaError
from mathlearn._text import is_number
from mathlearn.data.formula.evaluate import evaluate, expression
from mathlearn.data.formula.factors import CategoryFactor, PolyFactor, SplineFactor
from mathlearn.data.formula.poly import Measure
from mathlearn.data.formula.splines import Basis, quantile_knots
from mathlearn.data.formula.tree import Name, render
from mathlearn.data.schema import did_you_mean, listing, place_of

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray
    from mathlearn.data.formula.factors import Factor
    from mathlearn.data.formula.view import View

MAX_LEVELS = 10_000
"""Most levels of one category."""

_MOSTLY = 0.9
"""Share of levels that look like numbers from which a text column is taken for numbers with a bad cell."""


class Learner(Protocol):
    """Looks at batches, then makes the factor."""

    needs_rows: bool
    """Whether `see` has to be called at all."""

    def see(self, view: View) -> None:
        """Look at one batch."""

    def merge(self, other: Self) -> Self:
        """Take in what another one like it saw of the rows that follow."""

    def learned(self) -> Factor:
        """Make the factor from what was seen."""


class Ready:
    """A factor with nothing to learn."""

    needs_rows = False

    def __init__(self, factor: Factor) -> None:
        self._factor = factor

    def see(self, view: View) -> None:
        """Nothing to see."""

    def merge(self, other: Ready) -> Ready:
        """Nothing to take in."""
        del other
        return self

    def learned(self) -> Factor:
        """Return the factor."""
        return self._factor


class LevelLearner:
    """The levels that occur in a categorical column: in declared order if there is one, else sorted.

    Unless a category was `asked` for or its levels are declared, they must not look like numbers with a bad cell among them.
    """

    needs_rows = True

    def __init__(
        self, text: str, column: str, declared: tuple[str, ...], reference: str | None, *, asked: bool = True
    ) -> None:
        self._text, self._column, self._reference = text, column, reference
        self._declared, self._asked = declared, asked
        self._seen: set[str] = set()

    def see(self, view: View) -> None:
        """Collect the levels of the good rows."""
        column = view.column(self._column)
        if column.levels is None:
            raise SchemaError(f"column {self._column!r} is categorical in some batches and {column.kind} in others.")
        codes = np.unique(view.kept(column.values))
        self._seen.update(column.levels[code] for code in codes.tolist())
        _refuse_too_many(self._column, len(self._seen))

    def merge(self, other: LevelLearner) -> LevelLearner:
        """Take in the levels that another saw."""
        self._seen |= other._seen
        _refuse_too_many(self._column, len(self._seen))
        return self

    def learned(self) -> CategoryFactor:
        """Order the levels and find the reference."""
        declared = [level for level in self._declared if level in self._seen]
        levels = (*declared, *sorted(self._seen.difference(declared)))
        _refuse_too_few(self._column, levels)
        if not self._asked and not self._declared:
            _refuse_numbers(self._column, levels)
        reference = 0 if self._reference is None else _position(self._column, self._reference, levels)
        return CategoryFactor(self._text, self._column, levels, None, reference)


class ValueLearner:
    """The distinct numbers in a column that is used as a category."""

    needs_rows = True

    def __init__(self, text: str, column: str, reference: str | None) -> None:
        self._text, self._column, self._reference = text, column, reference
        self._values: AnyArray | None = None

    def see(self, view: View) -> None:
        """Collect the values of the good rows."""
        values = view.column(self._column).values
        self._add(np.unique(view.kept(values)).astype(_widest(values.dtype)))

    def _add(self, here: AnyArray) -> None:
        self._values = here if self._values is None else np.union1d(self._values, here)
        _refuse_too_many(self._column, len(self._values))

    def merge(self, other: ValueLearner) -> ValueLearner:
        """Take in the values that another saw."""
        if other._values is not None:
            self._add(other._values)
        return self

    def learned(self) -> CategoryFactor:
        """Spell the levels and find the reference."""
        values = self._values if self._values is not None else np.empty(0, dtype=np.float64)
        levels = tuple(str(value) for value in values.tolist())
        _refuse_too_few(self._column, levels)
        reference = 0 if self._reference is None else _position(self._column, self._reference, levels, values)
        return CategoryFactor(self._text, self._column, levels, values, reference)


class PolyLearner:
    """The recurrence of the orthogonal polynomials on the values of an expression."""

    needs_rows = True

    def __init__(self, text: str, source: str, degree: int) -> None:
        self._text, self._source, self._degree = text, source, degree
        self._measure: Measure | None = None

    def see(self, view: View) -> None:
        """Take the values of the good rows in."""
        x = view.kept(evaluate(expression(self._source), view))
        if len(x):
            self._measure = self._measure or Measure(self._degree, float(x[0]))
            self._measure.add(x)

    def merge(self, other: PolyLearner) -> PolyLearner:
        """Take in the measure that another made."""
        if self._measure is None:
            self._measure = other._measure
        elif other._measure is not None:
            self._measure.merge(other._measure)
        return self

    def learned(self) -> PolyFactor:
        """Compute the recurrence."""
        measure = self._measure or Measure(self._degree, 0.0)
        return PolyFactor(self._text, self._source, measure.recurrence(self._text))


class SplineLearner:
    """Bounds and quantile knots, from data in memory."""

    needs_rows = True

    def __init__(
        self, text: str, source: str, degree: int, knots: FloatArray | int, bounds: tuple[float, float] | None
    ) -> None:
        self._text, self._source, self._degree = text, source, degree
        self._knots, self._bounds = knots, bounds
        self._values: list[FloatArray] = []

    def see(self, view: View) -> None:
        """Keep the values of the good rows."""
        self._values.append(view.kept(evaluate(expression(self._source), view)))

    def merge(self, other: SplineLearner) -> SplineLearner:
        """Take in the values that another kept."""
        self._values += other._values
        return self

    def learned(self) -> SplineFactor:
        """Place the knots."""
        x = np.concatenate(self._values) if self._values else np.empty(0)
        if self._bounds is None and not len(x):
            raise DomainError(f"{self._text} has no row with a value to place its knots by.")
        bounds = self._bounds or (float(x.min()), float(x.max()))
        knots = self._knots if not isinstance(self._knots, int) else self._quantiles(x, self._knots, bounds)
        basis = Basis(self._degree, *bounds, knots)
        basis.check(self._text)
        return SplineFactor(self._text, self._source, basis)

    @staticmethod
    def _quantiles(x: FloatArray, count: int, bounds: tuple[float, float]) -> FloatArray:
        inside = x[(x >= bounds[0]) & (x <= bounds[1])]
        return quantile_knots(inside, count) if len(inside) and count else np.empty(0)


def _widest(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return one type for all columns of a kind, so that what is learned does not depend on how numbers are stored."""
    if dtype == np.uint64:
        return dtype
    return np.dtype({"f": np.float64, "i": np.int64, "u": np.int64, "b": np.bool_}[dtype.kind])


def _refuse_too_many(column: str, count: int) -> None:
    if count > MAX_LEVELS:
        raise ResourceError(
            f"column {column!r} has more than {MAX_LEVELS} levels. A category needs many rows for each level: "
            "group rare levels, or leave the column out if it is an identifier."
        )


def _refuse_numbers(column: str, levels: tuple[str, ...]) -> None:
    """Refuse text that is numbers but for a few cells: coding each number as a category is what nobody meant."""
    bad = next((level for level in levels if not is_number(level)), None)
    alike = sum(is_number(level.replace(",", ".")) for level in levels)
    if bad is None or alike < _MOSTLY * len(levels):
        return
    raise SchemaError(
        f"column {column!r} is text, but {alike} of its {len(levels)} levels look like numbers; the first that is no "
        f"number is {bad!r}. Mend that cell, scan the file with missing_values= naming it if it means missing (decimal=',' "
        f"if that is the decimal mark), or with types={{{column!r}: 'float64'}} to learn its line. "
        f"Write C({render(Name(column, 0))}) to have a category all the same."
    )


def _refuse_too_few(column: str, levels: tuple[str, ...]) -> None:
    if len(levels) < 2:
        found = f"only the level {levels[0]!r}" if levels else "no level at all"
        raise SchemaError(
            f"column {column!r} has {found} in the rows without missing values: a category needs at least two. "
            "Leave it out of the formula."
        )


def _position(column: str, reference: str, levels: tuple[str, ...], values: AnyArray | None = None) -> int:
    found = place_of(reference, levels, values)
    if found is not None:
        return found
    raise SchemaError(
        f"the reference level {reference!r} does not occur in column {column!r}.{did_you_mean(reference, levels)} "
        f"The levels are: {listing(levels)}."
    )
