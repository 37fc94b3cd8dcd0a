"""Maximum likelihood of generalised linear models in 100-digit arithmetic, for designs of doubles.

Every double is taken as the rational number that it is. The likelihood equations are solved by Fisher scoring with halved
steps, then by Newton's method with the observed information, until the step is below 1e-70; 32 digits are printed.

Formulas, with mean mu = g^-1(eta), dm and d2m its derivatives by eta, variance function V and precision weight w:
score w (y - mu) dm / (phi V), expected information w dm^2 / (phi V), observed information
w (dm^2 / V - (y - mu) (d2m V - dm^2 V') / V^2) / phi (McCullagh and Nelder 1989, section 2.5). The density of Tweedie's
compound Poisson law is the series of Dunn and Smyth (2005, Statistics and Computing 15, 267-280).

``python -m tests.reference.glm.exact_problems`` writes the reference values kept in `exact`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from mpmath import MPContext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

mp = MPContext()  # one's own: the digits of mpmath.mp are left alone
mp.dps = 100
mpf = mp.mpf
PRINTED = 32
TINY = mpf(10) ** -70
CHI2_95 = 2 * mp.erfinv(mpf("0.95")) ** 2


def _logit(eta):
    mu = 1 / (1 + mp.exp(-eta))
    return mu, mu * (1 - mu), mu * (1 - mu) * (1 - 2 * mu)


def _probit(eta):
    density = mp.exp(-(eta**2) / 2) / mp.sqrt(2 * mp.pi)
    return mp.erfc(-eta / mp.sqrt(2)) / 2, density, -eta * density


def _cloglog(eta):
    rate = mp.exp(eta)
    return -mp.expm1(-rate), rate * mp.exp(-rate), rate * mp.exp(-rate) * (1 - rate)


def _cauchit(eta):
    return mpf(1) / 2 + mp.atan(eta) / mp.pi, 1 / (mp.pi * (1 + eta**2)), -2 * eta / (mp.pi * (1 + eta**2) ** 2)


def _log(eta):
    return (mp.exp(eta),) * 3


LINKS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    # inverse link with its two derivatives; link
    "identity": (lambda e: (e, mpf(1), mpf(0)), lambda m: m),
    "log": (_log, mp.log),
    "logit": (_logit, lambda m: mp.log(m / (1 - m))),
    "probit": (_probit, lambda m: mp.sqrt(2) * mp.erfinv(2 * m - 1)),
    "cloglog": (_cloglog, lambda m: mp.log(-mp.log(1 - m))),
    "cauchit": (_cauchit, lambda m: mp.tan(mp.pi * (m - mpf(1) / 2))),
    "inverse": (lambda e: (1 / e, -1 / e**2, 2 / e**3), lambda m: 1 / m),
    "inverse_squared": (
        lambda e: (e ** mpf("-0.5"), -(e ** mpf("-1.5")) / 2, 3 * e ** mpf("-2.5") / 4),
        lambda m: m**-2,
    ),
}


def _xlog(x, ratio):
    return x * mp.log(ratio) if x else mpf(0)


class Family:
    """A family: variance function with its derivative, log-density at dispersion phi, unit deviance."""

    positive = True
    dispersion = False

    def __init__(self, parameter=None):
        self.parameter = None if parameter is None else mpf(parameter)

    def valid(self, mu):
        return not isinstance(mu, mp.mpc) and (mu > 0 or not self.positive)


class Gaussian(Family):
    positive = False
    dispersion = True

    def variance(self, mu):
        return mpf(1), mpf(0)

    def log_density(self, y, mu, phi):
        return -((y - mu) ** 2) / (2 * phi) - mp.log(2 * mp.pi * phi) / 2

    def deviance(self, y, mu):
        return (y - mu) ** 2


class Binomial(Family):
    """Proportions; the number of trials is the precision weight."""

    def valid(self, mu):
        return 0 < mu < 1

    def variance(self, mu):
        return mu * (1 - mu), 1 - 2 * mu

    def log_density(self, y, mu, phi):
        trials = 1 / phi
        hits = y * trials
        return mp.log(mp.binomial(trials, hits)) + _xlog(hits, mu) + _xlog(trials - hits, 1 - mu)

    def deviance(self, y, mu):
        return 2 * (_xlog(y, y / mu) + _xlog(1 - y, (1 - y) / (1 - mu)))


class Poisson(Family):
    def variance(self, mu):
        return mu, mpf(1)

    def log_density(self, y, mu, phi):
        return (_xlog(y, mu) - mu - mp.loggamma(y + 1)) / phi

    def deviance(self, y, mu):
        return 2 * (_xlog(y, y / mu) - (y - mu))


class NegativeBinomial(Family):
    """Variance mu + mu^2 / theta, theta given."""

    def variance(self, mu):
        return mu + mu**2 / self.parameter, 1 + 2 * mu / self.parameter

    def log_density(self, y, mu, phi):
        t = self.parameter
        constant = mp.loggamma(y + t) - mp.loggamma(t) - mp.loggamma(y + 1)
        return (constant + t * mp.log(t / (t + mu)) + _xlog(y, mu / (t + mu))) / phi

    def deviance(self, y, mu):
        t = self.parameter
        return 2 * (_xlog(y, y / mu) - (y + t) * mp.log((y + t) / (mu + t)))


class Gamma(Family):
    dispersion = True

    def variance(self, mu):
        return mu**2, 2 * mu

    def log_density(self, y, mu, phi):
        k = 1 / phi
        return k * mp.log(k * y / mu) - k * y / mu - mp.log(y) - mp.loggamma(k)

    def deviance(self, y, mu):
        return 2 * ((y - mu) / mu - mp.log(y / mu))


class InverseGaussian(Family):
    dispersion = True

    def variance(self, mu):
        return mu**3, 3 * mu**2

    def log_density(self, y, mu, phi):
        return -((y - mu) ** 2) / (2 * phi * y * mu**2) - mp.log(2 * mp.pi * phi * y**3) / 2

    def deviance(self, y, mu):
        return (y - mu) ** 2 / (y * mu**2)


class Tweedie(Family):
    """Variance mu^p, 1 < p < 2."""

    dispersion = True

    def variance(self, mu):
        return mu**self.parameter, self.parameter * mu ** (self.parameter - 1)

    def log_density(self, y, mu, phi):
        p = self.parameter
        if not y:
            return -(mu ** (2 - p)) / (phi * (2 - p))
        alpha = (2 - p) / (1 - p)
        factor = y**-alpha * (p - 1) ** alpha / (phi ** (1 - alpha) * (2 - p))
        total, largest = mpf(0), mpf(0)
        for j in count(1):
            term = factor**j / (mp.factorial(j) * mp.gamma(-j * alpha))
            total, largest = total + term, max(largest, term)
            if term < largest * mpf(10) ** -(mp.dps + 5):
                break
        return mp.log(total / y) + (y * mu ** (1 - p) / (1 - p) - mu ** (2 - p) / (2 - p)) / phi

    def deviance(self, y, mu):
        p = self.parameter
        return 2 * (y ** (2 - p) / ((1 - p) * (2 - p)) - y * mu ** (1 - p) / (1 - p) + mu ** (2 - p) / (2 - p))


FAMILIES = {
    "gaussian": Gaussian,
    "binomial": Binomial,
    "poisson": Poisson,
    "negative_binomial": NegativeBinomial,
    "gamma": Gamma,
    "inverse_gaussian": InverseGaussian,
    "tweedie": Tweedie,
}


@dataclass(frozen=True)
class Problem:
    """A model of doubles: rows of X with the intercept, response y, precision weights, offset, ridge penalties."""

    family: Family
    link: str
    X: Sequence[Sequence[Any]]
    y: Sequence[Any]
    weights: Sequence[Any]
    offset: Sequence[Any]
    penalty: Sequence[Any] = field(default=())

    def without(self, column: int) -> Problem:
        return replace(self, X=[[*row[:column], *row[column + 1 :]] for row in self.X])


@dataclass(frozen=True)
class At:
    """A problem evaluated at one coefficient vector, at dispersion 1."""

    mu: list[Any]
    score: Any
    expected: Any
    observed: Any
    deviance: Any


def evaluate(problem: Problem, beta: Any) -> At | None:
    """Return score, information and deviance at beta; None where a mean is outside the family."""
    p = len(problem.X[0])
    inverse, _ = LINKS[problem.link]
    means, score, expected, observed, deviance = [], mp.zeros(p, 1), mp.zeros(p), mp.zeros(p), mpf(0)
    for row, y, w, offset in zip(problem.X, problem.y, problem.weights, problem.offset, strict=True):
        mu, dm, d2m = inverse(sum((x * b for x, b in zip(row, beta, strict=True)), offset))
        if not problem.family.valid(mu):
            return None
        v, dv = problem.family.variance(mu)
        first, second = w * (y - mu) * dm / v, w * dm**2 / v
        seen = second - w * (y - mu) * (d2m * v - dm**2 * dv) / v**2
        means.append(mu)
        deviance += w * problem.family.deviance(y, mu)
        for a in range(p):
            score[a] += first * row[a]
            for b in range(p):
                expected[a, b] += second * row[a] * row[b]
                observed[a, b] += seen * row[a] * row[b]
    for a, ridge in enumerate(problem.penalty):
        score[a] -= ridge * beta[a]
        expected[a, a] += ridge
        observed[a, a] += ridge
        deviance += ridge * beta[a] ** 2
    return At(means, score, expected, observed, deviance)


def solve(problem: Problem, start: Any = None) -> tuple[Any, At]:
    """Return the coefficients of maximum (penalised) likelihood and the problem evaluated there."""
    p = len(problem.X[0])
    if start is None:
        total = sum(problem.weights)
        mean = sum(w * y for w, y in zip(problem.weights, problem.y, strict=True)) / total
        start = mp.matrix([LINKS[problem.link][1](mean), *[mpf(0)] * (p - 1)])
    beta, here = start, evaluate(problem, start)
    for step in range(200):
        information = here.expected if step < 12 else here.observed
        move = mp.lu_solve(information, here.score)
        size = max(abs(m) / (1 + abs(b)) for m, b in zip(move, beta, strict=True))
        there = evaluate(problem, beta + move)
        while there is None or (size > mpf(10) ** -20 and there.deviance > here.deviance):
            move /= 2
            there = evaluate(problem, beta + move)
        beta, here = beta + move, there
        if size < TINY and step >= 12:
            return beta, here
    raise ArithmeticError("no convergence")


def log_likelihood(problem: Problem, mu: Sequence[Any], phi: Any) -> Any:
    """Sum of log-densities, row i at dispersion phi / w_i."""
    rows = zip(problem.y, mu, problem.weights, strict=True)
    return mp.fsum(problem.family.log_density(y, m, phi / w) for y, m, w in rows)


def pearson(problem: Problem, mu: Sequence[Any]) -> Any:
    """Pearson's chi-squared."""
    rows = zip(problem.y, mu, problem.weights, strict=True)
    return mp.fsum(w * (y - m) ** 2 / problem.family.variance(m)[0] for y, m, w in rows)


