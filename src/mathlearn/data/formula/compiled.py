"""`Formula`: a formula that fits a schema, ready to learn what the rows have to tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from mathlearn._errors import ResourceError, SchemaError
from mathlearn.data.formula._refusal import Refusal, pointing
from mathlearn.data.formula.algebra import Structure, responses, structure
from mathlearn.data.formula.atoms import ColumnAtom, LabelAtom, key
from mathlearn.data.formula.coding import code
from mathlearn.data.formula.encoding import Encoding, term_names, width
from mathlearn.data.formula.events import EventAtom
from mathlearn.data.formula.factors import ColumnFactor
from mathlearn.data.formula.grammar import parse
from mathlearn.data.formula.tokenise import tokenise
from mathlearn.data.formula.tree import Binary, Call, Name, Text, render
from mathlearn.data.formula.view import View
from mathlearn.data.schema import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from mathlearn.data.batch import Batch
    from mathlearn.data.formula.atoms import Atom
    from mathlearn.data.formula.factors import Factor
    from mathlearn.data.formula.learners import Learner
    from mathlearn.data.schema import Schema

MAX_COLUMNS = 100_000
"""Most columns of X."""


def validate(text: str) -> None:
    """Refuse a formula that is not allowed, whatever the data.

    Raises
    ------
    SchemaError
        It is not in the grammar; the message shows the place.
    DomainError
        An exponent, degree or bound is out of range.
    ResourceError
        It is too long, too deep or expands to too many terms.

    Examples
    --------
    >>> validate("log(price) ~ area * C(city, ref='Oslo')")
    >>> validate("price ~ area^2")
    Traceback (most recent call last):
        ...
    mathlearn._errors.SchemaError: '^' crosses terms, and crossing area with itself gives area again: ...
        price ~ area^2
                    ^
    """
    with pointing(text):
        structure(parse(text), None)


def with_response(text: str, column: str) -> str:
    """Return the formula with a column beside its response: the trials of proportions.

    Raises
    ------
    SchemaError
        The left side is not one response.

    Examples
    --------
    >>> with_response("share ~ dose + C(sex)", "group size")
    'cbind(share, `group size`) ~ dose + C(sex)'
    """
    with pointing(text):
        response = parse(text).response
        if response is None:
            raise Refusal("trials= goes with the proportions on the left side, and there is none: pass y= too", 0)
        if isinstance(response, Call) and response.function == "cbind":
            raise Refusal("trials= goes with one column of proportions: leave it out, or write that column here", 0)
    tilde = next(token.at for token in tokenise(text) if token.kind == "operator" and token.text == "~")
    return f"{render(Call('cbind', (response, Name(column))))} {text[tilde:]}"


def reference_of(text: str) -> str | None:
    """Return the label that ``C(y, ref="a") ~ x`` compares the others with, as it is written; None where none is named."""
    with pointing(text):
        response = parse(text).response
        named = responses(response) if isinstance(response, Call) and response.function == "C" else ()
    return next((atom.reference for atom in named if isinstance(atom, LabelAtom)), None)


def compile_formula(text: str, schema: Schema, *, roles: Container[str] = (), labels: bool = False) -> Formula:
    """Resolve a formula against the columns of a source.

    Parameters
    ----------
    text : str
    schema : Schema
        What names may stand for.
    roles : container of str
        Columns that ``.`` leaves out, such as those of weights and groups.
    labels : bool
        Whether the response is a column of class labels, of any kind.

    Raises
    ------
    SchemaError
        It is not in the grammar, names an unknown column, or uses one of the wrong kind; the message shows the place.
    DomainError, ResourceError
        As `validate`.
    """
    with pointing(text):
        sides = parse(text)
        left = set(chain.from_iterable(atom.columns for atom in responses(sides.response)))
        others = tuple(name for name in schema.names if name not in left and name not in roles)
        found = structure(sides, others)
        _check(found, schema, labels=labels)
    return Formula(text, schema, found, labels)


def _check(found: Structure, schema: Schema, *, labels: bool) -> None:
    for atom in _distinct(chain(found.responses, found.offsets, *found.terms)):
        atom.check(schema)
    if labels:
        _check_labels(found)
        return
    for atom in found.responses:
        if atom.categorical(schema) or isinstance(atom, LabelAtom):
            event = render(Binary("==", Name(atom.columns[0]), Text("...")))
            raise Refusal(
                f"the response {atom.text!r} is categorical, and has to be numeric: name the event ({event} ~ ..., which is 1 where it "
                "holds), convert it to numbers, or fit a classifier (LogisticRegression)",
                atom.at,
            )


def _check_labels(found: Structure) -> None:
    for atom in found.responses:
        if len(found.responses) > 1 or not isinstance(atom, ColumnAtom | LabelAtom | EventAtom):
            counts = (
                "; counts of successes and failures go with GeneralizedLinearRegressor(family='binomial'), on the command line with "
                "--model glm --family binomial"
                if len(found.responses) > 1
                else ""
            )
            raise Refusal(
                f"the response of a classifier is one column of labels by itself, or an event{counts}", atom.at
            )


def _distinct(atoms: Iterable[Atom]) -> tuple[Atom, ...]:
    return tuple({key(atom): atom for atom in atoms}.values())


def _columns(atoms: Iterable[Atom]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(atom.columns for atom in atoms)))


Learners = tuple["Learner", ...]


def together(left: Learners, right: Learners) -> Learners:
    """Put together what was learned of rows, and of those that follow them."""
    return tuple(one.merge(other) for one, other in zip(left, right, strict=True))


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula resolved against a schema; `learn` makes the encoding.

    Attributes
    ----------
    text : str
    schema : Schema
    structure : Structure
    labels : bool
        Whether the response is a column of labels, which is named here and coded elsewhere.
    """

    text: str
    schema: Schema = field(repr=False)
    structure: Structure = field(repr=False)
    labels: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column used, those of the response last: what `learn` has to be given."""
        return tuple(dict.fromkeys((*self.predictor_columns, *self.response_columns)))

    @property
    def predictor_columns(self) -> tuple[str, ...]:
        """Columns that terms and offsets use."""
        return _columns(chain(*self.structure.terms, self.structure.offsets))

    @property
    def response_columns(self) -> tuple[str, ...]:
        """Columns that the responses use."""
        return _columns(self.structure.responses)

    @property
    def has_response(self) -> bool:
        """Whether the formula has a left side."""
        return bool(self.structure.responses)

    @property
    def fit_intercept(self) -> bool:
        """Whether the model has an intercept."""
        return self.structure.fit_intercept

    @property
    def _atoms(self) -> tuple[Atom, ...]:
        return _distinct(chain(*self.structure.terms))

    def learn(self, batches: Callable[[], Iterator[Batch]], *, in_memory: bool) -> Encoding:
        """Learn levels, polynomials and knots in at most one pass over the rows that have every value.

        Parameters
        ----------
        batches : callable
            Starts a pass; called once if there are levels, ``poly()`` or ``bs()`` to learn, else never. Batches hold at least
            `columns`.
        in_memory : bool
            Whether ``bs()`` may collect a column to place knots by its quantiles.

        Raises
        ------
        SchemaError
            A category with fewer than two levels, a reference level that does not occur, two terms of one name.
        DomainError
            A function is not defined for a value, or there are too few distinct values for ``poly()``.
        ResourceError
            Too many levels or columns.
        """
        learners = self.learners(in_memory=in_memory)
        return self.learned(self.shown(learners, batches()) if self.needs_rows(learners) else learners)

    def learners(self, *, in_memory: bool) -> Learners:
        """Return what learns, before it has seen a row."""
        return tuple(atom.learner(self.schema, in_memory=in_memory) for atom in self._atoms)

    @staticmethod
    def needs_rows(learners: Learners) -> bool:
        """Whether there is something to learn."""
        return any(learner.needs_rows for learner in learners)

    def shown(self, learners: Learners, batches: Iterable[Batch]) -> Learners:
        """Show rows to the learners, which hold at least `columns`, and return them."""
        for batch in batches:
            view = View(batch, self.columns)
            for learner in learners:
                learner.see(view)
        return learners

    def learned(self, learners: Learners) -> Encoding:
        """Make the encoding of what was seen."""
        return self._encoding(self._atoms, tuple(learner.learned() for learner in learners))

    def _encoding(self, atoms: tuple[Atom, ...], factors: tuple[Factor, ...]) -> Encoding:
        index = {key(atom): k for k, atom in enumerate(atoms)}
        terms = [tuple(index[key(atom)] for atom in term) for term in self.structure.terms]
        products = code(terms, [atom.categorical(self.schema) for atom in atoms], fit_intercept=self.fit_intercept)
        columns = width(factors, products)
        if columns > MAX_COLUMNS:
            raise ResourceError(
                f"the formula makes {columns} columns; at most {MAX_COLUMNS} are allowed. "
                "Leave out interactions of categories with many levels."
            )
        names = term_names(factors, products)
        _refuse_twice(names)
        return Encoding(
            text=self.text,
            fit_intercept=self.fit_intercept,
            terms=names,
            responses=tuple(atom.text for atom in self.structure.responses),
            columns=self.predictor_columns,
            response_columns=self.response_columns,
            factors=factors,
            products=products,
            response_factors=self._response_factors(),
            offsets=self._fixed(self.structure.offsets),
        )

    def _response_factors(self) -> tuple[Factor, ...]:
        if self.labels and all(isinstance(atom, ColumnAtom) for atom in self.structure.responses):
            return tuple(ColumnFactor(atom.text) for atom in self.structure.responses)
        return self._fixed(self.structure.responses)

    def _fixed(self, atoms: Sequence[Atom]) -> tuple[Factor, ...]:
        return tuple(atom.learner(self.schema, in_memory=True).learned() for atom in atoms)


def _refuse_twice(names: tuple[str, ...]) -> None:
    seen: set[str] = set()
    twice = [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
    if twice:
        raise SchemaError(
            f"the formula makes two columns called {listing(dict.fromkeys(twice))}: rename the column whose name looks "
            "like another term."
        )
