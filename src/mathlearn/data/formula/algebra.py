"""The algebra of terms: ``+ - : * / ^`` on sets of terms, bounded before anything is expanded.

References
----------
G. N. Wilkinson and C. E. Rogers, Symbolic description of factorial models for analysis of variance, *Applied Statistics*
22 (1973) 392-399.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mathlearn._errors import ResourceError
from mathlearn.data.formula._refusal import Refusal
from mathlearn.data.formula.atoms import ColumnAtom, key
from mathlearn.data.formula.calls import atom_of, offset_of, response_of
from mathlearn.data.formula.tree import Binary, Call, Dot, Name, Node, Number, Sum, render

if TYPE_CHECKING:
    from mathlearn.data.formula.atoms import Atom, Key
    from mathlearn.data.formula.grammar import Sides

MAX_TERMS = 20_000
"""Most terms of one formula."""

MAX_DEGREE = 8
"""Most factors of one term."""

_MAX_PRODUCTS = 200_000
"""Most products formed by one operator: a crossing of sums is refused before it is expanded."""

Term: TypeAlias = "tuple[Atom, ...]"
"""A product of different atoms."""

TermSet: TypeAlias = "dict[frozenset[Key], Term]"
"""Different terms, in the order of their first mention."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What a formula says, before any data: terms are sorted by degree, as R does, and do not include the intercept."""

    responses: tuple[Atom, ...]
    terms: tuple[Term, ...]
    fit_intercept: bool
    offsets: tuple[Atom, ...]


def responses(node: Node | None) -> tuple[Atom, ...]:
    """Read the left side: one response, or several in ``cbind()``."""
    if node is None:
        return ()
    if not isinstance(node, Call) or node.function != "cbind":
        return (response_of(node),)
    if not node.arguments or node.named:
        raise Refusal("cbind() takes responses: cbind(y1, y2)", node.at)
    found = {key(atom): atom for atom in map(_counted, node.arguments)}
    if len(found) < len(node.arguments):
        raise Refusal("a response is given twice", node.at)
    return tuple(found.values())


def _counted(node: Node) -> Atom:
    """Read a response of ``cbind()``, where arithmetic needs no ``I()``: commas, not signs, part the responses."""
    return response_of(Call("I", (node,), at=node.at) if isinstance(node, Sum | Binary) else node)


def structure(sides: Sides, others: tuple[str, ...] | None) -> Structure:
    """Expand a parsed formula into terms.

    Parameters
    ----------
    sides : Sides
    others : tuple of str or None
        The columns that ``.`` stands for; None while they are not known, which leaves it out.

    Raises
    ------
    Refusal
        Something that is no term, or more than the limits allow.
    """
    left = responses(sides.response)
    right = _RightSide(others)
    right.read(sides.terms)
    for atom in left:
        if frozenset([key(atom)]) in right.terms:
            raise Refusal(f"the response {atom.text!r} is also a term", right.terms[frozenset([key(atom)])][0].at)
    return Structure(left, tuple(sorted(right.terms.values(), key=len)), right.intercept, tuple(right.offsets))


