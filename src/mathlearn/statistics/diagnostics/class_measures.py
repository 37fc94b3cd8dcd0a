r"""What one row does to a fit of more than two classes: one place for each formula.

In the whitened basis, in which the information of all rows is the identity, row i has the information :math:`A_i^\top A_i` and the score
:math:`u_i` (see `ClassWhite`). Without the row one Newton step from the estimates :math:`\hat\theta` leads to

.. math:: \hat\theta - \theta_{(i)} = (I - A_i^\top A_i)^{-1} u_i = u_i + A_i^\top (I - A_i A_i^\top)^{-1} A_i u_i ,

where :math:`A_i A_i^\top` is as small as there are classes. The leverage is its trace, and the squared length of the change, over the number of
parameters, is Cook's distance. Of two classes these are the leverage and the one-step distance of binary logistic regression.

References
----------
Pregibon (1981), "Logistic regression diagnostics", Annals of Statistics 9.
Lesaffre and Albert (1989), "Multiple-group logistic regression diagnostics", Applied Statistics 38(3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.statistics.class_rows import stack_of_fit
from mathlearn.statistics.diagnostics.measures import saturated

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.class_white import ClassWhite

__all__ = ["ClassMeasures", "rows_at_a_time"]

_NUMBERS = 1 << 21  # held at a time in coordinates of rows


def rows_at_a_time(result: FitResult) -> int:
    """Rows whose coordinates, of every class, are held at a time."""
    return max(1, _NUMBERS // (len(stack_of_fit(result).classes) * max(len(result.terms), 1)))


class ClassMeasures(NamedTuple):
    """What each row does to a fit; with frequency weights, what one of its copies does.

    Attributes
    ----------
    hat : (n,)
        Leverage.
    saturated : (n,)
        Whether a direction of the row's log odds is its own alone, so that there is no fit without it.
    change : (n, r)
        One-step change of the whitened parameters; NaN for a saturated row.
    cooks_d : (n,)
        NaN too for a fit without parameters.
    """

    hat: FloatArray
    saturated: BoolArray
    change: FloatArray
    cooks_d: FloatArray

    @classmethod
    def of(cls, result: FitResult, white: ClassWhite) -> ClassMeasures:
        """Measure the rows of a chunk."""
        A, u = white.roots(), white.score
        size, turn = np.linalg.eigh(A @ A.transpose(0, 2, 1))
        full = saturated(size[:, -1])
        gap = np.where(full[:, None], np.nan, 1.0 - size)
        along = np.einsum("nkj,nkr->njr", turn, A)
        change = u + np.einsum("njr,nj->nr", along, np.einsum("njr,nr->nj", along, u) / gap)
        return cls(
            hat=np.einsum("nkr,nkr->n", A, A),
            saturated=full,
            change=change,
            cooks_d=np.einsum("nr,nr->n", change, change) / (result.rank or np.nan),
        )
