r"""Changes of a mean, summed over rows, with their gradients in the parameters.

With :math:`\mu = g^{-1}(\eta)` and :math:`\eta_i = \beta_0 + x_i^\top\beta + o_i`, a column moves a row of the design at the rate
:math:`d_i` (and its offset at :math:`\dot o_i`), or takes it from one place to another:

.. math:: \mu'(\eta_i)(d_i^\top\beta + \dot o_i), \qquad \mu(\eta_i^{1}) - \mu(\eta_i^{0}).

Rows are about the mean of the columns of the fit, where their digits are. A gradient is a linear functional of the parameters: a
constant, and slopes about that mean.
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

__all__ = ["Along", "Between", "Change", "EachColumn", "EachStep", "EffectSums", "Predictor", "RowsAt"]


class Predictor(NamedTuple):
    """The fitted mean of a row about the mean of the columns.

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

    def eta(self, centred: FloatArray, offset: FloatArray) -> FloatArray:
        """Linear predictors (n,) of rows (n, p) about the mean."""
        eta: FloatArray = self.centre + centred @ self.coef + offset
        if self.separation is None:
            return eta
        moved = moves(self.separation, centred + self.mean, intercept=self.intercept)
        return np.where(moved != 0.0, np.copysign(np.inf, moved), eta)

    def slopes(self, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First and second derivatives of the mean in predictors (n,): zero at the end of its range."""
        inside = np.isfinite(eta)
        near = np.where(inside, eta, self.centre)
        return np.where(inside, self.link.dmu(near), 0.0), np.where(inside, bend(self.link, near), 0.0)


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
    """Weighted sums over rows of m effects; a monoid under `merge`.

    Attributes
    ----------
    value, constant : (m,)
        Of the effects, and of their derivatives in the linear predictor at the mean.
    slopes : (m, p)
        Of their derivatives in the coefficients about the mean.
    """

    value: FloatArray
    constant: FloatArray
    slopes: FloatArray

    def merge(self, other: EffectSums) -> EffectSums:
        """Return the sums over both sets of rows."""
        return EffectSums(*(a + b for a, b in zip(self, other, strict=True)))

    def beside(self, other: EffectSums) -> EffectSums:
        """Return the sums of both sets of effects."""
        return EffectSums(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


class Change(Protocol):
    """What happens to some rows; its effects are summed over them."""

    @property
    def parts(self) -> tuple[FloatArray, ...]:
        """Arrays that have a row for each of the rows."""

    def of(self, parts: Sequence[FloatArray]) -> Change:
        """Return the same change of other rows."""

    def sums(self, predictor: Predictor, rows: RowsAt) -> EffectSums:
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

    def sums(self, predictor: Predictor, rows: RowsAt) -> EffectSums:
        """Sum one effect over the rows."""
        first, second = _derivatives(predictor, rows)
        rate = self.design @ predictor.coef + self.offset
        slopes = first @ self.design + (second * rate) @ rows.centred
        return EffectSums(np.array([first @ rate]), np.array([second @ rate]), slopes[None])


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

    def sums(self, predictor: Predictor, rows: RowsAt) -> EffectSums:
        """Sum one effect over the rows."""
        link, w = predictor.link, rows.weight
        low = predictor.eta(self.low, self.low_offset)
        high = predictor.eta(self.high, self.high_offset)
        value = w @ (link.mu(high) - link.mu(low))
        up, down = w * predictor.slopes(high)[0], w * predictor.slopes(low)[0]
        slopes = up @ self.high - down @ self.low
        return EffectSums(np.array([value]), np.array([(up - down).sum()]), slopes[None])


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

    def sums(self, predictor: Predictor, rows: RowsAt) -> EffectSums:
        """Sum m effects over the rows."""
        first, second = _derivatives(predictor, rows)
        coef = predictor.coef[self.places]
        slopes = coef[:, None] * (second @ rows.centred)
        slopes[np.arange(coef.size), self.places] += first.sum()
        return EffectSums(first.sum() * coef, second.sum() * coef, slopes)


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

    def sums(self, predictor: Predictor, rows: RowsAt) -> EffectSums:
        """Sum m effects over the rows."""
        each = [self._step(int(place), predictor, rows) for place in self.places]
        return EffectSums(*(np.concatenate(arrays) for arrays in zip(*each, strict=True)))

    def _step(self, place: int, predictor: Predictor, rows: RowsAt) -> EffectSums:
        ends = []
        for value in (0.0, 1.0):
            moved = rows.centred.copy()
            moved[:, place] = value - predictor.mean[place]
            ends += [moved, rows.offset]
        return Between(*ends).sums(predictor, rows)


def _derivatives(predictor: Predictor, rows: RowsAt) -> tuple[FloatArray, FloatArray]:
    """Weighted first and second derivatives of the mean in the predictor, (n,) each."""
    eta = predictor.eta(rows.centred, rows.offset)
    first, second = predictor.slopes(eta)
    return rows.weight * first, rows.weight * second
