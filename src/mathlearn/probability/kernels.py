"""`Kernels`: what a row adds to the objective, and the two ways of computing it, carefully and plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.probability.link import Link

__all__ = ["KernelRule", "Kernels", "PlainRule", "evaluate"]


class Kernels(NamedTuple):
    """What a row adds to the objective, and its derivatives in the linear predictor; weight and dispersion 1.

    The arrays are new, and share no memory with each other or with what was given: the caller may overwrite them.

    Attributes
    ----------
    loss : (n,) float64
        Minus the log-likelihood plus `Family.constant_latex`, which does not depend on the predictor.
    gradient : (n,) float64
        ``d loss / d eta``, which is ``(mu - y) (d mu / d eta) / V(mu)``.
    curvature : (n,) float64
        Expected second derivative, ``(d mu / d eta)**2 / V(mu)``: Fisher's information.
    """

    loss: FloatArray
    gradient: FloatArray
    curvature: FloatArray


class KernelRule(Protocol):
    """``(y, eta, link, refine) -> Kernels``, for any finite predictor but a negative zero."""

    def __call__(self, y: FloatArray, eta: FloatArray, link: Link, refine: bool, /) -> Kernels:
        """Compute the kernels of arrays of one shape."""


class PlainRule(Protocol):
    """``(y, eta, link) -> Kernels``, for predictors inside the link's `plain_span`; elsewhere its values are not used."""

    def __call__(self, y: FloatArray, eta: FloatArray, link: Link, /) -> Kernels:
        """Compute the kernels of arrays of one shape."""


_BLOCK = 32768
"""Rows at a time: temporary arrays of 256 KiB stay in the cache, and memory does not grow with the rows."""


def evaluate(
    careful: KernelRule, plain: PlainRule | None, y: FloatArray, eta: FloatArray, link: Link, refine: bool
) -> Kernels:
    """Return the kernels of arrays of one shape, in blocks.

    Without `refine`, the plain rule serves where there is one, and the careful one the rows whose predictors it is not made for. What
    a row gets depends on that row alone.
    """
    quick = None if refine else plain
    if eta.size <= _BLOCK:
        return _block(careful, quick, y, eta, link, refine)
    rows, predictors = y.reshape(-1), eta.reshape(-1)
    total = Kernels(*(np.empty(eta.size) for _ in range(3)))
    for start in range(0, eta.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        for part, piece in zip(
            total, _block(careful, quick, rows[block], predictors[block], link, refine), strict=True
        ):
            part[block] = piece
    return Kernels(*(part.reshape(eta.shape) for part in total))


def _block(
    careful: KernelRule, plain: PlainRule | None, y: FloatArray, eta: FloatArray, link: Link, refine: bool
) -> Kernels:
    if plain is None:
        return careful(y, eta, link, refine)
    kernels = plain(y, eta, link)
    span = link.plain_span
    if span.lower == -np.inf and span.upper == np.inf:
        return kernels
    lowest = np.minimum.reduce(eta, axis=None, initial=np.inf)
    highest = np.maximum.reduce(eta, axis=None, initial=-np.inf)
    if not (lowest > span.lower and highest < span.upper):
        rows = ~span.holds(eta)
        for part, piece in zip(kernels, careful(y[rows], eta[rows], link, refine), strict=True):
            part[rows] = piece
    return kernels
