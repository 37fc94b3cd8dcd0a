"""Partial regression (added-variable) panels: what each term adds, all others accounted for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.plot import style
from mathlearn.plot.artists import draw_cloud, rows_shown
from mathlearn.plot.cloud import Cloud
from mathlearn.plot.coefficients_record import most_important
from mathlearn.plot.display import Display
from mathlearn.plot.panels import divided, over_all
from mathlearn.plot.reading import Reading, read
from mathlearn.plot.same_rows import require_same_rows
from mathlearn.plot.words import count, estimate, lacking, name, percent
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_response, chosen_term
from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.functional import no_curvature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.coefficients import CoefficientTable

__all__ = ["PartialRegression", "PartialRegressionDisplay", "draw_panels", "partial_regression"]

MOST = 9
"""Panels at most."""

ACROSS = 3
"""Panels beside each other at most."""

HINT = "Look for a bend, or for a few rows that make the slope."


@dataclass(frozen=True, slots=True)
class PartialRegression:
    """One panel a term: residuals of the response against those of the term, both given all other terms.

    The slope through the origin is the coefficient.

    Attributes
    ----------
    response : str
    level : float
        Of the interval of each slope.
    terms : tuple of str
    left_out : int
        Terms without a panel.
    cloud : Cloud
        Pair j is the panel of ``terms[j]``.
    slope, low, high : (m,)
        Coefficients and their intervals; NaN intervals where inference is withheld.
    lacking : int
        Rows that the fit left out because a value is missing.
    withheld : str or None
        Why there are no panels at all.
    weighted : bool
        Whether rows are multiplied by the roots of their working weights.
    """

    response: str
    level: float
    terms: tuple[str, ...]
    left_out: int
    cloud: Cloud | None
    slope: FloatArray
    low: FloatArray
    high: FloatArray
    lacking: int
    withheld: str | None
    weighted: bool


def partial_regression(
    reading: Reading,
    *,
    terms: Sequence[str] | None = None,
    response: str | int | None = None,
    level: float = 0.95,
    most: int = MOST,
) -> PartialRegression:
    r"""Read the rows once and compute the panels.

    With :math:`B = X_c V` the rows in the whitened basis and :math:`v_j` row j of V, the residual of column j given the others is
    :math:`r_j = B v_j / v_j^\top v_j`, and that of the response given the others is :math:`e + \beta_j r_j`: no regression is
    run again.

    A fit by likelihood is the least-squares fit of its working residuals under the working weights c: rows are then multiplied by
    :math:`\sqrt c`, so that all count alike, and e becomes Pearson's residual.

    Parameters
    ----------
    reading : Reading
    terms : sequence of str, optional
        By default those with the largest t in size, in the order of the model.
    response : str or int, optional
    level : float in (0, 1)
    most : int
        Panels at most.

    Raises
    ------
    SchemaError
        A term or the response is unknown, there is no row, or these are not the rows of the fit.
    DomainError
        `level` is outside (0, 1).

    References
    ----------
    Belsley, Kuh and Welsch (1980), "Regression Diagnostics", section 2.1; Frisch and Waugh (1933), Lovell (1963).
    Wang (1985), "Adding a variable in generalized linear models", Technometrics 27(3).
    """
    result = reading.result
    i, table = chosen_response(result, response), coefficient_table(result, level)
    skip = int(result.fit_intercept)
    intercept = np.arange(len(table.names)) < skip
    shown = most_important(table, i, most, intercept) if terms is None else _chosen(result, terms, skip, most)
    if terms is None:
        shown = shown[result.estimable[shown]]
    withheld = _withheld(result, shown)
    cloud = None
    if withheld is None:
        cloud, total = _cloud(reading, shown - skip, i)
        require_same_rows(result, total)
    return PartialRegression(
        response=result.responses[i],
        level=level,
        terms=tuple(table.names[j] for j in shown),
        left_out=len(result.terms) - len(shown),
        cloud=cloud,
        slope=table.estimate[i, shown],
        low=_bound(table, table.conf_low, i, shown),
        high=_bound(table, table.conf_high, i, shown),
        lacking=result.n_dropped,
        withheld=withheld,
        weighted=result.likelihood is not None,
    )


def _bound(table: CoefficientTable, values: FloatArray, i: int, shown: IntArray) -> FloatArray:
    bound: FloatArray = np.where(table.std_error[i, shown] > 0, values[i, shown], np.nan)
    return bound


def _withheld(result: FitResult, shown: IntArray) -> str | None:
    if not result.terms:
        return "this fit has no term"
    return no_curvature(result) or (None if len(shown) else "no term of this fit is determined by the data")


def _chosen(result: FitResult, terms: Sequence[str], skip: int, most: int) -> IntArray:
    """Return the positions of terms among the parameters."""
    chosen = (terms,) if isinstance(terms, str) else tuple(terms)
    for term in chosen:
        at = chosen_term(result.terms, term) + skip
        if not result.estimable[at]:
            raise SchemaError(f"the term {term!r} has no partial regression: {reasons.not_estimable(result)[at]}")
    if len(chosen) > most:
        raise SchemaError(f"{len(chosen)} terms were chosen: there is room for {most} panels.")
    return np.array([result.terms.index(term) + skip for term in chosen], dtype=np.int64)


def _cloud(reading: Reading, columns: IntArray, i: int) -> tuple[Cloud, Tally]:
    """Points of all panels from one pass: the residual of each column, then of the response for each; and whose rows they are."""
    result, m = reading.result, len(columns)
    assert result.curvature is not None
    v = result.curvature.whitener[columns]
    # Long columns in small units have short rows of V: normalised by their own size first.
    size = np.abs(v).max(axis=1, keepdims=True)
    u = v / size
    direction = (u / (size * np.einsum("ij,ij->i", u, u)[:, None])).T
    slope, weighted = result.coef[i, columns], result.likelihood is not None
    pairs = tuple((k, m + k) for k in range(m))
    start = int(result.fit_intercept)

    def of(chunk: Chunk) -> tuple[Cloud, Tally]:
        white = WhiteRows.of(result, chunk)
        across = white.basis[:, start:] @ direction
        e = white.residual[:, i : i + 1]
        if weighted and white.root is not None:
            across, e = across * white.root, white.scaled
        up = e + slope * across
        return Cloud.of(white.index, np.concatenate([across, up], axis=1), pairs), Tally.of(white)

    def merge(first: tuple[Cloud, Tally], second: tuple[Cloud, Tally]) -> tuple[Cloud, Tally]:
        return first[0].merge(second[0]), first[1].merge(second[1])

    return read(reading.rows, of, merge)


def draw_panels(data: PartialRegression, panels: Sequence[Axes], theme: Theme, *, repaint: bool = False) -> None:
    """Draw each panel on its Axes; Axes that are left over become invisible."""
    for k, ax in enumerate(panels):
        if k < len(data.terms) and data.withheld is None:
            _draw_panel(data, k, ax, theme, repaint=repaint)
        elif k == 0:
            style.dress(ax, theme, repaint=repaint)
            style.headline(ax, theme, "Partial regressions")
            style.empty(ax, theme, name(data.withheld or "", 400))
        else:
            ax.set_axis_off()


def _draw_panel(data: PartialRegression, k: int, ax: Axes, theme: Theme, *, repaint: bool) -> None:
    style.dress(ax, theme, repaint=repaint)
    assert data.cloud is not None
    draw_cloud(ax, theme, data.cloud, k)
    ax.margins(0.05)
    grid = data.cloud.grid(k)
    x = data.cloud.pair(k)[0] if grid is None else grid.x.edges
    ends = np.array([x.min(), x.max()])
    ax.set_ylim(ax.get_ylim())
    if np.isfinite(data.low[k]):
        places = np.unique(np.concatenate([ends, [0.0]]))
        edges = np.sort([data.low[k] * places, data.high[k] * places], axis=0)
        ax.fill_between(places, edges[0], edges[1], color=theme.accent, alpha=0.25, linewidth=0, zorder=3)
    ax.plot(ends, data.slope[k] * ends, color=theme.accent, zorder=4)
    ax.locator_params(nbins=5)
    style.axis_labels(ax, theme, f"{name(data.terms[k], 22)} | others", f"{name(data.response, 18)} | others")
    slope = f"slope {estimate(float(data.slope[k]), float(data.low[k]), float(data.high[k]))}"
    style.headline(ax, theme, name(data.terms[k], 30), slope)


def note(data: PartialRegression) -> str:
    """Say under the panels what they are and what is left out."""
    if data.cloud is None:
        return ""
    band = f" Bands: {percent(data.level)} interval of the slope." if np.isfinite(data.low).any() else ""
    left = f" {count(data.left_out, 'term')} left out: smaller t, or withheld." if data.left_out else ""
    rows = " ".join([f"{rows_shown(data.cloud)}.", *lacking(data.lacking)])
    scaled = " Rows are multiplied by the roots of their working weights." if data.weighted else ""
    return f"Each term against the response, all others accounted for.{scaled} {HINT} {rows}{band}{left}"


def shape(data: PartialRegression) -> tuple[int, int]:
    """Rows and columns of panels."""
    m = 1 if data.withheld is not None else len(data.terms)
    across = {1: 1, 2: 2, 4: 2}.get(m, ACROSS)
    return math.ceil(m / across), across


class PartialRegressionDisplay(Display[PartialRegression]):
    """Partial regression (added-variable) panels, whose slopes are the coefficients.

    Parameters
    ----------
    data : PartialRegression

    Attributes
    ----------
    axes_ : tuple of tuples of Axes

    References
    ----------
    Belsley, Kuh and Welsch (1980), "Regression Diagnostics", section 2.1.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mathlearn.datasets import load_penguins
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import PartialRegressionDisplay
    >>> penguins = load_penguins()
    >>> model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + bill_depth_mm", missing="drop").fit(penguins)
    >>> display = PartialRegressionDisplay.from_estimator(model, penguins)
    >>> x, y = display.data.cloud.pair(0)
    >>> bool(abs(x @ y / (x @ x) - model.coef_[0]) < 1e-9)
    True
    >>> plt.close(display.figure_)
    """

    axes_: tuple[tuple[Axes, ...], ...]

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        ax: Axes | None = None,
        terms: Sequence[str] | None = None,
        response: str | int | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw a panel for each term.

        Parameters
        ----------
        model : fitted estimator
        X, y, sample_weight, groups, offset
            As given to ``fit``.
        ax : Axes, optional
            Whose place the panels share.
        terms : sequence of str, optional
            By default the nine with the largest t in size.
        response : str or int, optional
            Of several responses, which; the first by default.
        level : float in (0, 1)
            Of the interval of each slope.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned or are not those of the fit, or a term or the response is unknown.
        DomainError
            `level` is outside (0, 1).
        """
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset)
        return cls(partial_regression(reading, terms=terms, response=response, level=level)).plot(ax, theme=theme)

    def _size(self) -> tuple[float, float]:
        rows, columns = shape(self.data)
        return max(3.5 * columns, 5.0), (3.2 * rows if self.data.withheld is None else 1.0) + 0.9

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        rows, columns = shape(self.data)
        self.axes_ = divided(ax, rows, columns)
        draw_panels(self.data, [panel for row in self.axes_ for panel in row], theme, repaint=repaint)
        over_all(ax, theme, f"Partial regressions for {name(self.data.response)}", note(self.data))
        return self.axes_[0][0]
