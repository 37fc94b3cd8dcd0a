"""The most probable of several classes over two columns: a map, and how wide the interval of its probability is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from mathlearn.plot.class_map_drawing import draw_class_map
from mathlearn.plot.class_map_record import ClassMap
from mathlearn.plot.class_means import chosen_classes, class_means_at, class_subject
from mathlearn.plot.display import Display
from mathlearn.plot.features import held, numeric_features, profile_at
from mathlearn.plot.panels import divided, over_all
from mathlearn.plot.reading import Reading
from mathlearn.plot.same_rows import are_the_same
from mathlearn.plot.seen import read_over
from mathlearn.plot.surface import two_features
from mathlearn.plot.words import name
from mathlearn.statistics import reasons
from mathlearn.statistics.class_rows import class_scores
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["ClassMapDisplay", "class_map"]

POINTS = 121
"""Places along each side at which probabilities are computed."""


FARTHEST = 50.0
"""Log odds beyond which nothing is told apart in a picture."""


def class_map(reading: Reading, *, features: Sequence[str | int] | None = None, level: float = 0.95) -> ClassMap:
    """Read the rows once and compute the probabilities on a grid over their range.

    Parameters
    ----------
    reading : Reading
        Of a fit of more than two classes.
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
    places = shown.rows(across, np.zeros(len(across), dtype=np.int64), {second: up})
    means = class_means_at(result, places, level)
    chosen = chosen_classes(np.nanmax(means.value, axis=0, initial=0.0))
    top = np.where(np.isnan(means.value), -1.0, means.value).argmax(axis=1)
    best = np.arange(len(top)), top
    width = np.full(len(top), np.nan) if means.low is None or means.high is None else means.high[best] - means.low[best]
    return ClassMap(
        features=(first, second),
        subject=class_subject(result, chosen),
        level=level,
        x=x + shown.origin,
        y=y + other.origin,
        top=top.reshape(POINTS, POINTS),
        lead=_leads(class_scores(result, places.X), chosen).reshape(len(chosen), POINTS, POINTS),
        mean=means.value[best].reshape(POINTS, POINTS),
        width=width.reshape(POINTS, POINTS),
        values=seen.cloud.values[:, :2] + np.array([float(shown.origin), float(other.origin)]),
        codes=seen.cloud.values[:, 2].astype(np.int64),
        n=seen.cloud.n,
        held=shown.told,
        withheld=reasons.whole_fit(result),
        same_rows=are_the_same(result, seen.tally),
        left_out=left_out,
    )


def _leads(scores: FloatArray, chosen: tuple[int, ...]) -> FloatArray:
    """Log odds (s, n) of each chosen class against the most probable of the others, kept near zero."""
    top = scores.max(axis=1)
    away = np.maximum(scores - top[:, None], -FARTHEST)
    return np.array([away[:, k] - np.delete(away, k, axis=1).max(axis=1) for k in chosen])


class ClassMapDisplay(Display[ClassMap]):
    """The most probable class over two columns, shaded by its probability, among the rows; beside it the width of its interval.

    Everything else is held: numbers at their means, categories at their reference level.

    Parameters
    ----------
    data : ClassMap

    Attributes
    ----------
    axes_ : tuple of two Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LogisticRegression
    >>> from mathlearn.plot import ClassMapDisplay
    >>> X = np.random.default_rng(0).normal(size=(80, 2))
    >>> y = np.digitize(X.sum(axis=1) + np.sin(np.arange(80.0)), [-0.5, 0.5])
    >>> display = ClassMapDisplay.from_estimator(LogisticRegression(C=np.inf).fit(X, y), X, y)
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
        """Read the rows of a fit once and draw the map.

        Parameters
        ----------
        model : fitted estimator
            Of more than two classes.
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
            `level` is outside (0, 1), or the fit is of one linear predictor.
        """
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset, classes=True)
        return cls(class_map(reading, features=feature, level=level)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        ((left, right),) = divided(ax, 1, 2)
        self.axes_ = (left, right)
        draw_class_map(self.data, left, right, theme, repaint=repaint)
        first, second = (name(feature) for feature in self.data.features)
        over_all(ax, theme, f"{name(self.data.subject.response)} over {first} and {second}")
        return left
