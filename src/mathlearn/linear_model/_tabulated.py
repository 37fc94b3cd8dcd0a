"""What a fit says in tables and tests; each method hands the `FitResult` to the function that knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn.fitting.origin import counted_from

if TYPE_CHECKING:
    import os

    from mathlearn.linear_model._protocol import Fitted
    from mathlearn.results.certificate import Certificate
    from mathlearn.statistics.contrast import Contrast
    from mathlearn.statistics.frame import FrameKind
    from mathlearn.statistics.summary import Summary


class Tabulated:
    """Mixin: evidence, summary, tables, contrasts, and the model as a file."""

    @property
    def certificate_(self: Fitted) -> Certificate:
        """The evidence that the numbers shown are right."""
        return self._result().certificate

    def summary(self: Fitted, level: float = 0.95) -> Summary:
        """Put the fit in words and numbers, verdict first; text, HTML and LaTeX.

        Parameters
        ----------
        level : float in (0, 1)
            Confidence of the intervals.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> print(model.summary().to_text().splitlines()[0])
        Linear regression of y: certified

        >>> from mathlearn.linear_model import PoissonRegressor
        >>> print(PoissonRegressor(alpha=0).fit(X, y).summary().to_text().splitlines()[0])
        Poisson regression of y: certified
        """
        from mathlearn.statistics.summary import summarise

        return summarise(self._result(), level)

    def tidy(self: Fitted, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
        """Return one row a term: estimate, standard error, statistic, p-value, interval.

        The statistic is t; of a likelihood whose dispersion is known it is z, of the normal law. ``.attrs["reasons"]`` says why a cell is
        NaN.

        Parameters
        ----------
        level : float in (0, 1)
            Confidence of the intervals.
        as_ : {"pandas", "polars", "arrow"}
            The kind of frame that is returned.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.tidy()[["term", "estimate", "std_error"]].round(4)
                  term  estimate  std_error
        0  (Intercept)       0.7     0.7937
        1           x0       2.2     0.4243
        """
        from mathlearn.statistics.tables import tidy

        return tidy(self._result(), level, as_)

    def glance(self: Fitted, as_: FrameKind = "pandas") -> Any:
        """Return one row a model: R², sigma, F, log-likelihood, AIC, BIC, rank, conditioning, verdict.

        Of a likelihood: family, link, dispersion, deviances, pseudo-R², likelihood-ratio and Wald test, log-likelihood, AIC, BIC, by R's
        conventions; see `mathlearn.statistics.glance`.

        Parameters
        ----------
        as_ : {"pandas", "polars", "arrow"}
            The kind of frame that is returned.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> print(model.glance().loc[0, "verdict"], round(model.glance().loc[0, "r_squared"], 4))
        certified 0.9308

        >>> from mathlearn.linear_model import PoissonRegressor
        >>> PoissonRegressor(alpha=0).fit(X, y).glance()[["deviance", "null_deviance", "lr_statistic", "aic"]].round(3)
           deviance  null_deviance  lr_statistic    aic
        0     0.255          6.592         6.337  16.45
        """
        from mathlearn.statistics.tables import glance

        return glance(self._result(), as_)

    def augment(
        self: Fitted,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        trials: Any = None,
        as_: FrameKind = "pandas",
        to: str | os.PathLike[str] | None = None,
    ) -> Any:
        """Return one row a row: fitted value, residual, leverage, influence; of more than two classes the probability of each.

        Measures of influence exist only for the rows of the fit.

        Parameters
        ----------
        X, y, sample_weight, groups, offset, trials
            As given to `fit`; of new rows y may be left out.
        as_ : {"pandas", "polars", "arrow"}
            The kind of frame that is returned.
        to : path, optional
            Write the table as this Parquet file instead, block by block, for rows that do not fit in memory; what is returned is then a
            `RowFile`: path, lines, bytes, and why cells are NaN. The file appears whole or not at all.

        Raises
        ------
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or the offset is missing.
        OSError, DomainError
            The file cannot be written, or its name does not end in .parquet or .pq.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.augment(X, y)[["row", "fitted", "resid", "hat"]].round(3).head(2)
           row  fitted  resid  hat
        0    0     0.7    0.3  0.7
        1    1     2.9    0.1  0.3
        """
        from mathlearn.statistics.augment import augment

        result, y = counted_from(self._result(), self.design_.int_shift), self._observed(y, trials)
        require_y = y is None and bool(self.design_.response_columns)
        roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset}
        rows = self._fit_rows(X, y, require_y=require_y, require_offset=True, **roles)
        rows.source.refuse_as_target(to)
        return augment(result, rows, as_=as_, to=to)

    def conf_int(self: Fitted, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
        """Return the confidence interval of each coefficient.

        Parameters
        ----------
        level : float in (0, 1)
            Confidence of the intervals.
        as_ : {"pandas", "polars", "arrow"}
            The kind of frame that is returned.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.conf_int().round(3)
                  term  estimate  conf_low  conf_high
        0  (Intercept)       0.7    -2.715      4.115
        1           x0       2.2     0.375      4.025
        """
        from mathlearn.statistics.tables import conf_int

        return conf_int(self._result(), level, as_)

    def contrast(self: Fitted, L: Any, rhs: Any = 0.0, *, level: float = 0.95) -> Contrast:
        """Estimate and test linear combinations of the coefficients.

        Parameters
        ----------
        L : str, mapping, sequence of these, or array (m, k)
            For example ``"a - b = 0"`` or ``{"a": 1, "b": -1}``; in an array the intercept comes first.
        rhs : float or (m,)
        level : float in (0, 1)

        Raises
        ------
        SchemaError
            A term is unknown, the text cannot be read, or the shape does not fit.
        DomainError
            Inference is withheld for this fit.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> print(model.contrast("x0 = 1"))
        contrast  estimate  std. error     t       p    2.5 %  97.5 %
        x0 = 1      2.2000      0.4243  2.83  0.1056  0.37454  4.0255
        joint F(1, 2) = 8.0000, p = 0.1056
        classical: independent errors of constant variance; t exact if they are normal
        """
        from mathlearn.statistics.contrast import contrast

        return contrast(self._result(), L, rhs, level=level)

    def save(self: Fitted, path: str | os.PathLike[str], *, statistic: bool = True) -> None:
        """Write the model as one safetensors file, whole or not at all; `mathlearn.load` reads it.

        Parameters
        ----------
        path : str or path
            Of the file, mostly ``*.safetensors``; one that exists is replaced.
        statistic : bool
            Whether to keep the sums of squares and products of the rows, where the fit has them: without them it cannot be merged, take in
            rows, or derive itself from them. Coefficients, curvature and sums of squares stay, which determine the same sums to rounding:
            leaving them out is no protection of the rows.

        Raises
        ------
        OSError
            The file cannot be written; what was there before is untouched.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> import mathlearn, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/line.safetensors")
        ...     print(mathlearn.load(f"{folder}/line.safetensors").predict([[4.0]]))
        [9.5]
        """
        from mathlearn.persistence import save

        save(self, path, statistic=statistic)
