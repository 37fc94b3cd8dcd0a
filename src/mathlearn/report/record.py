"""`Page`: what is said on the page, in order, before it is typeset. Names in it are the user's own, not escaped yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mathlearn.results.certificate import Certificate
    from mathlearn.statistics.cells import Cells
    from mathlearn.statistics.summary import Summary

__all__ = ["Figure", "Item", "Line", "Page", "Table"]

Line = tuple[str, str]
"""A label and a sentence."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture.

    Attributes
    ----------
    title : str
    svg : str
        One ``<svg>`` element with its own headlines and captions, safe as it is.
    """

    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class Item:
    """A finding of the diagnosis.

    Attributes
    ----------
    heading, severity : str
    tone : {"serious", "look", "not-checked", "fine"}
        The class that colours it; the severity says the same in words.
    lines : tuple of Line
    """

    heading: str
    severity: str
    tone: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a sentence on how to read it.

    Attributes
    ----------
    title, lead : str
    cells : Cells
    """

    title: str
    lead: str
    cells: Cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything on the page.

    Attributes
    ----------
    title : str
    version : str
        Of mathlearn.
    summary : Summary
    certificate : Certificate
    evidence : str
        Where the evidence comes from, in words.
    equation : str
        HTML with MathML, safe as it is.
    ratios, iterations : Table or None
        Of a fit by likelihood.
    figures : tuple of Figure
    findings : tuple of Item
        Worst first; none where no rows were given.
    reading : str
        How to read the findings.
    derivation : str
        HTML with MathML, safe as it is.
    reproduce : tuple of Line
    script : tuple of str
        Lines of Python that make the fit again.
    absent : tuple of Line
        Sections that there are not, and why.
    """

    title: str
    version: str
    summary: Summary
    certificate: Certificate
    evidence: str
    equation: str
    ratios: Table | None
    iterations: Table | None
    figures: tuple[Figure, ...]
    findings: tuple[Item, ...]
    reading: str
    derivation: str
    reproduce: tuple[Line, ...]
    script: tuple[str, ...]
    absent: tuple[Line, ...]
