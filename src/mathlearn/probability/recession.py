"""Which way the linear predictor of a row may go for ever without its loss rising."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

__all__ = ["far_ends", "recession_sign"]


def recession_sign(family: Family, link: Link, y: FloatArray) -> FloatArray:
    """Return +1, -1 or 0 for each row: the way in which its loss falls for ever, or none.

    An observation at an end of the span of the mean, which the link reaches only at infinity, draws the predictor there: 1 and 0
    of a binomial, 0 of a count or of a Tweedie with the logarithm. Every other row of these families holds its predictor
    from both sides.

    Parameters
    ----------
    family : Family
    link : Link
        One of its links.
    y : (n,) array
        Observations inside the domain; proportions, where there are trials.

    Returns
    -------
    signs : (n,) float64

    Notes
    -----
    Families without a mass at an end of the span (gamma, inverse Gaussian, Gaussian), and links that reach the end at a finite
    predictor (identity, square root), have no such row.

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.probability import family_named
    >>> poisson, binomial = family_named("poisson"), family_named("binomial")
    >>> print(recession_sign(poisson, poisson.link(), np.array([0.0, 3.0])))
    [-1.  0.]
    >>> print(recession_sign(poisson, poisson.link("identity"), np.array([0.0, 3.0])))
    [0. 0.]
    >>> print(recession_sign(binomial, binomial.link(), np.array([0.0, 0.25, 1.0])))
    [-1.  0.  1.]
    """
    y = np.asarray(y, dtype=np.float64)
    signs = np.zeros(y.shape)
    if family.support == "binary" and link.odds is not None:
        signs[y == family.mean_span.upper] = 1.0
        signs[y == family.mean_span.lower] = -1.0
    elif family.support in {"counts", "mixed"} and link.name == "log":
        signs[y == family.mean_span.lower] = -1.0
    return signs


_NEAR = math.exp(-15.0)
"""Distance of a mean from the end of its span at which an estimate is suspected to run away."""


def far_ends(family: Family, link: Link) -> tuple[float, float]:
    """Return the predictors below and above which a mean is within 3e-7 of the end of its span; infinite where none draws it there.

    Examples
    --------
    >>> from mathlearn.probability import family_named
    >>> binomial = family_named("binomial")
    >>> lower, upper = far_ends(binomial, binomial.link("probit"))
    >>> round(lower, 2), round(upper, 2)
    (-4.99, 4.99)
    """
    if family.support == "binary" and link.odds is not None:
        lower, upper = link.eta(np.array([_NEAR, 1.0 - _NEAR]))
        return float(lower), float(upper)
    drawn = family.support in {"counts", "mixed"} and link.name == "log"
    return (math.log(_NEAR), math.inf) if drawn else (-math.inf, math.inf)
