"""The terms of a design: which columns of X belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.design import Design
    from mathlearn.data.formula import Encoding
    from mathlearn.data.formula.factors import Factor

__all__ = ["Term", "terms_of"]


class Term(NamedTuple):
    """A term: a column by itself, or a block of columns that a formula makes of factors.

    Attributes
    ----------
    name : str
    columns : tuple of int
        Places in X.
    factors : frozenset of str
        What it is a product of.
    """

    name: str
    columns: tuple[int, ...]
    factors: frozenset[str]

    def within(self, other: Term) -> bool:
        """Whether the other is an interaction of this term with more."""
        return self.factors < other.factors


def terms_of(design: Design) -> tuple[Term, ...]:
    """List the terms of a design, in the order of their columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from mathlearn.data.bind import bind
    >>> frame = pd.DataFrame({"y": [1.0, 2, 3, 4], "a": [1.0, 3, 2, 5], "g": list("uvwu")})
    >>> [(term.name, term.columns) for term in terms_of(bind(frame, formula="y ~ log(a) + g").design)]
    [('log(a)', (0,)), ('g', (1, 2))]
    """
    if design.encoding is None:
        return tuple(Term(name, (j,), frozenset({name})) for j, name in enumerate(design.columns))
    return tuple(_of_formula(design.encoding))


def _of_formula(encoding: Encoding) -> Iterator[Term]:
    start = 0
    for product in encoding.products:
        names, width = [], 1
        for index, reduced in zip(product.factors, product.reduced, strict=True):
            factor = encoding.factors[index]
            names.append(_written(factor))
            width *= len(factor.labels(reduced=reduced))
        yield Term(":".join(names), tuple(range(start, start + width)), frozenset(names))
        start += width


def _written(factor: Factor) -> str:
    """Return a factor as the formula has it: where it makes one column, that column's name."""
    text: str = getattr(factor, "text", None) or factor.labels(reduced=False)[0]
    return text
