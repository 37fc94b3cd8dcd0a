"""The suite of linear regression: speed beside peers and limit, latency, memory, start-up, digits."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import accuracy, limit, memory, startup
from benchmarks.peers import FAMILIES, MATHLEARN, Estimates, version
from benchmarks.table import Row, machine, markdown
from benchmarks.timing import interleaved
from benchmarks.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = "limit"
MUST_REACH = ("work", "measure", "measured", "must reach", "verdict")


@dataclass(frozen=True)
class Contest:
    """A workload, who takes part, and what must be reached.

    Attributes
    ----------
    slower_than : mapping of family to float
        mathlearn's time divided by theirs is at most this.
    faster_than : mapping of family to float
        Their time divided by mathlearn's is at least this.
    """

    workload: Workload
    families: tuple[str, ...]
    slower_than: dict[str, float] = field(default_factory=dict)
    faster_than: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """Median seconds of each family's fastest setting, which setting that was, and how far estimates differ from mathlearn's."""

    seconds: dict[str, float]
    setting: dict[str, str]
    difference: dict[str, str]


def contests(*, quick: bool) -> tuple[Contest, Contest]:
    """Return the two throughput contests; the quick ones only show that everything runs."""
    tall, wide = (300_000, 20, 3), (20_000, 100, 3)
    if not quick:
        tall, wide = (1_000_000, 50, 3), (100_000, 500, 3)
    families = ("mathlearn", "scikit-learn", "statsmodels", "glum")
    return (
        Contest(
            _workload(*tall),
            families,
            slower_than={LIMIT: 2.5},
            faster_than={"scikit-learn": 10, "statsmodels": 40, "glum": 10},
        ),
        Contest(_workload(*wide), families[:2], slower_than={LIMIT: 2}, faster_than={"scikit-learn": 6}),
    )


def run(*, quick: bool = False) -> str:
    """Run the suite and return its report in Markdown."""
    tall, wide = contests(quick=quick)
    rows: list[Row] = []
    details: list[tuple[str, ...]] = []
    for contest in (tall, wide):
        outcome = hold(contest)
        rows += ratios(contest, outcome)
        details += _details(contest.workload.name, outcome)
    extra = memory.extra_peak(MATHLEARN.name, tall.workload.n, tall.workload.p)
    rows.append(Row(tall.workload.name, "extra peak memory, of X", 100 * extra, 10, unit="%"))
    rows += latency(rounds=5 if quick else 25)
    rows += start_up(rounds=3 if quick else 11)
    peer = _known("statsmodels")
    nist, raw = accuracy.nist(statsmodels=peer), accuracy.raw_units(statsmodels=peer)
    rows += [_least("NIST StRD, 11 linear sets", nist), _least("raw units", raw)]
    parts = [
        ("*Quick run: small sizes, no claim.*\n\n" if quick else "") + conditions(),
        markdown(MUST_REACH, (row.cells for row in rows)),
        markdown(("work", "library and setting", "median seconds", "estimates against mathlearn's"), details),
        "Correct digits of the worst coefficient / of the worst standard error, 15 at most:",
        _digits("NIST StRD", nist),
        _digits("raw units", raw),
    ]
    return "\n\n".join(parts)


def hold(contest: Contest) -> Outcome:
    """Time the families and the limit in turns on the same table."""
    X, y = contest.workload.make()
    tasks: dict[str, Callable[[], object]] = {
        f"{LIMIT}: {name}": partial(task, X) for name, task in limit.variants(*X.shape).items()
    }
    estimates: dict[str, Estimates] = {}
    for family in contest.families:
        for peer in FAMILIES[family]:
            if peer.installed:
                task = f"{family}: {peer.name}"
                tasks[task] = partial(_record, estimates, task, peer.fit, *peer.prepare(X, y))
    seconds = interleaved(tasks, rounds=contest.workload.rounds, calls=contest.workload.calls)
    fastest: dict[str, str] = {}
    for name in sorted(seconds, key=seconds.__getitem__):
        fastest.setdefault(name.partition(":")[0], name)
    return Outcome(
        {family: seconds[name] for family, name in fastest.items()},
        {family: name.partition(": ")[2] for family, name in fastest.items()},
        {
            family: _difference(estimates[fastest["mathlearn"]], estimates[name])
            for family, name in fastest.items()
            if name in estimates
        },
    )


def ratios(contest: Contest, outcome: Outcome) -> list[Row]:
    """Return what must be reached and what was, as ratios of medians."""
    seconds, name = outcome.seconds, contest.workload.name
    ours = seconds["mathlearn"]

    def ratio(family: str, *, inverse: bool) -> float | None:
        if family not in seconds:
            return None
        return seconds[family] / ours if inverse else ours / seconds[family]

    slower = [Row(name, f"time over {f}", ratio(f, inverse=False), bound) for f, bound in contest.slower_than.items()]
    faster = [
        Row(name, f"times faster than {f}", ratio(f, inverse=True), bound, at_least=True)
        for f, bound in contest.faster_than.items()
    ]
    return slower + faster


def latency(rounds: int) -> list[Row]:
    """Time small fits: one column, a hundred rows."""
    import sklearn.linear_model

    from mathlearn.linear_model import LinearRegression

    workload = Workload("n=100, p=1", 100, 1, rounds=rounds, calls=20)
    X, y = workload.make()
    fits = {
        "ours": lambda: LinearRegression().fit(X, y),
        "theirs": lambda: sklearn.linear_model.LinearRegression().fit(X, y),
    }
    summaries = {"ours": lambda: str(LinearRegression().fit(X, y).summary()), **_statsmodels_summary(X, y)}
    rows = []
    for label, tasks in (("fit over scikit-learn's", fits), ("fit and summary over statsmodels'", summaries)):
        seconds = interleaved(tasks, rounds=workload.rounds, calls=workload.calls)
        ratio = seconds["ours"] / seconds["theirs"] if "theirs" in seconds else None
        rows.append(Row(workload.name, label, ratio, 1))
    return rows


def _statsmodels_summary(X: Any, y: Any) -> dict[str, Callable[[], object]]:
    if not _known("statsmodels"):
        return {}
    from statsmodels.regression.linear_model import OLS

    design = np.column_stack([np.ones(len(y)), X])
    return {"theirs": lambda: str(OLS(y, design).fit().summary())}


def start_up(rounds: int) -> list[Row]:
    """Time imports and the command line in fresh processes."""
    seconds = startup.measure(rounds)
    package = seconds["import mathlearn"] - seconds["import numpy"]
    estimator = seconds["mathlearn's estimator"] - seconds["scikit-learn's estimator"]
    return [
        Row("import mathlearn", "over import numpy", 1000 * package, 60, unit="ms"),
        Row("import of the estimator", "over scikit-learn's", 1000 * estimator, 60, unit="ms"),
        Row("mathlearn --help", "wall time, warm", 1000 * seconds["mathlearn --help"], 500, unit="ms"),
    ]


def _workload(n: int, p: int, rounds: int) -> Workload:
    return Workload(f"n={n:.0e}, p={p}".replace("e+0", "e"), n, p, rounds)


def _record(into: dict[str, Estimates], task: str, fit: Callable[[Any, Any], Estimates], X: Any, y: Any) -> None:
    into[task] = fit(X, y)


def _difference(ours: Estimates, theirs: Estimates) -> str:
    """Say how far apart the estimates are, at most, relative to ours."""
    parts = [f"coefficients {_relative(ours.coefficients, theirs.coefficients):.1g}"]
    if ours.standard_errors is not None and theirs.standard_errors is not None:
        parts.append(f"standard errors {_relative(ours.standard_errors, theirs.standard_errors):.1g}")
    return ", ".join(parts)


def _relative(ours: Any, theirs: Any) -> float:
    return float(np.max(np.abs(theirs - ours) / np.abs(ours)))


def _details(work: str, outcome: Outcome) -> list[tuple[str, ...]]:
    return [
        (work, f"{family}: {outcome.setting[family]}", f"{seconds:.3g}", outcome.difference.get(family, "-"))
        for family, seconds in outcome.seconds.items()
    ]


def conditions() -> str:
    """Name the machine and the versions."""
    packages = [
        "mathlearn",
        "numpy",
        "scipy",
        *(peer[0].package for name, peer in FAMILIES.items() if name != "mathlearn"),
    ]
    installed = [f"{package} {version(package)}" for package in packages if _known(package)]
    return f"{machine()}; {', '.join(installed)}."


def _known(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _digits(title: str, entries: list[accuracy.Digits]) -> str:
    def show(score: tuple[float, float | None] | None) -> str:
        return "not installed" if score is None else " / ".join("-" if s is None else f"{s:.1f}" for s in score)

    cells = [(entry.name, *map(show, (entry.mathlearn, entry.sklearn, entry.statsmodels))) for entry in entries]
    return markdown((title, "mathlearn", "scikit-learn", "statsmodels"), cells)


def _least(work: str, entries: list[accuracy.Digits]) -> Row:
    least = min(digits for entry in entries for digits in entry.mathlearn if digits is not None)
    return Row(work, "digits of the worst estimate", least, 14.7, at_least=True, unit="digits")
