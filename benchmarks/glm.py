"""The suite of generalised linear models: speed beside peers and limit at one reached gradient norm, latency, memory."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import memory
from benchmarks.glm_peers import TOLERANCES, GlmEstimates, Law, Passes, peers
from benchmarks.limit import CHUNK_ENTRIES, CONTROLLER
from benchmarks.linear import MUST_REACH, conditions
from benchmarks.table import Row, markdown
from benchmarks.timing import interleaved

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

GRADIENT_NORM = 1e-8
"""To be reached by everybody: the largest component of the gradient of the mean loss."""

_LIMIT = "limit"


@dataclass(frozen=True)
class Contest:
    """A model on a table, and what must be reached.

    Attributes
    ----------
    faster_than_fastest : float
        The time of the fastest other library, statsmodels apart, divided by mathlearn's is at least this.
    slower_than_limit : float
        mathlearn's time divided by that of as many bare passes is at most this.
    """

    law: Law
    n: int
    p: int
    rounds: int
    faster_than_fastest: float
    faster_than: dict[str, float] = field(default_factory=dict)
    slower_than_limit: float = 1.5

    @property
    def name(self) -> str:
        """The work, in words."""
        penalty = f", C={1 / self.law.penalty:g}" if self.law.penalty else ""
        return f"{self.law.name}{penalty}, n={self.n:.0e}, p={self.p}".replace("e+0", "e")

    def make(self, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return X (n, p) and y (n,)."""
        return make(self.law.name, self.n, self.p, seed)


