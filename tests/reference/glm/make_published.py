"""Write `published`: results of R and Stata that statsmodels keeps for its own tests, and which data they belong to.

Usage, at the root of the repository: python -m tests.reference.glm.make_published
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tests.reference.glm import designs
from tests.reference.glm.literals import WHOLE, half_unit, parts
from tests.reference.glm.published_cases import published
from tests.reference.glm.refit import refit

FOLDER = Path(__file__).parent / "published"


def agreement(name, texts, value) -> float | None:
    """Return the digits that published numbers share with a second fit: None where they agree as far as they are printed."""
    texts = np.asarray(texts, dtype=str)
    numbers = texts.astype(float)
    value = np.asarray(value, dtype=float)[: len(texts)] if texts.ndim else np.asarray(value, dtype=float)
    if value.shape != texts.shape:
        raise ValueError(f"shapes {texts.shape} and {value.shape} of {name}")
    error = np.abs(numbers - value)
    size = np.full(numbers.shape, np.max(np.abs(numbers))) if name.startswith(WHOLE) else np.abs(numbers)
    beyond = error > (1 + 1e-9) * np.vectorize(half_unit)(texts)
    if not beyond.any():
        return None
    return float(np.min(np.floor(-10 * np.log10(error[beyond] / size[beyond])) / 10))


def digits(name, texts, again):
    """Return the most digits printed of one number of a field, and how many of them a second fit confirms."""
    printed = max(parts(str(text))[0] for text in np.asarray(texts, dtype=str).ravel())
    if name not in again:
        return {"printed": printed, "agreed": "unchecked"}
    found = agreement(name, texts, again[name])
    return {"printed": printed, "agreed": "as printed" if found is None else found}


def record(case):
    table, licence = designs.data(case["design"])
    again = refit(case, table)
    expected = {name: np.asarray(value, dtype=str) for name, value in case["expected"].items()}
    names = case["columns"]
    return {
        "source": f"{case['source']}; extracted from statsmodels {version('statsmodels')} (BSD-3-Clause)",
        "family": case["family"],
        "link": case["link"],
        "parameters": case["parameters"],
        "weights_type": case["weights_type"],
        "names": names,
        "terms": ["(Intercept)", *names] if case["intercept"] else names,
        "intercept": case["intercept"],
        "data": {"table": case["design"], "shape": list(table.shape), "checksum": designs.checksum(table)}
        | {"licence": licence, "response": case["response"], "columns": names}
        | ({"weights": case["weights"]} if case["weights"] else {}),
        "offset": case["offset"],
        "groups": case["groups"],
        "expected": {name: value.tolist() for name, value in expected.items()},
        "digits": {name: digits(name, value, again) for name, value in expected.items()},
        "notes": case["notes"],
    }


def main():
    for case in published():
        entry = record(case)
        (FOLDER / f"{case['name']}.json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")
        doubtful = {k: (v["printed"], v["agreed"]) for k, v in entry["digits"].items() if v["agreed"] != "as printed"}
        print(case["name"], doubtful)  # noqa: T201


if __name__ == "__main__":
    main()
