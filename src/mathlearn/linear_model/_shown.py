"""How a fitted linear model is shown: derivation, equation, figures, diagnosis, report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.linear_model._question import as_row, one_row, require_question

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn.explain import Derivation, EquationFormat
    from mathlearn.linear_model._protocol import Fitted
    from mathlearn.plot.display import Display
    from mathlearn.plot.entry import Kind
    from mathlearn.plot.style import ThemeName
    from mathlearn.statistics.diagnostics import Diagnosis
    from mathlearn.statistics.frame import FrameKind


class Shown:
    """Mixin: the mathematics, the figures, the diagnosis and the report of a fit."""

    def explain(
        self: Fitted,
        x: Any = None,
        *,
        row: int | None = None,
        response: int | str | None = None,
        term: str | None = None,
        level: float = 0.95,
        offset: Any = None,
    ) -> Derivation:
        """Derive the fit, or one prediction, step by step with its own numbers; each step is checked on this fit.

        What is derived is the record of the fit, ``result_``: other numbers put into ``coef_`` since change predictions alone.

        Parameters
        ----------
        x : (p,) array, mapping of columns to numbers, or table or source of rows, optional
            The row whose prediction is derived: contributions, interval, leverage. None derives the fit.
        row : int, optional
            Which row of `x` is meant, counted from 0; needed where it has several.
        response : int or str, optional
            Of several responses, which; the first by default.
        term : str, optional
            The coefficient whose test is worked in full; the slope of the largest t statistic by default. Not with `x`.
        level : float in (0, 1)
        offset : float, array or column name, optional
            Of the row; needed where the model was fitted with one that is not a column of `x`.

        Returns
        -------
        Derivation
            Printed as text; shown by Jupyter; ``to_latex``, ``to_html``, ``to_markdown``.

        Raises
        ------
        NotFittedError
        SchemaError, DomainError
            There is no such response, term or row, `row` comes without `x`, `x` is not one row of the columns learned, or an offset
            is missing.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.explain().passed
        True
        """
        from mathlearn.explain import explain, explain_row

        result = self._result()
        require_question(x is not None, row, term, offset)
        if x is None:
            return explain(result, response=response, term=term, level=level)
        given = offset if offset is None or isinstance(offset, str) else np.atleast_1d(offset)
        rows = self._bound(as_row(x), offset=given, missing=self.missing, require_offset=True)
        encoded, added = one_row(rows, row)
        return explain_row(result, encoded, offset=added, response=response, level=level)

    def equation(
        self: Fitted,
        format: EquationFormat = "text",  # noqa: A002 - the word for it
        *,
        digits: int = 4,
        response: int | str | None = None,
    ) -> str:
        """Return the fitted equation in one line, of more than two classes in one a class; with many terms in an indexed short form.

        It is that of the record of the fit, ``result_``.

        Parameters
        ----------
        format : {"text", "latex", "mathml", "html", "markdown"}
        digits : int
            Significant digits of the coefficients, from 1 to 17.
        response : int or str, optional
            Of several responses, which; the first by default.

        Raises
        ------
        NotFittedError
        DomainError, SchemaError
            There is no such format or response, or not so many digits.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> print(LinearRegression().fit(X, y).equation())
        ŷ = 0.7000 + 2.200 x0
        """
        from mathlearn.explain import equation

        return equation(self._result(), format=format, digits=digits, response=response)

    def plot(
        self: Fitted,
        X: Any = None,
        y: Any = None,
        *,
        kind: Kind = "auto",
        ax: Axes | None = None,
        feature: str | int | Sequence[str | int] | None = None,
        response: str | int | None = None,
        level: float = 0.95,
        standardised: bool = False,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        trials: Any = None,
        theme: ThemeName = "auto",
    ) -> Display[Any]:
        """Draw the fit with its rows: data, curve and bands for one column; for several, coefficients over what each column does.

        A fit by likelihood is drawn on the scale of its mean: a probability curve of a classifier (of more than two classes one for each, or a
        map over two columns), ratios of odds or rates.

        Parameters
        ----------
        X, y, sample_weight, groups, offset, trials
            As given to `fit`; ``kind="coefficients"`` needs none of them. "fit" and "surface" draw other rows too and say that they are
            other.
        kind : {"auto", "fit", "surface", "means", "partial", "coefficients", "diagnostics"}
            "surface", the mean over two columns, and "means", over each of them, are of fits by likelihood; see `mathlearn.plot.plot_model`.
        ax : Axes, optional
        feature : str or int, or two for "surface", optional
            For "fit" and "surface" only: the column to draw over.
        response : str or int, optional
        level : float in (0, 1)
            Of bands and intervals.
        standardised : bool
            For "coefficients" only: the change of the response for one standard deviation of each column, not for one unit.
        theme : {"auto", "light", "dark"}

        Returns
        -------
        Display
            With ``ax_``, ``figure_`` and ``data``, as scikit-learn's.

        Raises
        ------
        NotFittedError, DomainError, SchemaError, NonFiniteInputError
        TypeError
            There are no rows, or `ax` is no Axes.
        ImportError
            Matplotlib is not installed; the message says how to.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> display = LinearRegression().fit(X, y).plot(X, y)
        >>> display.ax_.get_title(loc="left")
        'y by x0'
        >>> import matplotlib.pyplot as plt
        >>> plt.close(display.figure_)

        >>> from mathlearn.linear_model import LogisticRegression
        >>> labels = ["no", "yes", "no", "yes"]
        >>> display = LogisticRegression(C=float("inf")).fit(X, labels).plot(X, labels)
        >>> display.ax_.get_title(loc="left")
        "P(y = 'yes') by x0"
        >>> plt.close(display.figure_)
        """
        from mathlearn.plot import plot_model

        self._result()
        return plot_model(
            self,
            X,
            self._observed(y, trials),
            kind=kind,
            ax=ax,
            feature=feature,
            response=response,
            level=level,
            standardised=standardised,
            sample_weight=sample_weight,
            groups=groups,
            offset=offset,
            theme=theme,
        )

    def diagnose(
        self: Fitted,
        X: Any = None,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        trials: Any = None,
        level: float = 0.95,
    ) -> Diagnosis:
        """Check the assumptions, worst first: how far they are from holding, before how unlikely chance is.

        Parameters
        ----------
        X, y, sample_weight, groups, offset, trials
            As given to `fit`. Without them only the columns are checked, for collinearity.
        level : float in (0, 1)
            Of the intervals quoted.

        Returns
        -------
        Diagnosis
            Printed as text; HTML and LaTeX for Jupyter; ``to_frame``.

        Raises
        ------
        SchemaError
            These are not the rows of the fit.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[float(i)] for i in range(8)], [1.0, 3.0, 4.0, 8.0, 9.0, 12.0, 12.0, 40.0]
        >>> diagnosis = LinearRegression().fit(X, y).diagnose(X, y)
        >>> diagnosis.findings[0].name, diagnosis.worst.value
        ('influence', 'serious')
        """
        from mathlearn.statistics.diagnostics import diagnose

        roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset}
        y = self._observed(y, trials)
        rows = None if X is None else self._fit_rows(X, y, require_offset=True, **roles)
        return diagnose(self._result(), rows, level=level)

    def influence(
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
        """Return one row a row: leverage, studentised residuals, Cook's distance, DFFITS, DFBETAS.

        Of more than two classes leverage, Cook's distance and the DFBETAS of each log odds.

        Parameters
        ----------
        X, y, sample_weight, groups, offset, trials
            As given to `fit`.
        as_ : {"pandas", "polars", "arrow"}
            The kind of frame that is returned.
        to : path, optional
            Write the table as this Parquet file instead, as `augment` does.

        Raises
        ------
        SchemaError
            These are not the rows of the fit.
        DomainError
            Inference is withheld for this fit, or the name of the file does not end in .parquet or .pq.
        OSError
            The file cannot be written.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [9.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.influence(X, y)[["row", "hat", "cooks_d", "dffits"]].round(2).tail(1)
           row   hat  cooks_d  dffits
        3    3  0.97    28.74  -16.08
        """
        from mathlearn.statistics.diagnostics import influence

        roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset}
        rows = self._fit_rows(X, self._observed(y, trials), require_offset=True, **roles)
        rows.source.refuse_as_target(to)
        return influence(self._result(), rows, as_=as_, to=to)

    def report(
        self: Fitted,
        path: str | os.PathLike[str],
        X: Any = None,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        trials: Any = None,
        level: float = 0.95,
        title: str | None = None,
        command: str | None = None,
    ) -> None:
        """Write one self-contained HTML page: verdict, coefficients, figures, diagnostics, certificate, mathematics.

        Of a fit by likelihood it also has the ratios of odds, rates or means, and the iterations.

        Parameters
        ----------
        path : str or path-like
            Written whole or not at all.
        X, y, sample_weight, groups, offset, trials
            As given to `fit`. Without X the page has no figures, and says so.
        level : float in (0, 1)
        title : str, optional
        command : str, optional
            What was typed to make the fit, shown without credentials.

        Raises
        ------
        OSError
            The file cannot be written; what was there before is untouched.
        SchemaError
            These are not the rows of the fit.
        ImportError
            Jinja2, latex2mathml or Matplotlib is not installed; the message says how to.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = pathlib.Path(folder, "report.html")
        ...     LinearRegression().fit(X, y).report(page, X, y)
        ...     "<script" in page.read_text(encoding="utf-8")
        False
        """
        from mathlearn.report import report

        self._result()
        report(
            self,
            path,
            X,
            self._observed(y, trials),
            sample_weight=sample_weight,
            groups=groups,
            offset=offset,
            level=level,
            title=title,
            command=command,
        )
