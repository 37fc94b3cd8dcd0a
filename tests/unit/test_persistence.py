from __future__ import annotations

import dataclasses
import json
import math
import warnings
from enum import Enum
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mathlearn._typing import AnyArray, FloatArray
from mathlearn.data.design import Design
from mathlearn.datasets import load_penguins
from mathlearn.errors import RankDeficiencyWarning, ResourceError, UntrustedModelError
from mathlearn.linear_model import LinearRegression
from mathlearn.persistence import codec, container, load, save
from mathlearn.results.fit_result import FitResult


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass(frozen=True)
class Leaf:
    name: str
    size: float


@dataclasses.dataclass(frozen=True)
class Other:
    count: int


@dataclasses.dataclass(frozen=True)
class Tree:
    flag: bool
    count: int
    value: float
    maybe: float | None
    colour: Colour
    mode: Literal["a", "b"]
    names: tuple[str, ...]
    pair: tuple[int, str]
    parts: tuple[Leaf | Other, ...]
    matrix: FloatArray
    labels: AnyArray | None
    options: dict[str, int | bool] | None


floats = st.floats(allow_nan=True)
trees = st.builds(
    Tree,
    flag=st.booleans(),
    count=st.integers(-(2**63), 2**64 - 1),
    value=floats,
    maybe=st.none() | floats,
    colour=st.sampled_from(Colour),
    mode=st.sampled_from(["a", "b"]),
    names=st.lists(st.text()).map(tuple),
    pair=st.tuples(st.integers(-5, 5), st.text()),
    parts=st.lists(st.builds(Leaf, st.text(), floats) | st.builds(Other, st.integers(0, 9))).map(tuple),
    matrix=hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)),
    options=st.none() | st.dictionaries(st.text(), st.integers(-9, 9) | st.booleans()),
    labels=st.none() | hnp.arrays(np.int64, 3) | hnp.arrays(np.bool_, 2),
)


def stored(tree: object) -> tuple[object, dict[str, np.ndarray]]:
    arrays: dict[str, np.ndarray] = {}
    return json.loads(json.dumps(codec.encode(tree, "tree", arrays), allow_nan=False)), arrays


def same(a: object, b: object) -> bool:
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, tuple):
        return type(b) is tuple and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return type(b) is dict and same(tuple(a.items()), tuple(b.items()))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and (a == b or (a != a and b != b))  # noqa: PLR0124 - NaN is NaN


@given(trees)
def test_a_record_comes_back_as_it_was(tree):
    text, arrays = stored(tree)
    used: set[str] = set()
    assert same(codec.decode(text, Tree, "tree", arrays, used), tree)
    assert used == set(arrays)


@given(tree=trees)
def test_a_file_gives_back_its_bits(tree, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "bits.safetensors"
    _, arrays = stored(tree)
    container.write(path, {"name": "σ"}, arrays)
    text, again = container.read(path)
    assert text == {"name": "σ"}
    assert same(tuple(arrays.values()), tuple(again[name] for name in arrays))
    assert set(again) == set(arrays)


EXAMPLE = Tree(
    True, 3, 1.5, None, Colour.RED, "a", ("x",), (1, "y"), (Leaf("l", 1.0),), np.eye(2), None, None
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("flag", 1, "tree.flag is 1; allowed is a bool"),
        ("flag", None, "tree.flag is None"),
        ("count", True, "tree.count is True; allowed is a whole number"),
        ("count", 2**64, "whole number below"),
        ("count", 1.0, "tree.count is 1.0"),
        ("value", "1", "tree.value is '1'; allowed is a floating-point number"),
        ("value", {"float": "nano"}, "tree.value"),
        ("value", {"float": "nan", "more": 1}, "tree.value"),
        ("value", True, "tree.value is True"),
        ("maybe", "none", "float or NoneType"),
        ("colour", {"enum": "GREEN"}, "one of RED, BLUE"),
        ("colour", {"enum": "__class__"}, "one of RED, BLUE"),
        ("colour", "RED", "one of RED, BLUE"),
        ("mode", "c", "one of 'a', 'b'"),
        ("names", "x", "tree.names is 'x'; allowed is a list"),
        ("names", ["x", 1], "tree.names.1 is 1; allowed is a str"),
        ("pair", [1], "a list of 1; allowed is a list of 2"),
        ("parts", [{"record": "Tree"}], "Leaf or Other"),
        ("parts", [{"record": "Other"}], "an? Other without 'count'"),
        ("parts", [{"record": "Other", "count": 1, "extra": 2}], "with 'extra'"),
        ("matrix", [[1.0]], "allowed is an array"),
        ("matrix", {"array": "elsewhere"}, "that the file does not hold"),
        ("matrix", {"array": ["tree.matrix"]}, "that the file does not hold"),
        ("matrix", {"array": "integers"}, "an array of int64; allowed is an array of float64"),
        ("options", {"map": {"a": "text"}}, r"tree\.options\.a is 'text'; allowed is int or bool"),
        ("options", {"map": [1]}, "allowed is a map"),
        ("options", {"map": {}, "more": 1}, "allowed is a map"),
        ("labels", {"array": "tree.matrix"}, "again; allowed is an array of its own"),
    ],
)
def test_what_is_not_of_the_declared_type_is_refused(name, value, message):
    text, arrays = stored(EXAMPLE)
    arrays["integers"] = np.arange(3)
    with pytest.raises(UntrustedModelError, match=message):
        codec.decode(text | {name: value}, Tree, "tree", arrays, set())


def test_what_cannot_be_stored_is_refused_by_name():
    with pytest.raises(TypeError, match=r"tree\.parts\.0\.size is a list"):
        codec.encode(dataclasses.replace(EXAMPLE, parts=(Leaf("l", [1]),)), "tree", {})
    with pytest.raises(TypeError, match=r"tree\.matrix is an array of object"):
        codec.encode(dataclasses.replace(EXAMPLE, matrix=np.array([None])), "tree", {})


