"""The mathematics of a fit, derived with its own numbers; every step is checked on that very fit.

`explain` and `explain_row` return a `Derivation`, `equation` the fitted equation. Each is a pure function of the `FitResult`. What is
explained is one file a topic in ``topics/``.
"""

from mathlearn.explain.derivation import Derivation, Step, StepCheck
from mathlearn.explain.fit import explain
from mathlearn.explain.fitted_equation import EquationFormat, EquationStyle, equation
from mathlearn.explain.row import explain_row

__all__ = ["Derivation", "EquationFormat", "EquationStyle", "Step", "StepCheck", "equation", "explain", "explain_row"]
