"""Model files that are not what they say: each is refused with one clear error, before memory is taken or code is run."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mathlearn
from mathlearn.errors import ResourceError, UntrustedModelError
from mathlearn.linear_model import LinearRegression

FORMULA = "body_mass_g ~ flipper_length_mm + species + poly(bill_length_mm, 2)"


@pytest.fixture(scope="module")
def saved(tmp_path_factory, penguins_csv):
    """The bytes of a good model file."""
    path = tmp_path_factory.mktemp("model") / "good.safetensors"
    LinearRegression(formula=FORMULA, missing="drop").fit(mathlearn.datasets.load_penguins()).save(path)
    return path.read_bytes()


class Model:
    """A model file taken apart, to be changed and put together again."""

    def __init__(self, data: bytes):
        length = int.from_bytes(data[:8], "little")
        self.header = json.loads(data[8 : 8 + length])
        self.document = json.loads(self.header.pop("__metadata__")["mathlearn"])
        self.records = self.document["records"]
        self.parameters = self.document["parameters"]
        self.body = data[8 + length :]

    def write(self, path):
        return write(path, {"__metadata__": {"mathlearn": json.dumps(self.document)}} | self.header, self.body)

    def array(self, name: str) -> np.ndarray:
        entry = self.header[name]
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F64"
        return np.frombuffer(self.body[begin:end]).reshape(entry["shape"])

    def put(self, name: str, values: np.ndarray) -> None:
        begin, end = self.header[name]["data_offsets"]
        assert values.nbytes == end - begin
        self.body = self.body[:begin] + values.tobytes() + self.body[end:]


def write(path, header, body=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + body)
    return path


@pytest.fixture
def model(saved):
    return Model(saved)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bad.safetensors"


def refused(path, match):
    with pytest.raises(UntrustedModelError, match=match):
        mathlearn.load(path)


def test_taken_apart_and_put_together_it_still_loads(model, path):
    assert mathlearn.load(model.write(path)).result_.terms[0] == "flipper_length_mm"


# ------------------------------------------------------------------------------------------------------ other kinds of file


class Bomb:
    """Unpickling it would leave a trace."""

    def __reduce__(self):
        return (pytest.fail, ("the pickle was run",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_named_and_not_run(path, protocol):
    path.write_bytes(pickle.dumps(Bomb(), protocol=protocol))
    refused(path, "is a pickle" if protocol > 1 else "not a mathlearn model")


def test_a_pickled_estimator_is_refused(path):
    path.write_bytes(pickle.dumps(LinearRegression()))
    refused(path, "is a pickle, which could run any program when loaded, and was not opened")


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", b"\x80\x04N.")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "it is empty"),
        (b"\x01\x02", "it is cut: it has 2 bytes"),
        (zipped(), "a zip archive"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}", r"a NumPy \.npy file"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "compressed by gzip"),
        (b"version https://git-lfs.github.com/spec/v1\n", "was not downloaded"),
        (b"PAR1" + bytes(20), "a Parquet file"),
        (b"species,island\nAdelie,Torgersen\n", "does not begin as a safetensors file does"),
        (bytes(4096), "does not begin as a safetensors file does"),
    ],
)
def test_other_files_are_refused(path, content, match):
    path.write_bytes(content)
    refused(path, match)


def test_no_file_and_no_regular_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        mathlearn.load(tmp_path / "absent.safetensors")
    with pytest.raises(IsADirectoryError):
        mathlearn.load(tmp_path)
    refused("/dev/zero", "does not begin")


def test_a_safetensors_file_of_something_else(path):
    write(path, {"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4))
    refused(path, "of something else")
    write(path, {"__metadata__": {"format": "pt"}})
    refused(path, "of something else")


# ---------------------------------------------------------------------------------------------------------- lies about sizes


@given(data=st.data())
def test_a_file_cut_anywhere_is_refused(data, saved, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "cut.safetensors"
    path.write_bytes(saved[: data.draw(st.integers(0, len(saved) - 1))])
    refused(path, "is cut|is empty|not a mathlearn model")


def test_something_appended_is_refused(saved, path):
    path.write_bytes(saved + b"x")
    refused(path, "it is cut or has something appended")


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 10**6 + 1, 900_000])
def test_a_header_length_that_lies_takes_no_memory(path, length):
    write(path, b"{" + b" " * 100, length=length)
    tracemalloc.start()
    refused(path, "more than the 1000000|it is cut")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"shape": [2**40, 2**40]}, "does not fit its place"),
        ({"shape": [-1, -4]}, "impossible shape"),
        ({"shape": [True]}, "impossible shape"),
        ({"shape": [1] * 100}, "impossible shape"),
        ({"shape": "4"}, "malformed"),
        ({"shape": [0]}, "does not fit its place"),
        ({"dtype": "F32"}, "has the type F32; allowed are F64, I64"),
        ({"dtype": ["F64"]}, "malformed"),
        ({"data_offsets": [0, 10**15]}, "does not fit its place"),
        ({"data_offsets": [-8, 0]}, "does not fit its place"),
        ({"data_offsets": [0]}, "malformed"),
        ({"extra": 1}, "malformed"),
    ],
)
def test_an_array_that_lies_about_its_place(model, path, change, match):
    name = "result.coef"
    model.header[name] = model.header[name] | change
    refused(model.write(path), match)


def test_arrays_that_overlap(model, path):
    shape = model.header["result.curvature.mean"]["shape"]
    assert shape == model.header["result.curvature.scale"]["shape"]
    model.header["result.curvature.mean"] = model.header["result.curvature.scale"]
    refused(model.write(path), "not a mathlearn model")


def test_a_file_larger_than_the_limit(saved, path):
    path.write_bytes(saved)
    with mathlearn.config_context(max_memory=1000), pytest.raises(ResourceError, match=r"set_config\(max_memory="):
        mathlearn.load(path)


@pytest.mark.parametrize(
    "header",
    [
        b"{" * 200_000,
        b'{"a":' * 100_000,
        b"{]",
        b'{"a": NaN}',
        b'{"__metadata__": {}, "__metadata__": {}}',
        b'{"a": 1' + b"0" * 10_000 + b"}",
        b"{\xff\xfe}",
    ],
)
def test_json_that_is_none(path, header):
    write(path, header)
    refused(path, "not valid JSON|malformed")


# ----------------------------------------------------------------------------------------------------- lies about the content


def test_only_classes_of_the_table(model, path):
    for name in (
        "os.system",
        "sklearn.linear_model.LinearRegression",
        "mathlearn.linear_model.linear_regression.LinearRegression",
    ):
        model.document["class"] = name
        refused(model.write(path), "known are .*mathlearn.linear_model.LinearRegression")


def test_a_later_format_says_so(model, path):
    model.document |= {"format": "mathlearn model 2", "version": "9.0"}
    refused(model.write(path), r"written by mathlearn 9\.0 .* use the newer")


@pytest.mark.parametrize("key", ["format", "class", "version", "parameters", "records"])
def test_a_part_of_the_header_is_missing(model, path, key):
    del model.document[key]
    refused(model.write(path), "the parts of its header|something else")


def test_an_extra_part_of_the_header(model, path):
    model.document["code"] = "import os"
    refused(model.write(path), "code")


def test_records_in_an_array_that_is_not_there(model, path):
    model.document["records"] = {"array": "records"}
    refused(model.write(path), "the text of its records is not there")


def test_an_array_nobody_asked_for(model, path):
    model.header["result.more"] = {"dtype": "U8", "shape": [3], "data_offsets": [len(model.body), len(model.body) + 3]}
    model.body += b"abc"
    refused(model.write(path), "the arrays of the model are")


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ __import__('os').system('true')",
        "y ~ x.real",
        "y ~ (lambda: 1)()",
        "body_mass_g ~ flipper_length_mm",  # allowed, but not the one of the columns learned
    ],
)
def test_formulas_are_checked_as_if_typed_in(model, path, formula):
    model.parameters["formula"] = formula
    with pytest.raises(UntrustedModelError):
        mathlearn.load(model.write(path))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("text", "body_mass_g ~ __import__('os')"),
        ("fit_intercept", False),
        ("columns", ["flipper_length_mm"]),
        ("products", []),
        ("factors", [{"record": "ExpressionFactor", "source": "().__class__"}]),
        ("factors", [{"record": "Design"}]),
    ],
)
def test_a_learned_formula_must_be_sound(model, path, part, change):
    model.records["design_"]["encoding"][part] = change
    with pytest.raises(UntrustedModelError):
        mathlearn.load(model.write(path))


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"fit_intercept": {"record": "FitResult"}}, "parameter fit_intercept is"),
        ({"fit_intercept": "yes"}, "fit_intercept"),
        ({"covariance": "HC9"}, "covariance"),
        ({"n_jobs": [1]}, "n_jobs"),
        ({"alpha": 1.0}, "the parameters of the model"),
    ],
)
def test_parameters_are_checked(model, path, parameters, match):
    model.parameters |= parameters
    refused(model.write(path), match)


def test_a_parameter_missing(model, path):
    del model.parameters["fit_intercept"]
    refused(model.write(path), "the parameters of the model")


def test_shapes_are_checked_against_terms(model, path):
    model.records["result_"]["terms"].pop()
    refused(model.write(path), "contradicts itself")


def test_rank_is_checked_against_shapes(model, path):
    model.records["result_"]["rank"] -= 1
    refused(model.write(path), r"curvature\.whitener has shape")


@pytest.mark.parametrize("name", ["result.coef", "result.intercept", "result.curvature.whitener", "result.deviance"])
def test_numbers_that_must_be_finite(model, path, name):
    values = model.array(name).copy()
    values.flat[0] = np.nan
    model.put(name, values)
    refused(model.write(path), f"{name.removeprefix('result.')} holds a number that is not finite")


def test_scales_must_be_positive(model, path):
    model.put("result.curvature.scale", -model.array("result.curvature.scale"))
    refused(model.write(path), "not positive")


def test_terms_must_be_those_of_the_design(model, path):
    model.records["result_"]["terms"][0] = "wing_length_mm"
    refused(model.write(path), "the terms of the fit are not those of the columns learned")


@given(data=st.data())
def test_a_changed_byte_never_escapes(data, saved, tmp_path_factory):
    """Whatever byte is changed: either a clear refusal, or a model whose numbers changed as data may."""
    path = tmp_path_factory.getbasetemp() / "changed.safetensors"
    position = data.draw(st.integers(0, len(saved) - 1))
    value = data.draw(st.integers(0, 255))
    path.write_bytes(saved[:position] + bytes([value]) + saved[position + 1 :])
    try:
        model = mathlearn.load(path)
    except (UntrustedModelError, ResourceError):
        return
    assert type(model) is LinearRegression
