"""Text to tokens: the first gate of a formula. What is not named here never gets further."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mathlearn._errors import ResourceError
from mathlearn.data.formula._refusal import Refusal

TokenKind = Literal["name", "quoted", "number", "string", "operator", "end"]

MAX_LENGTH = 200_000
"""Longest formula text, in characters: room for ten thousand column names."""

_LONGEST_NUMBER = 40

_PATTERN = re.compile(
    r"""
      (?P<space>    [ \t\r\n]+ )
    | (?P<number>   (?: [0-9]+ (?: \.[0-9]* )? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<name>     [^\W\d]\w* )
    | (?P<quoted>   `[^`]*` )
    | (?P<string>   "[^"]*" | '[^']*' )
    | (?P<operator> \*\* | [=!<>]= | [-+*/^:~(),=.\[\]<>] )
    """,
    re.VERBOSE,
)

_LOOKALIKES = {
    "\u00a0": " ", "∼": "~", "˜": "~", "～": "~", "−": "-", "–": "-", "—": "-", "×": "*", "∗": "*", "·": ":",
    "＋": "+", "（": "(", "）": ")", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "´": "`",
}  # fmt: skip
"""Characters that word processors put in the place of those meant."""

_UNCLOSED = {
    "`": "this backquote is never closed: a quoted column name is written between two, `like this`",
    '"': "this string is never closed",
    "'": "this string is never closed",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula: its kind, its text (without quotes) and where it starts."""

    kind: TokenKind
    text: str
    at: int


def is_plain(name: str) -> bool:
    """Whether a column can be named without backquotes."""
    match = _PATTERN.fullmatch(name)
    return match is not None and match.lastgroup == "name"


def tokenise(text: str) -> list[Token]:
    """Cut a formula into tokens, ending with one of kind "end".

    Raises
    ------
    Refusal
        A character outside the grammar, an unclosed quote, or a text that is too long.
    """
    if len(text) > MAX_LENGTH:
        message = (
            f"the formula has {len(text)} characters; at most {MAX_LENGTH} are read. '.' stands for all other columns."
        )
        raise Refusal(message, MAX_LENGTH, ResourceError)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            raise _unexpected(text[at], at)
        kind = match.lastgroup
        if kind != "space":
            tokens.append(_token(kind, match[0], at))
            _refuse_adjacent(tokens, text, match.end())
        at = match.end()
    tokens.append(Token("end", "", at))
    return tokens


def _token(kind: str | None, raw: str, at: int) -> Token:
    if kind == "quoted":
        return _quoted(raw[1:-1], at)
    if kind == "string":
        _refuse_control(raw, at, "a string")
        return Token("string", raw[1:-1], at)
    if kind == "number":
        if len(raw) > _LONGEST_NUMBER:
            raise Refusal(f"this number has {len(raw)} characters; at most {_LONGEST_NUMBER} are read", at)
        return Token("number", raw, at)
    return Token("name" if kind == "name" else "operator", raw, at)


def _quoted(name: str, at: int) -> Token:
    if not name:
        raise Refusal("there is no name between these backquotes", at)
    _refuse_control(name, at, "a quoted column name")
    return Token("quoted", name, at)


def _refuse_control(text: str, at: int, what: str) -> None:
    """Refuse line breaks, tabs and other characters below space: they hide what a formula says."""
    bad = next((c for c in text if ord(c) < 32 or ord(c) == 127), None)
    if bad is not None:
        raise Refusal(f"{what} cannot hold the control character U+{ord(bad):04X}: rename the column or level", at)


def _refuse_adjacent(tokens: list[Token], text: str, end: int) -> None:
    """Refuse ``a.b`` and ``2x``, which other languages read in ways that are not meant here."""
    token, following = tokens[-1], text[end : end + 2]
    if token.kind == "name" and following.startswith("."):
        raise Refusal(
            "a name cannot be followed by '.': columns have no attributes. "
            f"A column whose name contains a dot is written in backquotes: `{token.text}.…`",
            end,
        )
    if token.kind == "number" and re.match(r"[\w.]", following):
        raise Refusal(
            f"a number cannot be followed by {following[0]!r}. A product is written '*'; "
            "a column whose name starts with a digit is written in backquotes",
            end,
        )


def _unexpected(character: str, at: int) -> Refusal:
    if character in _UNCLOSED:
        return Refusal(_UNCLOSED[character], at)
    code = f"U+{ord(character):04X}"
    shown = f"{character!r} ({code})" if character.isprintable() else code
    meant = _LOOKALIKES.get(character)
    remedy = f"write {meant!r}" if meant else "a column whose name contains it is written in backquotes, `like this`"
    return Refusal(f"the character {shown} has no meaning in a formula: {remedy}", at)
