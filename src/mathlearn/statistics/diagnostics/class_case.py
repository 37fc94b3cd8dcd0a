"""`ClassCase`: a fit of more than two classes made ready to be checked, as `Case` is for one linear predictor.

Its blocks are `ClassWhite`: rows in the whitened basis of all parameters, in which the information of the rows is the identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.class_rows import stack_of_fit
from mathlearn.statistics.covariance.class_white import ClassWhite
from mathlearn.statistics.functional import parameter_coordinates, require_curvature, row_lengths

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack

__all__ = ["ClassCase", "residuals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCase:
    """A fit of more than two classes made ready to be checked.

    Attributes
    ----------
    result : FitResult
    stack : Stack
    level : float
        Confidence of the intervals quoted.
    labels : tuple of str
        Of the classes, as Python literals.
    parameters : (m, r)
        Whitened coordinates of the parameters.
    unit : (m, r)
        The same of length one; NaN where the data do not determine a parameter.
    """

    result: FitResult
    stack: Stack
    level: float
    labels: tuple[str, ...]
    parameters: FloatArray
    unit: FloatArray

    @classmethod
    def of(cls, result: FitResult, level: float) -> ClassCase:
        """Make a fit ready.

        Raises
        ------
        DomainError
            Inference is withheld for this fit.
        """
        require_curvature(result)
        assert result.likelihood is not None
        parameters = parameter_coordinates(result)
        length = row_lengths(parameters)[:, None]
        known = result.estimable[:, None] & (length > 0.0)
        return cls(
            result=result,
            stack=stack_of_fit(result),
            level=level,
            labels=tuple(map(repr, result.likelihood.classes)),
            parameters=parameters,
            unit=np.where(known, parameters / np.where(length > 0.0, length, 1.0), np.nan),
        )

    @property
    def pearson(self) -> float:
        """Pearson's statistic, of all classes."""
        assert self.result.likelihood is not None
        return self.result.likelihood.pearson

    def block(self, chunk: Chunk) -> ClassWhite:
        """Look at one chunk."""
        return ClassWhite.of(self.result, chunk)


def residuals(white: ClassWhite) -> FloatArray:
    """Return what was observed of each class, one or zero, less its probability (n, K)."""
    own = np.arange(len(white.codes)), white.codes
    found = -white.seen.probability
    found[own] = white.seen.complement[own]
    return found
