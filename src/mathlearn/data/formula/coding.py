"""Which categories keep all their levels and which leave the reference out, so that the columns are independent.

The decision is formulaic's. It is asked about placeholders only (``f0``, ``f1:f2``), with an empty context and a toy table,
so that no text of the user ever reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Product:
    """A block of columns: the row-wise products of factors.

    Attributes
    ----------
    factors : tuple of int
        Indices of the factors; the first varies fastest.
    reduced : tuple of bool
        For each, whether it leaves its reference level out.
    """

    factors: tuple[int, ...]
    reduced: tuple[bool, ...]


def code(terms: Sequence[tuple[int, ...]], categorical: Sequence[bool], *, fit_intercept: bool) -> tuple[Product, ...]:
    """Decide the coding of each term so that no column is a combination of others whatever the data.

    Parameters
    ----------
    terms : sequence of tuple of int
        The factors of each term.
    categorical : sequence of bool
        For each factor, whether it is coded by indicators.
    fit_intercept : bool

    Returns
    -------
    tuple of Product
        In the order of the terms. A term may need several products (``a:b`` without ``a`` is ``b + a:b``).

    Examples
    --------
    >>> code([(0,), (0, 1)], [True, False], fit_intercept=False)  # 0 + species + species:mass
    (Product(factors=(0,), reduced=(False,)), Product(factors=(0, 1), reduced=(False, False)))
    """
    numeric_parts = {
        frozenset(f for f in term if not categorical[f]) for term in terms if any(categorical[f] for f in term)
    }
    asked = [term for term in terms if frozenset(term) in numeric_parts or any(categorical[f] for f in term)]
    answers = _ask(asked, categorical, fit_intercept=fit_intercept) if numeric_parts else {}
    plain = {term: (Product(term, (False,) * len(term)),) for term in terms}
    return tuple(product for term in terms for product in answers.get(term, plain[term]))


def _ask(
    terms: Sequence[tuple[int, ...]], categorical: Sequence[bool], *, fit_intercept: bool
) -> dict[tuple[int, ...], tuple[Product, ...]]:
    """Ask formulaic, with a table of two rows."""
    import pandas as pd
    from formulaic import Formula

    used = sorted({factor for term in terms for factor in term})
    toy = pd.DataFrame({f"f{f}": pd.Categorical(["a", "b"]) if categorical[f] else [1.0, 2.0] for f in used})
    texts = [":".join(f"f{f}" for f in term) for term in terms]
    formula = Formula([*(["1"] if fit_intercept else []), *texts], _ordering="none")
    matrix = formula.get_model_matrix(toy, context={}, ensure_full_rank=True, output="numpy")
    structure = matrix.model_spec.structure[1 if fit_intercept else 0 :]
    return {
        term: tuple(
            Product(
                tuple(int(scoped.factor.expr[1:]) for scoped in block.factors),
                tuple(bool(scoped.reduced) for scoped in block.factors),
            )
            for block in answer.scoped_terms
        )
        for term, answer in zip(terms, structure, strict=True)
    }
