"""The command line: ``mathlearn fit | predict | check | summary | demo``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0: done, and the fit is certified; 1: an error; 2: wrong usage; 3: done, but the certificate is not ok; 130: interrupted.
    """
    try:
        from mathlearn.cli.app import app

        app(args=None if arguments is None else list(arguments), prog_name="mathlearn")
    except ImportError as error:
        # Typer itself is optional; what the commands cannot import is reported by them.
        sys.stderr.write(f"mathlearn: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0
