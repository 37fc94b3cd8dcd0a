"""A smooth trend through points: local linear regression with its own standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["Trend", "trend"]

FEWEST = 12
"""With fewer points there is no trend to speak of."""

EDGE = 2
"""Points at either end (or half a per cent of all) beyond which the curve is not drawn: they would be all it rests on."""

SPAN = 0.6
POINTS = 80
BLOCK = 16


@dataclass(frozen=True, slots=True)
class Trend:
    """A smooth curve.

    Attributes
    ----------
    x, y, error : (m,)
        Where, how high, and the standard error of the height.
    """

    x: FloatArray
    y: FloatArray
    error: FloatArray


def trend(x: FloatArray, y: FloatArray, span: float = SPAN) -> Trend | None:
    """Smooth y along x by local straight lines with tricube weights on the nearest share of the points.

    Parameters
    ----------
    x, y : (n,)
        Points that are not finite are left out.
    span : float
        The share of the points that each local line is fitted to.

    Returns
    -------
    Trend or None
        None for fewer than 12 points, or when x does not vary. It ends short of the outermost points.

    References
    ----------
    Cleveland and Devlin (1988), "Locally weighted regression", J. Amer. Statist. Assoc. 83(403), without robust iterations,
    so that the curve is linear in y and has a standard error.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 1, 50)
    >>> curve = trend(x, 2 * x)
    >>> bool(np.allclose(curve.y, 2 * curve.x))
    True
    """
    fine = np.isfinite(x) & np.isfinite(y)
    x, y = x[fine], y[fine]
    if len(x) < FEWEST or x.min() == x.max():
        return None
    centre, unit = x.min(), np.ptp(x)
    u = (x - centre) / unit
    # As many places where the points lie as evenly spaced ones, so that neither a gap nor a tail is drawn from nothing.
    edge = max(EDGE, len(u) // 200)
    low, high = np.partition(u, (edge, len(u) - 1 - edge))[[edge, len(u) - 1 - edge]]
    inner = u[(u >= low) & (u <= high)]
    where = np.unique(
        np.concatenate([np.quantile(inner, np.linspace(0, 1, POINTS // 2)), np.linspace(low, high, POINTS // 2)])
    )
    parts = [_local(u, y, where[i : i + BLOCK], span) for i in range(0, len(where), BLOCK)]
    height, error = (np.concatenate(column) for column in zip(*parts, strict=True))
    known = np.isfinite(height)
    return Trend(centre + unit * where[known], height[known], error[known])


def _local(u: FloatArray, y: FloatArray, where: FloatArray, span: float) -> tuple[FloatArray, FloatArray]:
    """Heights and standard errors (m,) of the local lines at `where` (m,)."""
    distance = np.abs(where[:, None] - u)
    near = max(int(np.ceil(span * len(u))), min(len(u), FEWEST // 2))
    width = np.partition(distance, near - 1, axis=1)[:, near - 1 : near] * 1.0001 + 1e-9
    w = np.clip(1 - (distance / width) ** 3, 0, None) ** 3
    w /= w.sum(axis=1, keepdims=True)
    mean = w @ u
    off = u - mean[:, None]
    spread = np.einsum("ij,ij->i", w, off**2)
    varies, level = spread > 1e-12, w @ y
    slope = np.where(varies, np.einsum("ij,ij,j->i", w, off, y) / np.maximum(spread, 1e-12), 0.0)
    weights = w * (1 + np.where(varies, (where - mean) / np.maximum(spread, 1e-12), 0.0)[:, None] * off)
    height = level + slope * (where - mean)
    variance = np.einsum("ij,ij->i", w, (y - level[:, None] - slope[:, None] * off) ** 2)
    return height, np.sqrt(variance * np.einsum("ij,ij->i", weights, weights))
