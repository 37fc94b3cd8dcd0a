"""Markdown: tables, the line that names the machine, and the section of a file that a run replaces."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Row:
    """One thing to reach.

    Attributes
    ----------
    value : float or None
        None when a peer is not installed.
    bound : float
        To be reached.
    at_least : bool
        Whether larger is better.
    unit : str
        Put after both numbers.
    """

    work: str
    measure: str
    value: float | None
    bound: float
    at_least: bool = False
    unit: str = "x"

    @property
    def verdict(self) -> str:
        """Say whether the bound is met."""
        if self.value is None:
            return "not installed"
        met = self.value >= self.bound if self.at_least else self.value <= self.bound
        return "met" if met else "**not met**"

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the cells of the row."""
        sign = "≥" if self.at_least else "≤"
        value = "-" if self.value is None else f"{self.value:.3g} {self.unit}"
        return self.work, self.measure, value, f"{sign} {self.bound:g} {self.unit}", self.verdict


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """Name the machine by its processor and the number of cores, and nothing else."""
    names = [line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def _cpu_lines() -> list[str]:
    return CPU_INFO.read_text(encoding="utf-8").splitlines() if CPU_INFO.exists() else []


def read_section(path: Path, name: str) -> tuple[str, str]:
    """Return the text up to the marker that begins a section, and from the one that ends it.

    Raises
    ------
    SystemExit
        If there is no such file, or it lacks the markers.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if not path.is_file():
        raise SystemExit(f"{path} is no file: it has to be there, with the lines {begin!r} and {end!r}")
    before, begun, rest = path.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise SystemExit(f"{path} has no section {name!r}: it needs the lines {begin!r} and {end!r}")
    return before + begun, ended + after


def write_section(path: Path, name: str, text: str) -> None:
    """Replace what stands between the two markers of a section."""
    before, after = read_section(path, name)
    path.write_text(f"{before}\n{text}\n{after}", encoding="utf-8")
