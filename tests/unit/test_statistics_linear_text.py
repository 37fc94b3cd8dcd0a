"""Contrasts written as text."""

import pytest

from mathlearn._errors import SchemaError
from mathlearn.statistics.linear_text import LinearForm, parse_linear

NAMES = [
    "(Intercept)",
    "a",
    "b",
    "ab",
    "species[T.Gentoo]",
    "I(x ** 2)",
    "a:b",
    "log(a)",
    "petal width",
    "p-q",
    "été",
    "2",
]


@pytest.mark.parametrize(
    ("text", "coefficients", "rhs"),
    [
        ("a", {"a": 1}, 0),
        ("a - b = 0", {"a": 1, "b": -1}, 0),
        ("a = b", {"a": 1, "b": -1}, 0),
        ("2*a + b/4 = 3", {"a": 2, "b": 0.25}, 3),
        ("a*2*3 - -b", {"a": 6, "b": 1}, 0),
        ("2 + a = 5 - b", {"a": 1, "b": 1}, 3),
        ("ab - a - a", {"ab": 1, "a": -2}, 0),
        ("species[T.Gentoo] - I(x ** 2) = 1e-3", {"species[T.Gentoo]": 1, "I(x ** 2)": -1}, 1e-3),
        ("a:b + log(a)-a", {"a:b": 1, "log(a)": 1, "a": -1}, 0),
        ("`petal width` - `p-q` + `2`", {"petal width": 1, "p-q": -1, "2": 1}, 0),
        ("(Intercept) + 10*été", {"(Intercept)": 1, "été": 10}, 0),
    ],
)
def test_reads(text, coefficients, rhs):
    assert parse_linear(text, NAMES) == LinearForm(coefficients, rhs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a number"),
        ("a b", "expected +, - or one ="),
        ("a*b", "once in a product"),
        ("a = b = 0", "one ="),
        ("a / b", "expected a number"),
        ("a / 0", "division by zero"),
        ("1 / a", "expected a number"),
        ("a -", "expected a number"),
        ("petal width", "'petal' is not a term"),
        ("p-q", "'p' is not a term"),
        ("`a", "not closed"),
        ("`nothing`", "not a term of this fit"),
        ("speces[T.Gentoo]", "Did you mean 'species[T.Gentoo]'"),
        ("__import__('os')", "not a term"),
        ("a.b", "not a term"),
        ("a" * 20_000, "characters"),
    ],
)
def test_says_what_it_cannot_read(text, message):
    with pytest.raises(SchemaError) as error:
        parse_linear(text, NAMES)
    assert message in str(error.value)


def test_an_error_points_at_its_place():
    with pytest.raises(SchemaError) as error:
        parse_linear("a + b ? 1", NAMES)
    _, line, caret = str(error.value).splitlines()[:3]
    assert line[caret.index("^")] == "?"
