"""Cluster-robust covariance, one and two way (CR1).

The meat is the sum over clusters of ``s_g s_g'``, with s_g the summed scores of cluster g, times G/(G - 1) (n - 1)/(n - k). Two-way: the sum
over the two clusterings less that over their intersection, each with its own G.

Fits by likelihood take the same factor, as statsmodels does (Stata's logit and R's vcovCL of a glm leave (n - 1)/(n - k) out), and t with
G - 1 degrees of freedom, where R and Stata take the normal law: with few clusters its intervals are too short whatever the family.

References
----------
Liang and Zeger (1986), "Longitudinal data analysis using generalized linear models", Biometrika 73.
Cameron, Gelbach and Miller (2011), "Robust inference with multiway clustering", J. Business & Economic Statistics 29,
equations 2.11 to 2.13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.results.fit_result import CovarianceEstimate
from mathlearn.statistics.covariance.kind import Kind, RowStatistic
from mathlearn.statistics.covariance.reference import rows_left

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.kind import ScoredRows

__all__ = ["KINDS", "Clustered", "KeyedSums"]


@dataclass(frozen=True, slots=True)
class KeyedSums:
    """Score sums by label, as blocks that are joined when the newer ones have grown to the size of the oldest.

    Joining at doubling sizes keeps the whole reduction linear in the number of clusters, and no summary is changed
    after it was made.

    Attributes
    ----------
    blocks : tuple of (labels, sums)
        Labels are distinct within a block; sums have shape (labels, q, m).
    """

    blocks: tuple[tuple[tuple[Hashable, ...], FloatArray], ...]

    @classmethod
    def of(cls, labels: Sequence[Hashable], codes: IntArray, scores: FloatArray) -> KeyedSums:
        """Sum `scores` (n, q, m) over rows of equal code."""
        return cls(((tuple(labels), _sum_by_code(codes, len(labels), scores)),))

    def merge(self, other: KeyedSums) -> KeyedSums:
        """Keep both, joining when it pays."""
        blocks = self.blocks + other.blocks
        newer = sum(len(labels) for labels, _ in blocks[1:])
        if newer < len(blocks[0][0]):
            return KeyedSums(blocks)
        return KeyedSums((_join(blocks),))

    def total(self) -> tuple[int, FloatArray]:
        """Return the number of clusters, and their sums (G, q, m)."""
        labels, sums = _join(self.blocks)
        return len(labels), sums


def _join(blocks: Sequence[tuple[tuple[Hashable, ...], FloatArray]]) -> tuple[tuple[Hashable, ...], FloatArray]:
    if len(blocks) == 1:
        return blocks[0]
    index: dict[Hashable, int] = {}
    codes = np.array([index.setdefault(label, len(index)) for labels, _ in blocks for label in labels], dtype=np.int64)
    return tuple(index), _sum_by_code(codes, len(index), np.concatenate([sums for _, sums in blocks]))


def _sum_by_code(codes: IntArray, size: int, scores: FloatArray) -> FloatArray:
    """Sum rows of equal code, in their order, as the product with a sparse matrix of ones."""
    from scipy.sparse import csr_array

    n = len(codes)
    members = csr_array((np.ones(n), np.argsort(codes, kind="stable"), _starts(codes, size)), shape=(size, n))
    sums: FloatArray = np.asarray(members @ scores.reshape(n, -1))
    return sums.reshape(size, *scores.shape[1:])


def _starts(codes: IntArray, size: int) -> IntArray:
    """Where each code's rows begin once sorted, and where the last ends."""
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=size))])


def factorise(values: AnyArray) -> tuple[list[Any], IntArray]:
    """Distinct labels, as Python objects comparable across chunks, and the code of each row."""
    if values.dtype != object:
        labels, codes = np.unique(values, return_inverse=True)
        return labels.tolist(), codes.reshape(-1)
    index: dict[Hashable, int] = {}
    codes = np.fromiter((index.setdefault(v, len(index)) for v in values), dtype=np.int64, count=len(values))
    return list(index), codes


