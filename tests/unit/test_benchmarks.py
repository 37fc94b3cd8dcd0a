"""The benchmark command: what would make a long run useless is said before it."""

from __future__ import annotations

import sys

import pytest

from benchmarks import __main__ as command
from benchmarks import linear

SECTION = "<!-- linear: begin -->\nold\n<!-- linear: end -->"


def run(monkeypatch, out):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "linear", "--out", str(out)])
    command.main()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is no file"),
        ("# Other\n", "has no section 'linear'"),
        ("\n".join(reversed(SECTION.split("\n"))), "has no sec"),
    ],
)
def test_a_file_that_cannot_take_the_result_is_refused_before_the_run(tmp_path, monkeypatch, content, message):
    monkeypatch.setattr(linear, "run", lambda **_: pytest.fail("it ran"))
    out = tmp_path / "out.md"
    if content is not None:
        out.write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit, match=rf"out\.md {message}"):
        run(monkeypatch, out)


def test_the_section_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(linear, "run", lambda **_: "new")
    out = tmp_path / "out.md"
    out.write_text(f"a\n{SECTION}\nb\n", encoding="utf-8")
    run(monkeypatch, out)
    assert out.read_text(encoding="utf-8") == f"a\n{SECTION.replace('old', 'new')}\nb\n"
