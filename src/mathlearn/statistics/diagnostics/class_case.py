"""`ClassCase`: a fit of more than two classes made ready to be checked, as `Case` is for one linear predictor.

Its blocks are `ClassWhite`: rows in the whitened basis of all parameters, in which the information of the rows is the identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mathlearn.statistics.class_rows import stack_of_fit
from mathlearn.statistics.covariance.class_white import ClassWhite
from mathlearn.statistics.functional import parameter_coordinates, require_curvature

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack

__all__ = ["ClassCase"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCase:
    """A fit of more than two classes made ready to be checked.

    Attributes
    ----------
    result : FitResult
    stack : Stack
    labels : tuple of str
        Of the classes, as Python literals.
    parameters : (m, r)
        Whitened coordinates of the parameters.
    """

    result: FitResult
    stack: Stack
    labels: tuple[str, ...]
    parameters: FloatArray

    @classmethod
    def of(cls, result: FitResult) -> ClassCase:
        """Make a fit ready.

        Raises
        ------
        DomainError
            Inference is withheld for this fit.
        """
        require_curvature(result)
        assert result.likelihood is not None
        return cls(
            result=result,
            stack=stack_of_fit(result),
            labels=tuple(map(repr, result.likelihood.classes)),
            parameters=parameter_coordinates(result),
        )

    @property
    def pearson(self) -> float:
        """Pearson's statistic, of all classes."""
        assert self.result.likelihood is not None
        return self.result.likelihood.pearson

    def block(self, chunk: Chunk) -> ClassWhite:
        """Look at one chunk."""
        return ClassWhite.of(self.result, chunk)