def _factorise_pair(group: AnyArray) -> tuple[list[Any], IntArray]:
    """Labels and codes of the intersection of two clusterings."""
    first, a = factorise(group[:, 0])
    second, b = factorise(group[:, 1])
    pairs, codes = np.unique(a * len(second) + b, return_inverse=True)
    labels = [(first[pair // len(second)], second[pair % len(second)]) for pair in pairs.tolist()]
    return labels, codes.reshape(-1)


@dataclass(frozen=True, slots=True)
class Clustered(RowStatistic[tuple[KeyedSums, ...]]):
    """CR1 covariance of a fit: one entry of the summary for each clustering, and one for the intersection."""

    result: FitResult

    def of(self, white: ScoredRows) -> tuple[KeyedSums, ...]:
        """Sum the scores of one block by cluster."""
        group = white.group
        if group is None:
            raise SchemaError('covariance="cluster" needs groups=: the cluster of each row, or the name of its column')
        if group.shape[1] > 2:
            raise DomainError(f"groups has {group.shape[1]} columns: one-way and two-way clustering are available")
        scores = np.stack([white.scores(j) for j in range(white.responses)], axis=1)
        keys = [factorise(group[:, j]) for j in range(group.shape[1])]
        if group.shape[1] == 2:
            keys.append(_factorise_pair(group))
        return tuple(KeyedSums.of(labels, codes, scores) for labels, codes in keys)

    def merge(self, first: tuple[KeyedSums, ...], second: tuple[KeyedSums, ...]) -> tuple[KeyedSums, ...]:
        """Merge each clustering."""
        return tuple(a.merge(b) for a, b in zip(first, second, strict=True))

    def finish(self, total: tuple[KeyedSums, ...]) -> CovarianceEstimate:
        """Combine the clusterings; clip to positive semi-definite, and say so, if the difference is not."""
        counts, meats = zip(*(self._one_way(keyed) for keyed in total), strict=True)
        two_way = len(counts) == 3
        meat, notes = _clip(meats[0] + meats[1] - meats[2]) if two_way else (meats[0], ())
        clusters = counts[:2] if two_way else counts
        df = float(min(clusters) - 1)
        return CovarianceEstimate(
            kind="cluster",
            meat=meat,
            df=df,
            description=f"cluster: {' and '.join(map(str, clusters))} clusters ({'two-way, ' if two_way else ''}CR1); errors may be "
            f"dependent within clusters; t with {df:g} df as an approximation",
            notes=(*notes, *self._few(min(clusters))),
        )

    def _one_way(self, keyed: KeyedSums) -> tuple[int, FloatArray]:
        count, sums = keyed.total()
        if count < 2:
            raise DomainError(
                f"{count} cluster in groups=: at least 2 are needed for a covariance, and 30 or more for a good one"
            )
        meat = np.stack([sums[:, j].T @ sums[:, j] for j in range(sums.shape[1])])
        left = rows_left(self.result)
        small = (self.result.n - 1) / left if left > 0 else 1.0
        return count, meat * (count / (count - 1) * small)

    def _few(self, clusters: int) -> tuple[str, ...]:
        if clusters >= 20:
            return ()
        return (f"only {clusters} clusters: standard errors tend to be too small below about 20 to 40",)


def _clip(meat: FloatArray) -> tuple[FloatArray, tuple[str, ...]]:
    """Set negative eigenvalues to zero; those of rounding size without a word."""
    values, vectors = np.linalg.eigh(meat)
    rounding = np.finfo(np.float64).eps * meat.shape[1] * np.abs(values).max(axis=1, initial=0.0)
    if (values >= -rounding[:, None]).all():
        return meat, ()
    clipped = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
    return clipped, ("the two-way matrix was not positive semi-definite: its negative eigenvalues were set to zero",)


KINDS = (Kind("cluster", "errors may be dependent within the clusters given by groups=", prepare=Clustered),)
