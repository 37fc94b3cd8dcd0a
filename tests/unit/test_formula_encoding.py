"""From terms to numbers: coding, levels, missing values, messages."""

from __future__ import annotations

import formula_support as support
import numpy as np
import pytest
from formula_support import batches_of, column_of, encode, learn, matrix, schema_of, small

from mathlearn._errors import DomainError, NonFiniteInputError, PrecisionWarning, ResourceError, SchemaError
from mathlearn.data.batch import Batch, Column
from mathlearn.data.bind import bind
from mathlearn.data.formula import compile as compile_formula
from mathlearn.data.schema import Field, Schema


def test_numbers_are_taken_as_they_are():
    table = small()
    encoding, batch = encode("log(x) ~ z + flag + I(x^2 - 1)", table)
    assert encoding.terms == ("z", "flag", "I(x ** 2 - 1)")
    assert encoding.responses == ("log(x)",)
    assert np.array_equal(batch.X, np.column_stack([table["z"], table["flag"], table["x"] ** 2 - 1]))
    assert np.array_equal(batch.y, np.log(table["x"])[:, None])
    assert batch.X.flags.c_contiguous
    assert batch.bad is None
    assert batch.offset is None


def test_categories_leave_out_their_first_level():
    encoding, batch = encode("y ~ b", small())
    assert encoding.terms == ("b[T.q]", "b[T.r]")
    assert np.array_equal(batch.X, [[0, 0], [1, 0], [0, 1]] * 4)


def test_without_intercept_the_first_category_keeps_all_levels():
    assert learn("y ~ 0 + b + a", small()).terms == ("b[p]", "b[q]", "b[r]", "a[T.v]")


def test_a_category_within_a_number():
    assert learn("y ~ x:a", small()).terms == ("x:a[u]", "x:a[v]")
    assert learn("y ~ x + x:a", small()).terms == ("x", "x:a[T.v]")


def test_interactions_vary_their_first_factor_fastest():
    encoding, batch = encode("y ~ 0 + a:b", small())
    assert encoding.terms == ("a[u]:b[p]", "a[v]:b[p]", "a[u]:b[q]", "a[v]:b[q]", "a[u]:b[r]", "a[v]:b[r]")
    assert np.array_equal(batch.X.argmax(axis=1), [0, 3, 4, 1, 2, 5] * 2)


def test_levels_follow_the_declared_order_and_those_that_occur():
    table = small()
    declared = {"b": ("r", "unused", "q", "p")}
    assert learn("y ~ b", table, declared=declared).terms == ("b[T.q]", "b[T.p]")


def test_a_chosen_reference():
    table = small()
    assert learn('y ~ C(b, ref="q")', table).terms == ('C(b, ref="q")[T.p]', 'C(b, ref="q")[T.r]')
    assert learn("y ~ C(k, ref=6)", table).terms == ("C(k, ref=6)[T.4]", "C(k, ref=6)[T.8]")
    table["k"] = table["k"].astype(float)
    assert learn("y ~ C(k, 8)", table).terms == ("C(k, 8)[T.4.0]", "C(k, 8)[T.6.0]")
    assert learn("y ~ C(flag)", table).terms == ("C(flag)[T.True]",)


def test_a_reference_that_does_not_occur():
    with pytest.raises(SchemaError, match=r"'P' does not occur in column 'b'.*Did you mean 'p'.*'p', 'q', 'r'"):
        learn('y ~ C(b, ref="P")', small())


def test_cbind_and_offset():
    table = small()
    encoding, batch = encode("cbind(y, log(x)) ~ z + offset(x) + offset(log(x) / 2)", table)
    assert encoding.responses == ("y", "log(x)")
    assert encoding.terms == ("z",)
    assert np.array_equal(batch.y, np.column_stack([table["y"], np.log(table["x"])]))
    assert np.array_equal(batch.offset, table["x"] + np.log(table["x"]) / 2)
    assert encoding.columns == ("z", "x")
    assert encoding.response_columns == ("y", "x")


def test_an_intercept_alone_has_no_columns():
    encoding, batch = encode("y ~ 1", small())
    assert encoding.fit_intercept
    assert batch.X.shape == (12, 0)


def test_prediction_needs_no_response():
    table = small()
    encoding = learn("y ~ x + a", table)
    del table["y"]
    batch = encoding.encode(next(batches_of(table)), with_response=False)
    assert batch.y is None
    assert batch.X.shape == (12, 2)


def test_rows_with_a_missing_value_are_marked():
    table = small()
    table["x"][2] = np.nan
    table["a"][5] = None
    table["y"][7] = np.nan
    table["z"][9] = np.nan  # not used
    encoding, batch = encode("y ~ log(x) * a", table)
    assert np.flatnonzero(batch.bad).tolist() == [2, 5, 7]
    assert np.isfinite(batch.X[~batch.bad]).all()
    assert np.flatnonzero(encoding.encode(next(batches_of(table)), with_response=False).bad).tolist() == [2, 5]


