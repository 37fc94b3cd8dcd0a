"""`digest`: equal for the same content, in any process; different for other content."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass
from enum import Enum
from functools import partial

import numpy as np
import pytest

from mathlearn.data.digest import digest
from mathlearn.probability import FAMILIES, family_named


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: object = None


class Plain:
    def __init__(self, x):
        self.x = x

    def times(self, y):
        return self.x * y


def caught(x):
    return lambda y: x + y


DIFFERENT = [
    None, True, 1, 1.0, "1", b"1", 0.0, -0.0, 0.1, 0.1 + 2**-56, (), [], {}, (1,), [1], (1, (2, 3)), (1, 2, 3), ((1, 2), 3), "ab", ("a", "b"),
    {"a": 1}, {"b": 1}, {"a": 2}, {1, 2}, {1, 3}, np.zeros(3), np.zeros((3, 1)), np.zeros(3, np.float32), np.float64(1.0), np.array([0.0, 0.0, -0.0]),
    np.array(["a", 1], object), np.array(["a", 2], object), Colour.RED, Colour.BLUE, Point(1.0), Point(1.0, Colour.RED), Point(2.0), Plain(1), Plain(2),
    Plain(1).times, Plain(2).times, Plain, Point, caught(1), caught(2), partial(caught, 1), partial(caught, x=1), partial(pow, 1), pow, np.add, np.multiply,
    lambda x: x, lambda x: x + 1, lambda x, y=1: x, lambda x, y=2: x, np, threading, np.dtype("f8"), np.dtype("f4"), "abc".upper, "abd".upper,
]  # fmt: skip


def test_other_content_has_another_digest():
    found = [digest(value) for value in DIFFERENT]
    assert len(set(found)) == len(found)


def test_the_same_content_has_the_same_digest():
    assert digest(caught(np.arange(3.0))) == digest(caught(np.arange(3.0)))
    assert digest(Point(1.0, Plain([1]))) == digest(Point(1.0, Plain([1])))
    assert digest(np.asfortranarray(np.eye(3)[:, ::-1])) == digest(np.eye(3)[:, ::-1].copy())
    assert digest({3, 1, 2}) == digest({2, 3, 1})


@pytest.mark.parametrize("name", FAMILIES)
def test_families_have_digests_of_their_own(name):
    given = {"theta": 2.0} if name == "negative_binomial" else {"power": 1.5} if name == "tweedie" else {}
    given = {"power": 2.5} if name == "quasitweedie" else given
    assert digest(family_named(name, **given)) == digest(family_named(name, **given))
    others = {digest(family_named(other)) for other in ("gaussian", "poisson") if other != name}
    assert digest(family_named(name, **given)) not in others


def test_what_holds_itself_has_a_digest():
    one, other = Plain(1), Plain(2)
    one.self, other.self = one, other
    assert digest(one) != digest(other)


def test_another_process_gives_the_same_digest():
    code = (
        "from mathlearn.data.digest import digest; from mathlearn.probability import family_named as f; import numpy as np;"
        "print(digest((f('poisson'), {'b', 'a', 'c'}, lambda x: {x, 1}, np.arange(4.0))))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout != ""


@pytest.mark.parametrize("value", [threading.Lock(), (x for x in "a"), iter([1]), Point(1.0, threading.Lock())])
def test_what_has_no_content_is_refused(value):
    with pytest.raises(TypeError, match="has no content to be told by"):
        digest(value)


class Slotted:
    __slots__ = ("a",)

    def __init__(self, a):
        self.a = a


class Further(Slotted):
    __slots__ = ("b",)

    def __init__(self, a, b):
        super().__init__(a)
        self.b = b


def test_functions_that_call_others_and_objects_that_differ_in_what_they_inherit():
    assert digest(lambda x: np.sin(x) + 1) != digest(lambda x: np.cos(x) + 1)
    assert digest(Further(1, 2)) != digest(Further(3, 2))
    assert digest(Further(1, 2)) != digest(Further(1, 3))
    assert digest(Further(1, 2)) == digest(Further(1, 2))
