"""Evidence about a likelihood fit from the rows: one independent pass, about the mean of the columns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.calculus.objective import observations, pass_rows
from mathlearn.certify.gradient_terms import GradientTerms, far_out, pearson_shares
from mathlearn.certify.shown_columns import Shown, ShownColumns, about_mean
from mathlearn.data.reduce import found_again

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.calculus.objective import Observations
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Kernels
    from mathlearn.probability.link import Link

__all__ = ["Deviances", "LikelihoodRows", "Shown", "look"]

_CANCELLED = 1e3  # losses over the deviance from which their difference has lost digits worth having


class LikelihoodRows(NamedTuple):
    """What the rows say about the numbers shown; a monoid under `merge`. Columns are ``[1, (x - mean) / scale @ basis]``.

    Attributes
    ----------
    n : int
    gradient : (k,)
        Sum of ``w l'`` times each column.
    expected, observed : (k, k)
        Sums of products of the columns, weighted by the expected and by the observed second derivative.
    noise : float
        Sum of ``w c`` times the squares of the offsets.
    deviance, null_deviance, pearson : float
    terms : GradientTerms
        Bounds what is added up in the gradient; of the columns before they are multiplied by a basis.
    size : float
        What squared rounding errors in predictors and means are multiplied by in the deviance.
    farthest : float
        Largest absolute linear predictor.
    least : float
        The least sum of losses that any means could give, from which deviances were counted; 0 where they were summed row by row.
    """

    n: int
    gradient: FloatArray
    expected: FloatArray
    observed: FloatArray
    noise: float
    deviance: float
    null_deviance: float
    pearson: float
    terms: GradientTerms
    size: float
    farthest: float
    least: float = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether a deviance, as a difference of losses, has lost digits; `Deviances` has them."""
        return not self.least <= _CANCELLED * min(self.deviance, self.null_deviance)

    @property
    def exact(self) -> bool:
        """Whether the means are the observations, to rounding."""
        return bool(self.deviance <= self.rounding)

    @property
    def rounding(self) -> float:
        """Deviance that rounding of the observations, the means or the predictors can make."""
        return 64.0 * float(np.finfo(np.float64).eps) ** 2 * self.size

    def merge(self, other: LikelihoodRows) -> LikelihoodRows:
        """Return the sums over both sets of rows."""
        return LikelihoodRows(
            n=self.n + other.n,
            gradient=self.gradient + other.gradient,
            expected=self.expected + other.expected,
            observed=self.observed + other.observed,
            noise=self.noise + other.noise,
            deviance=self.deviance + other.deviance,
            null_deviance=self.null_deviance + other.null_deviance,
            pearson=self.pearson + other.pearson,
            terms=self.terms.merge(other.terms),
            size=self.size + other.size,
            farthest=max(self.farthest, other.farthest),
            least=self.least + other.least,
        )

    def less(self, slope: FloatArray, curvature: FloatArray) -> LikelihoodRows:
        """Take the derivatives of a penalty that is subtracted from gradient and observed curvature."""
        return self._replace(gradient=self.gradient - slope, observed=self.observed - curvature)

    @classmethod
    @np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite fails the checks
    def of(cls, chunk: Chunk, shown: Shown) -> LikelihoodRows:
        """Look at one block of dense rows."""
        seen = observations(chunk)
        y, weight = seen.y, seen.weight
        family, link, at = shown.family, shown.link, ShownColumns.of(chunk, shown)
        eta = at.eta
        rows = family.kernels(y, eta, link, refine=shown.careful)
        curve = _times(rows.curvature, weight)
        bent = None if family.canonical == link.name else _times(family.observed(y, eta, link), weight)
        pull, share = _times(rows.gradient, weight), pearson_shares(y, eta, family, link, rows)
        pearson = _times(share, weight)
        terms = _terms(chunk, shown, pull, pearson, far_out(share))
        gradient, expected, observed = at.sums(pull, curve, bent)
        deviances = _deviances(seen, _null(chunk, shown), shown, eta, rows)
        return cls(
            n=y.size,
            gradient=gradient,
            expected=expected,
            observed=observed,
            noise=0.0 if chunk.offset is None else float(curve @ chunk.offset**2),
            deviance=deviances.fit,
            null_deviance=deviances.null,
            pearson=float(pearson.sum()),
            terms=terms,
            size=_size(eta, curve, link),
            farthest=float(max(eta.max(), -eta.min())),
            least=deviances.least,
        )


