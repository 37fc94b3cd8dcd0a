"""From text to terms: tokens, grammar, algebra."""

from __future__ import annotations

import pytest

from mathlearn._errors import DomainError, ResourceError, SchemaError
from mathlearn.data.formula import compile as compile_formula
from mathlearn.data.formula import validate
from mathlearn.data.formula.algebra import structure
from mathlearn.data.formula.grammar import parse, parse_expression
from mathlearn.data.formula.tree import render
from mathlearn.data.schema import Field, Schema


def terms(text, others=None):
    return [":".join(atom.text for atom in term) for term in structure(parse(text), others).terms]


def intercept(text):
    return structure(parse(text), None).fit_intercept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~ a + b", ["a", "b"]),
        ("~ a + a + a", ["a"]),
        ("~ a:b + b:a", ["a:b"]),
        ("~ b*a", ["b", "a", "b:a"]),
        ("~ a:b + b + a", ["b", "a", "a:b"]),
        ("~ a*b*c", ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]),
        ("~ (a + b + c)^2", ["a", "b", "c", "a:b", "a:c", "b:c"]),
        ("~ (a + b + c)**2 - b:c", ["a", "b", "c", "a:b", "a:c"]),
        ("~ a/b", ["a", "a:b"]),
        ("~ a/b/c", ["a", "a:b", "a:b:c"]),
        ("~ (a + b)/c", ["a", "b", "a:b:c"]),
        ("~ a/(b + c)", ["a", "a:b", "a:c"]),
        ("~ a*b - b", ["a", "a:b"]),
        ("~ a - (b - c) + d", ["a", "d"]),
        ("~ (a + b) + (c - a)", ["a", "b", "c"]),
        ("~ a:(b + c)", ["a:b", "a:c"]),
        ("~ log(a):I(a^2)", ["log(a):I(a ** 2)"]),
        ("~ 1", []),
        ("~ `a b`:`c,d`", ["a b:c,d"]),
        ("~ größe + 变量", ["größe", "变量"]),
        ("~\n a +\n\tb", ["a", "b"]),
    ],
)
def test_terms(text, expected):
    assert terms(text) == expected


def test_the_dot_is_all_other_columns():
    assert terms("y ~ . - b", ("a", "b", "c")) == ["a", "c"]
    assert terms("y ~ .^2", ("a", "b")) == ["a", "b", "a:b"]
    assert terms("y ~ a:.", ("a", "b")) == ["a", "a:b"]


