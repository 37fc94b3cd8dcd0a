"""The fitted mean over two columns: contours, and how wide its interval is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from mathlearn import _engines
from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.schema import listing
from mathlearn.plot import style
from mathlearn.plot.artists import VECTOR_POINTS, marker_size
from mathlearn.plot.display import Display
from mathlearn.plot.features import choose_feature, held, numeric_features, profile_at
from mathlearn.plot.means import means_at, subject_of
from mathlearn.plot.panels import divided, over_all
from mathlearn.plot.reading import Reading
from mathlearn.plot.regression_drawing import held_text
from mathlearn.plot.same_rows import are_the_same
from mathlearn.plot.seen import read_over
from mathlearn.plot.words import count, lacking, name, percent
from mathlearn.statistics import reasons
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.cloud import Cloud
    from mathlearn.plot.means import Subject
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["MOST_ROWS", "Surface", "SurfaceDisplay", "draw_field", "edges", "surface", "two_features"]

DENSEST = 0.6
"""Opacity of the highest place."""

MOST_ROWS = 1_000
"""Rows that are drawn, to a factor below two."""

POINTS = 61
"""Places along each side at which the mean is computed."""

HINT = "Look for contours in places without rows: there nothing but the model says where they run."
CLASSES = "Look for rows of one class where the mean is sure of the other, and for contours in places without rows."
WIDE = "Look for places where the interval is wide: there the contours beside are a guess."


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """The mean over two columns.

    Attributes
    ----------
    features : (str, str)
    subject : Subject
    level : float
        Of the interval.
    x, y : (m,)
        The places along each side.
    mean, width : (m, m)
        At ``[j, i]`` that of ``x[i], y[j]``; the width of the interval is NaN where inference is withheld.
    cloud : Cloud
        Columns: both features, less their origins, and the observation.
    origins : (int, int)
    held : dict
        What other columns, and an offset, are held at.
    withheld : str or None
        Why there are no intervals.
    same_rows : bool
    left_out : int
        Rows that lack a value in a column that is used.
    """

    features: tuple[str, str]
    subject: Subject
    level: float
    x: FloatArray
    y: FloatArray
    mean: FloatArray
    width: FloatArray
    cloud: Cloud
    origins: tuple[int, int]
    held: dict[str, float | str]
    withheld: str | None
    same_rows: bool
    left_out: int


def surface(reading: Reading, *, features: Sequence[str | int] | None = None, level: float = 0.95) -> Surface:
    """Read the rows once and compute the mean on a grid over their range.

    Parameters
    ----------
    reading : Reading
        Of a fit by likelihood.
    features : two of str or int, optional
        Numeric columns of the input; None when there are only two.
    level : float in (0, 1)

    Raises
    ------
    SchemaError
        There are no such columns, or there is no row.
    DomainError
        `level` is outside (0, 1).
    """
    require_level(level)
    result, design = reading.result, reading.design
    first, second = two_features(reading, features)
    at = held(reading, [column for column in numeric_features(design) if column not in {first, second}])
    shown, other = (profile_at(design, at, column, None) for column in (first, second))
    seen, left_out = read_over(reading, (shown, other))
    x, y = (np.linspace(low, high, POINTS) for low, high in zip(seen.low, seen.high, strict=True))
    across, up = (values.ravel() for values in np.meshgrid(x, y))
    means = means_at(result, shown.rows(across, np.zeros(len(across), dtype=np.int64), {second: up}), level)
    nothing = np.full_like(means.value, np.nan)
    width = nothing if means.low is None or means.high is None else means.high - means.low
    return Surface(
        features=(first, second),
        subject=subject_of(result),
        level=level,
        x=x + shown.origin,
        y=y + other.origin,
        mean=means.value.reshape(POINTS, POINTS),
        width=width.reshape(POINTS, POINTS),
        cloud=seen.cloud,
        origins=(shown.origin, other.origin),
        held=shown.told,
        withheld=reasons.whole_fit(result),
        same_rows=are_the_same(result, seen.tally),
        left_out=left_out,
    )


def two_features(reading: Reading, features: Sequence[str | int] | None) -> tuple[str, str]:
    """Return the two numeric columns that are meant: by default the only two.

    Raises
    ------
    SchemaError
        They are not two different numeric columns.
    """
    known = numeric_features(reading.design)
    if features is None:
        if len(known) != 2:
            raise SchemaError(
                f"kind='surface' is drawn over two numeric columns, and this fit has {len(known)}: choose feature=('a', 'b') among "
                f"{listing(known)}."
                if len(known) > 2
                else f"kind='surface' is drawn over two numeric columns, and this fit has {len(known)}: use kind='{'fit' if known else 'means'}'."
            )
        return known[0], known[1]
    if isinstance(features, str | int) or len(features) != 2:
        raise SchemaError(f"feature is {features!r}: kind='surface' takes two columns, as in feature=('a', 'b').")
    first, second = (choose_feature(reading.design, feature) for feature in features)
    if first == second:
        raise SchemaError(f"feature names {first!r} twice: kind='surface' takes two different columns.")
    return first, second


# ------------------------------------------------------------------------------------------------------------- drawing


def draw_surface(data: Surface, left: Axes, right: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the mean on one Axes, and the width of its interval on the other."""
    for ax in (left, right):
        style.dress(ax, theme, repaint=repaint)
    ticks = np.linspace(0.1, 0.9, 9) if data.subject.probability else None
    draw_field(left, theme, (data.x, data.y), data.mean, theme.accent, ticks)
    _draw_rows(data, left, theme)
    labels = (name(data.features[0]), name(data.features[1]))
    style.axis_labels(left, theme, *labels)
    style.headline(left, theme, name(data.subject.mean), CLASSES if data.subject.classes else HINT)
    style.caption(left, theme, _caption(data))
    title = f"Width of the {percent(data.level)} interval"
    if data.withheld is not None:
        style.headline(right, theme, title)
        style.empty(right, theme, name(data.withheld, 400))
        return
    draw_field(right, theme, (data.x, data.y), data.width, theme.alarm)
    style.axis_labels(right, theme, *labels)
    style.headline(right, theme, title, WIDE)


