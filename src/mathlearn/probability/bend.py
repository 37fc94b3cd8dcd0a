"""The second derivative of a mean in its linear predictor, from what the links declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.probability.link import Link

__all__ = ["bend"]


def bend(link: Link, eta: FloatArray) -> FloatArray:
    r"""Return :math:`d^2\mu / d\eta^2`.

    With :math:`s = d\log\mu / d\eta` it is :math:`\mu (s^2 + s')`. For a power, :math:`\eta = \mu^\lambda`, this is
    :math:`(1 - \lambda) \mu s^2`, and so for the logarithm with :math:`\lambda = 0`.

    Parameters
    ----------
    link : Link
    eta : (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.probability import link_named
    >>> print(bend(link_named("sqrt"), np.array([0.5, 3.0])))
    [2. 2.]
    """
    eta = np.asarray(eta, dtype=np.float64)
    with np.errstate(all="ignore"):
        if link.odds is not None:
            rise = link.odds.terms(eta, np.zeros_like(eta)).rise
            return np.asarray(link.mu(eta) * (rise**2 - link.odds.rise_drop(eta)))
        assert link.monomial is not None
        assert link.inverse_power is not None
        if link.inverse_power == 1.0:
            return np.zeros_like(eta)
        return link.monomial(1.0 - link.inverse_power, 1.0, 2, eta)
