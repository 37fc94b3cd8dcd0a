"""The shape of a formula: a handful of frozen nodes, and their canonical text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from mathlearn.data.formula.tokenise import is_plain


@dataclass(frozen=True, slots=True)
class Name:
    """A column."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number; `text` is how it was written."""

    text: str
    at: int = field(default=0, compare=False)

    @property
    def value(self) -> float:
        """The number as float64."""
        return float(self.text)


@dataclass(frozen=True, slots=True)
class Text:
    """A literal string: a level."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Dot:
    """All other columns."""

    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A bracketed list: knots, bounds."""

    items: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function with positional and named arguments."""

    function: str
    arguments: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...] = ()
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Sum:
    """Added (+1) and subtracted (-1) items, flat: a sum of ten thousand columns is not ten thousand deep."""

    items: tuple[tuple[int, Node], ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Two nodes joined by ``* / : **`` or compared; `at` is the operator's position."""

    operator: str
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


Node: TypeAlias = Name | Number | Text | Dot | Sequence | Call | Sum | Binary

_SUM, _ATOM, _SIGN = 1, 9, 4
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LEVELS = {**dict.fromkeys(COMPARISONS, 0), "*": 2, "/": 2, ":": 3, "**": 5}
"""How tightly the binary operators bind; a sign binds more tightly than ``:`` and less than ``**``, and a comparison least of all."""


def render(node: Node) -> str:
    """Write a node in canonical form: one text for one meaning, readable by the parser again."""
    return _render(node, 0)


def _render(node: Node, outside: int) -> str:
    """Write `node`, in parentheses when it binds less tightly than what is `outside`."""
    match node:
        case Sum(items):
            inside = _SIGN if len(items) == 1 else _SUM
            text = _render_items(items)
        case Binary(operator, left, right):
            inside = LEVELS[operator]
            mark = operator if operator == ":" else f" {operator} "
            # powers associate to the right and may have a signed exponent; comparisons do not chain; the others associate to the left
            at_left, at_right = (inside + 1, _SIGN) if operator == "**" else (inside, inside + 1)
            at_left += operator in COMPARISONS
            text = _render(left, at_left) + mark + _render(right, at_right)
        case _:
            return _render_leaf(node)
    return f"({text})" if inside < outside else text


def _render_items(items: tuple[tuple[int, Node], ...]) -> str:
    pieces: list[str] = []
    for sign, item in items:
        mark = "-" if sign < 0 else "+"
        first = f"-{_render(item, _SIGN)}" if sign < 0 else _render(item, _SUM + 1)
        pieces.append(f" {mark} {_render(item, _SUM + 1)}" if pieces else first)
    return "".join(pieces)


def _render_leaf(node: Node) -> str:
    match node:
        case Name(name):
            return name if is_plain(name) else f"`{name}`"
        case Number(text):
            return text
        case Text(text):
            return f"'{text}'" if '"' in text else f'"{text}"'
        case Sequence(items):
            return f"[{', '.join(map(render, items))}]"
        case Call(function, arguments, named):
            given = [*map(render, arguments), *(f"{name}={render(value)}" for name, value in named)]
            return f"{function}({', '.join(given)})"
        case _:
            return "."


def columns_of(node: Node) -> tuple[str, ...]:
    """Return the columns that a node names, each once, in order."""
    return tuple(dict.fromkeys(name.name for name in names_of(node)))


def names_of(node: Node) -> list[Name]:
    """Return every mention of a column in a node."""
    match node:
        case Name():
            return [node]
        case Sum(items):
            parts = [item for _, item in items]
        case Binary(_, left, right):
            parts = [left, right]
        case Call(_, arguments, named):
            parts = [*arguments, *(value for _, value in named)]
        case Sequence(items):
            parts = list(items)
        case _:
            return []
    return [name for part in parts for name in names_of(part)]
