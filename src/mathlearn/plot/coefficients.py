"""Coefficients with their intervals: a forest plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mathlearn import _engines
from mathlearn.plot import style
from mathlearn.plot.coefficients_record import Coefficients, coefficients
from mathlearn.plot.display import Display
from mathlearn.plot.words import count, estimate, grouped, name, percent, signed
from mathlearn.results.of_model import result_of
from mathlearn.statistics.functional import INTERCEPT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import IntArray
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["CoefficientDisplay", "draw_coefficients", "height"]

LABEL = 28
"""Characters of a term's name."""

SUBS = ((1.8, ()), (12.0, (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)), (300.0, (1.0, 2.0, 5.0)))
"""Where ratios have ticks within a power of ten, by the factor that they differ by; none: in even steps."""

RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")

MOST_TICKS = 9
PLAIN = (-3, 4)
"""Ticks of a logarithmic scale at most, and powers of ten between which a tick is a plain number."""

MOST_DEVIATIONS = 6
"""Columns whose standard deviations are written out, at most."""

HINT = "Look for intervals clear of zero: the data tell the sign of these coefficients."
RATIO_HINT = "Look for intervals clear of one: the data tell the direction of these effects."
CONSTANT = "The fit has no term: all it estimates is this constant."


def draw_coefficients(data: Coefficients, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    title = f"{_kind(data)} for {name(data.response)}"
    m = len(data.terms)
    if not m:
        style.headline(ax, theme, title)
        style.empty(ax, theme, "this fit has neither terms nor an intercept")
        return
    at = _places(data)
    _draw_axis(ax, theme, data)
    place, low, high = (data.shown(values) for values in (data.estimate, data.low, data.high))
    known = np.isfinite(low) & np.isfinite(high)
    colours = np.array(theme.series)[data.series]
    ax.hlines(at[known], low[known], high[known], color=colours[known], linewidth=2.4, zorder=3)
    ax.scatter(place, at, s=34, color=colours, edgecolors=theme.background, linewidths=0.8, zorder=4)
    ax.set_yticks(at, [name(label, LABEL) for label in data.labels])
    ax.tick_params(axis="y", length=0, labelcolor=theme.ink)
    ax.set_ylim(-0.7, _rows(data) - 0.3)
    ax.margins(x=0.08)
    _draw_groups(ax, data, at, colours)
    for row, y in enumerate(at.tolist()):
        _write(ax, theme, data, row, y)
    constant = data.terms == (INTERCEPT,)
    style.axis_labels(ax, theme, name(data.response) if constant else _label(data), "")
    beside = 14 + style.CHARACTER * style.SMALL * max(len(name(label, LABEL)) for label in data.labels)
    style.headline(
        ax, theme, title, CONSTANT if constant else HINT if data.ratio is None else RATIO_HINT, beside=beside
    )
    style.caption(ax, theme, _caption(data), beside=beside)


def _rows(data: Coefficients) -> int:
    """Lines that the picture has: of the terms, and of the headings of groups."""
    return len(data.terms) + len(set(data.groups))


def _places(data: Coefficients) -> IntArray:
    """Height of each term, from the top; a group has its heading above its first term."""
    m, headings = len(data.terms), np.zeros(len(data.terms), np.int64)
    if data.groups:
        groups = np.array(data.groups)
        headings = np.concatenate([[1], groups[1:] != groups[:-1]]).cumsum()
    return np.asarray(_rows(data) - 1 - np.arange(m) - headings)


def _draw_groups(ax: Axes, data: Coefficients, at: IntArray, colours: Any) -> None:
    """Write above the terms of each group which classes they compare."""
    for row, group in enumerate(data.groups):
        if row and group == data.groups[row - 1]:
            continue
        ax.text(
            0.0,
            float(at[row]) + 1.0,
            name(group, 2 * LABEL),
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=style.SMALL,
            fontweight="bold",
            color=colours[row],
            bbox={"facecolor": ax.get_facecolor(), "edgecolor": "none", "pad": 1.0},
            usetex=False,
            zorder=5,
        )


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
    ticks = _engines.load("matplotlib.ticker")
    known = np.concatenate([[0.0], *(values * data.unit for values in (data.low, data.high, data.estimate))])
    span = np.ptp(known[np.isfinite(known)])
    ax.set_xscale("log")
    subs = next((subs for fold, subs in SUBS if span < np.log(fold)), (1.0,))
    ax.xaxis.set_major_locator(ticks.LogLocator(subs=subs, numticks=MOST_TICKS) if subs else ticks.MaxNLocator(6))
    ax.xaxis.set_minor_locator(ticks.NullLocator())
    ax.xaxis.set_major_formatter(ticks.FuncFormatter(lambda ratio, _: _tick(ratio)))


def _tick(ratio: float) -> str:
    """Write a ratio as a plain number, one far from one as a power of ten."""
    power = round(np.log10(ratio)) if ratio > 0 else 0
    return grouped(f"{ratio:.12g}") if PLAIN[0] <= power <= PLAIN[1] else f"10{str(power).translate(RAISED)}"


def _write(ax: Axes, theme: Theme, data: Coefficients, row: int, y: float) -> None:
    """Write the numbers of a term beside it, or why it has none."""
    if np.isnan(data.estimate[row]):
        reason = data.reasons.get(data.terms[row], "")
        ax.text(
            0.02,
            y,
            name(reason, 70),
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
        estimate(*(float(data.shown(values)[row]) for values in (data.estimate, data.low, data.high))),
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
        parts += _deviations(data)
    if data.left_out:
        parts.append(f"{count(data.left_out, 'term')} with smaller t left out.")
    return " ".join(parts)


def _deviations(data: Coefficients) -> list[str]:
    """Say in a sentence how much one standard deviation of each column is, where they are few."""
    each = dict(zip(data.labels, data.unit.tolist(), strict=True))
    told = [f"{signed(unit)} of {name(label, LABEL)}" for label, unit in each.items()]
    return [f"One standard deviation: {', '.join(told)}."] if len(told) <= MOST_DEVIATIONS else []


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
    return 1.8 + 0.27 * _rows(data)