class Deviances(NamedTuple):
    """Deviances of the numbers shown and of the model without columns; a monoid under `merge`.

    Attributes
    ----------
    fit, null : float
    least : float
        What was subtracted from sums of losses to find them; 0 where they were summed row by row.
    """

    fit: float
    null: float
    least: float = 0.0

    def merge(self, other: Deviances) -> Deviances:
        """Return the sums over both sets of rows."""
        return Deviances(self.fit + other.fit, self.null + other.null, self.least + other.least)

    @classmethod
    @np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite fails the checks
    def of(cls, chunk: Chunk, shown: Shown) -> Deviances:
        """Sum the deviance of each row of a block, which loses no digits."""
        eta = ShownColumns.of(chunk, shown).eta
        return _by_row(observations(chunk), _null(chunk, shown), shown, eta, None)


def look(rows: Rows, shown: Shown, *, threads: int) -> LikelihoodRows:
    """Look at all rows once; a second time at the deviances alone, where these are small beside the losses."""
    size = pass_rows(len(rows.terms))
    found = found_again(
        rows.reduce(partial(LikelihoodRows.of, shown=shown), LikelihoodRows.merge, max_rows=size, threads=threads)
    )
    if not found.cancelled:
        return found
    exact = found_again(
        rows.reduce(partial(Deviances.of, shown=shown), Deviances.merge, max_rows=size, threads=threads)
    )
    return found._replace(deviance=exact.fit, null_deviance=exact.null, least=exact.least)


def _by_row(seen: Observations, null: FloatArray, shown: Shown, eta: FloatArray, loss: FloatArray | None) -> Deviances:
    family, link = shown.family, shown.link
    fit, alone = family.deviance_at(seen.y, eta, link, loss), family.deviance_at(seen.y, null, link)
    return Deviances(_total(fit, seen.weight), _total(alone, seen.weight))


def _deviances(seen: Observations, null: FloatArray, shown: Shown, eta: FloatArray, rows: Kernels) -> Deviances:
    """Find the deviances as differences of sums of losses, at a fraction of the time, where rows are many and the family allows it."""
    if shown.careful or shown.family.least_of is None:
        return _by_row(seen, null, shown, eta, rows.loss)
    least = _total(shown.family.least_of(seen.y), seen.weight)
    alone = shown.family.loss_at(seen.y, null, shown.link)
    return Deviances(2.0 * (_total(rows.loss, seen.weight) - least), 2.0 * (_total(alone, seen.weight) - least), least)


def _size(eta: FloatArray, curve: FloatArray, link: Link) -> float:
    """Sum the squares of what a relative change of 1, of the predictor or of the mean, makes of the predictor; weighted by the curvature.

    Of a predictor that is a power of the mean the two are alike.
    """
    own = 0.0 if link.inverse_power else float(curve.sum())
    return float(curve @ (eta * eta)) + own


def _terms(chunk: Chunk, shown: Shown, pull: FloatArray, pearson: FloatArray, far: BoolArray) -> GradientTerms:
    first = int(shown.intercept)
    total = np.zeros(first + shown.coef.size)
    if not far.any():
        return GradientTerms(float(pearson.sum()), total)
    size = np.abs(pull[far])
    total[:first] = size.sum()
    total[first:] = size @ np.abs(about_mean(np.asarray(chunk.X)[far], shown))
    return GradientTerms(float(pearson[~far].sum()), total)


def _null(chunk: Chunk, shown: Shown) -> FloatArray:
    return np.asarray(shown.null_eta if chunk.offset is None else shown.null_eta + chunk.offset)


def _times(x: FloatArray, weight: FloatArray | None) -> FloatArray:
    return x if weight is None else x * weight


def _total(x: FloatArray, weight: FloatArray | None) -> float:
    return float(x.sum() if weight is None else x @ weight)
