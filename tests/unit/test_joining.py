"""The rounding that moments say of themselves once they are joined: what both sides may be off, and what the move adds."""

import numpy as np
import pytest

from mathlearn.data.chunk import Chunk
from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.linalg.joining import joined
from mathlearn.linalg.moments import Frame, Moments


def moments_of(column, shift):
    """Moments of one column and of a response that is the same, about a shift."""
    chunk = Chunk(column[:, None], column[:, None].copy())
    return Moments.of(chunk, Frame(np.full(2, shift), np.ones(2)))


@pytest.mark.parametrize("away", [3.0, 100.0])
def test_the_bound_is_that_of_both_sides_and_of_the_move(away):
    left = moments_of(np.array([-1.0, 1.0, 2.0]), 0.0)
    right = moments_of(np.array([-1.0, 1.0, 0.5]) + away, away)
    both = joined(left, right, centred=True)
    allowed = 0.0
    for side in (left, right):
        step = abs(side.frame.shift[0] - both.frame.shift[0])
        length = np.sqrt(side.gram[0, 0]) + np.sqrt(side.weight) * step
        allowed += (side.relative_error + (8 * ROUNDOFF if step else 0.0)) * length**2
    relative = allowed / both.gram[0, 0]
    assert relative <= both.relative_error <= 1.01 * relative + 3 * ROUNDOFF


def test_sides_about_one_shift_add_what_each_may_be_off():
    left, right = (moments_of(np.array(rows), 0.0) for rows in ([-1.0, 1.0, 2.0], [0.5, 0.25, -3.0]))
    both = joined(left, right, centred=True)
    allowed = sum(side.relative_error * side.gram[0, 0] for side in (left, right)) / both.gram[0, 0]
    assert allowed <= both.relative_error <= allowed + 3 * ROUNDOFF
