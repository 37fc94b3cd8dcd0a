r"""Changes of a mean, summed over rows, with their gradients in the parameters.

With :math:`\mu = g^{-1}(\eta)` and :math:`\eta_i = \beta_0 + x_i^\top\beta + o_i`, a column moves a row of the design at the rate
:math:`d_i` (and its offset at :math:`\dot o_i`), or takes it from one place to another:

.. math:: \mu'(\eta_i)(d_i^\top\beta + \dot o_i), \qquad \mu(\eta_i^{1}) - \mu(\eta_i^{0}).

Rows are about the mean of the columns of the fit, where their digits are. A gradient is a linear functional of the parameters: a
constant, and slopes about that mean. What is done to rows is here apart from what it does to means: those of one linear predictor, or
the probabilities of several classes (`class_effects`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from mathlearn.probability.bend import bend
from mathlearn.statistics.separation import moves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.probability.link import Link
    from mathlearn.results.likelihood import Separation

__all__ = [
    "Along",
    "Between",
    "Change",
    "EachColumn",
    "EachStep",
    "EffectSums",
    "Means",
    "Place",
    "Predictor",
    "RowsAt",
]


class RowsAt(NamedTuple):
    """Rows at which effects are taken: ``weight`` (n,), ``centred`` (n, p) about the mean, ``offset`` (n,)."""

    weight: FloatArray
    centred: FloatArray
    offset: FloatArray

    def averaged(self, total: float) -> RowsAt:
        """Return their mean as one row of weight one, `total` being the sum of the weights of all such rows."""
        w = self.weight / total
        return RowsAt(np.ones(1), (w @ self.centred)[None], np.array([w @ self.offset]))


class EffectSums(NamedTuple):
    """Weighted sums over rows of m effects on c means, which depend on P linear predictors; a monoid under `merge`.

    Attributes
    ----------
    value : (m, c)
        Of the effects.
    constant : (m, c, P)
        Of their derivatives in the linear predictors at the mean.
    slopes : (m, c, P, p)
        Of their derivatives in the coefficients about the mean.
    """

    value: FloatArray
    constant: FloatArray
    slopes: FloatArray

    def merge(self, other: EffectSums) -> EffectSums:
        """Return the sums over both sets of rows."""
        return EffectSums(*(a + b for a, b in zip(self, other, strict=True)))

    @staticmethod
    def beside(parts: Sequence[EffectSums]) -> EffectSums:
        """Return the sums of all sets of effects."""
        return EffectSums(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


class Place(NamedTuple):
    """Where rows are: designs (n, p) about the mean, and offsets (n,)."""

    design: FloatArray
    offset: FloatArray


class Means(Protocol):
    """Fitted means of rows, and how effects on them are summed."""

    @property
    def mean(self) -> FloatArray:
        """The point (p,) about which rows are taken."""

    def along(self, rows: RowsAt, rate: Place) -> EffectSums:
        """Sum the effect of moving each row at a rate of its own."""

    def each(self, rows: RowsAt, places: IntArray) -> EffectSums:
        """Sum the m effects of moving along each of some columns of the design by itself."""

    def between(self, weight: FloatArray, low: Place, high: Place) -> EffectSums:
        """Sum the effect of taking each row, of a weight, from one place to another."""


class Predictor(NamedTuple):
    """The fitted mean of a row by one linear predictor, about the mean of the columns.

    Attributes
    ----------
    link : Link
    coef, mean : (p,)
    centre : float
        Linear predictor at the mean.
    intercept : bool
    separation : Separation or None
        Directions that move predictors to infinity.
    """

    link: Link
    coef: FloatArray
    mean: FloatArray
    centre: float
    intercept: bool
    separation: Separation | None

    def along(self, rows: RowsAt, rate: Place) -> EffectSums:
        """Sum the effect of moving each row at a rate of its own."""
        first, second = self._derivatives(rows)
        pace = rate.design @ self.coef + rate.offset
        slopes = first @ rate.design + (second * pace) @ rows.centred
        return _of_one(np.array([first @ pace]), np.array([second @ pace]), slopes[None])

    def each(self, rows: RowsAt, places: IntArray) -> EffectSums:
        """Sum the m effects of moving along each of some columns of the design by itself."""
        first, second = self._derivatives(rows)
        coef = self.coef[places]
        slopes = coef[:, None] * (second @ rows.centred)
        slopes[np.arange(coef.size), places] += first.sum()
        return _of_one(first.sum() * coef, second.sum() * coef, slopes)

    def between(self, weight: FloatArray, low: Place, high: Place) -> EffectSums:
        """Sum the effect of taking each row, of a weight, from one place to another."""
        before, after = self._eta(low), self._eta(high)
        value = weight @ (self.link.mu(after) - self.link.mu(before))
        up, down = weight * self._slopes(after)[0], weight * self._slopes(before)[0]
        slopes = up @ high.design - down @ low.design
        return _of_one(np.array([value]), np.array([(up - down).sum()]), slopes[None])

    def _eta(self, place: Place) -> FloatArray:
        """Linear predictors (n,)."""
        eta: FloatArray = self.centre + place.design @ self.coef + place.offset
        if self.separation is None:
            return eta
        moved = moves(self.separation, place.design + self.mean, intercept=self.intercept)
        return np.where(moved != 0.0, np.copysign(np.inf, moved), eta)

    def _slopes(self, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First and second derivatives of the mean in predictors (n,): zero at the end of its range."""
        inside = np.isfinite(eta)
        near = np.where(inside, eta, self.centre)
        return np.where(inside, self.link.dmu(near), 0.0), np.where(inside, bend(self.link, near), 0.0)

    def _derivatives(self, rows: RowsAt) -> tuple[FloatArray, FloatArray]:
        """Weighted first and second derivatives of the mean in the predictor, (n,) each."""
        first, second = self._slopes(self._eta(Place(rows.centred, rows.offset)))
        return rows.weight * first, rows.weight * second


