"""Families, one file each; a file's `FAMILIES` are registered by being there.

To add one: a module here with ``FAMILIES = (Maker(name, make),)``. The laws of tests/laws/test_families.py find it by themselves: they
differentiate its formula, check its kernels, density and deviance, and need no list.
"""

from __future__ import annotations

import inspect
import pkgutil
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from mathlearn.probability.family import Family, Maker

__all__ = ["FAMILIES", "family_named"]

FAMILIES: dict[str, Maker] = {
    maker.name: maker
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__))
    for maker in getattr(import_module(f"{__name__}.{module}"), "FAMILIES", ())
}


def family_named(name: str, **parameters: float) -> Family:
    r"""Make a family.

    Parameters
    ----------
    name : str
        One of `FAMILIES`.
    **parameters : float
        ``theta`` of "negative_binomial", ``power`` of "tweedie".

    Raises
    ------
    DomainError
        There is none of that name; a parameter is missing, unknown or outside its domain.

    Examples
    --------
    >>> family_named("tweedie", power=1.5).variance_latex
    '\\mu^{\\xi}'
    """
    if name not in FAMILIES:
        near = get_close_matches(str(name).lower(), FAMILIES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DomainError(f"family is {name!r}: it must be one of {', '.join(map(repr, FAMILIES))}.{hint}")
    make = FAMILIES[name].make
    wanted = inspect.signature(make).parameters
    if set(parameters) != set(wanted):
        needs = ", ".join(wanted) or "no parameters"
        raise DomainError(f"family {name!r} takes {needs}; got {', '.join(sorted(parameters)) or 'none'}")
    return make(**parameters)
