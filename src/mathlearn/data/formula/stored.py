"""Testing an encoding that was read from a file before anything is done with it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from mathlearn._errors import UntrustedModelError
from mathlearn.data.formula.algebra import structure
from mathlearn.data.formula.compiled import MAX_COLUMNS
from mathlearn.data.formula.encoding import term_names, width
from mathlearn.data.formula.grammar import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mathlearn.data.formula.encoding import Encoding
    from mathlearn.data.formula.factors import Factor


def check(encoding: Encoding) -> None:
    """Refuse a stored encoding whose formula is not allowed or whose parts contradict each other.

    Raises
    ------
    UntrustedModelError
        Naming the contradiction.
    """
    try:
        _check_text(encoding)
        _check_parts(encoding)
    except Exception as error:
        problem = str(error).rstrip(".") or type(error).__name__
        raise UntrustedModelError(
            f"the formula stored in this model is not sound: {problem}. Fit and save the model again."
        ) from error


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise UntrustedModelError(otherwise)


def _check_text(encoding: Encoding) -> None:
    """Require the text to be allowed, and to say what the record says of intercept, responses and offsets."""
    sides = parse(encoding.text)
    said = structure(sides, None)
    _require(said.fit_intercept is encoding.fit_intercept, "text and intercept differ")
    _require(tuple(atom.text for atom in said.responses) == encoding.responses, "text and responses differ")
    _require(len(said.offsets) == len(encoding.offsets), "text and offsets differ")


def _check_parts(encoding: Encoding) -> None:
    """Require sound factors, from which terms and columns follow as stored."""
    for factor in chain(encoding.factors, encoding.response_factors, encoding.offsets):
        factor.check()
    indices = [index for product in encoding.products for index in product.factors]
    _require(all(0 <= index < len(encoding.factors) for index in indices), "a term refers to a factor there is not")
    _require(width(encoding.factors, encoding.products) <= MAX_COLUMNS, f"it makes more than {MAX_COLUMNS} columns")
    _require(term_names(encoding.factors, encoding.products) == encoding.terms, "terms and factors differ")
    _require(len(encoding.responses) == len(encoding.response_factors), "responses and factors differ")
    _require(_columns((*encoding.factors, *encoding.offsets)) == set(encoding.columns), "columns and factors differ")
    _require(_columns(encoding.response_factors) == set(encoding.response_columns), "columns and responses differ")


def _columns(factors: Iterable[Factor]) -> set[str]:
    return {column for factor in factors for column in factor.columns}
