"""Nested F tests between neighbours in a comparison, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from mathlearn._errors import SchemaError
from mathlearn.statistics.cells import number, p_statement
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
    test : NestedTest or None
    reason : str
        Why there is no test; empty when there is one.
    """

    restricted: str
    full: str
    test: NestedTest | None
    reason: str

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
            yield f"{pair}{of}: F({self.test.df_num}, {self.test.df_den}) = {number(f)}, {p_statement(p)}"


def neighbours(names: Sequence[str], results: Sequence[FitResult]) -> tuple[PairTest, ...]:
    """Test each model against the one before it; the one with fewer parameters is the restricted one."""
    models = list(zip(names, results, strict=True))
    return tuple(_pair(*sorted(pair, key=lambda model: -model[1].df_resid)) for pair in pairwise(models))


def _pair(smaller: tuple[str, FitResult], larger: tuple[str, FitResult]) -> PairTest:
    (restricted, a), (full, b) = smaller, larger
    test, reason = _test(a, b, full)
    return PairTest(restricted, full, test, reason)


def _test(a: FitResult, b: FitResult, full: str) -> tuple[NestedTest | None, str]:
    differ = "they are of different responses" if a.responses != b.responses else offsets_differ(a, b)
    if differ is not None:
        return None, differ
    if (a.terms, a.fit_intercept) == (b.terms, b.fit_intercept):
        return None, "they have the same terms"
    if a.n == b.n and a.df_resid == b.df_resid:
        return None, f"both have {a.rank + a.fit_intercept} parameters: neither contains the other"
    spanned = {*b.terms, *(alias.term for alias in a.aliases)}  # a dependent column adds nothing to the others
    extra = [term for term in a.terms if term not in spanned]
    if extra and a.n == b.n:
        named = ", ".join(extra[:NAMED]) + (", ..." if len(extra) > NAMED else "")
        return None, (
            f"not nested by their terms: {full} lacks {named}. If its columns span them, mathlearn.statistics.f_test tests it"
        )
    try:
        return f_test(a, b), ""
    except SchemaError as error:
        return None, str(error)
