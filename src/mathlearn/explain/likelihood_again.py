"""Numbers of a fit by likelihood found again from its record: no rows are kept, so numbers that hang together are compared."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import again
from mathlearn.explain.again import Found
from mathlearn.explain.evidence import RESOLVED
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.explain.setting import RowSetting, Setting

__all__ = ["Information", "degrees_of_freedom", "gain", "intercept", "row_coordinates"]

_MOST = 400  # columns up to which the information is formed: a factor of it takes their cube
_LARGEST = (
    1100.0  # what the logarithm of an observation adds to a log-density at most: 3/2 log(y) of an inverse Gaussian
)


def degrees_of_freedom(setting: Setting) -> float:
    """Count those of the reference distribution again: infinite where the dispersion is known."""
    covariance = setting.result.covariance
    assert covariance is not None
    if covariance.kind == "cluster" or setting.law.dispersed:
        return again.degrees_of_freedom(setting)
    return inf


def intercept(setting: Setting) -> Found:
    """Linear predictor where every column is zero, from that at their means; the bound is absolute."""
    curvature = setting.result.curvature
    if curvature is None or not setting.centred:
        return Found(0.0, 0.0)
    at = curvature.mean + curvature.origin
    size = abs(setting.centre) + float((np.abs(curvature.mean) + np.abs(curvature.origin)) @ np.abs(setting.beta))
    return Found(
        setting.centre - float(at @ setting.beta), (setting.p + 8) * ROUNDOFF * (size + abs(setting.intercept))
    )


@dataclass(frozen=True, slots=True, eq=False)
class Information:
    """The information about the mean of the columns, made again of the factor of its inverse.

    Attributes
    ----------
    matrix : (p, p) in the user's units
    bound : relative bound on the rounding of what is solved with it
    """

    matrix: FloatArray
    bound: float

    @classmethod
    def of(cls, setting: Setting) -> Information | None:
        """Invert ``V V^T``; None where the data leave directions open, there are too many columns, or rounding leaves nothing."""
        curvature = setting.result.curvature
        if curvature is None or not 0 < setting.p <= _MOST or curvature.whitener.shape[1] < setting.p:
            return None
        length = np.sqrt(np.einsum("ij,ij->i", curvature.whitener, curvature.whitener))
        if not (np.isfinite(length) & (length > 0)).all():
            return None
        left, values, _ = np.linalg.svd(curvature.whitener / length[:, None])
        if not values[-1] > TINY:
            return None
        bound = 16 * (setting.p + 2) * ROUNDOFF * float(values[0] / values[-1]) ** 2
        if bound > RESOLVED:
            return None
        root = left / values / length[:, None]
        return cls(root @ root.T, bound)

    def variance(self, setting: Setting, l0: float, slopes: FloatArray) -> Found:
        """Variance of ``l0 b0 + slopes @ b`` over the dispersion, by solving with the information; relative bound."""
        curvature = setting.result.curvature
        assert curvature is not None
        away = (slopes - l0 * curvature.origin) - l0 * curvature.mean
        unit = np.sqrt(np.diag(self.matrix))
        z = np.linalg.solve(self.matrix / np.outer(unit, unit), away / unit)
        value = l0 * l0 / setting.result.weight_sum + float(away / unit @ z)
        lost = float(
            (np.abs(slopes) + abs(l0) * (np.abs(curvature.origin) + np.abs(curvature.mean))) / unit @ np.abs(z)
        )
        return Found(value, self.bound + 8 * ROUNDOFF * lost / max(value, TINY))


def gain(setting: Setting) -> Found | None:
    r"""Find how far the log-likelihood is above that of the model without columns, from the deviances; the bound is absolute.

    With a fixed dispersion it is half the difference of the deviances, unless each model has a shape of its own. An estimated one enters each model as its deviance over n; what
    that does to the density of a row is known without the row where it does not depend on y.
    """
    result, law = setting.result, setting.law
    deviance, null = setting.rss, setting.tss
    if not law.has_density or law.record.estimated or not np.isfinite([deviance, null]).all():
        return None
    size = abs(law.record.log_likelihood) + abs(law.record.null_log_likelihood) + deviance + null
    if not law.dispersed:
        return Found((null - deviance) / 2, 8 * ROUNDOFF * size)
    if setting.result.weights_type == "precision" or not min(deviance, null) > 0:
        return None
    at = np.array([deviance, null]) / result.n
    # Half of each deviance over its dispersion is n / 2, so that only the saturated densities differ.
    one, two = (setting.family_law.family.saturated(np.full(2, y), at) for y in (1.0, 2.0))
    difference = float(one[0] - one[1])
    if not abs(difference - float(two[0] - two[1])) <= 64 * ROUNDOFF * float(np.abs([one, two]).max()):
        return None
    terms = size + result.n * (_LARGEST + float(np.abs(one).max()))
    return Found(result.n * difference, terms * (64 + result.n**0.5) * ROUNDOFF)


def row_coordinates(setting: RowSetting) -> tuple[FloatArray, float]:
    """Coordinates of a row in the whitened basis, from zero instead of from the means, and a bound on their error."""
    curvature, result = setting.result.curvature, setting.result
    assert curvature is not None
    x = setting.x + curvature.origin
    white = x @ curvature.whitener - curvature.mean_white
    far = np.abs(setting.x) + np.abs(curvature.origin) + np.abs(curvature.mean) + np.abs(curvature.origin)
    bound = 4 * (setting.p + 4) * ROUNDOFF * float(np.linalg.norm(far @ np.abs(curvature.whitener)))
    constant = [1.0 / np.sqrt(result.weight_sum)] if setting.centred else []
    return np.concatenate([constant, white]), bound
