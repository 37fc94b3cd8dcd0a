"""Intervals for predictions."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from mathlearn import _text
from mathlearn._choices import IntervalKind
from mathlearn._errors import DomainError
from mathlearn.statistics import reasons
from mathlearn.statistics.cells import Cells, number, percent
from mathlearn.statistics.frame import FrameKind, to_frame
from mathlearn.statistics.functional import (
    estimable_at,
    require_covariance,
    sigma,
    standard_errors,
    whiten_rows,
)
from mathlearn.statistics.tails import require_level, t_quantile
from mathlearn.statistics.text_table import WIDTH, text_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scipy.sparse import csr_array

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import CovarianceEstimate, FitResult

__all__ = ["Interval", "join", "predict_interval", "require_interval", "with_gaps"]

GAPS = "NaN in rows that lack a value in a column that is used"

SHOWN_ROWS = 10
NAMED_ROWS = 5
# Numbers held at a time while standard errors of predictions are formed.
BLOCK = 1 << 19


@dataclass(frozen=True, slots=True)
class Interval:
    """Predictions with their intervals.

    Attributes
    ----------
    estimate, lower, upper : (n,) or (n, q)
        NaN in a row whose prediction the data do not determine.
    level : float
        Confidence of each interval by itself, not of all together.
    kind : {"observation", "confidence"}
        For a new observation at that row, or for its mean.
    method : str
        Reference distribution and assumptions.
    notes : tuple of str
        Why rows are withheld.
    responses : tuple of str
        Names of the q columns of y.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> interval = model.predict_interval([[4.0]], level=0.9)
    >>> interval.lower.round(3), interval.upper.round(3), interval.kind
    (array([5.12]), array([13.88]), 'observation')
    """

    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float
    kind: IntervalKind
    method: str = ""
    notes: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()

    def to_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row a prediction: ``estimate, lower, upper`` (with ``response`` first if several)."""
        columns = {name: getattr(self, name).ravel(order="F") for name in ("estimate", "lower", "upper")}
        if self.estimate.ndim == 2 and self.estimate.shape[1] > 1:
            names = np.asarray(self.responses, dtype=object)
            columns = {"response": np.repeat(names, len(self.estimate))} | columns
        return to_frame(columns, as_)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        several = self.estimate.ndim == 2 and self.estimate.shape[1] > 1
        header = ("row", *(("response",) if several else ()), "estimate", "lower", "upper")
        shown = np.ndindex(*self.estimate[:SHOWN_ROWS].shape)
        rows = []
        for at in shown:
            name = (_text.terminal(self.responses[at[1]]),) if several else ()
            rows.append((str(at[0]), *name, *(number(float(x[at])) for x in (self.estimate, self.lower, self.upper))))
        left = self.estimate.shape[0] - SHOWN_ROWS
        title = f"{percent(self.level)} {self.kind} intervals ({self.method})"
        lines = [*textwrap.wrap(title, WIDTH, subsequent_indent="  "), text_table(Cells(header, tuple(rows)))]
        lines.extend([f"... and {left} more rows"] if left > 0 else [])
        for note in (*self._withheld(), *map(_text.terminal, self.notes)):
            lines.extend(textwrap.wrap(note, WIDTH, subsequent_indent="  "))
        return "\n".join(lines)

    def _withheld(self) -> list[str]:
        """Say which rows have no interval."""
        n = len(self.estimate)
        rows = np.flatnonzero(np.isnan(self.estimate.reshape(n, -1)).any(axis=1)) if n else np.zeros(0, dtype=np.int64)
        if not rows.size:
            return []
        named = ", ".join(map(str, rows[:NAMED_ROWS])) + (", ..." if rows.size > NAMED_ROWS else "")
        return [f"withheld: {rows.size} of {n} (row {named})"]


def require_interval(result: FitResult, kind: IntervalKind, level: float) -> CovarianceEstimate:
    """Return the covariance that intervals of predictions need.

    Raises
    ------
    DomainError
        There is no such `kind`, no standard error exists for this fit, or `level` is outside (0, 1).
    """
    if kind not in get_args(IntervalKind):
        raise DomainError(f"kind is {kind!r}: it must be one of {', '.join(map(repr, get_args(IntervalKind)))}")
    covariance = require_covariance(result)
    undefined = reasons.whole_fit(result)
    if undefined is not None:
        raise DomainError(f"no interval can be given: {undefined}. Predictions are not affected")
    require_level(level)
    return covariance


