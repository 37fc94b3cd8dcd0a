"""An encoding is pure data; one that was tampered with is refused."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from formula_support import learn, small

from mathlearn._errors import UntrustedModelError
from mathlearn.data.formula import RECORDS, check

TEXT = "cbind(y, log(x)) ~ x*a + C(k, ref=6) + poly(z, 2) + bs(x, df=4) + I(z^2):b + offset(sqrt(x))"


@pytest.fixture
def encoding():
    return learn(TEXT, small())


def leaves(value):
    if is_dataclass(value):
        assert type(value) in RECORDS
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def test_the_leaves_are_plain_data(encoding):
    assert {type(leaf) for leaf in leaves(encoding)} == {str, int, float, bool, np.ndarray, type(None)}


def test_what_was_learned_is_sound(encoding):
    check(encoding)


def changed(encoding, index, **parts):
    factors = list(encoding.factors)
    factors[index] = replace(factors[index], **parts)
    return replace(encoding, factors=tuple(factors))


TAMPERED = {
    "text": lambda e: replace(e, text="y ~ __import__('os')"),
    "no text": lambda e: replace(e, text=None),
    "intercept": lambda e: replace(e, fit_intercept=False),
    "responses": lambda e: replace(e, responses=("y",)),
    "response factors": lambda e: replace(e, response_factors=e.response_factors[:1]),
    "offsets": lambda e: replace(e, offsets=()),
    "columns": lambda e: replace(e, columns=(*e.columns, "w")),
    "response columns": lambda e: replace(e, response_columns=("y",)),
    "terms": lambda e: replace(e, terms=e.terms[::-1]),
    "one term less": lambda e: replace(e, terms=e.terms[:-1]),
    "products": lambda e: replace(e, products=e.products[:-1]),
    "factor index": lambda e: replace(e, products=(*e.products[:-1], replace(e.products[-1], factors=(99, 0)))),
    "negative index": lambda e: replace(e, products=(*e.products[:-1], replace(e.products[-1], factors=(-1, 0)))),
    "column name": lambda e: changed(e, 0, column=3),
    "reference": lambda e: changed(e, 2, reference=3),
    "values": lambda e: changed(e, 2, values=np.array([4, 8, 6])),
    "too few values": lambda e: changed(e, 2, values=np.array([4, 6])),
    "levels": lambda e: changed(e, 1, levels=("u", "u")),
    "source": lambda e: changed(e, 5, source="z.__class__"),
    "source of poly": lambda e: changed(e, 3, source="open(z)"),
    "recurrence": lambda e: changed(e, 3, recurrence=replace(e.factors[3].recurrence, spread=np.ones(2))),
    "spread": lambda e: changed(e, 3, recurrence=replace(e.factors[3].recurrence, spread=np.array([1.0, 0.0, 1.0]))),
    "scale": lambda e: changed(e, 3, recurrence=replace(e.factors[3].recurrence, scale=np.nan)),
    "degree": lambda e: changed(e, 4, basis=replace(e.factors[4].basis, degree=10**9)),
    "bounds": lambda e: changed(e, 4, basis=replace(e.factors[4].basis, lower=99.0)),
    "knots": lambda e: changed(e, 4, basis=replace(e.factors[4].basis, knots=np.array([np.nan]))),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_contradictions_are_refused(encoding, what):
    with pytest.raises(UntrustedModelError, match="is not sound"):
        check(TAMPERED[what](encoding))
