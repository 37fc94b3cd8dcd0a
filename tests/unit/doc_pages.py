"""The pages of the documentation, run: what a page shows as output is what its own code prints.

A page is one session, in a folder of its own. Its ``python`` blocks share their names, as if typed one after the
other; the ``text`` block that follows one holds what it prints. In a ``console`` block, lines that begin with ``$`` are
commands and the others what they print. Blocks in other languages are not run. A page that takes long says in a comment,
``<!-- when tried: 1_000_000 is 2_000 -->``, what is put in the place of a number of its code when it is run here.

``python -m tests.unit.doc_pages`` runs every page and compares; with ``--write`` it puts the outputs into the pages.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any
from unittest import mock

from mathlearn import cli

os.environ.setdefault("MPLBACKEND", "agg")

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_CHECK = re.compile(r"\[(ok|FAIL)\] |^\s*[✓✗] |at most \S+$")  # of a certificate, or of a derivation, wrapped or not
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_POWER = re.compile(rf"(\d+(?:\.\d+)?) × 10⁻([{_RAISED}]+)")
_LOWERED = str.maketrans(_RAISED, "0123456789")
_SMALLER = re.compile(r"^<!-- when tried: ([\d_]+) is ([\d_]+) -->$", re.MULTILINE)
_SHELL = "();<>|&$*?[]`~!#"
_ROUNDING = 1e-9
_FULL = 14  # digits that show a double to its last bits


@dataclass(frozen=True)
class Block:
    """A fenced block and where its text begins and ends in the page."""

    language: str
    text: str
    start: int
    end: int


@dataclass
class Session:
    """What the code of one page has made so far: names, files in `folder`, the last exit status."""

    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    status: int = 0

    def python(self, code: str) -> str:
        """Run a block and return what it prints."""
        out = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # what a fit warns of goes to the terminal, not to the output
            exec(compile(code, "<page>", "exec"), self.names)
        return out.getvalue()

    def console(self, text: str) -> str:
        """Run the commands of a block and return it with what they print now."""
        return "".join(f"$ {command}\n{_trimmed(self.command(command))}" for command in _commands(text))

    def command(self, command: str) -> str:
        """Run a command and return what it prints; ours in this process, where no shell is needed, for that starts at once."""
        arguments = own_arguments(command)
        if arguments is not None:
            self.status, printed = own(arguments, self.folder)
            return printed
        done = subprocess.run(
            ["bash", "-c", f"(exit {self.status}); {command}"],
            cwd=self.folder,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        self.status = done.returncode
        return done.stdout


def own_arguments(command: str) -> list[str] | None:
    """Return the arguments of a ``mathlearn`` command, or None where it is another one or a shell has something to do."""
    words = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=_SHELL)
    words.whitespace_split = True
    found = list(words)
    plain = found[:1] == ["mathlearn"] and not any(set(word) <= set(_SHELL) for word in found if word)
    return found[1:] if plain else None


def own(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Run a ``mathlearn`` command here and return its exit status and what it prints, to whichever stream."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, _environment()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        warnings.catch_warnings(),
    ):
        warnings.resetwarnings()
        status = cli.main(arguments)
    return status, out.buffer.getvalue().decode()


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [Block(found[1], found[2], found.start(2), found.end(2)) for found in _FENCE.finditer(page)]


def rerun(page: str, folder: Path) -> str:
    """Return the page with the outputs that its code prints now."""
    session, pieces, at = Session(folder), [], 0
    found, smaller = blocks(page), _SMALLER.search(page)
    for block, after in zip_longest(found, found[1:]):
        if block.language == "python":
            code = block.text if smaller is None else block.text.replace(*smaller.groups())
            output = _trimmed(session.python(code))
            target = after if after is not None and after.language == "text" else None
            if target is None:
                if output:
                    raise AssertionError(f"a block prints and shows no output:\n{block.text}\n{output}")
                continue
            pieces += [page[at : target.start], output]
            at = target.end
        elif block.language == "console":
            pieces += [page[at : block.start], session.console(block.text)]
            at = block.end
    return "".join([*pieces, page[at:]])


def same(shown: str, printed: str) -> bool:
    """Whether two texts agree, up to spacing and line ends and to numbers that are nothing but rounding.

    Rounding differs from one processor to the next: numbers below 1e-9 with at most three digits, and the values and
    thresholds of checks, are compared in place only; of numbers written with 14 digits or more, 12 are compared.
    """
    return _comparable(shown) == _comparable(printed)


def _comparable(text: str) -> list[str]:
    return "\n".join(map(_without_rounding, text.splitlines())).split()


def _without_rounding(line: str) -> str:
    line = _POWER.sub(lambda found: f"{found[1]}e-{found[2].translate(_LOWERED)}", line)
    if _CHECK.search(line):
        return _NUMBER.sub("#", line)
    return _NUMBER.sub(lambda found: _settled(found[0]), line)


def _settled(number: str) -> str:
    digits = re.sub(r"[eE].*|\D", "", number).lstrip("0")
    if len(digits) <= 3 and 0 < abs(float(number)) < _ROUNDING:
        return "#"
    return f"{float(number):.12g}" if len(digits) >= _FULL else number


def _commands(text: str) -> list[str]:
    """Return the commands of a block, each with the lines that a backslash joins to it."""
    found: list[str] = []
    joined = False
    for line in text.splitlines():
        if joined:
            found[-1] += f"\n{line}"
        elif line.startswith("$ "):
            found.append(line[2:])
        else:
            continue
        joined = line.endswith("\\")
    return found


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MPLBACKEND": "agg",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }


def main() -> int:
    """Run the pages named, or all; report those whose outputs are not what is printed, or write them."""
    parser = argparse.ArgumentParser(prog="python -m tests.unit.doc_pages", description=main.__doc__)
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true", help="put the outputs into the pages")
    arguments = parser.parse_args()
    different = 0
    for path in map(Path.resolve, arguments.pages or PAGES):
        page = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            now = rerun(page, Path(folder))
        if arguments.write and now != page:
            path.write_text(now, encoding="utf-8")
        different += not same(page, now)
        sys.stdout.write(f"{'as shown' if same(page, now) else 'differs '}  {path.relative_to(ROOT)}\n")
    return 0 if arguments.write else int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
