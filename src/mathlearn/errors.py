"""Every error and warning raised on purpose, for ``except`` clauses and warning filters."""

from __future__ import annotations

from mathlearn._errors import *  # noqa: F403 - all that it lists, under the public name
from mathlearn._errors import __all__ as __all__  # noqa: PLC0414 - the same list
