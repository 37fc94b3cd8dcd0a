"""Questions put to a fit by likelihood: ratios, marginal effects, tests of terms, profile intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn.data.local_copy import copied
from mathlearn.fitting.origin import counted_from
from mathlearn.linear_model._blocks import block_rows
from mathlearn.linear_model._trials import as_weight, require_trials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn.linear_model._protocol import Fitted
    from mathlearn.statistics.frame import FrameKind
    from mathlearn.statistics.likelihood_tests import TermTests, TestKind
    from mathlearn.statistics.marginal_effects import At


class Asked:
    """Mixin: what a fit by likelihood answers beside its tables; each method hands the record to the function that knows."""

    def ratios(self: Fitted, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
        """Return one row a column: what its exponentiated coefficient multiplies, with the interval.

        Odds ratios with the logit link; rate ratios (of counts) or mean ratios with the logarithm; hazard ratios of events in grouped
        time with the complementary log-log. Of more than two classes there is a row a class and column: the ratio of the odds of that class
        against the first. ``.attrs["ratio"]`` and ``.attrs["meaning"]`` say which, ``.attrs["reasons"]`` why a cell
        is NaN. The p-value is that of "the ratio is one".

        Parameters
        ----------
        level : float in (0, 1)
            Confidence of the intervals.
        as_ : {"pandas", "polars", "arrow"}
            The kind of frame that is returned.

        Raises
        ------
        DomainError
            Coefficients of this link multiply nothing.

        Examples
        --------
        >>> from mathlearn.linear_model import PoissonRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 8]
        >>> print(PoissonRegressor(alpha=0).fit(X, y).ratios().round(3).to_string(index=False))
        term  ratio  conf_low  conf_high  p_value
          x0  2.235      1.23       4.06    0.008
        """
        from mathlearn.statistics.ratios import ratios

        return ratios(self._result(), level, as_)

    def marginal_effects(
        self: Fitted,
        X: Any,
        *,
        offset: Any = None,
        sample_weight: Any = None,
        trials: Any = None,
        at: At = "average",
        columns: Sequence[str] | None = None,
        discrete: bool = False,
        level: float = 0.95,
        as_: FrameKind = "pandas",
    ) -> Any:
        """Return how far each column moves the mean, or the probability of each of several classes, with standard errors by the delta method, in one pass.

        Without a formula the columns are those of X. With one they are the columns of the data: a number is moved in every term that
        it is in (the derivative of ``x + log(x)`` is exact), offset included, and a category is taken from its reference level to each
        other one.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
            Rows over which effects are averaged.
        offset : (n,) array or column name, optional
            Needed where the model was fitted with one.
        sample_weight : (n,) array, number or column name, optional
            Weights of the average; equal by default, whatever the weights of the fit.
        trials : (n,) array or column name, optional
            In place of weights: a row counts as so many. Of a fit to successes and failures, or to proportions and trials, they are read from X
            by default, so that the average is over trials, as in rows of one trial each.
        at : {"average", "mean"}
            The mean of the effects in all rows; or the effect in one row, the mean of the columns of the design (with ``log(x)``
            that is the mean of the logarithm).
        columns : sequence of str, optional
            Which ones; by default all that a term is made of.
        discrete : bool
            Whether a number that is 0 or 1 in all rows is taken from 0 to 1; else its effect is a derivative, like that of any
            other. Costs another pass.
        level : float in (0, 1)
        as_ : {"pandas", "polars", "arrow"}

        Returns
        -------
        frame
            Columns ``term, contrast, estimate, std_error, statistic, p_value, conf_low, conf_high``; of a classifier, effects on the
            probability of the second class, or with a leading ``response`` on that of each of several classes. A penalised fit has estimates alone.

        Raises
        ------
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or there is no such column.
        DomainError
            Another `at`, a derivative is not finite in some row, or rows stand for trials and nothing tells for how many.

        Examples
        --------
        >>> from mathlearn.linear_model import PoissonRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 8]
        >>> model = PoissonRegressor(alpha=0).fit(X, y)
        >>> model.marginal_effects(X)[["term", "contrast", "estimate", "std_error"]].round(4)
          term contrast  estimate  std_error
        0   x0   dmu/dx    2.8142     1.3048
        """
        from mathlearn.statistics.marginal_effects import marginal_effects

        result = counted_from(self._result(), self.design_.int_shift)
        weight = as_weight(sample_weight, trials)
        roles = {"sample_weight": weight, "offset": offset, "missing": self.missing, "require_offset": True}
        rows = self._bound(X, **roles)
        if weight is None and require_trials(result, self.design_, rows.source.schema):
            rows = self._bound(X, require_y=True, **roles)
        options: dict[str, Any] = {"at": at, "columns": columns, "discrete": discrete, "level": level, "as_": as_}
        with copied(rows, passes=2 if discrete else 1) as near:
            return marginal_effects(result, near, max_rows=block_rows(rows), **options)

    def test_terms(
        self: Fitted,
        X: Any,
        y: Any = None,
        *,
        kind: TestKind = "lr",
        terms: Sequence[str] | None = None,
        sample_weight: Any = None,
        offset: Any = None,
        trials: Any = None,
    ) -> TermTests:
        """Test each term: that all its coefficients are zero, of more than two classes in the log odds of every class.

        Parameters
        ----------
        X, y, sample_weight, offset, trials
            The data of the fit.
        kind : {"lr", "score", "wald"}
            Likelihood ratio, by a fit without the term; Rao's score, by one pass at that fit; or Wald's, from the record. Where the
            dispersion is estimated the first two are F tests with Pearson's estimate of the whole fit. Where the bias is reduced, "lr"
            compares penalised likelihoods (Heinze and Schemper, 2002) and "score" is refused.
        terms : sequence of str, optional
            Terms of the formula, whose columns are tested together, or names of coefficients; by default every term (without a
            formula, every column).

        Returns
        -------
        TermTests
            Printed as a table; ``to_frame()``.

        Raises
        ------
        SchemaError
            These are not the rows of the fit, or there is no such term.
        DomainError
            Inference is withheld for this fit, or another `kind`.

        Examples
        --------
        >>> from mathlearn.linear_model import PoissonRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 8]
        >>> print(PoissonRegressor(alpha=0).fit(X, y).test_terms(X, y))
        likelihood ratio tests of terms
        term    chi2  df       p
        x0    8.8764   1  0.0029
        """
        from mathlearn.data.terms import terms_of
        from mathlearn.fitting.likelihood_tests import term_tests
        from mathlearn.statistics.labels import in_parameters

        y, result = self._observed(y, trials), self._result()
        rows = self._fit_rows(X, y, sample_weight=sample_weight, offset=offset)
        every = in_parameters(result, terms_of(self.design_))
        with copied(rows) as near:
            return term_tests(result, near, every, kind=kind, terms=terms, origin=self.design_.int_shift)

    def profile_intervals(
        self: Fitted,
        X: Any,
        y: Any = None,
        *,
        terms: Sequence[str] | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        offset: Any = None,
        trials: Any = None,
        as_: FrameKind = "pandas",
    ) -> Any:
        """Return the interval of each coefficient that a likelihood-ratio test does not reject.

        Unlike Wald's it does not depend on the scale of the coefficient, and it exists, with one end infinite, where the likelihood
        rises for ever. It is model-based, whatever the covariance of the fit. Where the bias is reduced it is of the penalised likelihood
        (Heinze and Schemper, 2002), and finite on both sides.

        Parameters
        ----------
        X, y, sample_weight, offset, trials
            The data of the fit.
        terms : sequence of str, optional
            Names of coefficients, of more than two classes with that of the class: ``"versicolor: petal_length"``; all by default.
        level : float in (0, 1)
        as_ : {"pandas", "polars", "arrow"}

        Returns
        -------
        frame
            Columns ``term, estimate, conf_low, conf_high``, of more than two classes with a leading ``response``; ``.attrs["reasons"]`` says why an end is infinite or NaN, ``.attrs["notes"]``
            what was held that had been estimated: the shape of a negative binomial.

        Raises
        ------
        SchemaError
            These are not the rows of the fit, or there is no such coefficient.
        DomainError
            Inference is withheld for this fit.

        Examples
        --------
        >>> from mathlearn.linear_model import PoissonRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 8]
        >>> PoissonRegressor(alpha=0).fit(X, y).profile_intervals(X, y).round(3)
                  term  estimate  conf_low  conf_high
        0  (Intercept)    -0.326    -2.121      0.951
        1           x0     0.804     0.258      1.478
        """
        from mathlearn.fitting.profile import profile_intervals

        rows = self._fit_rows(X, self._observed(y, trials), sample_weight=sample_weight, offset=offset)
        with copied(rows) as near:
            return profile_intervals(
                self._result(), near, terms=terms, level=level, as_=as_, origin=self.design_.int_shift
            )
