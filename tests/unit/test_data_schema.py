"""Names, lookup, duplicates and suggestions of a schema."""

from __future__ import annotations

import pytest

from mathlearn._errors import SchemaError
from mathlearn.data.schema import Field, Schema, did_you_mean, listing


@pytest.fixture
def schema():
    return Schema([Field("height", "float"), Field("species", "categorical", ("a", "b")), Field("alive", "boolean")])


def test_fields_keep_their_order_and_are_found_by_name(schema):
    assert schema.names == ("height", "species", "alive")
    assert schema["species"].levels == ("a", "b")
    assert schema.index("alive") == 2
    assert [field.numeric for field in schema] == [True, False, True]
    assert "height" in schema
    assert "weight" not in schema


def test_unknown_name_lists_the_columns_and_the_nearest(schema):
    with pytest.raises(SchemaError, match=r"'heigth'.*Did you mean 'height'\?.*'species'"):
        schema["heigth"]


def test_duplicate_names_are_refused():
    with pytest.raises(SchemaError, match=r"duplicate column names: 'a'\."):
        Schema([Field("a", "float"), Field("b", "float"), Field("a", "integer")])


def test_select_and_without(schema):
    assert schema.select(["alive", "height"]).names == ("alive", "height")
    assert schema.without(["species"]).names == ("height", "alive")
    with pytest.raises(SchemaError, match="'weight'"):
        schema.without(["weight"])


def test_schemas_with_equal_fields_are_equal(schema):
    assert schema == Schema(schema.fields)
    assert hash(schema) == hash(Schema(schema.fields))
    assert schema != schema.select(["alive"])


def test_long_listings_are_cut_and_counted():
    assert listing("abc") == "'a', 'b', 'c'"
    assert listing(range(20), 3) == "0, 1, 2, ... (17 more)"


def test_suggestion_ignores_case_and_says_nothing_when_nothing_is_near():
    assert did_you_mean("SPECIES", ["species"]) == " Did you mean 'species'?"
    assert did_you_mean("zzz", ["species"]) == ""
