"""What figures of residuals need to know of the rows of a fit by likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot.cloud import uniform
from mathlearn.plot.measured import COLUMNS, Called, Withheld, column
from mathlearn.plot.shares import Sums
from mathlearn.statistics import reasons
from mathlearn.statistics.diagnostics.measures import RowMeasures, internally_studentised
from mathlearn.statistics.functional import sigma
from mathlearn.statistics.quantile_residuals import quantile_residuals
from mathlearn.statistics.separation import predictors
from mathlearn.statistics.working import law_of, working

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.white import WhiteRows
    from mathlearn.statistics.working import Working

__all__ = ["called_by_likelihood", "likelihood_rows", "withheld_by_likelihood"]

REPEATED = "rows stand for several observations each, and a residual drawn at random for all of them at once is not one for each"


def called_by_likelihood(result: FitResult) -> Called:
    """Say what the measures of such a fit are called."""
    family, link = law_of(result)
    law = family.distribution
    kind = "deviance" if law is None else "quantile"
    across = f"linear predictor ({link.name})"
    return Called(across, f"{kind} residual", "standardised Pearson residual", kind, law is not None and law.whole)  # type: ignore[arg-type]


def withheld_by_likelihood(result: FitResult, refusal: str | None, *, repeated: bool) -> Withheld:
    """Say which pictures there are not: residuals take a dispersion, leverage takes the curvature too."""
    law = law_of(result)[0].distribution
    spread = float(sigma(result)[0])
    unknown = None
    if not spread > 0:
        unknown = reasons.no_residual_df(result) if np.isnan(spread) else reasons.exact(result, 0)
    drawn = REPEATED if repeated and law is not None and law.whole else None
    return Withheld(leverage=refusal, quantiles=unknown or drawn, size=unknown)


def likelihood_rows(result: FitResult, chunk: Chunk, white: WhiteRows | None) -> tuple[FloatArray, Sums]:
    """Return the values (n, len(COLUMNS)) of the rows of a chunk, and their sums along the predictor.

    Parameters
    ----------
    result : FitResult
    chunk : Chunk
    white : WhiteRows or None
        None where the fit has no curvature that leverage could be measured by.
    """
    seen = white.seen if white is not None else None
    if seen is None:
        seen = working(result, chunk, predictors(result, chunk))
    copies = np.ones(chunk.n) if seen.count is None else seen.count
    values = np.full((chunk.n, len(COLUMNS)), np.nan)
    residual = _residual(result, chunk, seen)
    known = {"fitted": seen.eta, "resid": residual, "root": np.sqrt(np.abs(residual)), "studentised": residual}
    if white is not None:
        found = RowMeasures.of(result, white)
        standard = internally_studentised(seen.pearson[:, None], found.gap, sigma(result))
        known |= {"hat": found.hat, "std_resid": standard[:, 0], "cooks_d": found.cooks[:, 0]}
    for name, value in (known | {"copies": copies, "y": seen.y, "mean": seen.mu}).items():
        values[:, column(name)] = value
    return values, _sums(seen, copies)


def _residual(result: FitResult, chunk: Chunk, seen: Working) -> FloatArray:
    found = quantile_residuals(result, chunk, seen, uniform(chunk.index))
    if found is not None:
        return found
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(seen.signed_root / sigma(result)[0])


def _sums(seen: Working, copies: FloatArray) -> Sums:
    """Sum trials, fitted and observed successes, and their variance, along the predictor, squeezed so that none is too far out."""
    if seen.link.odds is None:
        return Sums(None, np.empty((0, 4)))
    trials = seen.weight * copies
    variance = trials * seen.mu * seen.link.odds.complement(seen.eta)
    with np.errstate(invalid="ignore"):
        place = np.where(np.isinf(seen.eta), np.sign(seen.eta), seen.eta / (1 + np.abs(seen.eta)))
    return Sums.of(place, np.column_stack([trials, trials * seen.mu, trials * seen.y, variance]))