def standard_errors(information: Any, phi: Any) -> list[Any]:
    """Square roots of the diagonal of phi times the inverse information."""
    inverse = information**-1
    return [mp.sqrt(phi * inverse[a, a]) for a in range(information.rows)]


def phi_ml(problem: Problem, at: At) -> Any:
    """Dispersion of maximum likelihood, of the gamma and inverse Gaussian family."""
    if isinstance(problem.family, InverseGaussian | Gaussian):
        return at.deviance / len(problem.y)
    start = len(problem.y) / at.deviance

    def equation(k):
        return sum(w * (mp.log(k * w) - mp.digamma(k * w)) for w in problem.weights) - at.deviance / 2

    return 1 / mp.findroot(equation, (start, start * mpf("1.01")))


def newton(equations: Callable[[Any], list[Any]], start: Sequence[Any]) -> Any:
    """Solve a square system; the Jacobian is by differences of 1e-45, good to half of the digits, which is enough."""
    x, h = mp.matrix(list(start)), mpf(10) ** -45
    n = len(x)
    for _ in range(100):
        value = mp.matrix(equations(x))
        jacobian = mp.zeros(n)
        for j in range(n):
            shifted = x.copy()
            shifted[j] += h * (1 + abs(x[j]))
            for i, changed in enumerate(equations(shifted)):
                jacobian[i, j] = (changed - value[i]) / (shifted[j] - x[j])
        move = mp.lu_solve(jacobian, -value)
        x += move
        if max(abs(m) / (1 + abs(b)) for m, b in zip(move, x, strict=True)) < TINY:
            return x
    raise ArithmeticError("no convergence")


