"""The suite of scale: least squares and logistic regression out of core and on Dask workers, beside the bare scan."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import scale_dask, scale_data, scale_limit, scale_memory, scale_peers
from benchmarks.linear import MUST_REACH
from benchmarks.table import Row, machine, markdown
from benchmarks.timing import interleaved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SIZES = (100_000, 300_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000)
_LONG = 5_000_000
"""Rows from which a fit takes so long that what else a machine does is averaged out; shorter ones are timed more often."""

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "cost-growth.png"
FOLDER = Path(os.environ.get("MATHLEARN_BENCHMARK_DATA", Path(tempfile.gettempdir()) / "mathlearn-scale"))
"""Where the table is kept between runs; at its full size it takes 9 GB."""


def run(*, quick: bool = False) -> str:
    """Run the suite and return its report in Markdown."""
    most = 2_000_000 if quick else SIZES[-1]
    scale_data.make(FOLDER, most)
    rows: list[Row] = []
    details: list[tuple[str, ...]] = []
    rows += _parquet(most, 2, details)
    rows += _csv(200_000 if quick else 2_000_000, 3, details)
    rows += _memory(most)
    rows += _threads(100_000 if quick else 1_000_000)
    rows += scale_dask.rows(FOLDER, most if quick else 10_000_000, 2 if quick else 3)
    peers = _peers(most if quick else 5_000_000, 2 if quick else 3)
    growth, points = _growth(tuple(n for n in SIZES if n <= most), 2 if quick else 3)
    rows += growth
    if not quick:
        _drawn(points)
    lead = "*Quick run: small sizes, no claim.*\n\n" if quick else ""
    parts = [
        f"{lead}{machine()}.",
        markdown(MUST_REACH, (row.cells for row in rows)),
        markdown(("work", "who and how", "median seconds"), details),
        markdown(("least squares", "who and how", "over the fastest scan", "digits of the slopes"), peers),
        markdown(("rows", "seconds", "by the line a + b n"), points),
    ]
    return "\n\n".join(parts)


def least_squares(paths: Sequence[Path]) -> Any:
    """Fit with inference."""
    import mathlearn
    from mathlearn.linear_model import LinearRegression

    return LinearRegression(formula=scale_data.FORMULA).fit(mathlearn.scan(list(paths)))


def logistic(paths: Sequence[Path]) -> Any:
    """Fit with inference."""
    import mathlearn
    from mathlearn.linear_model import LogisticRegression

    return LogisticRegression(C=np.inf, formula=scale_data.CHOICE).fit(mathlearn.scan(list(paths)))


def _parquet(n: int, rounds: int, details: list[tuple[str, ...]]) -> list[Row]:
    paths = scale_data.files(FOLDER, n)
    columns = [*scale_data.COLUMNS, "y"]
    tasks = _limits(scale_limit.variants(paths, columns))
    models: dict[str, Any] = {}
    tasks |= {
        "least squares": lambda: models.update(linear=least_squares(paths)),
        "logistic": lambda: models.update(logistic=logistic(paths)),
    }
    seconds = interleaved(tasks, rounds=rounds)
    limit = _best(seconds)
    passes = models["logistic"].result_.likelihood.passes + 1  # and the first look at the responses
    work = f"Parquet, n={n:.0e}, p=20".replace("e+0", "e")
    details += [(work, name, f"{value:.3g}") for name, value in seconds.items()]
    assert all(model.certificate_.ok for model in models.values())
    return [
        Row(work, "least squares over limit", seconds["least squares"] / limit, 1.3),
        Row(work, f"logistic over {passes} x limit", seconds["logistic"] / (passes * limit), 2),
    ]


def _peers(n: int, rounds: int) -> list[tuple[str, ...]]:
    """Time other ways beside ours; ours has standard errors, tests and a certificate too."""
    paths = scale_data.files(FOLDER, n)
    found: dict[str, Any] = {}
    ways: dict[str, Callable[[], Any]] = {"mathlearn": lambda: least_squares(paths).coef_} | scale_peers.variants(paths)
    tasks = {name: (lambda name=name, way=way: found.update({name: way()})) for name, way in ways.items()}
    limits = _limits(scale_limit.variants(paths, [*scale_data.COLUMNS, "y"]))
    seconds = interleaved(tasks | limits, rounds=rounds)
    limit = _best(seconds)
    work = f"Parquet, n={n:.0e}, p=20".replace("e+0", "e")
    exact = found["mathlearn"]  # certified to more digits than any other reaches
    return [
        (work, name, f"{seconds[name] / limit:.3g} x", f"{scale_peers.digits(found[name], exact):.1f}") for name in ways
    ]


def _csv(n: int, rounds: int, details: list[tuple[str, ...]]) -> list[Row]:
    path = scale_data.csv(FOLDER, n)
    tasks = _limits(scale_limit.csv_variants(path))
    seconds = interleaved(tasks | {"least squares": partial(least_squares, [path])}, rounds=rounds)
    work = f"CSV, n={n:.0e}, p=20".replace("e+0", "e")
    details += [(work, name, f"{value:.3g}") for name, value in seconds.items()]
    return [Row(work, "least squares over limit", seconds["least squares"] / _best(seconds), 1.3)]


def _limits(ways: Mapping[str, Callable[[], object]]) -> dict[str, Callable[[], object]]:
    """Name bare scans so that `_best` finds them."""
    return {f"limit: {name}": way for name, way in ways.items()}


def _best(seconds: Mapping[str, float]) -> float:
    return min(value for name, value in seconds.items() if name.startswith("limit"))


def _memory(n: int) -> list[Row]:
    few, many = (scale_memory.extra_peak(FOLDER, rows) / 1e6 for rows in (scale_data.FILE_ROWS, n))
    work = f"Parquet, n={n:.0e}, p=20".replace("e+0", "e")
    return [
        Row(work, "peak memory over that of the imports", many, 600, unit="MB"),
        Row(work, "the same over that of n=1e6", many / few, 1.1),
    ]


def _threads(n: int) -> list[Row]:
    """Time one pass with loss, gradient and curvature over rows in memory."""
    import mathlearn
    from mathlearn.calculus.coordinates import Coordinates
    from mathlearn.calculus.objective import Objective, pass_rows
    from mathlearn.data.bind import bind
    from mathlearn.linalg.threads import single_threaded_blas
    from mathlearn.probability import family_named

    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, scale_data.P))
    rows = bind(X, (rng.random(n) < 0.5).astype(float))
    family = family_named("binomial")
    objective = Objective(family, family.link("logit"), Coordinates(np.zeros(X.shape[1]), np.ones(X.shape[1]), True))
    theta = rng.normal(size=X.shape[1] + 1) / 10

    def passed(threads: int) -> None:
        with mathlearn.config_context(threads=threads), single_threaded_blas(X.size):
            objective.at(rows, theta, max_rows=pass_rows(X.shape[1]), threads=threads)

    seconds = interleaved({"1": partial(passed, 1), "2": partial(passed, 2)}, rounds=15)
    work = f"logistic pass in memory, n={n:.0e}, p=20".replace("e+0", "e")
    return [Row(work, "one thread over two", seconds["1"] / seconds["2"], 1.7, at_least=True)]


def _growth(sizes: Sequence[int], rounds: int) -> tuple[list[Row], list[tuple[str, ...]]]:
    """Time least squares at every size, and fit a line with errors in proportion to the times."""
    found: dict[int, float] = {}
    for some, times in ([n for n in sizes if n < _LONG], 3 * rounds), ([n for n in sizes if n >= _LONG], rounds):
        timed = interleaved({str(n): partial(least_squares, scale_data.files(FOLDER, n)) for n in some}, rounds=times)
        found |= {n: timed[str(n)] for n in some}
    n, t = np.array(sizes, float), np.array([found[size] for size in sizes])
    (a, b), *_ = np.linalg.lstsq(np.column_stack([1 / t, n / t]), np.ones(len(t)), rcond=None)
    worst = np.abs(1 - (a + b * n) / t).max()
    work = f"least squares over Parquet, n={sizes[0]:.0e} to {sizes[-1]:.0e}".replace("e+0", "e")
    points = [(f"{size:,}", f"{seconds:.3g}", f"{a + b * size:.3g}") for size, seconds in zip(sizes, t, strict=True)]
    return [
        Row(work, "time off the line a + b n", 100 * worst, 10, unit="%"),
        Row(work, "a", a, 0.5, unit="s"),
    ], points


def _drawn(points: Sequence[tuple[str, ...]]) -> None:
    from benchmarks.scale_picture import draw

    draw([(int(n.replace(",", "")), float(seconds), float(line)) for n, seconds, line in points], PICTURE)
