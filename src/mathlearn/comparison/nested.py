"""Tests between neighbours in a comparison, of F or of deviances, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from mathlearn._errors import SchemaError
from mathlearn.statistics.cells import number, p_statement
from mathlearn.statistics.deviance import LR, DevianceTest, deviance_test
from mathlearn.statistics.functional import dispersion_known
from mathlearn.statistics.law import same_family
from mathlearn.statistics.nested import NestedTest, f_test, offsets_differ

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn.results.fit_result import FitResult

__all__ = ["PairTest", "neighbours"]

NAMED = 3


@dataclass(frozen=True, slots=True)
class PairTest:
    """Two neighbouring models, tested against each other if one is nested in the other.

    Attributes
    ----------
    restricted, full : str
        Names of the smaller and of the larger model.
    test : NestedTest, DevianceTest or None
    reason : str
        Why there is no test; empty when there is one.
    name : str
        What the test is, or would be, called.
    """

    restricted: str
    full: str
    test: NestedTest | DevianceTest | None
    reason: str
    name: str

    def sentences(self) -> Iterator[str]:
        """Say what the test found, one sentence a response, or why there is none."""
        pair = f"{self.full} against {self.restricted}"
        if self.test is None:
            yield f"{pair}: no test, {self.reason}"
            return
        several = len(self.test.responses) > 1
        found = zip(self.test.responses, self.test.statistic.tolist(), self.test.p_value.tolist(), strict=True)
        for response, f, p in found:
            of = f" ({response})" if several else ""
            yield f"{pair}{of}: {self.test.law} = {number(f)}, {p_statement(p)}"


def neighbours(names: Sequence[str], results: Sequence[FitResult]) -> tuple[PairTest, ...]:
    """Test each model against the one before it; the one with fewer parameters is the restricted one."""
    models = list(zip(names, results, strict=True))
    return tuple(_pair(*sorted(pair, key=lambda model: -model[1].df_resid)) for pair in pairwise(models))


def _pair(smaller: tuple[str, FitResult], larger: tuple[str, FitResult]) -> PairTest:
    (restricted, a), (full, b) = smaller, larger
    test, reason = _test(a, b, full)
    return PairTest(restricted, full, test, reason, LR if dispersion_known(b) else NestedTest.name)


def _test(a: FitResult, b: FitResult, full: str) -> tuple[NestedTest | DevianceTest | None, str]:
    least_squares = a.likelihood is None and b.likelihood is None
    differ = "they are of different responses" if a.responses != b.responses else None
    differ = differ or (offsets_differ(a, b) if least_squares else _laws_differ(a, b)) or _not_nested(a, b, full)
    if differ is not None:
        return None, differ
    try:
        return (f_test(a, b) if least_squares else deviance_test(a, b)), ""
    except SchemaError as error:
        return None, str(error)


def _laws_differ(a: FitResult, b: FitResult) -> str | None:
    """Say that two fits are by different laws, so that neither contains the other."""
    first, second = a.likelihood, b.likelihood
    if first is None or second is None:
        return "one is by least squares, the other by a likelihood: no test compares their deviances"
    same = same_family(first, second) and first.link == second.link
    return None if same else "they are by different laws or links: no test compares their deviances"


def _not_nested(a: FitResult, b: FitResult, full: str) -> str | None:
    """Say why, by the names of its terms, the first model is not contained in the second."""
    if (a.terms, a.fit_intercept) == (b.terms, b.fit_intercept):
        return "they have the same terms"
    if a.n == b.n and a.df_resid == b.df_resid:
        return f"both have {a.rank + a.fit_intercept} parameters: neither contains the other"
    spanned = {*b.terms, *(alias.term for alias in a.aliases)}  # a dependent column adds nothing to the others
    extra = [term for term in a.terms if term not in spanned]
    if not extra or a.n != b.n:
        return None
    named = ", ".join(extra[:NAMED]) + (", ..." if len(extra) > NAMED else "")
    tested = "f_test" if a.likelihood is None else "deviance_test"
    return f"not nested by their terms: {full} lacks {named}. If its columns span them, mathlearn.statistics.{tested} tests it"
