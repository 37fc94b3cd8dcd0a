"""The evidence about a fit of more than two classes: a pass over the rows, and what it says of the numbers shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.multinomial import penalty_slope, rows_at_a_time
from mathlearn.certify.first_order import first_order_certificate
from mathlearn.certify.least_squares import statistical_digits
from mathlearn.certify.likelihood import likelihood_certificate, likelihood_evidence
from mathlearn.certify.likelihood_rows import LikelihoodRows
from mathlearn.certify.multinomial_rows import look_at_classes
from mathlearn.data.adapt import densified, held
from mathlearn.data.reduce import found_again
from mathlearn.fitting.multinomial_record import class_factor, class_penalties, joined, shown_classes
from mathlearn.fitting.multinomial_separated import closing

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.certify.likelihood import LikelihoodEvidence
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.multinomial_record import ClassNumbers
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.likelihood import Separation

__all__ = ["certified_classes", "class_evidence", "class_rows", "looked_at"]


def class_rows(rows: Rows, classes: int) -> Rows:
    """Put rows into the form that the mathematics takes: dense, one block read once."""
    return held(densified(rows) if rows.sparse else rows, rows_at_a_time(len(rows.terms), classes))


def looked_at(
    rows: Rows, numbers: ClassNumbers, null: FloatArray, separation: Separation | None, threads: int
) -> LikelihoodRows:
    """Look at all rows with the numbers shown; in the limit, where the classes are separated."""
    classes = len(null)
    closed = None if separation is None else closing(separation.directions, classes, intercept=numbers.intercept)
    of = partial(look_at_classes, shown=shown_classes(numbers, null, closed))
    size = rows_at_a_time(len(rows.terms), classes)
    return found_again(rows.reduce(of, LikelihoodRows.merge, max_rows=size, threads=threads))


def class_evidence(numbers: ClassNumbers, found: LikelihoodRows, penalty: float) -> LikelihoodEvidence:
    """Turn the sums over the rows into evidence about the numbers shown."""
    return likelihood_evidence(found, class_factor(numbers, penalty), 1.0)


def certified_classes(
    numbers: ClassNumbers, found: LikelihoodRows, penalty: float, separation: Separation | None, stopped: str | None
) -> tuple[Certificate, FloatArray]:
    """Return the certificate, and the relative error (m,) of each parameter, NaN where it is not known.

    Parameters
    ----------
    stopped : str or None
        Why the solver stopped before the optimum.
    """
    if numbers.root is None:
        each, beta = class_penalties(numbers, penalty), joined(numbers, numbers.level, numbers.coef)
        pull = penalty_slope(each, beta * numbers.units, len(numbers.coef) + 1)
        return first_order_certificate(found, pull, stopped=stopped), np.full(beta.size, np.nan)
    evidence = class_evidence(numbers, found, penalty)
    first, known = int(numbers.intercept), numbers.estimable
    slopes = known.reshape(len(numbers.coef), -1).copy()
    slopes[:, :first] = False
    errors = np.sqrt(np.einsum("ij,ij->i", numbers.root, numbers.root))[slopes.reshape(-1)]
    certificate = likelihood_certificate(
        evidence,
        condition=numbers.condition,
        separated=0 if separation is None else separation.separated,
        verified=separation is None or separation.verified,
        stopped=stopped,
        unique=bool(known.all()),
        statistical_digits=statistical_digits(numbers.coef[slopes[:, first:]][None], errors[None]),
    )
    return certificate, np.where(known, evidence.relative, np.nan)
