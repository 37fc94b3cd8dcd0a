r"""The multinomial law of one draw among K classes, whose log odds are linear predictors.

With a score :math:`s_k` of each class, of which only differences count,

.. math:: \pi_k = \frac{e^{s_k}}{\sum_{l=1}^K e^{s_l}}, \qquad \ell = \log \pi_y .

It stands apart from the registered families: these have one linear predictor a row, it has one a class.

References
----------
McCullagh and Nelder (1989), "Generalized Linear Models", 2nd edition, section 5.2.
Blanchard, Higham, Higham (2021), "Accurately computing the log-sum-exp and softmax functions", IMA Journal of Numerical Analysis 41(4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.probability.family import Formula

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.probability.family import Support

__all__ = ["MULTINOMIAL", "Multinomial", "Softmax", "chances", "log_softmax", "softmax"]


@dataclass(frozen=True, slots=True)
class Multinomial:
    """What is declared of the law: its names, its log-density as it is displayed, its dispersion.

    Attributes
    ----------
    name, title, link : str
    formula : Formula
        In the scores, of which the first is that of the first class.
    support : str
    fixed_dispersion, has_density : bool
    """

    name: str
    title: str
    link: str
    formula: Formula
    support: Support
    fixed_dispersion: bool
    has_density: bool


MULTINOMIAL = Multinomial(
    name="multinomial",
    title="multinomial",
    link="softmax",
    formula=Formula("log-density", r"s_y-\log\sum_{k=1}^{K}e^{s_k}"),
    support="binary",
    fixed_dispersion=True,
    has_density=True,
)


class Softmax(NamedTuple):
    """What a row needs of its scores.

    Attributes
    ----------
    probability, complement : (n, K)
        Of each class, and of all others together: neither is one minus the other, so that both are right where they are small.
    loss : (n,)
        Minus the log-probability of the class observed.
    """

    probability: FloatArray
    complement: FloatArray
    loss: FloatArray

    @classmethod
    def of(cls, scores: FloatArray, codes: IntArray) -> Softmax:
        """Evaluate it.

        Parameters
        ----------
        scores : (n, K)
        codes : (n,) int
            Places of the classes observed.

        Examples
        --------
        >>> import numpy as np
        >>> found = Softmax.of(np.array([[0.0, 0.0, 800.0]]), np.array([2]))
        >>> print(found.loss, found.complement[0, 2])
        [0.] 0.0
        """
        top, each, rest = _about_top(scores)
        rows = np.arange(len(scores))
        shifted = scores[rows, top] - scores[rows, codes]
        return cls(*_chances(top, each, rest), shifted + np.log1p(rest))

    def residuals(self, codes: IntArray) -> FloatArray:
        """Return what was observed of each class, one or zero, less its probability (n, K), each to full accuracy near 0.

        Parameters
        ----------
        codes : (n,) int
            Places of the classes observed.

        Examples
        --------
        >>> import numpy as np
        >>> codes = np.array([2])
        >>> print(Softmax.of(np.array([[0.0, -700.0, 60.0]]), codes).residuals(codes))
        [[-8.75651076e-27 -0.00000000e+00  8.75651076e-27]]
        """
        own = np.arange(len(codes)), codes
        found = -self.probability
        found[own] = self.complement[own]
        return found


def chances(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Probabilities (n, K) of the classes, and those of all others together, each to full accuracy near 0.

    Examples
    --------
    >>> import numpy as np
    >>> print(chances(np.array([[0.0, -700.0, 1.0]]))[1])
    [[0.73105858 1.         0.26894142]]
    """
    return _chances(*_about_top(scores))


def _chances(top: IntArray, each: FloatArray, rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    total = (1.0 + rest)[:, None]
    # Of the class with the largest score all others were summed up by themselves; of another, few digits can cancel in
    # what is left of a total of at least twice its own term.
    others = total - each
    others[np.arange(len(top)), top] = rest
    return each / total, others / total


def softmax(scores: FloatArray) -> FloatArray:
    """Probabilities (n, K) of the classes, each to full accuracy near 0.

    Examples
    --------
    >>> import numpy as np
    >>> print(softmax(np.array([[0.0, -700.0, 1.0]])))
    [[2.68941421e-001 2.65167542e-305 7.31058579e-001]]
    """
    _, each, rest = _about_top(scores)
    return np.asarray(each / (1.0 + rest)[:, None])


def log_softmax(scores: FloatArray) -> FloatArray:
    """Log-probabilities (n, K) of the classes, without forming the probability.

    Examples
    --------
    >>> import numpy as np
    >>> print(log_softmax(np.array([[0.0, -1000.0, 60.0]])))
    [[-6.00000000e+01 -1.06000000e+03 -8.75651076e-27]]
    """
    top, _, rest = _about_top(scores)
    return np.asarray(scores - scores[np.arange(len(scores)), top][:, None] - np.log1p(rest)[:, None])


def _about_top(scores: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Place (n,) of the largest score, exponentials (n, K) about it, and the sum (n,) of all but its own, which is 1."""
    top = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    each = np.exp(scores - scores[rows, top][:, None])
    each[rows, top] = 0.0
    rest = each.sum(axis=1)
    each[rows, top] = 1.0
    return top, each, rest
