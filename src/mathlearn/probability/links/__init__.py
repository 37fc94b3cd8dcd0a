"""Links, one file each; a file's `LINKS` are registered by being there.

To add one: a module here with ``LINKS = (Link(...),)``. The laws of tests/laws/test_links.py find it by themselves.
"""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from mathlearn.probability.link import Link

__all__ = ["LINKS", "link_named"]

LINKS: dict[str, Link] = {
    link.name: link
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__))
    for link in getattr(import_module(f"{__name__}.{module}"), "LINKS", ())
}


def link_named(name: str) -> Link:
    r"""Look up a link.

    Raises
    ------
    DomainError
        There is none of that name.

    Examples
    --------
    >>> link_named("cloglog").mean_latex
    '1-e^{-e^{\\eta}}'
    """
    if name in LINKS:
        return LINKS[name]
    near = get_close_matches(str(name).lower(), LINKS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise DomainError(f"link is {name!r}: it must be one of {', '.join(map(repr, LINKS))}.{hint}")
