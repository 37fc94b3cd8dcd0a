"""New rows for a fit that is there already: through the statistic that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sklearn.utils.metaestimators import available_if

from mathlearn._errors import DomainError
from mathlearn._sklearn import check_parameters, is_fitted
from mathlearn.data.bind import bind
from mathlearn.data.progress import Passes, expect
from mathlearn.data.schema import did_you_mean
from mathlearn.linear_model._protocol import Fitted
from mathlearn.linear_model._warning import warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.bound import BoundRows
    from mathlearn.data.design import Design
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.linalg.moments import Moments
    from mathlearn.results.fit_result import FitResult

__all__ = ["Updated", "statistic_of_fit"]


class Updatable(Fitted, Protocol):
    """What `Updated` asks of the estimator that has it."""

    fit_intercept: bool
    positive: bool
    formula: str | None
    covariance: str
    weights_type: str
    result_: FitResult

    def _spec(self, design: Design, *, weighted: bool) -> LinearSpec: ...
    def _validate_loaded(self) -> None: ...


U = TypeVar("U", bound=Updatable)


def _takes_rows(model: Updatable) -> bool:
    """Whether the model has `partial_fit`: scikit-learn's way of saying so is not to have the method."""
    require_plain(model, "partial_fit")
    return True


class Updated:
    """Mixin: fits that take in new rows without the old ones."""

    @available_if(_takes_rows)  # type: ignore[untyped-decorator]
    def partial_fit(self: U, X: Any, y: Any = None, sample_weight: Any = None) -> U:  # noqa: PYI019 - of a mixin, whose self is a protocol
        """Fit the model to these rows and all those before them, of which it needs only the statistic that it holds.

        The first call begins anew; after `fit`, or `mathlearn.load`, the next goes on from there. The answer is that of one fit to all rows, to
        the digits that its certificate states, and has evidence of the grade "from the statistic". Sums of squares and products hold half the
        digits that rows do: numbers that would need more are withheld, with a warning.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
            Rows with the columns of the first call. What that has learned stays: the levels of categories, the origin of huge integers.
        y : (n,) or (n, q) array, or column name(s) of X
            As in `fit`; of later calls None where it was a column, or is made by the formula.
        sample_weight : (n,) array, number or column name, optional
            As in `fit`; rows of a call without weights weigh one.

        Returns
        -------
        self

        Warns
        -----
        ConvergenceWarning
            All numbers are withheld: too few rows so far, dependent columns, or too few digits.
        PrecisionWarning
            Standard errors are withheld, since the residual variance is lost in rounding, as it is where y is fitted exactly.

        Raises
        ------
        SchemaError, NonFiniteInputError, DomainError, ResourceError
            The rows cannot be fitted or do not fit those before them; the model is then what it was.
        DomainError
            A parameter was changed since the rows before, or the model holds no statistic of them.
        AttributeError
            There is no such method where the covariance is not classical or coefficients are held non-negative.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> model = LinearRegression().partial_fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 4.0])
        >>> model = model.partial_fit([[3.0]], [8.0])
        >>> model.coef_.round(12), model.result_.n, model.certificate_.grade
        (array([2.2]), 4, 'statistic')
        """
        from mathlearn.fitting.from_statistic import fit_statistic, statistic_of
        from mathlearn.linalg.joining import joined

        check_parameters(self, did_you_mean)
        known = statistic_of_fit(self, "this model") if is_fitted(self) else None
        with Passes():
            rows = _first_rows(self, X, y, sample_weight) if known is None else _more_rows(self, X, y, sample_weight)
            design = rows.design if known is None else self.design_
            before = known is not None and self.result_.weights_type != "none"
            spec = self._spec(design, weighted=rows.roles.weight is not None or before)
            expect(1)
            moments = statistic_of(rows, spec)
        if known is not None:
            moments = joined(known, moments, centred=spec.fit_intercept)
        result = fit_statistic(moments, spec, design)
        # Set together, once nothing can fail any more: rows that are refused leave the model as it was.
        self.design_, self.result_ = design, result
        self._validate_loaded()
        warn(result)
        return self


def _first_rows(model: Updatable, X: Any, y: Any, sample_weight: Any) -> BoundRows:
    return bind(
        X,
        y,
        sample_weight=sample_weight,
        formula=model.formula,
        missing=model.missing,
        weights_type=model.weights_type,
        shift_integers=model.fit_intercept,
        estimator=type(model).__name__,
    )


def _more_rows(model: Updatable, X: Any, y: Any, sample_weight: Any) -> BoundRows:
    return model._fit_rows(X, y, sample_weight=sample_weight)  # noqa: SLF001 - of the estimator that has this mixin


def require_plain(model: Updatable, what: str) -> None:
    """Refuse models that need more of their rows than a statistic.

    Raises
    ------
    DomainError
    """
    if model.covariance != "classical":
        raise DomainError(
            f"{what} needs covariance='classical', and this model has {model.covariance!r}, which takes the residual of every row: "
            "change it, or fit all rows together."
        )
    if model.positive:
        raise DomainError(
            f"{what} needs positive=False: without inference there is nothing to certify. Fit all rows together."
        )


def statistic_of_fit(model: Updatable, called: str) -> Moments:
    """Return the statistic that a fitted model holds, if it is that of its parameters.

    Parameters
    ----------
    called : str
        What messages call the model.

    Raises
    ------
    DomainError
        There is none, or a parameter was changed since.
    """
    result = model.result_
    for change in _changes(model):
        raise DomainError(f"{called} was fitted with {change}: set it back, or fit all rows anew.")
    if result.statistic is None:
        formed = result.curvature is not None or result.certificate.grade == "statistic"
        why = "it was saved with statistic=False" if formed else f"the solver of its rows, {result.rung!r}, forms none"
        raise DomainError(
            f"{called} holds no statistic of its rows, to which others could be added: {why}. Fit the rows together, or begin with partial_fit."
        )
    return result.statistic


def _changes(model: Updatable) -> Iterator[str]:
    """Say which parameters, on which the statistic depends, are not those of the fit."""
    design, result = model.design_, model.result_
    text = None if design.encoding is None else design.encoding.text
    if text != model.formula:
        yield f"formula={text!r}, which is now {model.formula!r}"
    elif design.encoding is None and bool(model.fit_intercept) != result.fit_intercept:
        yield f"fit_intercept={result.fit_intercept}, which is now {model.fit_intercept}"
    if design.weights_type != model.weights_type:
        yield f"weights_type={design.weights_type!r}, which is now {model.weights_type!r}"
