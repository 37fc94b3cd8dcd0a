"""The records: what the folder holds is what the registry knows, and bad input is told what to do."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

import mathlearn.probability.families as families_room
import mathlearn.probability.links as links_room
from mathlearn._errors import DomainError
from mathlearn.probability import FAMILIES, LINKS, family_named, link_named
from mathlearn.probability.inside import outside

FAMILY_LIST = [maker.make(**dict(example)) for maker in FAMILIES.values() for example in maker.examples]
with_families = pytest.mark.parametrize("family", FAMILY_LIST, ids=lambda f: f"{f.name}{dict(f.parameters) or ''}")


@pytest.mark.parametrize(
    ("room", "registry", "word"), [(families_room, FAMILIES, "FAMILIES"), (links_room, LINKS, "LINKS")]
)
def test_every_file_of_the_folder_is_registered(room, registry, word):
    files = [path.stem for path in Path(room.__path__[0]).glob("[a-z]*.py")]
    named = [each.name for file in files for each in getattr(getattr(room, file), word)]
    assert sorted(named) == sorted(registry)


@with_families
def test_a_family_is_one_record_that_travels(family):
    again = family_named(family.name, **dict(family.parameters))
    assert again == family
    assert pickle.loads(pickle.dumps(family)) == family
    assert copy.deepcopy(family) == family
    assert hash(again) == hash(family)
    assert all(pickle.loads(pickle.dumps(link)) == link for link in family.links)
    with pytest.raises(AttributeError):
        family.name = "other"


@with_families
def test_starts_have_means_of_the_family_and_predictors_that_are_finite(family):
    ys = np.array([0.0, 1.0, 0.3, 5.0, 1e6])
    ys = ys[family.domain.inside(ys)]
    means = family.start(ys, np.full_like(ys, 2.0))
    assert family.mean_span.holds(means).all()
    for link in family.links:
        if family.name != "gaussian" or link.name == "identity":
            assert np.isfinite(link.eta(means)).all()


@with_families
def test_links_are_looked_up_by_name_or_record(family):
    assert family.link() is family.links[0]
    for link in family.links:
        assert family.link(link.name) is link
        assert family.link(link) is link
    with pytest.raises(DomainError, match=rf"link is 'lgo'.*{family.title} family has .*default"):
        family.link("lgo")
    other = link_named("identity" if family.mean_span.upper == 1.0 else "logit")
    with pytest.raises(DomainError, match=f"link is {other.name!r}"):
        family.link(other)


def test_a_slip_in_a_name_is_hinted_at():
    with pytest.raises(
        DomainError, match=r"family is 'possion': it must be one of .*'poisson'.*Did you mean 'poisson'\?"
    ):
        family_named("possion")
    with pytest.raises(DomainError, match=r"'tweedie' takes power; got none"):
        family_named("tweedie")
    with pytest.raises(DomainError, match=r"'poisson' takes no parameters; got theta"):
        family_named("poisson", theta=2.0)
    with pytest.raises(DomainError, match=r"Did you mean 'logit'\?"):
        family_named("binomial").link("logti")


def check(name, y, trials=None, column="y", locate="row {}".format):
    """Refuse observations that the family does not have."""
    family = family_named(name)
    outside(family, y, trials).refuse(family, column, locate)


@pytest.mark.parametrize(
    ("name", "bad", "words"),
    [
        ("poisson", -1.0, "at least 0.*Gaussian"),
        ("gamma", 0.0, "above 0.*Tweedie"),
        ("inverse_gaussian", -2.0, "above 0"),
        ("binomial", 0.5, "0 and 1.*the trials too"),
        ("quasibinomial", 1.5, "from 0 to 1.*the trials too"),
        ("gaussian", np.inf, "finite"),
        ("poisson", np.nan, "at least 0"),
    ],
)
def test_values_outside_the_domain_are_counted_and_the_first_is_named(name, bad, words):
    y = np.array([1.0, bad, 1.0, bad])
    with pytest.raises(
        DomainError, match=rf"sales has 2 of 4 values .*first {bad!r} in line 101: allowed are.*{words}"
    ):
        check(name, y, column="sales", locate=lambda i: f"line {100 + i}")
    check(name, np.ones(3))


def test_trials_are_checked():
    check("binomial", np.array([0.5, 0.333333, 1.0]), np.array([2.0, 3.0, 1.0]))
    for y, trials, words in (
        (0.5, 0.0, "no positive whole number"),
        (0.5, 2.5, "no positive whole number"),
        (1.5, 2.0, "fewer trials than successes"),
        (0.4, 2.0, "no whole number of successes"),
        (np.nan, 2.0, "outside 0 to 1"),
    ):
        with pytest.raises(DomainError, match=f"1 of 2 .*{words}.*of {trials!r} trials in row 1"):
            check("binomial", np.array([1.0, y]), np.array([1.0, trials]))
    with pytest.raises(DomainError, match="trials were given, which the Poisson family does not have"):
        check("poisson", np.ones(2), np.ones(2))
