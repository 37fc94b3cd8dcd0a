"""The command line: ``mathlearn fit | predict | check | summary | explain | diagnose | report | compare | demo``."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main", "run"]

_INTERRUPTED = 130


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
        return _INTERRUPTED
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def run() -> NoReturn:
    """Run the command line as the process that it is, and end it."""
    from mathlearn.cli.plain import write_what_can_be_written

    write_what_can_be_written()
    # So that what a queue of jobs ends leaves nothing, either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    status = main()
    if status == _INTERRUPTED:
        # Readers may still be at work in threads of their own, which an orderly exit would abort on.
        sys.stderr.write("mathlearn: interrupted\n")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
