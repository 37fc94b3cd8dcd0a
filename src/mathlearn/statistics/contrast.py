"""`contrast`: linear combinations of the parameters, estimated and tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _text
from mathlearn._errors import NonFiniteInputError, SchemaError
from mathlearn.statistics import reasons
from mathlearn.statistics.cells import estimate_cells, number, p_statement
from mathlearn.statistics.coefficients import COLUMNS, t_tests
from mathlearn.statistics.frame import FrameKind, to_frame
from mathlearn.statistics.functional import (
    combinations,
    coordinates,
    estimable_rows,
    parameter_names,
    require_covariance,
    standard_errors,
    without_error,
)
from mathlearn.statistics.linear_text import LinearForm, parse_linear, unknown_term
from mathlearn.statistics.tails import letter
from mathlearn.statistics.text_table import text_table
from mathlearn.statistics.wald import WaldTest, joint_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["Contrast", "contrast"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Linear combinations of the parameters with their tests; arrays (q, m), NaN where withheld.

    Attributes
    ----------
    labels : names of the m combinations
    responses : names of the q responses
    rhs : (m,) hypothesised values
    estimate, std_error, statistic, p_value, conf_low, conf_high : (q, m)
    df : float
        Degrees of freedom of t; infinite where the statistic is z, of the normal law.
    level : float
    covariance : str
        Kind and assumptions of the covariance used.
    joint : WaldTest or None
        All combinations at once; None when one is not determined by the data.
    reasons : {(response, label): reason}

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import contrast
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> slope = contrast(model.result_, "x0 = 2")
    >>> slope.estimate.round(3), slope.p_value.round(3)
    (array([[2.2]]), array([[0.684]]))
    >>> slope.to_frame()[["contrast", "estimate", "conf_low", "conf_high"]].round(3)
      contrast  estimate  conf_low  conf_high
    0   x0 = 2       2.2     0.375      4.025
    """

    labels: tuple[str, ...]
    responses: tuple[str, ...]
    rhs: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    df: float
    level: float
    covariance: str
    joint: WaldTest | None
    reasons: dict[tuple[str, str], str]

    def columns(self) -> dict[str, Any]:
        """One row a combination, by name; a leading ``response`` if there are several."""
        q, m = self.estimate.shape
        several = {"response": np.repeat(self.responses, m)} if q > 1 else {}
        return {
            **several,
            "contrast": np.tile(self.labels, q),
            "rhs": np.tile(self.rhs, q),
            **{column: getattr(self, column).ravel() for column in COLUMNS},
        }

    def to_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row a combination; ``.attrs["reasons"]`` as in `reasons`."""
        return to_frame(self.columns(), as_, dict(self.reasons))

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        prefix = [f"{response}: " for response in self.responses] if len(self.responses) > 1 else [""]
        names = [start + label for start in prefix for label in self.labels]
        numbers = [getattr(self, column).ravel() for column in COLUMNS]
        lines = [text_table(estimate_cells("contrast", names, numbers, self.level, letter(self.df)))]
        if self.joint is not None:
            for start, f, p in zip(prefix, self.joint.statistic.tolist(), self.joint.p_value.tolist(), strict=True):
                lines.append(_text.terminal(f"{start}joint {self.joint.law} = {number(f)}, {p_statement(p)}"))
        lines.append(self.covariance)
        lines.extend(_text.terminal(f"{label}: {reason}") for (_, label), reason in self.reasons.items())
        return "\n".join(lines)


def contrast(result: FitResult, L: Any, rhs: ArrayLike = 0.0, *, level: float = 0.95) -> Contrast:
    """Estimate and test linear combinations of the parameters.

    Parameters
    ----------
    result : FitResult
    L : array_like (k,) or (m, k), str, mapping, or a sequence of these
        Coefficients over the parameters, intercept first; or text such as ``"a - b = 0"``; or ``{term: coefficient}``.
    rhs : float or (m,) array_like
        Hypothesised values, added to those in the text.
    level : float
        Confidence of the intervals.

    Returns
    -------
    Contrast
        A combination that the data do not determine is withheld, with the reason.

    Raises
    ------
    SchemaError
        A term is unknown, the text cannot be read, or the shape does not fit.
    DomainError
        Inference is withheld for this fit, or `level` is outside (0, 1).

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import contrast
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> print(contrast(model.result_, "x0 = 2"))
    contrast  estimate  std. error      t       p    2.5 %  97.5 %
    x0 = 2      2.2000      0.4243  0.471  0.6838  0.37454  4.0255
    joint F(1, 2) = 0.22222, p = 0.6838
    classical: independent errors of constant variance; t exact if they are normal
    """
    covariance = require_covariance(result)
    forms = _functionals(L, result)
    matrix, target = forms.matrix, forms.rhs + _right_hand_side(rhs, len(forms.labels))
    estimable = estimable_rows(result, matrix)
    b = coordinates(result, matrix)
    undefined = reasons.whole_fit(result)
    estimate = combinations(result, matrix)
    estimate[:, ~estimable] = np.nan
    std_error = standard_errors(result, b) if undefined is None else np.full_like(estimate, np.nan)
    std_error[:, ~estimable] = np.nan
    joint = joint_test(result, b, estimate - target) if estimable.all() and undefined is None else None
    return Contrast(
        labels=forms.labels,
        responses=result.responses,
        rhs=target,
        **t_tests(estimate, std_error, covariance.df, level, target),
        df=covariance.df,
        level=level,
        covariance=covariance.description,
        joint=joint,
        reasons=_why(result, forms.labels, estimable.tolist(), undefined),
    )


def _why(
    result: FitResult, labels: tuple[str, ...], estimable: list[bool], undefined: str | None
) -> dict[tuple[str, str], str]:
    out: dict[tuple[str, str], str] = {}
    no_error = without_error(result)
    parted = result.likelihood is not None and result.likelihood.separation is not None
    open_ = reasons.PARTED if parted else f"not determined by the data: {reasons.dependences(result.aliases)}"
    for i, response in enumerate(result.responses):
        for label, known in zip(labels, estimable, strict=True):
            if not known:
                out[response, label] = open_
            elif undefined is not None:
                out[response, label] = undefined
            elif no_error[i]:
                out[response, label] = reasons.exact(result, i)
    return out


@dataclass(frozen=True, slots=True)
class _Functionals:
    matrix: FloatArray
    rhs: FloatArray
    labels: tuple[str, ...]


@singledispatch
def _functionals(spec: Any, result: FitResult) -> _Functionals:
    """Read an array of coefficients."""
    names = parameter_names(result)
    try:
        matrix = np.atleast_2d(np.asarray(spec, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise SchemaError(f"L must hold numbers, text or {{term: coefficient}}: {error}") from error
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        order = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
        raise SchemaError(f"L has shape {np.shape(spec)}: it needs {len(names)} columns, in the order {order}")
    if not np.isfinite(matrix).all():
        raise NonFiniteInputError("L contains NaN or infinity: coefficients of a contrast are finite numbers")
    return _Functionals(matrix, np.zeros(len(matrix)), tuple(_label(row, names) for row in matrix))


@_functionals.register(str)
def _(spec: str, result: FitResult) -> _Functionals:
    return _from_form(parse_linear(spec, _known(result)), result, spec.strip())


@_functionals.register(Mapping)
def _(spec: Mapping[str, float], result: FitResult) -> _Functionals:
    form = LinearForm({str(name): float(value) for name, value in spec.items()}, 0.0)
    return _from_form(form, result, None)


@_functionals.register(list)
@_functionals.register(tuple)
def _(spec: Sequence[Any], result: FitResult) -> _Functionals:
    if not any(isinstance(item, str | Mapping) for item in spec):
        return _functionals(np.asarray(spec), result)
    parts = [_functionals(item, result) for item in spec]
    return _Functionals(
        np.concatenate([part.matrix for part in parts]),
        np.concatenate([part.rhs for part in parts]),
        tuple(label for part in parts for label in part.labels),
    )


def _known(result: FitResult) -> tuple[str, ...]:
    """Names that may be written: the parameters, and a plain "Intercept" where no column is called so."""
    synonym = ("Intercept",) if result.fit_intercept and "Intercept" not in result.terms else ()
    return (*parameter_names(result), *synonym)


def _from_form(form: LinearForm, result: FitResult, label: str | None) -> _Functionals:
    names = parameter_names(result)
    index = {name: i for i, name in enumerate(names)}
    if result.fit_intercept:
        index.setdefault("Intercept", 0)
    row = np.zeros(len(names))
    for name, value in form.coefficients.items():
        if name not in index:
            raise SchemaError(unknown_term(name, set(index)))
        if names.count(name) > 1:
            raise SchemaError(
                f"{name!r} is both the intercept and a column: give the coefficients as an array, intercept first, or rename "
                "the column."
            )
        row[index[name]] += value
    if not np.isfinite(row).all():
        raise NonFiniteInputError("a coefficient of the contrast is NaN or infinite: give finite numbers")
    return _Functionals(row[None, :], np.array([form.rhs]), (label or _label(row, names),))


def _label(row: FloatArray, names: tuple[str, ...]) -> str:
    """Spell a combination, for example ``a - 2*b``."""
    text = ""
    for j in np.flatnonzero(row).tolist():
        size = "" if abs(row[j]) == 1 else f"{abs(row[j]):.6g}*"
        sign = ("-" if row[j] < 0 else "") if not text else (" - " if row[j] < 0 else " + ")
        text += f"{sign}{size}{names[j]}"
    return text or "0"


def _right_hand_side(rhs: ArrayLike, m: int) -> FloatArray:
    values = np.asarray(rhs, dtype=np.float64)
    if values.ndim > 1 or values.shape not in {(), (1,), (m,)}:
        raise SchemaError(f"rhs has shape {values.shape}: give one number, or one for each of the {m} combinations")
    if not np.isfinite(values).all():
        raise NonFiniteInputError("rhs contains NaN or infinity: hypothesised values are finite numbers")
    return np.broadcast_to(values, (m,))
