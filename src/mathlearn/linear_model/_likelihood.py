"""What a model fitted by likelihood predicts, and its fit: written once for regressors and classifiers."""

from __future__ import annotations

import math
import warnings
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from mathlearn._errors import DomainError
from mathlearn._sklearn import BaseEstimator, CallbackSupport, check_parameters, is_fitted
from mathlearn.data.arrays import is_single
from mathlearn.data.bind import bind
from mathlearn.data.labels import COLUMN_VECTOR
from mathlearn.data.local_copy import copied
from mathlearn.data.progress_line import LINE
from mathlearn.data.schema import did_you_mean
from mathlearn.fitting.likelihood import fit_likelihood
from mathlearn.fitting.likelihood_spec import LikelihoodSpec
from mathlearn.linear_model._blocks import block_rows, one_column, spread
from mathlearn.linear_model._followed import followed
from mathlearn.linear_model._predictor import LinearPredictor
from mathlearn.linear_model._resumable import NO_METADATA, resumable
from mathlearn.linear_model._trials import rows_with_trials, trials_of
from mathlearn.linear_model._warning import check_covariance, warn
from mathlearn.probability import family_named
from mathlearn.results.stack import predictors_of
from mathlearn.statistics.separation import shown_coefficients

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from mathlearn._choices import IntervalKind
    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import CovarianceKind, FitResult
    from mathlearn.results.likelihood import ResponseForm
    from mathlearn.results.stack import Predictors
    from mathlearn.statistics.intervals import Interval


_LARGEST_SINGLE = float(np.finfo(np.float32).max)