class _RightSide:
    """The terms, offsets and intercept, reading the right side from left to right."""

    def __init__(self, others: tuple[str, ...] | None) -> None:
        self.terms: TermSet = {}
        self.intercept = True
        self.offsets: list[Atom] = []
        self._others = others

    def read(self, node: Node) -> None:
        """Read the outermost sum, the only place for intercept and offset."""
        for sign, item in node.items if isinstance(node, Sum) else ((1, node),):
            match item:
                case Sum(((-1, inner),)) if sign < 0:
                    raise Refusal("two minus signs in a row: a term is removed by one", item.at)
                case Sum(((-1, inner),)):
                    self._add(inner, -1)
                case _:
                    self._add(item, sign)

    def _add(self, node: Node, sign: int) -> None:
        """Add or remove one item of the outermost sum."""
        match node:
            case Number():
                self._intercept(node, sign)
            case Call("offset"):
                if sign < 0:
                    raise Refusal("an offset cannot be removed: leave it out", node.at)
                self.offsets.append(offset_of(node))
            case _ if sign > 0:
                self.terms.update(_fresh(self.expand(node), self.terms))
                _limit(len(self.terms), node)
            case _:
                for gone in self.expand(node):
                    self.terms.pop(gone, None)

    def _intercept(self, node: Number, sign: int) -> None:
        if node.text not in {"0", "1"} or (node.text == "0" and sign < 0):
            raise Refusal(
                f"the number {render(node)} is no term: 1 is the intercept, 0 or -1 leaves it out, "
                "and arithmetic is written inside I(), as in I(2 * x)",
                node.at,
            )
        self.intercept = (node.text == "1") == (sign > 0)

    def expand(self, node: Node) -> TermSet:
        """Return the terms that a node stands for."""
        match node:
            case Name() | Call():
                return _single(atom_of(node))
            case Dot():
                return self._all_others(node)
            case Sum(items):
                return self._sum(items)
            case Binary("**", base, exponent, at):
                return self._power(base, exponent, at)
            case Binary(operator, left, right):
                return self._join(operator, self.expand(left), self.expand(right), node)
            case Number():
                message = (
                    f"the number {node.text} is not allowed here: intercept (1, 0, -1) stands alone in the outermost sum, "
                    "and arithmetic is written inside I(), as in I(2 * x)"
                )
                raise Refusal(message, node.at)
        raise Refusal(f"{render(node)} is no term: a term is a column or a function of columns", node.at)

    def _all_others(self, dot: Dot) -> TermSet:
        if self._others is not None and not self._others:
            raise Refusal("'.' stands for all other columns, and there are none", dot.at)
        atoms = (ColumnAtom.of(Name(name, dot.at)) for name in self._others or ())
        return {frozenset([key(atom)]): (atom,) for atom in atoms}

    def _sum(self, items: tuple[tuple[int, Node], ...]) -> TermSet:
        total: TermSet = {}
        for sign, item in items:
            terms = self.expand(item)
            if sign > 0:
                total.update(_fresh(terms, total))
                _limit(len(total), item)
            else:
                for gone in terms:
                    total.pop(gone, None)
        return total

    def _join(self, operator: str, left: TermSet, right: TermSet, node: Binary) -> TermSet:
        if operator == ":":
            return _product(left, right, node.at)
        if operator == "*":
            joined = left | _fresh(right, left)
        else:  # a / b: b within the combinations of a
            joined = left
            everything: Term = tuple({key(atom): atom for term in left.values() for atom in term}.values())
            left = {frozenset(map(key, everything)): everything}
        return joined | _fresh(_product(left, right, node.at), joined)

    def _power(self, base: Node, exponent: Node, at: int) -> TermSet:
        if not isinstance(exponent, Number) or not exponent.text.isdigit() or not 1 <= exponent.value <= MAX_DEGREE:
            raise Refusal(f"the exponent of crossed terms is a whole number from 1 to {MAX_DEGREE}", exponent.at)
        if isinstance(base, Name | Call):
            text = render(base)
            raise Refusal(
                f"'^' crosses terms, and crossing {text} with itself gives {text} again: "
                f"for a power of its values write I({text} ** {exponent.text})",
                at,
            )
        terms = self.expand(base)
        result = terms
        for _ in range(int(exponent.text) - 1):
            result = _product(result, terms, at)
        return result


def _single(atom: Atom) -> TermSet:
    return {frozenset([key(atom)]): (atom,)}


def _fresh(terms: TermSet, known: TermSet) -> TermSet:
    """Return the terms not yet known: a term keeps the wording of its first mention."""
    return {name: term for name, term in terms.items() if name not in known}


def _product(left: TermSet, right: TermSet, at: int) -> TermSet:
    """Cross every term with every other; an atom times itself is itself."""
    if len(left) * len(right) > _MAX_PRODUCTS:
        message = f"crossing {len(left)} with {len(right)} terms makes more than {_MAX_PRODUCTS} products"
        raise Refusal(message, at, ResourceError)
    result: TermSet = {}
    for name, term in left.items():
        for other, factors in right.items():
            both = name | other
            if len(both) > MAX_DEGREE:
                raise Refusal(f"a term of {len(both)} factors; at most {MAX_DEGREE} are allowed", at, ResourceError)
            if both not in result:
                result[both] = (*term, *(atom for atom in factors if key(atom) not in name))
    if len(result) > MAX_TERMS:
        raise Refusal(f"crossing makes {len(result)} terms; at most {MAX_TERMS} are allowed", at, ResourceError)
    return result


def _limit(count: int, node: Node) -> None:
    if count > MAX_TERMS:
        raise Refusal(f"the formula has more than {MAX_TERMS} terms", node.at, ResourceError)
