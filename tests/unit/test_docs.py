"""The documentation is true: its code runs, its outputs are what is printed, its links and paths lead somewhere."""

import dataclasses
import difflib
import doctest
import os
import re
import subprocess
import sys

import doc_pages
import pytest
from doc_pages import PAGES, ROOT

import mathlearn
from benchmarks import accuracy
from mathlearn import comparison, datasets, errors, linear_model, persistence, plot, statistics

README = (ROOT / "README.md").read_text(encoding="utf-8")
MARKDOWN = (*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PUBLIC = [
    (room.__name__, name)
    for room in (mathlearn, comparison, datasets, linear_model, persistence, plot, statistics)
    for name in room.__all__
    if callable(getattr(room, name))
]


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_shows_what_its_code_prints(page, tmp_path):
    shown = page.read_text(encoding="utf-8")
    printed = doc_pages.rerun(shown, tmp_path)
    difference = "\n".join(
        difflib.unified_diff(shown.splitlines(), printed.splitlines(), "shown", "printed", lineterm="")
    )
    assert doc_pages.same(shown, printed), difference


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [
        ("R² = 0.84", "R² = 0.84", True),
        ("R² = 0.84", "R² = 0.85", False),
        ("  [ok]   curvature  2.2e-16 <= 1.1e-13", "  [ok]   curvature 0 <= 1.2e-13", True),
        ("  [ok]   curvature  2.2e-16 <= 1.1e-13", "  [FAIL] curvature  2.2e-16 > 1.1e-13", False),
        ("coefficient -1.68e-16", "coefficient 2.4e-16", True),
        ("p = 2.300189e-30", "p = 2.300188e-30", False),
        ("certified", "not certified", False),
        ("3336.200649994151", "3336.2006499941513", True),
        ("3336.200649994151", "3336.200648994151", False),
        ("  ✓ gradient: 2.2e-16, at most 4e-14", "  ✓ gradient: 0, at most 3e-14", True),
        ("  ✓ gradient: 2.2e-16, at most 4e-14", "  ✗ gradient: 2.2e-12, at most 4e-14", False),
        ("  it: 2.2e-16, at most 4e-14", "  it: 0, at most 3e-14", True),
        ("δ = √(gᵀ H⁻¹ g) = 9.66 × 10⁻¹⁴", "δ = √(gᵀ H⁻¹ g) = 8.9 × 10⁻¹⁴", True),
        ("δ = √(gᵀ H⁻¹ g) = 9.66 × 10⁻⁴", "δ = √(gᵀ H⁻¹ g) = 8.9 × 10⁻⁴", False),
        ("δ = √(gᵀ H⁻¹ g) = 9.66 × 10⁻¹⁴", "δ = √(gᵀ H⁻¹ g) = 8.9 × 10¹⁴", False),
    ],
)
def test_outputs_agree_up_to_rounding_only(shown, printed, agree):
    assert doc_pages.same(shown, printed) is agree


def test_a_page_that_shows_another_output_is_found(tmp_path):
    page = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    assert doc_pages.rerun(page, tmp_path) == page.replace("3", "2")


def test_a_page_that_hides_its_output_is_found(tmp_path):
    with pytest.raises(AssertionError, match="shows no output"):
        doc_pages.rerun("```python\nprint(1)\n```\n", tmp_path)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (
            "mathlearn fit t.csv --formula 'a ~ C(b, ref=\"x\") * c' -o s.txt",
            ["fit", "t.csv", "--formula", 'a ~ C(b, ref="x") * c', "-o", "s.txt"],
        ),
        ("mathlearn fit t.csv \\\n    --target y", ["fit", "t.csv", "--target", "y"]),
        ("mathlearn predict m.safetensors t.csv | head -n 2", None),
        ("mathlearn predict m.safetensors *.csv", None),
        ("mathlearn check m.safetensors t.csv -o e.json; echo $?", None),
        ("mathlearn fit t.csv 2> /dev/null", None),
        ("echo mathlearn", None),
    ],
)
def test_only_commands_that_need_no_shell_are_run_without_one(command, arguments):
    assert doc_pages.own_arguments(command) == arguments


def test_a_command_without_a_shell_is_that_with_one(tmp_path):
    """The same words on either stream, the same exit status."""
    here, there = (doc_pages.Session(tmp_path) for _ in range(2))
    for command in ("mathlearn check no.safetensors", "mathlearn --help", "mathlearn fit"):
        assert here.command(command) == there.command(f"{command};")
        assert here.status == there.status


@pytest.mark.parametrize(("room", "name"), PUBLIC)
def test_what_is_public_shows_an_example_with_its_output(room, name):
    shown = getattr(sys.modules[room], name)
    examples = doctest.DocTestParser().get_examples(shown.__doc__)
    assert any(example.want for example in examples), f"{room}.{name}"


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_an_example_runs(example, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "certified" in done.stdout
    if example.name == "first_fit.py":
        assert doc_pages.same(doc_pages.blocks(README)[2].text, done.stdout)
        assert (tmp_path / "line.png").read_bytes().startswith(b"\x89PNG")


def test_the_first_example_is_the_script_of_the_readme():
    block = next(block for block in doc_pages.blocks(README) if block.language == "python")
    assert (ROOT / "examples" / "first_fit.py").read_text(encoding="utf-8") == block.text


@pytest.mark.parametrize("page", MARKDOWN, ids=name_of)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_paths_of_the_contributors_guide_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w[\w.-]*/)+[\w.-]*)`", text)
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_error_warning_and_setting_is_on_its_page():
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    settings = [field.name for field in dataclasses.fields(mathlearn.get_config())]
    assert [name for name in (*errors.__all__, *settings) if f"`{name}`" not in page] == []


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    assert [str(page) for page in pages if f"({page})" not in index and page.name != "README.md"] == []


def test_the_make_targets_of_the_readme_exist():
    targets = set(re.findall(r"^make (\w+)", README, re.MULTILINE))
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets == {"demo", "test"}
    assert all(re.search(rf"^{target}:", rules, re.MULTILINE) for target in targets)


def test_the_digits_shown_are_reached():
    page = (ROOT / "docs" / "explanation" / "numerical-accuracy.md").read_text(encoding="utf-8")
    shown = {
        name: (float(b), float(se))
        for name, b, se in re.findall(r"^\| (.+?) \| ([\d.]+) / ([\d.]+) \|", page, re.MULTILINE)
    }
    reached = {
        entry.name: entry.mathlearn
        for entry in [*accuracy.nist(statsmodels=False), *accuracy.raw_units(statsmodels=False)]
    }
    assert shown.keys() == reached.keys()
    for name, digits in shown.items():
        # A rounding more or less, on another processor, may cost the last of 15 digits a part.
        assert reached[name] >= tuple(shown_digits - 0.3 for shown_digits in digits), name
