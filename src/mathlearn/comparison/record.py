"""`Comparison`: models side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.comparison.sheet import Sheet, Shown
from mathlearn.statistics.coefficients import COLUMNS
from mathlearn.statistics.frame import to_frame
from mathlearn.statistics.tables import glance

if TYPE_CHECKING:
    from mathlearn.comparison.nested import PairTest
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.coefficients import CoefficientTable
    from mathlearn.statistics.frame import FrameKind, Reasons
    from mathlearn.statistics.overall import Overall

__all__ = ["SHOWABLE", "Comparison", "Model", "Showable"]

Showable = Literal["std_error", "interval", "statistic", "p_value"]
SHOWABLE: tuple[Showable, ...] = ("std_error", "interval", "statistic", "p_value")


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a comparison.

    Attributes
    ----------
    name : str
    result : FitResult
    table : CoefficientTable
    goodness : Overall
    """

    name: str
    result: FitResult
    table: CoefficientTable
    goodness: Overall


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Shown):
    """Models side by side: text, HTML, LaTeX and Markdown; `to_frame` has the numbers.

    Attributes
    ----------
    models : tuple of Model
    tests : tuple of PairTest
        Each model against the one before it.
    level : float
        Confidence of the intervals.
    show : tuple of {"std_error", "interval", "statistic", "p_value"}
        What stands below each estimate.
    stars : bool

    Examples
    --------
    >>> import mathlearn
    >>> from mathlearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> both = mathlearn.compare(LinearRegression().fit(X, y), LinearRegression(fit_intercept=False).fit(X, y))
    >>> both.ok, [model.name for model in both.models], both.show
    (True, ['(1)', '(2)'], ('std_error',))
    """

    models: tuple[Model, ...]
    tests: tuple[PairTest, ...]
    level: float
    show: tuple[Showable, ...]
    stars: bool

    @property
    def ok(self) -> bool:
        """Whether all certificates are."""
        return all(model.result.certificate.ok for model in self.models)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of all parameters in order of first appearance, the intercept first."""
        return tuple(dict.fromkeys(name for model in self.models for name in model.table.names))

    def sheet(self) -> Sheet:
        """Lay the comparison out as a table."""
        from mathlearn.comparison.table import comparison_sheet

        return comparison_sheet(self)

    def to_frame(self, part: Literal["coefficients", "fit"] = "coefficients", as_: FrameKind = "pandas") -> Any:
        """Return the numbers as a data frame.

        Parameters
        ----------
        part : {"coefficients", "fit"}
            One row for each model, response and term (as `tidy`), or one for each model and response (as `glance`).
        as_ : {"pandas", "polars", "arrow"}

        Raises
        ------
        DomainError
            Another `part` or `as_`.

        Examples
        --------
        >>> import mathlearn
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> both = mathlearn.compare(LinearRegression().fit(X, y), LinearRegression(fit_intercept=False).fit(X, y))
        >>> both.to_frame()[["model", "term", "estimate"]].round(3)
          model         term  estimate
        0   (1)  (Intercept)       0.7
        1   (1)           x0       2.2
        2   (2)           x0       2.5
        """
        if part == "coefficients":
            return self._coefficients(as_)
        if part == "fit":
            return self._fits(as_)
        raise DomainError(f"part is {part!r}: it must be 'coefficients' or 'fit'")

    def _coefficients(self, as_: FrameKind) -> Any:
        columns: dict[str, list[Any]] = {name: [] for name in ("model", "response", "term", *COLUMNS)}
        reasons: Reasons = {}
        for model in self.models:
            q, k = model.table.estimate.shape
            columns["model"] += [model.name] * (q * k)
            columns["response"] += list(np.repeat(np.asarray(model.result.responses, dtype=object), k))
            columns["term"] += list(model.table.names) * q
            for name in COLUMNS:
                columns[name] += getattr(model.table, name).ravel().tolist()
            for i, j, column, reason in model.table.reasons():
                reasons[model.name, model.result.responses[i], model.table.names[j], column] = reason
        return to_frame(columns, as_, reasons)

    def _fits(self, as_: FrameKind) -> Any:
        rows: list[dict[str, Any]] = []
        reasons: Reasons = {}
        for model in self.models:
            fit = glance(model.result)
            told = fit.drop(columns="response", errors="ignore").to_dict("list")
            for i, response in enumerate(model.result.responses[: len(fit)]):
                rows.append({"model": model.name, "response": response, **{name: told[name][i] for name in told}})
            for key, reason in fit.attrs["reasons"].items():
                where = key if isinstance(key, tuple) else (model.result.responses[0], key)
                reasons[model.name, *where] = reason
        names = list(dict.fromkeys(name for row in rows for name in row))
        absent = {(row["model"], row["response"], name): _ABSENT for row in rows for name in names if name not in row}
        return to_frame({name: [row.get(name) for row in rows] for name in names}, as_, reasons | absent)


_ABSENT = "a fit of this kind has no such number"
