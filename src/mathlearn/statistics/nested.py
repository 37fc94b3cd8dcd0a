"""F test of nested least-squares fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from mathlearn import _text
from mathlearn._errors import SchemaError
from mathlearn.results.of_model import result_of
from mathlearn.statistics import reasons
from mathlearn.statistics.cells import number, p_statement
from mathlearn.statistics.frame import FrameKind, to_frame
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.same_rows import differing_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["SAME_DATA", "Fitted", "NestedTest", "f_test", "foreign_terms", "offsets_differ", "require_same"]

# Both fits sum y'y from the same rows; their totals agree to rounding, whatever the chunks.
SAME_DATA = 1e-9


class Fitted(Protocol):
    """A model after its fit."""

    result_: FitResult


@dataclass(frozen=True, slots=True)
class NestedTest:
    """Does the larger model explain more than its extra parameters would by chance? Arrays (q,), NaN where withheld.

    Attributes
    ----------
    responses : names of the q responses
    statistic, p_value : F and its tail probability
    df_num, df_den : int
    rss_restricted, rss_full : (q,)
    notes : tuple of str
        What the test takes for granted.
    name : str
        What the test is called.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import f_test
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [4.0, 1.0]], [1.0, 1.0, 4.0, 8.0, 11.0]
    >>> small, large = LinearRegression().fit([row[:1] for row in X], y), LinearRegression().fit(X, y)
    >>> f_test(small, large).to_frame()[["df_num", "df_den", "statistic", "p_value"]].round(3)
       df_num  df_den  statistic  p_value
    0       1       2     33.062    0.029
    """

    responses: tuple[str, ...]
    statistic: FloatArray
    p_value: FloatArray
    df_num: int
    df_den: int
    rss_restricted: FloatArray
    rss_full: FloatArray
    notes: tuple[str, ...]
    name: ClassVar[str] = "F test"

    @property
    def law(self) -> JointLaw:
        """What the statistic is referred to."""
        return JointLaw(self.df_num, self.df_den)

    def to_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row a response."""
        q = len(self.responses)
        return to_frame(
            {
                "response": list(self.responses),
                "df_num": [self.df_num] * q,
                "df_den": [self.df_den] * q,
                "rss_restricted": self.rss_restricted,
                "rss_full": self.rss_full,
                "statistic": self.statistic,
                "p_value": self.p_value,
            },
            as_,
        )

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        tests = zip(self.responses, self.statistic.tolist(), self.p_value.tolist(), strict=True)
        lines = [_text.terminal(f"{name}: {self.law} = {number(f)}, {p_statement(p)}") for name, f, p in tests]
        return "\n".join([*lines, *map(_text.terminal, self.notes)])


def f_test(restricted: FitResult | Fitted, full: FitResult | Fitted) -> NestedTest:
    """Test a fit against a larger one that contains it, under independent normal errors of equal variance.

    Parameters
    ----------
    restricted, full : fitted model or FitResult
        Fits of the same rows; the columns of the first lie in the span of those of the second.

    Raises
    ------
    TypeError
        An argument is neither a fitted model nor its ``result_``.
    SchemaError
        The fits are of different rows, responses, offsets or weights, or are not nested in this order.

    Notes
    -----
    The same as ``anova(lm(y ~ a), lm(y ~ a + b))`` in R. Fits by likelihood are compared by `analysis_of_deviance`.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import f_test
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [4.0, 1.0]], [1.0, 1.0, 4.0, 8.0, 11.0]
    >>> small, large = LinearRegression().fit([row[:1] for row in X], y), LinearRegression().fit(X, y)
    >>> print(f_test(small, large))
    y: F(1, 2) = 33.062, p = 0.0289
    assumes independent normal errors of equal variance
    """
    return _compare(result_of(restricted, "the first model"), result_of(full, "the second model"))


