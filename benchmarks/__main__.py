"""``python -m benchmarks linear|glm|show|scale [--quick] [--out benchmarks/README.md]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import glm, linear, scale, show
from benchmarks.table import read_section, write_section

SUITES = {"linear": linear, "glm": glm, "show": show, "scale": scale}


def main() -> None:
    """Run one suite and print its tables, or write them into a file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=list(SUITES))
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that everything runs, proves nothing")
    parser.add_argument("--out", type=Path, help="Markdown file whose section of this suite is replaced")
    arguments = parser.parse_args()
    if arguments.out is not None:
        read_section(arguments.out, arguments.suite)  # before the long run, for the file to be right after it
    text = SUITES[arguments.suite].run(quick=arguments.quick)
    if arguments.out is None:
        print(text)
    else:
        write_section(arguments.out, arguments.suite, text)


if __name__ == "__main__":
    main()