def test_the_dot_needs_other_columns():
    with pytest.raises(SchemaError, match="there are none"):
        compile_formula("y ~ .", Schema([Field("y", "float")]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~ a", True),
        ("~ a + 0", False),
        ("~ 0 + a", False),
        ("~ a - 1", False),
        ("~ -1 + a", False),
        ("~ a - 1 + 1", True),
        ("~ 0 + a + 1", True),
        ("~ (0 + a)", False),
    ],
)
def test_intercept(text, expected):
    assert intercept(text) is expected


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("x^2", "x ** 2"),
        ("-x^-2", "-x ** -2"),
        ("(-x)^2", "(-x) ** 2"),
        ("a^b^c", "a ** b ** c"),
        ("(a^b)^c", "(a ** b) ** c"),
        ("a-(b-c)", "a - (b - c)"),
        ("a/(b/c)*d", "a / (b / c) * d"),
        ("((a))+b", "a + b"),
        ("log(x+1)/ sqrt( y )", "log(x + 1) / sqrt(y)"),
        ("`a b`+`log`", "`a b` + log"),
        ("1e3*x+.5", "1e3 * x + .5"),
        ("-(a+b)", "-(a + b)"),
        ("a*-b", "a * -b"),
    ],
)
def test_canonical_text(text, canonical):
    node = parse_expression(text)
    assert render(node) == canonical
    assert parse_expression(canonical) == node


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("y", "has a '~'", 1),
        ("", "has a '~'", 0),
        ("y ~", "a column, a number", 3),
        ("a ~ b ~ c", "one '~'", 6),
        ("y ~ a b", "operator", 6),
        ("y ~ a +", "a column, a number", 7),
        ("y ~ (a", "'\\)' was expected", 6),
        ("y ~ a)", "operator", 5),
        ("y ~ a.b", "no attributes", 5),
        ("y ~ 2x", "cannot be followed by 'x'", 5),
        ("y ~ `a", "never closed", 4),
        ("y ~ 'a'", "is no term", 4),
        ("y ~ [a]", "is no term", 4),
        ("y ~ ``", "no name between", 4),
        ("y ∼ a", "write '~'", 2),
        ("y ~ a − b", "write '-'", 6),
        ("y ~ a ; b", "no meaning", 6),
        ("y ~ a + 2", "no term", 8),
        ("y ~ a - 0", "no term", 8),
        ("y ~ 2*a", "not allowed here", 4),
        ("y ~ (0 + a) + b", "not allowed here", 5),
        ("y ~ a - -b", "two minus signs", 8),
        ("y ~ a:1", "not allowed here", 6),
        ("y ~ x^2", r"I\(x \*\* 2\)", 5),
        ("y ~ log(x)^2", r"I\(log\(x\) \*\* 2\)", 10),
        ("y ~ (a + b)^c", "whole number", 12),
        ("y ~ (a + b)^2.5", "whole number", 12),
        ("y ~ sin(x)", "not known.*'exp'", 4),
        ("y ~ lgo(x)", "Did you mean 'log'", 4),
        ("y ~ log(x, 2)", "exactly one argument", 4),
        ("y ~ log()", "exactly one argument", 4),
        ("y ~ log(a:b)", "':' makes an interaction", 9),
        ("y ~ log(sin(x))", "not allowed inside arithmetic", 8),
        ("y ~ log('a')", "only columns, numbers", 8),
        ("y ~ I(.)", "only columns, numbers", 6),
        ("y ~ I(2)", "same number in every row", 4),
        ("y ~ `log`(x)", "cannot be called", 4),
        ("y ~ C(a + b)", "takes a column", 6),
        ("y ~ C(a, ref=b)", "ref= is a level", 13),
        ("y ~ C(a, base='b')", "no argument 'base'", 14),
        ("y ~ C()", "'x' is missing", 4),
        ("y ~ C(a, 'b', 'c')", "too many", 14),
        ("y ~ C(a, 'b', ref='c')", "given twice", 18),
        ("y ~ C(x=a, 'b')", "positional arguments", 11),
        ("y ~ poly(x)", "'degree' is missing", 4),
        ("y ~ poly(x, 1.5)", "whole number", 12),
        ("y ~ poly(x, -1)", "whole number", 12),
        ("y ~ bs(x, df=5, knots=[1])", "not both", 4),
        ("y ~ bs(x, knots=1)", "list of numbers", 16),
        ("y ~ bs(x, knots=[a])", "numbers only", 17),
        ("y ~ bs(x, bounds=[1])", "takes two numbers", 17),
        ("y ~ a - offset(b)", "cannot be removed", 8),
        ("y ~ a:offset(b)", "as a whole", 6),
        ("y ~ cbind(a, b)", "on the left", 4),
        ("a + b ~ c", r"cbind\(a, b\)", 0),
        ("a/b ~ c", "a response is", 1),
        ("bs(a) ~ c", "a response is", 0),
        ("cbind() ~ c", "takes responses", 0),
        ("cbind(a, a) ~ c", "given twice", 0),
        ("y ~ x + y", "also a term", 8),
    ],
)
def test_refusals_show_the_place(text, message, at):
    with pytest.raises(SchemaError, match=message) as caught:
        validate(text)
    shown, pointer = str(caught.value).splitlines()[-2:]
    assert shown.strip() == text.strip()
    assert len(pointer) == 5 + at


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("y ~ (a + b)^9", SchemaError, "from 1 to 8"),
        ("y ~ I(x^999999)", DomainError, "at most 64"),
        ("y ~ poly(x, 99)", DomainError, "1 to 25"),
        ("y ~ bs(x, df=2)", DomainError, "3 to 1000"),
        ("y ~ bs(x, degree=0)", DomainError, "1 to 10"),
        ("y ~ bs(x, knots=[3, 2], bounds=[0, 9])", DomainError, "increase strictly"),
        ("y ~ bs(x, knots=[3], bounds=[4, 9])", DomainError, "increase strictly"),
        ("y ~ bs(x, knots=[], bounds=[9, 4])", DomainError, "not below"),
        ("y ~ I(x * 1e999)", SchemaError, "beyond the range"),
        ("y ~ a:b:c:d:e:f:g:h:i", ResourceError, "9 factors"),
    ],
)
def test_limits(text, error, message):
    with pytest.raises(error, match=message):
        validate(text)


def test_a_long_formula_is_shown_around_the_place():
    text = "y ~ " + " + ".join(f"x{i}" for i in range(500)) + " + ;" + " + z" * 100
    with pytest.raises(SchemaError) as caught:
        validate(text)
    shown, pointer = str(caught.value).splitlines()[-2:]
    assert len(shown) < 150
    assert shown[len(pointer) - 1] == ";"
