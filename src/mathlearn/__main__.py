"""``python -m mathlearn``: the command line."""

from __future__ import annotations

from mathlearn.cli import run

if __name__ == "__main__":
    run()
