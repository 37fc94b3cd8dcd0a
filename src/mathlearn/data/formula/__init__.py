"""Formulas: text to columns of numbers, safely.

==============================  =====================================================================================
``y ~ a + b``                   response and terms; ``~ a + b`` when y is passed by itself; ``cbind(y1, y2) ~ a``
``a``, `` `any name` ``         a column: numbers (booleans are 0 and 1) as they are, text by indicators of its levels
``.``                           all other columns
``a + b``, ``a - b``            both; a without b
``a:b``, ``a*b``, ``a/b``       interaction; ``a + b + a:b``; ``a + a:b``
``(a + b + c)^2``               all terms up to that degree
``0``, ``-1``, ``1``            without intercept; with (the default)
``C(x, ref="u")``               a column, also one of numbers, by indicators; the reference is the first level or ref
``log exp sqrt``                of arithmetic; also on the left
``I(a^2 / b)``                  arithmetic: here ``+ - * / ^`` mean what they mean for numbers (as in any function)
``poly(x, 3)``                  polynomials orthonormal on the data
``bs(x, df=6, degree=3)``       B-splines with knots at quantiles, of data in memory
``bs(x, knots=[], bounds=[])``  B-splines with these knots, of any data
``offset(x)``                   added to the prediction with coefficient 1
==============================  =====================================================================================

A response is made of numbers; that of a classifier is one column of labels of any kind, ``C(y, ref="a")`` saying with which the others
are compared. ``sex == "female"`` and ``mass > 4000`` (also ``!= < <= >=``, and within ``I()``) are events: responses that are 1 where they
hold, of a classifier True. In ``cbind(a, n - a)`` arithmetic needs no ``I()``.

Levels are those that occur in rows without missing values, in the order that the source declares, else sorted. Columns
that would depend on others whatever the data are not made: a category leaves its reference level out where the
intercept, or a term within it, stands for it.

A formula goes through five hands: `tokenise` (characters), `grammar` (a tree), `algebra` (terms made of `atoms`),
`learners` (one pass over the rows) and `coding` (which levels to leave out); the result is an `Encoding`, pure data.
Nothing in the text is ever executed: a name is a column, a function is one of a short list, and everything is bounded.
"""

from __future__ import annotations

from mathlearn.data.formula.coding import Product
from mathlearn.data.formula.compiled import (
    Formula,
    Learners,
    compile_formula,
    reference_of,
    together,
    validate,
    with_response,
)
from mathlearn.data.formula.encoding import EncodedBatch, Encoding
from mathlearn.data.formula.events import EventFactor
from mathlearn.data.formula.factors import CategoryFactor, ColumnFactor, ExpressionFactor, PolyFactor, SplineFactor
from mathlearn.data.formula.poly import Recurrence
from mathlearn.data.formula.splines import Basis
from mathlearn.data.formula.stored import check

__all__ = [
    "RECORDS",
    "EncodedBatch",
    "Encoding",
    "EventFactor",
    "Formula",
    "Learners",
    "check",
    "compile",
    "reference_of",
    "together",
    "validate",
    "with_response",
]

compile = compile_formula  # noqa: A001 -- `formula.compile` reads like `re.compile`

RECORDS = (
    Encoding,
    Product,
    ColumnFactor,
    ExpressionFactor,
    EventFactor,
    CategoryFactor,
    PolyFactor,
    SplineFactor,
    Recurrence,
    Basis,
)
"""Every record that an `Encoding` is made of: the closed table from which a stored one is rebuilt."""
