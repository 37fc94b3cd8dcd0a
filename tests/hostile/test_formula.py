"""Texts that want more than a formula: refused, quickly, with a place and nothing executed."""

from __future__ import annotations

import builtins
import time

import numpy as np
import pytest
from formula_support import batches_of, learn, small
from hypothesis import given, settings
from hypothesis import strategies as st

from mathlearn._errors import MathlearnError, ResourceError, SchemaError
from mathlearn.data.formula import compile as compile_formula
from mathlearn.data.formula import validate
from mathlearn.data.schema import Field, Schema

CODE = [
    "y ~ __import__('os').system('true')",
    "y ~ __import__('os')",
    "y ~ eval('1')",
    "y ~ x.__class__.__mro__",
    "y ~ I(x.__class__)",
    "y ~ I((lambda: 0)())",
    "y ~ lambda x: x",
    "y ~ [v for v in x]",
    "y ~ I([v for v in x])",
    "y ~ I(x[0])",
    "y ~ x[0]",
    "y ~ {x}",
    "y ~ I(x if z else y)",
    "y ~ I(x == z)",
    "y ~ I(x := 1)",
    "y ~ log(open('/etc/passwd'))",
    "y ~ C(x, ref=open('/etc/passwd'))",
    "y ~ C(x, ref=__import__('os'))",
    "y ~ C(x, contr.treatment)",
    "y ~ poly(x, exec('1'))",
    "y ~ bs(x, knots=[exit()], bounds=[0, 1])",
    "y ~ np.log(x)",
    "y ~ @x",
    "y ~ x; import os",
    "y ~ x # comment",
    "y ~ f'{x}'",
    "y ~ x\\\n+ z",
    "y ~ x\x00",
    "y ~ `x\ny`",
    "y ~ `x\x1b[2J`",
    'y ~ C(a, ref="u\nv")',
    "y ~ {exit()}",
    "y ~ a | b",
    "y ~ %in% a",
    "eval('1') ~ x",
    "cbind(y, exit()) ~ x",
    "log(y.real) ~ x",
    "y ~ offset(exit())",
]

CONFUSABLE = [
    "y ~ ｌｏｇ(x)",  # full-width letters, which Python itself would read as log
    "y ~ lоg(x)",  # a Cyrillic o
    "y ～ x",
    "y ~ x\u200b",
    "y ~ \u202ex",
    "y ~ x\u00a0+ z",
    "y ~ x٣",  # a name of its own: no digit is folded into another
    "y ~ e\u0301",
    "y ~ ²",
    "y ~ x²",
    "y ~ ٣x",
    "y ~ 𝟙 + x",
]


@pytest.mark.parametrize("text", CODE)
def test_code_is_refused(text):
    with pytest.raises(SchemaError, match=r"\^$"):
        validate(text)


@pytest.mark.parametrize("text", CONFUSABLE)
def test_lookalikes_are_not_taken_for_what_they_look_like(text):
    schema = Schema([Field("x", "float"), Field("y", "float"), Field("x3", "float"), Field("z", "float")])
    with pytest.raises(SchemaError) as caught:
        compile_formula(text, schema)
    shown = str(caught.value)
    assert not any(character in shown for character in "\u200b\u202e")


HUGE = {
    "long": "y ~ " + "x + " * 250_000 + "x",
    "long name": "y ~ " + "x" * 1_000_000,
    "long number": "y ~ I(x^" + "9" * 100_000 + ")",
    "parentheses": "y ~ " + "(" * 50_000 + "x" + ")" * 50_000,
    "calls": "y ~ " + "log(" * 20_000 + "x" + ")" * 20_000,
    "minus": "y ~ " + "-" * 100_000 + "x",
    "powers": "y ~ I(x" + "^2" * 50_000 + ")",
    "crossings": "y ~ " + "*".join(f"x{i}" for i in range(10_000)),
    "interaction": "y ~ " + ":".join(f"x{i}" for i in range(10_000)),
    "brackets": "y ~ " + "[" * 50_000,
    "quotes": "y ~ " + "`" * 100_001,
    "tower": "y ~ " + "(" * 8 + " + ".join(f"x{i}" for i in range(40)) + ")^8" * 8,
    "grid": f"y ~ ({' + '.join(f'a{i}' for i in range(3000))}):({' + '.join(f'b{i}' for i in range(3000))})",
    "exponent": "y ~ I(x^999999)",
    "crossing exponent": "y ~ (a + b)^999999",
    "degree": "y ~ poly(x, 999999)",
    "df": "y ~ bs(x, df=999999999)",
}


@pytest.mark.parametrize("what", HUGE)
def test_huge_formulas_are_refused_at_once(what):
    start = time.process_time()  # of this process: how busy the machine is does not matter
    with pytest.raises(MathlearnError) as caught:
        validate(HUGE[what])
    assert time.process_time() - start < 2.0
    assert len(str(caught.value)) < 1000


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.text("yx1~+-*/:^().,`\"' =[]CIlogpe\n", max_size=40))
def test_any_text_is_either_a_formula_or_refused(text):
    try:
        validate(text)
    except MathlearnError as error:
        assert "^" in str(error)  # noqa: PT017 -- both outcomes are allowed


def test_ten_thousand_columns():
    names = [f"x{i}" for i in range(10_000)]
    schema = Schema([Field("y", "float"), *(Field(name, "float") for name in names)])
    start = time.process_time()  # as above
    encoding = compile_formula("y ~ .", schema).learn(lambda: iter(()), in_memory=False)
    assert encoding.terms == tuple(names)
    assert compile_formula("y ~ " + " + ".join(names), schema).predictor_columns == tuple(names)
    assert time.process_time() - start < 5.0
    with pytest.raises(ResourceError, match="crossing 10000 with 10000 terms"):
        compile_formula("y ~ .^2", schema)


def test_formulaic_sees_placeholders_only(monkeypatch):
    import formulaic

    seen = []
    original = formulaic.Formula

    def spy(spec, **options):
        seen.extend(spec)
        return original(spec, **options)

    monkeypatch.setattr(formulaic, "Formula", spy)
    table = small()
    table["exit()"] = table.pop("a")
    encoding = learn("y ~ `exit()` * log(x) + C(k):`exit()`", table)
    assert seen
    assert all(set(text) <= set("f0123456789:") for text in seen)
    assert encoding.terms[0] == "exit()[T.v]"


def test_nothing_is_executed(monkeypatch):
    for name in ("eval", "exec", "compile", "__import__", "open"):
        original = getattr(builtins, name)

        def guarded(*args, _name=name, _original=original, **kwargs):
            if args and isinstance(args[0], str) and "exit" in args[0]:
                raise AssertionError(f"{_name} was given text of the formula")
            return _original(*args, **kwargs)

        monkeypatch.setattr(builtins, name, guarded)
    table = {"y": np.arange(3.0), "exit()": np.ones(3), "__class__": ["u", "v", "v"]}
    encoding = learn("y ~ log(`exit()`) + `exit()`:__class__", table)
    encoding.encode(next(batches_of(table)), with_response=True)
    assert encoding.columns == ("exit()", "__class__")


def test_levels_may_be_anything():
    levels = ["", "\n", "<script>", "\\input{x}", "'; drop table", "a]:b[T.c", "\u202e", "NaN", "0"]
    table = {"y": np.arange(18.0), "a": levels * 2}
    encoding = learn("y ~ 0 + a", table)
    assert encoding.terms == tuple(f"a[{level}]" for level in sorted(levels))
    assert encoding.encode(next(batches_of(table)), with_response=False).X.sum() == 18
