"""Models side by side: with each other, with scikit-learn's, and in the tables of other tools."""

from __future__ import annotations

from mathlearn.comparison.beside import compare
from mathlearn.comparison.record import Comparison
from mathlearn.comparison.twin import compare_with_sklearn
from mathlearn.comparison.twin_record import TwinComparison

__all__ = ["Comparison", "TwinComparison", "compare", "compare_with_sklearn"]
