"""What a classifier is about: events on the left of a formula, and labels with a reference of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn._errors import DomainError, NonFiniteInputError, SchemaError
from mathlearn.data.bind import bind
from mathlearn.data.classes import class_faults
from mathlearn.datasets import load_penguins
from mathlearn.linear_model import GeneralizedLinearRegressor, LinearRegression, LogisticRegression

WHOLE = load_penguins()
PENGUINS = WHOLE.dropna()
EVENTS = {
    'species == "Adelie"': PENGUINS["species"] == "Adelie",
    'sex != "male"': PENGUINS["sex"] != "male",
    "I(body_mass_g >= 4000)": PENGUINS["body_mass_g"] >= 4000,
    "body_mass_g < 20 * flipper_length_mm": PENGUINS["body_mass_g"] < 20 * PENGUINS["flipper_length_mm"],
    "year == 2008": PENGUINS["year"] == 2008,
}


def logistic(left, **options):
    return LogisticRegression(C=np.inf, formula=f"{left} ~ bill_length_mm", **options)


# ----------------------------------------------------------------------------------------------------------------- events


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_a_label_that_is_true_where_it_holds(event):
    holds = EVENTS[event].to_numpy()
    model = logistic(event).fit(PENGUINS)
    by_hand = LogisticRegression(C=np.inf).fit(PENGUINS[["bill_length_mm"]], holds)
    np.testing.assert_array_equal(model.classes_, [False, True])
    np.testing.assert_array_equal(model.result_.coef, by_hand.result_.coef)
    assert model.score(PENGUINS) == np.mean(model.predict(PENGUINS) == holds) == model.score(PENGUINS, holds)
    assert model.verify(PENGUINS).ok


@pytest.mark.parametrize("event", EVENTS)
def test_a_classifier_and_a_binomial_regression_take_the_same_event(event):
    regression = GeneralizedLinearRegressor(family="binomial", formula=f"{event} ~ bill_length_mm").fit(PENGUINS)
    np.testing.assert_allclose(logistic(event).fit(PENGUINS).result_.coef, regression.result_.coef, rtol=1e-12)


@pytest.mark.parametrize("event", EVENTS)
def test_events_are_read_from_files_and_kept_in_model_files(event, tmp_path):
    table, file = tmp_path / "penguins.csv", tmp_path / "m.safetensors"
    PENGUINS.to_csv(table, index=False)
    rows = mathlearn.scan(table)
    model = logistic(event).fit(rows)
    np.testing.assert_allclose(model.coef_, logistic(event).fit(PENGUINS).coef_, rtol=1e-12)
    model.save(file)
    again = mathlearn.load(file)
    assert again.verify(rows).ok
    np.testing.assert_array_equal(again.predict(rows), model.predict(PENGUINS))


def test_a_row_whose_event_is_not_known_is_missing():
    with pytest.raises(NonFiniteInputError, match="'sex == \"male\"': 11 missing"):
        LogisticRegression(formula='sex == "male" ~ year').fit(WHOLE)
    model = LogisticRegression(formula='sex == "male" ~ year', missing="drop").fit(WHOLE)
    assert (model.result_.n, model.result_.n_dropped) == (333, 11)


def test_an_event_that_always_holds_has_one_class():
    with pytest.raises(DomainError, match="only one class: True"):
        logistic("body_mass_g > 0").fit(PENGUINS)


# -------------------------------------------------------------------------------------------------------------- reference


@pytest.mark.parametrize(
    ("column", "reference", "classes"),
    [
        ("sex", '"male"', ["male", "female"]),
        ("species", '"Gentoo"', ["Gentoo", "Adelie", "Chinstrap"]),
        ("year", "2008", [2008, 2007, 2009]),
    ],
)
def test_the_reference_comes_first_and_probabilities_stay(column, reference, classes, tmp_path):
    model = logistic(f"C({column}, ref={reference})").fit(PENGUINS)
    usual = logistic(column).fit(PENGUINS)
    np.testing.assert_array_equal(model.classes_, classes)
    place = [usual.classes_.tolist().index(label) for label in classes]
    np.testing.assert_allclose(model.predict_proba(PENGUINS), usual.predict_proba(PENGUINS)[:, place], rtol=1e-9)
    np.testing.assert_array_equal(model.predict(PENGUINS), usual.predict(PENGUINS))
    assert model.verify(PENGUINS).ok
    model.save(tmp_path / "m.safetensors")
    assert mathlearn.load(tmp_path / "m.safetensors").classes_.tolist() == classes


def test_of_two_classes_the_reference_turns_the_sign():
    np.testing.assert_allclose(
        logistic('C(sex, ref="male")').fit(PENGUINS).coef_, -logistic("sex").fit(PENGUINS).coef_, rtol=1e-9
    )


def test_many_numbers_keep_their_codes_with_a_reference():
    frame = PENGUINS.assign(grade=np.arange(len(PENGUINS)) % 7)
    rows = bind(frame, formula="C(grade, ref=3) ~ year", labels=True)
    codes = np.concatenate([chunk.y for chunk in rows.chunks(max_rows=100)])[:, 0]
    np.testing.assert_array_equal(rows.design.decode(codes), frame["grade"])
    assert rows.design.classes == (3, 0, 1, 2, 4, 5, 6)


def test_an_unknown_reference_is_refused_with_the_labels_there_are():
    with pytest.raises(SchemaError, match=r"'Gento'. Did you mean 'Gentoo'\?.*'Adelie', 'Chinstrap', 'Gentoo'"):
        logistic('C(species, ref="Gento")').fit(PENGUINS)


def test_a_reference_whose_rows_are_all_left_out_is_refused():
    weights = (PENGUINS["species"] != "Gentoo").astype(float)
    with pytest.raises(SchemaError, match="no row has the label 'Gentoo'"):
        logistic('C(species, ref="Gentoo")').fit(PENGUINS, sample_weight=weights)


def test_a_stored_order_is_that_of_the_formula():
    design = bind(PENGUINS, formula='C(sex, ref="male") ~ year', labels=True).design
    assert list(class_faults(design)) == []
    assert list(class_faults(replace(design, classes=("female", "male")))) == ["the classes are not in their order"]


def test_the_twin_of_scikit_learn_has_the_same_reference():
    model = LogisticRegression(formula='C(sex, ref="male") ~ bill_length_mm').fit(PENGUINS)
    assert mathlearn.compare_with_sklearn(model, PENGUINS).in_se.max() < 1e-4


def test_a_number_names_a_label_by_its_value_on_the_left_as_on_the_right():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"z": np.repeat([1234567.0, 1234568.0], 30), "x": rng.normal(size=60)})
    frame["w"] = frame["x"] + rng.normal(size=60)
    left = LogisticRegression(C=np.inf, formula="C(z, ref=1234568) ~ x").fit(frame)
    assert left.result_.likelihood.classes[0] == 1234568.0
    assert LinearRegression(formula="w ~ C(z, ref=1234568)").fit(frame).result_.terms == (
        "C(z, ref=1234568)[T.1234567.0]",
    )
    with pytest.raises(SchemaError, match="no row has the label"):
        LogisticRegression(C=np.inf, formula='C(z, ref="1.23457e+06") ~ x').fit(frame)
