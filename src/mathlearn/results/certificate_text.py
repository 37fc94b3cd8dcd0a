"""A certificate in words, for people: the verdict first, then each check with what it means."""

from __future__ import annotations

import textwrap
from math import ceil, floor, isfinite, isnan, log10
from typing import TYPE_CHECKING

from mathlearn import _text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.certificate import Certificate, Check, Grade, Verdict

__all__ = ["GRADES", "certificate_text", "digest"]

WIDTH = 100
MARGIN = "  "

GRADES: dict[Grade, str] = {
    "statistic": "recomputed from the merged statistic of the data",
    "rows": "from a second, independent pass over the rows",
}
_VERDICTS: dict[Verdict, str] = {
    "certified": "certified: every number shown is right, to the digits stated",
    "certified, with terms withheld": "certified, with terms withheld: what is shown is right, the data do not determine the rest",
    "not certified": "NOT CERTIFIED: do not rely on these numbers before the failed checks are understood",
}


def certificate_text(certificate: Certificate, *, width: int = WIDTH) -> str:
    """Spell a certificate for a terminal: verdict, grade of the evidence, every check, what follows for the numbers.

    Parameters
    ----------
    certificate : Certificate
    width : int
        Longest line, in characters.
    """
    lines = [_VERDICTS[certificate.verdict], f"{MARGIN}evidence: {GRADES[certificate.grade]}", ""]
    lines.extend(_check_lines(certificate.checks, width))
    lines.extend(["", *_wrapped(digest(certificate), width)])
    for note in certificate.notes:
        lines.extend(_wrapped(f"note: {_text.terminal(note)}", width))
    return "\n".join(lines)


def digest(certificate: Certificate) -> str:
    """Say in a line how near the optimum the solution is, and how many digits are certified and supported by the data."""
    parts = []
    if not isnan(certificate.error_in_se):
        parts.append(f"solution within {_bound(certificate.error_in_se)} SE of the optimum")
    if isfinite(certificate.digits):
        # Rounded down: a digit is certified or it is not.
        parts.append(f"{int(certificate.digits)} digits certified")
    if isfinite(certificate.statistical_digits):
        parts.append(f"the data support {max(certificate.statistical_digits, 0.0):.1f} digits")
    return "; ".join(parts) or "no forward error bound is available for this solver"


def _check_lines(checks: tuple[Check, ...], width: int) -> Iterator[str]:
    """Lay the checks out in columns; a meaning that is too long goes on below itself."""
    cells = [(check.name, f"{check.value:.3g}", f"{check.threshold:.3g}") for check in checks]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for check, row in zip(checks, cells, strict=True):
        mark, relation = ("[ok]  ", "<=") if check.passed else ("[FAIL]", "> ")
        name, value, limit = (cell.ljust(size) for cell, size in zip(row, widths, strict=True))
        head = f"{MARGIN}{mark} {name}  {value} {relation} {limit}  "
        meaning = _text.terminal(check.meaning)
        yield from textwrap.wrap(meaning, width, initial_indent=head, subsequent_indent=" " * len(head))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=MARGIN, subsequent_indent=MARGIN * 2)


def _bound(x: float) -> str:
    """Write an upper bound with one digit, rounded up; nothing is claimed below 1e-9, which is of no interest."""
    x = max(x, 1e-9)
    if not isfinite(x):
        return "inf"
    unit = 10.0 ** floor(log10(x))
    # The tolerance keeps 3e-9 at 3e-9: its quotient by the unit may exceed 3 by a rounding.
    return f"{ceil(x / unit - 1e-9) * unit:.0e}" if x < 0.1 else f"{x:.2g}"