def numeric_information(score: Callable[[Any], list[Any]], at: Any) -> Any:
    """Minus the Jacobian of a score, by central differences of 1e-33: about 60 digits."""
    n, h = len(at), mpf(10) ** -33
    out = mp.zeros(n)
    for j in range(n):
        low, high = at.copy(), at.copy()
        low[j] -= h
        high[j] += h
        for i, (a, b) in enumerate(zip(score(low), score(high), strict=True)):
            out[i, j] = (a - b) / (2 * h)
    return (out + out.T) / 2


def profile_interval(
    score: Callable[[Any], list[Any]], value: Callable[[Any], Any], best: Any, index: int, se: Any
) -> list[Any]:
    """Return the 95% interval in which twice the drop of the profiled log-likelihood is below the chi-squared quantile."""
    top, out = value(best), []
    for sign in (-1, 1):

        def equations(x):
            rest = [s for i, s in enumerate(score(x)) if i != index]
            return [*rest, 2 * (top - value(x)) - CHI2_95]

        start, fixed = best.copy(), best[index]
        for _ in range(60):  # walk out along the profile until the drop is passed, then Newton on all equations
            start[index] = fixed = fixed + sign * se / 4
            start = _rest(score, start, index)
            if 2 * (top - value(start)) > CHI2_95:
                break
        out.append(newton(equations, start)[index])
    return out


def _rest(score, x, index):
    """Maximise over all but one coefficient, to a few digits (a start value)."""
    free = [i for i in range(len(x)) if i != index]
    with mp.workdps(40):
        for _ in range(30):
            value = mp.matrix([score(x)[i] for i in free])
            jacobian, h = mp.zeros(len(free)), mpf(10) ** -15
            for b, j in enumerate(free):
                shifted = x.copy()
                shifted[j] += h
                changed = score(shifted)
                for a, i in enumerate(free):
                    jacobian[a, b] = (changed[i] - value[a]) / h
            move = mp.lu_solve(jacobian, -value)
            largest = max(abs(m) for m in move)
            move *= min(1, 1 / largest) if largest else 1
            x = x.copy()
            for a, i in enumerate(free):
                x[i] += move[a]
            if largest < mpf(10) ** -8:
                break
    return x