def test_levels_are_learned_from_rows_without_gaps():
    table = small()
    table["b"][4] = "only here"
    table["x"][4] = np.nan
    encoding, batch = encode("y ~ x + b", table)
    assert encoding.terms == ("x", "b[T.q]", "b[T.r]")
    assert np.flatnonzero(batch.bad).tolist() == [4]


def test_an_unseen_level():
    table = small()
    encoding = learn("y ~ b", table)
    table["b"] = ["p", "qq", "z", "r"] * 3
    with pytest.raises(
        SchemaError, match=r"column 'b'.*'qq'.*6 of the first 12 rows, first in row 1.*Did you mean 'q'"
    ):
        encoding.encode(next(batches_of(table)), with_response=False)


def test_an_unseen_number():
    table = small()
    encoding = learn("y ~ C(k)", table)
    table["k"] = table["k"] + 100 * (np.arange(12) == 11)
    with pytest.raises(SchemaError, match=r"column 'k' holds the level '108'.*first in row 11.*'4', '6', '8'"):
        encoding.encode(next(batches_of(table)), with_response=False)


def test_the_row_named_is_the_row_of_the_source():
    table = small()
    encoding = learn("y ~ log(x)", table)
    table["x"][9] = -1.0
    with pytest.raises(DomainError, match=r"log\(x\).*1 of the 4 rows read from row 8 on, first in row 9.*x = -1\.0"):
        encoding.encode(list(batches_of(table, 4))[2], with_response=False)


@pytest.mark.parametrize(
    ("term", "value", "message"),
    [
        ("log(x + z)", 0.0, r"log\(\) needs numbers above 0, and column 'x' and column 'z'"),
        ("sqrt(x)", -4.0, r"sqrt\(\) needs.*x = -4\.0"),
        ("exp(x)", 800.0, r"exp\(\) overflows"),
        ("I(1/x)", 0.0, "division by 0"),
        ("I(x^0.5)", -1.0, "the power is not"),
        ("I(x^64)", 1e9, "the power is not"),
        ("I(1 + log(x^2))", 0.0, r"I\(1 \+ log\(x \*\* 2\)\) is not.*log\(\) needs"),
        ("I(x * 1e300 + x * 1e300)", 1e8, "the sum overflows"),
    ],
)
def test_functions_are_not_evaluated_outside_their_domain(term, value, message):
    table = small()
    table["x"][3], table["z"][3] = value, 0.0
    with pytest.raises(DomainError, match=message) as caught:
        matrix(f"y ~ {term}", table)
    assert "first in row 3" in str(caught.value)


def test_infinity_in_a_column_is_told_from_a_wrong_domain():
    table = small()
    table["x"][3] = np.inf
    with pytest.raises(
        NonFiniteInputError, match="column 'x' contains infinity in 1 of the first 12 rows, first in row 3"
    ):
        matrix("y ~ log(x + z^2)", table)


def test_missing_values_are_no_domain_error():
    table = small()
    table["x"][3], table["z"][3] = -1.0, np.nan
    _, batch = encode("y ~ log(x) + z", table)
    assert np.flatnonzero(batch.bad).tolist() == [3]


def test_wide_integers_warn():
    table = small()
    table["k"] = np.array([2**53 + 1] * 12)
    with pytest.warns(PrecisionWarning, match=r"column 'k'.*2\*\*53"):
        matrix("y ~ k", table)


def test_wide_integers_that_are_exact_do_not_warn():
    table = small()
    table["k"] = np.array([2**60, 2**61, 2**62] * 4)
    assert matrix("y ~ k", table)[1, 0] == 2.0**61


def test_wide_integers_are_exact_as_categories():
    table = small()
    table["k"] = np.array([2**53, 2**53 + 1, 2**53 + 2] * 4)
    encoding, batch = encode("y ~ 0 + C(k)", table)
    assert encoding.terms[1] == f"C(k)[{2**53 + 1}]"
    assert batch.X.sum(axis=0).tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ xx", "there is no column 'xx'. Did you mean 'x'"),
        ("y ~ log(nope)", "there is no column 'nope'"),
        ("nope ~ x", "there is no column 'nope'"),
        ("y ~ log(a)", r"log\(a\) needs numbers, and column 'a' is categorical.*C\(a\)"),
        ("y ~ poly(a, 2)", "needs numbers"),
        ("y ~ offset(a)", "needs numbers"),
        ("a ~ x", "response 'a' is categorical"),
        ("y ~ when", "type datetime"),
        ("y ~ .", "type datetime"),
        ("y ~ C(when)", "type datetime"),
    ],
)
def test_columns_of_the_wrong_kind(text, message):
    table = small()
    table["when"] = np.array(["2026-01-01"] * 12, dtype="datetime64[D]")
    with pytest.raises(SchemaError, match=message) as caught:
        compile_formula(text, schema_of(table))
    assert str(caught.value).endswith("^")


def test_a_column_that_changed_its_kind():
    table = small()
    encoding = learn("y ~ x + b + C(k)", table)
    for name, other in (("x", ["p"] * 12), ("b", np.arange(12)), ("k", ["4"] * 12)):
        with pytest.raises(SchemaError, match=f"column {name!r}"):
            encoding.encode(next(batches_of({**table, name: other})), with_response=False)


