"""Coefficients with their intervals: a forest plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mathlearn import _engines
from mathlearn._errors import DomainError
from mathlearn.plot import style
from mathlearn.plot.display import Display
from mathlearn.plot.words import count, estimate, grouped, name, percent
from mathlearn.results.of_model import result_of
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_response
from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.functional import INTERCEPT
from mathlearn.statistics.ratios import ratio_of
from mathlearn.statistics.separation import infinite_signs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import BoolArray, FloatArray, IntArray
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.results.fit_result import CovarianceEstimate, FitResult
    from mathlearn.statistics.coefficients import CoefficientTable
    from mathlearn.statistics.ratios import Ratio

__all__ = ["CoefficientDisplay", "Coefficients", "coefficients", "deviations", "draw_coefficients", "most_important"]

MOST = 30
"""Terms shown at most."""

LABEL = 28
"""Characters of a term's name."""

SUBS = ((1.8, ()), (12.0, (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)), (300.0, (1.0, 2.0, 5.0)))
"""Where ratios have ticks within a power of ten, by the factor that they differ by; none: in even steps."""

HINT = "Look for intervals clear of zero: the data tell the sign of these coefficients."
RATIO_HINT = "Look for intervals clear of one: the data tell the direction of these effects."
CONSTANT = "The fit has no term: all it estimates is this constant."


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Coefficients of one response; arrays (m,), NaN where withheld.

    Attributes
    ----------
    response : str
    level : float
        Of each interval by itself.
    terms : tuple of str
        Those shown, in the order of the model; the intercept only where there is nothing else.
    left_out : int
        Terms not shown because there are too many: those with the smallest t in size.
    estimate, low, high : (m,)
        In the user's units.
    unit : (m,)
        What each is multiplied by in the picture: ones, or standard deviations of the columns.
    standardised : bool
    reasons : dict of str to str
        Why a term has no estimate.
    withheld : str or None
        Why there are no intervals.
    method : str
        How the intervals are made.
    ratio : Ratio or None
        What the exponential of a coefficient is, where it is one: the picture then shows ratios on a logarithmic scale.
    link : str
        The scale of the linear predictor.
    """

    response: str
    level: float
    terms: tuple[str, ...]
    left_out: int
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    unit: FloatArray
    standardised: bool
    reasons: dict[str, str]
    withheld: str | None
    method: str
    ratio: Ratio | None
    link: str

    def shown(self, values: FloatArray) -> FloatArray:
        """Put coefficients (m,) on the scale of the picture."""
        return self.written(values * self.unit)

    def written(self, values: FloatArray) -> FloatArray:
        """Put coefficients (m,) on the scale of the numbers: per unit of each term."""
        if self.ratio is None:
            return values
        with np.errstate(over="ignore"):  # beyond the range of doubles a ratio is infinite
            return np.exp(values)


def coefficients(
    result: FitResult,
    *,
    response: str | int | None = None,
    level: float = 0.95,
    standardised: bool = False,
    spread: FloatArray | None = None,
    most: int = MOST,
) -> Coefficients:
    """Compute the picture from the fit alone.

    Parameters
    ----------
    result : FitResult
    response : str or int, optional
    level : float in (0, 1)
    standardised : bool
        Show the change of the response for one standard deviation of each column, not for one unit.
    spread : (p,), optional
        These standard deviations, where the fit does not know them.
    most : int
        Terms shown at most.

    Raises
    ------
    SchemaError
        There is no such response.
    DomainError
        `level` is outside (0, 1), or standard deviations are asked for and the fit does not know them.
    """
    i, table = chosen_response(result, response), coefficient_table(result, level)
    skip = _skipped(result)
    shown = most_important(table, i, most, skip)
    unit = np.ones(len(shown))
    if standardised and result.terms:
        every = deviations(result) if spread is None else spread
        if every is None:
            raise DomainError(
                "standardised=True, but this fit does not know the standard deviations of its columns "
                f"(solver: {result.rung}): use standardised=False."
            )
        unit = np.concatenate([np.ones(int(result.fit_intercept)), every])[shown]
    why, infinite = _reasons(result), infinite_signs(result) != 0
    covariance = result.covariance
    return Coefficients(
        response=result.responses[i],
        level=level,
        terms=tuple(table.names[j] for j in shown),
        left_out=len(table.names) - int(skip.sum()) - len(shown),
        estimate=np.where(infinite, np.nan, table.estimate[i])[shown],
        low=table.conf_low[i, shown],
        high=table.conf_high[i, shown],
        unit=unit,
        standardised=standardised and bool(result.terms),
        reasons={table.names[j]: why[j] for j in shown.tolist() if j in why},
        withheld=reasons.whole_fit(result),
        method="" if covariance is None else _method(covariance),
        ratio=_ratio(result),
        link="identity" if result.likelihood is None else result.likelihood.link,
    )


def _method(covariance: CovarianceEstimate) -> str:
    law = "normal" if np.isinf(covariance.df) else f"t with {covariance.df:g} df"
    return covariance.description if law in covariance.description else f"{law}; {covariance.description}"


def _ratio(result: FitResult) -> Ratio | None:
    """Say what an exponential is; an intercept alone is a level, not a ratio."""
    return ratio_of(result.likelihood) if result.likelihood is not None and result.terms else None


def _skipped(result: FitResult) -> BoolArray:
    """Which parameters (k,) are intercepts and not shown; an intercept alone is."""
    if result.stack is not None and len(result.stack.columns):
        return result.stack.intercepts
    skip = np.zeros(len(result.terms) + result.fit_intercept, dtype=np.bool_)
    skip[: int(result.fit_intercept and len(result.terms) > 0)] = True
    return skip


def _reasons(result: FitResult) -> dict[int, str]:
    """Say of each parameter without an estimate why: it is not determined, or infinite."""
    ends = {1.0: "infinite", -1.0: "minus infinite"}
    infinite = {
        j: f"{ends.get(sign, 'infinite, to an end that is open')}, the rows are separated"
        for j, sign in enumerate(infinite_signs(result).tolist())
        if sign
    }
    return reasons.not_estimable(result) | infinite


def most_important(table: CoefficientTable, response: int, most: int, skip: BoolArray) -> IntArray:
    """Return the positions of the terms with the largest t in size, in the order of the model, without those skipped.

    Without t the size of the estimate decides; terms without an estimate come last.
    """
    kept = np.flatnonzero(~skip)
    t, estimate = np.abs(table.statistic[response, kept]), np.abs(table.estimate[response, kept])
    key = t if np.isfinite(t).any() else estimate
    order = np.argsort(-np.where(np.isnan(key), -1.0, key), kind="stable")[:most]
    shown: IntArray = kept[np.sort(order)]
    return shown


def deviations(result: FitResult) -> FloatArray | None:
    """Return the standard deviation of each column over the rows of the fit (p,), or None where it is not known."""
    if result.statistic is None:
        return None
    p = len(result.terms)
    spread: FloatArray = result.statistic.norms(centred=True)[:p] / np.sqrt(max(result.weight_sum, 1e-300))
    return spread


def draw_coefficients(data: Coefficients, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    title = f"{_kind(data)} for {name(data.response)}"
    m = len(data.terms)
    if not m:
        style.headline(ax, theme, title)
        style.empty(ax, theme, "this fit has neither terms nor an intercept")
        return
    at = np.arange(m)[::-1]
    _draw_axis(ax, theme, data)
    place, low, high = (data.shown(values) for values in (data.estimate, data.low, data.high))
    known = np.isfinite(low) & np.isfinite(high)
    ax.hlines(at[known], low[known], high[known], color=theme.accent, linewidth=2.4, zorder=3)
    ax.scatter(place, at, s=34, color=theme.accent, edgecolors=theme.background, linewidths=0.8, zorder=4)
    ax.set_yticks(at, [name(term, LABEL) for term in data.terms])
    ax.tick_params(axis="y", length=0, labelcolor=theme.ink)
    ax.set_ylim(-0.7, m - 0.3)
    ax.margins(x=0.08)
    for row, y in enumerate(at.tolist()):
        _write(ax, theme, data, row, y)
    constant = data.terms == (INTERCEPT,)
    style.axis_labels(ax, theme, name(data.response) if constant else _label(data), "")
    beside = 14 + style.CHARACTER * style.SMALL * max(len(name(term, LABEL)) for term in data.terms)
    style.headline(
        ax, theme, title, CONSTANT if constant else HINT if data.ratio is None else RATIO_HINT, beside=beside
    )
    style.caption(ax, theme, _caption(data), beside=beside)


def _kind(data: Coefficients) -> str:
    return "Coefficients" if data.ratio is None else f"{data.ratio.name[:1].upper()}{data.ratio.name[1:]}s"


def _label(data: Coefficients) -> str:
    per = f"per {'standard deviation' if data.standardised else 'unit'} of the term"
    if data.ratio is not None:
        return f"{data.ratio.name} {per} (log scale)"
    of = name(data.response, 20) if data.link == "identity" else f"the linear predictor ({data.link})"
    return f"change of {of} {per}"


def _draw_axis(ax: Axes, theme: Theme, data: Coefficients) -> None:
    """Mark where a term has no effect; ratios stand on a logarithmic scale, with plain numbers at its ticks."""
    ax.axvline(0 if data.ratio is None else 1, color=theme.muted, linewidth=0.9, zorder=1)
    if data.ratio is None:
        return
    from mathlearn.plot.ticks import Thousands

    ticks = _engines.load("matplotlib.ticker")
    known = np.concatenate([[0.0], *(values * data.unit for values in (data.low, data.high, data.estimate))])
    span = np.ptp(known[np.isfinite(known)])
    ax.set_xscale("log")
    subs = next((subs for fold, subs in SUBS if span < np.log(fold)), (1.0,))
    ax.xaxis.set_major_locator(ticks.LogLocator(subs=subs, numticks=12) if subs else ticks.MaxNLocator(6))
    ax.xaxis.set_minor_locator(ticks.NullLocator())
    ax.xaxis.set_major_formatter(Thousands())


def _write(ax: Axes, theme: Theme, data: Coefficients, row: int, y: float) -> None:
    """Write the numbers of a term beside it, or why it has none."""
    if np.isnan(data.estimate[row]):
        reason = data.reasons.get(data.terms[row], "")
        ax.text(
            0.02,
            y,
            f"withheld: {name(reason, 60)}",
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=style.SMALL,
            style="italic",
            color=theme.muted,
            bbox={"facecolor": theme.background, "edgecolor": "none", "pad": 1.5},
            usetex=False,
            zorder=5,
        )
        return
    ax.annotate(
        estimate(*(float(data.written(values)[row]) for values in (data.estimate, data.low, data.high))),
        xy=(1, y),
        xycoords=ax.get_yaxis_transform(),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL,
        color=theme.muted,
        annotation_clip=False,
    )


def _caption(data: Coefficients) -> str:
    parts = []
    if data.withheld is not None:
        parts.append(f"No intervals: {name(data.withheld, 300)}.")
    else:
        parts.append(f"Lines: {percent(data.level)} intervals, each by itself ({grouped(name(data.method, 160))}).")
    if data.standardised:
        parts.append("Numbers: per unit of the term.")
    if data.left_out:
        parts.append(f"{count(data.left_out, 'term')} with smaller t left out.")
    return " ".join(parts)


class CoefficientDisplay(Display[Coefficients]):
    """Coefficients with their intervals, one line a term, in the order of the model; the intercept is left out.

    Where the exponential of a coefficient multiplies odds, means or rates, it is these ratios that are shown, on a logarithmic scale.

    Terms that the data do not determine are named with the reason. Of more than 30 terms, those with the largest t in size are
    shown.

    Parameters
    ----------
    data : Coefficients

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mathlearn.datasets import load_penguins
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import CoefficientDisplay
    >>> model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + species", missing="drop").fit(load_penguins())
    >>> display = CoefficientDisplay.from_estimator(model)
    >>> display.data.terms
    ('flipper_length_mm', 'species[T.Chinstrap]', 'species[T.Gentoo]')
    >>> plt.close(display.figure_)
    """

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any = None,  # noqa: ARG003 -- of every display; this one needs no rows
        y: Any = None,  # noqa: ARG003
        *,
        ax: Axes | None = None,
        response: str | int | None = None,
        level: float = 0.95,
        standardised: bool = False,
        theme: ThemeName = "auto",
    ) -> Self:
        """Draw the coefficients of a fit.

        Parameters
        ----------
        model : fitted estimator
        X, y : ignored
            The fit knows its coefficients.
        ax : Axes, optional
        response : str or int, optional
            Of several responses, which; the first by default.
        level : float in (0, 1)
            Of each interval by itself.
        standardised : bool
            Show the change of the response for one standard deviation of each column, so that terms in different units can be
            compared.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError
            The response is unknown.
        DomainError
            `level` is outside (0, 1), or standard deviations are asked for and the fit does not know them.
        """
        data = coefficients(result_of(model, "the model"), response=response, level=level, standardised=standardised)
        return cls(data).plot(ax, theme=theme)

    def _size(self) -> tuple[float, float]:
        return (7.4, height(self.data))

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_coefficients(self.data, ax, theme, repaint=repaint)
        return ax


def height(data: Coefficients) -> float:
    """Height of the picture in inches."""
    return 1.8 + 0.27 * len(data.terms)
