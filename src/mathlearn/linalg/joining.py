"""Joining moments that were made apart: of rows of other places, about shifts of their own.

About a shift that is ``delta`` away, a sum of products g becomes ``g + delta_i s_j + s_i delta_j + W delta_i delta_j``. What g, s and W
may be off is carried along: relative to ``t_i = sqrt(g_ii) + sqrt(W) |delta_i|`` it stays what it was, and a few roundings are added. By the
inequality of Cauchy and Schwarz, two errors of at most ``a_i a_j`` and ``b_i b_j`` are together at most the product of
``sqrt(a_i^2 + b_i^2)`` and ``sqrt(a_j^2 + b_j^2)``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, TINY, gamma, terms_for
from mathlearn.linalg.moments import Frame, power_of_two

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.linalg.moments import Moments

__all__ = ["counted_from", "joined", "reordered"]

_FAR = 8.0  # standard deviations between mean and shift, beyond which the shift follows the mean
_MOVED = 8 * ROUNDOFF  # roundings of a move, relative to the sizes that are added in it
_HOPELESS = 2**63  # additions after which no standard error has six digits; more are not told apart
_SAFE = 2.0**100  # sizes whose squares need no unit


def joined(left: Moments, right: Moments, *, centred: bool) -> Moments:
    """Return the moments of both sets of rows, with a bound on their rounding that holds for any two frames.

    `Moments.merge` adds blocks of one pass in one frame. Here rows may lie far from those before them: the shift follows the mean where
    that has gone far from it.

    Parameters
    ----------
    left, right : Moments
        Of the same columns.
    centred : bool
        Whether the moments are read about the mean; if not, both shifts are zero and stay so.

    Notes
    -----
    ``chunks`` of the result are the additions for which the bound allows: mostly fewer than the blocks of both sides.
    """
    scale = np.maximum(left.frame.scale, right.frame.scale)
    frame = _frame(left, right) if centred else Frame(left.frame.shift, scale)
    (one, error), (other, more) = (_moved(side, frame) for side in (left, right))
    return _bounded(one.merge(other), error + more)


def counted_from(moments: Moments, steps: tuple[int, ...]) -> Moments:
    """Return the moments of the same rows with a whole number added to each of the first columns.

    The sum of shift and number, which is a double again, is made exact by a small move before it.
    """
    shift = [Fraction(value) for value in moments.frame.shift.tolist()]
    target = [float(value + step) for value, step in zip(shift, steps, strict=False)]
    own = [float(Fraction(value) - step) for value, step in zip(target, steps, strict=True)]
    rest = moments.frame.shift[len(steps) :]
    moved = _bounded(*_moved(moments, Frame(np.concatenate([own, rest]), moments.frame.scale)))
    return replace(moved, frame=Frame(np.concatenate([target, rest]), moments.frame.scale))


def reordered(moments: Moments, order: IntArray) -> Moments:
    """Return the moments with their columns in another order: column j of the result is column ``order[j]``."""
    frame = Frame(moments.frame.shift[order], moments.frame.scale[order])
    return replace(moments, frame=frame, sums=moments.sums[order], gram=moments.gram[np.ix_(order, order)])


def _bounded(moments: Moments, error: FloatArray) -> Moments:
    """Return the moments with as many additions to their name as allow for these errors of the diagonal, and one more rounding."""
    relative = float((error / np.maximum(moments.gram.diagonal(), TINY)).max(initial=0.0)) + ROUNDOFF
    additions = terms_for(min(relative, 1.0) - gamma(moments.block) - 3 * ROUNDOFF)
    return replace(moments, chunks=min(max(additions, 1), _HOPELESS))


def _frame(left: Moments, right: Moments) -> Frame:
    """Keep the shift of the left side, but where the mean of all rows is far from it in standard deviations."""
    share = right.weight / (left.weight + right.weight)
    apart = right.mean - left.mean
    mean = left.mean + share * apart
    spread = np.sqrt((1 - share) * _variance(left) + share * _variance(right) + share * (1 - share) * apart**2)
    shift = np.where(np.abs(mean - left.frame.shift) <= _FAR * spread, left.frame.shift, mean)
    size = np.hypot(spread, mean - shift)
    usual = (size == 0) | ((size < _SAFE) & (size > 1 / _SAFE))
    return Frame(shift, np.where(usual, left.frame.scale, power_of_two(size)))


def _variance(moments: Moments) -> FloatArray:
    """Variance of each column, in the user's units."""
    squares: FloatArray = moments.norms(centred=True) ** 2 / moments.weight
    return squares


def _moved(moments: Moments, frame: Frame) -> tuple[Moments, FloatArray]:
    """Return the moments in another frame, and how much each diagonal entry may be off there, the others by the geometric mean."""
    moved = moments.moved_to(frame)
    moved = replace(moved, gram=(moved.gram + moved.gram.T) / 2.0)
    steps = np.abs(moments.frame.shift - frame.shift) / frame.scale
    if not steps.any():
        return moved, moments.relative_error * moved.gram.diagonal()
    size = np.sqrt(moments.gram.diagonal()) * (moments.frame.scale / frame.scale)
    return moved, (moments.relative_error + _MOVED) * (size + math.sqrt(moments.weight) * steps) ** 2
