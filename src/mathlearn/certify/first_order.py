"""The certificate of a fit that was made without curvature: the gradient at the solution is all that is known of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.likelihood import MOST_GRADIENT
from mathlearn.linalg.errorfree import TINY
from mathlearn.results.certificate import Certificate, Check

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.certify.likelihood_rows import LikelihoodRows

__all__ = ["first_order_certificate"]


def first_order_certificate(rows: LikelihoodRows, pull: FloatArray, *, stopped: str | None) -> Certificate:
    """Judge a solution by its gradient.

    Parameters
    ----------
    rows : LikelihoodRows
        With the diagonal (m,) of the curvature only.
    pull : (m,)
        Gradient of the penalty.
    stopped : str or None
        Why the solver stopped before the optimum.
    """
    terms = math.sqrt(rows.pearson) * np.sqrt(rows.expected) + np.abs(pull)
    cosine = float((np.abs(rows.gradient + pull) / np.maximum(terms, TINY)).max(initial=0.0))
    says = (
        "the gradient at the solution, relative to the size of its terms: the cosine between a column and the residuals"
    )
    reached = (
        "the solver reached the optimum" if stopped is None else f"the solver stopped before the optimum: {stopped}"
    )
    return Certificate(
        checks=(
            Check("gradient", cosine, MOST_GRADIENT, says),
            Check("convergence", 0.0 if stopped is None else 1.0, 0.0, reached),
        ),
        grade="rows",
        unique=True,
        digits=math.nan,
        error_in_se=math.nan,
        statistical_digits=math.nan,
        notes=(
            "solved without the curvature: how far coefficients are from the optimum is not known in standard errors",
        ),
    )
