"""Conditions on rows: comparisons of the formula's arithmetic, joined by ``and``, ``or`` and ``not``.

condition = both { "or" both }
both      = denied { "and" denied }
denied    = "not" denied | "(" condition ")" | comparison
comparison = sum ( ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) ( sum | string ) | "in" "[" constant { "," constant } "]" )
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from mathlearn.data.formula._refusal import Refusal
from mathlearn.data.formula.evaluate import check_arithmetic
from mathlearn.data.formula.grammar import Parser
from mathlearn.data.formula.tokenise import tokenise
from mathlearn.data.formula.tree import COMPARISONS, Binary, Name, Node, Number, Sequence, Sum, Text, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.formula.tokenise import Token

_JOINS = ("and", "or", "not", "in")
_EXPECTED = 'a comparison was expected, as in x > 3, species == "Adelie" or year in [2007, 2008]'


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions of which all (``"and"``) or some (``"or"``) hold."""

    operator: Literal["and", "or"]
    parts: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """A condition that does not hold."""

    part: Test


Test: TypeAlias = Binary | Joined | Denied
"""A comparison, two of which are arithmetic or a column and a constant, and what is made of several."""


def parse_condition(text: str) -> Test:
    """Parse a condition, and check that its sides are what can be compared.

    Raises
    ------
    Refusal
        With the position of what cannot be read.
    """
    parser = _Conditions(tokenise(text))
    found = parser.condition()
    parser.end()
    return found


def comparisons(test: Test) -> Iterator[Binary]:
    """Yield every comparison of a condition, in order."""
    match test:
        case Binary():
            yield test
        case Joined(_, parts):
            for part in parts:
                yield from comparisons(part)
        case Denied(part):
            yield from comparisons(part)


class _Conditions(Parser):
    """The rules above, over those of arithmetic."""

    called = "condition"

    def condition(self) -> Test:
        with self.nested():
            return self._join("or")

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.unexpected("'and', 'or' or the end was expected")

    def _word(self, token: Token | None = None) -> str:
        """Return the joining word that a token is, or ""."""
        token = token or self.token
        return token.text if token.kind == "name" and token.text in _JOINS else ""

    def _join(self, word: Literal["and", "or"]) -> Test:
        """Parse what a word joins: ``or`` binds less tightly than ``and``."""
        parts = [self._both() if word == "or" else self._denied()]
        while self._word() == word:
            self.advance()
            parts.append(self._both() if word == "or" else self._denied())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _both(self) -> Test:
        return self._join("and")

    def _denied(self) -> Test:
        if self._word() == "not":
            with self.nested():
                self.advance()
                return Denied(self._denied())
        if self.peek() == "(" and self._compares():
            self.advance()
            found = self.condition()
            self.expect(")", "')' was expected")
            return found
        return self._comparison()

    def _compares(self) -> bool:
        """Whether the parentheses that open here hold a condition, and not arithmetic."""
        depth = 0
        for token in self.following():
            if token.kind == "operator":
                depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return False
            if self._word(token) or (token.kind == "operator" and token.text in COMPARISONS):
                return True
        return False

    def _comparison(self) -> Test:
        at = self.token.at
        left = self.sum()
        if self._word() == "in":
            return self._among(left)
        if self.peek() not in COMPARISONS:
            raise self.unexpected(_EXPECTED)
        operator = self.advance()
        right = self.sum()
        if self.peek() in COMPARISONS:
            raise Refusal("comparisons do not chain: write 'low < x and x < high'", self.token.at)
        _check_sides(left, right, operator.at)
        return Binary(operator.text, _constant(left) or left, _constant(right) or right, at)

    def _among(self, left: Node) -> Test:
        at = self.advance().at
        right = self.sum()
        if not isinstance(left, Name):
            raise Refusal("'in' asks of a column by itself: x in [1, 2]", at)
        values = tuple(map(_constant, right.items)) if isinstance(right, Sequence) else ()
        if not values or None in values:
            raise Refusal("after 'in' comes a list of numbers or strings: x in [1, 2] or species in [\"Adelie\"]", at)
        return Joined("or", tuple(Binary("==", left, value, left.at) for value in values if value is not None))


def _constant(node: Node) -> Number | Text | None:
    """Return a number, with its sign, or a string; None for what is neither."""
    match node:
        case Number() | Text():
            return node
        case Sum(((-1, Number(text, at)),)):
            return Number(f"-{text}", at)
    return None


def _check_sides(left: Node, right: Node, at: int) -> None:
    """Require a column and a string, or arithmetic on both sides, with a column somewhere."""
    if isinstance(left, Text) or (isinstance(right, Text) and not isinstance(left, Name)):
        raise Refusal('a string is compared with a column by itself, which stands first: species == "Adelie"', at)
    for side in (left, right):
        if not isinstance(side, Text):
            check_arithmetic(side)
    if not columns_of(left) and not columns_of(right):
        raise Refusal("this is the same in every row: a condition names a column", at)
