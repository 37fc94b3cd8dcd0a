r"""Intervals of the probabilities of more than two classes: by the delta method, on the logit of each.

With scores s and probabilities :math:`\pi = \mathrm{softmax}(s)`, let :math:`\pi_{l \mid \bar k} = \pi_l / \sum_{j \ne k} \pi_j` be the probability of
class l given that it is not k. Then

.. math:: \operatorname{logit} \pi_k = s_k - \log \sum_{l \ne k} e^{s_l}, \qquad
   \frac{\partial \operatorname{logit} \pi_k}{\partial s_k} = 1, \quad \frac{\partial \operatorname{logit} \pi_k}{\partial s_l} = -\pi_{l \mid \bar k} .

None of these cancels where a probability is near 0 or 1. Of two classes the logit is the linear predictor, and the interval is the binary one.

References
----------
Agresti (2013), "Categorical Data Analysis", 3rd edition, section 16.1.3 for the delta method, chapter 8 for the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.data.chunk import dense_rows
from mathlearn.probability.links.logit import tails
from mathlearn.probability.multinomial import log_softmax, softmax
from mathlearn.statistics.class_rows import ClassBasis, stack_of_fit
from mathlearn.statistics.functional import estimable_rows, require_curvature, standard_errors
from mathlearn.statistics.intervals import Interval, require_interval
from mathlearn.statistics.tails import t_quantile

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._choices import IntervalKind
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["Logits", "logit_errors", "logits", "probability_intervals"]

CLOSED = "NaN where the fit puts a probability at 0 or 1 (the classes are separated), or the data do not determine it"

_NUMBERS = 1 << 21  # held at a time in coordinates of rows


class Logits(NamedTuple):
    """Logits of class probabilities, and how they move with the scores.

    Attributes
    ----------
    value : (n, K)
        Infinite where a probability is 0 or 1.
    others : (n, K, K)
        Probability of class l given that it is not class k, at [k, l]: minus the gradient in the score l; zero at [k, k].
    """

    value: FloatArray
    others: FloatArray


def logits(scores: FloatArray) -> Logits:
    """Evaluate them at scores (n, K), of which minus infinity closes a class.

    Examples
    --------
    >>> import numpy as np
    >>> found = logits(np.array([[0.0, 0.0, 800.0]]))
    >>> print(found.value.round(3), found.others[0, 0])
    [[-800.    -800.     799.307]] [0. 0. 1.]
    """
    n, K = scores.shape
    each = np.broadcast_to(scores[:, None, :], (n, K, K)).copy()
    each[:, np.arange(K), np.arange(K)] = -np.inf
    alone = np.asarray(each.max(axis=2) == -np.inf)
    each[alone] = 0.0  # no other class is open: there is no logit to move
    flat = each.reshape(n * K, K)
    top = flat.argmax(axis=1)
    rows = np.arange(n * K)
    # Of the largest score, score less log-probability is the logarithm of the sum of all exponentials.
    total = (flat[rows, top] - log_softmax(flat)[rows, top]).reshape(n, K)
    value = np.where(alone, np.inf, scores - total)
    return Logits(value, np.where(alone[:, :, None], 0.0, softmax(flat).reshape(n, K, K)))


def probability_intervals(
    result: FitResult,
    X: FloatArray | csr_array,
    scores: FloatArray,
    level: float = 0.95,
    kind: IntervalKind = "confidence",
) -> Interval:
    r"""Give intervals for the probabilities of the classes at new rows.

    With the standard error s of :math:`\operatorname{logit} \pi_k`, the interval is
    :math:`\operatorname{expit}(\operatorname{logit} \hat\pi_k \pm q s)`: it lies between 0 and 1, and each holds by itself, not all together.

    Parameters
    ----------
    result : FitResult
        Of more than two classes.
    X : (n, p) array or CSR
        Encoded rows.
    scores : (n, K)
        At these rows, as `class_scores` gives them.
    level : float in (0, 1)
    kind : {"confidence"}

    Returns
    -------
    Interval
        ``estimate, lower, upper`` of shape (n, K), in the order of the classes, which ``responses`` names; NaN where the data do not
        determine a probability, or put it at 0 or 1.

    Raises
    ------
    DomainError
        Another `kind`, `level` outside (0, 1), or no standard error exists for this fit.
    """
    stack = stack_of_fit(result)
    if kind == "observation":
        raise DomainError(
            f"kind is 'observation', and an observation is one of {len(stack.classes)} classes, which lie on no line: no interval holds some of "
            "them. predict_proba(X) has their probabilities, and kind='confidence' the intervals of these."
        )
    covariance = require_interval(result, kind, level)
    value, errors = logit_errors(result, X, scores)
    known = np.isfinite(errors)
    value, half = np.where(known, value, np.nan), t_quantile(level, covariance.df) * errors
    law = "normal" if np.isinf(covariance.df) else f"t with {covariance.df:g} df"
    return Interval(
        estimate=np.where(known, softmax(scores), np.nan),
        lower=tails(value - half)[0],
        upper=tails(value + half)[0],
        level=level,
        kind=kind,
        method=f"{law}, on the logit of each probability; {covariance.description}",
        notes=() if known.all() else (CLOSED,),
        responses=stack.classes,
    )


def logit_errors(result: FitResult, X: FloatArray | csr_array, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Logits (n, K) of the probabilities and their standard errors; NaN errors where the data leave the logit open or infinite.

    Raises
    ------
    DomainError
        Inference is withheld for this fit.
    """
    basis, (n, K) = ClassBasis.of(result), scores.shape
    size = max(1, _NUMBERS // (K * max(len(result.terms), K)))
    value, errors = np.empty((n, K)), np.empty((n, K))
    for start in range(0, n, size):
        rows = slice(start, start + size)
        x, found = dense_rows(X[rows]), logits(scores[rows])
        b = basis.at(x)
        moved = (b - found.others @ b).reshape(len(x) * K, -1)
        known = _determined(result, x, found.others) & np.isfinite(found.value)
        value[rows] = found.value
        errors[rows] = np.where(known, standard_errors(result, moved)[0].reshape(len(x), K), np.nan)
    return value, errors


def _determined(result: FitResult, x: FloatArray, others: FloatArray) -> BoolArray:
    """Whether the data determine the gradients (n, K) of the logits, as functionals of the stacked parameters."""
    n, K, _ = others.shape
    if require_curvature(result).null.shape[1] == 0:
        return np.ones((n, K), np.bool_)
    stack = stack_of_fit(result)
    z = x + stack.origin
    if stack.intercept:
        z = np.column_stack([np.ones(n), z])
    pull = (np.eye(K) - others)[:, :, 1:]
    return estimable_rows(result, np.einsum("nkl,nj->nklj", pull, z).reshape(n * K, -1)).reshape(n, K)
