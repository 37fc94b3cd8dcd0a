"""`explain_row`: one prediction, worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.explain.books import Books
from mathlearn.explain.derivation import Derivation, prose
from mathlearn.explain.registry import steps_about
from mathlearn.explain.setting import RowSetting, chosen_response
from mathlearn.statistics.coefficients import coefficient_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mathlearn.results.fit_result import FitResult

__all__ = ["explain_row"]


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
        `level` is outside (0, 1).

    Examples
    --------
    >>> from mathlearn.explain import explain_row
    >>> from mathlearn.linear_model import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0])
    >>> explain_row(model.result_, [2.5])
    <Derivation of 3 steps; all checks pass>
    """
    row = _row(x, result.terms)
    i = chosen_response(result, response)
    setting = RowSetting(
        result=result,
        response=i,
        term=None,
        level=level,
        table=coefficient_table(result, level),
        books=Books.of(result, i),
        x=row,
        offset=float(offset),
    )
    what = " for @" if name else ""
    return Derivation(
        title=prose(f"One prediction of @{what}, step by step", *filter(None, (setting.y, name))),
        subtitle=prose(f"Fit: {result.certificate.verdict}."),
        steps=steps_about("row", setting),
    )


def _row(x: ArrayLike, terms: tuple[str, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    from mathlearn._errors import NonFiniteInputError

    row = np.asarray(x, dtype=np.float64).ravel()
    if row.size != len(terms):
        raise SchemaError(f"the row has {row.size} numbers: it must have {len(terms)}, one for each column of the fit")
    bad = np.flatnonzero(~np.isfinite(row))
    if bad.size:
        raise NonFiniteInputError(f"column {terms[bad[0]]!r} is {row[bad[0]]} in the row to explain: give a number")
    return row
