"""What the page has of a fit by likelihood beside its coefficients: ratios, and the iterations of the solver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.report.record import Table
from mathlearn.statistics.cells import Cells, number, p_value, percent
from mathlearn.statistics.ratios import ratio_of, ratios

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["iteration_table", "ratio_table"]


def ratio_table(result: FitResult, level: float) -> Table | None:
    """Return the ratios that coefficients are the logarithms of; None where they are of none."""
    ratio = None if result.likelihood is None else ratio_of(result.likelihood)
    if ratio is None or not result.terms:
        return None
    frame = ratios(result, level)
    tail = (1 - level) / 2
    heads = {"response": "classes", "term": "term"} if "response" in frame else {"term": "term"}
    named = zip(*(frame[column].tolist() for column in heads), strict=True)
    values = zip(*(frame[column].tolist() for column in ("ratio", "conf_low", "conf_high", "p_value")), strict=True)
    rows = tuple(
        (*of, number(value), number(low), number(high), p_value(p))
        for of, (value, low, high, p) in zip(named, values, strict=True)
    )
    return Table(
        title=f"{ratio.name[:1].upper()}{ratio.name[1:]}s",
        lead=f"{ratio.meaning[:1].upper()}{ratio.meaning[1:]}. The p-value is that of a ratio of one.",
        cells=Cells((*heads.values(), ratio.name, percent(tail), percent(1 - tail), "p"), rows),
    )


def iteration_table(result: FitResult) -> Table | None:
    """Return what the solver saw and did, step by step; None of a fit that took none."""
    if result.likelihood is None or not result.likelihood.iterations:
        return None
    rows = tuple(
        (
            str(k),
            str(at.rows),
            f"{at.loss:.12g}",
            f"{at.gradient:.3g}",
            f"{at.step:g}",
            "anew" if at.renewed else "kept",
        )
        for k, at in enumerate(result.likelihood.iterations)
    )
    sampled = len({seen.rows for seen in result.likelihood.iterations}) > 1
    start = " The start was sought on a sample of the rows: losses compare between lines with the same number of them."
    return Table(
        title="Iterations",
        lead="The loss is minus the log-likelihood, up to a constant; the gradient is the distance to the optimum in standard errors, "
        "by the curvature; the step is the share of Newton's that was taken. The curvature is formed anew, or kept from an earlier point "
        "where that serves." + start * sampled,
        cells=Cells(("iteration", "rows", "loss", "gradient", "step", "curvature"), rows),
    )
