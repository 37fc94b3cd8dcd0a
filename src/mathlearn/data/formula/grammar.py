"""Tokens to a tree. The grammar is whole: a formula means exactly what is written here.

formula  = [ event ] "~" sum
event    = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ]
sum      = [ sign ] product { sign product }              sign = "+" | "-"
product  = crossing { ( "*" | "/" ) crossing }
crossing = signed { ":" signed }
signed   = { sign } power
power    = primary [ ( "^" | "**" ) signed ]
primary  = number | string | "." | column | call | "(" sum ")" | "[" [ sum { "," sum } ] "]"
call     = name "(" [ argument { "," argument } ] ")"     argument = [ name "=" ] event
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from mathlearn._errors import ResourceError
from mathlearn.data.formula._refusal import Refusal
from mathlearn.data.formula.tokenise import tokenise
from mathlearn.data.formula.tree import COMPARISONS, LEVELS, Binary, Call, Dot, Name, Node, Number, Sequence, Sum, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.formula.tokenise import Token

MAX_DEPTH = 32
"""Deepest nesting of parentheses, calls, signs and powers."""

MAX_HEIGHT = 96
"""Tallest tree. A sum is flat, so that only nesting and chains of ``*``, ``/``, ``:`` make one tall."""

COMPARED = "a comparison is an event, which is a response: 'x > 3 ~ ...'. Of the right side compute a column of 0 and 1 beforehand"
_SIGNS = {"+": 1, "-": -1}
_POWERS = ("^", "**")


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a formula; `response` is None when it is one-sided."""

    response: Node | None
    terms: Node


def parse(text: str) -> Sides:
    """Parse a formula; what the nodes mean is not looked at yet.

    Raises
    ------
    Refusal
        With the position of what cannot be read.
    """
    tokens = tokenise(text)
    if not any(token.kind == "operator" and token.text == "~" for token in tokens):
        raise Refusal(
            "a formula has a '~' between response and terms: 'y ~ a + b', or '~ a + b' when y is passed to fit",
            len(text),
        )
    parser = Parser(tokens)
    response = None if parser.peek() == "~" else parser.event()
    parser.expect("~", "an operator (+ - : * / ^) or '~' was expected")
    terms = parser.sum()
    parser.finish()
    return Sides(response, terms)


def parse_expression(text: str) -> Node:
    """Parse one arithmetic expression, such as the source of a stored factor."""
    parser = Parser(tokenise(text))
    node = parser.event()
    parser.finish()
    return node


