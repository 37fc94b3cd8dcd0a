"""One line of the coefficient table, and what can be checked of it: shared by fits of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import StepCheck
from mathlearn.explain.evidence import agree, tail_check
from mathlearn.explain.numbers import num, p_latex, span
from mathlearn.explain.topics._words import display
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.tails import t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting

__all__ = ["Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the coefficient table.

    Attributes
    ----------
    name : str
    slot : int
        Index of the column of X; -1 for the intercept.
    estimate, se, statistic, p, low, high, df : float
    level : float
        Of the interval.
    letter : str
        "z" or "t".
    largest : bool
        Whether it is the slope with the largest statistic.
    recorded : float
        The estimate, from the record itself.
    constant : bool
        Whether it is an intercept.
    vector : str
        LaTeX of all estimates.
    """

    name: str
    slot: int
    estimate: float
    se: float
    statistic: float
    p: float
    low: float
    high: float
    df: float
    level: float
    letter: str
    largest: bool
    recorded: float
    constant: bool
    vector: str

    @classmethod
    def of(cls, setting: Setting) -> Line:
        """Read the line of the parameter that is worked in full."""
        table, term = setting.table, setting.term
        assert term is not None
        at, slot = (setting.response, term), term - setting.centred
        constant, slopes = bool(setting.constants[term]), np.abs(table.statistic[setting.response][~setting.constants])
        statistic, se = float(table.statistic[at]), float(table.std_error[at])
        return cls(
            name=table.names[term],
            slot=slot,
            estimate=float(table.estimate[at]),
            se=se,
            statistic=statistic,
            p=float(table.p_value[at]),
            low=float(table.conf_low[at]),
            high=float(table.conf_high[at]),
            df=table.df,
            level=setting.level,
            letter=table.letter,
            largest=bool(not constant and se > 0 and abs(statistic) >= np.nanmax(slopes)),
            recorded=setting.intercept if slot < 0 else float(setting.beta[slot]),
            constant=constant,
            vector=rf"\hat{setting.parameters}",
        )

    @property
    def j(self) -> str:
        """Its index in formulas: the intercept is 0."""
        return str(self.slot + 1)

    @property
    def beta(self) -> str:
        """LaTeX of the estimate."""
        return rf"{self.vector}_{{{self.j}}}"

    @property
    def variable(self) -> str:
        """LaTeX of a variable with the reference distribution: Z or T."""
        return self.letter.upper()

    @property
    def quantile(self) -> float:
        """What such a variable exceeds in size with probability one minus the level."""
        return float(t_quantile(self.level, self.df))

    def why(self, setting: Setting) -> str:
        """Say why this line is worked."""
        if self.largest:
            return f"It is the slope with the largest $|{self.letter}|$. Any other can be asked for by its name."
        return "Any other can be asked for by its name." if setting.p else "It is the only parameter."

    def test(self) -> Iterator[Block]:
        """Show the statistic and the p-value."""
        letter, size = self.letter, num(abs(self.statistic), 4)
        ratio = rf"\frac{{{self.beta}}}{{\operatorname{{SE}}({self.beta})}}"
        worked = rf"\frac{{{num(self.estimate)}}}{{{num(self.se, 4)}}} = {num(self.statistic, 4)}"
        yield display(rf"{letter}_{{{self.j}}} = {ratio} = {worked}")
        area = rf"2 \int_{{{size}}}^{{\infty}} f(u)\, \operatorname{{d}}\!u"
        yield display(rf"p = \Pr(|{self.variable}| \ge {size}) = {area} {p_latex(self.p)}")

    def interval(self) -> Iterator[Block]:
        """Show the interval."""
        worked = rf"{num(self.estimate)} \pm {num(self.quantile)} \times {num(self.se, 4)}"
        yield display(rf"{self.beta} \pm {self.letter}^{{*}}\, \operatorname{{SE}} = {worked}")
        yield display(span(self.low, self.high))

    def test_checks(self, df: float) -> Iterator[StepCheck]:
        """Check statistic and p-value, with degrees of freedom that were counted again."""
        says = "the statistic times the standard error gives the estimate back"
        yield agree(says, self.statistic * self.se, self.estimate, 4 * ROUNDOFF)
        area = "the p-value, as the area under the density by numerical integration, relative"
        yield tail_check(area, self.statistic, df, self.p)

    def interval_checks(self, df: float) -> Iterator[StepCheck]:
        """Check the interval, with degrees of freedom that were counted again."""
        ends = abs(self.low) + abs(self.high)
        half = max(self.se * self.quantile, TINY)  # next to nothing at the lowest levels
        width = abs((self.high - self.low) / 2 - self.se * self.quantile) / half
        middle = abs((self.low + self.high) / 2 - self.estimate) / max(ends, TINY)
        bound = 4 * ROUNDOFF * (1 + ends / (2 * half))
        beyond = "the probability beyond the quantile, by numerical integration, relative"
        yield tail_check(beyond, self.quantile, df, 1.0 - self.level)
        yield StepCheck(max(width, middle), bound, "middle and half width of the interval in the table, relative")
