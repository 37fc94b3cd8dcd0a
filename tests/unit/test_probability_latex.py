"""The small reader of LaTeX by which the laws judge families and links: what is displayed is what is differentiated."""

import re
from functools import cache

import mpmath as mp
import pytest
import sympy as sp

from mathlearn.probability import FAMILIES, LINKS

y, mu, eta, tau = sp.Symbol("y", real=True), sp.Symbol("mu", real=True), sp.Symbol("eta", real=True), sp.Symbol("tau")
phi, theta, xi = (sp.Symbol(name, positive=True) for name in ("phi", "vartheta", "xi"))
LETTERS = {
    "y": y,
    r"\mu": mu,
    r"\eta": eta,
    r"\tau": tau,
    r"\phi": phi,
    r"\vartheta": theta,
    r"\xi": xi,
    r"\pi": sp.pi,
    "e": sp.E,
}
_TOKEN = re.compile(r"\\left\(|\\right\)|\\[A-Za-z]+|\d+(?:\.\d+)?|[-+^{}()/A-Za-z]")


class Phi(sp.Function):
    """The normal distribution function."""

    def fdiff(self, _index=1):
        return sp.exp(-(self.args[0] ** 2) / 2) / sp.sqrt(2 * sp.pi)


class PhiInverse(sp.Function):
    """Its inverse."""


FUNCTIONS = {
    r"\log": sp.log,
    r"\Gamma": sp.gamma,
    r"\tan": sp.tan,
    r"\arctan": sp.atan,
    r"\sqrt": sp.sqrt,
    r"\Phi": Phi,
}


@cache
def _distribution(x, precision):
    with mp.workprec(precision):
        return mp.ncdf(x)


def distribution(x):
    """Return the normal distribution function, whose hundreds of digits are worked out once."""
    return _distribution(x, mp.mp.prec)


NUMERIC = [{"Phi": distribution, "PhiInverse": lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1)}, "mpmath"]


class _Reader:
    def __init__(self, latex):
        self.tokens = _TOKEN.findall(latex)
        assert "".join(self.tokens) == latex.replace(" ", ""), f"not understood: {latex}"

    def next(self):
        return self.tokens[0] if self.tokens else ""

    def take(self, *wanted):
        token = self.tokens.pop(0)
        assert not wanted or token in wanted, f"{token} where {wanted} was due"
        return token

    def sum(self):
        total = -self.product() if self.next() == "-" and self.take() else self.product()
        while self.next() in {"+", "-"}:
            sign = 1 if self.take() == "+" else -1
            total += sign * self.product()
        return total

    def product(self):
        value = self.factor()
        while self.next() and self.next() not in {"+", "-", ")", r"\right)", "}"}:
            divide = self.next() == "/" and self.take()
            value = value / self.factor() if divide else value * self.factor()
        return value

    def factor(self):
        base = self.atom()
        if self.next() == "^":
            self.take()
            return base ** self.group()
        return base

    def group(self):
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def atom(self):
        token = self.take()
        if token in {"(", r"\left("}:
            value = self.sum()
            self.take(")", r"\right)")
            return value
        if token == r"\frac":
            return self.group() / self.group()
        if token in FUNCTIONS:
            return self.function(token)
        return LETTERS[token] if token in LETTERS else sp.Rational(*float(token).as_integer_ratio())

    def function(self, token):
        if self.next() == "^":
            self.take()
            assert self.group() == -1
            return PhiInverse(self.factor())
        value = self.group() if token == r"\sqrt" else self.factor()
        # log(Gamma(x)) is kept as one function: Gamma itself leaves the range of numbers
        if token == r"\log" and isinstance(value, sp.gamma):
            return sp.loggamma(value.args[0])
        return FUNCTIONS[token](value)


def read(latex):
    """Return the expression that a formula of the project displays."""
    reader = _Reader(latex)
    value = reader.sum()
    assert not reader.tokens
    return value


@pytest.mark.parametrize(
    ("latex", "expression"),
    [
        (r"y\log\mu-\mu", y * sp.log(mu) - mu),
        (r"-\frac{(y-\mu)^{2}}{2\phi}", -((y - mu) ** 2) / (2 * phi)),
        (r"\log\frac{\mu}{1-\mu}", sp.log(mu / (1 - mu))),
        (r"1-e^{-e^{\eta}}", 1 - sp.exp(-sp.exp(eta))),
        (r"\eta^{1/(-0.5)}", eta**-2),
        (r"\log\Gamma(y+1)", sp.loggamma(y + 1)),
        (r"\Phi^{-1}(\mu)", PhiInverse(mu)),
        (r"\frac{1}{\phi}\left(y\frac{\mu^{1-\xi}}{1-\xi}\right)", y * mu ** (1 - xi) / (1 - xi) / phi),
    ],
)
def test_the_reader_reads(latex, expression):
    assert sp.simplify(read(latex) - expression) == 0


def test_every_formula_is_read_and_uses_only_letters_that_are_declared():
    for link in LINKS.values():
        assert read(link.latex).free_symbols == {mu}
        assert read(link.mean_latex).free_symbols == {eta}
    for maker in FAMILIES.values():
        family = maker.make(**dict(maker.examples[0]))
        assert {y, mu} <= read(family.formula.latex).free_symbols
        read(family.variance_latex)
