"""`explain`: a fit derived from its model to its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Derivation, prose
from mathlearn.explain.registry import steps_about
from mathlearn.explain.setting import Setting
from mathlearn.explain.topics._words import sentence
from mathlearn.results.certificate_text import digest
from mathlearn.statistics.functional import require_numbers

if TYPE_CHECKING:
    from mathlearn.explain.derivation import Prose
    from mathlearn.results.fit_result import FitResult

__all__ = ["explain"]


def explain(
    result: FitResult, *, response: int | str | None = None, term: str | None = None, level: float = 0.95
) -> Derivation:
    r"""Derive a fit from its model and assumptions to a sentence in plain words, with its own numbers.

    Each step carries checks that are evaluated on this very fit: the number shown against the same number found by another
    route, with the rounding bound of that route as tolerance. Of least squares that is the statistic of the rows; a fit by likelihood
    keeps none, and numbers of its record that hang together are compared, with what its certificate found in the rows.

    Parameters
    ----------
    result : FitResult
    response : int or str, optional
        Of several responses, the one to derive; the first by default.
    term : str, optional
        The coefficient whose test and interval are worked in full; by default the slope of the largest :math:`|t|`.
    level : float
        Confidence of intervals, in (0, 1).

    Raises
    ------
    SchemaError
        There is no such response or term.
    DomainError
        `level` is outside (0, 1), the data do not determine `term`, or the sum of squares is withheld.

    Examples
    --------
    >>> from mathlearn.explain import explain
    >>> from mathlearn.linear_model import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0])
    >>> derivation = explain(model.result_)
    >>> derivation
    <Derivation of 14 steps; all checks pass>
    >>> print(derivation["The loss"].check.says)
    the sum of squares, multiplied out from the statistic, relative to the squares that cancel in it
    """
    require_numbers(result, "derivation")
    setting = Setting.of(result, response, term, level)
    return Derivation(
        title=prose(f"{_method(setting)} for @, step by step", setting.y),
        subtitle=_subtitle(setting),
        steps=steps_about("fit", setting),
    )


def _method(setting: Setting) -> str:
    """Name what was done."""
    law = setting.fitted_law
    if law is None:
        return "Least squares"
    if law.corrected:
        return "Firth's penalised likelihood"
    what = "likelihood" if law.has_density else "quasi-likelihood"
    return f"Penalised maximum {what}" if law.penalised else f"Maximum {what}"


def _subtitle(setting: Setting) -> Prose:
    certificate, q = setting.result.certificate, len(setting.result.responses)
    verdict = certificate.verdict if certificate.ok else certificate.verdict.upper()
    parts = f"{verdict[0].upper()}{verdict[1:]}: {digest(certificate)}."
    names: list[str] = []
    for defect in setting.result.defects:
        parts += " @"
        names.append(sentence(defect.message, setting.result.responses))
    if q > 1:
        parts += f" Response {setting.response + 1} of {q}."
    return prose(parts, *names)
