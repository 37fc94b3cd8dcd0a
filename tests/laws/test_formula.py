"""Laws of formulas: text and tree, algebra against formulaic, streams against wholes."""

from __future__ import annotations

import itertools

import formulaic
import numpy as np
import pandas as pd
import pytest
from formula_support import batches_of, learn
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from mathlearn.data.formula.evaluate import evaluate, expression
from mathlearn.data.formula.grammar import parse, parse_expression
from mathlearn.data.formula.tree import Binary, Call, Name, Number, Sum, render
from mathlearn.data.formula.view import View

leaves = st.one_of(
    st.sampled_from(["x", "z", "a b", "log", "größe", "e\u0301", "1st", "a.b", "x²"]).map(Name),
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="`"), min_size=1).map(Name),
    st.sampled_from(["0", "1", "2", "0.5", "1e3"]).map(Number),
)


def branches(nodes):
    signed = st.tuples(st.sampled_from([1, -1]), nodes)
    return st.one_of(
        st.builds(Binary, st.sampled_from(["*", "/", ":", "**"]), nodes, nodes),
        st.builds(lambda f, x: Call(f, (x,)), st.sampled_from(["log", "exp", "sqrt", "I"]), nodes),
        st.builds(lambda first, rest: Sum(((1, first), *rest)), nodes, st.lists(signed, min_size=1, max_size=3)),
        nodes.map(lambda node: Sum(((-1, node),))),
    )


trees = st.recursive(leaves, branches, max_leaves=12)


@given(trees)
def test_the_canonical_text_of_a_tree_reads_as_that_tree(tree):
    assert parse_expression(render(tree)) == tree


arithmetic = st.recursive(
    st.sampled_from([Name("x"), Name("z"), Number("2"), Number("3"), Number("0.25")]),
    lambda nodes: st.one_of(
        st.builds(Binary, st.sampled_from(["*", "/"]), nodes, nodes),
        nodes.map(lambda node: Binary("**", node, Number("2"))),
        nodes.map(lambda node: Sum(((-1, node),))),
        st.builds(lambda a, b, s: Sum(((1, a), (s, b))), nodes, nodes, st.sampled_from([1, -1])),
        nodes.map(lambda node: Call("I", (node,))),
    ),
    max_leaves=8,
)


@given(arithmetic)
def test_arithmetic_means_what_it_means_in_python(tree):
    table = {"x": np.array([0.5, 1.25, 3.0]), "z": np.array([-1.5, 2.0, 7.0])}
    text = render(tree)
    try:
        with np.errstate(all="ignore"):
            expected = np.asarray(eval(text, {"__builtins__": {}}, {**table, "I": lambda v: v}), dtype=float)
    except (ZeroDivisionError, OverflowError):  # Python's own numbers raise where float64 gives infinity
        reject()
    assume(np.isfinite(expected).all())
    view = View(next(batches_of(table)), ("x", "z"))
    np.testing.assert_allclose(evaluate(expression(text), view), np.broadcast_to(expected, 3), rtol=1e-13)


atoms = st.sampled_from(["a", "b", "c", "x", "z", "log(x)", "C(k)"])
sums = st.recursive(
    atoms,
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from([" + ", ":", "*", "/"]), parts).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
        st.tuples(parts, parts).map(lambda t: f"(({t[0]}) + ({t[1]}) - a)"),
    ),
    max_leaves=4,
)
formulas = st.tuples(st.sampled_from(["", "0 + "]), sums).map("".join)


def grid():
    """Return every combination of the categories, four times, so that nothing but the formula decides the rank."""
    cells = list(itertools.product("uv", "pqr", "mn", [4, 6, 8])) * 4
    a, b, c, k = zip(*cells, strict=True)
    rng = np.random.default_rng(1)
    n = len(cells)
    return {
        "a": list(a),
        "b": list(b),
        "c": list(c),
        "k": np.array(k),
        "x": rng.uniform(1, 5, n),
        "z": rng.normal(size=n),
    }


TABLE = grid()
FRAME = pd.DataFrame(TABLE)


@settings(max_examples=60, deadline=None)
@given(formulas)
def test_random_formulas_code_as_formulaic_codes_them(text):
    encoding = learn(f"~ {text}", TABLE)
    X = encoding.encode(next(batches_of(TABLE)), with_response=False).X
    theirs = formulaic.model_matrix(text, FRAME)
    names = [name for name in theirs.columns if name != "Intercept"]
    assert list(encoding.terms) == names
    np.testing.assert_allclose(X, theirs[names].to_numpy(dtype=float), rtol=1e-15)


@settings(max_examples=40, deadline=None)
@given(formulas)
def test_random_formulas_have_independent_columns(text):
    encoding = learn(f"~ {text}", TABLE)
    X = encoding.encode(next(batches_of(TABLE)), with_response=False).X
    full = np.column_stack([np.ones((len(X), int(encoding.fit_intercept))), X])
    if full.shape[1]:
        assert np.linalg.matrix_rank(full / np.linalg.norm(full, axis=0), tol=1e-8) == full.shape[1]


@settings(max_examples=60, deadline=None)
@given(sums, sums)
def test_addition_of_terms_is_idempotent_and_crossing_is_its_shorthand(left, right):
    def sets(text):
        from mathlearn.data.formula.algebra import structure

        return {frozenset(atom.text for atom in term) for term in structure(parse(f"~ {text}"), None).terms}

    assert sets(f"({left}) + ({left})") == sets(left)
    assert sets(f"({left})*({right})") == sets(f"({left}) + ({right}) + ({left}):({right})")
    assert sets(f"({left}):({right})") == sets(f"({right}):({left})")


EVERYTHING = "log(x) ~ C(k, ref=6)*z + a:b + poly(x, 3) + poly(z + x, 2) + bs(z, knots=[0], bounds=[-9, 9]) + offset(x)"


def holed():
    table = grid()
    table["x"][[0, 13, 14]] = np.nan
    table["a"][20] = None
    return table


@pytest.mark.parametrize("size", [1, 7, 50])
def test_learning_from_a_stream_is_learning_from_the_whole(size):
    table = holed()
    whole, stream = learn(EVERYTHING, table), learn(EVERYTHING, table, size=size, in_memory=False)
    assert stream.terms == whole.terms
    X, Z = (e.encode(next(batches_of(table)), with_response=True) for e in (whole, stream))
    good = ~X.bad
    assert np.array_equal(X.bad, Z.bad)
    np.testing.assert_allclose(Z.X[good], X.X[good], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("size", [1, 7, 50])
def test_encoding_by_batches_gives_the_same_bits(size):
    table = holed()
    encoding = learn(EVERYTHING, table)
    whole = encoding.encode(next(batches_of(table)), with_response=True)
    parts = [encoding.encode(batch, with_response=True) for batch in batches_of(table, size)]
    bad = np.concatenate([np.zeros(len(p.X), bool) if p.bad is None else p.bad for p in parts])
    assert np.array_equal(bad, whole.bad)
    for name in ("X", "y", "offset"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(joined[~bad], getattr(whole, name)[~bad])
