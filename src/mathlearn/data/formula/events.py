"""Events: a response that is 1 where a comparison holds and 0 where it does not, ``sex == "female"`` or ``mass > 4000``."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.formula._refusal import Refusal, pointing
from mathlearn.data.formula.atoms import Atom, usable
from mathlearn.data.formula.evaluate import check_arithmetic, evaluate
from mathlearn.data.formula.grammar import parse_expression
from mathlearn.data.formula.learners import Ready
from mathlearn.data.formula.tree import COMPARISONS, Binary, Name, Node, Number, Text, columns_of, names_of, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.formula.learners import Learner
    from mathlearn.data.formula.view import View
    from mathlearn.data.schema import Schema

__all__ = ["EventAtom", "EventFactor", "event_of"]

_COMPARE: dict[str, Callable[[FloatArray, FloatArray], BoolArray]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def event_of(node: Node) -> EventAtom:
    """Make the atom of a comparison, of two numbers or of a column with a level.

    Raises
    ------
    Refusal
        Its sides are not what can be compared, or name no column.
    """
    comparison = _checked(node)
    if not names_of(comparison):
        raise Refusal(f"{render(comparison)} is the same in every row: an event compares a column", comparison.at)
    return EventAtom(render(comparison), comparison, comparison.at)


def _checked(node: Node) -> Binary:
    """Return a comparison once its sides are found to be arithmetic, or a column and a level."""
    if not isinstance(node, Binary) or node.operator not in COMPARISONS:
        raise Refusal(f"{render(node)} compares nothing", getattr(node, "at", 0))
    if isinstance(node.left, Name) and isinstance(node.right, Text):
        if node.operator not in {"==", "!="}:
            raise Refusal("levels have no order here: compare them with == or !=", node.at)
        return node
    for side in (node.left, node.right):
        if isinstance(side, Text):
            raise Refusal('a level is compared with a column, which stands first: sex == "female"', side.at)
        check_arithmetic(side)
    return node


def _level(node: Binary) -> str | None:
    """Return the level that a column by itself is compared with, where it may be one: text, or a number taken as text."""
    same = isinstance(node.left, Name) and node.operator in {"==", "!="}
    return node.right.text if same and isinstance(node.right, Text | Number) else None


@dataclass(frozen=True, slots=True)
class EventAtom(Atom):
    """A comparison: 1 where it holds."""

    kind = "event"

    def check(self, schema: Schema) -> None:
        """Refuse columns that do not exist, or cannot be compared so."""
        node = _checked(self.node)
        columns = [usable(schema, name) for name in names_of(node)]
        text = isinstance(node.right, Text)
        if text and columns[0].numeric:
            raise Refusal(f"column {columns[0].name!r} is made of numbers: compare it with a number", node.at)
        if not text and _level(node) is None and not all(column.numeric for column in columns):
            name = next(column.name for column in columns if not column.numeric)
            raise Refusal(
                f'column {name!r} is categorical: compare it by itself with a level, as in {render(Name(name))} == "a"',
                node.at,
            )

    def categorical(self, schema: Schema) -> bool:  # noqa: ARG002 -- 0 or 1, whatever is compared
        """Never: it is a number."""
        return False

    def learner(self, schema: Schema, *, in_memory: bool) -> Learner:  # noqa: ARG002
        """Nothing to learn."""
        return Ready(EventFactor(self.text))


@lru_cache(maxsize=512)
def comparison(source: str) -> Binary:
    """Parse and check the stored source of a comparison, such as ``'species == "Adelie"'``.

    Raises
    ------
    SchemaError
        The text is none: stored models are checked as formulas are.
    """
    with pointing(source):
        return _checked(parse_expression(source))


@dataclass(frozen=True, slots=True)
class EventFactor:
    """A comparison; `source` is its canonical text, parsed and checked before it is used."""

    source: str

    def check(self) -> None:
        """Require the source to be a comparison."""
        comparison(self.source)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read."""
        return columns_of(comparison(self.source))

    def labels(self, *, reduced: bool) -> tuple[str, ...]:  # noqa: ARG002 -- only categories reduce
        """Return the comparison itself."""
        return (self.source,)

    def encode(self, view: View, *, reduced: bool) -> FloatArray:  # noqa: ARG002
        """Return 1 (n, 1) where it holds, else 0."""
        return self.holds(view).astype(np.float64)[:, None]

    def holds(self, view: View) -> BoolArray:
        """Return where it holds (n,); undefined in rows that are not good.

        Raises
        ------
        SchemaError
            A column is of another kind than at fit.
        """
        node = comparison(self.source)
        column = view.column(node.left.name) if isinstance(node.left, Name) else None
        if column is not None and column.levels is not None:
            wanted = _level(node)
            if wanted is None:
                raise SchemaError(
                    f"{self.source}: column {columns_of(node)[0]!r} is text here, and was numbers at fit."
                )
            same = np.array([*(level == wanted for level in column.levels), False])[column.values]
            return same if node.operator == "==" else ~same
        if isinstance(node.right, Text):
            raise SchemaError(f"{self.source}: column {columns_of(node)[0]!r} is numbers here, and was text at fit.")
        return np.asarray(_COMPARE[node.operator](evaluate(node.left, view), evaluate(node.right, view)))
