"""The certificate of a fit that was made without curvature: the gradient at the solution is all that is known of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.calculus.objective import observations
from mathlearn.certify.gradient_terms import GradientTerms, far_out, pearson_shares
from mathlearn.certify.likelihood import MOST_GRADIENT
from mathlearn.certify.likelihood_rows import LikelihoodRows
from mathlearn.linalg.errorfree import TINY
from mathlearn.results.certificate import Certificate, Check

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

__all__ = ["FirstOrderShown", "first_order_certificate", "first_order_rows"]


class FirstOrderShown(NamedTuple):
    """The numbers that are put to the test, in the coordinates of the rows.

    Attributes
    ----------
    family, link
    coef : (p,)
    level : float or None
        Intercept; None without.
    null_eta : float
        Linear predictor of the model without columns, the offset apart.
    """

    family: Family
    link: Link
    coef: FloatArray
    level: float | None
    null_eta: float


def first_order_rows(chunk: Chunk, shown: FirstOrderShown) -> LikelihoodRows:
    """Look at one block of rows, dense or sparse; of the curvature only the diagonal is formed."""
    seen = observations(chunk)
    y, weight = seen.y, np.ones(chunk.n) if seen.weight is None else seen.weight
    x: Any = chunk.X
    offset = 0.0 if chunk.offset is None else chunk.offset
    eta = np.asarray(x @ shown.coef) + (shown.level or 0.0) + offset
    kernels = shown.family.kernels(y, eta, shown.link)
    pull, curve = weight * kernels.gradient, weight * kernels.curvature
    squares = x.multiply(x) if hasattr(x, "multiply") else np.square(x)
    first = int(shown.level is not None)
    square = np.concatenate([[curve.sum()][:first], np.asarray(squares.T @ curve)])
    share = pearson_shares(y, eta, shown.family, shown.link, kernels)
    far, pearson, sizes = far_out(share), weight * share, np.abs(pull)
    null = np.broadcast_to(shown.null_eta + offset, y.shape)
    return LikelihoodRows(
        n=y.size,
        gradient=np.concatenate([[pull.sum()][:first], np.asarray(x.T @ pull)]),
        expected=square,
        observed=square,
        noise=0.0,
        deviance=float(weight @ shown.family.deviance_at(y, eta, shown.link)),
        null_deviance=float(weight @ shown.family.deviance_at(y, null, shown.link)),
        pearson=float(pearson.sum()),
        terms=GradientTerms(
            float(pearson[~far].sum()),
            np.concatenate([[sizes[far].sum()][:first], np.asarray(abs(x[far]).T @ sizes[far])]),
        ),
        size=float(weight.sum()),
        farthest=float(np.abs(eta).max()),
    )


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
    terms = rows.terms.bound(np.sqrt(rows.expected)) + np.abs(pull)
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