def make(law: str, n: int, p: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return X (n, p) and y (n,) of a law."""
    rng = np.random.default_rng(seed)
    X = np.empty((n, p))
    rng.standard_normal(out=X)
    eta = 0.2 + X @ (rng.normal(size=p) / np.sqrt(p))
    if law == "logistic":
        return X, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(np.float64)
    if law == "poisson":
        return X, rng.poisson(np.exp(eta)).astype(np.float64)
    return X, rng.gamma(2.0, np.exp(eta) / 2.0)


def contests(*, quick: bool) -> tuple[Contest, ...]:
    """Return the throughput contests; the quick ones only show that everything runs."""
    n, p, rounds = (20_000, 10, 2) if quick else (500_000, 30, 5)
    return (
        Contest(Law("logistic", 0.0), n, p, rounds, 3, {"statsmodels": 25}),
        Contest(Law("logistic", 1.0), n, p, rounds, 3),
        Contest(Law("poisson", 0.0), n, p, rounds, 2.5),
        Contest(Law("gamma", 0.0), n, p, rounds, 2.5),
    )


def run(*, quick: bool = False) -> str:
    """Run the suite and return its report in Markdown."""
    rows: list[Row] = []
    details: list[tuple[str, ...]] = []
    for contest in contests(quick=quick):
        reached, lines = _hold(contest)
        rows += reached
        details += lines
    rows += _latency(rounds=5 if quick else 25)
    n, p = (20_000, 10) if quick else (500_000, 30)
    extra = memory.extra_peak("mathlearn", n, p, suite="glm")
    rows.append(
        Row(f"logistic, n={n:.0e}, p={p}".replace("e+0", "e"), "extra peak memory, of X", 100 * extra, 15, unit="%")
    )
    parts = [
        ("*Quick run: small sizes, no claim.*\n\n" if quick else "") + conditions(),
        markdown(MUST_REACH, (row.cells for row in rows)),
        markdown(("work", "library and setting", "median seconds", "gradient norm reached", "passes"), details),
    ]
    return "\n\n".join(parts)


def _hold(contest: Contest) -> tuple[list[Row], list[tuple[str, ...]]]:
    """Time everybody in turns on the same table, each at the loosest tolerance that reaches the gradient norm."""
    X, y = contest.make()
    tasks: dict[str, Callable[[], object]] = {
        f"{_LIMIT}: chunks of {size} rows": partial(_bare_pass, X, size) for size in _sizes(*X.shape)
    }
    norms: dict[str, tuple[float, Passes | None]] = {}
    for task, fit, prepared in _settings(contest, X, y):
        norms[task] = _reached(contest, fit(*prepared), X, y)
        tasks[task] = partial(fit, *prepared)
    seconds = interleaved(tasks, rounds=contest.rounds)
    fastest: dict[str, str] = {}
    for name in sorted(seconds, key=seconds.__getitem__):
        fastest.setdefault(name.partition(":")[0], name)
    best = {family: seconds[name] for family, name in fastest.items()}
    passes = norms[fastest["mathlearn"]][1] or 0
    lines = [
        (contest.name, name, f"{best[family]:.3g}", *_norm_cells(norms.get(name))) for family, name in fastest.items()
    ]
    return _ratios(contest, best, passes), lines


def _settings(contest: Contest, X: Any, y: Any) -> list[tuple[str, Callable[..., GlmEstimates], tuple[Any, Any]]]:
    """Find, for each setting of each library, the loosest tolerance at which it reaches the gradient norm."""
    found = []
    for family, settings in peers(contest.law, TOLERANCES[0], contest.n).items():
        for i, setting in enumerate(settings):
            if not setting.installed:
                continue
            prepared = setting.prepare(X, y)
            for tolerance in TOLERANCES:
                peer = peers(contest.law, tolerance, contest.n)[family][i]
                if _reached(contest, peer.fit(*prepared), X, y)[0] <= GRADIENT_NORM:
                    found.append((f"{family}: {peer.name}, tolerance {tolerance:g}", peer.fit, prepared))
                    break
    return found


def _reached(contest: Contest, estimates: GlmEstimates, X: Any, y: Any) -> tuple[float, Passes | None]:
    return contest.law.gradient_norm(X, y, estimates.parameters), estimates.passes


def _norm_cells(reached: tuple[float, Passes | None] | None) -> tuple[str, str]:
    if reached is None:
        return "-", "1"
    return f"{reached[0]:.1e}", "-" if reached[1] is None else str(reached[1].made)


def _ratios(contest: Contest, best: dict[str, float], passes: Passes) -> list[Row]:
    ours = best["mathlearn"]
    others = {name: value for name, value in best.items() if name in {"scikit-learn", "glum"}}
    rows = [
        Row(
            contest.name,
            f"time over limit ({passes.made} passes, {passes.with_products} with products)",
            ours / best[_LIMIT] / passes.made,
            contest.slower_than_limit,
        )
    ]
    rows += [
        Row(contest.name, f"times faster than {name}", value / ours, contest.faster_than_fastest, at_least=True)
        for name, value in sorted(others.items(), key=lambda item: item[1])
    ]
    rows += [
        Row(
            contest.name, f"times faster than {name}", best[name] / ours if name in best else None, bound, at_least=True
        )
        for name, bound in contest.faster_than.items()
    ]
    return rows


def _sizes(n: int, p: int) -> list[int]:
    return sorted({min(n, max(1, entries // p)) for entries in CHUNK_ENTRIES})


def _bare_pass(X: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Form a weighted Gram matrix and nothing else, on all cores."""
    weight = np.full(len(X), 0.5)

    def gram(start: int) -> NDArray[np.float64]:
        block = X[start : start + size] * weight[start : start + size, None]
        return block.T @ block

    with CONTROLLER.limit(limits=1, user_api="blas"), ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return sum(pool.map(gram, range(0, len(X), size)), np.zeros((X.shape[1], X.shape[1])))


def _latency(rounds: int) -> list[Row]:
    """Time small fits: four columns, two hundred rows."""
    import sklearn.linear_model

    from mathlearn import linear_model

    rows = []
    for name, law, parameters in (
        ("LogisticRegression", "logistic", {"C": np.inf}),
        ("PoissonRegressor", "poisson", {"alpha": 0.0}),
        ("GammaRegressor", "gamma", {"alpha": 0.0}),
    ):
        X, y = make(law, 200, 4)
        tasks = {
            "ours": _fits(getattr(linear_model, name), parameters, X, y),
            "theirs": _fits(getattr(sklearn.linear_model, name), parameters, X, y),
        }
        seconds = interleaved(tasks, rounds=rounds, calls=20)
        rows.append(Row(f"{law}, n=200, p=4", "fit over scikit-learn's", seconds["ours"] / seconds["theirs"], 1))
    return rows


def _fits(kind: Any, parameters: dict[str, float], X: Any, y: Any) -> Callable[[], object]:
    return lambda: kind(**parameters).fit(X, y)
