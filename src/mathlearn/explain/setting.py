"""What a topic is handed: the record of a fit, what is asked of it, and the books it can be checked by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.explain.books import Books
from mathlearn.explain.law import FittedLaw, law_of_record
from mathlearn.results.stack import predictors_of
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_response, chosen_term
from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.functional import intercepts, sigma

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.explain.law import LikelihoodLaw
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack
    from mathlearn.statistics.coefficients import CoefficientTable

__all__ = ["Method", "RowSetting", "Setting"]

Method: TypeAlias = Literal["least squares", "likelihood", "classes"]
"""How a fit is made: of one linear predictor, or by the likelihood of more than two classes, whose predictors are stacked."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """One response of a fit, and what is asked about it.

    Attributes
    ----------
    result : FitResult
    response : index of the column of y
    term : index of the parameter that is worked in full, intercept first; None when there is none
    level : confidence of intervals
    table : the coefficient table that is shown elsewhere
    books : the statistic of the rows, by which numbers are found again; None where the fit keeps none
    fitted_law : the law of a fit by likelihood; None for least squares
    """

    result: FitResult
    response: int
    term: int | None
    level: float
    table: CoefficientTable
    books: Books | None
    fitted_law: LikelihoodLaw | None

    @classmethod
    def of(cls, result: FitResult, response: int | str | None, term: str | None, level: float) -> Setting:
        """Look up what is asked.

        Raises
        ------
        SchemaError
            An unknown response or term.
        DomainError
            `level` is outside (0, 1), or the term is not determined by the data.
        """
        i = chosen_response(result, response)
        table = coefficient_table(result, level)
        return cls(
            result,
            i,
            _worked_term(result, table, i, term),
            level,
            table,
            Books.of(result, i),
            law_of_record(result.likelihood),
        )

    @property
    def method(self) -> Method:
        """How the fit is made."""
        if self.result.stack is not None:
            return "classes"
        return "least squares" if self.fitted_law is None else "likelihood"

    @property
    def law(self) -> LikelihoodLaw:
        """The law of a fit by likelihood."""
        assert self.fitted_law is not None
        return self.fitted_law

    @property
    def family_law(self) -> FittedLaw:
        """The law of a fit of one linear predictor by likelihood."""
        assert isinstance(self.fitted_law, FittedLaw)
        return self.fitted_law

    @property
    def stack(self) -> Stack:
        """How the predictors of more than two classes stand in the record."""
        assert self.result.stack is not None
        return self.result.stack

    @property
    def constants(self) -> BoolArray:
        """Which of the parameters in the table are intercepts."""
        return intercepts(self.result)

    @property
    def parameters(self) -> str:
        """LaTeX of what is estimated: the slopes, or of more than two classes everything, stacked."""
        return r"\beta" if self.result.stack is None else r"\theta"

    @property
    def predictors(self) -> int:
        """Number of linear predictors of a row."""
        return 1 if self.result.stack is None else len(self.result.stack.predictors)

    @property
    def squares(self) -> float:
        """Sum of the squares of all slopes: of more than two classes, of their symmetric form."""
        coef = self.beta if self.result.stack is None else predictors_of(self.result).coef
        return float(np.sum(coef * coef))

    @property
    def y(self) -> str:
        """Name of the response."""
        return self.result.responses[self.response]

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return self.result.terms

    @property
    def p(self) -> int:
        """Number of columns."""
        return len(self.result.terms)

    @property
    def centred(self) -> bool:
        """Whether there is an intercept."""
        return self.result.fit_intercept

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return self.result.weights_type != "none"

    @property
    def beta(self) -> FloatArray:
        """Coefficients (p,)."""
        beta: FloatArray = self.result.coef[self.response]
        return beta

    @property
    def intercept(self) -> float:
        """Intercept."""
        return float(self.result.intercept[self.response])

    @property
    def centre(self) -> float:
        """Fitted value at the mean of the columns."""
        return float(self.result.centre[self.response])

    @property
    def rss(self) -> float:
        """Residual sum of squares."""
        return float(self.result.deviance[self.response])

    @property
    def tss(self) -> float:
        """Total sum of squares."""
        return float(self.result.null_deviance[self.response])

    @property
    def sigma(self) -> float:
        """Residual standard error, NaN without degrees of freedom."""
        return float(sigma(self.result)[self.response])

    @property
    def exact(self) -> bool:
        """Whether the residuals are at the rounding level of y."""
        return bool(self.result.exact[self.response])

    @property
    def undefined(self) -> str | None:
        """Why there is no standard error, or None."""
        return reasons.whole_fit(self.result)

    @property
    def deficient(self) -> bool:
        """Whether the data leave some direction undetermined."""
        return self.result.rank < self.p

    # How the letters read for this fit: X or its centred form, y or what an offset leaves of it, W or nothing.
    @property
    def left(self) -> str:
        """LaTeX of what is fitted: y, less the offset where there is one."""
        return "y" if self.result.offset is None else "(y - o)"

    @property
    def left_mean(self) -> str:
        """LaTeX of its mean."""
        return r"\bar y" if self.result.offset is None else r"\overline{y - o}"

    @property
    def X(self) -> str:
        """LaTeX of the columns as they enter the normal equations."""
        return "X_c" if self.centred else "X"

    @property
    def W(self) -> str:
        """LaTeX of the weights between two factors."""
        return " W" if self.weighted else ""

    @property
    def w(self) -> str:
        """LaTeX of the weight of a row."""
        return r"w_i\, " if self.weighted else ""

    @property
    def df(self) -> str:
        """LaTeX of the residual degrees of freedom."""
        return "n - r - 1" if self.centred else "n - r"


@dataclass(frozen=True, slots=True, eq=False)
class RowSetting(Setting):
    """A fit, and a row at which it predicts.

    Attributes
    ----------
    x : (p,) the row, encoded
    offset : what is added to its prediction
    """

    x: FloatArray
    offset: float


def _worked_term(result: FitResult, table: CoefficientTable, response: int, term: str | None) -> int | None:
    """Return the index of a parameter by name; by itself, the one of the largest |t|.

    Raises
    ------
    SchemaError
        There is none of that name.
    DomainError
        The data do not determine it.
    """
    if term is None:
        return _largest_t(result, table, response)
    j = chosen_term(table.names, term)
    if np.isnan(table.estimate[response, j]):
        known = (reason for i, k, _, reason in table.reasons() if (i, k) == (response, j))
        raise DomainError(f"{term!r} cannot be worked: {next(known, 'its estimate is withheld')}")
    return j


def _largest_t(result: FitResult, table: CoefficientTable, response: int) -> int | None:
    """Slope of the largest |t|, else the intercept; where no t exists, the first slope that is determined."""
    estimate, t = table.estimate[response], np.abs(table.statistic[response])
    known = np.flatnonzero(~np.isnan(estimate))
    if not known.size:
        return None
    slopes = known[~intercepts(result)[known]]
    if not slopes.size:
        return int(known[0])
    size = np.nan_to_num(t[slopes], nan=-1.0, posinf=np.inf)
    return int(slopes[int(np.argmax(size))])
