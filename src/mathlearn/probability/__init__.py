"""Pillar 2: the laws of chance. Families of distributions and links, each declared once in a file of its own.

`FAMILIES` and `LINKS` are what the folders hold; `family_named` and `link_named` look one up.
"""

from mathlearn.probability.families import FAMILIES, family_named
from mathlearn.probability.family import Domain, Family, Formula, Kernels, Maker
from mathlearn.probability.link import Bound, Link, Odds, Span
from mathlearn.probability.links import LINKS, link_named

__all__ = [
    "FAMILIES",
    "LINKS",
    "Bound",
    "Domain",
    "Family",
    "Formula",
    "Kernels",
    "Link",
    "Maker",
    "Odds",
    "Span",
    "family_named",
    "link_named",
]