def _of_one(value: FloatArray, constant: FloatArray, slopes: FloatArray) -> EffectSums:
    """Return sums of m effects on one mean by one linear predictor: (m,), (m,), (m, p)."""
    return EffectSums(value[:, None], constant[:, None, None], slopes[:, None, None])


class Change(Protocol):
    """What happens to some rows; its effects are summed over them."""

    @property
    def parts(self) -> tuple[FloatArray, ...]:
        """Arrays that have a row for each of the rows."""

    def of(self, parts: Sequence[FloatArray]) -> Change:
        """Return the same change of other rows."""

    def sums(self, means: Means, rows: RowsAt) -> EffectSums:
        """Sum m effects over the rows."""


class Along(NamedTuple):
    """Move along a column: the design at the rate ``design`` (n, p), the offset at ``offset`` (n,)."""

    design: FloatArray
    offset: FloatArray

    @property
    def parts(self) -> tuple[FloatArray, ...]:
        """Both arrays."""
        return tuple(self)

    def of(self, parts: Sequence[FloatArray]) -> Along:
        """Return the same change of other rows."""
        return Along(*parts)

    def sums(self, means: Means, rows: RowsAt) -> EffectSums:
        """Sum one effect over the rows."""
        return means.along(rows, Place(self.design, self.offset))


class Between(NamedTuple):
    """Go from one place to another: designs about the mean (n, p) and offsets (n,) there."""

    low: FloatArray
    low_offset: FloatArray
    high: FloatArray
    high_offset: FloatArray

    @property
    def parts(self) -> tuple[FloatArray, ...]:
        """All four arrays."""
        return tuple(self)

    def of(self, parts: Sequence[FloatArray]) -> Between:
        """Return the same change of other rows."""
        return Between(*parts)

    def sums(self, means: Means, rows: RowsAt) -> EffectSums:
        """Sum one effect over the rows."""
        return means.between(rows.weight, Place(self.low, self.low_offset), Place(self.high, self.high_offset))


@dataclass(frozen=True, slots=True)
class EachColumn:
    """Move along each of some columns of the design by itself: the m at ``places``."""

    places: IntArray

    @property
    def parts(self) -> tuple[FloatArray, ...]:
        """None: the rate is the same in every row."""
        return ()

    def of(self, parts: Sequence[FloatArray]) -> EachColumn:  # noqa: ARG002
        """Return the same change of other rows."""
        return self

    def sums(self, means: Means, rows: RowsAt) -> EffectSums:
        """Sum m effects over the rows."""
        return means.each(rows, self.places)


@dataclass(frozen=True, slots=True)
class EachStep:
    """Go from 0 to 1 in each of some columns of the design by itself: the m at ``places``."""

    places: IntArray

    @property
    def parts(self) -> tuple[FloatArray, ...]:
        """None: the ends are the same in every row."""
        return ()

    def of(self, parts: Sequence[FloatArray]) -> EachStep:  # noqa: ARG002
        """Return the same change of other rows."""
        return self

    def sums(self, means: Means, rows: RowsAt) -> EffectSums:
        """Sum m effects over the rows."""
        return EffectSums.beside([self._step(int(place), means, rows) for place in self.places])

    def _step(self, place: int, means: Means, rows: RowsAt) -> EffectSums:
        ends = []
        for value in (0.0, 1.0):
            moved = rows.centred.copy()
            moved[:, place] = value - means.mean[place]
            ends += [moved, rows.offset]
        return Between(*ends).sums(means, rows)
