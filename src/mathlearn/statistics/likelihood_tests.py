"""`TermTests`: tests of the terms of a model, one by one, as a record and a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _text
from mathlearn.statistics.cells import Cells, number, p_value
from mathlearn.statistics.frame import FrameKind, to_frame
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.text_table import text_table

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray

__all__ = ["TermTests", "TestKind"]

TestKind = Literal["lr", "score", "wald"]

_NAMES: dict[TestKind, str] = {"lr": "likelihood ratio", "score": "score", "wald": "Wald"}
_BY: dict[TestKind, str] = {"lr": "differences of deviances", "score": "scores", "wald": "estimates (Wald)"}


@dataclass(frozen=True, slots=True)
class TermTests:
    """Tests that all coefficients of a term are zero, for each of m terms; NaN where withheld.

    Attributes
    ----------
    kind : {"lr", "score", "wald"}
    terms : names of the m terms
    statistic, p_value : (m,)
        Chi-squared where `df_den` is infinite, else F.
    df : (m,) int
        Coefficients of the term that the data determine.
    df_den : float
        Degrees of freedom of the estimated dispersion; infinite where it is known.
    notes : tuple of str
        What the tests take for granted.
    reasons : {term: reason}
    """

    kind: TestKind
    terms: tuple[str, ...]
    statistic: FloatArray
    df: IntArray
    df_den: float
    p_value: FloatArray
    notes: tuple[str, ...]
    reasons: dict[str, str]

    def to_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row a term: ``term, statistic, df, df_den, p_value``."""
        m = len(self.terms)
        columns = {
            "term": list(self.terms),
            "statistic": self.statistic,
            "df": self.df,
            "df_den": [self.df_den] * m,
            "p_value": self.p_value,
        }
        return to_frame(columns, as_, dict(self.reasons), {"kind": self.kind, "notes": self.notes})

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        law = JointLaw(1.0, self.df_den)
        header = ("term", "chi2" if law.chi_squared else "F", "df", "p")
        numbers = zip(self.terms, self.statistic.tolist(), self.df.tolist(), self.p_value.tolist(), strict=True)
        rows = tuple((term, number(x), self._df(df), p_value(p)) for term, x, df, p in numbers)
        title = f"{_NAMES[self.kind]} tests of terms" if law.chi_squared else f"F tests of terms, by {_BY[self.kind]}"
        lines = [title, text_table(Cells(header, rows))]
        lines.extend(_text.terminal(f"{term}: {reason}") for term, reason in self.reasons.items())
        return "\n".join([*lines, *map(_text.terminal, self.notes)])

    def _df(self, df: int) -> str:
        return f"{df}" if JointLaw(float(df), self.df_den).chi_squared else f"{df}, {self.df_den:g}"
