"""Make the table of docs/explanation/numerical-accuracy.md: ``python -m docs.accuracy_table``."""  # noqa: INP001 -- a script

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import accuracy
from benchmarks.table import markdown, write_section

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = Path(__file__).parent / "explanation" / "numerical-accuracy.md"
PEERS = ("scikit-learn", "statsmodels")


def rows(entries: Iterable[accuracy.Digits]) -> list[tuple[str, ...]]:
    """Return the cells: coefficients / standard errors for each library."""
    return [(e.name, *map(_cell, (e.mathlearn, e.sklearn, e.statsmodels))) for e in entries]


def table() -> str:
    """Return the whole section."""
    header = ("coefficients / standard errors", "mathlearn", *(f"{peer} {version(peer)}" for peer in PEERS))
    entries = [*accuracy.nist(statsmodels=True), *accuracy.raw_units(statsmodels=True)]
    return markdown(header, rows(entries)) + f"\n\nWith NumPy {version('numpy')} and SciPy {version('scipy')}."


def _cell(score: tuple[float, float | None] | None) -> str:
    if score is None:
        return "-"
    return " / ".join("-" if digits is None else f"{digits:.1f}" for digits in score)


if __name__ == "__main__":
    write_section(PAGE, "digits", table())
