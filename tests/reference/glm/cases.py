"""Reference cases of generalised linear models: read from `published` and `exact`, as typed records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.reference.glm.literals import WHOLE, half_unit

HERE = Path(__file__).parent
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A data set, a model and the numbers that a fit must have.

    `X` has no column of ones; `terms` names the coefficients, the intercept first where there is one. `y` has two columns,
    successes and failures, for grouped binomial responses, and whole numbers from 0 for classes. A field of `expected` may
    have fewer rows than the data: it is then of the leading rows. `texts` has the numbers as they were printed.
    """

    name: str
    source: str
    family: str
    link: str
    parameters: dict[str, Any]
    X: Numbers
    y: Numbers
    names: tuple[str, ...]
    terms: tuple[str, ...]
    intercept: bool
    weights: Numbers | None
    weights_type: str | None
    offset: Numbers | None
    groups: Numbers | None
    expected: dict[str, Any]
    texts: dict[str, Any]
    digits: dict[str, Any]
    notes: str

    def tolerance(self, field: str, *, floor: float = 0.0) -> Numbers:
        """Return how far a right answer may be from each number of a field, given how it was printed.

        Half a unit of the last printed place; where the published number was found to be less exact than that, the digits
        which it shares with a second fit, of the number itself or of the largest of the field (`literals.WHOLE`). `floor`
        is a relative precision not to be gone below, for what the caller's own arithmetic may lose.
        """
        value = np.abs(np.asarray(self.expected[field], dtype=float))
        size = np.full(value.shape, np.max(value)) if field.startswith(WHOLE) else value
        if "correct" in self.digits:
            return np.maximum(floor, 10.0 ** -self.digits["correct"]) * size
        printed = np.vectorize(half_unit)(np.asarray(self.texts[field], dtype=str)) * (1 + 1e-6)
        agreed = self.digits[field]["agreed"]
        shared = 10.0**-agreed * size if isinstance(agreed, float) else 0.0 * size
        return np.maximum(np.maximum(printed, shared), floor * size)

    def assert_matches(self, field: str, actual: Any, *, floor: float = 1e-9) -> None:
        """Compare with a field to the digits that are known of it."""
        expected = np.asarray(self.expected[field], dtype=float)
        actual = np.asarray(actual, dtype=float)
        if expected.ndim:
            actual = actual[: len(expected)]
        assert actual.shape == expected.shape, f"{self.name}, {field}: shape {actual.shape} for {expected.shape}"
        beyond = np.abs(actual - expected) - self.tolerance(field, floor=floor)
        assert (beyond <= 0).all(), f"{self.name}, {field}: got {actual}, published {self.texts[field]}"


@cache
def _table(name: str, shape: tuple[int, int], checksum: str) -> dict[str, Numbers]:
    """Read the table of a published case from statsmodels, and see that it is the one that the case was published with."""
    from tests.reference.glm import designs  # statsmodels takes long to import, and exact cases do without

    table, _ = designs.data(name)
    assert table.shape == shape, (
        f"the table {name} of the installed statsmodels has the shape {table.shape}, not {shape}"
    )
    assert designs.checksum(table) == checksum, f"the table {name} of the installed statsmodels is another one"
    return {column: table[column].to_numpy() for column in table.columns}


def _floats(texts: Any) -> Any:
    out = np.array(texts, dtype=float)
    return out if out.ndim else float(out)


def _arrays(entry: dict[str, Any]) -> dict[str, Numbers | None]:
    data = entry["data"]
    if "table" not in data:
        offset, weights = entry["offset"], data.get("weights")
        return {
            "X": np.array(data["X"], dtype=float),
            "y": np.array(data["y"], dtype=float),
            "weights": None if weights is None else np.array(weights),
            "offset": None if offset is None else np.array(offset),
            "groups": None,
        }
    table = _table(data["table"], tuple(data["shape"]), data["checksum"])
    y = np.column_stack([table[name] for name in data["response"]])
    chosen = {"weights": data.get("weights"), "offset": entry["offset"], "groups": entry["groups"]}
    return {
        "X": np.column_stack([table[name] for name in data["columns"]]),
        "y": y if y.shape[1] == 2 else y[:, 0],
    } | {key: None if name is None else table[name] for key, name in chosen.items()}


@cache
def case(kind: str, name: str) -> Case:
    """Return the case `name` of the kind "published" or "exact"."""
    entry = json.loads((HERE / kind / f"{name}.json").read_text(encoding="utf-8"))
    fields = ("source", "family", "link", "parameters", "intercept", "weights_type", "digits", "notes")
    return Case(
        name=name,
        **{field: entry[field] for field in fields},
        **_arrays(entry),
        names=tuple(entry["names"]),
        terms=tuple(entry["terms"]),
        texts=entry["expected"],
        expected={field: _floats(texts) for field, texts in entry["expected"].items()},
    )


def names(kind: str) -> tuple[str, ...]:
    """Return the names of all cases of a kind."""
    return tuple(sorted(path.stem for path in (HERE / kind).glob("*.json")))


def cases(kind: str, family: str | None = None) -> tuple[Case, ...]:
    """Return all cases of a kind, or those of one family."""
    found = (case(kind, name) for name in names(kind))
    return tuple(c for c in found if family in {None, c.family})
