"""A comparison laid out in the style of journals: models side by side, standard errors in brackets."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.comparison.sheet import Cell, Footnotes, Line, Section, Sheet
from mathlearn.statistics import reasons
from mathlearn.statistics.cells import MISSING, number, p_statement, percent
from mathlearn.statistics.same_rows import differing_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn.comparison.record import Comparison, Model, Showable
    from mathlearn.results.fit_result import FitResult

__all__ = ["comparison_sheet"]

SAME_DATA = 1e-9  # relative; as in statistics.nested
STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
_SHORT_VERDICT = {
    "certified": "certified",
    "certified, with terms withheld": "terms withheld",
    "not certified": "NOT CERTIFIED",
}
_BELOW: dict[Showable, str] = {
    "std_error": "standard error in round brackets",
    "interval": "{level} confidence interval in square brackets",
    "statistic": "t = estimate / standard error",
    "p_value": "p of the two-sided t test of zero",
}


class _Column(NamedTuple):
    """One response of one model, with where each of its terms stands and why cells are withheld."""

    model: Model
    i: int
    place: dict[str, int]
    why: dict[tuple[int, str], str]


def comparison_sheet(comparison: Comparison) -> Sheet:
    """Lay a comparison out as a table."""
    columns = [column for model in comparison.models for column in _columns(model)]
    notes = Footnotes("for more reasons see to_frame().attrs['reasons']")
    verdicts = Line("certificate", tuple(_verdict(column, notes) for column in columns))
    terms = [line for name in comparison.terms for line in _term(comparison, columns, name, notes)]
    fits = list(_fit_lines(columns, notes))
    count = len(comparison.models)
    return Sheet(
        title="Comparison of one model" if count == 1 else f"Comparison of {count} models",
        verdict=_headline(comparison),
        ok=comparison.ok,
        lead=(),
        head=(
            Line("", tuple(Cell(column.model.name, words=True) for column in columns)),
            Line("response", tuple(Cell(column.model.result.responses[column.i], words=True) for column in columns)),
        ),
        sections=(Section((verdicts,)), Section(tuple(terms), long=True), Section(tuple(fits))),
        footnotes=tuple(notes.texts),
        notes=tuple(_notes(comparison)),
    )


def _columns(model: Model) -> Iterator[_Column]:
    place = {name: j for j, name in enumerate(model.table.names)}
    why: list[dict[tuple[int, str], str]] = [{} for _ in model.result.responses]
    for i, j, column, reason in model.table.reasons():
        why[i][j, column] = reason
    return (_Column(model, i, place, why[i]) for i in range(len(model.result.responses)))


def _headline(comparison: Comparison) -> str:
    failed = [model.name for model in comparison.models if not model.result.certificate.ok]
    if failed:
        return f"NOT CERTIFIED: {', '.join(failed)}"
    partial = [model.name for model in comparison.models if not model.result.certificate.unique]
    if partial:
        return "certified, with terms withheld" + (f" in {', '.join(partial)}" if len(comparison.models) > 1 else "")
    return "all certified" if len(comparison.models) > 1 else "certified"


def _verdict(column: _Column, notes: Footnotes) -> Cell:
    certificate = column.model.result.certificate
    failed = [check for check in certificate.checks if not check.passed]
    mark = 0
    if failed:
        why = "; ".join(
            f"{check.name} = {number(check.value, 3)}, allowed {number(check.threshold, 3)}" for check in failed
        )
        mark = notes.mark(f"do not rely on these numbers: {why}")
    return Cell(_SHORT_VERDICT[certificate.verdict], mark=mark, words=True)


# --------------------------------------------------------------------------------------------------------------- terms


def _term(comparison: Comparison, columns: list[_Column], name: str, notes: Footnotes) -> Iterator[Line]:
    """Yield the row of a term and what stands below it."""
    yield Line(name, tuple(_estimate(column, name, notes, stars=comparison.stars) for column in columns))
    for what in comparison.show:
        cells = tuple(_below(column, name, what, notes) for column in columns)
        if any(cell.body for cell in cells):
            yield Line("", cells)


def _estimate(column: _Column, name: str, notes: Footnotes, *, stars: bool) -> Cell:
    if name not in column.place:
        return Cell()
    j = column.place[name]
    if (j, "estimate") in column.why:
        return Cell(MISSING, mark=notes.mark(column.why[j, "estimate"]))
    p = float(column.model.table.p_value[column.i, j])
    tail = next((text for limit, text in STARS if p < limit), "") if stars else ""
    return Cell(number(float(column.model.table.estimate[column.i, j])), tail)


def _below(column: _Column, name: str, what: Showable, notes: Footnotes) -> Cell:
    j = column.place.get(name)
    if j is None or (j, "estimate") in column.why:
        return Cell()
    mark = notes.mark(reason) if (reason := column.why.get((j, _SOURCE[what][0]))) else 0
    values = [float(getattr(column.model.table, source)[column.i, j]) for source in _SOURCE[what]]
    body, tail = _WRITTEN[what](*values)
    return Cell(body, tail, mark)


_SOURCE: dict[Showable, tuple[str, ...]] = {
    "std_error": ("std_error",),
    "interval": ("conf_low", "conf_high"),
    "statistic": ("statistic",),
    "p_value": ("p_value",),
}
_WRITTEN: dict[Showable, Callable[..., tuple[str, str]]] = {
    "std_error": lambda s: (f"({number(s, 4)}", ")"),
    "interval": lambda low, high: (f"[{number(low, 4)}, {number(high, 4)}", "]"),
    "statistic": lambda t: (f"t = {number(t, 3)}", ""),
    "p_value": lambda p: (p_statement(p), ""),
}


# ----------------------------------------------------------------------------------------------------------------- fit


def _fit_lines(columns: list[_Column], notes: Footnotes) -> Iterator[Line]:
    results = [column.model.result for column in columns]
    yield Line("n", tuple(Cell(str(result.n)) for result in results))
    if any(result.n_dropped for result in results):
        yield Line("rows dropped", tuple(Cell(str(result.n_dropped)) for result in results))
    if any(result.weights_type != "none" for result in results):
        yield Line("weights", tuple(Cell(result.weights_type, words=True) for result in results))
    if any(result.offset is not None for result in results):
        yield Line("offset", tuple(Cell(result.offset or "none", words=True) for result in results))
    for label, key, written in _STATISTICS:
        yield Line(label, tuple(_statistic(column, key, written, notes) for column in columns))
    yield Line("covariance", tuple(_covariance(result, notes) for result in results))


_STATISTICS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("R²", "r_squared", lambda x: f"{x:.4f}"),
    ("adjusted R²", "adj_r_squared", lambda x: f"{x:.4f}"),
    ("sigma", "sigma", lambda x: number(x, 4)),
    ("AIC", "aic", lambda x: number(x, 6)),
    ("BIC", "bic", lambda x: number(x, 6)),
)


def _statistic(column: _Column, key: str, written: Callable[[float], str], notes: Footnotes) -> Cell:
    value = float(getattr(column.model.goodness, key)[column.i])
    if isnan(value):
        reason = column.model.goodness.reasons.get((column.i, key))
        return Cell(MISSING, mark=notes.mark(reason) if reason else 0)
    about_zero = key.endswith("r_squared") and not column.model.result.fit_intercept
    return Cell(written(value), mark=notes.mark("about zero, not the mean: no intercept") if about_zero else 0)


def _covariance(result: FitResult, notes: Footnotes) -> Cell:
    reason = reasons.whole_fit(result)
    kind = "none" if result.covariance is None or result.withheld is not None else result.covariance.kind
    return Cell(kind, mark=notes.mark(reason) if reason else 0, words=True)


# --------------------------------------------------------------------------------------------------------------- notes


def _notes(comparison: Comparison) -> Iterator[tuple[str, str]]:
    if comparison.show:
        yield "Below", "; ".join(_BELOW[what] for what in comparison.show).format(level=percent(comparison.level))
    if comparison.stars:
        yield (
            "Stars",
            ", ".join(f"{text} p < {limit:g}" for limit, text in reversed(STARS)) + ": two-sided t test of zero",
        )
    for test in comparison.tests:
        yield from (("F test", sentence) for sentence in test.sentences())
    told = [note for test in comparison.tests if test.test is not None for note in test.test.notes]
    yield from (("Note", f"F test: {note}") for note in dict.fromkeys(told))
    results = [model.result for model in comparison.models]
    if not _same_kind(results):
        yield "Note", _OTHER_DATA
    elif len({result.offset for result in results}) > 1:
        yield "Note", _OTHER_OFFSETS
    elif not _same_data(results):
        yield "Note", _OTHER_DATA


_OTHER_DATA = "the models are of different rows or responses: R², sigma, AIC and BIC do not rank them"
_OTHER_OFFSETS = (
    "the models subtract different offsets: each R² is of the response less its own offset and does not rank them; sigma, AIC and BIC do, if "
    "the rows are the same, which the records cannot tell here"
)


def _same_kind(results: list[FitResult]) -> bool:
    """Whether all models are of the same responses, number of rows and kind of weights."""
    return len({(result.responses, result.n, result.weights_type) for result in results}) == 1


def _same_data(results: list[FitResult]) -> bool:
    """Whether, as far as the records tell, all models, which are of the same kind, are of the same rows."""
    first = results[0]
    for other in results[1:]:
        if first.fit_intercept == other.fit_intercept and not np.allclose(first.tss, other.tss, SAME_DATA, 0.0):
            return False
        if differing_column(first, other) is not None:
            return False
    return True
