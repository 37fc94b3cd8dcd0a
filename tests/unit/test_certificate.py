"""The certificate as a record and as text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mathlearn.linear_model import LinearRegression
from mathlearn.results.certificate import Certificate, Check
from mathlearn.results.certificate_text import certificate_text, digest

GOOD = Check("residual", 0.25, 4.0, "the gradient, in units of its rounding level")
BAD = Check("relative_error", 0.5, 1e-8, "largest possible error of a coefficient")
UNKNOWN = Check("curvature", math.nan, 1e-9, "the second derivative agrees with the factor")


def certificate(*checks, grade="rows", unique=True, digits=12.9, error_in_se=3.2e-5, supported=2.04, notes=()):
    return Certificate(checks, grade, unique, digits, error_in_se, supported, notes)


def test_the_repr_is_one_line_with_the_verdict():
    assert repr(certificate(GOOD)) == f"<Certificate: certified; {digest(certificate(GOOD))}>"
    failed = repr(certificate(GOOD, BAD, UNKNOWN))
    assert failed.startswith("<Certificate: not certified (relative_error, curvature); solution within")


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (certificate(GOOD), "certified: "),
        (certificate(GOOD, unique=False), "certified, with terms withheld: "),
        (certificate(GOOD, BAD), "NOT CERTIFIED: "),
        (certificate(UNKNOWN, unique=False), "NOT CERTIFIED: "),
    ],
)
def test_the_verdict_comes_first(found, verdict):
    assert str(found).startswith(verdict)
    assert found.verdict == verdict.removesuffix(": ").lower()


def test_each_check_has_its_mark_value_threshold_and_meaning():
    lines = str(certificate(GOOD, BAD, UNKNOWN)).splitlines()
    assert lines[3:6] == [
        "  [ok]   residual        0.25 <= 4      the gradient, in units of its rounding level",
        "  [FAIL] relative_error  0.5  >  1e-08  largest possible error of a coefficient",
        "  [FAIL] curvature       nan  >  1e-09  the second derivative agrees with the factor",
    ]


@pytest.mark.parametrize(("grade", "words"), [("rows", "independent pass over the rows"), ("statistic", "statistic")])
def test_the_grade_is_in_words(grade, words):
    assert words in str(certificate(GOOD, grade=grade)).splitlines()[1]


def test_accuracy_is_rounded_to_the_safe_side():
    assert digest(certificate(GOOD)) == (
        "solution within 4e-05 SE of the optimum; 12 digits certified; the data support 2.0 digits"
    )
    unknown = certificate(GOOD, digits=math.nan, error_in_se=math.nan, supported=math.nan)
    assert digest(unknown) == "no forward error bound is available for this solver"


def test_long_lines_are_broken_and_nothing_acts_on_the_terminal():
    long = Check("residual", 1.0, 2.0, "word \x1b[2J " * 40)
    text = str(certificate(long, notes=("a \x1b]0;note " * 30,)))
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text
    assert text.count(r"\x1b[2J") == 40
    assert max(map(len, certificate_text(certificate(long), width=70).splitlines())) <= 70


def test_a_certificate_without_checks_can_be_printed():
    assert "12 digits" in str(certificate())


def test_a_fit_s_own_certificate_prints_every_check_within_100_columns_in_ascii():
    X = np.arange(20.0).reshape(10, 2) ** 2
    found = LinearRegression().fit(X, np.sin(np.arange(10.0))).certificate_
    text = str(found)
    assert all(f"[ok]   {check.name} " in text for check in found.checks)
    assert max(map(len, text.splitlines())) <= 100
    assert text.isascii()