def test_a_single_level_is_refused():
    table = small()
    table["b"] = ["p"] * 12
    with pytest.raises(SchemaError, match="column 'b' has only the level 'p'"):
        learn("y ~ b", table)


def test_too_many_levels_are_refused(monkeypatch):
    monkeypatch.setattr("mathlearn.data.formula.learners.MAX_LEVELS", 2)
    with pytest.raises(ResourceError, match="column 'b' has more than 2 levels"):
        learn("y ~ b", small())
    with pytest.raises(ResourceError, match="column 'k' has more than 2 levels"):
        learn("y ~ C(k)", small())


def test_too_many_columns_are_refused(monkeypatch):
    monkeypatch.setattr("mathlearn.data.formula.compiled.MAX_COLUMNS", 5)
    with pytest.raises(ResourceError, match="makes 6 columns"):
        learn("y ~ 0 + a:b", small())


def test_two_columns_of_one_name_are_refused():
    table = small()
    table["log(x)"] = table["z"]
    with pytest.raises(SchemaError, match=r"two columns called 'log\(x\)'"):
        learn("y ~ log(x) + `log(x)`", table)


def test_a_bare_array_has_no_names():
    encoding = learn("y ~ x", small())
    with pytest.raises(SchemaError, match="bare array"):
        encoding.encode(Batch(0, 2, np.zeros((2, 1))), with_response=False)


def test_what_a_formula_says_of_itself():
    table = small()
    formula = compile_formula("log(y) ~ 0 + x*a + offset(z)", schema_of(table))
    assert formula.columns == ("x", "a", "z", "y")
    assert formula.predictor_columns == ("x", "a", "z")
    assert formula.response_columns == ("y",)
    assert formula.has_response
    assert not formula.fit_intercept
    assert not compile_formula("~ x", schema_of(table)).has_response


def test_rows_are_not_read_when_there_is_nothing_to_learn():
    def never():
        raise AssertionError("read")

    encoding = compile_formula("y ~ x + bs(z, knots=[0], bounds=[-9, 9])", schema_of(small())).learn(
        never, in_memory=False
    )
    assert len(encoding.terms) == 5


def test_codes_are_read_by_the_dictionary_of_their_batch():
    encoding = learn("y ~ 0 + b", small())
    column = Column("categorical", np.array([0, 1, 2]), None, ("r", "q", "p"))
    assert np.array_equal(encoding.encode(Batch(0, 3, None, {"b": column}), with_response=False).X, np.eye(3)[::-1])


def test_an_empty_batch_gives_an_empty_block():
    table = small()
    encoding = learn("y ~ x:a + log(x):b + C(k) + poly(x, 2) + bs(z, df=4) + offset(x)", table)
    nothing = Batch(12, 0, None, {name: column_of(values[:0]) for name, values in table.items()})
    batch = encoding.encode(nothing, with_response=True)
    assert batch.X.shape == (0, len(encoding.terms))
    assert batch.y.shape == (0, 1)


def test_the_data_are_not_written_to():
    table = small()
    for values in table.values():
        if isinstance(values, np.ndarray):
            values.flags.writeable = False
    encode("log(x) ~ z*a + I(-x) + poly(x, 2) + C(k) + bs(z, df=4) + offset(x)", table)


def test_hostile_column_names_come_in_by_the_dot_alone():
    schema = Schema([Field("y", "float"), Field("a`b", "float"), Field("line\nbreak", "float")])
    formula = compile_formula("y ~ .", schema)
    assert formula.predictor_columns == ("a`b", "line\nbreak")
    encoding = formula.learn(lambda: iter(()), in_memory=True)
    table = {"a`b": np.ones(3), "line\nbreak": np.zeros(3)}
    assert encoding.encode(next(support.batches_of(table)), with_response=False).X.tolist() == [[1, 0]] * 3


NUMBERS = [str(k / 2) for k in range(19)]


@pytest.mark.parametrize(("cells", "bad"), [([*NUMBERS, "oops"], "oops"), (["1,5", "2,5", "3,5"], "1,5")])
def test_numbers_with_a_bad_cell_are_not_made_categories(cells, bad):
    import pandas as pd

    frame = pd.DataFrame({"my x": cells, "y": np.arange(len(cells)) ** 2.0})
    with pytest.raises(SchemaError, match=rf"'my x' is text.*'{bad}'.*missing_values=.*types=.*C\(`my x`\)"):
        bind(frame, formula="y ~ `my x`")
    assert len(bind(frame, formula="y ~ C(`my x`)").terms) == len(cells) - 1
    declared = frame.assign(**{"my x": pd.Categorical(cells)})
    assert len(bind(declared, formula="y ~ `my x`").terms) == len(cells) - 1


@pytest.mark.parametrize("cells", [NUMBERS, [*NUMBERS[:8], "oops"]])
def test_text_that_is_all_numbers_or_half_is_a_category(cells):
    import pandas as pd

    frame = pd.DataFrame({"x": cells, "y": np.arange(len(cells)) ** 2.0})
    assert len(bind(frame, formula="y ~ x").terms) == len(cells) - 1
