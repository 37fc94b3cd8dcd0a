"""Reference values for a problem: the stored ones for the same bits, fresh ones where this machine makes other bits."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.reference.designs import DATA
from tests.reference.exact_least_squares import fingerprint, reference

if TYPE_CHECKING:
    from tests.reference.designs import Problem


@cache
def stored(file: str) -> dict[str, Any]:
    """Read a reference file of tests/data."""
    return json.loads((DATA / file).read_text(encoding="utf-8"))["problems"]


def expected(file: str, name: str, problem: Problem) -> dict[str, Any]:
    """Return the exact solution of this problem.

    Random streams and the order of sums in a BLAS may differ between machines; an exact solution belongs to one set of
    bits, so for other bits it is made anew.
    """
    entry = stored(file)[name]
    return entry if entry["sha256"] == fingerprint(problem) else reference(problem)