def predict_interval(
    result: FitResult,
    X: FloatArray | csr_array,
    predictions: FloatArray,
    level: float = 0.95,
    kind: IntervalKind = "observation",
) -> Interval:
    r"""Give intervals for new observations, or for their means.

    Half widths are :math:`t\sqrt{b^\top M b}` for the mean and :math:`t\sqrt{\hat\sigma^2 + b^\top M b}` for an observation of
    weight one, where b is the row in the whitened basis.

    Parameters
    ----------
    result : FitResult
    X : (n, p) array or CSR
        Encoded rows.
    predictions : (n,) or (n, q)
        Point predictions at these rows; the interval takes their shape.
    level : float
        Confidence, in (0, 1).
    kind : {"observation", "confidence"}

    Raises
    ------
    DomainError
        Another `kind`, `level` outside (0, 1), or no standard error exists for this fit.

    References
    ----------
    Seber and Lee (2003), "Linear Regression Analysis", section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import predict_interval
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> new = np.array([[4.0]])
    >>> print(predict_interval(model.result_, new, model.predict(new), kind="confidence"))
    95 % confidence intervals (t with 2 df; classical: independent errors of constant variance; t exact
      if they are normal)
    row  estimate   lower   upper
    0      9.5000  4.5008  14.499
    """
    covariance = require_interval(result, kind, level)
    variance, estimable = _variance(result, X)
    if kind == "observation":
        variance += sigma(result)[:, None] ** 2
    half = (t_quantile(level, covariance.df) * np.sqrt(variance)).T.reshape(predictions.shape)
    known = estimable if predictions.ndim == 1 else estimable[:, None]
    estimate = np.where(known, predictions, np.nan)
    return Interval(
        estimate=estimate,
        lower=estimate - half,
        upper=estimate + half,
        level=level,
        kind=kind,
        method=_method(result, kind),
        notes=_notes(result, estimable),
        responses=result.responses,
    )


def _variance(result: FitResult, X: FloatArray | csr_array) -> tuple[FloatArray, BoolArray]:
    """Variances (q, n) of the estimated means, and which rows are estimable (n,); a block of rows at a time."""
    n, p = X.shape
    size = max(BLOCK // max(p, 1), 1)
    variance = np.empty((len(result.responses), n))
    estimable = np.ones(n, dtype=np.bool_)
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        variance[:, rows] = standard_errors(result, whiten_rows(result, X[rows])) ** 2
        if not result.estimable.all():
            estimable[rows] = estimable_at(result, X[rows])
    return variance, estimable


def _method(result: FitResult, kind: IntervalKind) -> str:
    covariance = require_covariance(result)
    unit = " of weight 1" if kind == "observation" and result.weights_type == "precision" else ""
    assume = ""
    if kind == "observation" and covariance.meat is not None:
        assume = "; a new observation is taken as normal with the pooled variance sigma²"
    return f"t with {covariance.df:g} df{unit and ', for an observation' + unit}; {covariance.description}{assume}"


def _notes(result: FitResult, estimable: BoolArray) -> tuple[str, ...]:
    if not estimable.all():
        broken = reasons.dependences(result.aliases)
        return (
            f"NaN where the data do not determine the prediction: in the rows of the fit {broken}; these rows break that",
        )
    return ("exact fit: intervals have no width",) if result.exact.any() else ()


def with_gaps(interval: Interval, spread: Callable[[FloatArray], FloatArray]) -> Interval:
    """Make room for rows without a prediction, because a value is missing there.

    Parameters
    ----------
    interval : Interval
        Of the rows that are complete.
    spread : callable
        Puts values (m, ...) of these rows in their places among all n: (n, ...), NaN elsewhere.
    """
    return replace(
        interval,
        estimate=spread(interval.estimate),
        lower=spread(interval.lower),
        upper=spread(interval.upper),
        notes=(*interval.notes, GAPS),
    )


def join(parts: Sequence[Interval]) -> Interval:
    """Put intervals of consecutive rows, of one fit, level and kind, together.

    Parameters
    ----------
    parts : sequence of Interval
        At least one.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    return replace(
        first,
        estimate=np.concatenate([part.estimate for part in parts]),
        lower=np.concatenate([part.lower for part in parts]),
        upper=np.concatenate([part.upper for part in parts]),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )
