"""Rank from a triangular factor: which columns the others already explain, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.linalg.triangular import solve_upper

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray

_SAFETY = 8.0  # roundings allowed for in each entry of a column that was computed from others
_REFLECTED = 2.0  # roundings allowed for, by the root of the rows, in a column that was reflected


@dataclass(frozen=True, slots=True)
class RankVerdict:
    """Columns kept, in their own order, and what the others are made of.

    Attributes
    ----------
    kept : (r,) indices
    dropped : (d,) indices
    weights : (r, d) dropped column = kept columns @ weights, in scaled units
    noise : (d,) largest remainder at which each dropped column counts as explained
    factor : (r, r) upper triangular factor of the kept columns
    right : (k, q) the trailing columns (y) after the same reflections: the first r rows are explained, the others left
    """

    kept: IntArray
    dropped: IntArray
    weights: FloatArray
    noise: FloatArray
    factor: FloatArray
    right: FloatArray

    @classmethod
    def full(cls, r: FloatArray, p: int) -> RankVerdict:
        """All of the p leading columns are independent."""
        return cls(np.arange(p), np.empty(0, np.int64), np.empty((p, 0)), np.empty(0), r[:p, :p], r[:, p:])


def verdict(r: FloatArray, raw: FloatArray, p: int, tol: float | None, block: int = 1) -> RankVerdict:
    """Keep each column that is not explained by the kept ones before it.

    A column is explained when what is left of it is no larger than the rounding of the doubles it and its
    explanation are made of, ``8 u sqrt(p) (raw_j + sum |b_k| raw_k)``, and of the reflections of a block of rows,
    ``2 u sqrt(block) (|r_j| + sum |b_k| |r_k|)``; with a number for `tol`, when what is left is at most ``tol`` times the
    (centred) column.

    Parameters
    ----------
    r : (k, p + q) array
        Triangular factor of the centred, scaled columns of X, then y.
    raw : (p,) array
        Norms of the columns before centring, in the same units.
    tol : float or None
    block : int
        Rows that were reflected at a time.

    Notes
    -----
    Columns are visited in order, so that the later of two dependent columns is the one said to depend (as in R's
    ``lm``), by Householder reflections on what is left of the factor.
    """
    work = r.copy()
    kept: list[int] = []
    dropped: list[int] = []
    noise: list[float] = []
    size = np.sqrt(np.einsum("ij,ij->j", r, r))
    for j in range(p):
        k = len(kept)
        left = float(np.linalg.norm(work[k:, j])) if k < work.shape[0] else 0.0
        limit = _limit(work[:, :p], kept, j, raw, size, tol, block)
        if left <= limit:
            dropped.append(j)
            noise.append(limit)
            continue
        _reflect(work, k, j)
        kept.append(j)
    rank = len(kept)
    factor = np.triu(work[:rank, kept])
    weights = solve_upper(factor, work[:rank, dropped])
    return RankVerdict(
        np.array(kept, np.int64), np.array(dropped, np.int64), weights, np.array(noise), factor, work[:, p:]
    )


def is_clearly_full(r: FloatArray, raw: FloatArray) -> bool:
    """Whether every column stands out from the others far above rounding, so that no closer look is needed."""
    if r.shape[0] < r.shape[1]:
        return False
    size = np.sqrt(np.einsum("ij,ij->j", r, r))
    return bool((np.abs(np.diag(r)) > 1e-5 * (size + ROUNDOFF**0.5 * raw)).all())


def _limit(
    work: FloatArray, kept: list[int], j: int, raw: FloatArray, size: FloatArray, tol: float | None, block: int
) -> float:
    if tol is not None:
        return max(tol, ROUNDOFF) * float(size[j])
    k = len(kept)
    weights = np.abs(solve_upper(np.triu(work[:k, kept]), work[:k, j : j + 1])[:, 0])
    made_of = raw[j] + float(weights @ raw[kept])
    reflected = size[j] + float(weights @ size[kept])
    return float(ROUNDOFF * (_SAFETY * np.sqrt(work.shape[1]) * made_of + _REFLECTED * np.sqrt(block) * reflected))


def _reflect(work: FloatArray, k: int, j: int) -> None:
    """Zero ``work[k+1:, j]`` by a Householder reflection of the rows from k."""
    v = work[k:, j].copy()
    v[0] += np.copysign(np.linalg.norm(v), v[0])
    norm = np.linalg.norm(v)
    if norm > 0:
        v /= norm
        work[k:] -= 2.0 * np.outer(v, v @ work[k:])
    work[k + 1 :, j] = 0.0
