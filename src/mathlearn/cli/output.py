"""What a command writes: text, JSON or a table, to the screen or whole into a file."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _text
from mathlearn._atomic import replacing
from mathlearn.cli.plain import is_unicode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mathlearn._typing import AnyArray
    from mathlearn.results.certificate import Certificate

__all__ = ["DerivationFormat", "Format", "Sink", "certificate_record", "records", "say", "table"]

Format = Literal["text", "html", "latex"]
"""How a summary is written."""

DerivationFormat = Literal["text", "latex", "html", "markdown"]
"""How a derivation, or a comparison, is written."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Where and how a command writes.

    Attributes
    ----------
    path : Path or None
        None: standard output.
    json : bool
    format : {"text", "html", "latex"}
        Of a summary or a diagnosis, when not JSON.
    """

    path: Path | None = None
    json: bool = False
    format: Format = "text"

    def write(self, pieces: Iterable[str]) -> None:
        """Write the pieces one after the other; a file appears whole or not at all."""
        if self.path is None:
            for piece in pieces:
                sys.stdout.write(piece)
            return
        with replacing(self.path) as file:
            for piece in pieces:
                file.write(piece.encode())
        say(f"written: {self.path}")

    def write_table(self, names: Sequence[str], blocks: Iterable[AnyArray], kinds: Mapping[str, AnyArray]) -> None:
        """Write blocks of rows (m, k), as Parquet where the name of the file asks for it; `kinds` has values of the type of a column."""
        from mathlearn.data.parquet_writer import is_parquet, write_parquet

        if self.path is None or not is_parquet(self.path):
            self.write((records if self.json else table)(names, blocks))
            return
        write_parquet(self.path, (dict(zip(names, block.T, strict=True)) for block in blocks), kinds=kinds)
        say(f"written: {self.path}")

    def write_json(self, value: Any) -> None:
        """Write a JSON value; what is not finite becomes null."""
        escaped = self.path is None and not is_unicode(sys.stdout.encoding)  # what is read by machines must not change
        self.write([json.dumps(_plain(value), indent=2, ensure_ascii=escaped, allow_nan=False), "\n"])


def say(line: str) -> None:
    """Tell the user something that is not the result: on standard error."""
    sys.stderr.write(_text.terminal(line) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy's scalars and arrays
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(names: Sequence[str], blocks: Iterable[AnyArray]) -> Iterator[str]:
    """Spell blocks of rows (m, k) as CSV, a piece a block; each number reads back as the very same double."""
    head = ",".join(map(_text.csv, names)) + "\n"
    for block in blocks:
        spell = repr if block.dtype.kind == "f" else _cell
        yield head + "".join([",".join(map(spell, row)) + "\n" for row in block.tolist()])
        head = ""


def _cell(value: Any) -> str:
    """Spell a number or a label; nothing for None."""
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else _text.csv(str(value))


def records(names: Sequence[str], blocks: Iterable[AnyArray]) -> Iterator[str]:
    """Spell blocks of rows (m, k) as a JSON array of objects, a piece a block; what is not finite becomes null."""
    joint = "[\n"
    for block in blocks:
        rows = [json.dumps(_plain(dict(zip(names, row, strict=True))), ensure_ascii=False) for row in block.tolist()]
        yield joint + ",\n".join(rows)
        joint = ",\n"
    yield "\n]\n"


def certificate_record(certificate: Certificate) -> Mapping[str, Any]:
    """Return the certificate as JSON-ready values."""
    return {
        "verdict": certificate.verdict,
        "ok": certificate.ok,
        "unique": certificate.unique,
        "evidence": certificate.grade,
        "digits": certificate.digits,
        "error_in_se": certificate.error_in_se,
        "statistical_digits": certificate.statistical_digits,
        "checks": [
            {
                "name": check.name,
                "value": check.value,
                "threshold": check.threshold,
                "passed": check.passed,
                "meaning": check.meaning,
            }
            for check in certificate.checks
        ],
        "notes": list(certificate.notes),
    }
