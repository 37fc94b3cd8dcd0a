"""Analysis of deviance: likelihood-ratio tests of nested fits by one family."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _text
from mathlearn._errors import SchemaError
from mathlearn.results.of_model import result_of
from mathlearn.statistics import reasons
from mathlearn.statistics.cells import Cells, number, p_statement, p_value
from mathlearn.statistics.frame import FrameKind, Reasons, to_frame
from mathlearn.statistics.functional import dispersion_known
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.law import same_family, same_law
from mathlearn.statistics.nested import SAME_DATA, Fitted, NestedTest, foreign_terms, require_same
from mathlearn.statistics.text_table import text_table, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood

__all__ = ["LR", "DevianceAnalysis", "DevianceTest", "analysis_of_deviance", "deviance_test", "of_other_observations"]

LR = "LR test"


@dataclass(frozen=True, slots=True)
class DevianceTest:
    """Whether the larger model explains more than its extra parameters would by chance.

    Attributes
    ----------
    responses : tuple of str
    statistic, p_value : (1,)
        The change, chi-squared for many rows; where the dispersion is estimated, the change over its degrees of freedom and the
        dispersion, and F. NaN where withheld.
    df_num, df_den : float
        The second is infinite where the dispersion is known.
    change : float
        Difference of the deviances; of models that each estimate the shape of a negative binomial, at which deviances measure different
        things, twice that of the log-likelihoods.
    notes : tuple of str
        What the test takes for granted, or why it is withheld.

    Examples
    --------
    >>> from mathlearn.linear_model import PoissonRegressor
    >>> from mathlearn.statistics import deviance_test
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [4.0, 1.0]], [1, 1, 4, 8, 11]
    >>> small = PoissonRegressor(alpha=0).fit([row[:1] for row in X], y)
    >>> large = PoissonRegressor(alpha=0).fit(X, y)
    >>> test = deviance_test(small, large)
    >>> test.name, test.df_num, round(test.change, 4)
    ('LR test', 1, 0.0466)
    """

    responses: tuple[str, ...]
    statistic: FloatArray
    p_value: FloatArray
    df_num: float
    df_den: float
    change: float
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the test is called."""
        return LR if self.law.chi_squared else NestedTest.name

    @property
    def law(self) -> JointLaw:
        """What the statistic is referred to."""
        return JointLaw(self.df_num, self.df_den)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        test = f"{self.law} = {number(float(self.statistic[0]))}, {p_statement(float(self.p_value[0]))}"
        return "\n".join(map(_text.terminal, [f"{self.responses[0]}: {test}", *self.notes]))


