"""Every error and warning raised on purpose, for ``except`` clauses and warning filters."""

from __future__ import annotations

from mathlearn._errors import (
    CorruptFileError,
    DomainError,
    MathlearnError,
    NonFiniteInputError,
    PrecisionWarning,
    RankDeficiencyWarning,
    RankDeficientError,
    ResourceError,
    SchemaError,
    SeparationError,
    UntrustedModelError,
)

__all__ = [
    "CorruptFileError",
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
