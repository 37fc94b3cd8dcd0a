"""The suite of showing: the report's time and size, and what diagnosing costs beside a fit with robust errors."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.table import Row, machine, markdown
from benchmarks.timing import interleaved
from benchmarks.workloads import Workload

if TYPE_CHECKING:
    from typing import Any

MUST_REACH = ("work", "measure", "measured", "must reach", "verdict")


def run(*, quick: bool = False) -> str:
    """Run the suite and return its report in Markdown."""
    n = 20_000 if quick else 1_000_000
    rows = list(_rows(Workload(f"n={n:.0e}, p=20".replace("e+0", "e"), n, 20, rounds=3 if quick else 7)))
    lead = "*Quick run: small sizes, no claim.*\n\n" if quick else ""
    return lead + f"{machine()}.\n\n" + markdown(MUST_REACH, (row.cells for row in rows))


def _rows(workload: Workload) -> list[Row]:
    from mathlearn.linear_model import LinearRegression

    X, y = workload.make()
    model: Any = LinearRegression().fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.html")
        seconds = interleaved(
            {
                "report": lambda: model.report(path, X, y),
                "diagnose": lambda: model.diagnose(X, y),
                "HC3": lambda: LinearRegression(covariance="HC3").fit(X, y),
                "explain": lambda: model.explain().to_html(),
            },
            rounds=workload.rounds,
        )
        size = path.stat().st_size / 2**20
    return [
        Row(workload.name, "report, in a warm process", seconds["report"], 2, unit="s"),
        Row(workload.name, "size of the report", size, 2, unit="MB"),
        Row(workload.name, "diagnose over a fit with HC3", seconds["diagnose"] / seconds["HC3"], 10),
        Row(workload.name, "explain, as HTML", seconds["explain"], 1, unit="s"),
    ]
