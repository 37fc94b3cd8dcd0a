"""The problems whose exact solution is known: NIST StRD linear sets and designs on raw units.

Powers are formed by repeated multiplication, which IEEE 754 fixes to the last bit on every machine (`pow` is not).
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.data import raw_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parents[1] / "data"
NIST = ("Norris", "Pontius", "NoInt1", "NoInt2", "Filip", "Longley", "Wampler1", "Wampler2", "Wampler3", "Wampler4", "Wampler5")  # fmt: skip
LINE_MEANS = ("1e3", "1e4", "1e5", "1e6", "1e7", "1e8", "1e9")


@dataclass(frozen=True)
class Problem:
    """A design of doubles X (n, p), without the column of ones, its target (n,) and precision weights (n,) or None."""

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    intercept: bool = True
    weight: NDArray[np.float64] | None = None


def powers(x: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """Return x, x^2, ..., x^degree as columns, each the rounded product of the column before and x."""
    columns = [x]
    for _ in range(degree - 1):
        columns.append(columns[-1] * x)
    return np.column_stack(columns)


@cache
def certified(name: str) -> dict[str, Any]:
    """Return what NIST states about a set."""
    return json.loads((DATA / "nist" / "certified.json").read_text(encoding="utf-8"))[name]


def nist_csv(name: str) -> Path:
    """Return the file of a set, its numbers as NIST prints them."""
    return DATA / "nist" / certified(name)["file"]


@cache
def nist_problem(name: str) -> Problem:
    """Read one NIST linear set and form its design in doubles."""
    with nist_csv(name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    table = np.array([[float(cell) for cell in row] for row in rows[1:]])
    y, columns = table[:, 0], table[:, 1:]
    intercept = certified(name)["intercept"]
    degree = len(certified(name)["coefficients"]) - intercept
    X = powers(columns[:, 0], degree) if columns.shape[1] == 1 else columns
    return Problem(X, y, intercept)


def nist_problems() -> dict[str, Problem]:
    """Return all NIST linear sets."""
    return {name: nist_problem(name) for name in NIST}


@cache
def raw_unit_problems() -> dict[str, Problem]:
    """Return the designs on raw units: timestamps, exact lines far from zero, column scales, powers up to the fourth."""
    X, y, _, _ = raw_units.timestamps()
    weight = np.random.default_rng(11).uniform(0.1, 10.0, len(y))
    problems = {"timestamps": Problem(X, y), "timestamps, weighted": Problem(X, y, weight=weight)}
    for mean in LINE_MEANS:
        problems[f"line, mean {mean}"] = Problem(*raw_units.line(float(mean)))
    X, y, _ = raw_units.scales()
    problems["scales"] = Problem(X, y)
    rng = np.random.default_rng(5)
    problems["scales, with noise"] = Problem(X, y + rng.normal(size=len(y)))
    x = np.linspace(0.0, 100.0, 201)
    target = 1.0 + x * (2.0 + x * (-0.05 + x * (3e-4 + x * 1e-6)))
    problems["polynomial of degree 4 on [0, 100]"] = Problem(powers(x, 4), target + rng.normal(size=len(x)))
    return problems