class FittedLikelihood(LinearPredictor, CallbackSupport, BaseEstimator):  # type: ignore[misc]
    """Base of generalised linear models: fit, means, intervals, evidence."""

    __metadata_request__fit: ClassVar[dict[str, str]] = NO_METADATA

    fit_intercept: bool
    formula: str | None
    covariance: CovarianceKind
    covariance_options: Mapping[str, Any] | None
    weights_type: Literal["precision", "frequency"]
    max_iter: int
    n_iter_: Any

    def _law(self) -> tuple[Family, Link]:
        """Return the family and the link that the parameters ask for."""
        raise NotImplementedError

    def _estimated(self) -> tuple[str, ...]:
        """Return the parameters of the family that are to be estimated."""
        return ()

    def _penalty(self) -> tuple[float, bool]:
        """Return the penalty on half the squared coefficients, and whether it is per unit of weight."""
        raise NotImplementedError

    def _fit(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        response: ResponseForm = "numbers",
        formula: str | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Self:
        check_parameters(self, did_you_mean)
        check_covariance(self.covariance, self.covariance_options, groups)
        family, link = self._law()
        with followed(self, X, y, sample_weight):
            rows = bind(
                X,
                y,
                sample_weight=sample_weight,
                groups=groups,
                offset=offset,
                formula=self.formula if formula is None else formula,
                missing=self.missing,
                weights_type=self.weights_type,
                shift_integers=self.fit_intercept,
                labels=response == "labels",
                estimator=type(self).__name__,
            )
            _tell_of_column_vector(rows.design, response)
            rows = self._weighted(rows)
            spec = self._spec(rows, (family, link), response)
            with copied(rows) as near, resumable(near, self, checkpoint) as kept:
                result = self._solve(kept, spec)
            # Set together, once nothing can fail any more: a failed fit leaves the model as it was.
            self.design_, self.result_ = rows.design, result
            self._validate_loaded()
        warn(result, depth=4)
        return self

    def _spec(self, rows: BoundRows, law: tuple[Family, Link], response: ResponseForm) -> LikelihoodSpec:
        """Return what the parameters ask for, of these rows."""
        family, link = law
        penalty, per_weight = self._penalty()
        return LikelihoodSpec(
            family=family,
            link=link,
            fit_intercept=self._has_intercept(rows.design),
            estimate=self._estimated(),
            bias_reduction=getattr(self, "bias_reduction", "none"),
            penalty=penalty,
            per_weight=per_weight,
            target=getattr(self, "tol", math.inf),
            max_iter=self.max_iter,
            weights_type=self.weights_type if rows.roles.weight is not None else "none",
            covariance=self.covariance,
            options=dict(self.covariance_options or {}),
            origin=rows.design.int_shift,
            offset=rows.design.offset,
            n_jobs=getattr(self, "n_jobs", None),
            classes=rows.design.classes,
            response=_form(rows.responses, response, family),
            begin=self._begin(rows.design),
        )

    def _solve(self, rows: Rows, spec: LikelihoodSpec) -> FitResult:
        """Fit what is asked for."""
        return fit_likelihood(rows, spec)

    def _begin(self, design: Design) -> Predictors | None:
        """Return the fit that is there already, where a fit of the same columns and classes is to start from it."""
        if not (getattr(self, "warm_start", False) and is_fitted(self)):
            return None
        same = self.design_.terms == design.terms and self.design_.classes == design.classes
        return predictors_of(self.result_) if same and self.design_.int_shift == design.int_shift else None

    def _weighted(self, rows: BoundRows) -> BoundRows:
        """Put the weights on the rows of a fit that its parameters ask for."""
        return rows

    def _fit_rows(self, X: Any, y: Any, *, require_y: bool = True, **roles: Any) -> BoundRows:
        return self._weighted(super()._fit_rows(X, y, require_y=require_y, **roles))

    def _has_intercept(self, design: Design) -> bool:
        if design.encoding is None:
            return bool(self.fit_intercept)
        if design.encoding.fit_intercept and not self.fit_intercept:
            raise DomainError(
                f"fit_intercept=False with the formula {self.formula!r}, which has an intercept: leave it out in the formula "
                "('y ~ 0 + ...'), where each category then gets a column of its own."
            )
        return bool(design.encoding.fit_intercept)

    def _validate_loaded(self) -> None:
        """Set scikit-learn's attributes from the records."""
        dtype = self._dtype()
        coef, intercept = shown_coefficients(self.result_)
        self.coef_ = coef[0].astype(dtype)
        self.intercept_ = dtype(intercept[0]) if self.result_.fit_intercept else 0.0
        self._set_inputs(self.design_)

    def _dtype(self) -> type[np.floating[Any]]:
        """Return the type of what is shown under scikit-learn's names: of X, where it holds the numbers; `result_` holds doubles."""
        shown = np.abs(np.concatenate([self.result_.coef.ravel(), self.result_.intercept]))
        return np.float32 if self.design_.single and shown.max() <= _LARGEST_SINGLE else np.float64

    def _set_inputs(self, design: Design) -> None:
        likelihood = self.result_.likelihood
        rows = [] if likelihood is None else [iteration.rows for iteration in likelihood.iterations]
        # The steps on all rows; at least one, as scikit-learn counts the search for the first point.
        self.n_iter_ = min(max(1, rows.count(max(rows, default=0)) - 1), self.max_iter)
        self.n_features_in_ = len(design.columns)
        if design.named:
            self.feature_names_in_ = np.array(design.columns, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    # ------------------------------------------------------------------------------------------------------ prediction
    def _blocks(self, X: Any, offset: Any, of: Callable[[FloatArray], FloatArray]) -> Iterator[FloatArray]:
        """Yield a function of the linear predictor (n,), or of the scores (n, K) of more than two classes, block by block."""
        rows = self._bound(X, offset=offset, missing=self.missing, require_offset=True)
        single = self.design_.single and is_single(rows.source, rows.design.columns)
        dtype = np.float32 if single else np.float64
        return (
            spread(of(one_column(self._linear(chunk, rows))), chunk).astype(dtype, copy=False)
            for chunk in rows.blocks(block_rows(rows))
        )

    def _all(self, X: Any, offset: Any, of: Callable[[FloatArray], FloatArray]) -> FloatArray:
        with LINE.cleared():
            blocks = list(self._blocks(X, offset, of))
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _mean(self, eta: FloatArray) -> FloatArray:
        """Mean of y at linear predictors."""
        return self._fitted_law()[1].mu(eta)

    def _fitted_law(self) -> tuple[Family, Link]:
        likelihood = self._result().likelihood
        if likelihood is None:
            msg = "a fit by likelihood carries its law"
            raise RuntimeError(msg)
        family = family_named(likelihood.family, **dict(likelihood.parameters))
        return family, family.link(likelihood.link)

    def predict_interval(
        self, X: Any, level: float = 0.95, kind: IntervalKind = "confidence", *, offset: Any = None, trials: Any = None
    ) -> Interval:
        """Predict with an interval: for the mean, or for a new observation.

        The interval of the mean is that of the linear predictor, put through the inverse link, so that it stays inside the range of the
        mean. That of an observation combines it with the law of y. Of more than two classes there is an interval for the probability of
        each, by the delta method on its logit, and none for an observation, which is a class.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        level : float in (0, 1)
        kind : {"confidence", "observation"}
        offset : (n,) array or column name, optional
            Needed where the model was fitted with one.
        trials : int, (n,) array or column name, optional
            Of the new observations of a binomial, whose interval is then that of their share of successes; one trial by default.

        Returns
        -------
        Interval
            ``estimate, lower, upper`` of shape (n,), or (n, K) of more than two classes; NaN where a value is missing; with ``level``
            and ``kind``.

        Raises
        ------
        DomainError
            No standard error exists for this fit; the message says why.
        """
        from mathlearn.statistics.intervals import join

        with LINE.cleared():
            return join(list(self.iter_predict_interval(X, level, kind, offset=offset, trials=trials)))

    def iter_predict_interval(
        self, X: Any, level: float = 0.95, kind: IntervalKind = "confidence", *, offset: Any = None, trials: Any = None
    ) -> Iterator[Interval]:
        """Predict with an interval block by block, in order and in bounded memory; see `predict_interval`."""
        self._result()
        roles = {"offset": offset, "missing": self.missing, "require_offset": True}
        rows = rows_with_trials(self.design_, X, trials, estimator=type(self).__name__, **roles)
        return (
            self._interval(chunk, self._linear(chunk, rows), level, kind, trials_of(chunk, trials))
            for chunk in rows.blocks(block_rows(rows))
        )

    def _interval(
        self, chunk: Chunk, linear: FloatArray, level: float, kind: IntervalKind, trials: FloatArray | None
    ) -> Interval:
        from mathlearn.statistics.intervals import with_gaps
        from mathlearn.statistics.mean_intervals import mean_interval
        from mathlearn.statistics.probability_intervals import probability_intervals

        if self.result_.stack is not None:
            interval = probability_intervals(self.result_, chunk.X, linear, level, kind)
        else:
            family, link = self._fitted_law()
            interval = mean_interval(self.result_, family, link, chunk.X, linear[:, 0], level, kind, trials)
        return with_gaps(interval, lambda values: spread(values, chunk)) if chunk.dropped else interval

    # -------------------------------------------------------------------------------------------------------- evidence
    def infer(
        self,
        X: Any,
        y: Any = None,
        *,
        covariance: CovarianceKind,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        trials: Any = None,
        **options: Any,
    ) -> Self:
        """Return the same fit with another covariance of its estimates, from the rows of the fit.

        Parameters
        ----------
        X, y, sample_weight, groups, offset, trials
            The data of the fit.
        covariance : {"classical", "HC0", "HC1", "HC2", "HC3", "cluster"}
            HC2 and HC3 are of two classes only.
        **options
            Of the covariance.

        Raises
        ------
        SchemaError
            These are not the rows of the fit.
        DomainError, TypeError
            There is no such covariance, or it has no such option.
        """
        from mathlearn.fitting.refit import with_covariance

        y = self._observed(y, trials)
        rows = self._fit_rows(X, y, sample_weight=sample_weight, groups=groups, offset=offset)
        model: Self = copy(self).set_params(covariance=covariance, covariance_options=options or None)
        model.result_ = with_covariance(self._result(), rows, covariance, options)
        return model

    def verify(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        trials: Any = None,
    ) -> Certificate:
        """Check the numbers shown against the rows, by an independent pass.

        Parameters
        ----------
        X, y, sample_weight, groups, offset, trials
            The data of the fit; groups only where rows without a label were dropped.

        Returns
        -------
        Certificate
            Not ok when these are other rows or the numbers are wrong.
        """
        from mathlearn.fitting.likelihood_refit import verified_likelihood

        y = self._observed(y, trials)
        with copied(self._fit_rows(X, y, sample_weight=sample_weight, groups=groups, offset=offset)) as rows:
            return verified_likelihood(self._result(), rows)

    def __sklearn_tags__(self) -> Any:
        """Say what the estimator accepts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.missing == "drop"
        return tags


def _tell_of_column_vector(design: Design, response: ResponseForm) -> None:
    """Warn of values of y in one column of a table, as scikit-learn does."""
    if response == "numbers" and design.y_ndim == 2 and len(design.responses) == 1 and not design.response_columns:
        from sklearn.exceptions import DataConversionWarning

        warnings.warn(COLUMN_VECTOR, DataConversionWarning, stacklevel=4)


def _form(responses: tuple[str, ...], response: ResponseForm, family: Family) -> ResponseForm:
    """Say in which form y was given: two columns are successes and failures unless said otherwise.

    Raises
    ------
    DomainError
        There are more columns of y than the family takes.
    """
    if len(responses) == 1:
        return response
    if len(responses) == 2 and family.takes_trials:
        return "successes and failures" if response == "numbers" else response
    raise DomainError(
        f"y has {len(responses)} columns; the {family.title} family takes one"
        + (", or two: successes and failures." if family.takes_trials else ". Fit a model for each.")
    )
