"""Atoms: the indivisible parts of terms, before the data are seen. One class for each way of using a column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.formula._refusal import Refusal
from mathlearn.data.formula.factors import ColumnFactor, ExpressionFactor, SplineFactor
from mathlearn.data.formula.learners import LevelLearner, PolyLearner, Ready, SplineLearner, ValueLearner
from mathlearn.data.formula.splines import Basis
from mathlearn.data.formula.tree import Name, Node, columns_of, names_of, render

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.formula.learners import Learner
    from mathlearn.data.schema import Field, Schema

Key: TypeAlias = tuple[str, str]


class Atom(Protocol):
    """What every atom answers.

    Attributes
    ----------
    kind : str
        Tells a column called ``log(x)`` from the logarithm of ``x``.
    text : str
        Canonical text.
    at : int
        Where it is in the formula, for messages.
    """

    kind: ClassVar[str]

    @property
    def text(self) -> str:
        """Canonical text."""

    @property
    def at(self) -> int:
        """Position in the formula."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns used."""

    def check(self, schema: Schema) -> None:
        """Refuse columns that do not exist or are of the wrong kind."""

    def categorical(self, schema: Schema) -> bool:
        """Whether it is coded by indicators."""

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:
        """Return what learns it."""


def key(atom: Atom) -> Key:
    """Return what tells atoms apart."""
    return atom.kind, atom.text


@dataclass(frozen=True, slots=True)
class ColumnAtom:
    """A column by itself: a number, or a category if its values are text."""

    kind: ClassVar[str] = "column"
    name: str
    at: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        """Canonical text: the bare name."""
        return self.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns used."""
        return (self.name,)

    def check(self, schema: Schema) -> None:
        """Refuse a column that does not exist or is neither number nor category."""
        _usable(_field(schema, self.name, self.at), self.at)

    def categorical(self, schema: Schema) -> bool:
        """Whether the column is categorical."""
        return not schema[self.name].numeric

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Levels are learned, numbers need nothing."""
        if not self.categorical(schema):
            return Ready(ColumnFactor(self.name))
        return LevelLearner(self.name, self.name, schema[self.name].levels or (), None, asked=False)


@dataclass(frozen=True, slots=True)
class ArithmeticAtom:
    """``log(x)``, ``I(x ** 2)`` and the like: one column of numbers."""

    kind: ClassVar[str] = "arithmetic"
    node: Node
    at: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        """Canonical text."""
        return render(self.node)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns used."""
        return columns_of(self.node)

    def check(self, schema: Schema) -> None:
        """Refuse columns that are not numbers."""
        _require_numbers(self.node, schema, self.text)

    def categorical(self, schema: Schema) -> bool:  # noqa: ARG002
        """Arithmetic gives numbers."""
        return False

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Nothing to learn."""
        return Ready(ExpressionFactor(self.text))


@dataclass(frozen=True, slots=True)
class CategoryAtom:
    """``C(x, ref="a")``: a column as a category, whatever its type."""

    kind: ClassVar[str] = "category"
    text: str
    name: str
    reference: str | None
    at: int = field(default=0, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns used."""
        return (self.name,)

    def check(self, schema: Schema) -> None:
        """Refuse a column that does not exist or is neither number nor category."""
        _usable(_field(schema, self.name, self.at), self.at)

    def categorical(self, schema: Schema) -> bool:  # noqa: ARG002
        """Return True: that is what C() is for."""
        return True

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Levels are learned, from text or from numbers."""
        declared = schema[self.name]
        if declared.numeric:
            return ValueLearner(self.text, self.name, self.reference)
        return LevelLearner(self.text, self.name, declared.levels or (), self.reference)


@dataclass(frozen=True, slots=True)
class PolyAtom:
    """``poly(x, degree)``."""

    kind: ClassVar[str] = "poly"
    text: str
    node: Node
    degree: int
    at: int = field(default=0, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns used."""
        return columns_of(self.node)

    def check(self, schema: Schema) -> None:
        """Refuse columns that are not numbers."""
        _require_numbers(self.node, schema, self.text)

    def categorical(self, schema: Schema) -> bool:  # noqa: ARG002
        """Polynomials are numbers."""
        return False

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """One pass, streamed or not."""
        return PolyLearner(self.text, render(self.node), self.degree)


@dataclass(frozen=True, slots=True)
class SplineAtom:
    """``bs(x, df=)`` or ``bs(x, knots=, bounds=)``; `knots` is a count to be placed at quantiles, or the knots."""

    kind: ClassVar[str] = "spline"
    text: str
    node: Node
    degree: int
    knots: int | tuple[float, ...]
    bounds: tuple[float, float] | None
    at: int = field(default=0, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns used."""
        return columns_of(self.node)

    def check(self, schema: Schema) -> None:
        """Refuse columns that are not numbers."""
        _require_numbers(self.node, schema, self.text)

    def categorical(self, schema: Schema) -> bool:  # noqa: ARG002
        """Splines are numbers."""
        return False

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Explicit knots and bounds need no pass; everything else needs the data in memory."""
        source = render(self.node)
        if not isinstance(self.knots, int) and self.bounds is not None:
            return Ready(SplineFactor(self.text, source, Basis(self.degree, *self.bounds, _floats(self.knots))))
        if not in_memory:
            raise SchemaError(
                f"{self.text} would place its knots by quantiles and range of the data, but the rows come as a stream. "
                f"Give both: bs({source}, knots=[...], bounds=[lower, upper])."
            )
        knots = self.knots if isinstance(self.knots, int) else _floats(self.knots)
        return SplineLearner(self.text, source, self.degree, knots, self.bounds)


def _floats(numbers: tuple[float, ...]) -> FloatArray:
    return np.array(numbers, dtype=np.float64)


def _field(schema: Schema, name: str, at: int) -> Field:
    if name not in schema:
        raise Refusal(schema.unknown(name), at)
    return schema[name]


def _usable(column: Field, at: int) -> None:
    if column.numeric or column.kind == "categorical":
        return
    called = column.dtype or column.kind
    remedy = (
        "subtract a date and divide by a duration beforehand, to get a number"
        if column.kind == "datetime"
        else "convert it to numbers or text beforehand"
    )
    raise Refusal(
        f"column {column.name!r} is of type {called}, neither number nor category: {remedy}, or leave it out", at
    )


def _require_numbers(node: Node, schema: Schema, text: str) -> None:
    for name in names_of(node):
        _require_number(name, schema, text)


def _require_number(name: Name, schema: Schema, text: str) -> None:
    column = _field(schema, name.name, name.at)
    _usable(column, name.at)
    if not column.numeric:
        raise Refusal(
            f"{text} needs numbers, and column {name.name!r} is categorical: "
            f"use it by itself or as C({render(name)}), or convert it to numbers",
            name.at,
        )
