r"""Which parameters go to infinity, and to which end, whatever way the likelihood is climbed.

Along any sequence that maximises the likelihood the predictors of the separated rows go to their ends, and those of the others
converge. A parameter must then go to plus infinity exactly if no direction of recession lowers it: if

.. math:: \min \{ d_j : s_i \tilde x_i d \ge 0 \text{ for separated rows}, \; \tilde x_i d = 0 \text{ for the others} \} = 0
   < \max \{ d_j : \text{the same} \},

and to minus infinity likewise. Where both are nonzero the rows leave open where it goes.

References
----------
Geyer (2009), "Likelihood inference in exponential families and directions of recession", Electronic Journal of Statistics 3, section 3.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.data.reduce import found_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["endless_signs"]

_MOST = 20_000  # rows of a programme; fewer than all leave more open, never less
_NOTHING = 1e-7  # of the largest entry that a direction may have


class _Pushes(NamedTuple):
    """What separated rows do to the coordinates of a direction: distinct ones, each of length one."""

    rows: FloatArray

    def merge(self, other: _Pushes) -> _Pushes:
        return _Pushes(_distinct(np.concatenate([self.rows, other.rows]))[:_MOST])


def endless_signs(
    rows: Rows,
    signs: Callable[[Chunk], FloatArray],
    span: FloatArray,
    *,
    fit_intercept: bool,
    max_rows: int,
    threads: int,
) -> FloatArray:
    """Return +1 or -1 for each parameter (k,) that must go to that infinity, NaN where that is open, 0 where it is finite.

    Parameters
    ----------
    rows : Rows
    signs : callable
        ``chunk -> (n,)`` as for `find_separation`.
    span : (k, m)
        A basis of the directions that leave the predictors of the remaining rows as they are.
    """
    unit = np.abs(span).max(axis=1)
    unit[unit == 0.0] = 1.0
    of = partial(_pushes, signs=signs, span=span, intercept=fit_intercept)
    pushes = found_again(rows.reduce(of, _Pushes.merge, max_rows=max_rows, threads=threads)).rows
    found = np.zeros(span.shape[0])
    for j in np.flatnonzero(span.any(axis=1)):
        low, high = _range(pushes, span[j] / unit[j])
        found[j] = np.nan if low < 0.0 < high else np.sign(high + low)
    return found


def _pushes(chunk: Chunk, signs: Callable[[Chunk], FloatArray], span: FloatArray, *, intercept: bool) -> _Pushes:
    first = int(intercept)
    pushed = np.asarray(chunk.X @ span[first:]) + (span[0] if first else 0.0)
    moved = signs(chunk)[:, None] * pushed
    size = np.abs(moved).max(axis=1, initial=0.0)
    reach = np.asarray(abs(chunk.X) @ np.abs(span[first:])).max(axis=1, initial=0.0)
    kept = size > 1e-9 * np.maximum(reach, 1e-300)
    return _Pushes(_distinct(moved[kept] / size[kept, None])[:_MOST])


def _distinct(rows: FloatArray) -> FloatArray:
    return np.unique(np.round(rows, 12), axis=0) if len(rows) else rows


def _range(pushes: FloatArray, entry: FloatArray) -> tuple[float, float]:
    """Smallest and largest value of a parameter over the directions of recession inside the unit box; 0 for rounding."""
    from scipy.optimize import linprog

    ends = []
    for sign in (1.0, -1.0):
        found: Any = linprog(sign * entry, A_ub=-pushes, b_ub=np.zeros(len(pushes)), bounds=[(-1.0, 1.0)] * entry.size)
        value = sign * float(found.fun) if found.status == 0 else -sign * np.inf
        ends.append(0.0 if abs(value) < _NOTHING else value)
    return ends[0], ends[1]
