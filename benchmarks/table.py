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


def write_section(path: Path, name: str, text: str) -> None:
    """Replace what stands between the two markers of a section; a file without them is an error."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    content = path.read_text(encoding="utf-8")
    if begin not in content or end not in content:
        raise SystemExit(f"{path} has no section {name!r}: it needs the lines {begin!r} and {end!r}")
    before, _, rest = content.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
