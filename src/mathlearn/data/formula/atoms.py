"""Atoms: the indivisible parts of terms, before the data are seen. One class for each way of using a column."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeAlias

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


@dataclass(frozen=True, slots=True)
class Atom(ABC):
    """What a term is a product of.

    Attributes
    ----------
    kind : str
        Tells a column called ``log(x)`` from the logarithm of ``x``.
    for_numbers : bool
        Whether it takes columns of numbers only.
    text : str
        Canonical text.
    node : Node
        The column, or the arithmetic on columns, that it is made of.
    at : int
        Where it is in the formula, for messages.
    """

    kind: ClassVar[str]
    for_numbers: ClassVar[bool] = True
    text: str
    node: Node
    at: int = field(compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns used."""
        return columns_of(self.node)

    def check(self, schema: Schema) -> None:
        """Refuse columns that do not exist or are of the wrong kind."""
        for name in names_of(self.node):
            column = usable(schema, name)
            if self.for_numbers and not column.numeric:
                raise Refusal(
                    f"{self.text} needs numbers, and column {name.name!r} is categorical: "
                    f"use it by itself or as C({render(name)}), or convert it to numbers",
                    name.at,
                )

    def categorical(self, schema: Schema) -> bool:  # noqa: ARG002 -- of a column by itself only the schema knows
        """Whether it is coded by indicators."""
        return not self.for_numbers

    @abstractmethod
    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:
        """Return what learns it."""


def key(atom: Atom) -> Key:
    """Return what tells atoms apart."""
    return atom.kind, atom.text


@dataclass(frozen=True, slots=True)
class ColumnAtom(Atom):
    """A column by itself: a number, or a category if its values are text."""

    kind = "column"
    for_numbers = False

    @classmethod
    def of(cls, name: Name) -> ColumnAtom:
        """Take a column, whose canonical text is its bare name."""
        return cls(name.name, name, name.at)

    def categorical(self, schema: Schema) -> bool:
        """Whether the column is categorical."""
        return not schema[self.text].numeric

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Levels are learned, numbers need nothing."""
        if not self.categorical(schema):
            return Ready(ColumnFactor(self.text))
        return LevelLearner(self.text, self.text, schema[self.text].levels or (), None, asked=False)


@dataclass(frozen=True, slots=True)
class ArithmeticAtom(Atom):
    """``log(x)``, ``I(x ** 2)`` and the like: one column of numbers."""

    kind = "arithmetic"

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Nothing to learn."""
        return Ready(ExpressionFactor(self.text))


@dataclass(frozen=True, slots=True)
class CategoryAtom(Atom):
    """``C(x, ref="a")``: a column as a category, whatever its type."""

    kind = "category"
    for_numbers = False
    reference: str | None

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Levels are learned, from text or from numbers."""
        (name,) = self.columns
        declared = schema[name]
        if declared.numeric:
            return ValueLearner(self.text, name, self.reference)
        return LevelLearner(self.text, name, declared.levels or (), self.reference)


@dataclass(frozen=True, slots=True)
class LabelAtom(Atom):
    """``C(y, ref="a")`` on the left: a column of labels, of which one is compared with. Its text is the column's bare name."""

    kind = "labels"
    for_numbers = False
    reference: str | None

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Labels are named here, and coded elsewhere."""
        return Ready(ColumnFactor(self.text))


@dataclass(frozen=True, slots=True)
class PolyAtom(Atom):
    """``poly(x, degree)``."""

    kind = "poly"
    degree: int

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """One pass, streamed or not."""
        return PolyLearner(self.text, render(self.node), self.degree)


@dataclass(frozen=True, slots=True)
class SplineAtom(Atom):
    """``bs(x, df=)`` or ``bs(x, knots=, bounds=)``; `knots` is a count to be placed at quantiles, or the knots."""

    kind = "spline"
    degree: int
    knots: int | tuple[float, ...]
    bounds: tuple[float, float] | None

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


def usable(schema: Schema, name: Name) -> Field:
    """Return the column of this name, which is made of numbers or a category."""
    if name.name not in schema:
        raise Refusal(schema.unknown(name.name), name.at)
    column = schema[name.name]
    if column.numeric or column.kind == "categorical":
        return column
    called = column.dtype or column.kind
    remedy = (
        "subtract a date and divide by a duration beforehand, to get a number"
        if column.kind == "datetime"
        else "convert it to numbers or text beforehand"
    )
    raise Refusal(
        f"column {column.name!r} is of type {called}, neither number nor category: {remedy}, or leave it out", name.at
    )