@dataclass(frozen=True, slots=True)
class DevianceAnalysis:
    """Nested models one after the other, each tested against the one before it.

    Attributes
    ----------
    models : tuple of FitResult
        In the order given, from the smallest to the largest.
    tests : tuple of DevianceTest
        One fewer.

    Examples
    --------
    >>> from mathlearn.linear_model import PoissonRegressor
    >>> from mathlearn.statistics import analysis_of_deviance
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [4.0, 1.0]], [1, 1, 4, 8, 11]
    >>> small = PoissonRegressor(alpha=0).fit([row[:1] for row in X], y)
    >>> large = PoissonRegressor(alpha=0).fit(X, y)
    >>> analysis_of_deviance(small, large).to_frame()[["model", "df_resid", "deviance", "p_value"]].round(3)
       model  df_resid  deviance  p_value
    0      1         3     0.989      NaN
    1      2         2     0.942    0.829
    """

    models: tuple[FitResult, ...]
    tests: tuple[DevianceTest, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the tests take for granted, each once."""
        return tuple(dict.fromkeys(note for test in self.tests for note in test.notes))

    def to_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row a model.

        Columns ``model`` (from 1), ``df_resid, deviance, df, change, statistic, p_value``; the last four are of the test against the model
        before, and NaN in the first row. Of models that each estimate the shape of a negative binomial, ``log_likelihood`` stands in the
        place of the deviance.
        """
        gap = [math.nan]
        why: Reasons = {
            (0, column): "there is no model before the first" for column in ("df", "change", "statistic", "p_value")
        }
        for i, test in enumerate(self.tests, 1):
            if math.isnan(test.statistic[0]):
                why |= {(i, column): "; ".join(test.notes) for column in ("statistic", "p_value")}
        columns = {
            "model": list(range(1, len(self.models) + 1)),
            "df_resid": [fit.df_resid for fit in self.models],
            _measure(self.models[0]).replace("-", "_"): [_measured(fit) for fit in self.models],
            "df": gap + [test.df_num for test in self.tests],
            "change": gap + [test.change for test in self.tests],
            "statistic": gap + [float(test.statistic[0]) for test in self.tests],
            "p_value": gap + [float(test.p_value[0]) for test in self.tests],
        }
        return to_frame(columns, as_, why)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        tests = [("", "", "", ""), *map(_cells, self.tests)]
        rows = tuple(
            (f"({i})", str(fit.df_resid), number(_measured(fit), 6), *cells)
            for i, (fit, cells) in enumerate(zip(self.models, tests, strict=True), 1)
        )
        law = "chi2" if self.tests[0].law.chi_squared else "F"
        table = Cells(("model", "residual df", _measure(self.models[0]), "df", "change", law, "p"), rows)
        notes = [line for note in self.notes for line in wrapped(_text.terminal(note), 100)]
        return "\n".join(
            [f"Analysis of deviance of {_text.terminal(self.models[0].responses[0])}", text_table(table), *notes]
        )


def _cells(test: DevianceTest) -> tuple[str, str, str, str]:
    return (
        f"{test.df_num:g}",
        number(test.change),
        number(float(test.statistic[0])),
        p_value(float(test.p_value[0])),
    )


def analysis_of_deviance(*models: FitResult | Fitted) -> DevianceAnalysis:
    """Test nested fits by one family, each against the one before it.

    Parameters
    ----------
    *models : fitted models or FitResult
        Two or more, by likelihood, of the same rows, the smallest first; the columns of each lie in the span of those of the next.

    Raises
    ------
    TypeError
        There are fewer than two, or something that is none of mathlearn's.
    SchemaError
        They are of different rows, responses, weights, offsets or laws, penalised, by least squares, or not nested in this order.

    Notes
    -----
    The same as ``anova(..., test = "Chisq")`` in R where the dispersion is known, and as ``anova(..., test = "F")`` where it is estimated:
    by Pearson's statistic of the largest model, for all tests. Negative binomial models that each estimate their shape are compared by
    twice the difference of their log-likelihoods, as by ``MASS::anova.negbin``. statsmodels has no such table.

    References
    ----------
    McCullagh and Nelder (1989), "Generalized Linear Models", section 2.3.2.

    Examples
    --------
    >>> from mathlearn.linear_model import PoissonRegressor
    >>> from mathlearn.statistics import analysis_of_deviance
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [4.0, 1.0]], [1, 1, 4, 8, 11]
    >>> small = PoissonRegressor(alpha=0).fit([row[:1] for row in X], y)
    >>> large = PoissonRegressor(alpha=0).fit(X, y)
    >>> print(analysis_of_deviance(small, large))
    Analysis of deviance of y
    model  residual df  deviance  df    change      chi2       p
    (1)              3  0.988691
    (2)              2  0.942111   1  0.046580  0.046580  0.8291
    """
    if len(models) < 2:
        raise TypeError("analysis_of_deviance() needs at least two fitted models, the smaller first")
    fits = tuple(result_of(model, f"model {i}") for i, model in enumerate(models, 1))
    return DevianceAnalysis(fits, tuple(deviance_test(a, b, largest=fits[-1]) for a, b in pairwise(fits)))


def deviance_test(
    restricted: FitResult | Fitted, full: FitResult | Fitted, *, largest: FitResult | None = None
) -> DevianceTest:
    """Test a fit by likelihood against a larger one that contains it.

    Parameters
    ----------
    restricted, full : fitted model or FitResult
        By one family and link, of the same rows; the columns of the first lie in the span of those of the second.
    largest : FitResult, optional
        Whose dispersion is used where it is estimated; `full` by default.

    Raises
    ------
    TypeError, SchemaError
        As `analysis_of_deviance`.

    Examples
    --------
    >>> from mathlearn.linear_model import PoissonRegressor
    >>> from mathlearn.statistics import deviance_test
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [4.0, 1.0]], [1, 1, 4, 8, 11]
    >>> small = PoissonRegressor(alpha=0).fit([row[:1] for row in X], y)
    >>> large = PoissonRegressor(alpha=0).fit(X, y)
    >>> print(deviance_test(small, large))
    y: chi2(1) = 0.046580, p = 0.8291
    """
    a, b = result_of(restricted, "the first model"), result_of(full, "the second model")
    _require_comparable(a, b)
    scale = b if largest is None else largest
    before, after = _measured(a), _measured(b)
    change = 2.0 * (after - before) if _estimates(a) else before - after
    df = a.df_resid - b.df_resid
    if df <= 0 or change < -SAME_DATA * max(abs(before), abs(after)):
        raise SchemaError(
            f"the first fit has rank {a.rank} and {_measure(a)} {number(before)}, the second rank {b.rank} and "
            f"{number(after)}: give the smaller model first, contained in the larger"
        )
    known = dispersion_known(b)
    phi = 1.0 if known or scale.likelihood is None else scale.likelihood.dispersion
    law = JointLaw(df, math.inf if known else scale.df_resid)
    why = None if known else _no_dispersion(scale)
    total = max(change, 0.0) / phi if why is None else math.nan
    statistic = np.atleast_1d(law.statistic(total))
    return DevianceTest(b.responses, statistic, law.tail(statistic), *law, change, tuple(_notes(a, b, why)))


def _estimates(fit: FitResult) -> bool:
    """Whether a parameter of the family was estimated, so that the deviance is at another law than that of the next fit."""
    return fit.likelihood is not None and bool(fit.likelihood.estimated)


def _measure(fit: FitResult) -> str:
    """Say by what a fit is compared with others: by the deviance, or by the log-likelihood where its law is its own."""
    return "log-likelihood" if _estimates(fit) else "deviance"


def _measured(fit: FitResult) -> float:
    if fit.likelihood is not None and fit.likelihood.estimated:
        return fit.likelihood.log_likelihood
    return float(fit.deviance[0])


def _require_comparable(a: FitResult, b: FitResult) -> None:
    """Refuse fits whose deviances cannot be compared.

    Raises
    ------
    SchemaError
    """
    first, second = a.likelihood, b.likelihood
    if first is None or second is None:
        raise SchemaError(
            f"the {'first' if first is None else 'second'} fit is by least squares: f_test() compares such fits; for an analysis of "
            "deviance fit both by GeneralizedLinearRegressor(family='gaussian')"
        )
    for fit, which in ((a, "first"), (b, "second")):
        if fit.withheld is not None:
            raise SchemaError(f"the {which} fit does not maximise the likelihood alone: {fit.withheld}")
    for law, which in ((first, "first"), (second, "second")):
        if law.bias_reduction != "none":
            raise SchemaError(
                f"the {which} fit does not maximise the likelihood alone: its bias is reduced. test_terms(X, y) of the larger model "
                "compares penalised likelihoods"
            )
    _require_same_law(first, second)
    if a.offset != b.offset:
        given = " and ".join("no offset" if fit.offset is None else f"offset({fit.offset})" for fit in (a, b))
        raise SchemaError(f"the fits have different offsets ({given}): fit both models with the same offset")
    require_same(a, b)
    if of_other_observations(a, b):
        raise SchemaError(
            "the fits differ in what the observations alone determine (null deviance, weights, trials): fit both models to the same rows of "
            "the same data"
        )


def _require_same_law(first: Likelihood, second: Likelihood) -> None:
    if not same_family(first, second):
        laws = " and ".join(
            f"{each.family}({', '.join(f'{name}={value:.6g}' for name, value in each.parameters)})"
            for each in (first, second)
        )
        estimated = sorted({*first.estimated, *second.estimated})
        remedy = (
            f". Estimate {', '.join(estimated)} in both models, or fix it in both at one value" if estimated else ""
        )
        raise SchemaError(
            f"the fits are by different laws ({laws}), whose deviances measure different things{remedy}. AIC compares them: "
            "mathlearn.compare() shows it"
        )
    for what in ("link", "response"):
        one, other = getattr(first, what), getattr(second, what)
        if one != other:
            raise SchemaError(f"the fits differ in {what} ({one!r} and {other!r}): neither model contains the other")


def of_other_observations(a: FitResult, b: FitResult) -> bool:
    """Whether numbers that two fits by one law would have in common, were they of the same rows, differ by more than rounding."""
    first, second = a.likelihood, b.likelihood
    if first is None or second is None or not same_family(first, second):
        return False
    pairs = [(first.trials, second.trials), (a.log_weight_sum, b.log_weight_sum)]
    if (a.fit_intercept, a.offset, first.link) == (b.fit_intercept, b.offset, second.link):
        pairs.append((first.null_log_likelihood, second.null_log_likelihood))
    same = same_law(first, second)
    if same and (a.fit_intercept, a.offset, first.link) == (b.fit_intercept, b.offset, second.link):
        pairs.append((float(a.null_deviance[0]), float(b.null_deviance[0])))
    if same and dispersion_known(a):  # the log-likelihood of means that are the observations
        saturated = [law.log_likelihood + float(fit.deviance[0]) / 2 for fit, law in ((a, first), (b, second))]
        pairs.append((saturated[0], saturated[1]))
    size = SAME_DATA * (abs(first.log_likelihood) if math.isfinite(first.log_likelihood) else 0.0)
    return any(abs(x - y) > SAME_DATA * max(abs(x), abs(y)) + size for x, y in pairs if math.isfinite(x - y))


def _no_dispersion(scale: FitResult) -> str | None:
    """Say why the dispersion that F needs does not exist, or return None."""
    if scale.df_resid <= 0:
        return reasons.no_residual_df(scale)
    return reasons.exact(scale, 0) if scale.exact[0] else None


def _notes(a: FitResult, b: FitResult, why: str | None) -> Iterator[str]:
    if why is not None:
        yield why
    if a.likelihood is not None and a.likelihood.estimated:
        yield f"{', '.join(a.likelihood.estimated)} is estimated in each model: the change is twice that of the log-likelihood"
    yield from foreign_terms(a, b)
    robust = [fit.covariance.kind for fit in (a, b) if fit.covariance and fit.covariance.meat is not None]
    if robust:
        yield f"the fits use the {robust[0]} covariance, this test does not: contrast() tests in that covariance"
    if not (a.certificate.ok and b.certificate.ok):
        yield "a fit is not certified: its deviance may lie above its minimum"
