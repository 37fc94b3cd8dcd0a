"""`collect`: everything that the page says, from the fit and its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError
from mathlearn._version import __version__
from mathlearn.explain import equation, explain
from mathlearn.report import reproduce
from mathlearn.report.figures import figures
from mathlearn.report.fingerprint import fingerprint
from mathlearn.report.likelihood import iteration_table, ratio_table
from mathlearn.report.record import Item, Page
from mathlearn.results.certificate_text import GRADES
from mathlearn.statistics.diagnostics import diagnose
from mathlearn.statistics.diagnostics.phrases import finding_lines, foot, headline
from mathlearn.statistics.functional import require_numbers
from mathlearn.statistics.summary import summarise

if TYPE_CHECKING:
    from mathlearn.data.bound import BoundRows
    from mathlearn.results.certificate import Certificate
    from mathlearn.statistics.diagnostics import Diagnosis

__all__ = ["collect"]

_NUMBERS = 1 << 20  # in a block of rows whose fingerprint is taken
_NO_ROWS = "no rows were given: pass the X and y of the fit"


def collect(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    offset: Any = None,
    level: float = 0.95,
    title: str | None = None,
    command: str | None = None,
) -> Page:
    """Gather the page.

    Parameters
    ----------
    model : fitted estimator
    X, y, sample_weight, groups, offset
        As given to ``fit``. Without X there are no figures, no diagnostics of the rows and no fingerprint, and the page says so.
    level : float in (0, 1)
        Confidence of every interval on the page.
    title : str, optional
        Head of the page; by default what the model is called.
    command : str, optional
        What was typed to make the fit, shown without credentials.

    Raises
    ------
    NotFittedError
    SchemaError, NonFiniteInputError
        The rows do not fit what was learned, or are not those of the fit.
    DomainError
        `level` is outside (0, 1), or sums of squares are withheld.
    """
    if X is None and y is not None:
        raise SchemaError("y is given without X: give both, as to fit, or neither")
    result = model.result_
    require_numbers(result, "report")
    roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset}
    given = {name: value for name, value in roles.items() if value is not None}
    rows = None if X is None else model._fit_rows(X, y, require_offset=True, **given)  # noqa: SLF001 - the hook that estimators offer
    if rows is not None and result.certificate.ok and result.curvature is not None:
        _require_same(model.verify(X, y, **given))
    diagnosis = diagnose(result, rows, level=level)
    summary = summarise(result, level)
    mark, n = _marked(rows)
    return Page(
        title=title or summary.title.partition(" of ")[0],
        version=__version__,
        summary=summary,
        certificate=result.certificate,
        evidence=GRADES[result.certificate.grade],
        equation=equation(result, format="html"),
        ratios=ratio_table(result, level),
        iterations=iteration_table(result),
        figures=() if rows is None else figures(model, X, y, level=level, **given),
        findings=_items(diagnosis),
        reading=foot(diagnosis),
        derivation=explain(result, level=level).to_html(),
        reproduce=tuple(reproduce.lines(source=_source(rows), rows=n, mark=mark, command=command)),
        script=reproduce.script(model, y, given),
        absent=() if rows is not None else tuple((section, _NO_ROWS) for section in ("Fingerprint", "Figures")),
    )


def _marked(rows: BoundRows | None) -> tuple[str | None, int | None]:
    """Return the fingerprint of the rows, and how many they are."""
    return (None, None) if rows is None else fingerprint(rows, max_rows=max(1, _NUMBERS // max(len(rows.terms), 1)))


def _require_same(certificate: Certificate) -> None:
    """Refuse rows with which the fit is not certified: a figure of other rows beside its numbers would mislead.

    Raises
    ------
    SchemaError
    """
    failed = [check for check in certificate.checks if not check.passed]
    if failed:
        raise SchemaError(
            f"these are not the rows of the fit: with them it is not certified ({', '.join(check.name for check in failed)}). "
            "Give the X, y and weights of the fit, or fit these rows and report on that."
        )


def _items(diagnosis: Diagnosis) -> tuple[Item, ...]:
    several = len(diagnosis.responses) > 1
    return tuple(
        Item(
            headline(finding, several=several),
            finding.severity.value,
            finding.severity.name.lower().replace("_", "-"),
            tuple(finding_lines(finding)),
        )
        for finding in diagnosis.findings
    )


def _source(rows: BoundRows | None) -> str | None:
    return None if rows is None else rows.source.label
