r"""Which parameters go to infinity, and to which end, whatever way the likelihood is climbed.

Along any sequence that maximises the likelihood the predictors of the separated rows go to their ends, and those of the others
converge. A parameter must then go to plus infinity exactly if no direction of recession lowers it: if

.. math:: \min \{ d_j : s_i \tilde x_i d \ge 0 \text{ for separated rows}, \; \tilde x_i d = 0 \text{ for the others} \} = 0
   < \max \{ d_j : \text{the same} \},

and to minus infinity likewise. Where both are nonzero the rows leave open where it goes. The same holds of a sum of parameters.

References
----------
Geyer (2009), "Likelihood inference in exponential families and directions of recession", Electronic Journal of Statistics 3, section 3.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.data.reduce import found_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["endless_signs"]

_MOST, _NUMBERS = 20_000, 1 << 23  # rows, and numbers, that are kept; fewer rows than all leave more open, never less
_NOTHING, _FEASIBLE = 1e-7, 1e-10  # of the largest entry that a direction may have
_WORK = 2e10  # operations, some seconds; what has not been decided by then is left open
_ROUNDING = 1e-12  # of the parts of a sum


class _Pushes(NamedTuple):
    """What separated rows do to the coordinates of a direction: distinct ones, each of length one."""

    rows: FloatArray

    @classmethod
    def of(cls, rows: FloatArray) -> _Pushes:
        few = min(_MOST, _NUMBERS // max(rows.shape[1], 1))
        return cls((np.unique(np.round(rows, 12), axis=0) if len(rows) else rows)[:few])

    def merge(self, other: _Pushes) -> _Pushes:
        return _Pushes.of(np.concatenate([self.rows, other.rows]))


def endless_signs(
    rows: Rows,
    signs: Callable[[Chunk], FloatArray],
    span: FloatArray,
    *,
    null: FloatArray,
    sums: FloatArray | None = None,
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
    null : (k, f)
        Directions, beside these, that leave the predictors of all rows as they are. A parameter that goes to infinity is open
        where one of them moves it, and so is every other that it moves along.
    sums : (l, k), optional
        Sums of parameters that are asked about; the parameters themselves by default.
    """
    of = partial(_pushes, signs=signs, span=span, intercept=fit_intercept)
    pushes = found_again(rows.reduce(of, _Pushes.merge, max_rows=max_rows, threads=threads)).rows
    entries, loose = _summed(span, sums), _summed(null, sums)
    touched: BoolArray = np.asarray(entries.any(axis=1))
    open_: BoolArray = np.asarray(loose[:, loose[touched].any(axis=0)].any(axis=1))
    return np.where(open_, np.nan, _ends(pushes, np.where(open_[:, None], 0.0, entries)))


def _summed(directions: FloatArray, sums: FloatArray | None) -> FloatArray:
    """Return what directions (k, m) do to the sums (l, m), of which the largest entry of each is one; zero for rounding."""
    entries, size = directions, np.abs(directions)
    if sums is not None:
        entries, size = sums @ directions, np.abs(sums) @ size
    entries = np.where(np.abs(entries) > _ROUNDING * size, entries, 0.0)
    unit = np.abs(entries).max(axis=1, initial=0.0, keepdims=True)
    return np.asarray(entries / np.where(unit > 0.0, unit, 1.0))


def _pushes(chunk: Chunk, signs: Callable[[Chunk], FloatArray], span: FloatArray, *, intercept: bool) -> _Pushes:
    first = int(intercept)
    pushed = np.asarray(chunk.X @ span[first:]) + (span[0] if first else 0.0)
    moved = signs(chunk)[:, None] * pushed
    size = np.abs(moved).max(axis=1, initial=0.0)
    reach = np.asarray(abs(chunk.X) @ np.abs(span[first:])).max(axis=1, initial=0.0)
    kept = size > 1e-9 * np.maximum(reach, 1e-300)
    return _Pushes.of(moved[kept] / size[kept, None])


def _ends(pushes: FloatArray, entries: FloatArray) -> FloatArray:
    """Return the sign of each of the entries (l, m) over the directions of recession, NaN where they have both signs.

    A direction that is found for one entry is a witness for all the others, which then need no search of their own.
    """
    cone, low, high = _Cone(pushes), np.zeros(len(entries)), np.zeros(len(entries))
    for j in np.flatnonzero(entries.any(axis=1)).tolist():
        for sign in (1.0, -1.0):
            if (high if sign > 0.0 else low)[j] != 0.0:
                continue
            direction = cone.raising(sign * entries[j])
            if direction is None:
                low[j], high[j] = -1.0, 1.0
                break
            moved = entries @ direction
            moved[np.abs(moved) < _NOTHING] = 0.0
            low, high = np.minimum(low, moved), np.maximum(high, moved)
    return np.where((low < 0.0) & (high > 0.0), np.nan, np.sign(high + low))


class _Cone:
    """The directions of recession, known by those of the pushes (n, m) that have mattered so far."""

    def __init__(self, pushes: FloatArray) -> None:
        self._pushes = pushes
        self._used = np.zeros(len(pushes), np.bool_)
        self._work = 0.0

    def raising(self, entry: FloatArray) -> FloatArray | None:
        """Return a direction along which a sum (m,) of its coordinates rises, zero where none does; None if not found.

        It is what is left of the sum beside the cone of the pushes, both turned to one side: zero exactly if that cone holds the sum
        turned round, so that no direction of recession raises it (Farkas' lemma).
        """
        from scipy.optimize import nnls

        while True:
            known = self._pushes[self._used]
            self._work += entry.size * float(min(known.shape)) ** 3
            if self._work > _WORK:
                return None
            try:
                direction = entry + nnls(known.T, -entry)[0] @ known if len(known) else entry
            except RuntimeError:
                return None
            moved = self._pushes @ direction
            against = (moved < -_FEASIBLE) & ~self._used
            if np.abs(direction).max() < _NOTHING or not against.any():
                return direction
            order = np.argsort(moved)[: entry.size]
            self._used[order[against[order]]] = True
