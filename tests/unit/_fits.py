"""Fits made by plain NumPy, and rows from arrays: inference is tested on its own, without the project's solvers."""

from dataclasses import dataclass

import numpy as np

from mathlearn.data.chunk import Chunk
from mathlearn.data.reduce import ordered_reduce
from mathlearn.results.certificate import Certificate, Check
from mathlearn.results.fit_result import Alias, CovarianceEstimate, Curvature, FitResult, Status


@dataclass(frozen=True)
class ArrayRows:
    X: object
    y: np.ndarray | None = None
    weight: np.ndarray | None = None
    group: np.ndarray | None = None
    index: np.ndarray | None = None
    terms: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    in_memory: bool = True
    sparse: bool = False

    @property
    def n_rows(self):
        return self.X.shape[0]

    def chunks(self, max_rows):
        for start in range(0, self.n_rows, max_rows):
            part = slice(start, start + max_rows)
            cut = [None if a is None else a[part] for a in (self.y, self.weight, self.group, self.index)]
            y, weight, group, index = cut
            yield Chunk(self.X[part], y, weight, None, group, start, index)

    def reduce(self, of, merge, *, max_rows, threads):
        return ordered_reduce(self.chunks(max_rows), of, merge, threads=threads)


def certificate(unique=True, passed=True):
    check = Check("normal_equations", 0.5 if passed else 7.0, 1.0, "residuals are orthogonal to the columns")
    return Certificate((check,), "rows", unique, 14.9, 3e-9, 2.1)


def fit(X, y, *, weight=None, weights_type=None, intercept=True, terms=None, responses=None, aliases=(), **changes):
    """Least squares by SVD in scaled units, as a `FitResult`."""
    X, y = np.asarray(X, float), np.asarray(y, float)
    y = y[:, None] if y.ndim == 1 else y
    n, p = X.shape
    weights_type = weights_type or ("none" if weight is None else "precision")
    w = np.ones(n) if weight is None else np.asarray(weight, float)
    mean = w @ X / w.sum() if intercept else np.zeros(p)
    y_mean = w @ y / w.sum() if intercept else np.zeros(y.shape[1])
    Xc, yc = X - mean, y - y_mean
    size = np.sqrt(w @ Xc**2)
    scale = np.where(size > 0, 2.0 ** np.round(np.log2(np.where(size > 0, size, 1))), 1.0)
    root = np.sqrt(w)[:, None]
    u, s, vt = np.linalg.svd(root * Xc / scale, full_matrices=False)
    r = int((s > 1e-11 * s[0]).sum()) if s.size and s[0] > 0 else 0
    full_v = vt if n >= p else np.linalg.svd(root * Xc / scale)[2]
    whitener = vt[:r].T / s[:r] / scale[:, None]
    coef = (whitener @ (u[:, :r].T @ (root * yc))).T
    e = yc - Xc @ coef.T
    rss, tss = w @ e**2, w @ yc**2
    count = int(w.sum()) if weights_type == "frequency" else n
    df = count - r - intercept
    null = full_v[r:].T / scale[:, None]
    loose = np.abs(full_v[r:]).max(axis=0, initial=0) > 1e-8
    estimable = np.concatenate([[not np.abs(null.T @ mean).max(initial=0) > 1e-8], ~loose] if intercept else [~loose])
    exact = rss <= 1e-26 * np.maximum(w @ y**2, 1e-300)
    return FitResult(
        **{
            "terms": tuple(terms or [f"x{j}" for j in range(p)]),
            "responses": tuple(responses or (["y"] if y.shape[1] == 1 else [f"y{j}" for j in range(y.shape[1])])),
            "fit_intercept": intercept,
            "offset": None,
            "weights_type": weights_type,
            "n": count,
            "n_dropped": 0,
            "weight_sum": float(w.sum()),
            "log_weight_sum": float(np.log(w).sum()),
            "rank": r,
            "df_model": r,
            "df_resid": df,
            "coef": coef,
            "intercept": y_mean - coef @ mean,
            "centre": y_mean,
            "deviance": np.where(exact, 0.0, rss),
            "null_deviance": np.where(np.ptp(y, axis=0) == 0, 0.0, tss) if intercept else tss,
            "exact": exact,
            "curvature": Curvature(mean, np.zeros(p), whitener, whitener.T @ mean, null, scale),
            "statistic": None,
            "estimable": estimable,
            "aliases": tuple(Alias(*alias) for alias in aliases),
            "covariance": CovarianceEstimate("classical", None, float(df), "classical: independent errors"),
            "withheld": None,
            "rung": "tsqr",
            "condition_raw": float(np.linalg.cond(X)) if p else 1.0,
            "condition_scaled": float(s[0] / s[r - 1]) if r else 1.0,
            "digits": np.full((y.shape[1], p), 14.9),
            "status": Status.OPTIMAL,
            "defects": (),
            "certificate": certificate(unique=bool(estimable.all())),
            **changes,
        }
    )
