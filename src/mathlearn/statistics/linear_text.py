"""Linear combinations of terms written as text, ``"2*a - b = 1"``: a tokeniser and four rules, nothing evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from mathlearn._errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LinearForm", "parse_linear", "unknown_term"]

MAX_LENGTH = 10_000
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WORD = re.compile(r"[^\s+\-*/=`]+|.", re.DOTALL)
_OPENING, _CLOSING = "([", ")]"


@dataclass(frozen=True, slots=True)
class LinearForm:
    """``sum of coefficients * terms = rhs``."""

    coefficients: dict[str, float]
    rhs: float


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["name", "number", "sign", "times", "over", "equals", "end"]
    text: str
    at: int


def parse_linear(text: str, names: Sequence[str]) -> LinearForm:
    """Read one linear combination of the given names.

    Grammar: ``side [= side]``; a side is items joined by ``+`` and ``-``; an item is ``name``, ``number``, ``number*name``,
    ``name*number`` or ``name/number``. A name that holds an operator or a space outside brackets is written in backquotes.

    Raises
    ------
    SchemaError
        With a caret under what cannot be read; an unknown name comes with the nearest known one.

    Examples
    --------
    >>> parse_linear("2*a - b = 1", ["a", "b"])
    LinearForm(coefficients={'a': 2.0, 'b': -1.0}, rhs=1.0)
    """
    if len(text) > MAX_LENGTH:
        raise SchemaError(f"a contrast of {len(text)} characters: at most {MAX_LENGTH} are read; give an array instead")
    tokens = list(_tokens(text, names))
    coefficients: dict[str, float] = {}
    constant, side, i = 0.0, 1.0, 0
    while True:
        i, name, value = _item(text, tokens, i)
        if name is None:
            constant += side * value
        else:
            coefficients[name] = coefficients.get(name, 0.0) + side * value
        token = tokens[i]
        if token.kind == "equals" and side > 0:
            side, i = -1.0, i + 1
        elif token.kind == "end":
            return LinearForm(coefficients, -constant)
        elif token.kind != "sign":
            raise _error(text, token.at, "expected +, - or one =")


def _item(text: str, tokens: list[_Token], i: int) -> tuple[int, str | None, float]:
    """Read ``[signs] factor [* factor | / number]``; return the next position, the name if any, and its coefficient."""
    value, name = 1.0, None
    while tokens[i].kind == "sign":
        value = -value if tokens[i].text == "-" else value
        i += 1
    divide = False
    while True:
        token = tokens[i]
        if token.kind == "number":
            number = float(token.text)
            if divide and number == 0:
                raise _error(text, token.at, "division by zero")
            value = value / number if divide else value * number
        elif token.kind == "name" and name is None and not divide:
            name = token.text
        else:
            raise _error(text, token.at, "expected a number or, once in a product, a term")
        i += 1
        if tokens[i].kind not in {"times", "over"}:
            return i, name, value
        divide = tokens[i].kind == "over"
        i += 1


def _tokens(text: str, names: Sequence[str]) -> Iterator[_Token]:
    bare = sorted(filter(_is_bare, names), key=len, reverse=True)
    known = set(names)
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token, at = _next_token(text, at, bare, known)
        yield token
    yield _Token("end", "", len(text))


_SYMBOLS: dict[str, Literal["sign", "times", "over", "equals"]] = {
    "+": "sign",
    "-": "sign",
    "*": "times",
    "/": "over",
    "=": "equals",
}


def _next_token(text: str, at: int, bare: list[str], known: set[str]) -> tuple[_Token, int]:
    if text[at] == "`":
        stop = text.find("`", at + 1)
        if stop < 0:
            raise _error(text, at, "this backquote is not closed")
        name = text[at + 1 : stop]
        if name not in known:
            raise SchemaError(unknown_term(name, known))
        return _Token("name", name, at), stop + 1
    for name in bare:
        if text.startswith(name, at) and _ends_here(text, at + len(name)):
            return _Token("name", name, at), at + len(name)
    if number := _NUMBER.match(text, at):
        return _Token("number", number[0], at), number.end()
    if text[at] in _SYMBOLS:
        return _Token(_SYMBOLS[text[at]], text[at], at), at + 1
    word = _WORD.match(text, at)
    raise _error(text, at, unknown_term(word[0] if word else text[at], known))


def _is_bare(name: str) -> bool:
    """Whether a name can stand without backquotes: no operator, space or quote outside its brackets."""
    if not name or not (name[0].isalpha() or name[0] in "_("):
        return False
    depth = 0
    for character in name:
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth < 0 or (depth == 0 and (character in _SYMBOLS or character.isspace() or character == "`")):
            return False
    return depth == 0


def _ends_here(text: str, at: int) -> bool:
    return at == len(text) or not (text[at].isalnum() or text[at] in "_.:[(`")


def unknown_term(name: str, known: set[str]) -> str:
    """Say that a term is unknown, and which known one is nearest."""
    near = get_close_matches(name, sorted(known), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {_some(sorted(known))}."
    return f"{name!r} is not a term of this fit. {hint} A name with spaces or operators is written in `backquotes`."


def _some(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:8]))
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _error(text: str, at: int, problem: str) -> SchemaError:
    start = max(at - 40, 0)
    line = text[start : at + 40].replace("\n", " ")
    return SchemaError(f"cannot read the contrast: {problem}\n    {line}\n    {' ' * (at - start)}^")
