"""Formulas: text to columns of numbers, safely.

A formula goes through five hands: `tokenise` (characters), `grammar` (a tree), `algebra` (terms made of `atoms`),
`learners` (one pass over the rows) and `coding` (which levels to leave out); the result is an `Encoding`, pure data.
Nothing in the text is ever executed: a name is a column, a function is one of a short list, and everything is bounded.
"""

from __future__ import annotations

from mathlearn.data.formula.coding import Product
from mathlearn.data.formula.compiled import Formula, compile_formula, validate
from mathlearn.data.formula.encoding import EncodedBatch, Encoding
from mathlearn.data.formula.factors import CategoryFactor, ColumnFactor, ExpressionFactor, PolyFactor, SplineFactor
from mathlearn.data.formula.poly import Recurrence
from mathlearn.data.formula.splines import Basis
from mathlearn.data.formula.stored import check

__all__ = ["RECORDS", "EncodedBatch", "Encoding", "Formula", "check", "compile", "validate"]

compile = compile_formula  # noqa: A001 -- `formula.compile` reads like `re.compile`

RECORDS = (
    Encoding,
    Product,
    ColumnFactor,
    ExpressionFactor,
    CategoryFactor,
    PolyFactor,
    SplineFactor,
    Recurrence,
    Basis,
)
"""Every record that an `Encoding` is made of: the closed table from which a stored one is rebuilt."""
