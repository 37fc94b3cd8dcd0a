r"""`Family`: the law of y given its mean, declared once, as one frozen record.

Every family is, or stands in for, an exponential dispersion model with the variance :math:`\phi V(\mu) / w`, so that

.. math:: \frac{\partial \ell}{\partial \mu} = \frac{w (y - \mu)}{\phi V(\mu)}, \qquad
   d(y, \mu) = 2 \int_\mu^y \frac{y - s}{V(s)}\,ds .

The kernels are those of one row of weight and dispersion 1. Precision weights w, the trials of a binomial and 1 / dispersion enter
by multiplication: the loss, the gradient and the curvature of a row are ``weight * trials / dispersion`` times its kernels.

References
----------
McCullagh and Nelder (1989), "Generalized Linear Models", 2nd edition, chapters 2 and 9.
Jørgensen (1997), "The Theory of Dispersion Models", chapters 1 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.probability.kernels import KernelRule, Kernels, PlainRule, evaluate
from mathlearn.probability.link import Bound, Link, Span
from mathlearn.probability.saturated import Saturated, saturated_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.probability.distribution import Distribution

__all__ = ["Domain", "Family", "Formula", "Kernels", "Maker", "Support"]

_SMALLEST = 1e-290  # sizes of means below which doubles lose digits

Support: TypeAlias = Literal["real", "positive", "counts", "binary", "mixed"]
"""Where the density lives; "mixed" is a mass at zero beside a density of positive numbers."""


@dataclass(frozen=True, slots=True)
class Formula:
    r"""What a family displays, and what the law test differentiates: one string.

    Attributes
    ----------
    kind : "log-density", "log-density up to a constant" or "score"
        A score is :math:`\partial \ell / \partial \mu`. A constant does not depend on the mean.
    latex : str
        In the letters of docs/notation.md, and :math:`\phi` dispersion, :math:`\tau` trials, :math:`\vartheta` shape of a negative
        binomial, :math:`\xi` power of a Tweedie variance. For a row of weight w, :math:`\phi` becomes :math:`\phi / w`.
    """

    kind: Literal["log-density", "log-density up to a constant", "score"]
    latex: str


@dataclass(frozen=True, slots=True)
class Domain:
    """Where the observations may lie.

    Attributes
    ----------
    inside : callable
        Whether each number is allowed; NaN and infinities are not.
    allowed, remedy : str
        The end of an error message: what is allowed, and what to do.
    """

    inside: Callable[[FloatArray], BoolArray]
    allowed: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Family:
    r"""A family of distributions of y.

    Attributes
    ----------
    name, title : str
        The name in code, and in a sentence.
    parameters : tuple of (str, float)
        What the family was made with, for records and files: ``family_named(name, **dict(parameters))`` makes it again.
    formula : Formula
    variance_latex : str
        :math:`V(\mu)`.
    constant_latex : str
        What the loss has beside minus the log-density of a row of weight and dispersion 1 (with one trial): a function of y alone.
        Empty where there is no density.
    support : str
    domain : Domain
    mean_span : Span
        Where the mean lies.
    links : tuple of Link
        The first is the default.
    fixed_dispersion : bool
        Whether the dispersion is 1 by definition; otherwise it is estimated.
    canonical : str
        Name of the link for which the observed curvature is the expected one; empty if it is not among the links.
    takes_trials : bool
        Whether an observation may be a proportion of a number of trials.
    least_of : callable or None
        The least loss of each y, that at ``mu = y``: half the deviance is the loss less this. None where no sum of rows wants it.
    own_bound : Bound or None
        How accurate the kernels are, where not as the link says.
    kernels_of, observed_of, variance_of, deviance_of, saturated_of, start_of
        The functions behind the methods. `saturated_of` is None for a quasi-likelihood.
    distribution : Distribution or None
        Both tails of the law of y; None where there is no accurate one.
    plain_of : callable or None
        The kernels without refinement, where the predictors lie inside the link's `plain_span`; None where `kernels_of` is fast enough.

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.probability import family_named
    >>> poisson = family_named("poisson")
    >>> print(poisson.formula.latex)
    y\log\mu-\mu-\log\Gamma(y+1)
    >>> loss, gradient, curvature = poisson.kernels(np.array([0.0, 3.0]), np.array([-800.0, 1.0]), poisson.link())
    >>> print(loss, gradient, curvature)
    [0.       3.014118...] [ 0.       -0.28171817] [0.         2.71828183]
    >>> print(poisson.deviance(np.array([0.0, 3.0]), np.array([1.0, 3.0])))
    [2. 0.]
    """

    name: str
    title: str
    formula: Formula
    variance_latex: str
    constant_latex: str
    support: Support
    domain: Domain
    mean_span: Span
    links: tuple[Link, ...]
    fixed_dispersion: bool
    canonical: str
    kernels_of: KernelRule = field(repr=False, compare=False)
    observed_of: Callable[[FloatArray, FloatArray, Link], FloatArray] = field(repr=False, compare=False)
    variance_of: Callable[[FloatArray], FloatArray] = field(repr=False, compare=False)
    deviance_of: Callable[[FloatArray, FloatArray], FloatArray] = field(repr=False, compare=False)
    start_of: Callable[[FloatArray, FloatArray], FloatArray] = field(repr=False, compare=False)
    saturated_of: Saturated | None = field(default=None, repr=False, compare=False)
    plain_of: PlainRule | None = field(default=None, repr=False, compare=False)
    least_of: Callable[[FloatArray], FloatArray] | None = field(default=None, repr=False, compare=False)
    distribution: Distribution | None = field(default=None, repr=False, compare=False)
    takes_trials: bool = False
    own_bound: Bound | None = None
    parameters: tuple[tuple[str, float], ...] = ()

    # ------------------------------------------------------------------------------------------------------------ links
    def link(self, link: str | Link | None = None) -> Link:
        """Return the link of this name, or the default one.

        Raises
        ------
        DomainError
            The family does not have it.
        """
        if link is None:
            return self.links[0]
        known = {each.name: each for each in self.links}
        name = link.name if isinstance(link, Link) else str(link)
        if name in known:
            return known[name]
        near = get_close_matches(name.lower(), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DomainError(
            f"link is {name!r}: the {self.title} family has {', '.join(map(repr, known))} (default {self.links[0].name!r}).{hint}"
        )

    def bound(self, link: Link) -> Bound:
        """How accurate the kernels are with this link."""
        return self.own_bound if self.own_bound is not None else link.bound

    # --------------------------------------------------------------------------------------------------------------- y
    def start(self, y: FloatArray, weight: FloatArray | float = 1.0) -> FloatArray:
        """Return a mean inside `mean_span` near each y, from which an iteration may start; weight includes trials."""
        y, weight = _arrays(y, weight)
        return self.start_of(y, weight)

    # ----------------------------------------------------------------------------------------------------- mathematics
    def kernels(self, y: FloatArray, eta: FloatArray, link: Link, *, refine: bool = True) -> Kernels:
        """Return loss, gradient and expected curvature of each row, in new arrays that the caller may overwrite; see `Kernels`.

        Where the linear predictor belongs to no mean of the family (a negative one with the identity link of a Poisson), the loss
        is infinite, and gradient and curvature are 0. At the end of the span each has its limit. Nothing is ever NaN.

        Parameters
        ----------
        y, eta : (n,) arrays
            Observations inside the domain; linear predictor, finite.
        link : Link
            One of `links`.
        refine : bool
            Compute ``mu - y`` with more digits than a double's where it cancels, so that all three are right within `bound`.
            Without, at a fraction of the time and enough for a search direction and the control of its step: the error of the gradient
            is a few units in the last place of y or of `mu` before it is multiplied by ``(d mu / d eta) / V(mu)``; the curvature is
            right to a few units in the last place, or (probit, complementary log-log) to what a rounding of the predictor makes of
            it; the loss is the same function, right to the rounding of its terms.
        """
        y, eta = _pair(y, eta)
        with np.errstate(all="ignore"):
            return evaluate(self.kernels_of, self.plain_of, y, eta, link, refine)

    def loss_at(self, y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
        """Return the loss of each row at its linear predictor, or at one for all, right to the rounding of its terms.

        Where every y is at an end of `mean_span`, as that of a binomial without trials, one predictor has two losses.
        """
        if eta.ndim or not (np.isfinite(self.mean_span.lower) and np.isfinite(self.mean_span.upper)):
            return self.kernels(y, np.broadcast_to(eta, y.shape), link, refine=False).loss
        ends = np.array([self.mean_span.lower, self.mean_span.upper])
        upper = y == ends[1]
        if not (upper | (y == ends[0])).all():
            return self.kernels(y, np.broadcast_to(eta, y.shape), link, refine=False).loss
        low, high = self.kernels(ends, np.broadcast_to(eta, (2,)), link, refine=False).loss
        return np.asarray(np.where(upper, high, low))

    def observed(self, y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
        """Return the second derivative of the loss in eta, of which the curvature of the kernels is the expectation.

        The two are the same for the canonical link. It may be negative for another.
        """
        y, eta = _pair(y, eta)
        with np.errstate(all="ignore"):
            return self.observed_of(y, eta, link)

    def variance(self, mu: FloatArray) -> FloatArray:
        r"""Return :math:`V(\mu)`; the variance of y is the dispersion times it."""
        with np.errstate(all="ignore"):
            return np.asarray(self.variance_of(np.asarray(mu, dtype=np.float64)))

    def deviance(self, y: FloatArray, mu: FloatArray) -> FloatArray:
        """Return the unit deviance of each row: never negative, exactly 0 at ``mu = y``."""
        y, mu = _arrays(y, mu)
        with np.errstate(all="ignore"):
            return np.where(y == mu, 0.0, self.deviance_of(y, mu))

    @property
    def has_density(self) -> bool:
        """Whether there is a likelihood, not a quasi-likelihood."""
        return self.saturated_of is not None

    @property
    def of_events(self) -> bool:
        """Whether an observation without trials is an event, 0 or 1: a quasi-likelihood takes any proportion."""
        return self.takes_trials and self.has_density

    def deviance_at(self, y: FloatArray, eta: FloatArray, link: Link, loss: FloatArray | None = None) -> FloatArray:
        """Return the unit deviance of each row at its linear predictor (or at one for all).

        Where the mean comes so near to the end of its span that a double cannot tell them apart, as of a binomial, or leaves the range
        of doubles, the predictor can.

        Parameters
        ----------
        loss : (n,) array, optional
            That of `kernels` there, where it is known already.
        """
        y, eta = np.asarray(y, dtype=np.float64), np.asarray(eta, dtype=np.float64)
        whole = ((y == self.mean_span.upper) | (y == self.mean_span.lower)) & np.isfinite(eta)
        if self.support != "binary" or not whole.any():
            return self._deviance_by_mean(y, np.broadcast_to(eta, y.shape), link)
        if loss is None:
            loss = self.loss_at(y, np.where(whole, eta, 0.0) if eta.ndim else eta, link)
        at_ends = 2.0 * loss
        if whole.all():
            return np.asarray(at_ends)  # the loss has no terms of y alone there
        return np.where(whole, at_ends, self.deviance(y, link.mu(np.broadcast_to(eta, y.shape))))

    def _deviance_by_mean(self, y: FloatArray, eta: FloatArray, link: Link) -> FloatArray:
        """Return the unit deviances by the means; by the loss where these have left the range of doubles."""
        mu = link.mu(eta)
        value = self.deviance(y, mu)
        out = ~((np.abs(mu) > _SMALLEST) & (np.abs(mu) < 1.0 / _SMALLEST)) & np.isfinite(eta)
        if self.least_of is not None and out.any():
            value[out] = 2.0 * (self.loss_at(y[out], eta[out], link) - self.least_of(y[out]))
        return value

    def saturated(
        self, y: FloatArray, dispersion: FloatArray | float = 1.0, weight: FloatArray | float = 1.0, trials: Any = 1.0
    ) -> FloatArray:
        """Return the log-density of each row at ``mu = y``, its largest value.

        Raises
        ------
        DomainError
            The family is a quasi-likelihood: it has no density.
        """
        if self.saturated_of is None:
            raise DomainError(
                f"the {self.title} family is given by its variance alone: it has no density, so there is no log-likelihood, AIC or "
                f"BIC. Compare deviances by an F test, or use a family with a density"
            )
        y, dispersion, weight, trials = (
            np.atleast_1d(np.asarray(v, np.float64)) for v in (y, dispersion, weight, trials)
        )
        shape = np.broadcast_shapes(y.shape, dispersion.shape, weight.shape, trials.shape)
        with np.errstate(all="ignore"):
            if self.fixed_dispersion:
                top = weight * saturated_counts(self.saturated_of, y, trials, whole=self.support == "counts")
            else:  # one dispersion for all rows stays one number
                top = self.saturated_of(y, dispersion / weight, trials)
        return np.array(np.broadcast_to(top, shape))

    def log_density(
        self,
        y: FloatArray,
        mu: FloatArray,
        dispersion: FloatArray | float = 1.0,
        weight: FloatArray | float = 1.0,
        trials: FloatArray | float = 1.0,
    ) -> FloatArray:
        """Return the log-density of each row (log-probability, for counts), as the saturated one less half the scaled deviance.

        Parameters
        ----------
        y, mu : (n,) arrays
            For a binomial the mean of a proportion.
        dispersion : float
            Ignored where it is fixed at 1.
        weight : (n,) array or float
            Precision: divides the dispersion; where that is fixed, it multiplies the log-density, as in R and statsmodels.
        trials : (n,) array or float
            Of a binomial.

        Raises
        ------
        DomainError
            The family has no density.
        """
        top = self.saturated(y, dispersion, weight, trials)
        y, mu, dispersion, weight, trials = _arrays(y, mu, dispersion, weight, trials)
        scale = weight * trials if self.fixed_dispersion else weight / dispersion
        return np.asarray(top - 0.5 * scale * self.deviance(y, mu))


@dataclass(frozen=True, slots=True)
class Maker:
    """What a file of the folder registers: how to make its family, and with which parameters the laws try it.

    Attributes
    ----------
    name : str
    make : callable
        Takes the parameters as keywords.
    examples : tuple of parameters
    """

    name: str
    make: Callable[..., Family]
    examples: tuple[tuple[tuple[str, float], ...], ...] = ((),)


def _pair(y: FloatArray, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return arrays of one shape; there is no negative zero among the predictors, whose inverse would be on the other side."""
    y, eta = np.asarray(y, dtype=np.float64), np.add(eta, 0.0, dtype=np.float64)
    if y.ndim and y.shape == eta.shape:
        return y, eta
    y, eta = _arrays(y, eta)
    return y, eta


def _arrays(*values: Any) -> tuple[FloatArray, ...]:
    return tuple(np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in values)))