def _compare(restricted: FitResult, full: FitResult) -> NestedTest:
    _require_same_data(restricted, full)
    df_num, df_den = restricted.df_resid - full.df_resid, full.df_resid
    gain = restricted.deviance - full.deviance
    smaller = gain < -SAME_DATA * np.maximum(full.null_deviance, restricted.null_deviance)
    if df_num <= 0 or smaller.any():
        raise SchemaError(
            f"the first fit has rank {restricted.rank} and residual sum of squares {number(float(restricted.deviance[0]))}, the second "
            f"rank {full.rank} and {number(float(full.deviance[0]))}: give the smaller model first, contained in the larger"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        f = (np.maximum(gain, 0.0) / df_num) / (full.deviance / df_den) if df_den > 0 else np.full_like(gain, np.nan)
    f = np.where(full.exact, np.nan, f)
    return NestedTest(
        responses=full.responses,
        statistic=f,
        p_value=JointLaw(df_num, df_den).tail(f),
        df_num=df_num,
        df_den=df_den,
        rss_restricted=restricted.deviance,
        rss_full=full.deviance,
        notes=tuple(_notes(restricted, full)),
    )


def offsets_differ(a: FitResult, b: FitResult) -> str | None:
    """Say that two fits subtract different offsets, and which; None where they subtract the same, or none."""
    if a.offset == b.offset:
        return None
    first, second = ("no offset" if fit.offset is None else f"offset({fit.offset})" for fit in (a, b))
    return f"the fits subtract different offsets from the response ({first} and {second}): F and R² do not compare them"


def _require_same_data(restricted: FitResult, full: FitResult) -> None:
    differ = offsets_differ(restricted, full)
    if differ is not None:
        raise SchemaError(f"{differ}; fit both models with the same offset")
    for fit, which in ((restricted, "first"), (full, "second")):
        if fit.likelihood is not None:
            raise SchemaError(
                f"the {which} fit is by the likelihood of a {fit.likelihood.family} family: analysis_of_deviance() compares such fits"
            )
    require_same(restricted, full)
    comparable = restricted.fit_intercept == full.fit_intercept
    if comparable and (np.abs(restricted.null_deviance - full.null_deviance) > SAME_DATA * full.null_deviance).any():
        raise SchemaError(
            "the fits differ in the total sum of squares of y: fit both models to the same rows of the same data"
        )
    for fit, which in ((restricted, "first"), (full, "second")):
        if fit.withheld is not None:
            raise SchemaError(f"the {which} fit is no unconstrained least-squares fit: {fit.withheld}")
    column = differing_column(restricted, full)
    if column is not None:
        raise SchemaError(
            f"{column} is not the same in both fits, or its rows stand in another order: fit both models to the same rows of the same data"
        )


def require_same(restricted: FitResult, full: FitResult) -> None:
    """Refuse fits that cannot be of the same rows, or be nested, by what every record says.

    Raises
    ------
    SchemaError
    """
    for what in ("responses", "n", "weights_type", "fit_intercept"):
        a, b = getattr(restricted, what), getattr(full, what)
        # A model without intercept may be nested in one with, never the other way round.
        if a != b and (what != "fit_intercept" or restricted.fit_intercept):
            raise SchemaError(
                f"the fits differ in {what} ({a!r} and {b!r}): fit both models to the same rows of the same data"
            )


def foreign_terms(restricted: FitResult, full: FitResult) -> Iterator[str]:
    """Say which terms of the smaller model the larger one does not have by name."""
    extra = [term for term in restricted.terms if term not in set(full.terms)]
    if extra:
        named = ", ".join(extra[:5]) + (", ..." if len(extra) > 5 else "")
        yield f"not among the terms of the larger model: {named}. The test holds only if its columns span them"


def _notes(restricted: FitResult, full: FitResult) -> Iterator[str]:
    yield "assumes independent normal errors of equal variance"
    yield from foreign_terms(restricted, full)
    robust = [
        fit.covariance.kind for fit in (restricted, full) if fit.covariance and fit.covariance.kind != "classical"
    ]
    if robust:
        yield f"the fits use the {robust[0]} covariance, this test does not: contrast() tests in that covariance"
    if full.df_resid <= 0:
        yield reasons.no_residual_df(full)
    for i in np.flatnonzero(full.exact).tolist():
        yield f"{full.responses[i]}: {reasons.exact(full, i)}"
