"""Terminals that do not take every character: what they cannot show is written in letters they have, and nothing dies of it."""

from __future__ import annotations

import codecs
import io
import sys
from unicodedata import combining, decomposition, normalize

__all__ = ["is_unicode", "write_what_can_be_written"]

_NAME = "mathlearn"
_SAID = {
    **dict.fromkeys("−–—‐─", "-"),
    **dict.fromkeys("⎡⎢⎣⎤⎥⎦│", "|"),
    **dict(zip("βσμκΔηθε", ("beta", "sigma", "mu", "kappa", "Delta", "eta", "theta", "eps"), strict=True)),
    **dict(
        zip(
            "αγδλνξπρτφχω",
            ["alpha", "gamma", "delta", "lambda", "nu", "xi", "pi", "rho", "tau", "phi", "chi", "omega"],
            strict=True,
        )
    ),
    **dict(zip("ΓΛΦϕϑℓ←", ("Gamma", "Lambda", "Phi", "phi", "theta", "l", "<-"), strict=True)),
    **dict(zip("×·∑√∫∂∞≤≥≈±∈", ("x", "*", "sum", "sqrt", "int", "d", "inf", "<=", ">=", "~", "+-", "in"), strict=True)),
    **dict(zip("⋯⋮⋱⊥∼✓✗→", ("...", ":", ":", "perp", "~", "ok", "FAILS", "->"), strict=True)),
    "\u0302": "hat",
    "\u0304": "bar",
}
_RAISED = {"<super>": "^", "<sub>": "_"}


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Spell the characters that an encoding lacks: a name, the letter under an accent, or a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text, level = "", ""
    for character in error.object[error.start : error.end]:
        before, level = level, _RAISED.get(decomposition(character).partition(" ")[0], "")
        text += level * (level != before) + _spelled(character)
    return text, error.end


def _spelled(character: str) -> str:
    known = (_SAID.get(part, part) for part in normalize("NFKD", character))
    return "".join(known).encode("ascii", "ignore").decode("ascii") or ("" if combining(character) else "?")


def write_what_can_be_written() -> None:
    """Let standard output and error spell what their encoding lacks, instead of failing."""
    codecs.register_error(_NAME, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=_NAME)


def is_unicode(encoding: str | None) -> bool:
    """Whether an encoding has every character."""
    try:
        return codecs.lookup(encoding or "utf-8").name.startswith("utf")
    except LookupError:
        return False
