"""A comparison laid out in the style of journals: models side by side, standard errors in brackets."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, NamedTuple

from mathlearn.comparison.ranking import ranking
from mathlearn.comparison.sheet import Cell, Footnotes, Line, Section, Sheet
from mathlearn.statistics import reasons
from mathlearn.statistics.cells import MISSING, number, p_statement, percent
from mathlearn.statistics.law import law_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn.comparison.record import Comparison, Model, Showable
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood

__all__ = ["comparison_sheet"]

STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
_SHORT_VERDICT = {
    "certified": "certified",
    "certified, with terms withheld": "terms withheld",
    "not certified": "NOT CERTIFIED",
}
_BELOW: dict[Showable, str] = {
    "std_error": "standard error in round brackets",
    "interval": "{level} confidence interval in square brackets",
    "statistic": "{letters} = estimate / standard error",
    "p_value": "p of the two-sided {letters} test of zero",
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
    body = body.format(letter=column.model.table.letter)
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
    "statistic": lambda t: (f"{{letter}} = {number(t, 3)}", ""),
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
    yield from _laws(results, notes)
    for row in _STATISTICS:
        if row.is_told(columns):
            yield Line(row.label, tuple(_statistic(column, row, notes) for column in columns))
    yield Line("covariance", tuple(_covariance(result, notes) for result in results))


def _laws(results: list[FitResult], notes: Footnotes) -> Iterator[Line]:
    """Yield family, link, parameters and penalty, where some model is by likelihood."""
    laws = [result.likelihood for result in results]
    if any(laws):
        yield Line("family", tuple(Cell(law_of(each).title if each else "least squares", words=True) for each in laws))
        yield Line("link", tuple(Cell(each.link if each else "identity", words=True) for each in laws))
    for name in dict.fromkeys(name for each in laws if each for name, _ in each.parameters):
        yield Line(name, tuple(_parameter(each, name, notes) for each in laws))
    if any(each and each.penalty for each in laws):
        yield Line("penalty", tuple(Cell(number(each.penalty, 4) if each else "") for each in laws))


def _parameter(likelihood: Likelihood | None, name: str, notes: Footnotes) -> Cell:
    """Write a parameter of a family."""
    given = {} if likelihood is None else dict(likelihood.parameters)
    if likelihood is None or name not in given:
        return Cell()
    return Cell(number(given[name], 4), mark=notes.mark("estimated") if name in likelihood.estimated else 0)


class _Statistic(NamedTuple):
    """A row of statistics.

    Attributes
    ----------
    label, key : str
    written : callable
    needs : str
        The row is told where some fit has this.
    rare : bool
        Whether it is left out where it exists for no fit.
    """

    label: str
    key: str
    written: Callable[[float], str]
    needs: str
    rare: bool = False

    def is_told(self, columns: list[_Column]) -> bool:
        """Whether the row says anything of these fits."""
        fits = [column.model.goodness for column in columns if hasattr(column.model.goodness, self.needs)]
        return bool(fits) and not (self.rare and all(isnan(getattr(fit, self.key)[0]) for fit in fits))


def _four(x: float) -> str:
    return f"{x:.4f}"


_STATISTICS = (
    _Statistic("R²", "r_squared", _four, "r_squared"),
    _Statistic("adjusted R²", "adj_r_squared", _four, "r_squared"),
    _Statistic("sigma", "sigma", lambda x: number(x, 4), "sigma"),
    _Statistic("dispersion", "dispersion", lambda x: number(x, 4), "dispersion"),
    _Statistic("deviance", "deviance", lambda x: number(x, 6), "deviance"),
    _Statistic("deviance explained", "deviance_explained", _four, "deviance"),
    _Statistic("pseudo-R²", "pseudo_r_squared", _four, "pseudo_r_squared", rare=True),
    _Statistic("log-likelihood", "log_likelihood", lambda x: number(x, 6), "deviance"),
    _Statistic("AIC", "aic", lambda x: number(x, 6), "aic"),
    _Statistic("BIC", "bic", lambda x: number(x, 6), "bic"),
)


def _statistic(column: _Column, row: _Statistic, notes: Footnotes) -> Cell:
    fit = column.model.goodness
    values = getattr(fit, row.key, None)
    if values is None:
        return Cell()
    value = float(values[column.i])
    if isnan(value):
        reason = fit.reasons.get((column.i, row.key))
        return Cell(MISSING, mark=notes.mark(reason) if reason else 0)
    about_zero = row.needs == "r_squared" and not column.model.result.fit_intercept
    return Cell(row.written(value), mark=notes.mark("about zero, not the mean: no intercept") if about_zero else 0)


def _covariance(result: FitResult, notes: Footnotes) -> Cell:
    reason = reasons.whole_fit(result)
    kind = "none" if result.covariance is None or result.withheld is not None else result.covariance.kind
    return Cell(kind, mark=notes.mark(reason) if reason else 0, words=True)


# --------------------------------------------------------------------------------------------------------------- notes


def _notes(comparison: Comparison) -> Iterator[tuple[str, str]]:
    letters = " or ".join(dict.fromkeys(model.table.letter for model in comparison.models))
    if comparison.show:
        below = "; ".join(_BELOW[what] for what in comparison.show)
        yield "Below", below.format(level=percent(comparison.level), letters=letters)
    if comparison.stars:
        told = ", ".join(f"{text} p < {limit:g}" for limit, text in reversed(STARS))
        yield "Stars", f"{told}: two-sided {letters} test of zero"
    for test in comparison.tests:
        yield from ((test.name, sentence) for sentence in test.sentences())
    found = [(test.name, note) for test in comparison.tests if test.test is not None for note in test.test.notes]
    yield from (("Note", f"{name}: {note}") for name, note in dict.fromkeys(found))
    yield from (("Note", note) for note in ranking([(model.name, model.result) for model in comparison.models]))
