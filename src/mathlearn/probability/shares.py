r"""Kernels of one trial, plainly, for links onto 0 to 1 that are symmetric: the mean of :math:`-\eta` is one minus that of :math:`\eta`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.kernels import Kernels

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["symmetric"]


def symmetric(y: FloatArray, eta: FloatArray, tail: FloatArray, density: FloatArray) -> Kernels:
    """Return the kernels from the smaller of ``mu`` and ``1 - mu``, and the slope of the mean; both are overwritten.

    With f the share of the trials that ended in the tail, the loss is ``-f log(tail) - (1 - f) log(1 - tail)``, and so is each term
    of the gradient, but for its sign, a density over a probability.
    """
    sign = np.copysign(1.0, eta)
    few = np.abs((eta >= 0.0) - y)
    rest = 1.0 - tail
    other = density / rest
    many = np.log1p(-tail)
    loss = np.log(tail)
    hazard = np.divide(density, tail, out=tail)
    curvature = hazard * other
    loss *= few
    hazard *= few
    np.subtract(1.0, few, out=few)
    many *= few
    other *= few
    loss += many
    hazard -= other
    hazard *= sign
    return Kernels(np.negative(loss, out=loss), hazard, curvature)