def declared(kind: object, seen: set[object]) -> set[object]:
    """All types reachable from a record through its fields."""
    if kind in seen:
        return seen
    seen.add(kind)
    key = codec._kind(kind)
    if key is codec._Record:
        inner = codec.field_types(kind).values()
    else:
        inner = codec.get_args(kind) if key in {codec.Union, tuple} else ()
    for part in inner:
        if part is not ...:
            declared(part, seen)
    return seen


@pytest.mark.parametrize("record", [FitResult, Design])
def test_there_is_a_rule_for_every_type_that_the_records_declare(record):
    for kind in declared(record, set()):
        assert codec._kind(kind) in codec._READERS, kind


def test_non_finite_numbers_survive():
    text, arrays = stored(dataclasses.replace(EXAMPLE, value=-math.inf))
    assert text["value"] == {"float": "-inf"}
    assert codec.decode(text, Tree, "tree", arrays, set()).value == -math.inf


def test_a_header_that_is_too_long_is_refused_when_written(tmp_path):
    path = tmp_path / "m.safetensors"
    with pytest.raises(ResourceError, match="too many parts"):
        container.write(path, {"text": "x" * container.MAX_HEADER}, {})
    assert not path.exists()


def test_any_layout_of_an_array_is_stored_by_value(tmp_path):
    path: Path = tmp_path / "m.safetensors"
    matrix = np.arange(12.0).reshape(3, 4)
    container.write(path, {}, {"a": matrix[::-1, ::2], "b": np.asfortranarray(matrix), "c": matrix.astype(">f8")})
    _, arrays = container.read(path)
    assert np.array_equal(arrays["a"], matrix[::-1, ::2])
    assert np.array_equal(arrays["b"], matrix)
    assert np.array_equal(arrays["c"], matrix)


# ------------------------------------------------------------------------------------------------------------ whole models


def fitted(**parameters) -> LinearRegression:
    return LinearRegression(**parameters).fit(load_penguins())


MODELS = {
    "formula": lambda: fitted(formula="body_mass_g ~ flipper_length_mm * species + sex", missing="drop"),
    "curves": lambda: fitted(
        formula="log(body_mass_g) ~ poly(bill_length_mm, 3) + bs(bill_depth_mm, df=5)", missing="drop"
    ),
    "robust": lambda: fitted(formula="body_mass_g ~ flipper_length_mm + island", missing="drop", covariance="HC3"),
    "hac": lambda: fitted(
        formula="body_mass_g ~ year",
        missing="drop",
        covariance="HAC",
        covariance_options={"lags": 3, "small_sample": True},
    ),
    "deficient": lambda: LinearRegression().fit(np.c_[np.arange(9.0), 2 * np.arange(9.0)], np.arange(9.0) ** 2),
    "two responses": lambda: LinearRegression().fit(
        np.arange(8.0).reshape(4, 2) ** 2, np.arange(8.0).reshape(4, 2) ** 3
    ),
    "exact": lambda: LinearRegression(fit_intercept=False).fit(np.arange(1.0, 5)[:, None], 2 * np.arange(1.0, 5)),
    "positive": lambda: LinearRegression(positive=True).fit(np.arange(9.0)[:, None], np.arange(9.0) ** 2),
}


@pytest.fixture(params=MODELS)
def model(request):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankDeficiencyWarning)
        return MODELS[request.param]()


def test_a_model_comes_back_as_it_was(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    again = load(tmp_path / "m.safetensors")
    assert same(again.result_, model.result_)
    assert same(again.design_, model.design_)
    assert again.get_params() == model.get_params()
    assert str(again.summary()) == str(model.summary())
    assert {name for name in vars(again) if name.endswith("_")} == {name for name in vars(model) if name.endswith("_")}


def test_the_same_model_makes_the_same_file(model, tmp_path):
    for name in ("a", "b"):
        model.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_loaded_model_predicts_the_same_bits(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    rows = load_penguins().dropna() if model.get_params()["formula"] else np.arange(2.0 * model.n_features_in_)
    rows = rows if model.get_params()["formula"] else rows.reshape(2, -1)
    assert np.array_equal(load(tmp_path / "m.safetensors").predict(rows), model.predict(rows))


def test_many_columns_with_long_names(tmp_path):
    generator = np.random.default_rng(0)
    names = [f"{'a very long name ' * 9}{index}" for index in range(1200)]
    frame = pd.DataFrame(generator.normal(size=(1300, 1200)), columns=names)
    model = LinearRegression().fit(frame, generator.normal(size=1300))
    model.save(tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    assert int.from_bytes(data[:8], "little") < 10_000  # the names moved out of the header, which is limited
    assert load(tmp_path / "m.safetensors").result_.terms == tuple(names)


def test_the_file_holds_no_row(tmp_path, penguins):
    def size(rows):
        LinearRegression(formula="body_mass_g ~ bill_length_mm", missing="drop").fit(rows).save(
            tmp_path / "m.safetensors"
        )
        return (tmp_path / "m.safetensors").stat().st_size

    assert abs(size(penguins) - size(pd.concat([penguins] * 20))) < 200


def test_saving_what_is_not_ours_or_not_fitted(tmp_path):
    from sklearn.exceptions import NotFittedError
    from sklearn.linear_model import LinearRegression as Theirs

    with pytest.raises(NotFittedError):
        LinearRegression().save(tmp_path / "m.safetensors")
    with pytest.raises(TypeError, match="LinearRegression cannot be saved; the classes that can are mathlearn"):
        save(Theirs(), tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())