def draw_field(
    ax: Axes,
    theme: Theme,
    sides: tuple[FloatArray, FloatArray],
    values: FloatArray,
    colour: str,
    levels: FloatArray | None = None,
) -> None:
    """Shade a field over two sides from nothing to a colour, and draw its contours with their numbers; `levels` are of probabilities."""
    colors = _engines.load("matplotlib.colors")
    red, green, blue = colors.to_rgb(colour)
    # Transparent where it is low, so that a page in the dark shows through; paler than the colour itself, to be written on.
    ramp = colors.LinearSegmentedColormap.from_list("field", [(red, green, blue, 0.0), (red, green, blue, DENSEST)])
    known = np.ma.masked_invalid(values)
    low, high = (0.0, 1.0) if levels is not None else (float(known.min()), float(known.max()))
    most = high if high > low else low + 1.0
    left, right, bottom, top = (end for side in sides for end in edges(side))
    ax.imshow(
        known,
        extent=(left, right, bottom, top),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        cmap=ramp,
        vmin=low,
        vmax=most,
        zorder=0.5,
    )
    ax.set(xlim=sides[0][[0, -1]], ylim=sides[1][[0, -1]])
    if high > low and np.ptp(known.compressed()) > 0:
        lines = ax.contour(*sides, known, levels=7 if levels is None else levels, colors=theme.ink, linewidths=0.8)
        ax.clabel(lines, fontsize=style.SMALL - 0.5, fmt=lambda value: f"{value:.3g}")


def _stride(cloud: Cloud) -> int:
    """Return which of the rows that are kept are drawn, every second, third, ...: more would hide the contours."""
    return max(1, len(cloud.rows) // MOST_ROWS)


def edges(side: FloatArray) -> tuple[float, float]:
    """Return where the first and the last of evenly spaced cells begin and end, by their centres."""
    half = 0.5 * (side[1] - side[0])
    return float(side[0] - half), float(side[-1] + half)


def _draw_rows(data: Surface, ax: Axes, theme: Theme) -> None:
    x, y, seen = data.cloud.values[:: _stride(data.cloud)].T
    x, y = x + data.origins[0], y + data.origins[1]
    area, opacity = marker_size(2 * len(x))
    second = (seen > 0.5) | (not data.subject.classes)
    for chosen, colour in ((~second, theme.background), (second, theme.ink)):
        ax.scatter(
            x[chosen],
            y[chosen],
            s=area + 4,
            color=colour,
            edgecolors=theme.ink,
            linewidths=0.6,
            alpha=max(opacity, 0.5),
            zorder=3,
            rasterized=len(x) > VECTOR_POINTS,
        )


def _caption(data: Surface) -> str:
    some = len(data.cloud.values[:: _stride(data.cloud)])
    drawn = count(data.cloud.n) if some == data.cloud.n else f"{some} of {count(data.cloud.n)} shown"
    shown = f"{drawn}{'' if data.same_rows else ', not those of the fit'}"
    classes = data.subject.classes
    marks = f": filled {name(classes[1], 16)}, open {name(classes[0], 16)}" if classes else ""
    parts = [f"{shown}{marks}.", *lacking(data.left_out)]
    if data.held:
        parts.append(f"Held: {name(held_text(data.held), 300)}.")
    return " ".join(parts)


class SurfaceDisplay(Display[Surface]):
    """The mean over two columns as contours, among the rows, beside the width of its confidence interval.

    Everything else is held: numbers, and an offset that is no part of the formula, at their means, categories at their reference level.

    Parameters
    ----------
    data : Surface

    Attributes
    ----------
    axes_ : tuple of two Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LogisticRegression
    >>> from mathlearn.plot import SurfaceDisplay
    >>> X = np.random.default_rng(0).normal(size=(80, 2))
    >>> y = X.sum(axis=1) + np.sin(np.arange(80.0)) > 0
    >>> display = SurfaceDisplay.from_estimator(LogisticRegression(C=np.inf).fit(X, y), X, y)
    >>> display.data.features
    ('x0', 'x1')
    >>> plt.close(display.figure_)
    """

    size: ClassVar[tuple[float, float]] = (11.0, 5.4)
    axes_: tuple[Axes, Axes]

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        ax: Axes | None = None,
        feature: Sequence[str | int] | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw the mean over two columns.

        Parameters
        ----------
        model : fitted estimator
            By likelihood.
        X, y, sample_weight, groups, offset
            As given to ``fit``. Of other rows the caption says that they are not those of the fit.
        ax : Axes, optional
            Whose place both pictures share.
        feature : two of str or int, optional
            The columns, by name or by position among the numeric ones; needed where there are more than two.
        level : float in (0, 1)
            Of the interval.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or these are not two numeric columns.
        DomainError
            `level` is outside (0, 1), or the fit is by least squares or has more than one linear predictor.
        """
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset)
        if reading.result.likelihood is None:
            raise DomainError(
                "this fit is by least squares: a surface is drawn of a fit by likelihood. Use kind='partial'."
            )
        return cls(surface(reading, features=feature, level=level)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        ((left, right),) = divided(ax, 1, 2)
        self.axes_ = (left, right)
        draw_surface(self.data, left, right, theme, repaint=repaint)
        first, second = (name(feature) for feature in self.data.features)
        over_all(ax, theme, f"{name(self.data.subject.mean)} over {first} and {second}")
        return left