class Parser:
    """Recursive descent, one method for each rule of the grammar."""

    called = "formula"
    """What messages call the text."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._height = 0  # of the node parsed last

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._next]

    def peek(self) -> str:
        """Return the operator that comes next, or ""."""
        return self.token.text if self.token.kind == "operator" else ""

    def following(self) -> Iterator[Token]:
        """Yield the tokens from the next one on."""
        return islice(self._tokens, self._next, None)

    def advance(self) -> Token:
        """Take the next token."""
        token = self.token
        self._next += 1
        return token

    def unexpected(self, expected: str) -> Refusal:
        """Say that the next token is not what was expected."""
        token = self.token
        what = f"the {self.called} ends here" if token.kind == "end" else f"{token.text!r} is not understood here"
        return Refusal(f"{what}: {expected}", token.at)

    def expect(self, operator: str, expected: str) -> None:
        """Take an operator that must come next."""
        if self.peek() != operator:
            raise self.unexpected(expected)
        self.advance()

    def finish(self) -> None:
        """Require that nothing follows."""
        if self.token.kind == "end":
            return
        if self.peek() == "~":
            raise Refusal("a formula has one '~'", self.token.at)
        if self.peek() in COMPARISONS:
            raise Refusal(COMPARED, self.token.at)
        raise self.unexpected("an operator (+ - : * / ^) or the end was expected")

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count one level of nesting, and refuse one too many."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = (
                f"the {self.called} is nested more than {MAX_DEPTH} deep: simplify it, or compute a column beforehand"
            )
            raise Refusal(message, self.token.at, ResourceError)
        yield
        self._depth -= 1

    def _above(self, height: int) -> None:
        """Record a node above parts whose tallest has this height."""
        self._height = height + 1
        if self._height > MAX_HEIGHT:
            message = f"more than {MAX_HEIGHT} operators build on each other: simplify, or compute a column beforehand"
            raise Refusal(message, self.token.at, ResourceError)

    def event(self) -> Node:
        """Parse a sum, or a comparison of two."""
        node, left = self.sum(), self._height
        if self.peek() not in COMPARISONS:
            return node
        operator = self.advance()
        node = Binary(operator.text, node, self.sum(), operator.at)
        self._above(max(left, self._height))
        return node

    def sum(self) -> Node:
        """Parse what is added and subtracted."""
        with self.nested():
            at = self.token.at
            items = [(1, self._chain(LEVELS["*"]))]
            tallest = self._height
            while self.peek() in _SIGNS:
                sign = _SIGNS[self.advance().text]
                items.append((sign, self._chain(LEVELS["*"])))
                tallest = max(tallest, self._height)
        if len(items) == 1:
            return items[0][1]
        self._above(tallest)
        return Sum(tuple(items), at)

    def _chain(self, level: int) -> Node:
        """Parse operators of one level, which associate to the left."""
        if level > LEVELS[":"]:
            return self._signed()
        node = self._chain(level + 1)
        while LEVELS.get(self.peek()) == level:
            operator, left = self.advance(), self._height
            node = Binary(operator.text, node, self._chain(level + 1), operator.at)
            self._above(max(left, self._height))
        return node

    def _signed(self) -> Node:
        if self.peek() not in _SIGNS:
            return self._power()
        with self.nested():
            token = self.advance()
            operand = self._signed()
            self._above(self._height)
        return operand if token.text == "+" else Sum(((-1, operand),), token.at)

    def _power(self) -> Node:
        base = self._primary()
        if self.peek() not in _POWERS:
            return base
        with self.nested():
            at, left = self.advance().at, self._height
            exponent = self._signed()
            self._above(max(left, self._height))
            return Binary("**", base, exponent, at)

    def _primary(self) -> Node:
        token = self.token
        self._height = 0
        match token.kind, token.text:
            case "number", text:
                self.advance()
                return Number(text, token.at)
            case "string", text:
                self.advance()
                return Text(text, token.at)
            case "name" | "quoted", _:
                return self._column_or_call()
            case "operator", ".":
                self.advance()
                return Dot(token.at)
            case "operator", "(":
                self.advance()
                node = self.sum()
                self.expect(")", "')' was expected")
                return node
            case "operator", "[":
                return self._sequence()
        raise self.unexpected("a column, a number, a function or '(' was expected")

    def _column_or_call(self) -> Node:
        token = self.advance()
        if self.peek() != "(":
            return Name(token.text, token.at)
        if token.kind == "quoted":
            raise Refusal("a quoted column cannot be called: functions are written without backquotes", token.at)
        self.advance()
        tallest = 0
        arguments: list[Node] = []
        named: list[tuple[str, Node]] = []
        while self.peek() != ")":
            if arguments or named:
                self.expect(",", "',' or ')' was expected")
            self._argument(arguments, named)
            tallest = max(tallest, self._height)
        self.advance()
        self._above(tallest)
        return Call(token.text, tuple(arguments), tuple(named), token.at)

    def _argument(self, arguments: list[Node], named: list[tuple[str, Node]]) -> None:
        token, following = self.token, self._tokens[min(self._next + 1, len(self._tokens) - 1)]
        if token.kind == "name" and following.kind == "operator" and following.text == "=":
            self.advance()
            self.advance()
            named.append((token.text, self.event()))
        elif named:
            raise Refusal("positional arguments come before named ones", token.at)
        else:
            arguments.append(self.event())

    def _sequence(self) -> Sequence:
        at = self.advance().at
        items: list[Node] = []
        while self.peek() != "]":
            if items:
                self.expect(",", "',' or ']' was expected")
            items.append(self.sum())
        self.advance()
        return Sequence(tuple(items), at)
