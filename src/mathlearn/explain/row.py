"""`explain_row`: one prediction, worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError, NonFiniteInputError, SchemaError
from mathlearn.explain.books import Books
from mathlearn.explain.derivation import Derivation, prose
from mathlearn.explain.law import law_of_record
from mathlearn.explain.registry import steps_about
from mathlearn.explain.setting import RowSetting
from mathlearn.results.stack import columns_of, predictors_of
from mathlearn.statistics.chosen import chosen_response
from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.functional import require_estimates

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mathlearn.results.fit_result import FitResult

__all__ = ["explain_row"]

_MOST_DISTANCE = 1e140  # in the spread of the columns: its square, times that of a factor, is a double


def explain_row(
    result: FitResult,
    x: ArrayLike,
    *,
    response: int | str | None = None,
    level: float = 0.95,
    offset: float = 0.0,
    name: str = "",
) -> Derivation:
    """Work one prediction: what each column contributes, how far the row lies from the data, and the intervals.

    Parameters
    ----------
    result : FitResult
    x : (p,)
        The row, encoded as the rows of the fit were (less the origin of huge integers, where there is one).
    response : int or str, optional
        Of several responses, the one to predict; the first by default.
    level : float
        Confidence of intervals, in (0, 1).
    offset : float
        What the row's own offset adds to its prediction.
    name : str
        What to call the row in the title, for example ``"row 17"``.

    Raises
    ------
    SchemaError
        `x` has another number of columns, or there is no such response.
    NonFiniteInputError
        `x` holds NaN or infinity.
    DomainError
        `level` is outside (0, 1), the coefficients are withheld, or the row is so far out that squares of its distances are no doubles.

    Examples
    --------
    >>> from mathlearn.explain import explain_row
    >>> from mathlearn.linear_model import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0])
    >>> explain_row(model.result_, [2.5])
    <Derivation of 3 steps; all checks pass>
    """
    require_estimates(result)
    row = _row(x, columns_of(result))
    i = chosen_response(result, response)
    setting = RowSetting(
        result=result,
        response=i,
        term=None,
        level=level,
        table=coefficient_table(result, level),
        books=Books.of(result, i),
        fitted_law=law_of_record(result.likelihood),
        x=row,
        offset=float(offset),
    )
    _require_range(setting)
    what = " for @" if name else ""
    return Derivation(
        title=prose(f"One prediction of @{what}, step by step", *filter(None, (setting.y, name))),
        subtitle=prose(f"Fit: {result.certificate.verdict}."),
        steps=steps_about("row", setting),
    )


def _require_range(setting: RowSetting) -> None:
    """Refuse a row of which prediction or leverage overflow."""
    curvature, x, known = setting.result.curvature, setting.x, predictors_of(setting.result)
    mean = np.zeros(x.size) if known.mean is None else known.mean
    with np.errstate(over="ignore"):
        away = np.abs(x) + np.abs(mean)
        terms = (
            away
            * np.abs(known.coef if setting.result.stack is not None else setting.beta[None]).max(axis=0)
            / _MOST_DISTANCE
        )
        if curvature is not None:
            spread = np.abs(curvature.whitener).sum(axis=1)[~setting.constants[int(setting.centred) :]]
            terms = np.maximum(terms, away * spread.reshape(setting.predictors, -1).max(axis=0))
    j = int(np.argmax(terms)) if x.size else 0
    if x.size and not terms[j] < _MOST_DISTANCE:
        raise DomainError(
            f"column {columns_of(setting.result)[j]!r} is {x[j]:.3g} in the row to explain: so far from the rows of the fit that the square of "
            "the distance is no double. Give a row nearer to them"
        )


def _row(x: ArrayLike, terms: tuple[str, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    row = np.asarray(x, dtype=np.float64).ravel()
    if row.size != len(terms):
        raise SchemaError(f"the row has {row.size} numbers: it must have {len(terms)}, one for each column of the fit")
    bad = np.flatnonzero(~np.isfinite(row))
    if bad.size:
        raise NonFiniteInputError(f"column {terms[bad[0]]!r} is {row[bad[0]]} in the row to explain: give a number")
    return row
