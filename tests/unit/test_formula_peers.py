"""The same matrices as formulaic, and the same column spaces as patsy, on the penguins."""

from __future__ import annotations

import formulaic
import numpy as np
import pandas as pd
import patsy
import pytest

from mathlearn.data.formula import compile as compile_formula
from mathlearn.data.frames import read_frame
from mathlearn.datasets import load_penguins

FORMULAS = [
    "flipper_length_mm + species",
    "0 + species",
    "species * island",
    "0 + species * flipper_length_mm",
    "flipper_length_mm + flipper_length_mm:species",
    "flipper_length_mm:species",
    "species:sex",
    "(species + sex + bill_length_mm)**2",
    "species / bill_depth_mm",
    "C(year) * log(flipper_length_mm)",
    "0 + C(year):sex + I(bill_length_mm**2)",
    "sex * species * bill_length_mm - sex:species",
    "bill_length_mm:bill_depth_mm + bill_depth_mm:species:sex",
]


@pytest.fixture(scope="module")
def frame():
    complete = pd.DataFrame(load_penguins()).dropna()
    return complete.astype(dict.fromkeys(("species", "island", "sex"), object)).reset_index(drop=True)


def ours(text, frame):
    source = read_frame(frame, "X").source
    formula = compile_formula(text, source.schema)
    encoding = formula.learn(lambda: source.batches(formula.columns, max_rows=100), in_memory=True)
    batch = encoding.encode(next(source.batches(encoding.columns, max_rows=1000)), with_response=False)
    ones = [np.ones((len(frame), 1))] if encoding.fit_intercept else []
    return (("Intercept",) * encoding.fit_intercept + encoding.terms), np.column_stack([*ones, batch.X])


@pytest.mark.parametrize("text", FORMULAS)
def test_formulaic_gives_the_same_matrix(text, frame):
    names, X = ours(f"~ {text}", frame)
    theirs = formulaic.model_matrix(text, frame)
    assert list(names) == [name.replace("**2", " ** 2") for name in theirs.columns]
    np.testing.assert_array_equal(X, theirs.to_numpy(dtype=float))


@pytest.mark.parametrize("text", FORMULAS)
def test_patsy_spans_the_same_space(text, frame):
    _, X = ours(f"~ {text}", frame)
    theirs = np.asarray(patsy.dmatrix(text.replace("log(", "np.log("), frame))
    X, theirs = (M / np.maximum(np.abs(M).max(axis=0), 1e-300) for M in (X, theirs))
    ranks = [np.linalg.matrix_rank(M, tol=1e-7) for M in (X, theirs, np.column_stack([X, theirs]))]
    assert ranks[0] == ranks[1] == ranks[2]
