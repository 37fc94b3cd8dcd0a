"""Every error and warning of the project: what was got, what is allowed, what to do."""

from __future__ import annotations

__all__ = [
    "CheckpointWarning",
    "CorruptFileError",
    "CountWarning",
    "DomainError",
    "MathlearnError",
    "NonFiniteInputError",
    "PrecisionWarning",
    "RankDeficiencyWarning",
    "RankDeficientError",
    "ResourceError",
    "SchemaError",
    "SeparationError",
    "UntrustedModelError",
]


class MathlearnError(ValueError):
    """Base of all errors raised on purpose; a `ValueError`, as scikit-learn's callers expect."""


class NonFiniteInputError(MathlearnError):
    """NaN or infinity where a finite number is needed."""


class DomainError(MathlearnError):
    """A value outside its domain: a negative weight, a level outside (0, 1), a log of a negative."""


class SchemaError(MathlearnError):
    """Columns, types, levels or lengths that do not fit what was asked for or learned at fit."""


class RankDeficientError(MathlearnError):
    """A quantity was asked for that a rank-deficient design does not determine."""


class SeparationError(MathlearnError):
    """The maximum-likelihood estimate does not exist: the classes are separated."""


class ResourceError(MathlearnError):
    """An allocation or expansion above the stated limit."""


class CorruptFileError(MathlearnError):
    """A file that is cut, ragged or fails its checksum."""


class UntrustedModelError(MathlearnError):
    """A model file that is not one of ours, or contradicts itself."""


class RankDeficiencyWarning(UserWarning):
    """Some coefficients are not determined by the data; they are withheld and named."""


class CheckpointWarning(UserWarning):
    """A fit goes on without its checkpoint, which cannot be written."""


class CountWarning(UserWarning):
    """A law of counts was fitted to values that are no whole numbers."""


class PrecisionWarning(UserWarning):
    """Digits are lost: of data that become float64, or of a fit to more than its statistic holds."""
