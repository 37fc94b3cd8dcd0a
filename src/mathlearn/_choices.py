"""Options by name that no record keeps (those of a fit are in `FitResult`'s file); importing them costs nothing."""

from __future__ import annotations

from typing import Literal

__all__ = ["IntervalKind", "Missing", "Weighting"]

Missing = Literal["raise", "drop"]
"""What to do with rows in which a value is missing."""

Weighting = Literal["precision", "frequency"]
"""What weights mean: inverse variances, or counts of equal rows."""

IntervalKind = Literal["observation", "confidence"]
"""What an interval is for: a new observation, or its mean."""
