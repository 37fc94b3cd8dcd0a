"""Numbers of inference found again: degrees of freedom, sigma, one parameter by a factor that knows no whitener."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from mathlearn.explain.books import Books
    from mathlearn.explain.setting import Setting

__all__ = ["Found", "centre", "degrees_of_freedom", "mean_spread", "parameter", "sigma"]


@dataclass(frozen=True, slots=True)
class Found:
    """A number found again.

    Attributes
    ----------
    value : float
    bound : float
        On its error; relative to it for spreads, absolute for estimates.
    """

    value: float
    bound: float


def degrees_of_freedom(setting: Setting) -> float:
    """Count them again: one less than the clusters, of the smaller clustering; else those of the residuals."""
    covariance, books = setting.result.covariance, setting.books
    assert covariance is not None
    if covariance.kind == "cluster":
        counts = re.match(r"cluster: ([\d and]+) clusters", covariance.description)
        return covariance.df if counts is None else min(map(float, counts[1].split(" and "))) - 1
    n = setting.result.n if books is None else books.n
    return float(n - setting.result.rank - setting.centred)


def sigma(setting: Setting, books: Books) -> Found:
    """Residual standard error from the loss, multiplied out, and the degrees of freedom, counted again."""
    df = max(books.n - setting.result.rank - setting.centred, 1)
    share = books.loss_bound(setting.beta, setting.rss) / max(setting.rss, TINY)
    bound = share / (1 + sqrt(max(1 - share, 0.0)))  # of a root
    return Found(sqrt(max(books.loss(setting.beta), 0.0) / df), bound + 4 * ROUNDOFF)


def centre(setting: Setting, books: Books) -> tuple[float, float]:
    """Fitted value at the means of the record, from those of the statistic, and a bound on its error.

    A mean errs by ``relative`` times the size of its column over the root of the weights, and where it is rounded.
    """
    curvature, beta = setting.result.curvature, setting.beta
    found, far = books.mean_y, np.abs(books.mean)
    if curvature is not None:
        found += float((curvature.mean - books.mean) @ beta)
    reach = (books.relative * books.reach(beta) + books.strayed(beta)) / sqrt(books.weight)
    rounded = abs(books.mean_y) + books.size_y / sqrt(books.weight) + float(far @ np.abs(beta))
    return found, reach + 4 * ROUNDOFF * rounded


def parameter(setting: Setting, books: Books, term: int) -> tuple[Found, Found]:
    """Estimate of one parameter, and its variance over sigma²."""
    curvature = setting.result.curvature
    assert curvature is not None
    slopes, l0 = np.zeros(setting.p), float(setting.centred and term == 0)
    if not l0:
        slopes[term - setting.centred] = 1.0
    away = (slopes - l0 * curvature.origin) - l0 * books.mean
    z = books.solved(away)
    if z is None:
        return Found(float("nan"), float("inf")), Found(float("nan"), float("inf"))
    bound = books.relative * float(np.abs(z) @ books.size) * books.reach(setting.beta)
    bound += abs(l0) * books.relative * books.reach(setting.beta) / sqrt(books.weight)  # the means
    bound += 4 * ROUNDOFF * (abs(l0 * books.mean_y) + float(np.abs(away) @ np.abs(setting.beta)))
    estimate = Found(l0 * books.mean_y + float(z @ books.right), bound)
    return estimate, Found(*books.variance(l0, slopes, curvature.origin))


def mean_spread(books: Books, x: np.ndarray[tuple[int, ...], np.dtype[np.float64]], *, centred: bool) -> Found:
    """Variance of the fitted mean at a row, over sigma²: its leverage."""
    return Found(*books.variance(float(centred), x, np.zeros(x.size)))
