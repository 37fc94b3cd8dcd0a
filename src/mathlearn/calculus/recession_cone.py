"""Directions that no row of a small set moves the wrong way: a linear programme, then the exact zeros of its solution.

References
----------
Konis (2007), "Linear programming algorithms for detecting separated data in binary logistic regression models", DPhil thesis,
Oxford, chapter 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.linalg.moments import power_of_two

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import BoolArray, FloatArray, IntArray

_RANK = 1e-10  # share of the largest singular value below which one is zero
_FEASIBLE = 1e-10  # the least tolerance that HiGHS takes
_STIFF = 1e4  # condition beyond which the programme is solved in other coordinates
_ACTIVE = (1e-9, 1e-11, 1e-13, 0.0)  # predictors up to which a row counts as left at zero, in turn
_ABSENT = 1e-9  # entries up to which a parameter counts as having no part
_NEARLY = 1e-8  # rows moved the wrong way by no more may be so by the tolerance
_MAGNIFIED = 2.0**20


def null_space(z: FloatArray) -> FloatArray:
    """Return an orthonormal basis (m, k) of the directions that move no row of `z` (n, m)."""
    m = z.shape[1]
    if not len(z):
        return np.eye(m)
    r = np.asarray(np.linalg.qr(z, mode="r")) if len(z) > m else z
    _, size, right = np.linalg.svd(r, full_matrices=True)
    rank = int(np.count_nonzero(size > _RANK * size.max(initial=0.0)))
    null = np.ascontiguousarray(right[rank:].T)
    null[np.abs(null) < _RANK] = 0.0
    return null


def independent(z: FloatArray) -> IntArray:
    """Return columns, in their own order, that span the columns of `z` (n, m)."""
    from scipy.linalg import qr

    if not z.size:
        return np.zeros(0, np.int64)
    r, order = qr(z, mode="r", pivoting=True)
    size = np.abs(np.diag(r))
    return np.asarray(np.sort(order[: np.count_nonzero(size > _RANK * size[0])]), np.int64)


def normalised(z: FloatArray) -> FloatArray:
    """Divide each row by the power of two near its largest entry."""
    return z / power_of_two(np.abs(z).max(axis=1, initial=0.0))[:, None]


def distinct(z: FloatArray) -> FloatArray:
    """Return the rows as `normalised` has them, each once: of levels there are few."""
    return np.unique(normalised(z), axis=0)


def candidates(z: FloatArray, sign: FloatArray) -> Iterator[FloatArray]:
    """Yield directions (m,) that may separate the rows; none where there is no such direction.

    A direction with ``s_i z_i d > 0`` in every row is sought first, with the largest least of these: it lies deepest in the
    cone, and holds for most of the rows that are not in the set. Else ``sum_i s_i z_i d`` is maximised subject to
    ``s_i z_i d >= 0``, to ``z_i d = 0`` where s_i is 0, and to ``-1 <= d <= 1``: its maximum is 0 if and only if there is no
    direction of recession.

    A solution satisfies its constraints to a tolerance. The rows that it leaves at zero up to a threshold are those
    which the true one leaves at zero, and it is projected on the directions that do. Where rows of both kinds are closer
    together than the tolerance, the programme is solved again for a correction, in larger units.

    Parameters
    ----------
    z, sign : (n, m), (n,)
        The columns of z are independent.
    """
    moved = np.unique(normalised(z[sign != 0]) * sign[sign != 0, None], axis=0)
    held = distinct(z[sign == 0])
    held = held[independent(held.T)]
    if not z.shape[1] or not len(moved) or len(held) == z.shape[1]:
        return
    deep = None if len(held) else _deepest(moved, np.zeros(len(moved)))
    if deep is not None and (moved @ deep).min() > 0:
        yield deep / np.abs(deep).max()
    yield from _sharpened(_programme(moved, held, sum_of=True), moved, held)
    if deep is not None and deep.any() and (moved @ deep).min() > -_NEARLY * np.abs(deep).max():
        deep /= np.abs(deep).max()
        yield deep + _deepest(moved, moved @ deep * _MAGNIFIED) / _MAGNIFIED


def _deepest(moved: FloatArray, before: FloatArray) -> FloatArray:
    """Return the direction for which the least of ``moved @ d + before`` is largest."""
    return _programme(moved, moved[:0], before, sum_of=False)


def _sharpened(d: FloatArray, moved: FloatArray, held: FloatArray) -> Iterator[FloatArray]:
    """Yield the solution with the zeros that its rounding hides, those of the largest threshold first."""
    top = np.abs(d).max()
    if not top > 0 or (moved @ d).max() <= _FEASIBLE * top:
        return
    d = d / top
    count = -1
    for threshold in _ACTIVE:
        active = np.abs(moved @ d) <= threshold
        if np.count_nonzero(active) == count:
            continue
        count = int(np.count_nonzero(active))
        zeros = np.concatenate([moved[active], held])
        for free in (np.abs(d) > _ABSENT, np.abs(d) > 0):
            yield _projected(d, zeros, free)


def _projected(d: FloatArray, zeros: FloatArray, free: BoolArray) -> FloatArray:
    """Return the direction nearest to `d` that moves no row of `zeros`, with entries only where they are `free`."""
    found = np.where(free, d, 0.0)
    if len(zeros):
        part = zeros[:, free]
        for _ in range(2):
            found[free] -= np.linalg.lstsq(part, part @ found[free], rcond=_RANK)[0]
    top = np.abs(found).max()
    return np.asarray(found / top if top > 0 else found)


def _programme(moved: FloatArray, held: FloatArray, before: FloatArray | None = None, *, sum_of: bool) -> FloatArray:
    """Maximise the sum, or else the least, of ``moved @ d + before``; zeros where the solver gives nothing."""
    from scipy.linalg import solve_triangular
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack

    n, m = moved.shape
    r = np.asarray(np.linalg.qr(np.concatenate([moved, held]), mode="r"))
    stiff = before is None and r.shape[0] == m and np.linalg.cond(r) > _STIFF
    if stiff:
        r /= np.abs(r).max()
        moved, held = (normalised(solve_triangular(r, part.T, trans="T").T) for part in (moved, held))
    rows = csr_array(-moved)
    solve: Any = linprog  # the stubs know no sparse matrices
    result = solve(
        -moved.sum(axis=0) / n if sum_of else np.append(np.zeros(m), -1.0),
        A_ub=rows if sum_of else hstack([rows, csr_array(np.ones((n, 1)))], format="csr"),
        b_ub=np.zeros(n) if before is None else before,
        A_eq=csr_array(held) if len(held) else None,
        b_eq=np.zeros(len(held)) if len(held) else None,
        bounds=[(-1.0, 1.0)] * m + [(None, 1.0)] * (not sum_of),
        method="highs-ds",
        options={"primal_feasibility_tolerance": _FEASIBLE, "dual_feasibility_tolerance": _FEASIBLE},
    )
    if result.x is None:
        return np.zeros(m)
    d = np.asarray(result.x[:m], np.float64)
    return np.asarray(solve_triangular(r, d)) if stiff else d
